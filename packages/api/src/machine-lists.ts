// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { roomClient } from './access/client-address.ts';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '@sentrypeer/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Feed, ListedKind } from './feed.ts';
import { changesText, entriesSince, type ChangesQuery } from './list-changes.ts';
import { LIST_FORMATS, type ListFormat } from './list-formats.ts';
import {
  feedQuery,
  isOnList,
  listFilter,
  type ADDRESS_LIST_PARAMETERS,
  type Grade,
  type ListFilter,
} from './list-query.ts';
import type { Lists } from './lists.ts';
import type { Since, Values } from './parameters.ts';
import { sendProblem } from './problem.ts';
import { rfc3339 } from './rfc3339.ts';
import { sendText } from './send-text.ts';

/** The sources of lists. */
export interface MachineListPorts {
  readonly feed: Feed;
  readonly lists: Lists;
  readonly clock: Clock;
}

/** A list of one kind of thing in the format of one kind of program. */
export interface MachineList {
  readonly format: ListFormat;
  readonly kinds: readonly ListedKind[];
  /** The weakest grade, unless the query sets it. */
  readonly grade: Grade;
}

/** The address list in one format. Packets that may be forged list nothing, and cannot be asked for either. */
export function addressList(ending: keyof typeof LIST_FORMATS): MachineList {
  return { format: LIST_FORMATS[ending], kinds: ['address'], grade: 'returned' };
}

/**
 * Answers with the listed entries that match the query, most recently listed first; with `since`, some formats send
 * changes. The feed alone decides what is on a list.
 */
export function sendMachineList(
  { feed, lists, clock }: MachineListPorts,
  { format, kinds, grade }: MachineList,
  values: Values<typeof ADDRESS_LIST_PARAMETERS>,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const nowEpochUs = clock.epochUs();
  const { since, level, max_age: maxAge, ...rest } = values;
  const age = maxAge === undefined ? {} : { max_age: maxAge };
  const filter = listFilter({ ...rest, ...age }, grade, nowEpochUs);
  const entries = feedQuery(kinds, level);
  const serial = feed.serial();
  reply.header('X-SentryPeer-Serial', String(serial));
  reply.header('X-SentryPeer-As-Of', rfc3339(timeOf(feed, serial)));
  if (request.method === 'HEAD') {
    reply.type(format.mediaType).send();
    return;
  }
  const known = since === undefined ? undefined : knownSince(feed, since, nowEpochUs);
  const list = lists.open(() => {
    if (known === undefined) return listText(feed, format, { entries, filter, nowEpochUs });
    const maxAgeUs = maxAge === undefined ? undefined : maxAge * 1e6;
    const query: ChangesQuery = { entries, filter, ...known, nowEpochUs, maxAgeUs };
    return format.changes === undefined
      ? pagesText(format, query, entriesSince(feed, query))
      : changesText(feed, format.changes, query);
  }, roomClient(request));
  if (list === undefined) {
    reply.header('Retry-After', '1');
    return sendProblem(reply, 503, 'too many lists are being sent');
  }
  sendText(request, reply, format.mediaType, list);
}

/**
 * Where changes begin; `undefined` if that is unknown, so that only the whole list is right: some changes are no longer
 * kept, or the time lies in the future because a clock was wrong. Serials do not depend on a clock.
 */
function knownSince(
  feed: Feed,
  since: Since,
  nowEpochUs: number,
): { readonly serial: number; readonly sinceEpochUs: number } | undefined {
  if ('serial' in since) {
    const { serial } = since;
    return feed.knows(serial) ? { serial, sinceEpochUs: timeOf(feed, serial) } : undefined;
  }
  const { oldest } = feed.changeIds();
  if (since.epochUs > nowEpochUs) return undefined;
  if (oldest === 0 || timeOf(feed, oldest) > since.epochUs) return undefined;
  return { serial: feed.serialAt(since.epochUs), sinceEpochUs: since.epochUs };
}

/** When the change with this serial was made; 0 if there is none. */
function timeOf(feed: Feed, serial: number): number {
  const [change] = feed.changes(Math.max(0, serial - 1), 1);
  return change?.changeId === serial ? change.atEpochUs : 0;
}

async function* listText(
  feed: Feed,
  format: ListFormat,
  query: Pick<ChangesQuery, 'entries' | 'filter' | 'nowEpochUs'>,
): AsyncGenerator<string> {
  const pages = feed.snapshot({ ...query.entries, newestFirst: true });
  yield* pagesText(format, query, fitting(pages, query.filter));
}

async function* fitting(
  pages: ReturnType<Feed['snapshot']>,
  filter: ListFilter,
): AsyncGenerator<ReturnType<Feed['listings']>> {
  for (const page of pages) {
    yield page.filter((entry) => isOnList(entry, filter));
    await nextTurn(); // Look-ups can run in between.
  }
}

async function* pagesText(
  format: ListFormat,
  { filter: { family }, nowEpochUs }: Pick<ChangesQuery, 'filter' | 'nowEpochUs'>,
  pages: AsyncIterable<ReturnType<Feed['listings']>>,
): AsyncGenerator<string> {
  let text = format.begin(family);
  let isFirst = true;
  for await (const page of pages) {
    if (page.length > 0) {
      text += format.page(page, isFirst, nowEpochUs);
      isFirst = false;
    }
    // An empty piece would end the stream, so nothing is sent for a page without entries.
    if (text !== '') yield text;
    text = '';
  }
  text += format.end(family);
  if (text !== '') yield text;
}
