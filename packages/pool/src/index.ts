// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

export type { Signer } from './ed25519.ts';
export { BUDGET_OCTETS_DEFAULT } from './limits.ts';
export { BAD_ACTORS } from './dht-keys.ts';
export { Pool, type PoolState, type PoolStatus } from './pool.ts';
export { type KnownOrigin, type PoolPorts, type ReceivedEvent } from './ports.ts';
export { Neighbours, type NeighboursCounters } from './neighbours.ts';
