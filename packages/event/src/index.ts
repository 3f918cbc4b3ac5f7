// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

export {
  type BadActorEvent,
  type CalledNumberSource,
  type CollectedMethod,
  type DigestEvidence,
  type EventDetails,
  type Grade,
  type MessageKind,
  type Observation,
  type Transport,
} from './bad-actor-event.ts';
export {
  EventBatchWriter,
  visitEventBatch,
  type BatchedEvent,
  type EventBatchVisitor,
  type EventRepeat,
} from './event-batch.ts';
export { claimedDays, exponentOf, packFacts, unpackFacts, type ClaimFacts } from './claim-facts.ts';
export { type Decision, type Subject } from './decision.ts';
export { formatJudgedNumber } from './e164.ts';
export { EventCollector, type EventBlocks } from './event-collector.ts';
export { formatEventTimestamp, parseEventTimestamp } from './event-timestamp.ts';
export { type EventFilter, type LogFilter, type NumberSpan } from './event-filter.ts';
export { EventUuids } from './event-uuid.ts';
export { type FleetListing } from './fleet-listing.ts';
export { EVENT_BATCH_OCTETS_MIN, EVENT_MESSAGE_OCTETS_MAX } from './limits.ts';
export { REGISTERED_METHODS } from './methods.ts';
export { isNodeIdOfKey, nodeIdOfKey, uuidOfHash } from './node-id.ts';
export { formatEventJson, NOT_FOUND, type RecordedEvent } from './recorded-event.ts';
export { UNSIGNED_ORIGINS, type Trust } from './trust.ts';
