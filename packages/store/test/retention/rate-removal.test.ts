// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Which intervals of the graphs go, and which names of an hour are joined. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  PRUNE_ROWS,
  RATE_DAYS_DEFAULT,
  RATE_DAYS_LONG,
  RATE_KEEP_INTERVAL_MS,
  RATE_MINUTES_MAX,
  RATE_NAMES_MAX,
} from '../../src/limits.ts';
import { RateRemoval } from '../../src/retention/rate-removal.ts';
import { DAY_US, NOON_US } from '../fixtures.ts';
import { JudgedTables } from '../judging/judged-tables.ts';

const MINUTE = NOON_US / 60_000_000;
const HOUR = MINUTE / 60;
const HOURS_OF_MONTH = RATE_DAYS_DEFAULT * 24;

class Bench implements Disposable {
  readonly tables = new JudgedTables();
  removalUs = NOON_US;
  readonly removal: RateRemoval;

  constructor(daysMax: number = RATE_DAYS_DEFAULT) {
    const { database, clock } = this.tables;
    const ports = { database, clock, removalUs: () => this.removalUs };
    this.removal = new RateRemoval(ports, daysMax);
  }

  add(span: number, kind: string, start: number, name = 'a', count = 1): void {
    this.tables.database
      .prepare('INSERT INTO rate_total VALUES (?, ?, ?, ?, ?)')
      .run(span, kind, start, name, count);
  }

  /** Starts of what is left, relative to now. */
  starts(kind: string, span = 60): readonly number[] {
    const now = span === 60 ? HOUR : MINUTE;
    return this.tables
      .rows(`SELECT start FROM rate_total WHERE kind = '${kind}' AND span = ${span} ORDER BY start`)
      .map((start) => Number(start) - now);
  }

  /** `name count` of an hour. */
  names(kind: string, hour: number): readonly string[] {
    return this.tables.rows(`SELECT name || ' ' || seen_count FROM rate_total
      WHERE span = 60 AND kind = '${kind}' AND start = ${hour} ORDER BY name`);
  }

  finish(): void {
    for (let steps = 0; this.removal.step(); steps += 1) assert.ok(steps < 100, 'it never ends');
  }

  [Symbol.dispose](): void {
    this.tables[Symbol.dispose]();
  }
}

test('RateRemoval.step() removes minutes and hours that are too old or ahead, and no others', () => {
  using bench = new Bench();
  const ahead = 24;
  for (const kind of ['grade', 'method', 'transport']) {
    for (const at of [-RATE_MINUTES_MAX - 1, -RATE_MINUTES_MAX, 0, ahead * 60, ahead * 60 + 1]) {
      bench.add(1, kind, MINUTE + at);
    }
  }
  const kinds = [
    'grade',
    'method',
    'transport',
    'tool',
    'country',
    'network',
    'range',
    'source',
    'number',
  ];
  for (const kind of kinds) {
    for (const at of [-HOURS_OF_MONTH - 1, -HOURS_OF_MONTH, 0, ahead, ahead + 1]) {
      bench.add(60, kind, HOUR + at);
    }
  }
  bench.finish();
  for (const kind of ['grade', 'method', 'transport']) {
    assert.deepEqual(bench.starts(kind, 1), [-RATE_MINUTES_MAX, 0, ahead * 60], kind);
  }
  for (const kind of kinds) assert.deepEqual(bench.starts(kind), [-HOURS_OF_MONTH, 0, ahead], kind);
});

test('RateRemoval keeps a year of names if the operator wants it, but addresses and numbers only for a month', () => {
  for (const [days, daysOfSubjects] of [
    [RATE_DAYS_LONG, RATE_DAYS_DEFAULT],
    [2, 2],
  ] as const) {
    using bench = new Bench(days);
    for (const kind of ['method', 'tool', 'source', 'number']) {
      for (const at of [1, 2, RATE_DAYS_DEFAULT, RATE_DAYS_LONG]) {
        bench.add(60, kind, HOUR - at * 24);
        bench.add(60, kind, HOUR - at * 24 - 1);
      }
    }
    bench.finish();
    for (const kind of ['method', 'tool']) assert.equal(bench.starts(kind)[0], -days * 24, kind);
    for (const kind of ['source', 'number']) {
      assert.equal(bench.starts(kind)[0], -daysOfSubjects * 24, kind);
    }
  }
});

test('RateRemoval goes by the time by which something may be removed, and by the later one for what is ahead', () => {
  using bench = new Bench(1);
  bench.removalUs = NOON_US - DAY_US;
  for (const at of [-49, -48, 24, 25]) bench.add(60, 'method', HOUR + at);
  bench.finish();
  assert.deepEqual(bench.starts('method'), [-48, 24]);
  bench.removalUs = NOON_US + DAY_US;
  for (const at of [-1, 0, 48, 49]) bench.add(60, 'grade', HOUR + at);
  bench.tables.clock.ms += RATE_KEEP_INTERVAL_MS;
  bench.finish();
  assert.deepEqual([bench.starts('grade'), bench.starts('method')], [[0, 48], [24]]);
});

test('RateRemoval.step() removes some rows at a time, and then waits', () => {
  using bench = new Bench();
  for (let at = 0; at <= PRUNE_ROWS; at += 1) {
    bench.add(60, 'method', 1 + at);
    bench.add(60, 'grade', HOUR + 1000 + at);
  }
  assert.equal(bench.removal.step(), true);
  assert.deepEqual([bench.starts('method').length, bench.starts('grade').length], [1, 1]);
  assert.equal(bench.removal.step(), true);
  assert.deepEqual([bench.starts('method'), bench.starts('grade')], [[], []]);
  assert.equal(bench.removal.step(), false);
  bench.add(60, 'method', 1);
  bench.tables.clock.ms += RATE_KEEP_INTERVAL_MS - 1;
  assert.equal(bench.removal.step(), false);
  assert.equal(bench.starts('method').length, 1);
  bench.tables.clock.ms += 1;
  bench.add(1, 'method', 1);
  assert.equal(bench.removal.step(), true);
  assert.deepEqual([bench.starts('method'), bench.starts('method', 1)], [[], []]);
});

test('RateRemoval.step() says that there may be more whatever it removed', () => {
  using bench = new Bench();
  for (const rows of [
    [[1, 'method']],
    [[60, 'method']],
    [[60, 'source']],
    [
      [1, 'method'],
      [60, 'method'],
    ],
    [
      [60, 'tool'],
      [60, 'source'],
    ],
  ] as const) {
    for (const [span, kind] of rows) bench.add(span, kind, 1);
    assert.deepEqual([bench.removal.step(), bench.removal.step()], [true, false], String(rows));
    bench.tables.clock.ms += RATE_KEEP_INTERVAL_MS;
  }
});

test('RateRemoval joins the rare names of this hour and the one before, first of all those later in the alphabet', () => {
  using bench = new Bench();
  const name = (index: number): string => `n${String(index).padStart(2, '0')}`;
  const often = Array.from({ length: RATE_NAMES_MAX - 1 }, (_, index) => name(index));
  for (const kind of ['tool', 'country', 'network', 'range', 'source', 'number', 'method']) {
    for (const hour of [HOUR - 2, HOUR - 1, HOUR]) {
      for (const one of often) bench.add(60, kind, hour, one, 9);
      for (const rare of ['a', 'b', 'c']) bench.add(60, kind, hour, rare, 2);
    }
  }
  for (const hour of [HOUR, HOUR - 1]) bench.add(60, 'source', hour, '', 5);
  bench.finish();
  const joined = (kind: string, hour: number): readonly string[] =>
    bench.names(kind, hour).filter((one) => !one.startsWith('n'));
  for (const kind of ['tool', 'country', 'network', 'range', 'number']) {
    for (const hour of [HOUR - 1, HOUR]) {
      assert.deepEqual(joined(kind, hour), [' 4', 'a 2'], kind);
      assert.equal(bench.names(kind, hour).length, RATE_NAMES_MAX + 1);
    }
    assert.deepEqual(joined(kind, HOUR - 2), ['a 2', 'b 2', 'c 2'], 'it was joined before');
  }
  for (const hour of [HOUR - 1, HOUR]) assert.deepEqual(joined('source', hour), [' 9', 'a 2']);
  assert.deepEqual(joined('method', HOUR), ['a 2', 'b 2', 'c 2'], 'nobody chooses them freely');
});

test('RateRemoval joins nothing while an hour has room for all its names', () => {
  using bench = new Bench();
  for (let index = 0; index < RATE_NAMES_MAX; index += 1) bench.add(60, 'tool', HOUR, `n${index}`);
  bench.add(60, 'tool', HOUR, '', 1);
  bench.finish();
  assert.equal(bench.names('tool', HOUR).length, RATE_NAMES_MAX + 1);
  assert.equal(bench.names('tool', HOUR)[0], ' 1');
});
