// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What is read of the evidence for and against a listing; how it is written is in evidence-writer.test.ts. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgedNetwork, type JudgedNetwork } from '@sentrypeer/ip';
import { packFacts } from '@sentrypeer/event';
import { EvidenceReader } from '../../src/judging/evidence-reader.ts';
import { DAY_US, NOON_US } from '../fixtures.ts';
import { JudgedTables } from './judged-tables.ts';

class Bench implements Disposable {
  readonly tables = new JudgedTables();
  readonly evidence = new EvidenceReader(this.tables.database);

  run(question: string): void {
    this.tables.database.exec(question);
  }

  /** A network that is listed by its own evidence. @param at Added to each of its figures. */
  part(text: string, at: number, grade = 1): void {
    const { length, bits } = network(text);
    this.run(`INSERT INTO address_network
      (length, network, value, until_us, grade, first_seen_us, last_seen_us, events_count)
      VALUES (${length}, ${bits}, '${text}', ${1000 + at}, ${grade}, ${100 + at}, ${200 + at}, ${at})`);
  }

  delist(kind: string, value: string): void {
    this.run(`INSERT INTO delisting (kind, value, at_us, events_count, honey_id, comment)
      VALUES ('${kind}', '${value}', ${NOON_US}, 0, 0, 'a customer')`);
  }

  [Symbol.dispose](): void {
    this.tables[Symbol.dispose]();
  }
}

function network(text: string): JudgedNetwork {
  const found = judgedNetwork(text);
  assert.ok(found !== undefined);
  return found;
}

test('EvidenceReader reads which parts of a /56 and a /48 are listed by their own evidence', () => {
  using bench = new Bench();
  const { evidence } = bench;
  bench.part('2a00:1450:1:1::/64', 1);
  bench.part('2a00:1450:1:ff::/64', 2, 2);
  bench.part('2a00:1450:1:100::/64', 3);
  bench.part('2a00:1450:1:200::/56', 4);
  bench.part('2a00:1450:1:ff00::/56', 5);
  bench.part('2a00:1450:2::/56', 6);
  const [site, wide] = [network('2a00:1450:1::/56'), network('2a00:1450:1::/48')];
  assert.deepEqual(evidence.listedParts(site), [
    { place: 1, untilEpochUs: 1001 },
    { place: 255, untilEpochUs: 1002 },
  ]);
  assert.deepEqual(evidence.listedParts(wide), [
    { place: 2, untilEpochUs: 1004 },
    { place: 255, untilEpochUs: 1005 },
  ]);
  assert.deepEqual([evidence.listedPartsCount(site), evidence.listedPartsCount(wide)], [2, 2]);
  const empty = network('2a00:1450:3::/56');
  assert.deepEqual([evidence.listedParts(empty), evidence.listedPartsCount(empty)], [[], 0]);
  const facts = (value: string) => evidence.facts({ kind: 'address', value });
  assert.deepEqual(facts('2a00:1450:1::/56'), {
    grade: 'handshake',
    firstEpochUs: 101,
    lastEpochUs: 202,
    eventsCount: 3,
  });
  assert.deepEqual(facts('2a00:1450:1::/48'), {
    grade: 'returned',
    firstEpochUs: 104,
    lastEpochUs: 205,
    eventsCount: 9,
  });
  assert.equal(facts('2a00:1450:3::/56'), undefined, 'nothing in it is listed');
});

test('EvidenceReader.facts() says what is known of a subject itself', () => {
  using bench = new Bench();
  const { evidence, tables } = bench;
  tables.address('45.13.0.1', { grade: 2, events_count: 7, last_seen_us: NOON_US + 1 });
  tables.address('2a00:1450:1::/64', { events_count: 8 });
  tables.number('46701234567');
  tables.block('467012345xx', 4);
  const at = { firstEpochUs: NOON_US, lastEpochUs: NOON_US };
  for (const [kind, value, facts] of [
    [
      'address',
      '45.13.0.1',
      { grade: 'handshake', ...at, lastEpochUs: NOON_US + 1, eventsCount: 7 },
    ],
    ['address', '2a00:1450:1::/64', { grade: 'returned', ...at, eventsCount: 8 }],
    ['number', '46701234567', { grade: 'returned', ...at, eventsCount: 1 }],
    ['range', '467012345xx', { grade: 'returned', ...at, eventsCount: 4 }],
    ['address', '45.13.0.2', undefined],
    ['address', '45.13.0.0/16', undefined],
    ['address', '46701234567', undefined],
    ['number', '45.13.0.1', undefined],
    ['range', '46701234567', undefined],
  ] as const) {
    assert.deepEqual(evidence.facts({ kind, value }), facts, `${kind} ${value}`);
  }
  bench.run('UPDATE number_evidence SET events_count = 0');
  assert.equal(evidence.facts({ kind: 'number', value: '46701234567' }), undefined, 'only a form');
  assert.equal(evidence.number('46701234567'), undefined);
  assert.equal(evidence.formsOf('46701234567'), 1);
  assert.equal(evidence.formsOf('46701234568'), 0);
});

test('EvidenceReader.address() takes an IPv6 address for its /64, and an IPv4 address for itself', () => {
  using bench = new Bench();
  const { evidence, tables } = bench;
  tables.address('45.13.0.1', { transport_bits: 0b110, node_bits: 0b11 });
  tables.address('2a00:1450:1::/64', { transport_bits: 0 });
  bench.run("UPDATE address_evidence SET tool = 'sipcli' WHERE network IS NULL");
  const ipv4 = evidence.address('45.13.0.1');
  assert.deepEqual([ipv4?.transports, ipv4?.tool, ipv4?.nodesCount], [['TCP', 'TLS'], 'sipcli', 2]);
  const ipv6 = evidence.address('2a00:1450:1::7');
  assert.deepEqual([ipv6?.transports, ipv6?.tool], [[], undefined]);
  assert.equal(evidence.address('2a00:1450:1:1::7'), undefined);
  assert.equal(evidence.range('467012345xx'), undefined);
});

test('EvidenceReader.wasMet() counts only what came here itself', () => {
  using bench = new Bench();
  bench.run(`INSERT INTO address_total (address, first_seen_us, last_seen_us, seen_count, grade)
    VALUES ('45.13.0.1', 1, 1, 1, 0), ('45.13.0.2', 1, 1, 0, 0)`);
  const { evidence } = bench;
  const met = ['45.13.0.1', '45.13.0.2', '45.13.0.3'].map((address) => evidence.wasMet(address));
  assert.deepEqual(met, [true, false, false]);
});

test('EvidenceReader.meaningOf() finds digits with or without a plus, first as they are', () => {
  using bench = new Bench();
  bench.run(`INSERT INTO number_total (total_id, number, first_seen_us, last_seen_us, seen_count)
      VALUES (1, '0046', 1, 1, 1), (2, '+46', 1, 1, 1), (3, '+47', 1, 1, 1), (4, '47', 1, 1, 1), (5, '9', 1, 1, 1);
    INSERT INTO number_reading (total_id, e164, confidence)
      VALUES (1, '461', 1), (2, '462', 1), (3, '473', 1), (4, '474', 1), (5, NULL, 0)`);
  for (const [digits, meaning] of [
    ['0046', '461'],
    ['+0046', '461'],
    ['+46', '462'],
    ['46', '462'],
    ['+47', '473'],
    ['47', '474'],
    ['9', undefined],
    ['8', undefined],
  ] as const) {
    assert.equal(bench.evidence.meaningOf(digits), meaning, digits);
  }
});

test('EvidenceReader reads what the operator delisted, allowed and blocked', () => {
  using bench = new Bench();
  const { evidence, tables } = bench;
  bench.delist('address', '45.13.0.1');
  assert.deepEqual(evidence.delisting({ kind: 'address', value: '45.13.0.1' }), {
    atEpochUs: NOON_US,
    comment: 'a customer',
  });
  assert.equal(evidence.delisting({ kind: 'number', value: '45.13.0.1' }), undefined);
  assert.equal(evidence.delisting({ kind: 'address', value: '45.13.0.2' }), undefined);
  tables.allowance('45.14.0.0/16', NOON_US + DAY_US);
  tables.allowance('45.13.0.0/16');
  const allowed = { comment: '', createdEpochUs: NOON_US };
  assert.deepEqual(evidence.allowances(), [
    { value: '45.13.0.0/16', ...allowed, untilEpochUs: undefined },
    { value: '45.14.0.0/16', ...allowed, untilEpochUs: NOON_US + DAY_US },
  ]);
  tables.operatorBlock('range', '467012345xx');
  tables.operatorBlock('address', '45.15.0.1', NOON_US + DAY_US);
  tables.operatorBlock('number', '46701234567');
  const blocked = (kind: 'address' | 'number' | 'range', value: string) => ({
    subject: { kind, value },
    ...allowed,
  });
  assert.deepEqual(evidence.blocks(), [
    { ...blocked('address', '45.15.0.1'), untilEpochUs: NOON_US + DAY_US },
    { ...blocked('number', '46701234567'), untilEpochUs: undefined },
    { ...blocked('range', '467012345xx'), untilEpochUs: undefined },
  ]);
});

test('EvidenceReader.delistedIn() finds a delisted number of a block that nobody called since', () => {
  using bench = new Bench();
  const { evidence, tables } = bench;
  const block = '467012345xx';
  for (const value of ['467012344', '46701234499', '46701234600', '467012345', '467012345000'])
    bench.delist('number', value);
  bench.delist('address', '46701234550');
  assert.equal(evidence.delistedIn(block), undefined);
  bench.delist('number', '46701234567');
  assert.equal(evidence.delistedIn(block), '46701234567');
  assert.equal(evidence.delistedIn('4670123456x'), '46701234567');
  tables.number('46701234567', 0);
  assert.equal(evidence.delistedIn(block), '46701234567', 'calls that anybody can forge');
  bench.run('UPDATE number_evidence SET proved_events = 1');
  assert.equal(evidence.delistedIn(block), undefined);
});

test('EvidenceReader reads the place of the judge and the number of decisions', () => {
  using bench = new Bench();
  const { evidence } = bench;
  assert.deepEqual([evidence.judgedByHash(), evidence.decisionsCount()], [undefined, 0]);
  bench.run(`UPDATE counter SET value = 42 WHERE name = 'judge_options';
    UPDATE counter SET value = 7 WHERE name = 'decisions'`);
  assert.deepEqual([evidence.judgedByHash(), evidence.decisionsCount()], [42, 7]);
  bench.run("DELETE FROM counter WHERE name IN ('judge_options', 'decisions')");
  assert.deepEqual([evidence.judgedByHash(), evidence.decisionsCount()], [undefined, 0]);
});

test('EvidenceReader.said() asks the pool for an address by what it is judged as, and for no block', () => {
  using bench = new Bench();
  const { evidence } = bench;
  assert.equal(evidence.isPoolHeard(), false);
  const facts = packFacts({
    grade: 'handshake',
    contactsLog2: 1,
    daysCount: 1,
    triedPasswords: false,
    madeCostlyCalls: true,
    usedTool: false,
    breadthLog2: 1,
  });
  bench.run(`INSERT INTO pool_author (node_id, public_key, state, standing, serial, floor, pages, claims, first_seen_us,
      last_seen_us) VALUES ('n', x'00', 'alive', 0, 1, 1, 1, 1, 1, 1);
    INSERT INTO pool_claim (subject, author_id, serial, last_hour, end_s, facts) VALUES
      ('2a00:1450:1::/64', 1, 1, 1, 1, ${facts}), ('46701234567', 1, 1, 1, 1, ${facts}),
      ('467012345xx', 1, 1, 1, 1, ${facts}), ('45.13.0.1', 1, 1, 1, 1, ${facts})`);
  assert.equal(evidence.isPoolHeard(), true);
  const isSaid = (kind: 'address' | 'number' | 'range', value: string): boolean =>
    evidence.said({ kind, value }) !== undefined;
  assert.deepEqual(
    [
      isSaid('address', '2a00:1450:1::7'),
      isSaid('address', '45.13.0.1'),
      isSaid('number', '46701234567'),
      isSaid('range', '467012345xx'),
      isSaid('number', '46701234568'),
    ],
    [true, true, true, false, false],
  );
});

test('EvidenceReader reads what hubs of the fleet list, and what their operators blocked', () => {
  using bench = new Bench();
  const { evidence, tables } = bench;
  assert.deepEqual([...evidence.followedKinds()], []);
  tables.fleet('number', '46701234567');
  tables.fleet('range', '467012345xx');
  assert.deepEqual([...evidence.followedKinds()].toSorted(), ['number', 'range']);
  const subject = { kind: 'number', value: '46701234567' } as const;
  assert.deepEqual(evidence.fleet(subject), {
    level: 'listed',
    score: 60,
    reasons: [],
    lastEpochUs: NOON_US,
    untilEpochUs: NOON_US + DAY_US,
    facts: { grade: 'returned', firstEpochUs: NOON_US, lastEpochUs: NOON_US, eventsCount: 1 },
  });
  assert.equal(evidence.fleet({ kind: 'address', value: '46701234567' }), undefined);
  assert.deepEqual(evidence.fleetBlocks(), []);
  bench.run("UPDATE fleet_listing SET is_blocked = 1 WHERE kind = 'number'");
  assert.equal(evidence.fleet(subject), undefined);
  assert.deepEqual(evidence.fleetBlocks(), [
    {
      subject,
      comment: '',
      createdEpochUs: NOON_US,
      untilEpochUs: NOON_US + DAY_US,
      isOfFleet: true,
    },
  ]);
});
