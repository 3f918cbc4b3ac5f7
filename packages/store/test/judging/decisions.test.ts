// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What each of the operator's decisions writes, what it has judged again, and where there is no room for more. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FLEET_DECISIONS_CURSOR } from '@sentrypeer/follow/cursors';
import { Decisions, DecisionWriter } from '../../src/judging/decisions.ts';
import { ALLOWANCES_COUNT_MAX, BLOCKS_COUNT_MAX } from '../../src/limits.ts';
import { NOON_US, TestLogger } from '../fixtures.ts';
import { JudgedTables } from './judged-tables.ts';

const NUMBER = { kind: 'number', value: '46701234567' } as const;
const ADDRESS = { kind: 'address', value: '45.13.0.1' } as const;

class Bench implements Disposable {
  readonly tables = new JudgedTables();
  readonly writer = new DecisionWriter(this.tables.database, this.tables.clock);

  /** What has become due since the last call. */
  dues(): readonly string[] {
    const dues = this.tables.dues();
    this.tables.database.exec('DELETE FROM judging_due');
    return dues;
  }

  allowances(): readonly string[] {
    return this.tables.rows(
      "SELECT concat_ws(' ', value, comment, created_us, until_us) FROM allowance ORDER BY value",
    );
  }

  blocks(): readonly string[] {
    return this.tables.rows(
      "SELECT concat_ws(' ', kind, value, comment, created_us, until_us) FROM operator_block ORDER BY kind, value",
    );
  }

  delistings(): readonly string[] {
    return this.tables.rows(
      "SELECT concat_ws(' ', kind, value, comment, at_us, honey_id) FROM delisting ORDER BY kind, value",
    );
  }

  /** What waits for the fleet; this node is a hub from the first call on. */
  fleet(): readonly string[] {
    const { database } = this.tables;
    database.exec(
      `INSERT OR IGNORE INTO cursor (name, honey_id) VALUES ('${FLEET_DECISIONS_CURSOR}', 0)`,
    );
    const waiting = this.tables.rows(
      "SELECT concat_ws(' ', kind, subject, value) FROM fleet_decision ORDER BY decision_id",
    );
    database.exec('DELETE FROM fleet_decision');
    return waiting;
  }

  /** Fills a table up to this many entries, which hold for ever. */
  fill(table: 'allowance' | 'operator_block', count: number): void {
    const kind = table === 'allowance' ? ['', ''] : ['kind,', "'address',"];
    this.tables.database.exec(`
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
      INSERT INTO ${table} (${kind[0]} value, comment, created_us) SELECT ${kind[1]} 'x' || i, '', 0 FROM n`);
  }

  [Symbol.dispose](): void {
    this.tables[Symbol.dispose]();
  }
}

test('DecisionWriter.write() allows, in place of what was allowed before and of older spellings', () => {
  using bench = new Bench();
  const { writer, tables } = bench;
  const allow = {
    kind: 'allow',
    value: '45.13.0.0/16',
    comment: 'a',
    untilEpochUs: undefined,
  } as const;
  assert.equal(writer.write({ ...allow, value: '45.13.0.7/16' }), undefined);
  bench.dues();
  writer.write({ ...allow, alike: ['45.13.0.7/16'] });
  assert.deepEqual(bench.allowances(), [`45.13.0.0/16 a ${NOON_US}`]);
  assert.deepEqual(bench.dues(), ['decision 45.13.0.0/16']);
  tables.clock.us += 1;
  writer.write({ ...allow, comment: 'b', untilEpochUs: NOON_US + 9 });
  assert.deepEqual(bench.allowances(), [`45.13.0.0/16 b ${NOON_US + 1} ${NOON_US + 9}`]);
  assert.equal(tables.counter('decisions'), 3);
});

test('DecisionWriter.write() takes an allowance back by any of its spellings', () => {
  using bench = new Bench();
  const { writer, tables } = bench;
  tables.allowance('45.13.0.0/16');
  tables.allowance('45.14.0.7/16');
  tables.allowance('45.15.0.0/16');
  writer.write({ kind: 'disallow', value: '45.13.0.0/16', alike: ['45.13.0.7/16'] });
  writer.write({ kind: 'disallow', value: '45.14.0.0/16', alike: ['45.14.0.7/16'] });
  assert.deepEqual(bench.allowances(), [`45.15.0.0/16  ${NOON_US}`]);
  assert.deepEqual(bench.dues(), ['decision 45.13.0.0/16', 'decision 45.14.0.0/16']);
  assert.throws(() => writer.write({ kind: 'disallow', value: '45.13.0.0/16' }), {
    code: 'allowance_unknown',
    message: '45.13.0.0/16 is not on the allowlist; allow list shows what is',
  });
  assert.deepEqual([bench.dues(), tables.counter('decisions')], [[], 2], 'nothing of it is kept');
});

test('DecisionWriter.write() blocks a subject, and has the listings within a network judged again', () => {
  using bench = new Bench();
  const { writer, tables } = bench;
  const block = { kind: 'block', comment: 'a', untilEpochUs: undefined } as const;
  assert.equal(writer.write({ ...block, subject: ADDRESS }), undefined);
  assert.deepEqual(bench.dues(), ['address 45.13.0.1']);
  const network = { kind: 'address', value: '45.13.0.0/16' } as const;
  writer.write({ ...block, subject: network, untilEpochUs: NOON_US + 9 });
  assert.deepEqual(bench.dues(), ['address 45.13.0.0/16', 'decision 45.13.0.0/16']);
  tables.operatorBlock('number', '+46 70 123');
  tables.operatorBlock('number', '46 70 124');
  writer.write({ ...block, subject: { kind: 'number', value: '4670123' }, alike: ['+46 70 123'] });
  assert.deepEqual(bench.dues(), ['number +46 70 123', 'number 4670123']);
  assert.deepEqual(bench.blocks(), [
    `address 45.13.0.0/16 a ${NOON_US} ${NOON_US + 9}`,
    `address 45.13.0.1 a ${NOON_US}`,
    `number 46 70 124  ${NOON_US}`,
    `number 4670123 a ${NOON_US}`,
  ]);
  assert.equal(tables.counter('decisions'), 3);
});

test('DecisionWriter.write() unblocks a number in all the ways in which earlier versions kept it', () => {
  using bench = new Bench();
  const { writer, tables } = bench;
  const kept = ['46701', '+46 70-1', 'tel:46701', '*46701', '46701#', '146701', '0046701'];
  for (const value of kept) tables.operatorBlock('number', value);
  writer.write({
    kind: 'unblock',
    subject: { kind: 'number', value: '46701' },
    alike: ['0046701'],
  });
  assert.deepEqual(
    tables.rows('SELECT value FROM operator_block'),
    ['*46701', '146701', '46701#'],
    'a star or a hash makes another number',
  );
  assert.deepEqual(bench.dues(), [
    'number 46701',
    'number +46 70-1',
    'number tel:46701',
    'number 0046701',
  ]);
  writer.write({ kind: 'unblock', subject: { kind: 'number', value: '*46701' } });
  assert.deepEqual(tables.rows('SELECT value FROM operator_block'), ['146701', '46701#']);
});

test('DecisionWriter.write() says what is not blocked', () => {
  using bench = new Bench();
  const { writer } = bench;
  const unblock = (subject: typeof NUMBER | typeof ADDRESS): unknown =>
    writer.write({ kind: 'unblock', subject });
  const rest = 'is not on the blocklist itself; block list shows what is';
  const code = 'block_unknown';
  assert.throws(() => unblock(NUMBER), { code, message: `+46701234567 ${rest}` });
  assert.throws(() => unblock(ADDRESS), { code, message: `45.13.0.1 ${rest}` });
  bench.tables.operatorBlock('address', ADDRESS.value);
  unblock(ADDRESS);
  assert.throws(() => unblock(ADDRESS), { code });
});

test('DecisionWriter.write() allows up to its limit, and makes room of what has ended', () => {
  using bench = new Bench();
  const { writer, tables } = bench;
  bench.fill('allowance', ALLOWANCES_COUNT_MAX - 1);
  const allow = { kind: 'allow', comment: '', untilEpochUs: undefined } as const;
  writer.write({ ...allow, value: 'last' });
  assert.throws(() => writer.write({ ...allow, value: 'more' }), {
    code: 'allowlist_full',
    message: /^the allowlist has 10000 entries already; remove some, or allow networks and ranges$/,
  });
  writer.write({ ...allow, value: 'last', untilEpochUs: NOON_US + 1 });
  assert.throws(() => writer.write({ ...allow, value: 'more' }), { code: 'allowlist_full' });
  tables.clock.us += 1;
  writer.write({ ...allow, value: 'more' });
  assert.deepEqual(tables.rows("SELECT value FROM allowance WHERE value NOT GLOB 'x*'"), ['more']);
});

test('DecisionWriter.write() blocks up to its limit, and makes room of what has ended', () => {
  using bench = new Bench();
  const { writer, tables } = bench;
  bench.fill('operator_block', BLOCKS_COUNT_MAX - 1);
  const block = { kind: 'block', comment: '', untilEpochUs: undefined } as const;
  writer.write({ ...block, subject: ADDRESS, untilEpochUs: NOON_US + 1 });
  assert.throws(() => writer.write({ ...block, subject: NUMBER }), {
    code: 'blocklist_full',
    message: /^10000 entries are blocked already; unblock some, or block networks and ranges$/,
  });
  tables.clock.us += 1;
  writer.write({ ...block, subject: NUMBER });
  assert.deepEqual(tables.rows("SELECT value FROM operator_block WHERE value NOT GLOB 'x*'"), [
    NUMBER.value,
  ]);
  assert.deepEqual(
    writer.takeAll([{ ...block, subject: 'address', value: '45.13.0.9' }], 7).length,
    1,
    'what hubs decided has no room either',
  );
});

test('DecisionWriter.write() delists a number, and forgets only what is known of it', () => {
  using bench = new Bench();
  const { writer, tables } = bench;
  for (const value of [NUMBER.value, '46701234568']) tables.number(value);
  tables.block('467012345xx', 2);
  tables.database.exec(`
    UPDATE counter SET value = 2 WHERE name IN ('read_numbers', 'proved_addresses');
    UPDATE counter SET value = 42 WHERE name = 'last_honey_id'`);
  assert.deepEqual(writer.write({ kind: 'delist', subject: NUMBER, comment: 'a' }), NUMBER);
  assert.deepEqual(tables.rows('SELECT e164 FROM number_evidence'), ['46701234568']);
  assert.deepEqual([tables.counter('read_numbers'), tables.counter('proved_addresses')], [1, 2]);
  assert.deepEqual(bench.delistings(), [`number 46701234567 a ${NOON_US} 42`]);
  assert.deepEqual(bench.dues(), [
    'range 467012345xx', // The trigger, because the block lost a number.
    'number 46701234567',
    'range 467012345xx',
    'range 46701234xxx',
    'range 4670123xxxx',
  ]);
  tables.clock.us += 1;
  writer.write({ kind: 'delist', subject: NUMBER, comment: 'b' });
  assert.deepEqual(bench.delistings(), [`number 46701234567 b ${NOON_US + 1} 42`]);
  assert.equal(tables.counter('read_numbers'), 1, 'there was nothing left to forget');
});

test('DecisionWriter.write() delists a block of numbers without its numbers', () => {
  using bench = new Bench();
  const { writer, tables } = bench;
  tables.number(NUMBER.value);
  tables.block('467012345xx', 1);
  tables.database.exec(
    "UPDATE counter SET value = 2 WHERE name IN ('read_numbers', 'proved_addresses')",
  );
  const range = { kind: 'range', value: '467012345xx' } as const;
  assert.deepEqual(writer.write({ kind: 'delist', subject: range, comment: '' }), range);
  assert.deepEqual(tables.rows('SELECT block FROM number_block'), []);
  assert.equal(tables.rows('SELECT e164 FROM number_evidence').length, 1);
  assert.deepEqual([tables.counter('read_numbers'), tables.counter('proved_addresses')], [2, 2]);
  assert.deepEqual(bench.dues(), ['range 467012345xx']);
});

test('DecisionWriter.write() delists the entry that lists an address', () => {
  using bench = new Bench();
  const { writer, tables } = bench;
  const delist = (value: string): string | undefined =>
    writer.write({ kind: 'delist', subject: { kind: 'address', value }, comment: '' })?.value;
  for (const value of ['45.13.0.1', '45.13.0.2', '2a00:1450:1::/64', '2a00:1450:1:ff::/64'])
    tables.address(value);
  tables.address('2a00:1450:2::/64');
  tables.database.exec("UPDATE counter SET value = 5 WHERE name = 'proved_addresses'");
  assert.equal(delist('45.13.0.1'), '45.13.0.1');
  assert.equal(tables.counter('proved_addresses'), 4);
  assert.deepEqual(bench.dues(), ['address 45.13.0.1']);
  assert.equal(delist('2a00:1450:2::7'), '2a00:1450:2::/64', 'it is judged as its network');
  assert.equal(tables.counter('proved_addresses'), 3);
  tables.listing('number', '2a00:1450:1::/64'); // No such number is listed; the kind decides.
  tables.listing('address', '2a00:1450:1::/48');
  assert.equal(delist('2a00:1450:1:7::7'), '2a00:1450:1::/48', 'a network around it is listed');
  assert.equal(tables.counter('proved_addresses'), 1);
  assert.deepEqual(tables.rows('SELECT address FROM address_evidence'), ['45.13.0.2']);
});

test('DecisionWriter.write() tells other hubs of older spellings that were here', () => {
  using bench = new Bench();
  const { writer, tables } = bench;
  bench.fleet();
  tables.operatorBlock('number', '0046701');
  tables.operatorBlock('number', '0046702');
  tables.operatorBlock('address', '00467033');
  const block = { kind: 'block', comment: '', untilEpochUs: undefined } as const;
  const alike = ['0046701', '00467033'];
  writer.write({ ...block, subject: { kind: 'number', value: '46701' }, alike });
  assert.deepEqual(bench.fleet(), ['unblock number 0046701', 'block number 46701']);
  const subject = { kind: 'number', value: '46702' } as const;
  writer.write({ kind: 'unblock', subject, alike: ['0046702', '0046703'] });
  assert.deepEqual(bench.fleet(), ['unblock number 0046702', 'unblock number 46702']);
  tables.allowance('45.13.0.7/16');
  tables.operatorBlock('number', '45.13.0.8/16');
  writer.write({
    kind: 'allow',
    value: '45.13.0.0/16',
    alike: ['45.13.0.7/16', '45.13.0.8/16'],
    comment: '',
    untilEpochUs: undefined,
  });
  assert.deepEqual(bench.fleet(), ['disallow 45.13.0.7/16', 'allow 45.13.0.0/16']);
  tables.allowance('45.13.0.9/16');
  writer.write({ kind: 'disallow', value: '45.13.0.0/16', alike: ['45.13.0.9/16'] });
  assert.deepEqual(bench.fleet(), ['disallow 45.13.0.9/16', 'disallow 45.13.0.0/16']);
  writer.write({ kind: 'delist', subject, comment: '' });
  assert.deepEqual(bench.fleet(), ['delist number 46702']);
});

test('DecisionWriter.sent() and takeAll() remember how far the fleet and this hub are', () => {
  using bench = new Bench();
  const { writer, tables } = bench;
  bench.fleet();
  const allow = { kind: 'allow', comment: '', untilEpochUs: undefined } as const;
  for (const value of ['45.13.0.1', '45.13.0.2']) writer.write({ ...allow, value });
  writer.sent(Number(tables.rows('SELECT min(decision_id) FROM fleet_decision')[0]));
  assert.deepEqual(bench.fleet(), ['allow 45.13.0.2']);
  writer.takeAll([], 42);
  const place = `SELECT honey_id FROM cursor WHERE name = '${FLEET_DECISIONS_CURSOR}'`;
  assert.deepEqual(tables.rows(place), ['42']);
});

test('DecisionWriter.write() keeps what has ended while there is room', () => {
  using bench = new Bench();
  const { writer, tables } = bench;
  tables.allowance('45.13.0.1', NOON_US - 1);
  tables.operatorBlock('address', '45.13.0.2', NOON_US - 1);
  const rest = { comment: '', untilEpochUs: undefined };
  writer.write({ kind: 'allow', value: '45.14.0.1', ...rest });
  writer.write({ kind: 'block', subject: ADDRESS, ...rest });
  assert.deepEqual([bench.allowances().length, bench.blocks().length], [2, 2]);
});

test('DecisionWriter.takeAll() passes on failures that are not about the decision', () => {
  using bench = new Bench();
  const { writer, tables } = bench;
  const allow = {
    kind: 'allow',
    subject: undefined,
    comment: '',
    untilEpochUs: undefined,
  } as const;
  const unblock = { ...allow, kind: 'unblock', subject: 'address', value: '45.13.0.1' } as const;
  const disallow = { ...allow, kind: 'disallow', value: '45.13.0.0/16' } as const;
  assert.deepEqual(writer.takeAll([unblock, disallow], 3), [], 'there is nothing to take back');
  assert.equal(tables.counter('decisions'), 0);
  assert.deepEqual(writer.takeAll([{ ...allow, value: '45.13.0.0/16' }, disallow], 5), []);
  assert.equal(tables.counter('decisions'), 2);
  bench.fill('allowance', ALLOWANCES_COUNT_MAX);
  const more = { ...allow, value: '45.13.0.0/16' };
  assert.deepEqual(writer.takeAll([more], 7), [more], 'there is no room');
  tables.database.exec('DROP TABLE allowance');
  assert.throws(() => writer.takeAll([more], 9), { code: 'ERR_SQLITE_ERROR' });
});

test('DecisionWriter.delist() counts as a decision within the transaction of its caller', () => {
  using bench = new Bench();
  bench.writer.delist(NUMBER, 'a');
  assert.deepEqual(bench.delistings(), [`number 46701234567 a ${NOON_US} 0`]);
  assert.equal(bench.tables.counter('decisions'), 1);
});

test('Decisions.open() writes for another process, and closes its file', () => {
  using tables = new JudgedTables();
  const ports = { clock: tables.clock, logger: new TestLogger() };
  const decisions = Decisions.open(ports, tables.path);
  const { value } = NUMBER;
  const block = { kind: 'block', subject: NUMBER, comment: 'a', untilEpochUs: undefined } as const;
  assert.equal(decisions.write(block), undefined);
  assert.deepEqual(decisions.write({ kind: 'delist', subject: NUMBER, comment: '' }), NUMBER);
  assert.deepEqual(
    decisions.blocks().map(({ subject, comment }) => [subject, comment]),
    [[{ kind: 'number', value }, 'a']],
  );
  assert.deepEqual(decisions.allowances(), []);
  decisions[Symbol.dispose]();
  assert.throws(() => decisions.blocks(), /finalized|not open|closed/);
  decisions.close();
});
