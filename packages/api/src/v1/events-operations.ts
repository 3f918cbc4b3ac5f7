// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { maySeeSecrets } from '../access/access.ts';
import { scanClient, roomClient } from '../access/client-address.ts';
import { concat } from '@sentrypeer/bytes';
import type { EventFilter, NumberSpan } from '@sentrypeer/event';
import type { EventForm, EventOrder, WrittenEvents, WrittenEventSearch } from '../evidence.ts';
import {
  PAGE_ENTRIES_DEFAULT,
  SCAN_ROWS_MAX,
  SCAN_STEP_EVENTS,
  SCAN_STEP_ROWS,
  STREAM_RATE_MAX,
} from '../limits.ts';
import { GRADES } from '../list-query.ts';
import {
  address,
  askedNumber,
  eventCountry,
  eventNetwork,
  oneOf,
  text,
  time,
  uuid,
  wholeNumber,
  type Parameters,
  type Values,
} from '../parameters.ts';
import { sendProblem } from '../problem.ts';
import { sendText } from '../send-text.ts';
import { eventCursor, limit } from './cursor.ts';
import { eventEntry } from './entries.ts';
import { CSV_HEAD } from './event-csv.ts';
import { operation, type Call, type Operation, type OperationPorts } from './operation.ts';
import { sampledEvents } from './sampled-events.ts';
import { reference } from './schemas.ts';
import { sendJson } from './send-json.ts';
import { sendBusy, sendStream } from './stream-route.ts';

const FILTER = {
  source_ip: address('Where it came from.'),
  called_number: text('As it was recorded, with or without its plus; also a name.'),
  number: askedNumber(
    'In whatever form it was dialled: a number, or a range of numbers as it is listed, such as +46850780xx.',
  ),
  country: eventCountry,
  network: eventNetwork,
  method: text('SIP method, as it was sent.'),
  user_agent: text('User-Agent, all of it.'),
  transport: oneOf('Transport.', ['UDP', 'TCP', 'TLS']),
  grade: oneOf('Evidence for the address, exactly this.', GRADES),
  since: time('Recorded from this time on.'),
  until: time('Recorded before this time.'),
};
const INCLUDE = {
  include: oneOf('Raw message and credentials; needs a key that may read.', ['message']),
};
const perSecond = wholeNumber(
  'Most events per second; the stream says how many more there were.',
  1,
  STREAM_RATE_MAX,
);
const ORDER = { order: oneOf('Newest first (desc), or oldest first (asc).', ['asc', 'desc']) };

type FilterValues = Values<typeof FILTER>;

export const EVENTS_OPERATIONS: readonly Operation[] = [
  operation({
    path: '/v1/events',
    summary: 'Events that fit',
    description:
      'Each page examines a limited number of events, so it may be short or empty and still have a next one.',
    need: 'read',
    query: { ...FILTER, ...INCLUDE, ...ORDER, limit, cursor: eventCursor },
    mediaType: 'application/json',
    schema: reference('EventPage'),
    isConditional: () => true,
    hasSteps: true,
    handle: (call) => {
      const { values, ports } = call;
      const withSecrets = values.include === 'message';
      if (withSecrets && !mayInclude(call)) return;
      sendPage(call, {
        filter: eventFilter(values, ports),
        order: values.order === 'asc' ? 'oldest-first' : 'newest-first',
        after: values.cursor,
        limit: values.limit ?? PAGE_ENTRIES_DEFAULT,
        withSecrets,
      }).catch((error: unknown) => call.reply.send(error));
    },
  }),
  operation({
    path: '/v1/events/{event_uuid}',
    summary: 'One event',
    need: 'read',
    query: INCLUDE,
    place: { name: 'event_uuid', parameter: uuid('The event.') },
    mediaType: 'application/json',
    schema: reference('Event'),
    notFound: 'There is no such event, or it was removed because of its age.',
    isConditional: () => true,
    handle: (call) => {
      const withSecrets = call.values.include === 'message';
      if (withSecrets && !mayInclude(call)) return;
      const found = call.ports.evidence.event(call.place);
      if (found === undefined) sendProblem(call.reply, 404, 'there is no such event');
      else sendJson(call, eventEntry(found, call.ports.places, withSecrets));
    },
  }),
  operation({
    path: '/v1/events.jsonl',
    summary: 'All events that match, one JSON object per line, oldest first',
    need: 'read',
    query: { ...FILTER, ...INCLUDE },
    mediaType: 'application/jsonl',
    schema: { type: 'string' },
    isConditional: () => false,
    handle: (call) => {
      const withSecrets = call.values.include === 'message';
      if (withSecrets && !mayInclude(call)) return;
      sendExport(call, '', { as: 'lines', withSecrets });
    },
  }),
  operation({
    path: '/v1/events.csv',
    summary: 'All events that match, as CSV (RFC 4180), oldest first',
    need: 'read',
    query: FILTER,
    mediaType: 'text/csv; charset=utf-8; header=present',
    schema: { type: 'string' },
    isConditional: () => false,
    handle: (call) => sendExport(call, CSV_HEAD, { as: 'records', withSecrets: false }),
  }),
  operation({
    path: '/v1/events/stream',
    summary: 'Events as they are recorded, as server-sent events',
    description:
      'Begins with the next event, or after the event that Last-Event-ID or after names. Each has the id of the event, the type event, and the event as JSON. With per_second, where more come than that, the newest are sent, and before them an event of the type left_out says how many were not: {"count": 4975, "after": 100, "until": 5075} is for 4,975 events that fit, with ids above 100 and up to 5075, which is also its id.',
    need: 'read',
    query: { ...FILTER, ...INCLUDE, after: eventCursor, per_second: perSecond },
    mediaType: 'text/event-stream',
    schema: { type: 'string' },
    isConditional: () => false,
    handle: (call) => {
      const { values, ports } = call;
      const withSecrets = values.include === 'message';
      if (withSecrets && !mayInclude(call)) return;
      const { evidence } = ports;
      const filter = eventFilter(values, ports);
      const client = scanClient(call.request);
      const newestId = evidence.lastHoneyId();
      if (values.per_second !== undefined) {
        const rate = values.per_second;
        const sampled = sampledEvents(ports, { filter, client, withSecrets, perSecond: rate });
        sendStream(call, values.after, newestId, sampled);
        return;
      }
      sendStream(call, values.after, newestId, {
        read: (after) =>
          ports.scans.step(client, async () => {
            const newestId = evidence.lastHoneyId();
            const query = { filter, order: 'oldest-first', after } as const;
            const page = await readStep(ports, { as: 'messages', withSecrets }, query);
            return {
              messages: page.octets,
              after: page.next ?? Math.max(after, newestId),
              more: page.next !== undefined,
            };
          }),
      });
    },
  }),
];

function eventFilter(
  values: FilterValues,
  { evidence, reputation, clock }: Pick<OperationPorts, 'evidence' | 'reputation' | 'clock'>,
): EventFilter {
  const number = values.called_number;
  return {
    ...(values.number === undefined
      ? {}
      : { numbers: numbersOf(values.number, { reputation, clock }) }),
    ...(values.country === undefined ? {} : { country: values.country }),
    ...(values.network === undefined ? {} : { network: values.network }),
    ...(values.source_ip === undefined ? {} : { sourceIp: values.source_ip }),
    ...(number === undefined ? {} : { calledNumber: evidence.number(number)?.number ?? number }),
    ...(values.method === undefined ? {} : { sipMethod: values.method }),
    ...(values.user_agent === undefined ? {} : { userAgent: values.user_agent }),
    ...(values.transport === undefined ? {} : { transportType: values.transport }),
    ...(values.grade === undefined ? {} : { grade: values.grade }),
    ...(values.since === undefined ? {} : { sinceEpochUs: values.since }),
    ...(values.until === undefined ? {} : { untilEpochUs: values.until }),
  };
}

/** A range of numbers as it is listed, with or without its plus. */
const RANGE = /^\+?(\d{3,13})(x{2,4})$/;

/** The numbers meant; what means no number, such as a name, is looked for as it is. */
function numbersOf(
  asked: string,
  { reputation, clock }: Pick<OperationPorts, 'reputation' | 'clock'>,
): NumberSpan {
  const [, start, places = ''] = RANGE.exec(asked) ?? [];
  if (start !== undefined) {
    const [first, last] = ['0', '9'].map((digit) => start + digit.repeat(places.length));
    return { first: first ?? '', last: last ?? '' };
  }
  const { number } = reputation.judge.judge({ number: asked }, clock.epochUs());
  const isNumber = number !== undefined && number.kind !== 'none';
  const meant = isNumber ? (number.e164 ?? number.digits) : asked;
  return { first: meant, last: meant };
}

interface PageQuery {
  readonly filter: EventFilter;
  readonly order: EventOrder;
  readonly after: number | undefined;
  readonly limit: number;
  readonly withSecrets: boolean;
}

const encoder = new TextEncoder();
const COMMA = encoder.encode(',');

/** Reads the page step by step: rows are looked at and events written a few at a time. */
async function sendPage(call: Call<Parameters>, query: PageQuery): Promise<void> {
  const { request, reply, ports } = call;
  const client = scanClient(request);
  const form: EventForm = { as: 'list', withSecrets: query.withSecrets };
  const parts: Uint8Array[] = [encoder.encode('{"items":[')];
  let count = 0;
  let after = query.after;
  const stepsMax = Math.ceil(query.limit / SCAN_STEP_EVENTS) + SCAN_ROWS_MAX / SCAN_STEP_ROWS;
  for (let step = 0; step < stepsMax; step += 1) {
    const next = await ports.scans.step(client, async () => {
      if (reply.raw.destroyed) return undefined;
      const page = await readStep(ports, form, { ...query, after }, query.limit - count);
      if (count > 0 && page.count > 0) parts.push(COMMA);
      parts.push(page.octets);
      count += page.count;
      return page.next;
    });
    after = next;
    if (next === undefined || count === query.limit) break;
  }
  parts.push(encoder.encode(`],"next":${after === undefined ? 'null' : `"${after}"`}}`));
  sendText(request, reply, 'application/json', concat(parts));
}

/** The part of a search that is done between two look-ups. */
async function readStep(
  { eventSearch }: { readonly eventSearch: WrittenEventSearch },
  form: EventForm,
  { filter, order, after }: Pick<PageQuery, 'filter' | 'order' | 'after'>,
  limit = SCAN_STEP_EVENTS,
): Promise<WrittenEvents> {
  const itemsMax = Math.min(limit, SCAN_STEP_EVENTS);
  return eventSearch.find(form, filter, order, after, itemsMax, SCAN_STEP_ROWS);
}

/** Refuses if it is not allowed: secrets need a key even if reading does not. */
function mayInclude({ caller, reply }: Pick<Call<never>, 'caller' | 'reply'>): boolean {
  if (maySeeSecrets(caller)) return true;
  const status = caller.role === undefined ? 401 : 403;
  if (status === 401) reply.header('WWW-Authenticate', 'Bearer');
  sendProblem(reply, status, 'include=message needs a key of the role read or admin');
  return false;
}

function sendExport(call: Call<typeof FILTER>, head: string, form: EventForm): void {
  const { request, reply, ports, values } = call;
  const filter = eventFilter(values, ports);
  const mediaType = head === '' ? 'application/jsonl' : 'text/csv; charset=utf-8; header=present';
  if (request.method === 'HEAD') {
    reply.type(mediaType).send();
    return;
  }
  const list = ports.lists.open(() => exportText(call, filter, head, form), roomClient(request));
  if (list === undefined) sendBusy(reply);
  else sendText(request, reply, mediaType, list);
}

async function* exportText(
  { request, ports }: Pick<Call<never>, 'request' | 'ports'>,
  filter: EventFilter,
  head: string,
  form: EventForm,
): AsyncGenerator<string | Uint8Array> {
  if (head !== '') yield head;
  const client = scanClient(request);
  let after: number | undefined = 0;
  while (after !== undefined) {
    const from: number = after;
    const page = await ports.scans.step(client, () =>
      readStep(ports, form, { filter, order: 'oldest-first', after: from }),
    );
    if (page.count > 0) yield page.octets;
    after = page.next;
  }
}
