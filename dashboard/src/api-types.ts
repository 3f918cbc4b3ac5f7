// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

export type {
  Address,
  Allowance,
  Analytics,
  AnalyticsTop,
  Block,
  Event,
  Explanation,
  Fleet,
  FleetNode,
  FleetOverview,
  Followers,
  ListingChange,
  Listing,
  Pool,
  PoolNode,
  Readings,
  Summary,
  Trends,
  UserAgent,
  Webhooks,
} from '../../packages/client/src/api-types.ts';
