// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { LEVELS, LISTED_KINDS, type FeedQuery, type ListedChange } from '../feed.ts';
import { PAGE_ENTRIES_DEFAULT } from '../limits.ts';
import { feedQuery } from '../list-query.ts';
import { oneOf, type Values } from '../parameters.ts';
import { eventCursor, limit } from './cursor.ts';
import { changeEntry, listingEntry, type Json } from './entries.ts';
import { sendFeed } from './feed-stream.ts';
import { operation, type Operation } from './operation.ts';
import { reference } from './schemas.ts';
import { sendJson } from './send-json.ts';

const JSON_TYPE = 'application/json';

const FILTER = {
  kind: oneOf('Of this kind alone.', LISTED_KINDS),
  level: oneOf('listed: what to act on; watch: also what is only watched.', LEVELS),
};

/** The feed of verdicts, for those who enforce them. */
export const LISTING_OPERATIONS: readonly Operation[] = [
  operation({
    path: '/v1/listings',
    summary: 'All that is listed, by id',
    need: 'read',
    query: { ...FILTER, limit, cursor: eventCursor },
    mediaType: JSON_TYPE,
    schema: reference('ListingPage'),
    isConditional: () => false,
    handle: (call) => {
      const { limit: countMax = PAGE_ENTRIES_DEFAULT, cursor } = call.values;
      const items = call.ports.feed.listings(cursor, countMax, queryOf(call.values));
      sendJson(call, {
        items: items.map((item) => listingEntry(item, call.ports.reputation)),
        next: nextOf(items.length, countMax, items.at(-1)?.listingId),
      });
    },
  }),
  operation({
    path: '/v1/listings/changes',
    summary: 'What was listed and unlisted, oldest first',
    description:
      'For programs that enforce the listings: read newest here first, then all of /v1/listings, then the changes after newest. From then on ask again with the cursor. If behind is true, changes after the cursor are missing: start again.',
    need: 'read',
    query: { ...FILTER, limit, cursor: eventCursor },
    mediaType: JSON_TYPE,
    schema: reference('ListingChangePage'),
    isConditional: () => false,
    handle: (call) => {
      const { limit: countMax = PAGE_ENTRIES_DEFAULT, cursor = 0 } = call.values;
      const { feed, reputation } = call.ports;
      const changes = feed.changes(cursor, countMax);
      sendJson(call, {
        items: changes
          .filter(fitsInto(queryOf(call.values)))
          .map((change) => changeEntry(change, reputation)),
        next: nextOf(changes.length, countMax, changes.at(-1)?.changeId),
        ...feed.changeIds(),
        behind: cursor > 0 && !feed.knows(cursor),
      });
    },
  }),
  operation({
    path: '/v1/listings/stream',
    summary: 'The feed of listings as it changes, as server-sent events',
    description:
      'Goes on after the serial that Last-Event-ID or after names. Without one, or if changes after it are no longer known, a snapshot comes first: an event begin (forget all entries so far), then entry for each listing, then end, whose id is the serial it is right for. After that each change is an event change with its serial as the id. serial is the newest serial where none of the changes was asked for.',
    need: 'read',
    query: { ...FILTER, after: eventCursor },
    mediaType: 'text/event-stream',
    schema: { type: 'string' },
    isConditional: () => false,
    handle: (call) => sendFeed(call, call.values.after, queryOf(call.values)),
  }),
];

function queryOf({ kind, level }: Values<typeof FILTER>): FeedQuery {
  return feedQuery(kind === undefined ? LISTED_KINDS : [kind], level);
}

function fitsInto({ kinds, levels }: FeedQuery): (change: ListedChange) => boolean {
  return ({ kind, level }) => (kinds?.includes(kind) ?? true) && (levels?.includes(level) ?? true);
}

function nextOf(count: number, countMax: number, last: number | undefined): Json {
  return count < countMax || last === undefined ? null : String(last);
}
