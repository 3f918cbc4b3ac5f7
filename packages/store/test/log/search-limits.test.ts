// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Where a search stops, and where it goes on. */

import assert from 'node:assert/strict';
import type { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { LogFilter } from '@sentrypeer/event';
import { BLOCK_EVENTS } from '../../src/file/schema.ts';
import { FORM_READINGS_MAX, FORMS_COUNT_MAX } from '../../src/limits.ts';
import { EventSearch, type EventOrder, type EventPage } from '../../src/log/event-search.ts';
import { emptyDatabase, TestDirectory } from '../fixtures.ts';

interface TestRow {
  readonly id: number;
  readonly ip?: string;
  readonly number?: string;
  readonly method?: string;
  /** The second of the minute in which it was recorded. */
  readonly second?: number;
  readonly uuid?: string;
}

class Bench implements Disposable {
  readonly #directory = new TestDirectory();
  readonly database: DatabaseSync = emptyDatabase(this.#directory);
  readonly search = new EventSearch(this.database);

  constructor(rows: readonly TestRow[]) {
    const insert = this.database.prepare(`
      INSERT INTO honey (honey_id, source_ip, called_number, method, created_at, event_timestamp, event_uuid)
      VALUES (?, ?, ?, ?, ?, ?, ?)`);
    for (const { id, ip = 'a', number = '1', method = 'INVITE', second, uuid } of rows) {
      const time =
        second === undefined ? null : `2026-03-01 12:00:${String(second).padStart(2, '0')}.000`;
      insert.run(id, ip, number, method, time, time, uuid ?? null);
    }
  }

  /** A number as it is dialled, and what a judge reads in it. */
  read(number: string, e164: string): void {
    this.database.exec(`
      INSERT INTO number_total (number, first_seen_us, last_seen_us, seen_count) VALUES ('${number}', 0, 0, 1);
      INSERT INTO number_reading (total_id, e164, confidence) VALUES (last_insert_rowid(), '${e164}', 1)`);
  }

  find(
    filter: LogFilter,
    order: EventOrder,
    { after, limit = 100, rowsMax }: { after?: number; limit?: number; rowsMax?: number } = {},
  ): readonly [ids: readonly number[], next: number | undefined] {
    return shown(this.search.find(filter, order, after, limit, rowsMax));
  }

  [Symbol.dispose](): void {
    this.database.close();
    this.#directory[Symbol.dispose]();
  }
}

const shown = ({ items, next }: EventPage): readonly [readonly number[], number | undefined] => [
  items.map(({ honeyId }) => honeyId),
  next,
];

const rows = (count: number, of: (id: number) => Partial<TestRow> = () => ({})): TestRow[] =>
  Array.from({ length: count }, (_, at) => ({ id: at + 1, ...of(at + 1) }));

test('EventSearch.find() stops when a page is full or enough was looked at, and says where', () => {
  using bench = new Bench(rows(6, (id) => ({ method: id % 2 === 0 ? 'BYE' : 'INVITE' })));
  const filter = { sipMethod: 'BYE' };
  assert.deepEqual(bench.find(filter, 'oldest-first', { limit: 2 }), [[2, 4], 4]);
  assert.deepEqual(bench.find(filter, 'newest-first', { limit: 2 }), [[6, 4], 4]);
  assert.deepEqual(bench.find(filter, 'oldest-first', { limit: 3 }), [[2, 4, 6], 6]);
  assert.deepEqual(bench.find(filter, 'oldest-first', { limit: 4 }), [[2, 4, 6], undefined]);
  assert.deepEqual(bench.find(filter, 'oldest-first', { rowsMax: 3 }), [[2], 3]);
  assert.deepEqual(bench.find(filter, 'newest-first', { rowsMax: 3 }), [[6, 4], 4]);
  assert.deepEqual(bench.find(filter, 'oldest-first', { rowsMax: 8 }), [[2, 4, 6], undefined]);
});

test('EventSearch.find() goes on behind the row at which it stopped', () => {
  using bench = new Bench(rows(4));
  assert.deepEqual(bench.find({}, 'oldest-first', { after: 2 }), [[3, 4], undefined]);
  assert.deepEqual(bench.find({}, 'newest-first', { after: 3 }), [[2, 1], undefined]);
  assert.deepEqual(bench.find({}, 'oldest-first', { after: 4 }), [[], undefined]);
  assert.deepEqual(bench.find({}, 'newest-first', { after: 1 }), [[], undefined]);
  assert.deepEqual(bench.find({}, 'oldest-first', { after: -9 }), [[1, 2, 3, 4], undefined]);
  assert.deepEqual(bench.find({}, 'newest-first', { after: 99 }), [[4, 3, 2, 1], undefined]);
});

test('EventSearch.find() looks for an address block by block, each of which counts as a row', () => {
  using bench = new Bench([
    { id: 5 },
    { id: BLOCK_EVENTS - 1, ip: 'b' },
    { id: BLOCK_EVENTS, ip: 'b' },
    { id: 2 * BLOCK_EVENTS + 7, ip: 'b' },
    { id: 3 * BLOCK_EVENTS + 1 },
  ]);
  const filter = { sourceIp: 'b' };
  const all = [BLOCK_EVENTS - 1, BLOCK_EVENTS, 2 * BLOCK_EVENTS + 7];
  assert.deepEqual(bench.find(filter, 'oldest-first'), [all, undefined]);
  assert.deepEqual(bench.find(filter, 'newest-first'), [all.toReversed(), undefined]);
  assert.deepEqual(bench.find(filter, 'oldest-first', { rowsMax: 2 }), [
    [BLOCK_EVENTS - 1],
    BLOCK_EVENTS - 1,
  ]);
  assert.deepEqual(bench.find(filter, 'oldest-first', { rowsMax: 4 }), [
    [BLOCK_EVENTS - 1, BLOCK_EVENTS],
    2 * BLOCK_EVENTS - 1,
  ]);
  assert.deepEqual(bench.find(filter, 'newest-first', { rowsMax: 1 }), [[], 3 * BLOCK_EVENTS]);
  assert.deepEqual(bench.find(filter, 'newest-first', { rowsMax: 3 }), [
    [2 * BLOCK_EVENTS + 7],
    2 * BLOCK_EVENTS,
  ]);
  assert.deepEqual(
    bench.find({}, 'oldest-first', { rowsMax: 7 })[1],
    undefined,
    'all others are not',
  );
  const ofLast = { sourceIp: 'b', sinceEpochUs: 1 };
  bench.database
    .exec(`DELETE FROM honey WHERE honey_id < ${BLOCK_EVENTS} OR honey_id > ${3 * BLOCK_EVENTS};
    UPDATE honey SET created_at = '2026-03-01 12:00:00.000'`);
  assert.deepEqual(bench.find(ofLast, 'oldest-first', { rowsMax: 5 }), [all.slice(1), undefined]);
  bench.database.exec(`INSERT INTO honey (honey_id, source_ip) VALUES (${BLOCK_EVENTS - 1}, 'b')`);
  const after = BLOCK_EVENTS - 1;
  assert.deepEqual(bench.find(filter, 'oldest-first', { after }), [all.slice(1), undefined]);
});

test('EventSearch.find() asks each filter which sources fit', () => {
  using bench = new Bench(rows(4, (id) => ({ ip: `10.0.0.${id}` })));
  const sourceFits = (ip: string): boolean => ip > '10.0.0.2';
  assert.deepEqual(bench.find({ sourceFits }, 'oldest-first'), [[3, 4], undefined]);
  assert.deepEqual(bench.find({}, 'oldest-first'), [[1, 2, 3, 4], undefined]);
  const other = (ip: string): boolean => ip === '10.0.0.1';
  assert.deepEqual(bench.find({ sourceFits: other }, 'oldest-first'), [[1], undefined]);
  const sample = bench.search.sample({ sourceFits }, { after: 0, until: 4 }, 9, 9);
  assert.equal(sample.count, 2);
});

test('EventSearch.find() finds the rows of a time, to the millisecond, also where ids are missing', () => {
  using bench = new Bench([
    { id: 2, second: 1 },
    { id: 3, second: 1 },
    { id: 9, second: 5 },
    { id: 10, second: 7 },
  ]);
  const us = (second: number): number => Date.UTC(2026, 2, 1, 12, 0, second) * 1000;
  const since = (sinceEpochUs: number): readonly number[] =>
    bench.find({ sinceEpochUs }, 'oldest-first')[0];
  const until = (untilEpochUs: number): readonly number[] =>
    bench.find({ untilEpochUs }, 'oldest-first')[0];
  assert.deepEqual(since(us(0)), [2, 3, 9, 10]);
  assert.deepEqual(since(us(1)), [2, 3, 9, 10]);
  assert.deepEqual(since(us(1) + 1000), [9, 10]);
  assert.deepEqual(since(us(7)), [10]);
  assert.deepEqual(since(us(7) + 1000), []);
  assert.deepEqual(until(us(1)), []);
  assert.deepEqual(until(us(5)), [2, 3]);
  assert.deepEqual(until(us(5) + 1000), [2, 3, 9]);
  assert.deepEqual(until(us(9)), [2, 3, 9, 10]);
  const both = { sinceEpochUs: us(1) + 1000, untilEpochUs: us(7) };
  assert.deepEqual(bench.find(both, 'newest-first'), [[9], undefined]);
});

test('EventSearch.find() finds a number in its forms, and in its plain ones even if nothing is read', () => {
  using bench = new Bench([
    { id: 1, number: '46701' },
    { id: 2, number: '0046701' },
    { id: 3, number: '+46701' },
    { id: 4, number: '046701', method: 'BYE' },
    { id: 5, number: '046701' },
    { id: 6, number: '99' },
    { id: 7, number: '46700' },
  ]);
  bench.read('0046701', '46701');
  bench.read('046701', '46701');
  bench.read('99', '467011');
  const numbers = { first: '46701', last: '46701' };
  assert.deepEqual(bench.find({ numbers }, 'oldest-first'), [[1, 2, 3, 4, 5], undefined]);
  assert.deepEqual(bench.find({ numbers }, 'newest-first', { limit: 2 }), [[5, 4], 4]);
  assert.deepEqual(bench.find({ numbers, sipMethod: 'INVITE' }, 'newest-first', { limit: 2 }), [
    [5, 3],
    3,
  ]);
  assert.deepEqual(bench.find({ numbers }, 'oldest-first', { limit: 5 }), [[1, 2, 3, 4, 5], 5]);
  // One row of each of four forms.
  assert.deepEqual(bench.find({ numbers }, 'oldest-first', { rowsMax: 4 }), [[1], 1]);
  assert.deepEqual(bench.find({ numbers }, 'oldest-first', { rowsMax: 4, after: 1 }), [[2], 2]);
  assert.deepEqual(bench.find({ numbers }, 'oldest-first', { rowsMax: 1 }), [[1], 1]);
  assert.deepEqual(bench.find({ numbers }, 'oldest-first', { rowsMax: 8 }), [[1, 2], 2]);
  // Of each form the rows that come first in this order.
  assert.deepEqual(bench.find({ numbers }, 'newest-first', { rowsMax: 4 }), [[5], 5]);
  assert.deepEqual(bench.find({ numbers }, 'oldest-first', { rowsMax: 4, after: 3 }), [[4], 4]);
  const plain = { numbers, calledNumber: '0046701' };
  assert.deepEqual(bench.find(plain, 'oldest-first'), [[2], undefined]);
  const range = { first: '46700', last: '46709' };
  assert.deepEqual(bench.find({ numbers: range }, 'oldest-first'), [[2, 4, 5], undefined]);
  const none = { first: '46800', last: '46809' };
  assert.deepEqual(bench.find({ numbers: none }, 'oldest-first'), [[], undefined]);
});

/** How often each statement is prepared with a text that contains this. */
function preparedWith(bench: Bench, text: string, work: () => void): number {
  const own = bench.database.prepare.bind(bench.database);
  let count = 0;
  bench.database.prepare = (sql) => {
    if (sql.includes(text)) count += 1;
    return own(sql);
  };
  work();
  bench.database.prepare = own;
  return count;
}

test('EventSearch.find() walks the log where a number was dialled in more forms than it asks for', () => {
  for (const [forms, walks] of [
    [FORMS_COUNT_MAX, 0],
    [FORMS_COUNT_MAX + 1, 1],
  ] as const) {
    using bench = new Bench([{ id: 1, number: '946701' }]);
    for (let form = 0; form < forms; form += 1) bench.read(`${form + 9}46701`, '46701');
    const numbers = { first: '46701', last: '46701' };
    const count = preparedWith(bench, 'WHERE honey_id BETWEEN', () =>
      assert.deepEqual(bench.find({ numbers }, 'oldest-first'), [[1], undefined]),
    );
    assert.equal(count, walks, String(forms));
  }
});

test('EventSearch.find() walks the log where longer numbers have too many readings', () => {
  for (const [readings, walks] of [
    [FORM_READINGS_MAX, 0],
    [FORM_READINGS_MAX + 1, 1],
  ] as const) {
    using bench = new Bench([{ id: 1, number: '46701' }]);
    bench.database.exec('BEGIN');
    for (let form = 0; form < readings; form += 1) bench.read(`x${form}`, `46700${1000 + form}`);
    bench.database.exec('COMMIT');
    const numbers = { first: '46700', last: '46701' };
    const count = preparedWith(bench, 'WHERE honey_id BETWEEN', () =>
      bench.find({ numbers }, 'oldest-first'),
    );
    assert.equal(count, walks, String(readings));
  }
});

test('EventSearch asks with the same statements again', () => {
  using bench = new Bench(rows(3));
  const numbers = { first: '1', last: '1' };
  const ask = (): void => {
    for (const order of ['oldest-first', 'newest-first'] as const) {
      for (const filter of [{}, { sourceIp: 'a' }, { calledNumber: '1' }, { numbers }]) {
        assert.equal(bench.find(filter, order)[0].length, 3);
        bench.search.sample(filter, { after: 0, until: 3 }, 2, 9);
      }
    }
  };
  ask();
  assert.equal(preparedWith(bench, 'SELECT', ask), 0);
});

test('EventSearch.sample() counts a stretch, part by part', () => {
  using bench = new Bench([
    ...rows(4, (id) => ({ ip: id === 2 ? 'b' : 'a' })),
    { id: BLOCK_EVENTS, ip: 'b' },
    { id: BLOCK_EVENTS + 1, ip: 'b' },
  ]);
  const sample = (
    filter: LogFilter,
    after: number,
    until: number,
    limit: number,
    idsMax: number,
  ) => {
    const { items, count, next } = bench.search.sample(filter, { after, until }, limit, idsMax);
    return [items.map(({ honeyId }) => honeyId), count, next];
  };
  assert.deepEqual(sample({}, 1, 4, 9, 9), [[2, 3, 4], 3, undefined]);
  assert.deepEqual(sample({}, 1, 4, 9, 2), [[2, 3], 2, 3]);
  assert.deepEqual(sample({}, 1, 4, 9, 3), [[2, 3, 4], 3, undefined]);
  assert.deepEqual(sample({}, 3, 4, 9, 9), [[4], 1, undefined]);
  assert.deepEqual(sample({}, 4, 4, 9, 9), [[], 0, undefined]);
  const ofB = { sourceIp: 'b' };
  assert.deepEqual(sample(ofB, 0, 1e6, 9, 1e6), [
    [2, BLOCK_EVENTS, BLOCK_EVENTS + 1],
    3,
    undefined,
  ]);
  assert.deepEqual(sample(ofB, 0, 1e6, 2, 1e6), [[BLOCK_EVENTS, BLOCK_EVENTS + 1], 3, undefined]);
  assert.deepEqual(sample(ofB, 0, 1e6, 1, 1e6), [[BLOCK_EVENTS + 1], 3, undefined]);
});

test('EventSearch.byUuid() finds the own event before one that another node copied, then the first', () => {
  using bench = new Bench([
    { id: 1, uuid: 'x' },
    { id: 2, uuid: 'x' },
    { id: 3, uuid: 'x' },
  ]);
  bench.database.exec(
    "INSERT INTO shared_event (honey_id, origin_id, address, event_us) VALUES (1, 1, '', 0)",
  );
  assert.equal(bench.search.byUuid('x')?.honeyId, 2);
  assert.equal(bench.search.byUuid('y'), undefined);
});
