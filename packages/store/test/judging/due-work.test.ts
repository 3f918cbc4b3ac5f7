// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What is judged again after decisions, at the end of allowances and blocks, and within networks. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DueWork } from '../../src/judging/due-work.ts';
import type { Reach } from '../../src/judging/sweep.ts';
import { JUDGE_ROWS, SWEEP_ROWS } from '../../src/limits.ts';
import { DAY_US, NOON_US } from '../fixtures.ts';
import { JudgedTables } from './judged-tables.ts';

const HOT = 3;

/** Records what is judged instead of judging it. */
class Bench implements Disposable {
  readonly tables = new JudgedTables();
  readonly judged: (readonly string[])[] = [];
  readonly resumed: string[] = [];
  /** What concerns more than itself; everything else concerns everything. */
  readonly reaches = new Map<string, Reach>();
  stillWaits = false;
  fails = false;
  readonly work = new DueWork({
    database: this.tables.database,
    reachOf: (value) => this.reaches.get(value),
    hotNumbersCount: HOT,
    apply: (subjects, nowUs) => {
      assert.equal(nowUs, NOON_US);
      assert.ok(this.tables.database.isTransaction);
      this.judged.push(subjects.map(({ kind, value }) => `${kind} ${value}`));
      if (this.fails) throw new Error('the disk is full');
    },
    resume: (network, nowUs) => {
      assert.equal(nowUs, NOON_US);
      assert.ok(this.tables.database.isTransaction);
      this.resumed.push(network);
      return this.stillWaits;
    },
  });

  /** Steps until nothing is due. @returns What each step judged, for those that judged anything. */
  run(): readonly (readonly string[])[] {
    for (let left = 100; this.work.step(NOON_US); left -= 1) assert.ok(left > 0, 'it never ends');
    assert.deepEqual(this.tables.dues(), []);
    return this.judged.splice(0);
  }

  [Symbol.dispose](): void {
    this.tables[Symbol.dispose]();
  }
}

function addresses(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `45.13.0.${100 + index}`);
}

function named(values: readonly string[]): readonly string[] {
  return values.map((value) => `address ${value}`);
}

test('DueWork.step() judges some subjects at a time, and says when there is nothing', () => {
  using bench = new Bench();
  const { work, tables } = bench;
  assert.equal(work.step(NOON_US), false);
  const all = addresses(JUDGE_ROWS + 1);
  for (const value of all) tables.due('address', value);
  assert.equal(work.step(NOON_US), true);
  assert.deepEqual(tables.dues(), named(all.slice(JUDGE_ROWS)));
  assert.deepEqual(bench.run(), [named(all.slice(0, JUDGE_ROWS)), named(all.slice(JUDGE_ROWS))]);
  assert.equal(work.step(NOON_US), false);
});

test('DueWork.step() keeps what is due if judging it fails', () => {
  using bench = new Bench();
  bench.tables.due('address', '45.13.0.1');
  bench.fails = true;
  assert.throws(() => bench.work.step(NOON_US), /full/);
  assert.deepEqual(bench.tables.dues(), ['address 45.13.0.1']);
  bench.fails = false;
  assert.equal(bench.run().length, 2);
});

test('DueWork.step() judges everything that a decision concerns, also what failed the first time', () => {
  using bench = new Bench();
  const all = addresses(SWEEP_ROWS + 1);
  for (const value of all) bench.tables.address(value);
  for (const network of ['45.13.0.0/16', '45.13.0.0/17']) bench.tables.due('decision', network);
  bench.fails = true;
  // Listings first, of which there are none.
  assert.equal(bench.work.step(NOON_US), true);
  for (const _ of [1, 2]) assert.throws(() => bench.work.step(NOON_US), /full/);
  bench.fails = false;
  bench.judged.length = 0;
  const each = [named(all.slice(0, SWEEP_ROWS)), named(all.slice(SWEEP_ROWS))];
  assert.deepEqual(bench.run(), [...each, ...each]);
});

test('DueWork.step() judges nothing of a decision that another one has taken the place of', () => {
  using bench = new Bench();
  bench.tables.address('45.13.0.1');
  bench.reaches.set('45.14.0.0/16', { covers: () => false });
  const dueId = bench.tables.due('decision', '45.13.0.0/16');
  bench.tables.due('decision', '45.14.0.0/16');
  bench.fails = true;
  assert.equal(bench.work.step(NOON_US), true);
  assert.throws(() => bench.work.step(NOON_US), /full/);
  bench.fails = false;
  bench.judged.length = 0;
  bench.tables.database.exec(`DELETE FROM judging_due WHERE due_id = ${dueId}`);
  assert.deepEqual(bench.run(), []);
});

test('DueWork.step() judges subjects before and after a decision apart from what it concerns', () => {
  using bench = new Bench();
  bench.tables.address('45.14.0.1');
  bench.tables.due('address', '45.13.0.1');
  bench.tables.due('number', '46701234567');
  bench.tables.due('decision', '45.14.0.0/16');
  bench.tables.due('address', '45.13.0.2');
  assert.deepEqual(bench.run(), [
    ['address 45.13.0.1', 'number 46701234567'],
    ['address 45.14.0.1'],
    ['address 45.13.0.2'],
  ]);
});

test('DueWork.step() judges the numbers of a block again while they may depend on it', () => {
  for (const [count, judgesAgain] of [
    [undefined, true],
    [HOT, true],
    [HOT + 1, false],
  ] as const) {
    using bench = new Bench();
    bench.tables.number('46701234567');
    if (count !== undefined) bench.tables.block('467012345xx', count);
    bench.tables.due('range', '467012345xx');
    const [range, numbers] = bench.run();
    assert.deepEqual(range, ['range 467012345xx']);
    assert.deepEqual(numbers, judgesAgain ? ['number 46701234567'] : undefined, String(count));
  }
  using bench = new Bench();
  bench.tables.number('46701234567');
  bench.tables.due('number', '46701234567');
  assert.deepEqual(bench.run(), [['number 46701234567']], 'a number has no numbers');
});

test('DueWork.step() judges all that a decision concerns, and everything if that is unknown', () => {
  using bench = new Bench();
  const { tables } = bench;
  const all = addresses(JUDGE_ROWS + 1);
  for (const value of all) tables.address(value);
  tables.number('46701234567');
  tables.due('decision', '+46*');
  const everything = [
    named(all.slice(0, JUDGE_ROWS)),
    named(all.slice(JUDGE_ROWS)),
    ['number 46701234567'],
  ];
  assert.deepEqual(bench.run(), everything);

  bench.reaches.set('+46*', { kind: 'number', covers: (value) => value.startsWith('46') });
  tables.due('decision', '+46*');
  assert.deepEqual(bench.run(), [['number 46701234567']], 'another one with the same id');
  tables.due('decision', '+46*');
  tables.due('decision', '45.13.0.0/16');
  assert.deepEqual(bench.run(), [['number 46701234567'], ...everything], 'each has its own reach');
});

test('DueWork.step() judges what voters and hubs say about a network, and nothing else', () => {
  using bench = new Bench();
  const { tables } = bench;
  tables.address('2a00:1450:1::/64');
  tables.listing('address', '2a00:1450:1::/64');
  tables.admission('2a00:1450:1:1::/64');
  tables.admission('2a00:1450:2::/64');
  tables.fleet('address', '2a00:1450:1:2::/64');
  bench.reaches.set('2a00:1450:1::/48', {
    kind: 'address',
    covers: (value) => value.startsWith('2a00:1450:1:'),
  });
  tables.due('said', '2a00:1450:1::/48');
  assert.deepEqual(bench.run(), [['address 2a00:1450:1:1::/64'], ['address 2a00:1450:1:2::/64']]);
});

test('DueWork.step() judges all evidence within a network, from its first /64 to its last', () => {
  using bench = new Bench();
  const { tables } = bench;
  const within = Array.from(
    { length: JUDGE_ROWS - 1 },
    (_, index) => `2a00:1450:1:${(index + 1).toString(16)}::/64`,
  );
  const all = ['2a00:1450:1::/64', ...within, '2a00:1450:1:ffff::/64'];
  for (const value of ['2a00:1450::/64', '2a00:1450:0:ffff::/64', '2a00:1450:2::/64'])
    tables.address(value);
  for (const value of all) tables.address(value);
  const expected = [named(all.slice(0, JUDGE_ROWS)), named(all.slice(JUDGE_ROWS))];
  for (let round = 0; round < 2; round += 1) {
    tables.due('within', '2a00:1450:1::/48');
    assert.deepEqual(bench.run(), expected, 'the second has the id of the first');
  }
  tables.due('within', '2a00:1450:1:ffff::/64');
  assert.deepEqual(bench.run(), [named(['2a00:1450:1:ffff::/64'])]);
  tables.due('within', '45.13.0.0/16');
  assert.deepEqual(bench.run(), [[]], 'only IPv6 has evidence by network');
});

test('DueWork.step() begins anew with what follows a row that somebody else removed', () => {
  using bench = new Bench();
  const { tables, work } = bench;
  const all = Array.from(
    { length: JUDGE_ROWS + 1 },
    (_, index) => `2a00:1450:2:${index.toString(16)}::/64`,
  );
  for (const value of [...all, '2a00:1450:1::/64']) tables.address(value);
  const removeFirst = (): unknown =>
    tables.database.exec(
      'DELETE FROM judging_due WHERE due_id = (SELECT min(due_id) FROM judging_due)',
    );
  tables.due('within', '2a00:1450:2::/48');
  tables.due('within', '2a00:1450:1::/48');
  work.step(NOON_US);
  removeFirst();
  bench.judged.length = 0;
  assert.deepEqual(bench.run(), [['address 2a00:1450:1::/64']]);
  bench.reaches.set('a', { kind: 'address', covers: (value) => value === all[0] });
  bench.reaches.set('b', { kind: 'address', covers: (value) => value === all[1] });
  tables.due('decision', 'a');
  tables.due('decision', 'b');
  work.step(NOON_US);
  work.step(NOON_US);
  removeFirst();
  bench.judged.length = 0;
  assert.deepEqual(bench.run(), [[`address ${all[1]}`]]);
});

test('DueWork.step() asks about a waiting network until it no longer waits', () => {
  using bench = new Bench();
  const { tables, work } = bench;
  work.addWaiting('2a00:1450:1::/48');
  bench.stillWaits = true;
  assert.equal(work.step(NOON_US), true);
  assert.deepEqual(tables.dues(), ['waiting 2a00:1450:1::/48']);
  bench.stillWaits = false;
  assert.deepEqual(bench.run(), []);
  assert.deepEqual(bench.resumed, ['2a00:1450:1::/48', '2a00:1450:1::/48']);
});

test('DueWork.addWithin() asks for statements of others only if there are any', () => {
  const fills = [
    (): void => {},
    (tables: JudgedTables): void => tables.admission('45.13.0.1'),
    (tables: JudgedTables): void => tables.fleet('address', '45.13.0.1'),
  ];
  fills.forEach((fill, at) => {
    using bench = new Bench();
    fill(bench.tables);
    const said = at === 0 ? [] : ['said a'];
    bench.work.addWithin('a', true);
    assert.deepEqual(bench.tables.dues(), said);
    bench.work.addWithin('a', false);
    assert.deepEqual(bench.tables.dues(), [...said, 'within a', ...said]);
  });
});

test('DueWork.endDecisions() has what ended judged again, once', () => {
  using bench = new Bench();
  const { tables, work } = bench;
  tables.allowance('45.13.0.0/16', NOON_US);
  tables.allowance('45.14.0.0/16', NOON_US + 1);
  tables.allowance('45.15.0.0/16');
  tables.operatorBlock('number', '46701234567', NOON_US);
  tables.operatorBlock('address', '45.16.0.0/16', NOON_US);
  tables.operatorBlock('address', '45.16.0.1', NOON_US + 1);
  const ended = (nowUs: number): readonly string[] => {
    work.endDecisions(nowUs, 0);
    const dues = tables.dues();
    tables.database.exec('DELETE FROM judging_due');
    return dues;
  };
  assert.deepEqual(ended(NOON_US - 1), []);
  const first = [
    'decision 45.13.0.0/16',
    'address 45.16.0.0/16',
    'decision 45.16.0.0/16',
    'number 46701234567',
  ];
  assert.deepEqual(ended(NOON_US), first);
  assert.deepEqual(ended(NOON_US), []);
  const second = ['decision 45.14.0.0/16', 'address 45.16.0.1'];
  assert.deepEqual(ended(NOON_US + 1), second);
  assert.deepEqual(ended(NOON_US - 1), [], 'the clock was put back');
  assert.deepEqual(ended(NOON_US + DAY_US), [
    'decision 45.13.0.0/16',
    'decision 45.14.0.0/16',
    'address 45.16.0.0/16',
    'decision 45.16.0.0/16',
    'number 46701234567',
    'address 45.16.0.1',
  ]);
  assert.equal(tables.rows('SELECT 1 FROM allowance').length, 3);
  assert.equal(tables.counter('decisions'), 0);
});

test('DueWork.endDecisions() removes what ended long ago, and says that decisions changed', () => {
  using bench = new Bench();
  const { tables, work } = bench;
  const kept = (): readonly string[] =>
    tables.rows(
      'SELECT value FROM allowance UNION ALL SELECT value FROM operator_block ORDER BY 1',
    );
  tables.allowance('45.13.0.0/16', NOON_US);
  tables.allowance('45.14.0.0/16', NOON_US + 2);
  tables.operatorBlock('number', '46701234567', NOON_US);
  tables.operatorBlock('number', '46701234568', NOON_US + 1);
  work.endDecisions(NOON_US + DAY_US, NOON_US - 1);
  assert.deepEqual([kept().length, tables.counter('decisions')], [4, 0]);
  work.endDecisions(NOON_US + DAY_US, NOON_US);
  assert.deepEqual([kept(), tables.counter('decisions')], [['45.14.0.0/16', '46701234568'], 1]);
  work.endDecisions(NOON_US + DAY_US, NOON_US + 1);
  assert.deepEqual([kept(), tables.counter('decisions')], [['45.14.0.0/16'], 2]);
  work.endDecisions(NOON_US + DAY_US, NOON_US + 2);
  assert.deepEqual([kept(), tables.counter('decisions')], [[], 3]);
  work.endDecisions(NOON_US + DAY_US, NOON_US + 2);
  assert.equal(tables.counter('decisions'), 3);
});
