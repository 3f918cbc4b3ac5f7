// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { ANALYTICS_COUNTRIES, ANALYTICS_TOPS } from '../limits.ts';
import { oneOf } from '../parameters.ts';
import type { RateEvidence, SeriesKind, TopKind } from '../rates.ts';
import { rfc3339 } from '../rfc3339.ts';
import { PERIODS, TREND_PERIODS } from './analytics-schemas.ts';
import type { Json } from './entries.ts';
import { operation, type Operation } from './operation.ts';
import { reference } from './schemas.ts';
import { sendJson } from './send-json.ts';

const MINUTE_US = 60e6;
const HOUR_US = 60 * MINUTE_US;

/** Length of a graph's interval in minutes, and the number of intervals. */
const INTERVALS: Readonly<
  Record<(typeof PERIODS)[number], { readonly minutes: number; readonly count: number }>
> = {
  hour: { minutes: 1, count: 60 },
  day: { minutes: 10, count: 144 },
  week: { minutes: 60, count: 168 },
  month: { minutes: 360, count: 124 },
  year: { minutes: 1_440, count: 366 },
};

const MEMBERS: Readonly<Record<SeriesKind, 'grades' | 'methods' | 'transports'>> = {
  grade: 'grades',
  method: 'methods',
  transport: 'transports',
};

/** Messages over time, by kind: the data of a graph. It moves with the clock, so none is conditional. */
export const ANALYTICS_OPERATIONS: readonly Operation[] = [
  operation({
    path: '/v1/analytics',
    summary: 'Messages over the last hour, day, week, month or year, and who sent the most',
    description:
      'Kept next to the log, so that nothing is searched. It contains no address and no whole number. A year is kept with --analytics, otherwise a month.',
    need: 'read',
    query: { period: oneOf('How far back.', PERIODS) },
    mediaType: 'application/json',
    schema: reference('Analytics'),
    isConditional: () => false,
    handle: (call) => {
      const { period = 'day' } = call.values;
      const { rates, clock } = call.ports;
      const nowUs = clock.epochUs();
      const { minutes, count } = INTERVALS[period];
      const intervalUs = minutes * MINUTE_US;
      const untilUs = (Math.floor(nowUs / intervalUs) + 1) * intervalUs;
      const sinceUs = untilUs - count * intervalUs;
      const topsUs = topsSince(period, nowUs);
      sendJson(call, {
        period,
        interval_seconds: minutes * 60,
        since: rfc3339(sinceUs),
        until: rfc3339(untilUs),
        intervals: intervalsOf(rates, minutes, sinceUs, untilUs),
        tops_since: rfc3339(topsUs),
        countries: topsOf(rates, 'country', topsUs, nowUs, ANALYTICS_COUNTRIES),
        networks: topsOf(rates, 'network', topsUs, nowUs),
        tools: topsOf(rates, 'tool', topsUs, nowUs),
        ranges: topsOf(rates, 'range', topsUs, nowUs),
        before_known: isBeforeKnown(rates, 'method', topsUs, nowUs),
      });
    },
  }),
  operation({
    path: '/v1/trends',
    summary:
      'Which sources, numbers and methods had the most messages, compared with the time before',
    description:
      'Counted by the hour next to the log, so that nothing is searched. What names an address or a number is kept for a month at most, and only of those with the most in each hour.',
    need: 'read',
    query: { period: oneOf('How far back.', TREND_PERIODS) },
    mediaType: 'application/json',
    schema: reference('Trends'),
    isConditional: () => false,
    handle: (call) => {
      const { period = 'day' } = call.values;
      const { rates, reputation, clock } = call.ports;
      const nowUs = clock.epochUs();
      const topsUs = topsSince(period, nowUs);
      const numbers = rates.tops('number', topsUs, nowUs, ANALYTICS_TOPS).map((top) => ({
        ...top,
        label: top.name.startsWith('+') ? reputation.grouped(top.name.slice(1)) : '',
      }));
      sendJson(call, {
        period,
        tops_since: rfc3339(topsUs),
        before_known: isBeforeKnown(rates, 'source', topsUs, nowUs),
        sources: topsOf(rates, 'source', topsUs, nowUs),
        numbers: numbers.map(topEntry),
        methods: topsOf(rates, 'method', topsUs, nowUs),
      });
    },
  }),
];

/** The beginning of the whole hours of a period. */
function topsSince(period: (typeof PERIODS)[number], nowUs: number): number {
  const { minutes, count } = INTERVALS[period];
  return Math.floor((nowUs - count * minutes * MINUTE_US) / HOUR_US) * HOUR_US;
}

/** Whether as many hours before are known too. */
function isBeforeKnown(
  rates: RateEvidence,
  kind: TopKind,
  sinceUs: number,
  nowUs: number,
): boolean {
  const untilUs = Math.ceil(nowUs / HOUR_US) * HOUR_US;
  return rates.isKnownSince(kind, 2 * sinceUs - untilUs);
}

/** All of them, including those without messages, so that a graph needs no calendar. */
function intervalsOf(
  rates: RateEvidence,
  minutes: number,
  sinceUs: number,
  untilUs: number,
): readonly Json[] {
  const byStart = new Map<number, Record<SeriesKind, Map<string, number>>>();
  for (let start = sinceUs; start < untilUs; start += minutes * MINUTE_US) {
    byStart.set(start, { grade: new Map(), method: new Map(), transport: new Map() });
  }
  for (const { startEpochUs, kind, name, seenCount } of rates.series(minutes, sinceUs, untilUs)) {
    if (kind in MEMBERS) byStart.get(startEpochUs)?.[kind as SeriesKind].set(name, seenCount);
  }
  return [...byStart].map(([start, kinds]) => ({
    start: rfc3339(start),
    // Rows from before grades were counted have only methods.
    seen_count: [...kinds.method.values()].reduce((sum, one) => sum + one, 0),
    grades: Object.fromEntries(kinds.grade),
    methods: Object.fromEntries(kinds.method),
    transports: Object.fromEntries(kinds.transport),
  }));
}

function topsOf(
  rates: RateEvidence,
  kind: TopKind,
  sinceUs: number,
  nowUs: number,
  limit = ANALYTICS_TOPS,
): readonly Json[] {
  return rates.tops(kind, sinceUs, nowUs, limit).map(topEntry);
}

function topEntry({
  name,
  label = '',
  seenCount,
  beforeCount,
}: ReturnType<RateEvidence['tops']>[number]): Json {
  return {
    name: name === '' ? null : name,
    label: label === '' ? null : label,
    seen_count: seenCount,
    before_count: beforeCount,
  };
}
