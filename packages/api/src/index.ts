// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

export {
  HttpApi,
  type AnsweredRequest,
  type HttpApiOptions,
  type HttpApiPorts,
} from './http-api.ts';
export { type AddressTotal, type NumberTotal, type Pages, type Totals } from './totals.ts';
export { type Dashboard, type DashboardFile } from './dashboard.ts';
export { type DeliveredEvent } from './cloud/delivered-event.ts';
export { type MetricFamily } from './operations/metrics-text.ts';
export { type NotReady, type Operations } from './operations/routes.ts';
export { type FleetState } from './operations/fleet-state.ts';
export { type FollowerSession, type FollowerState } from './operations/follower-state.ts';
export { type WebhookState } from './operations/webhook-state.ts';
export {
  type Feed,
  type FeedPage,
  type FeedQuery,
  type Listed,
  type ListedChange,
  type ListedSubject,
} from './feed.ts';
export { type Blockable, type Reputation } from './reputation.ts';
export {
  type EventForm,
  type EventSearch,
  type Evidence,
  type WrittenEvents,
  type WrittenEventSearch,
  type WrittenSample,
} from './evidence.ts';
export { type PoolNode, type PoolView } from './peers.ts';
export { type PlaceEvidence } from './places.ts';
export { isTold, type LookUpFamily, type LookUpLevel } from './look-up-levels.ts';
