// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { systemClock } from '@sentrypeer/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LIST_FORMATS, type ListFormat } from './list-formats.ts';
import { isListed, parseListQuery, type ListFilter } from './list-query.ts';
import type { Lists } from './lists.ts';
import type { Totals } from './totals.ts';

/** Routes of address lists that firewalls and routers fetch, each with its format. */
export const MACHINE_LISTS: ReadonlyMap<string, ListFormat> = new Map([
  ['/ip-addresses/ipset', LIST_FORMATS.ipset],
  ...Object.entries(LIST_FORMATS).map(
    ([ending, format]) => [`/v1/lists/ip-addresses.${ending}`, format] as const,
  ),
]);

/** Answers with the list, the address seen last first, or says what is wrong with the query. */
export function sendMachineList(
  ports: { readonly totals: Totals; readonly lists: Lists },
  format: ListFormat,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const target = request.raw.url ?? '';
  const mark = target.indexOf('?');
  const query = new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1));
  // A UDP source may be forged, and who is forged must not be blocked.
  const defaults = { grade: format.enforces ? 'returned' : 'seen' } as const;
  const parsed = parseListQuery(query, defaults, systemClock.epochUs());
  if (!parsed.ok) return sendProblem(reply, 400, 'Bad Request', parsed.detail);
  if (request.method === 'HEAD') {
    reply.type(format.mediaType).send();
    return;
  }
  const list = ports.lists.open(() => listText(ports.totals, format, parsed.filter));
  if (list === undefined) {
    reply.header('Retry-After', '1');
    return sendProblem(reply, 503, 'Service Unavailable', 'too many lists are being sent');
  }
  reply.type(format.mediaType).send(list);
}

async function* listText(
  totals: Totals,
  format: ListFormat,
  filter: ListFilter,
): AsyncGenerator<string> {
  let text = format.begin;
  for await (const page of totals.addresses()) {
    const entries = page.filter((total) => isListed(total, filter));
    if (entries.length > 0) text += format.page(entries);
    // An empty piece would end the stream; nothing is to be sent for a page without a listed address.
    if (text !== '') yield text;
    text = '';
    // Newest first: behind this one all are older.
    if ((page.at(-1)?.seenLastEpochUs ?? 0) <= filter.afterEpochUs) break;
  }
  if (text + format.end !== '') yield text + format.end;
}

/** RFC 9457. */
function sendProblem(reply: FastifyReply, status: number, title: string, detail: string): void {
  const body = JSON.stringify({ type: 'about:blank', title, status, detail });
  reply
    .code(status)
    .type('application/problem+json')
    .serializer(() => body)
    .send(body);
}
