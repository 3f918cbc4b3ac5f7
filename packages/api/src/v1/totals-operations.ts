// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { ADDRESS_PARAMETERS, isListed, listFilter } from '../list-query.ts';
import { country, askedNumber, network, oneOf, source, time, wholeNumber } from '../parameters.ts';
import type { PlaceEvidence } from '../places.ts';
import { sendProblem } from '../problem.ts';
import { rfc3339 } from '../rfc3339.ts';
import { limit, pageOf, totalsCursor } from './cursor.ts';
import { addressEntry, numberEntry, userAgentEntry, type Json } from './entries.ts';
import { readAskedNumber } from '../asked-number.ts';
import { findNumber } from './find-number.ts';
import { operation, type Call, type Operation } from './operation.ts';
import { reference } from './schemas.ts';
import { sendJson } from './send-json.ts';

const HOUR_US = 3_600e6;
const DAY_US = 24 * HOUR_US;
/** Days of a series unless the query says otherwise. */
const SERIES_DAYS = { hour: 2, day: 90 } as const;
const JSON_TYPE = 'application/json';

const NUMBER = askedNumber('The number, in any form in which it is dialled.');

const always = (): boolean => true;

const TOTALS_QUERY = {
  limit,
  cursor: totalsCursor,
  min_count: wholeNumber('Only those with at least this many messages that came here.', 1),
  since: time('Only those last seen after this time.'),
};
const SPAN = {
  since: time('From this time on; whole hours.'),
  until: time('Before this time.'),
};

export const TOTALS_OPERATIONS: readonly Operation[] = [
  operation({
    path: '/v1/summary',
    summary: 'How much is known',
    need: 'read',
    query: {},
    mediaType: JSON_TYPE,
    schema: reference('Summary'),
    isConditional: always,
    handle: (call) => {
      const { evidence } = call.ports;
      const shared = evidence.sharedCounts();
      sendJson(call, {
        addresses: evidence.addressesCount(),
        numbers: evidence.numbersCount(),
        user_agents: evidence.userAgentsCount(),
        shared_addresses: shared.addresses,
        shared_numbers: shared.numbers,
        shared_user_agents: shared.userAgents,
        last_event_id: evidence.lastHoneyId(),
      });
    },
  }),
  operation({
    path: '/v1/addresses',
    summary: 'Addresses, the one seen last first',
    description:
      'All addresses of an IPv6 /64 are one entry, because one attacker can use any of them.',
    need: 'read',
    query: { ...ADDRESS_PARAMETERS, country, network, limit, cursor: totalsCursor },
    mediaType: JSON_TYPE,
    schema: reference('AddressPage'),
    isConditional: ({ max_age: maxAge }) => maxAge === undefined,
    handle: (call) => {
      const { values, ports } = call;
      const filter = listFilter(values, 'seen', ports.clock.epochUs());
      const page = pageOf((count, after) => ports.evidence.sources.page(count, after), {
        after: values.cursor,
        limit: values.limit,
        sinceEpochUs: filter.afterEpochUs,
        fits: (item) =>
          isListed(item.address, item.lastSeenEpochUs, item, filter) &&
          isPlaced(ports.places, item.address, values),
      });
      sendJson(call, {
        items: page.items.map((item) => addressEntry(item, ports.places)),
        next: page.next,
      });
    },
  }),
  operation({
    path: '/v1/addresses/{address}',
    summary: 'One address',
    need: 'read',
    query: {},
    place: { name: 'address', parameter: source('The address, or an IPv6 /64.') },
    mediaType: JSON_TYPE,
    schema: reference('Address'),
    notFound: 'The address was not seen.',
    isConditional: always,
    handle: (call) => {
      const { evidence } = call.ports;
      const found = call.place.includes('/')
        ? evidence.sources.source(call.place)
        : evidence.address(call.place);
      sendFound(
        call,
        found === undefined ? undefined : addressEntry(found, call.ports.places),
        'address was not seen',
      );
    },
  }),
  operation({
    path: '/v1/numbers',
    summary: 'Called numbers, most recently called first',
    need: 'read',
    query: TOTALS_QUERY,
    mediaType: JSON_TYPE,
    schema: reference('NumberPage'),
    isConditional: always,
    handle: (call) => {
      const { values, ports } = call;
      const page = pageOf(
        (count, after) => ports.evidence.numbers(count, after),
        totalsQuery(values),
      );
      sendJson(call, { items: page.items.map(numberEntry), next: page.next });
    },
  }),
  operation({
    path: '/v1/numbers/{number}',
    summary: 'One called number',
    need: 'read',
    query: {},
    place: {
      name: 'number',
      parameter: NUMBER,
    },
    mediaType: JSON_TYPE,
    schema: reference('Number'),
    notFound: 'The number was not called.',
    isConditional: always,
    handle: (call) => {
      const { ports, place } = call;
      const asked = readAskedNumber(place, ports);
      if (asked === undefined)
        return sendProblem(call.reply, 400, `number must be ${NUMBER.right}`);
      const question = { number: asked.text };
      const judgement = ports.reputation.judge.judge(question, ports.clock.epochUs());
      const found = findNumber(ports, asked.text, judgement);
      sendFound(
        call,
        found === undefined ? undefined : numberEntry(found),
        'number was not called',
      );
    },
  }),
  operation({
    path: '/v1/user-agents',
    summary: 'User-Agents, the one seen last first',
    need: 'read',
    query: TOTALS_QUERY,
    mediaType: JSON_TYPE,
    schema: reference('UserAgentPage'),
    isConditional: always,
    handle: (call) => {
      const { values, ports } = call;
      const read = pageOf(
        (count, after) => ports.evidence.userAgents(count, after),
        totalsQuery(values),
      );
      sendJson(call, { items: read.items.map(userAgentEntry), next: read.next });
    },
  }),
  operation({
    path: '/v1/methods',
    summary: 'SIP methods by transport, most frequent first',
    need: 'read',
    query: SPAN,
    mediaType: JSON_TYPE,
    schema: reference('Methods'),
    isConditional: always,
    handle: (call) => {
      const { since = 0, until = Number.MAX_SAFE_INTEGER } = call.values;
      const items = call.ports.evidence.methods(since, until);
      sendJson(call, {
        items: items.map(({ method, transport, seenCount, sharedCount }) => ({
          method,
          transport,
          seen_count: seenCount,
          shared_count: sharedCount,
        })),
      });
    },
  }),
  operation({
    path: '/v1/totals',
    summary: 'Messages over time, by hour or day (UTC)',
    description: 'Without `since`: the last 2 days by hour, or the last 90 days by day.',
    need: 'read',
    query: { interval: oneOf('Length of an interval.', ['hour', 'day']), ...SPAN },
    mediaType: JSON_TYPE,
    schema: reference('Series'),
    isConditional: ({ since }) => since !== undefined,
    handle: (call) => {
      const { interval = 'hour', since, until = Number.MAX_SAFE_INTEGER } = call.values;
      const from = since ?? call.ports.clock.epochUs() - SERIES_DAYS[interval] * DAY_US;
      const lengthUs = interval === 'hour' ? HOUR_US : DAY_US;
      const sums = new Map<
        number,
        { count: number; shared: number; methods: Record<string, number> }
      >();
      for (const hour of call.ports.evidence.hours(from, until)) {
        const { hourEpochUs, method, seenCount, sharedCount } = hour;
        const start = Math.floor(hourEpochUs / lengthUs) * lengthUs;
        const sum = sums.get(start) ?? { count: 0, shared: 0, methods: {} };
        sum.count += seenCount;
        sum.shared += sharedCount;
        if (seenCount > 0) sum.methods[method] = (sum.methods[method] ?? 0) + seenCount;
        sums.set(start, sum);
      }
      const items = [...sums].map(([start, { count, shared, methods }]) => ({
        start: rfc3339(start),
        seen_count: count,
        shared_count: shared,
        methods,
      }));
      sendJson(call, { interval, items });
    },
  }),
];

interface TotalsValues {
  readonly limit?: number;
  readonly cursor?: { readonly lastSeenEpochUs: number; readonly totalId: number };
  readonly min_count?: number;
  readonly since?: number;
}

function totalsQuery(values: TotalsValues) {
  const { min_count: minCount = 0, since = 0 } = values;
  return {
    after: values.cursor,
    limit: values.limit,
    sinceEpochUs: since,
    fits: (item: { readonly seenCount: number }) => item.seenCount >= minCount,
  };
}

/** Whether an address is where the query asks for. */
function isPlaced(
  places: PlaceEvidence,
  from: string,
  wanted: { readonly country?: string; readonly network?: string },
): boolean {
  if (wanted.country === undefined && wanted.network === undefined) return true;
  const place = places.placeOf(from.split('/')[0] ?? '');
  return (
    (wanted.country ?? place.country) === place.country &&
    (wanted.network ?? place.network) === place.network
  );
}

function sendFound(
  call: Call<object & Record<string, never>>,
  entry: Json | undefined,
  not: string,
): void {
  if (entry === undefined) sendProblem(call.reply, 404, `this ${not}`);
  else sendJson(call, entry);
}
