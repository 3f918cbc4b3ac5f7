// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Which pages of the pool are too far ahead of a clock that is believed, and whose claims could be checked, row by row. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PRUNE_STEP_MS } from '../../src/limits.ts';
import { AheadPages } from '../../src/pool/ahead-pages.ts';
import { KnownAuthors } from '../../src/pool/known-authors.ts';
import {
  KNOWN_DAYS_MIN,
  KNOWN_FORETOLD_MIN,
  KNOWN_REVIEW_MS,
  KNOWN_STEP,
  PAGES_REMOVED_STEP,
} from '../../src/pool/limits.ts';
import type { Standing } from '../../src/pool/pool-page.ts';
import { DAY_US, NOON_US, TestLogger } from '../fixtures.ts';
import { SaidTables } from './said.ts';

const NOON_S = NOON_US / 1e6;

class Ahead implements Disposable {
  readonly tables = new SaidTables();
  readonly logger = new TestLogger();
  believedUs: number | undefined = NOON_US + 999_999;
  repairsCount = 1;
  readonly ahead: AheadPages;

  constructor() {
    const { database, clock } = this.tables;
    this.ahead = new AheadPages({ database, clock, logger: this.logger, clockWatch: this });
  }

  /** As the watch of the clock says it. */
  latestUs(): number | undefined {
    return this.believedUs;
  }

  author(nodeId: string, standing: Standing, serial: number): number {
    const id = this.tables.author(nodeId, standing);
    this.tables.database.exec(
      `UPDATE pool_author SET serial = ${NOON_S + serial}, floor = 9 WHERE author_id = ${id}`,
    );
    return id;
  }

  page(author: number, serial: number, made: number, standing: Standing): void {
    this.tables.page(author, NOON_S + serial, standing);
    this.tables.database.exec(
      `UPDATE pool_page SET made_s = ${NOON_S + made} WHERE page_id = (SELECT max(page_id) FROM pool_page)`,
    );
  }

  /** `author serial` after noon. */
  pages(): readonly string[] {
    return this.tables.rows(
      `SELECT node_id || ' ' || (pool_page.serial - ${NOON_S}) FROM pool_page JOIN pool_author USING (author_id) ORDER BY 1`,
    );
  }

  finish(): void {
    for (let steps = 0; this.ahead.step(); steps += 1) assert.ok(steps < 100, 'it never ends');
  }

  [Symbol.dispose](): void {
    this.tables[Symbol.dispose]();
  }
}

test('AheadPages.step() removes pages by serial and by time, and lets their authors begin anew', () => {
  using bench = new Ahead();
  const [a, b, self] = [
    bench.author('a', 'voter', 1),
    bench.author('b', 'stranger', 0),
    bench.author('c', 'self', 1),
  ];
  bench.page(a, 1, 0, 'voter');
  bench.page(a, 0, 0, 'voter');
  bench.page(b, 0, 1, 'stranger');
  bench.page(b, -1, 0, 'stranger');
  bench.page(self, 1, 0, 'self');
  bench.page(self, 0, 1, 'self');
  assert.equal(bench.ahead.step(), false);
  assert.deepEqual(
    bench.pages(),
    ['a 0', 'b -1', 'c 0'],
    'its own pages are made again by their serial',
  );
  assert.deepEqual(
    bench.tables.rows("SELECT node_id || ' ' || serial || ' ' || floor FROM pool_author"),
    ['a 0 0', `b ${NOON_S} 9`, 'c 0 0'],
  );
  assert.deepEqual(bench.logger.lines, [
    { event: 'pool_pages_ahead_removed', fields: { pages: 3 } },
  ]);
});

test('AheadPages.step() waits for a clock that is believed, and looks once after each repair', () => {
  using bench = new Ahead();
  const { ahead } = bench;
  const a = bench.author('a', 'stranger', 0);
  bench.page(a, 0, 1, 'stranger');
  bench.believedUs = undefined;
  assert.deepEqual([ahead.step(), bench.pages()], [false, ['a 0']]);
  bench.believedUs = NOON_US;
  assert.deepEqual([ahead.step(), bench.pages()], [false, []]);
  bench.page(a, 2, 2, 'stranger');
  assert.deepEqual([ahead.step(), bench.pages()], [false, ['a 2']]);
  bench.repairsCount += 1;
  assert.deepEqual([ahead.step(), bench.pages()], [false, []]);
  bench.repairsCount += 1;
  ahead.step();
  assert.equal(bench.logger.lines.length, 2, 'nothing was removed the last time');
});

test('AheadPages.step() works for some milliseconds, and counts what it removed in all its steps', () => {
  using bench = new Ahead();
  const count = 2 * PAGES_REMOVED_STEP + 1;
  const [a, b] = [bench.author('a', 'known', count), bench.author('b', 'voter', 0)];
  for (let index = 1; index <= count; index += 1) {
    bench.page(a, index, 0, 'known');
    bench.page(b, -index, index, 'voter');
  }
  bench.tables.clock.lookMs = PRUNE_STEP_MS;
  assert.deepEqual(
    [bench.ahead.step(), bench.pages().length],
    [true, 2 * count],
    'no time was left',
  );
  bench.tables.clock.lookMs = PRUNE_STEP_MS / 2;
  assert.deepEqual(
    [bench.ahead.step(), bench.pages().length],
    [true, 2 * count - PAGES_REMOVED_STEP],
  );
  bench.finish();
  assert.deepEqual([bench.pages(), bench.logger.lines[0]?.fields], [[], { pages: 2 * count }]);
});

test('the page that ends the key of this node stays, those that end other keys go', () => {
  using bench = new Ahead();
  for (const [name, standing] of [
    ['a', 'self'],
    ['b', 'stranger'],
  ] as const) {
    bench.page(bench.author(name, standing, 1), 1, 1, standing);
  }
  bench.tables.database.exec("UPDATE pool_author SET state = 'retired'");
  bench.finish();
  assert.deepEqual(bench.pages(), ['a 1']);
});

class Known implements Disposable {
  readonly tables = new SaidTables();
  readonly known = new KnownAuthors(this.tables.database, this.tables.clock);

  /** Who has named for long enough what came here later. */
  author(
    nodeId: string,
    standing: Standing = 'stranger',
    foretold: number = KNOWN_FORETOLD_MIN,
  ): number {
    const id = this.tables.author(nodeId, standing);
    this.tables.page(id, 1, standing);
    this.tables.database.exec(
      `UPDATE pool_author SET foretold = ${foretold}, first_seen_us = ${NOON_US - KNOWN_DAYS_MIN * DAY_US}
        WHERE author_id = ${id}`,
    );
    return id;
  }

  /** `author standing`, and the standing of its page. */
  standings(): readonly string[] {
    return this.tables
      .rows(`SELECT concat_ws(' ', node_id, pool_author.standing, pool_page.standing)
      FROM pool_author JOIN pool_page USING (author_id) ORDER BY author_id`);
  }

  [Symbol.dispose](): void {
    this.tables[Symbol.dispose]();
  }
}

test('KnownAuthors.review() makes authors known whose claims came true, and takes it back', () => {
  using bench = new Known();
  bench.author('a');
  bench.author('b', 'stranger', KNOWN_FORETOLD_MIN - 1);
  bench.author('c', 'known', KNOWN_FORETOLD_MIN - 1);
  bench.author('d', 'voter');
  bench.tables.claim(bench.author('e'), '46701');
  bench.tables.allowance('+46701');
  assert.equal(bench.known.review(), false);
  assert.deepEqual(bench.standings(), ['a 1 1', 'b 0 0', 'c 0 0', 'd 2 2', 'e 0 0']);
  assert.equal(bench.tables.counter('pool_changes'), 2);
});

test('KnownAuthors.review() looks at some authors at a time, then not again for long', () => {
  using bench = new Known();
  const ids = Array.from({ length: KNOWN_STEP + 1 }, (_, index) => `n${index}`);
  for (const id of ids) bench.author(id);
  const knownCount = (): number => bench.standings().filter((one) => one.endsWith(' 1 1')).length;
  assert.deepEqual([bench.known.review(), knownCount()], [true, KNOWN_STEP]);
  assert.deepEqual([bench.known.review(), knownCount()], [false, KNOWN_STEP + 1]);
  bench.author('later');
  bench.tables.clock.ms += KNOWN_REVIEW_MS - 1;
  assert.deepEqual([bench.known.review(), knownCount()], [false, KNOWN_STEP + 1]);
  bench.tables.clock.ms += 1;
  assert.equal(bench.known.review(), true);
  assert.deepEqual([bench.known.review(), knownCount()], [false, KNOWN_STEP + 2]);
  assert.equal(bench.tables.counter('pool_changes'), KNOWN_STEP + 2, 'each changed once');
});

test('KnownAuthors.review() knows nobody before a week', () => {
  using bench = new Known();
  bench.author('a');
  bench.tables.clock.jumpTo(NOON_US - 1);
  bench.known.review();
  assert.deepEqual(bench.standings(), ['a 0 0']);
});
