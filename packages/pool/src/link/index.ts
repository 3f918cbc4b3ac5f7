// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

export { Exchange } from './exchange.ts';
export type { ExchangeCounters, LinkDistrust, Taken } from './exchange-parts.ts';
export { type LinkPeer } from './link-parts.ts';
