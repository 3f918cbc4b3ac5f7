// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

export type { Counters } from './engine/counters.ts';
export {
  DhtNode,
  type DhtOptions,
  type PutOptions,
  type PutResult,
  type ReadOptions,
} from './node/dht-node.ts';
export { DhtEngine, type EngineOptions, type EnginePorts } from './engine/engine.ts';
export type { EventQueue } from './node/event-queue.ts';
export { infoHash, parseInfoHash, type InfoHash } from './info-hash.ts';
export type { ListenEvent } from './node/listen-operation.ts';
export type { DatagramPort, DhtPorts } from './ports.ts';
export { identityOf, signatureHolds, signValue, type Identity } from './values/signature.ts';
export type { DhtState } from './engine/state.ts';
export type { DhtStatus } from './engine/status.ts';
export { unsignedValue, type Value, type ValueContent } from './values/value.ts';
export { lifetimeMs } from './values/value-types.ts';
export { Field, type Condition } from './wire/message.ts';
