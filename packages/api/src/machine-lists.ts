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

/** What lists are made of. */
export interface MachineListPorts {
  readonly feed: Feed;
  readonly lists: Lists;
  readonly clock: Clock;
}

/** A list of one kind of thing in the form of one kind of program. */
export interface MachineList {
  readonly format: ListFormat;
  readonly kinds: readonly ListedKind[];
  /** The weakest evidence, where the query does not say. */
  readonly grade: Grade;
}

/** Addresses of the list of one format. Packets that may be forged list none, and are not asked for either. */
export function addressList(ending: keyof typeof LIST_FORMATS): MachineList {
  return { format: LIST_FORMATS[ending], kinds: ['address'], grade: 'returned' };
}

/**
 * Answers with what is listed as far as it fits the query, the entry listed last first; with `since` some formats tell
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
 * Where changes begin; `undefined` if that is not known, so that only the whole list is right: some of them are not kept any
 * more, or the time is one that has not come yet, which a clock gave out that was wrong. Serials have no clock.
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

/** When the change with this serial was made, 0 where there is none. */
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
    await nextTurn(); // Look-ups go between.
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
    // An empty piece would end the stream; nothing is to be sent for a page without an entry.
    if (text !== '') yield text;
    text = '';
  }
  text += format.end(family);
  if (text !== '') yield text;
}
