// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

export { formatFleetAddress, type FleetAddress } from './address.ts';
export {
  FLEET_ROLES,
  initFleet,
  joinFleet,
  leaveFleet,
  migrateOnly,
  nodeNameTrouble,
  type FleetMade,
  type FleetRole,
} from './administration.ts';
export { FleetConnection } from './connection.ts';
export { Follower, type FollowState } from './listings/follower.ts';
export type { ListingPage, PublishState } from './listings/publisher.ts';
export type { FleetOverview } from './overview.ts';
export type { PulledEvent } from './pull/pulled-event.ts';
export { Puller, type PullState } from './pull/puller.ts';
export type { Marks, Place, Pushed, PushedLog } from './push/log.ts';
export { Pusher, type PushState } from './push/pusher.ts';
export { dropDay, dropRest, oldDays, type FleetDay } from './retention.ts';
export { FLEET_SCHEMA_VERSION } from './schema/migrations.ts';
export { fleetState, type FleetNode, type FleetState } from './status.ts';
