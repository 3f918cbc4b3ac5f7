// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

export { bindUdp, type UdpBinding } from './bind-udp.ts';
export { lookupAddress } from './lookup-address.ts';
