// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * The cursors of all followers of this node's logs, as named in the table `cursor`. Existing databases contain these
 * names, so a name is never changed and never given to another follower.
 */

/**
 * The event log, followed by the judge: one cursor for all events, one for those that prove their source, which go
 * first.
 */
export const JUDGE_CURSOR = 'judge';
export const JUDGE_PROVED_CURSOR = 'judge-proved';

/** The event log, followed by the JSON log. */
export const JSON_LOG_CURSOR = 'json-log';

/** The event log, followed by syslog. */
export const SYSLOG_CURSOR = 'syslog';

/** The event log, followed by the pool; `pool-since` is the event after which sharing began. */
export const POOL_CURSOR = 'pool';
export const POOL_SINCE_CURSOR = 'pool-since';

/** The event log, followed by the push into the fleet's database. */
export const FLEET_CURSOR = 'fleet';

/** Decisions of the fleet's operators, followed by this hub. The cursor exists if this node is or was a hub. */
export const FLEET_DECISIONS_CURSOR = 'fleet-decisions';

/** The log of another fleet node, followed by this hub: the last row read, and the epoch it belongs to. */
export function fleetPullCursors(node: string): {
  readonly honeyId: string;
  readonly epoch: string;
} {
  return { honeyId: `fleet-pull:${node}`, epoch: `fleet-pull-epoch:${node}` };
}

/** The last day for which a summary was sent, in days since the epoch. */
export const ANALYTICS_SUMMARY_CURSOR = 'analytics-summary';

/** The event log, followed by the webhook of this name. */
export function webhookCursor(name: string): string {
  return `webhook:${name}`;
}
