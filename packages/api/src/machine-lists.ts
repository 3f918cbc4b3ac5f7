// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { systemClock } from '@sentrypeer/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Evidence } from './evidence.ts';
import { changesText, isForgotten, listedUpTo } from './list-changes.ts';
import type { ListFormat } from './list-formats.ts';
import { isListed, LIST_PARAMETERS, listFilter, type ListFilter } from './list-query.ts';
import type { Lists } from './lists.ts';
import type { Values } from './parameters.ts';
import { sendProblem } from './problem.ts';
import { isJudgedBad, type Reputation } from './reputation.ts';
import { rfc3339 } from './rfc3339.ts';
import { sendText } from './send-text.ts';
import type { Totals } from './totals.ts';

/** What lists are made of. */
export interface MachineListPorts {
  readonly totals: Totals;
  readonly evidence: Evidence;
  readonly lists: Lists;
  readonly reputation: Reputation;
}

/**
 * Answers with the list, the address seen last first, as far as it fits the query; with `since` some formats tell
 * changes. What machines refuse by it is what the judge lists and nothing else.
 */
export function sendMachineList(
  ports: MachineListPorts,
  format: ListFormat,
  values: Values<typeof LIST_PARAMETERS>,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  // A UDP source may be forged, and who is forged must not be blocked.
  const defaultGrade = format.enforces ? 'returned' : 'seen';
  const nowEpochUs = systemClock.epochUs();
  const filter = listFilter(values, defaultGrade, nowEpochUs);
  reply.header('X-SentryPeer-As-Of', rfc3339(listedUpTo(ports.evidence, nowEpochUs)));
  if (request.method === 'HEAD') {
    reply.type(format.mediaType).send();
    return;
  }
  const { since, max_age: maxAge } = values;
  const { changes } = format;
  const list = ports.lists.open(() => {
    if (changes === undefined || since === undefined) return listText(ports, format, filter);
    if (isForgotten(ports.reputation, since)) {
      return listText(ports, format, listFilter({ ...values, since: 0 }, defaultGrade, nowEpochUs));
    }
    return changesText(ports, changes, {
      filter,
      sinceEpochUs: since,
      nowEpochUs,
      maxAgeUs: maxAge === undefined ? undefined : maxAge * 1e6,
    });
  });
  if (list === undefined) {
    reply.header('Retry-After', '1');
    return sendProblem(reply, 503, 'too many lists are being sent');
  }
  sendText(request, reply, format.mediaType, list);
}

async function* listText(
  { totals, reputation }: MachineListPorts,
  format: ListFormat,
  filter: ListFilter,
): AsyncGenerator<string> {
  let text = format.begin(filter.family);
  for await (const page of totals.addresses()) {
    const entries = page.filter(
      (total) =>
        isListed(total.ipAddress, total.seenLastEpochUs, total, filter) &&
        (!format.enforces || isJudgedBad(reputation, total.ipAddress)),
    );
    if (entries.length > 0) text += format.page(entries);
    // An empty piece would end the stream; nothing is to be sent for a page without a listed address.
    if (text !== '') yield text;
    text = '';
    // Newest first: behind this one all are older.
    if ((page.at(-1)?.seenLastEpochUs ?? 0) <= filter.afterEpochUs) break;
  }
  text += format.end(filter.family);
  if (text !== '') yield text;
}
