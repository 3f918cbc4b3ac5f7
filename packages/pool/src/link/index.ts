// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

export { Exchange, type ExchangeCounters, type LinkDistrust, type Taken } from './exchange.ts';
export { type LinkPeer } from './link-parts.ts';
