// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * The cursors of all followers of this node's logs, as named in the table `cursor`. Existing databases contain these
 * names, so a name is never changed and never given to another follower.
 */

/** The event log, followed by the judge: all of it, and before that what proved its source. */
export const JUDGE_CURSOR = 'judge';
export const JUDGE_PROVED_CURSOR = 'judge-proved';

/** The event log, followed by the JSON log. */
export const JSON_LOG_CURSOR = 'json-log';

/** The event log, followed by syslog. */
export const SYSLOG_CURSOR = 'syslog';

/** The event log, followed by the pool; the second says after which event sharing began. */
export const POOL_CURSOR = 'pool';
export const POOL_SINCE_CURSOR = 'pool-since';

/** The event log, followed by what pushes it into the fleet's database. */
export const FLEET_CURSOR = 'fleet';

/** Decisions of the fleet's operators, followed by this hub; there is one where this node is a hub, or was one. */
export const FLEET_DECISIONS_CURSOR = 'fleet-decisions';

/** The log of a node of the fleet, followed by this hub: the row, and the epoch that it is of. */
export function fleetPullCursors(node: string): {
  readonly honeyId: string;
  readonly epoch: string;
} {
  return { honeyId: `fleet-pull:${node}`, epoch: `fleet-pull-epoch:${node}` };
}

/** The last day of which a summary was sent, counted from the epoch. */
export const ANALYTICS_SUMMARY_CURSOR = 'analytics-summary';

/** The event log, followed by the webhook of this name. */
export function webhookCursor(name: string): string {
  return `webhook:${name}`;
}
