// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What voters put before the judge, and the brake on it: an attack by voters looks like a surge. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Admissions } from '../../src/pool/admissions.ts';
import { POOL_LISTINGS_MAX, SURGE_DAYS, SURGE_FACTOR, SURGE_MIN } from '../../src/pool/limits.ts';
import { DAY_US, NOON_US } from '../fixtures.ts';
import { SaidTables } from './said.ts';

const TODAY = Math.floor(NOON_US / DAY_US);
const SUBJECT = '45.13.0.1';

class Bench implements Disposable {
  readonly tables = new SaidTables();
  hasQuorum = true;
  readonly admissions = new Admissions(this.tables.database, (said, nowUs) => {
    assert.deepEqual([said.voices.length, nowUs], [1, NOON_US]);
    return this.hasQuorum;
  });
  readonly author = this.tables.author('a');

  review(subject = SUBJECT): void {
    this.admissions.review(subject, NOON_US);
  }

  admitted(): readonly string[] {
    const rows = this.tables.rows('SELECT subject FROM pool_admission ORDER BY subject');
    assert.equal(this.tables.counter('pool_admissions'), rows.length);
    return rows;
  }

  day(day: number, admitted: number): void {
    this.tables.database.exec(
      `INSERT OR REPLACE INTO pool_day (day, admitted) VALUES (${day}, ${admitted})`,
    );
  }

  set(name: 'pool_admissions' | 'pool_resumed_day', value: number): void {
    this.tables.database.exec(`UPDATE counter SET value = ${value} WHERE name = '${name}'`);
  }

  isBraked(): boolean {
    return this.admissions.isBraked(NOON_US);
  }

  [Symbol.dispose](): void {
    this.tables[Symbol.dispose]();
  }
}

test('Admissions.review() admits what a quorum names, and takes that back without one', () => {
  using bench = new Bench();
  const { admissions, tables } = bench;
  assert.equal(admissions.isAny(), false);
  bench.review();
  assert.deepEqual(bench.admitted(), [], 'nobody names it');
  tables.claim(bench.author, SUBJECT);
  assert.equal(admissions.isAny(), true);
  bench.hasQuorum = false;
  bench.review();
  assert.deepEqual(bench.admitted(), []);
  bench.hasQuorum = true;
  bench.review();
  bench.review();
  assert.deepEqual(bench.admitted(), [SUBJECT]);
  assert.deepEqual(tables.rows('SELECT admitted_us FROM pool_admission'), [String(NOON_US)]);
  assert.deepEqual(tables.rows("SELECT day || ' ' || admitted FROM pool_day"), [`${TODAY} 1`]);
  tables.claim(bench.author, '45.13.0.2');
  bench.review('45.13.0.2');
  assert.deepEqual(bench.admitted(), [SUBJECT, '45.13.0.2']);
  assert.deepEqual(tables.rows('SELECT admitted FROM pool_day'), ['2']);
  bench.hasQuorum = false;
  bench.review();
  bench.review();
  assert.deepEqual(bench.admitted(), ['45.13.0.2']);
  tables.database.exec('DELETE FROM pool_claim');
  assert.equal(admissions.isAny(), true, 'something was named');
  bench.review('45.13.0.2');
  assert.deepEqual([bench.admitted(), admissions.isAny()], [[], false]);
  assert.deepEqual(tables.rows('SELECT admitted FROM pool_day'), ['2'], 'what the day brought');
});

test('Admissions.review() admits nothing new while it is braked, and keeps what it has', () => {
  using bench = new Bench();
  for (const subject of [SUBJECT, '45.13.0.2']) bench.tables.claim(bench.author, subject);
  bench.review();
  bench.day(TODAY, SURGE_MIN);
  bench.review('45.13.0.2');
  bench.review();
  assert.deepEqual(bench.admitted(), [SUBJECT]);
  bench.hasQuorum = false;
  bench.review();
  assert.deepEqual(bench.admitted(), [], 'what nobody names any more goes all the same');
});

test('Admissions.review() forgets days that no median needs', () => {
  using bench = new Bench();
  for (const ago of [SURGE_DAYS + 2, SURGE_DAYS + 1, SURGE_DAYS, 1]) bench.day(TODAY - ago, 1);
  bench.tables.claim(bench.author, SUBJECT);
  bench.review();
  const days = bench.tables.rows('SELECT day FROM pool_day ORDER BY day').map(Number);
  assert.deepEqual(days, [TODAY - SURGE_DAYS, TODAY - 1, TODAY]);
});

test('Admissions.isBraked() lets through what one day may bring of everything', () => {
  using bench = new Bench();
  assert.equal(bench.isBraked(), false);
  bench.day(TODAY, SURGE_MIN - 1);
  assert.equal(bench.isBraked(), false);
  bench.day(TODAY, SURGE_MIN);
  assert.equal(bench.isBraked(), true);
  bench.set('pool_resumed_day', TODAY - 1);
  assert.equal(bench.isBraked(), true, 'the operator let through what came yesterday');
  bench.set('pool_resumed_day', TODAY);
  assert.equal(bench.isBraked(), false);
  bench.set('pool_admissions', POOL_LISTINGS_MAX);
  assert.equal(bench.isBraked(), true, 'there is no room, whatever the operator says');
  bench.set('pool_admissions', POOL_LISTINGS_MAX - 1);
  assert.equal(bench.isBraked(), false);
});

test('Admissions.isBraked() compares a day with the median of those before it', () => {
  using bench = new Bench();
  const usual = SURGE_MIN / 5;
  const half = Math.floor(SURGE_DAYS / 2);
  for (let ago = 1; ago <= half; ago += 1) bench.day(TODAY - ago, usual);
  bench.day(TODAY, SURGE_FACTOR * usual - 1);
  assert.equal(bench.isBraked(), false, 'half of the days brought that many');
  bench.day(TODAY, SURGE_FACTOR * usual);
  assert.equal(bench.isBraked(), true);
  bench.day(TODAY, SURGE_FACTOR * usual - 1);
  bench.day(TODAY - half, 0);
  assert.equal(bench.isBraked(), true, 'most days brought nothing');
  bench.day(TODAY - SURGE_DAYS, usual);
  assert.equal(bench.isBraked(), false, 'the day two weeks ago counts');
  bench.day(TODAY - SURGE_DAYS, 0);
  bench.day(TODAY - SURGE_DAYS - 1, usual);
  assert.equal(bench.isBraked(), true, 'days before that do not');
  for (let ago = 1; ago <= SURGE_DAYS; ago += 1)
    bench.day(TODAY - ago, ago === 1 ? 100_000 : usual);
  bench.day(TODAY, SURGE_FACTOR * usual);
  assert.equal(bench.isBraked(), true, 'one large day does not raise the bound');
});
