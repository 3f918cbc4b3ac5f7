// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

export { ApiKeys, type ApiKey, type ApiRole } from './api-keys.ts';
export { backupDatabase } from './backup.ts';
export {
  Endpoints,
  EndpointReader,
  type DeadLetter,
  type EndpointChange,
  type EndpointStatus,
} from './endpoints.ts';
export { type FoundEvent } from './event-row.ts';
export { type EventFilter, type EventOrder, type EventPage } from './event-search.ts';
export {
  DATABASE_OCTETS_DEFAULT,
  DISK_FREE_OCTETS_DEFAULT,
  RETENTION_DAYS_DEFAULT,
} from './limits.ts';
export {
  type AddressesToPlace,
  type CountryTotal,
  type NetworksEnd,
  type NetworkTotal,
  type PlaceReader,
} from './place-reader.ts';
export { type PlacedAddress, type PlacesProgress } from './place-totals.ts';
export { UNSIGNED, type EventOrigin, type Origin, type Trust } from './origins.ts';
export { Peers, unknownOrigin } from './peers.ts';
export { Recorder, type RecorderListener, type Stall } from './recorder.ts';
export { Store, type DeliveredEvent, type StoreOptions, type StorePorts } from './store.ts';
export {
  StoreReader,
  type AddressTotal,
  type HourTotal,
  type NumberTotal,
  type Page,
  type PageEnd,
  type UserAgentTotal,
} from './store-reader.ts';
export { Decisions, type Decision } from './decisions.ts';
export { type KeptAllowance, type ListedSubject } from './evidence-reader.ts';
export { JUDGE_CURSOR, type JudgingPorts } from './judging.ts';
export { type Listing, type ListingChange } from './listing-reader.ts';
