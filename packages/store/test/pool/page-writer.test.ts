// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Which pages of the pool are kept, in place of which others, and what is refused, row by row. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  AUTHOR_CLAIMS_MAX,
  AUTHOR_PAGES_MAX,
  AUTHORS_MAX,
  PAGES_REMOVED_STEP,
  POOL_CLAIMS_MAX,
  POOL_PAGES_MAX,
  STRANGER_CLAIMS_MAX,
  SUBJECT_AUTHORS_MAX,
} from '../../src/pool/limits.ts';
import { PageWriter } from '../../src/pool/page-writer.ts';
import { nodeOf, NOON_S, pageOf, type PageOptions } from './pages.ts';
import { SaidTables } from './said.ts';

const OUT = { address: '45.1.0.1', network: '45.1.0.0/16' };

class Bench implements Disposable {
  readonly tables = new SaidTables();
  readonly writer = new PageWriter(this.tables.database, this.tables.clock);

  run(sql: string): void {
    this.tables.database.exec(sql);
  }

  /** Serials, and times of making, are seconds after noon. */
  page(name: string, serial: number, options: Partial<PageOptions> = {}) {
    const { replaces, madeEpochS = serial, ...more } = options;
    return pageOf(name, {
      subjects: [],
      ...more,
      serial: NOON_S + serial,
      madeEpochS: NOON_S + madeEpochS,
      ...(replaces !== undefined && { replaces: NOON_S + replaces }),
    });
  }

  say(name: string, serial: number, options: Partial<PageOptions> = {}, asSelf = false): string {
    return this.writer.add(this.page(name, serial, options), { asSelf });
  }

  voter(name: string): void {
    this.tables.origin(nodeOf(name), { isVoter: true });
  }

  set(counter: string, value: number): void {
    this.run(`UPDATE counter SET value = ${value} WHERE name = 'pool_${counter}'`);
  }

  /** Authors, pages, claims and changes. */
  counters(): readonly number[] {
    return ['authors', 'pages', 'claims', 'changes'].map((name) =>
      this.tables.counter(`pool_${name}`),
    );
  }

  serials(name: string): readonly number[] {
    return this.tables
      .rows(
        `SELECT pool_page.serial FROM pool_page JOIN pool_author USING (author_id)
          WHERE node_id = '${nodeOf(name)}' ORDER BY 1`,
      )
      .map((serial) => Number(serial) - NOON_S);
  }

  /** These columns of an author. */
  author(name: string, columns: string): string | undefined {
    return this.tables.rows(
      `SELECT concat_ws(' ', ${columns}) FROM pool_author WHERE node_id = '${nodeOf(name)}'`,
    )[0];
  }

  /** `subject serial`. */
  claims(): readonly string[] {
    return this.tables.rows(
      `SELECT subject || ' ' || (serial - ${NOON_S}) FROM pool_claim ORDER BY subject, author_id, serial`,
    );
  }

  [Symbol.dispose](): void {
    this.tables[Symbol.dispose]();
  }
}

test('PageWriter.add() keeps a page, its claims, its author, and the link over which it came', () => {
  using bench = new Bench();
  const { tables, writer } = bench;
  const page = bench.page('a', 5, { subjects: ['45.13.0.1', '46701'], madeEpochS: 3 });
  assert.equal(writer.add(page, { told: OUT }), 'taken');
  assert.deepEqual(tables.rows('SELECT told_address || told_network FROM pool_page'), [
    `${OUT.address}${OUT.network}`,
  ]);
  assert.deepEqual(
    tables.rows(
      `SELECT concat_ws(' ', made_s - ${NOON_S}, claims, standing, replaces - ${NOON_S}) FROM pool_page`,
    ),
    ['3 2 0 5'],
  );
  assert.equal(
    bench.author('a', `state, standing, serial - ${NOON_S}, floor, pages, claims, last_seen_us`),
    `alive 0 5 0 1 2 ${tables.clock.us}`,
  );
  assert.deepEqual(
    [bench.claims(), bench.counters()],
    [
      ['45.13.0.1 5', '46701 5'],
      [1, 1, 2, 1],
    ],
  );
  tables.clock.us += 7;
  assert.equal(bench.say('a', 4), 'taken');
  assert.equal(
    bench.author('a', `serial - ${NOON_S}, pages, claims, first_seen_us, last_seen_us`),
    `5 2 2 ${tables.clock.us - 7} ${tables.clock.us}`,
    'the highest serial',
  );
  assert.deepEqual(tables.rows("SELECT serial FROM pool_page WHERE told_address = ''").length, 1);
});

test('PageWriter.add() keeps pages of this node whatever is distrusted, and not as told by a link', () => {
  using bench = new Bench();
  bench.tables.origin(nodeOf('self'), { trust: 'distrusted' });
  bench.tables.origin(OUT.network, { trust: 'distrusted' });
  assert.equal(bench.say('self', 1), 'distrusted');
  assert.equal(bench.writer.add(bench.page('self', 1), { asSelf: true, told: OUT }), 'taken');
  assert.deepEqual(bench.tables.rows('SELECT told_address || standing FROM pool_page'), ['3']);
  assert.equal(bench.author('self', 'standing'), '3');
});

test('PageWriter.add() takes nothing of who was only met in distrusted networks, or over a link in one', () => {
  using bench = new Bench();
  bench.tables.network(nodeOf('a'), OUT.network, 1, true);
  bench.tables.origin(OUT.network, { trust: 'distrusted' });
  const elsewhere = { address: '45.2.0.1', network: '45.2.0.0/16' };
  const say = (name: string, told = elsewhere): string =>
    bench.writer.add(bench.page(name, 1), { told });
  assert.deepEqual([say('a'), say('b', OUT), say('b')], ['distrusted', 'distrusted', 'taken']);
});

test('the standing of a page is that of its author, and of this node once it says that it is its own', () => {
  using bench = new Bench();
  bench.voter('voter');
  bench.tables.origin(nodeOf('a'));
  bench.say('voter', 1);
  bench.say('a', 1);
  bench.say('self', 1);
  bench.say('self', 2, {}, true);
  const standings = ['voter', 'a', 'self'].map((name) => bench.author(name, 'standing'));
  assert.deepEqual(standings, ['2', '0', '3']);
  assert.deepEqual(bench.tables.rows('SELECT standing FROM pool_page ORDER BY page_id'), [
    '2',
    '0',
    '0',
    '3',
  ]);
});

test('pages of one serial with different octets prove a lie, whether they differ in length or not', () => {
  for (const [first, second, outcome] of [
    [[1, 2], [1, 2], 'known'],
    [[1, 2], [1, 3], 'caught_lying'],
    [[1, 2], [1, 2, 3], 'caught_lying'],
    [[1, 2, 3], [1, 2], 'caught_lying'],
  ] as const) {
    using bench = new Bench();
    const add = (octets: readonly number[]): string =>
      bench.writer.add({ ...bench.page('a', 1), octets: new Uint8Array(octets) });
    bench.say('a', 2, { subjects: ['45.13.0.1'] });
    assert.deepEqual([add(first), add(second)], ['taken', outcome]);
    const isLie = outcome === 'caught_lying';
    assert.deepEqual(
      bench.tables.rows('SELECT hex(first_octets) || hex(second_octets) FROM pool_proof'),
      isLie ? [new Uint8Array([...first, ...second]).toHex()] : [],
    );
    assert.deepEqual(bench.serials('a'), isLie ? [] : [1, 2]);
    assert.equal(add([9]), isLie ? 'liar' : 'caught_lying');
    assert.deepEqual([bench.claims(), bench.counters().slice(0, 3)], [[], [1, 0, 0]]);
  }
});

test('the page that ends a key is the only one that is left of it', () => {
  using bench = new Bench();
  bench.say('a', 1, { subjects: ['45.13.0.1'] });
  bench.say('b', 1, { subjects: ['45.13.0.1'] });
  assert.equal(bench.say('a', 2, { isRetired: true }), 'taken');
  assert.deepEqual(
    [bench.serials('a'), bench.serials('b'), bench.claims()],
    [[2], [1], ['45.13.0.1 1']],
  );
  assert.equal(bench.say('a', 3), 'retired');
  assert.equal(bench.say('a', 3, {}, true), 'retired', 'this node cannot take it back either');
});

test('a key with as many pages as it may have can still be ended', () => {
  using bench = new Bench();
  for (let serial = 0; serial < AUTHOR_PAGES_MAX; serial += 1) bench.say('a', serial);
  const last = { isRetired: true, replaces: -NOON_S };
  assert.equal(bench.say('a', AUTHOR_PAGES_MAX, last), 'taken');
  assert.deepEqual(
    [bench.serials('a'), bench.counters().slice(0, 3)],
    [[AUTHOR_PAGES_MAX], [1, 1, 0]],
  );
});

test('a page from the floor on is taken, one below it is replaced', () => {
  using bench = new Bench();
  assert.equal(bench.say('a', 5, { replaces: -NOON_S }), 'taken');
  assert.equal(bench.author('a', `floor - ${NOON_S}`), '5');
  bench.run('DELETE FROM pool_page');
  assert.deepEqual([bench.say('a', 4), bench.say('a', 5)], ['replaced', 'taken']);
});

test('the floor rises with each page that replaces all below it, and never falls', () => {
  using bench = new Bench();
  const floor = (): number => Number(bench.author('a', `floor - ${NOON_S}`));
  bench.say('a', 5, { replaces: -NOON_S });
  bench.say('a', 9, { replaces: 6 });
  assert.equal(floor(), 5, 'between them there may be another');
  bench.say('a', 12, { replaces: 5 });
  assert.deepEqual([floor(), bench.serials('a')], [12, [12]]);
  bench.run(`UPDATE pool_author SET floor = ${NOON_S + 20}`);
  bench.say('a', 25, { replaces: 20 });
  assert.equal(floor(), 25);
});

test('what a page replaced stays replaced when that page itself is replaced', () => {
  using bench = new Bench();
  bench.say('a', 3, { replaces: 1 });
  bench.say('a', 5, { replaces: 3 });
  assert.deepEqual(
    [bench.say('a', 1), bench.say('a', 2), bench.say('a', 0)],
    ['replaced', 'replaced', 'taken'],
  );
});

test('a claim that moves to another page of its author stays what it was, the first or not', () => {
  using bench = new Bench();
  const first = (): readonly string[] =>
    bench.tables.rows('SELECT subject FROM pool_claim WHERE is_first ORDER BY subject');
  bench.tables.address('45.13.0.3');
  bench.tables.address('45.13.0.4', { grade: 0 });
  bench.say('b', 1, { subjects: ['45.13.0.2'] });
  const subjects = ['45.13.0.1', '45.13.0.2', '45.13.0.3', '45.13.0.4'];
  bench.say('a', 1, { subjects });
  const named = ['45.13.0.1', '45.13.0.2', '45.13.0.4'];
  assert.deepEqual(first(), named);
  assert.deepEqual(
    bench.tables.rows('SELECT serial FROM pool_claim WHERE is_first AND author_id = 2').length,
    2,
  );
  bench.tables.address('45.13.0.1');
  bench.say('a', 2, { subjects, replaces: 1 });
  assert.deepEqual(first(), named, 'also what came here since');
  bench.say('a', 3, { subjects });
  assert.equal(
    bench.tables.rows('SELECT 1 FROM pool_claim WHERE is_first').length,
    3,
    'said again, it is no news',
  );
});

test('a key may have so many pages and claims, where what a page replaces makes room', () => {
  using bench = new Bench();
  bench.voter('voter');
  for (const [name, claimsMax] of [
    ['a', STRANGER_CLAIMS_MAX],
    ['voter', AUTHOR_CLAIMS_MAX],
  ] as const) {
    bench.say(name, 1, { subjects: ['45.13.0.1', '45.13.0.2'] });
    const set = (values: string): void =>
      bench.run(`UPDATE pool_author SET ${values} WHERE node_id = '${nodeOf(name)}'`);
    const one = { subjects: ['45.13.0.3'] };
    set(`pages = ${AUTHOR_PAGES_MAX}`);
    assert.equal(bench.say(name, 2, one), 'too_many_pages');
    assert.equal(bench.say(name, 2, { ...one, replaces: 1 }), 'taken');
    set(`pages = ${AUTHOR_PAGES_MAX - 1}, claims = ${claimsMax}`);
    assert.equal(bench.say(name, 3, one), 'too_many_claims');
    assert.equal(bench.say(name, 3, { ...one, replaces: 2 }), 'taken', 'just as many');
    set(`pages = 1, claims = ${claimsMax - 1}`);
    assert.equal(bench.say(name, 4, one), 'taken');
    assert.deepEqual(bench.serials(name), [3, 4]);
  }
});

test('a refused page removes nothing', () => {
  using bench = new Bench();
  bench.say('a', 1, { subjects: ['45.13.0.1'] });
  bench.run(`UPDATE pool_author SET claims = ${STRANGER_CLAIMS_MAX}`);
  const subjects = ['45.13.0.2', '45.13.0.3'];
  assert.equal(bench.say('a', 2, { replaces: 1, subjects }), 'too_many_claims');
  assert.deepEqual([bench.serials('a'), bench.claims()], [[1], ['45.13.0.1 1']]);
});

test('when too many authors are remembered, one without pages is forgotten, a liar last', () => {
  using bench = new Bench();
  for (const name of ['a', 'b', 'liar']) bench.say(name, 1);
  bench.run(`UPDATE pool_author SET pages = 0, last_seen_us = last_seen_us + author_id;
    UPDATE pool_author SET state = 'liar', last_seen_us = 1 WHERE node_id = '${nodeOf('liar')}'`);
  bench.set('authors', AUTHORS_MAX - 1);
  assert.equal(bench.say('c', 1), 'taken');
  assert.equal(bench.tables.counter('pool_authors'), AUTHORS_MAX);
  const left = (): string =>
    ['a', 'b', 'liar'].filter((name) => bench.author(name, '1') === '1').join();
  assert.equal(left(), 'a,b,liar');
  for (const [name, those] of [
    ['d', 'b,liar'],
    ['e', 'liar'],
    ['f', ''],
  ] as const) {
    assert.equal(bench.say(name, 1), 'taken');
    assert.deepEqual([left(), bench.tables.counter('pool_authors')], [those, AUTHORS_MAX]);
  }
  assert.equal(bench.say('g', 1), 'too_many_authors');
  assert.equal(bench.say('c', 2), 'taken', 'it is remembered already');
  bench.voter('voter');
  assert.equal(bench.say('voter', 1), 'taken');
  assert.equal(bench.say('self', 1, {}, true), 'taken');
  assert.equal(bench.tables.counter('pool_authors'), AUTHORS_MAX + 2);
});

test('in a full pool, older pages of authors that count no more make room', () => {
  using bench = new Bench();
  bench.voter('voter');
  for (const [name, serial] of [
    ['voter', 1],
    ['a', 5],
    ['b', 6],
  ] as const) {
    bench.say(name, serial, { subjects: ['45.13.0.1'] });
  }
  bench.set('pages', POOL_PAGES_MAX);
  assert.equal(bench.say('c', 9, { madeEpochS: 5 }), 'no_room', 'it is as old');
  assert.equal(bench.say('c', 8, { madeEpochS: 4 }), 'no_room', 'it is older');
  assert.deepEqual(bench.serials('a'), [5]);
  assert.equal(bench.say('c', 7, { madeEpochS: 6 }), 'taken');
  assert.deepEqual([bench.serials('a'), bench.serials('b'), bench.serials('c')], [[], [6], [7]]);
  assert.equal(bench.tables.counter('pool_pages'), POOL_PAGES_MAX);
  assert.equal(
    bench.say('voter', 2, { madeEpochS: 0 }),
    'taken',
    'strangers make room for older ones of a voter',
  );
  assert.deepEqual(
    [bench.serials('b'), bench.serials('c'), bench.serials('voter')],
    [[], [7], [1, 2]],
  );
  bench.set('pages', POOL_PAGES_MAX + 1);
  assert.equal(bench.say('d', 99), 'no_room', 'one is not enough, and voters stay');
  assert.equal(bench.say('c', 99, { replaces: 7 }), 'no_room', 'nor would its own be');
  assert.deepEqual([bench.serials('c'), bench.serials('voter')], [[7], [1, 2]]);
  assert.equal(bench.tables.counter('pool_pages'), POOL_PAGES_MAX + 1);
});

test('in a pool full of claims, pages go until those of the new one have room', () => {
  using bench = new Bench();
  bench.say('a', 1, { subjects: ['45.13.0.1'] });
  bench.say('b', 2, { subjects: ['45.13.0.2', '45.13.0.3'] });
  bench.say('c', 3, { subjects: ['45.13.0.4'] });
  bench.set('claims', POOL_CLAIMS_MAX - 1);
  assert.equal(bench.say('d', 4, { subjects: ['45.13.0.5'] }), 'taken');
  assert.deepEqual(
    [bench.serials('a'), bench.tables.counter('pool_claims')],
    [[1], POOL_CLAIMS_MAX],
  );
  assert.equal(bench.say('e', 5, { subjects: ['45.13.0.6', '45.13.0.7'] }), 'taken');
  assert.deepEqual([bench.serials('a'), bench.serials('b'), bench.serials('c')], [[], [], [3]]);
  assert.equal(bench.tables.counter('pool_claims'), POOL_CLAIMS_MAX - 1);
  bench.set('claims', POOL_CLAIMS_MAX + 99);
  assert.equal(
    bench.say('f', 9, { subjects: ['45.13.0.8'] }),
    'no_room',
    'nothing is left to remove',
  );
});

test('a subject has so many authors, and drops the weakest for one that counts more', () => {
  using bench = new Bench();
  const subjects = ['45.13.0.1'];
  for (let index = 0; index < SUBJECT_AUTHORS_MAX; index += 1) {
    bench.say(`n${index}`, 1, { subjects, lastHour: 1000 + ((index + 3) % SUBJECT_AUTHORS_MAX) });
  }
  const authors = (): readonly string[] =>
    bench.tables.rows('SELECT author_id FROM pool_claim ORDER BY 1');
  const count = SUBJECT_AUTHORS_MAX;
  assert.deepEqual([authors().length, bench.tables.counter('pool_claims')], [count, count]);
  assert.equal(bench.say('another', 1, { subjects: [...subjects, '45.13.0.2'] }), 'taken');
  assert.deepEqual(
    [authors().length, bench.claims().at(-1), bench.tables.counter('pool_claims')],
    [count + 1, '45.13.0.2 1', count + 1],
    'only this one has no room',
  );
  bench.say('n0', 2, { subjects });
  assert.equal(authors().length, count + 2, 'one that has its place says it once more');
  bench.voter('voter');
  bench.say('voter', 1, { subjects });
  // The one whose claim ends first, the fourteenth.
  assert.ok(!authors().includes('14'), authors().join());
  assert.deepEqual([authors().length, bench.tables.counter('pool_claims')], [count + 2, count + 2]);
});

test('what a second voter names is judged, nothing before that', () => {
  using bench = new Bench();
  for (const name of ['a', 'b']) bench.voter(name);
  bench.say('a', 1, { subjects: ['45.13.0.1', '46701'] });
  bench.say('c', 1, { subjects: ['45.13.0.1'] });
  assert.deepEqual(bench.tables.dues(), []);
  bench.say('b', 1, { subjects: ['45.13.0.1', '45.13.0.2', '46701'] });
  assert.deepEqual(bench.tables.dues(), ['address 45.13.0.1', 'number 46701']);
  bench.say('c', 2, { subjects: ['46701'] });
  assert.equal(bench.tables.dues().length, 2, 'a stranger changes nothing');
});

test('PageWriter.removeEnded() removes some pages that have ended, the earliest first', () => {
  using bench = new Bench();
  const endS = NOON_S + 8 * 86_400;
  for (let index = 0; index <= PAGES_REMOVED_STEP; index += 1) {
    bench.say('a', 9 - index, { subjects: [`45.13.0.${index}`] });
  }
  bench.say('b', 10);
  assert.equal(bench.writer.removeEnded((endS + 9) * 1e6 + 999_999), true, 'there may be more');
  assert.deepEqual([bench.serials('a'), bench.serials('b')], [[9], [10]]);
  assert.equal(bench.writer.removeEnded((endS + 9) * 1e6 + 999_999), false);
  assert.deepEqual([bench.serials('a'), bench.serials('b')], [[], [10]]);
  assert.deepEqual(bench.counters().slice(0, 3), [2, 1, 0]);
});
