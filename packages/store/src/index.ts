// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

export { ApiKeys, type ApiKey, type ApiRole } from './access/api-keys.ts';
export { backupDatabase } from './file/backup.ts';
export {
  Endpoints,
  EndpointReader,
  type DeadLetter,
  type EndpointChange,
  type EndpointStatus,
} from './delivery/endpoints.ts';
export { type FoundEvent } from './log/event-row.ts';
export { type EventOrder, type EventPage, type EventSample } from './log/event-search.ts';
export {
  DATABASE_OCTETS_DEFAULT,
  DISK_FREE_OCTETS_DEFAULT,
  RATE_DAYS_DEFAULT,
  RATE_DAYS_LONG,
  RETENTION_DAYS_DEFAULT,
} from './limits.ts';
export {
  type AddressesToPlace,
  type CountryTotal,
  type NetworksEnd,
  type NetworkTotal,
  type PlaceReader,
} from './totals/place-reader.ts';
export { type PlacedAddress, type PlacesProgress } from './totals/place-totals.ts';
export { type EventOrigin, type Origin } from './sharing/origins.ts';
export { type ListedAuthor } from './pool/author-list.ts';
export { PoolFile } from './pool/pool-file.ts';
export { type PageOutcome, type PoolPage, type Standing } from './pool/pool-page.ts';
export {
  type KeyState,
  type OwnFacts,
  type PoolCounts,
  type PoolReader,
} from './pool/pool-reader.ts';
export { type ProvedNetwork } from './pool/proved-networks.ts';
export { Peers, unknownOrigin } from './sharing/peers.ts';
export { Recorder, type RecorderListener, type Stall } from './log/recorder.ts';
export type { CursorPlace, DeliveredEvent } from './delivery/delivered-event.ts';
export { Store, type StoreOptions, type StorePorts } from './store.ts';
export { StoreReader } from './store-reader.ts';
export type {
  AddressTotal,
  HourTotal,
  NumberTotal,
  SourceTotal,
  UserAgentTotal,
} from './totals/total-rows.ts';
export { Decisions } from './judging/decisions.ts';
export {
  type EvidenceFacts,
  type KeptAllowance,
  type KeptBlock,
  type ListedKind,
  type ListedSubject,
} from './judging/evidence-reader.ts';
export { type JudgingPorts } from './judging/judging.ts';
export { FeedFollower, ListingFeed, type FeedPage } from './judging/listing-feed.ts';
export { type Listing, type ListingChange, type ListingQuery } from './judging/listing-reader.ts';
export { type ListingLevel, type ListingVerdict } from './judging/listings.ts';
export { type Reach } from './judging/sweep.ts';
export { NO_AGE_LIMIT_DAYS } from './limits.ts';
export { type Condition } from './condition.ts';
export { Retention, type KeptDetail } from './retention/retention.ts';
export type { Page, PageEnd } from './page.ts';
export { rescueBatches } from './rescue-batches.ts';
export { FileWatch } from './file/file-watch.ts';
export type { FleetDecision, WaitingDecision } from './fleet/fleet-decisions.ts';
export { type FollowedPlace, type FollowedTaken } from './fleet/followed-listings.ts';
export { type FleetMarks, type FleetPlace, type FleetShare } from './fleet/fleet-marks.ts';
export {
  FLEET_EVENT_COLUMNS,
  FLEET_MESSAGE_COLUMN,
  FLEET_REPEAT_COLUMNS,
  FleetReader,
  type FleetBatch,
  type FleetValue,
} from './fleet/fleet-reader.ts';
export { Forgetting } from './retention/forgetting.ts';
export { type DialledReader } from './judging/evidence-writer.ts';
export { Importer } from './import/importer.ts';
export { TEXT_COLUMNS, type ImportedRow } from './import/imported-row.ts';
export { readDatabase } from './import/read-database.ts';
