// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What follows from the operator's trust and distrust: standings, what is judged again, and what is removed. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PAGES_REMOVED_STEP, VOTERS_MAX } from '../../src/pool/limits.ts';
import { Voters } from '../../src/pool/voters.ts';
import { DAY_US, NOON_US } from '../fixtures.ts';
import { SaidTables } from './said.ts';

class Bench implements Disposable {
  readonly tables = new SaidTables();
  readonly voters = new Voters(this.tables.database, this.tables.clock);

  /** What has become due since the last call. */
  dues(): readonly string[] {
    const dues = this.tables.dues().toSorted();
    this.tables.database.exec('DELETE FROM judging_due');
    return dues;
  }

  /** Author and page, as `node standing standing-of-page`. */
  standings(): readonly string[] {
    return this.tables.rows(`
      SELECT concat_ws(' ', node_id, pool_author.standing, pool_page.standing)
      FROM pool_author LEFT JOIN pool_page USING (author_id) ORDER BY node_id`);
  }

  pages(): readonly string[] {
    return this.tables.rows(
      "SELECT node_id || ' ' || pool_page.serial FROM pool_page JOIN pool_author USING (author_id) ORDER BY 1",
    );
  }

  [Symbol.dispose](): void {
    this.tables[Symbol.dispose]();
  }
}

test('Voters.set() gives and takes a vote, with the standing of the author and its pages', () => {
  using bench = new Bench();
  const { tables, voters } = bench;
  for (const name of ['a', 'b']) {
    tables.origin(name, { name: `node ${name}` });
    tables.page(tables.author(name), 1);
  }
  voters.set('a', true, 'a friend');
  voters.set('c', true);
  assert.deepEqual(bench.standings(), ['a 2 2', 'b 0 0']);
  const origins = (): readonly string[] =>
    tables.rows("SELECT concat_ws(' ', node_id, is_voter, name) FROM origin ORDER BY node_id");
  assert.deepEqual(origins(), ['a 1 a friend', 'b 0 node b']);
  voters.set('a', true);
  assert.deepEqual(origins()[0], 'a 1 a friend', 'it keeps its name');
  voters.set('a', false);
  assert.deepEqual(bench.standings(), ['a 0 0', 'b 0 0']);
  assert.deepEqual(origins()[0], 'a 0 a friend');
  assert.equal(tables.counter('pool_changes'), 4);
});

test('Voters.set() refuses more than it may be, with advice, and takes one away beyond that', () => {
  using bench = new Bench();
  for (let index = 0; index <= VOTERS_MAX; index += 1) bench.tables.origin(`n${index}`);
  for (let index = 0; index < VOTERS_MAX; index += 1) bench.voters.set(`n${index}`, true);
  assert.throws(() => bench.voters.set(`n${VOTERS_MAX}`, true), {
    code: 'voters_full',
    message:
      '64 nodes have a vote already; take it from another first: sentrypeer peers forget NODE',
  });
  bench.voters.set('n0', false);
});

test('Voters.set() has judged again what depends on the number of voters, and lets today through with a new one', () => {
  using bench = new Bench();
  const { tables, voters } = bench;
  for (const name of ['a', 'b', 'c']) tables.origin(name);
  const [a, b, c] = [tables.author('a', 'voter'), tables.author('b', 'voter'), tables.author('c')];
  for (const author of [a, b]) {
    tables.claim(author, '45.13.0.1');
    tables.claim(author, '4670');
  }
  tables.claim(c, '45.13.0.1');
  for (const serial of [1, 2]) tables.claim(a, '45.13.0.2', serial);
  tables.claim(c, '45.13.0.2');
  tables.admission('45.13.0.3');
  tables.admission('4671');
  const all = ['address 45.13.0.1', 'address 45.13.0.3', 'number 4670', 'number 4671'];
  voters.reconsider();
  assert.deepEqual(bench.dues(), all);
  assert.equal(tables.counter('pool_resumed_day'), 0);
  voters.set('a', false);
  assert.deepEqual(bench.dues(), ['address 45.13.0.3', 'number 4671']);
  assert.equal(tables.counter('pool_resumed_day'), 0);
  voters.set('c', true);
  assert.deepEqual(bench.dues(), ['address 45.13.0.1', 'address 45.13.0.3', 'number 4671']);
  assert.equal(tables.counter('pool_resumed_day'), Math.floor(NOON_US / DAY_US));
  tables.clock.us += DAY_US;
  voters.resume();
  assert.equal(tables.counter('pool_resumed_day'), Math.floor(NOON_US / DAY_US) + 1);
  assert.equal(bench.dues().length, 3);
});

test('Voters.learnKey() keeps the first key of a voter', () => {
  using bench = new Bench();
  const { tables, voters } = bench;
  tables.origin('a', { isVoter: true });
  tables.origin('b');
  for (const [name, octet] of [
    ['a', 1],
    ['a', 2],
    ['b', 3],
    ['c', 4],
  ] as const) {
    voters.learnKey(name, new Uint8Array([octet]));
  }
  assert.deepEqual(
    tables.rows("SELECT node_id || ' ' || coalesce(hex(public_key), '') FROM origin ORDER BY 1"),
    ['a 01', 'b '],
  );
  assert.equal(tables.counter('pool_changes'), 1);
});

test('Voters.removeDistrusted() removes pages of distrusted nodes some at a time, and no others', () => {
  using bench = new Bench();
  const { tables, voters } = bench;
  assert.equal(voters.removeDistrusted(), false);
  const count = PAGES_REMOVED_STEP + 1;
  const [bad, good] = [tables.author('bad', 'voter', count), tables.author('good')];
  tables.origin('bad', { trust: 'distrusted' });
  tables.origin('good', { trust: 'trusted' });
  tables.page(good, 1);
  for (let serial = 1; serial <= count; serial += 1) {
    tables.page(bad, serial, 'voter');
    tables.claim(bad, `45.13.0.${serial}`, serial);
  }
  tables.admission('45.13.0.1');
  tables.database.exec(`UPDATE counter SET value = 9 WHERE name IN ('pool_pages', 'pool_claims')`);
  assert.equal(voters.removeDistrusted(), true);
  assert.equal(bench.pages().length, 2);
  assert.equal(voters.removeDistrusted(), true);
  assert.deepEqual(bench.pages(), ['good 1']);
  assert.equal(voters.removeDistrusted(), false);
  assert.deepEqual(bench.dues(), ['address 45.13.0.1'], 'the judge acted on it');
  assert.deepEqual(
    (['pool_pages', 'pool_claims', 'pool_changes'] as const).map((name) => tables.counter(name)),
    [9 - count, 9 - count, count],
  );
  assert.deepEqual(tables.rows("SELECT pages FROM pool_author WHERE node_id = 'bad'"), ['0']);
});

test('Voters.removeDistrusted() removes pages of nodes that were only met in distrusted networks', () => {
  using bench = new Bench();
  const { tables, voters } = bench;
  for (const name of ['out', 'both', 'in', 'unmet']) tables.page(tables.author(name), 1);
  tables.network('out', '45.1', NOON_US, true);
  tables.network('both', '45.1', NOON_US, true);
  tables.network('both', '45.2');
  tables.network('in', '45.2');
  while (voters.removeDistrusted()) assert.ok(bench.pages().length >= 3);
  assert.deepEqual(bench.pages(), ['both 1', 'in 1', 'unmet 1']);
});

test('Voters.removeDistrusted() removes what links with distrusted networks told of nodes not met elsewhere', () => {
  using bench = new Bench();
  const { tables, voters } = bench;
  for (const [name, address] of [
    ['told', '45.1.0.1'],
    ['met', '45.1.0.1'],
    ['other', '45.2.0.1'],
    ['file', ''],
  ] as const) {
    tables.page(tables.author(name), 1, 'stranger', address);
  }
  tables.network('met', '45.9');
  tables.database.exec("INSERT INTO pool_withdrawal (told_address) VALUES ('45.1.0.1')");
  assert.equal(voters.removeDistrusted(), true);
  assert.deepEqual(bench.pages(), ['file 1', 'met 1', 'other 1']);
  assert.equal(tables.rows('SELECT 1 FROM pool_withdrawal').length, 1, 'until nothing is left');
  assert.equal(voters.removeDistrusted(), false);
  assert.equal(tables.rows('SELECT 1 FROM pool_withdrawal').length, 0);
});
