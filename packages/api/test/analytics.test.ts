// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RateEvidence } from '../src/rates.ts';
import { openApi } from './ports.ts';

/** 2026-03-01T12:00:30Z. */
const NOW_US = 1_772_366_430_000_000;
const MINUTE_US = 60e6;

type Parts = ReturnType<RateEvidence['series']>;

interface Answer {
  readonly since: string;
  readonly until: string;
  readonly tops_since: string;
  readonly before_known: boolean;
  readonly intervals: readonly Readonly<Record<string, unknown>>[];
  readonly countries: readonly unknown[];
  readonly networks: readonly unknown[];
}

async function ask(
  parts: Parts,
  period: string,
): Promise<{ readonly answer: Answer; readonly asked: unknown }> {
  let asked: unknown;
  await using api = await openApi({
    clock: { nowMs: () => 0, epochUs: () => NOW_US },
    rates: {
      series: (...given) => {
        asked = given;
        return parts;
      },
      tops: (kind) => [
        { name: '', label: '', seenCount: 7, beforeCount: 9 },
        { name: kind, label: 'Example', seenCount: 3, beforeCount: 0 },
      ],
      isKnownSince: () => true,
    },
  });
  const url = `http://127.0.0.1:${api.address.port}/v1/analytics?period=${period}`;
  const response = await fetch(url);
  assert.equal(response.status, 200);
  return { answer: (await response.json()) as Answer, asked };
}

test('GET /v1/analytics has every interval, those without messages too, up to the one that lasts', async () => {
  const minute = Math.floor(NOW_US / MINUTE_US) * MINUTE_US;
  const part = { startEpochUs: minute, seenCount: 5 };
  const { answer } = await ask(
    [
      { ...part, kind: 'grade', name: 'seen' },
      { ...part, kind: 'method', name: 'INVITE', seenCount: 4 },
      { ...part, kind: 'method', name: 'OTHER', seenCount: 1 },
      { ...part, kind: 'transport', name: 'UDP' },
      { ...part, kind: 'tool', name: 'not asked for' },
      { ...part, kind: 'grade', name: 'seen', startEpochUs: minute + MINUTE_US },
    ],
    'hour',
  );
  assert.equal(answer.since, '2026-03-01T11:01:00.000000Z');
  assert.equal(answer.until, '2026-03-01T12:01:00.000000Z');
  assert.equal(answer.intervals.length, 60);
  const empty = { seen_count: 0, grades: {}, methods: {}, transports: {} };
  assert.deepEqual(answer.intervals[0], { start: answer.since, ...empty });
  assert.deepEqual(answer.intervals[59], {
    start: '2026-03-01T12:00:00.000000Z',
    seen_count: 5,
    grades: { seen: 5 },
    methods: { INVITE: 4, OTHER: 1 },
    transports: { UDP: 5 },
  });
  assert.equal(answer.tops_since, '2026-03-01T11:00:00.000000Z');
  assert.equal(answer.before_known, true);
  assert.deepEqual(answer.countries, [
    { name: null, label: null, seen_count: 7, before_count: 9 },
    { name: 'country', label: 'Example', seen_count: 3, before_count: 0 },
  ]);
});

test('GET /v1/trends names sources, numbers and methods, and says whether they can be compared', async () => {
  const asked: unknown[] = [];
  await using api = await openApi({
    clock: { nowMs: () => 0, epochUs: () => NOW_US },
    rates: {
      series: () => [],
      tops: (kind, ...given) => {
        asked.push(given);
        return kind === 'number'
          ? [
              { name: '+442079460958', seenCount: 5, beforeCount: 2 },
              { name: '112', seenCount: 1, beforeCount: 0 },
              { name: '', seenCount: 1, beforeCount: 0 },
            ]
          : [{ name: kind, seenCount: 3, beforeCount: 1 }];
      },
      isKnownSince: (...given) => {
        asked.push(given);
        return false;
      },
    },
  });
  const at = `http://127.0.0.1:${api.address.port}/v1/trends`;
  const top = { label: null, seen_count: 3, before_count: 1 };
  assert.deepEqual(await (await fetch(`${at}?period=week`)).json(), {
    period: 'week',
    tops_since: '2026-02-22T12:00:00.000000Z',
    before_known: false,
    sources: [{ ...top, name: 'source' }],
    numbers: [
      { name: '+442079460958', label: '+44 2079460958', seen_count: 5, before_count: 2 },
      { name: '112', label: null, seen_count: 1, before_count: 0 },
      { name: null, label: null, seen_count: 1, before_count: 0 },
    ],
    methods: [{ ...top, name: 'method' }],
  });
  const hourUs = 60 * MINUTE_US;
  const sinceUs = Math.floor(NOW_US / hourUs) * hourUs - 7 * 24 * hourUs;
  assert.deepEqual(asked[0], [sinceUs, NOW_US, 10]);
  // As many hours before, of which the one that lasts is one.
  assert.deepEqual(asked[1], ['source', sinceUs - (7 * 24 + 1) * hourUs]);
  assert.equal((await fetch(`${at}?period=year`)).status, 400);
});

test('GET /v1/analytics looks as far back as it is asked to', async () => {
  for (const [period, minutes, count] of [
    ['hour', 1, 60],
    ['day', 10, 144],
    ['week', 60, 168],
    ['month', 360, 124],
    ['year', 1440, 366],
  ] as const) {
    const { answer, asked } = await ask([], period);
    assert.equal(answer.intervals.length, count, period);
    const untilUs = (Math.floor(NOW_US / (minutes * MINUTE_US)) + 1) * minutes * MINUTE_US;
    assert.deepEqual(asked, [minutes, untilUs - count * minutes * MINUTE_US, untilUs], period);
  }
});
