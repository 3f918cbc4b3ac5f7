// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Feed } from '../feed.ts';
import { PAGE_ENTRIES_MAX } from '../limits.ts';
import type { BouncerState } from '../lapi/bouncers.ts';
import type { FollowerState } from '../operations/follower-state.ts';
import { rfc3339 } from '../rfc3339.ts';
import type { Json } from './entries.ts';
import { operation, type Operation } from './operation.ts';
import { reference } from './schemas.ts';
import { sendJson } from './send-json.ts';

export const FOLLOWER_OPERATIONS: readonly Operation[] = [
  operation({
    path: '/v1/followers',
    summary: 'Programs that enforce the listings, and how far each of them is',
    description:
      'items are followers on this machine; one that was killed stays here, not in force, until the machine restarts. bouncers are the CrowdSec bouncers that have pulled decisions since the daemon started, newest pull first.',
    need: 'read',
    query: {},
    mediaType: 'application/json',
    schema: reference('Followers'),
    isConditional: () => false,
    handle: (call) => {
      const { feed, operations, bouncers } = call.ports;
      sendJson(call, {
        items: operations.followers().map((one) => followerEntry(one, feed)),
        bouncers: bouncers
          .states()
          .slice(0, PAGE_ENTRIES_MAX)
          .map((one) => bouncerEntry(one, feed)),
      });
    },
  }),
];

function followerEntry(state: FollowerState, feed: Feed): Json {
  const { serial } = state;
  return {
    name: state.name,
    process_id: state.processId,
    state: state.state,
    in_force: state.isInForce,
    since: rfc3339(state.sinceEpochUs),
    heard: rfc3339(state.heardEpochUs),
    node: state.node,
    serial: serial ?? null,
    lag: serial === undefined ? null : lagOf(serial, feed),
    entries: state.entries,
    counts: state.counts,
    sessions: state.sessions.map((one) => ({
      name: one.name,
      address: one.address,
      state: one.state,
      up: one.isUp,
      since: rfc3339(one.sinceEpochUs),
      prefixes_out: one.prefixesOut,
      last_error: one.lastError ?? null,
    })),
    troubles: [...state.troubles],
  };
}

function bouncerEntry(state: BouncerState, feed: Feed): Json {
  return {
    key: state.key,
    address: state.address,
    user_agent: state.userAgent,
    pulled: rfc3339(state.pulledEpochUs),
    lag: lagOf(state.serial, feed),
  };
}

/**
 * Number of changes after a serial, up to a page; `null` if the serial is of another node, or older than what is kept.
 */
function lagOf(serial: number, feed: Feed): number | null {
  return feed.knows(serial) ? feed.changes(serial, PAGE_ENTRIES_MAX).length : null;
}
