// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

export {
  type Address,
  type Allowance,
  type Allowlist,
  type Block,
  type Blocklist,
  type Check,
  type Country,
  type Event,
  type ExplainedAddress,
  type ExplainedNumber,
  type Explanation,
  type Listing,
  type ListingChange,
  type Methods,
  type Network,
  type Peer,
  type Number as CalledNumber,
  type Series,
  type Summary,
  type UserAgent,
  type Followers,
  type WebhookError,
  type Webhooks,
} from './api-types.ts';
export { ApiError } from './api-error.ts';
export {
  SentryPeerClient,
  type AddressQuery,
  type CallOptions,
  type ClientOptions,
  type EventQuery,
  type EventStreamQuery,
  type SpanQuery,
  type TotalsQuery,
} from './client.ts';
