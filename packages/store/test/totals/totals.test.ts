// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What a transaction brings is summed up first: the sums agree with counting message by message. */

import assert from 'node:assert/strict';
import type { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Grade } from '@sentrypeer/event';
import {
  RATE_MINUTES_MAX,
  RATE_NAMES_OPEN_MAX,
  USER_AGENT_CHARACTERS_MAX,
} from '../../src/limits.ts';
import { Counters } from '../../src/totals/counters.ts';
import { Rates } from '../../src/totals/rates.ts';
import { Totals } from '../../src/totals/totals.ts';
import { emptyDatabase, NOON_US, TestDirectory } from '../fixtures.ts';

const HOUR_US = 3_600_000_000;
const MINUTE_US = 60_000_000;
const NOON_HOUR = Math.floor(NOON_US / HOUR_US);
const NOON_MINUTE = Math.floor(NOON_US / MINUTE_US);

/** The tables of totals, empty. */
class Tables implements Disposable {
  readonly #directory = new TestDirectory();
  readonly database: DatabaseSync;
  readonly totals: Totals;
  readonly rates: Rates;

  constructor() {
    this.database = emptyDatabase(this.#directory);
    this.totals = new Totals(this.database, new Counters(this.database));
    this.rates = new Rates(this.database);
  }

  all(sql: string): readonly (readonly unknown[])[] {
    return this.database
      .prepare(sql)
      .all()
      .map((row) => Object.values(row));
  }

  /** `method transport seen shared` of each hour, counted from noon. */
  hours(): readonly string[] {
    return this.all(
      `SELECT hour - ${NOON_HOUR}, method, transport, seen_count, shared_count FROM hour_total
        ORDER BY hour, method, transport`,
    ).map((row) => row.join(' '));
  }

  /** `start name count` of a kind, counted from noon. */
  ofKind(span: 1 | 60, kind: string): readonly string[] {
    const noon = span === 1 ? NOON_MINUTE : NOON_HOUR;
    return this.all(
      `SELECT start - ${noon}, name, seen_count FROM rate_total WHERE span = ${span} AND kind = '${kind}'
        ORDER BY start, name`,
    ).map((row) => row.join(' '));
  }

  counter(name: string): unknown {
    return this.all(`SELECT value FROM counter WHERE name = '${name}'`)[0]?.[0];
  }

  clear(): void {
    this.database.exec(`
      DELETE FROM address_total; DELETE FROM number_total; DELETE FROM user_agent_total;
      UPDATE counter SET value = 0 WHERE name IN ('addresses', 'numbers', 'user_agents')`);
  }

  [Symbol.dispose](): void {
    this.database.close();
    this.#directory[Symbol.dispose]();
  }
}

interface Told {
  readonly table: 'address' | 'number' | 'user_agent';
  readonly text: string;
  readonly atUs: number;
  readonly count: number;
  readonly grade: number;
  readonly isShared: boolean;
}

const told: fc.Arbitrary<Told> = fc.record({
  table: fc.constantFrom('address', 'number', 'user_agent'),
  text: fc.constantFrom('a', 'b', '2001:db8::1', '2001:db8::2'),
  atUs: fc.integer({ min: 1, max: 9 }),
  count: fc.integer({ min: 1, max: 3 }),
  grade: fc.integer({ min: 0, max: 2 }),
  isShared: fc.boolean(),
});

function add(totals: Totals, { table, text, atUs, count, grade, isShared }: Told): void {
  if (table === 'address') totals.addAddress(text, atUs, count, grade, isShared);
  else if (table === 'number') totals.addNumber(text, atUs, count, grade, isShared);
  else totals.addUserAgent(text, atUs, count, grade, isShared);
}

/** First and last time, and the sum. */
function summedUp(all: readonly Told[]): readonly [number, number, number] {
  const times = all.map(({ atUs }) => atUs);
  const count = all.reduce((sum, one) => sum + one.count, 0);
  return [Math.min(...times), Math.max(...times), count];
}

test('totals of texts agree with a naive model, whoever sees and shares them, in however many transactions', () => {
  using tables = new Tables();
  fc.assert(
    fc.property(
      fc.array(fc.array(told, { maxLength: 6 }), { minLength: 1, maxLength: 4 }),
      (transactions) => {
        tables.clear();
        for (const transaction of transactions) {
          for (const one of transaction) add(tables.totals, one);
          tables.totals.flush();
        }
        for (const [table, counter] of [
          ['address', 'addresses'],
          ['number', 'numbers'],
          ['user_agent', 'user_agents'],
        ] as const) {
          const ofTable = transactions.flat().filter((one) => one.table === table);
          const texts = [...new Set(ofTable.map(({ text }) => text))].toSorted();
          const expected = texts.map((text) => {
            const all = ofTable.filter((one) => one.text === text);
            const [own, shared] = [false, true].map((is) =>
              all.filter((one) => one.isShared === is),
            );
            const [firstUs, lastUs] = summedUp(own?.length === 0 ? (shared ?? []) : (own ?? []));
            const grade = Math.max(0, ...(own ?? []).map((one) => one.grade));
            const seen = summedUp(own ?? [])[2];
            return [text, firstUs, lastUs, seen, grade, summedUp(shared ?? [])[2]];
          });
          const rows = tables.all(
            `SELECT ${table}, first_seen_us, last_seen_us, seen_count, grade, shared_count FROM ${table}_total
              ORDER BY ${table}`,
          );
          assert.deepEqual(rows, expected);
          assert.equal(tables.counter(counter), texts.length);
        }
      },
    ),
    { numRuns: 40 },
  );
});

test('what is only added is forgotten at the next beginning', () => {
  using tables = new Tables();
  const { totals, rates } = tables;
  rates.begin(NOON_US);
  for (const isShared of [false, true]) {
    totals.addAddress('a', NOON_US, 1, 0, isShared);
    totals.addNumber('1', NOON_US, 1, 0, isShared);
    totals.addUserAgent('x', NOON_US, 1, 0, isShared);
    totals.addHour('INVITE', 'UDP', NOON_US, 1, isShared);
  }
  rates.addMessages('INVITE', 'UDP', 'seen', NOON_US, 1);
  rates.addNamed('tool', 'x', NOON_US, 1);
  totals.clear();
  rates.begin(NOON_US);
  totals.flush();
  rates.flush();
  for (const table of ['address', 'number', 'user_agent', 'hour', 'rate']) {
    assert.deepEqual(tables.all(`SELECT * FROM ${table}_total`), [], table);
  }
  totals.addHour('INVITE', 'UDP', NOON_US, 1);
  rates.addMessages('INVITE', 'UDP', 'seen', NOON_US, 1);
  rates.addNamed('tool', 'x', NOON_US, 1);
  totals.flush();
  rates.flush();
  assert.deepEqual(tables.hours(), ['0 INVITE UDP 1 0']);
  assert.deepEqual(tables.ofKind(60, 'method'), ['0 INVITE 1']);
  assert.deepEqual(tables.ofKind(60, 'tool'), ['0 x 1']);
});

test('a User-Agent is cut to what is kept of it, and an empty one is not counted', () => {
  using tables = new Tables();
  const kept = 'x'.repeat(USER_AGENT_CHARACTERS_MAX);
  for (const text of [kept, `${kept}y`, '', kept.slice(1)]) {
    tables.totals.addUserAgent(text, NOON_US, 1, 0);
  }
  tables.totals.flush();
  const rows = tables.all('SELECT user_agent, seen_count FROM user_agent_total ORDER BY total_id');
  assert.deepEqual(rows, [
    [kept, 2],
    [kept.slice(1), 1],
  ]);
  tables.rates.begin(NOON_US);
  for (const text of [kept, `${kept}y`]) tables.rates.addNamed('tool', text, NOON_US, 1);
  tables.rates.flush();
  assert.deepEqual(tables.ofKind(60, 'tool'), [`0 ${kept} 2`]);
});

/** Alternating and repeated, as they come. */
const MESSAGES: readonly (readonly [
  method: string | undefined,
  transport: string,
  atUs: number,
])[] = [
  ['INVITE', 'UDP', NOON_US],
  ['INVITE', 'UDP', NOON_US + 1],
  ['INVITE', 'TCP', NOON_US],
  ['OPTIONS', 'TCP', NOON_US],
  [undefined, 'TCP', NOON_US],
  ['<script>', 'TCP', NOON_US],
  ['INVITE', 'UDP', NOON_US],
  ['INVITE', 'UDP', NOON_US + HOUR_US],
  ['INVITE', 'UDP', NOON_US + HOUR_US - 1],
  ['OTHER', 'UDP', NOON_US],
  ['OTHER', 'UDP', NOON_US],
];

test('messages are counted by hour, method and transport, seen and shared ones apart', () => {
  using tables = new Tables();
  for (const isShared of [false, true]) {
    for (const [method, transport, atUs] of MESSAGES) {
      tables.totals.addHour(method, transport, atUs, isShared ? 10 : 1, isShared);
    }
  }
  tables.totals.flush();
  assert.deepEqual(tables.hours(), [
    '0 INVITE TCP 1 10',
    '0 INVITE UDP 4 40',
    '0 OPTIONS TCP 1 10',
    '0 OTHER TCP 2 20',
    '0 OTHER UDP 2 20',
    '1 INVITE UDP 1 10',
  ]);
});

test('messages are counted by minute and hour, whatever came before them', () => {
  using tables = new Tables();
  tables.rates.begin(NOON_US + HOUR_US);
  for (const [method, transport, atUs] of MESSAGES) {
    tables.rates.addMessages(method, transport, 'seen', atUs, 2);
  }
  tables.rates.addMessages('INVITE', 'UDP', 'seen', NOON_US, 2);
  const last: readonly [string, string, Grade, number] = ['INVITE', 'UDP', 'handshake', NOON_US];
  tables.rates.addMessages(...last, 1);
  tables.rates.addMessages(...last, 1);
  tables.rates.flush();
  assert.deepEqual(tables.ofKind(60, 'method'), [
    '0 INVITE 14',
    '0 OPTIONS 2',
    '0 OTHER 8',
    '1 INVITE 2',
  ]);
  assert.deepEqual(tables.ofKind(60, 'transport'), ['0 TCP 8', '0 UDP 16', '1 UDP 2']);
  assert.deepEqual(tables.ofKind(60, 'grade'), ['0 handshake 2', '0 seen 22', '1 seen 2']);
  assert.deepEqual(tables.ofKind(1, 'transport'), ['0 TCP 8', '0 UDP 14', '59 UDP 2', '60 UDP 2']);
  const before = tables.all('SELECT * FROM rate_total');
  tables.rates.flush();
  assert.deepEqual(tables.all('SELECT * FROM rate_total'), before, 'each is written once');
});

test('what came too long ago for its minute to be kept is counted in its hour alone', () => {
  using tables = new Tables();
  tables.rates.begin(NOON_US);
  for (const minutes of [RATE_MINUTES_MAX, RATE_MINUTES_MAX + 1]) {
    tables.rates.addMessages('INVITE', 'UDP', 'seen', NOON_US - minutes * MINUTE_US, 1);
  }
  tables.rates.flush();
  assert.deepEqual(tables.ofKind(1, 'method'), [`-${RATE_MINUTES_MAX} INVITE 1`]);
  assert.deepEqual(
    tables.ofKind(60, 'method').map((text) => text.split(' ')[2]),
    ['1', '1'],
  );
});

test('names are counted by kind and hour, also where they alternate', () => {
  using tables = new Tables();
  tables.rates.begin(NOON_US);
  for (const [kind, name, atUs, count] of [
    ['tool', 'a', NOON_US, 1],
    ['tool', 'a', NOON_US, 1],
    ['country', 'a', NOON_US, 1],
    ['tool', 'b', NOON_US, 1],
    ['tool', 'a', NOON_US + HOUR_US, 5],
    ['tool', 'a', NOON_US, 1],
    ['tool', 'c', NOON_US, 0],
    ['tool', 'd', NOON_US, -1],
  ] as const) {
    tables.rates.addNamed(kind, name, atUs, count);
  }
  tables.rates.flush();
  tables.rates.addNamed('tool', 'a', NOON_US, 1);
  tables.rates.flush();
  assert.deepEqual(tables.ofKind(60, 'tool'), ['0 a 4', '0 b 1', '1 a 5']);
  assert.deepEqual(tables.ofKind(60, 'country'), ['0 a 1']);
});

test('of the names in an hour a limited number is counted until the minute ends, also after others', () => {
  using tables = new Tables();
  const { rates } = tables;
  rates.begin(NOON_US);
  for (let at = 0; at < RATE_NAMES_OPEN_MAX + 3; at += 1) {
    rates.addNamed('tool', `x${at}`, NOON_US, 1);
  }
  rates.addNamed('tool', 'x0', NOON_US, 1);
  rates.flush();
  const count = (name: string): unknown =>
    tables.all(
      `SELECT sum(seen_count) FROM rate_total WHERE kind = 'tool' AND name = '${name}'`,
    )[0]?.[0];
  assert.equal(count(''), 3);
  assert.equal(count('x0'), 2);
  assert.equal(count(`x${RATE_NAMES_OPEN_MAX}`), null);
  tables.database.exec("DELETE FROM rate_total WHERE name IN ('x1', 'x2')"); // Joined with the others, which count.
  rates.begin(NOON_US + MINUTE_US - 1);
  rates.addNamed('tool', 'new', NOON_US, 1);
  rates.flush();
  assert.equal(count('new'), null);
  rates.begin(NOON_US + MINUTE_US);
  rates.addNamed('tool', 'new', NOON_US, 1);
  rates.addNamed('tool', 'newer', NOON_US, 1);
  rates.flush();
  assert.equal(count('new'), 1, 'there is room for one');
  assert.equal(count('newer'), null);
});

test('a counter is set, and added to', () => {
  using tables = new Tables();
  const counters = new Counters(tables.database);
  counters.set('decisions', 5);
  counters.add('decisions', 0);
  assert.equal(tables.counter('decisions'), 5);
  counters.add('decisions', -2);
  assert.equal(tables.counter('decisions'), 3);
});
