// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Which rows go first, by their grade and by their age, and which never do. */

import assert from 'node:assert/strict';
import type { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { formatEventTimestamp } from '@sentrypeer/event';
import { DOUBT_US, EARLIEST_US } from '../../src/clock/plausible.ts';
import { PRUNE_ROWS, PRUNE_SCAN_PAGES } from '../../src/limits.ts';
import { AgeRemoval } from '../../src/retention/age-removal.ts';
import { EventRemoval, FORGEABLE, type Removal } from '../../src/retention/event-removal.ts';
import { expiry } from '../../src/retention/kept.ts';
import { DAY_US, emptyDatabase, NOON_US, TestDirectory } from '../fixtures.ts';

type Grade = 'seen' | 'returned' | 'handshake' | null;

/** The log alone, with rows as a test wants them. */
class Log implements Disposable {
  readonly #directory = new TestDirectory();
  readonly database: DatabaseSync;
  #lastId = 0;

  constructor() {
    this.database = emptyDatabase(this.#directory);
  }

  /** Adds rows, whose ids begin with 1 and are never used again. */
  add(count: number, grade: Grade, createdAt: string | null = formatEventTimestamp(NOON_US)): this {
    const insert = this.database.prepare(
      'INSERT INTO honey (honey_id, grade, created_at, event_timestamp) VALUES (?, ?, ?, ?)',
    );
    this.database.exec('BEGIN');
    for (let at = 0; at < count; at += 1) {
      insert.run((this.#lastId += 1), grade, createdAt, createdAt);
    }
    this.database.exec('COMMIT');
    return this;
  }

  /** Ranges of ids: `1-128 130`. */
  get left(): string {
    const ids = this.database.prepare('SELECT honey_id AS id FROM honey ORDER BY honey_id').all();
    const ranges: [number, number][] = [];
    for (const { id } of ids) {
      const range = ranges.at(-1);
      if (range !== undefined && range[1] + 1 === id) range[1] = id;
      else ranges.push([Number(id), Number(id)]);
    }
    return ranges.map(([first, last]) => (first === last ? first : `${first}-${last}`)).join(' ');
  }

  [Symbol.dispose](): void {
    this.database.close();
    this.#directory[Symbol.dispose]();
  }
}

const NONE: Removal = { removed: 0, isSearching: false };
const removed = (count: number): Removal => ({ removed: count, isSearching: false });

test('the oldest of the weakest go first, some at a time, then the next grade', () => {
  using log = new Log().add(2, 'handshake').add(2, 'seen').add(2, 'returned').add(2, null);
  const removal = new EventRemoval(log.database);
  assert.deepEqual(removal.step(0, 100), removed(4));
  assert.equal(log.left, '1-2 5-6');
  assert.deepEqual(removal.step(0, 100), removed(2));
  assert.equal(log.left, '1-2');
  assert.deepEqual(removal.step(0, 100), removed(2));
  assert.equal(log.left, '');
  assert.deepEqual(removal.step(0, 100), NONE);
});

test('a step removes a limited number of rows, and none up to the first id or after the last', () => {
  using log = new Log().add(3 * PRUNE_ROWS, 'seen');
  const removal = new EventRemoval(log.database);
  const last = 2 * PRUNE_ROWS + 10;
  assert.deepEqual(removal.step(10, last), removed(PRUNE_ROWS));
  assert.equal(log.left, `1-10 ${PRUNE_ROWS + 11}-${3 * PRUNE_ROWS}`);
  assert.deepEqual(removal.step(10, last), removed(PRUNE_ROWS));
  assert.deepEqual(removal.step(10, last), NONE);
  assert.equal(log.left, `1-10 ${last + 1}-${3 * PRUNE_ROWS}`);
  assert.deepEqual(removal.step(0, last), removed(10), 'the first id may become lower');
  assert.deepEqual(removal.step(0, last), NONE);
});

test('what may not go is passed, in steps that say that they are searching', () => {
  const proved = PRUNE_SCAN_PAGES * PRUNE_ROWS;
  using log = new Log().add(proved, 'returned').add(5, 'seen');
  const removal = new EventRemoval(log.database);
  assert.deepEqual(removal.step(0, 10_000, FORGEABLE), { removed: 0, isSearching: true });
  assert.deepEqual(removal.step(0, 10_000, FORGEABLE), removed(5));
  assert.equal(log.left, `1-${proved}`);
  assert.deepEqual(removal.step(0, 10_000, FORGEABLE), NONE);
  assert.deepEqual(removal.step(0, 10_000), removed(PRUNE_ROWS), 'unless nothing else is left');
  log.add(1, 'seen');
  assert.deepEqual(removal.step(0, 10_000), removed(1), 'what came since is weaker');
});

test('many rows go at a time while none of them is proved, otherwise fewer', () => {
  using log = new Log()
    .add(2 * PRUNE_ROWS, 'seen')
    .add(PRUNE_ROWS - 1, 'seen')
    .add(1, 'handshake')
    .add(2 * PRUNE_ROWS, 'seen');
  const removal = new EventRemoval(log.database);
  const step = (): Removal => removal.step(0, 10_000, FORGEABLE, 2 * PRUNE_ROWS);
  assert.deepEqual(step(), removed(2 * PRUNE_ROWS));
  assert.deepEqual(step(), removed(PRUNE_ROWS - 1), 'to the proved one, which stays');
  assert.equal(log.left, `${3 * PRUNE_ROWS}-${5 * PRUNE_ROWS}`);
  assert.deepEqual(step(), removed(2 * PRUNE_ROWS));
  assert.equal(log.left, `${3 * PRUNE_ROWS}`);
});

test('rows before a proved one go at once where a smaller run has none', () => {
  using log = new Log().add(PRUNE_ROWS, 'seen').add(1, 'returned').add(5, 'seen');
  const removal = new EventRemoval(log.database);
  assert.deepEqual(removal.step(0, 10_000, FORGEABLE, 2 * PRUNE_ROWS), removed(PRUNE_ROWS));
  assert.deepEqual(removal.step(0, 10_000, FORGEABLE, 2 * PRUNE_ROWS), removed(5));
  assert.equal(log.left, `${PRUNE_ROWS + 1}`);
});

/** What is too old after ten days goes. */
function age(after = 0, last = 10_000) {
  return { after, last, expired: expiry(10, NOON_US), nowUs: NOON_US };
}

const OLD = formatEventTimestamp(NOON_US - 10 * DAY_US - 1);
const YOUNG = formatEventTimestamp(NOON_US - 10 * DAY_US);

test('rows go that were recorded before the limit, within the ids that are allowed', () => {
  using log = new Log().add(2, null, OLD).add(1, null, YOUNG).add(2, null, OLD);
  const removal = new AgeRemoval(log.database);
  assert.equal(removal.step(age(1, 4)), 2);
  assert.equal(log.left, '1 3 5');
  assert.equal(removal.step(age(1, 4)), 0);
  assert.equal(removal.step(age(0, 4)), 1, 'the first id may become lower');
  assert.equal(removal.step(age()), 1);
  assert.equal(log.left, '3');
});

test('a row with an impossible time goes when one after it goes, and not before', () => {
  const tooEarly = formatEventTimestamp(EARLIEST_US - 1);
  const tooLate = formatEventTimestamp(NOON_US + DOUBT_US + 1);
  for (const impossible of [tooEarly, tooLate, null, '']) {
    using log = new Log().add(1, null, YOUNG).add(1, null, impossible).add(1, null, YOUNG);
    const removal = new AgeRemoval(log.database);
    assert.equal(removal.step(age()), 0, `${impossible}`);
    log.add(1, null, OLD).add(1, null, impossible);
    assert.equal(removal.step(age()), 2, `${impossible}`);
    assert.equal(log.left, '1 3 5', `${impossible}`);
  }
});

test('the earliest and the latest possible time are believed', () => {
  using log = new Log()
    .add(1, null, formatEventTimestamp(NOON_US + DOUBT_US))
    .add(1, null, OLD)
    .add(1, null, formatEventTimestamp(EARLIEST_US));
  assert.equal(new AgeRemoval(log.database).step(age()), 2);
  assert.equal(log.left, '1');
});

test('many rows with impossible times are passed, and go when an old one after them goes', () => {
  using log = new Log()
    .add(PRUNE_ROWS + 7, null, null)
    .add(1, null, OLD)
    .add(1, null, null);
  const removal = new AgeRemoval(log.database);
  assert.equal(removal.step(age()), 1, 'there is more to look at');
  assert.equal(log.left, `1-${PRUNE_ROWS + 9}`);
  assert.equal(removal.step(age()), PRUNE_ROWS + 8);
  assert.equal(log.left, `${PRUNE_ROWS + 9}`);
  assert.equal(removal.step(age()), 0);
});

test('rows with impossible times are not passed among others', () => {
  using log = new Log().add(1, null, YOUNG).add(PRUNE_ROWS, null, null);
  assert.equal(new AgeRemoval(log.database).step(age()), 0);
});

test('rows with impossible times stay as long as nothing after them is old', () => {
  using log = new Log().add(PRUNE_ROWS, null, null);
  const removal = new AgeRemoval(log.database);
  assert.equal(removal.step(age()), 1);
  assert.equal(removal.step(age()), 0);
  log.add(1, null, OLD);
  assert.equal(removal.step(age()), PRUNE_ROWS + 1);
  assert.equal(log.left, '');
});
