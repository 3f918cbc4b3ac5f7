// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

export type { Counters } from './counters.ts';
export {
  DhtNode,
  type DhtOptions,
  type PutOptions,
  type PutResult,
  type ReadOptions,
} from './dht-node.ts';
export { DhtEngine, type EngineOptions, type EnginePorts } from './engine.ts';
export type { EventQueue } from './event-queue.ts';
export { infoHash, parseInfoHash, type InfoHash } from './info-hash.ts';
export type { ListenEvent } from './listen-operation.ts';
export type { DatagramPort, DhtPorts } from './ports.ts';
export { identityOf, signatureHolds, signValue, type Identity } from './signature.ts';
export type { DhtState } from './state.ts';
export type { DhtStatus } from './status.ts';
export { unsignedValue, type Value, type ValueContent } from './value.ts';
export { lifetimeMs } from './value-types.ts';
export { Field, type Condition } from './wire/message.ts';
