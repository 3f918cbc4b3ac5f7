// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What the pool's pages, keys and counts are read as, row by row, and what this node may say from its own evidence. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClaimFacts } from '@sentrypeer/event';
import { PoolReader } from '../../src/pool/pool-reader.ts';
import { NOON_US } from '../fixtures.ts';
import { SaidTables } from './said.ts';

const NODE_A = 'aaaaaaaa-0000-4000-8000-000000000000';
const NODE_B = 'bbbbbbbb-0000-4000-8000-000000000000';

class Bench extends SaidTables {
  readonly reader = new PoolReader(this.database, this.path);

  run(sql: string): void {
    this.database.exec(sql);
  }

  proof(authorId: number, first: string, second: string): void {
    this.run(`INSERT INTO pool_proof VALUES (${authorId}, x'${first}', x'${second}')`);
  }
}

const hex = (octets: Uint8Array | undefined): string | undefined => octets?.toHex();

test('PoolReader reads pages in the order in which they came, also one of them, and their number', () => {
  using bench = new Bench();
  const { reader } = bench;
  const [a, b] = [bench.author('a'), bench.author('b')];
  bench.page(b, 9);
  bench.page(a, 5);
  bench.page(a, 3);
  bench.run(
    "UPDATE pool_page SET octets = CAST(serial AS BLOB); UPDATE counter SET value = 3 WHERE name = 'pool_pages'",
  );
  const read = (after: number, limit: number): readonly string[] =>
    reader.pages(after, limit).map(({ pageId, octets }) => `${pageId} ${hex(octets)}`);
  assert.deepEqual(read(0, 10), ['1 39', '2 35', '3 33']);
  assert.deepEqual(read(1, 1), ['2 35']);
  assert.deepEqual([reader.pageIds(), reader.pagesCount()], [[1, 2, 3], 3]);
  assert.deepEqual([hex(reader.page(2)), reader.page(4)], ['35', undefined]);
});

test('PoolReader.changes() and pagesCount() are 0 where a counter is missing', () => {
  using bench = new Bench();
  bench.run("UPDATE counter SET value = 8 WHERE name = 'pool_changes'");
  assert.equal(bench.reader.changes(), 8);
  bench.run("DELETE FROM counter WHERE name GLOB 'pool_*'");
  assert.deepEqual([bench.reader.changes(), bench.reader.pagesCount()], [0, 0]);
});

test('PoolReader has the keys of voters, from their pages or from links, and whose is missing', () => {
  using bench = new Bench();
  bench.author('a', 'voter');
  bench.author('c', 'known');
  bench.author('d', 'stranger');
  bench.run(`UPDATE pool_author SET public_key = CAST('key ' || node_id AS BLOB)`);
  for (const name of ['a', 'b', 'e', 'f']) bench.origin(name, { isVoter: name !== 'f' });
  bench.run(
    "UPDATE origin SET public_key = CAST('key ' || node_id AS BLOB) WHERE node_id IN ('b', 'f')",
  );
  const names = (keys: ReadonlySet<string>): readonly string[] =>
    [...keys].map((key) => new TextDecoder().decode(Uint8Array.fromHex(key))).toSorted();
  assert.deepEqual(names(bench.reader.voterKeys()), ['key a', 'key b']);
  assert.deepEqual([...bench.reader.keylessVoters()].toSorted(), ['a', 'e']);
  assert.deepEqual(names(bench.reader.knownKeys()), ['key c']);
});

test('PoolReader.voters() says of which a link proved a network since, the others first', () => {
  using bench = new Bench();
  for (const name of ['a', 'b', 'c', 'd']) bench.origin(name, { isVoter: name !== 'd' });
  bench.network('a', '45.0.0.0/16', NOON_US);
  bench.network('b', '45.0.0.0/16', NOON_US, true);
  bench.network('c', '45.0.0.0/16', NOON_US + 1);
  bench.network('d', '45.0.0.0/16', NOON_US + 1);
  const voters = (sinceUs: number): readonly string[] =>
    bench.reader.voters(sinceUs).map(({ nodeId, isProved }) => `${nodeId} ${isProved}`);
  assert.deepEqual(voters(NOON_US), ['a false', 'b false', 'c true']);
  assert.deepEqual(voters(NOON_US - 1), ['b false', 'a true', 'c true']);
});

test('PoolReader.distrust() covers the nodes and the networks that the operator distrusts', () => {
  using bench = new Bench();
  const { reader } = bench;
  const place = { nodeId: NODE_A, address: '45.13.0.1', network: '45.13.0.0/16' };
  assert.equal(reader.distrust().covers(place), false, 'before anything has changed');
  const changed = (): void =>
    bench.run("UPDATE counter SET value = value + 1 WHERE name = 'pool_changes'");
  bench.origin(NODE_A, { trust: 'distrusted' });
  bench.origin(NODE_B, { trust: 'trusted' });
  bench.origin('45.14.0.0/16', { trust: 'distrusted' });
  bench.origin('AS64500', { trust: 'distrusted' });
  bench.origin('x', { trust: 'distrusted' });
  changed();
  const covers = (more: Partial<typeof place>): boolean =>
    reader.distrust().covers({ ...place, nodeId: NODE_B, ...more });
  assert.deepEqual(
    [
      covers({ nodeId: NODE_A }),
      covers({}),
      covers({ address: '45.14.9.9' }),
      covers({ network: 'AS64500' }),
    ],
    [true, false, true, true],
  );
  const before = reader.distrust();
  changed();
  assert.equal(reader.distrust(), before, 'the same are distrusted');
  bench.run("DELETE FROM origin WHERE node_id = 'AS64500'");
  assert.equal(covers({ network: 'AS64500' }), true, 'nothing says that it has changed');
  changed();
  assert.equal(covers({ network: 'AS64500' }), false);
});

test('PoolReader.distrust() is read the first time, however much has changed before', () => {
  for (const changes of [0, 1, 2]) {
    using bench = new Bench();
    bench.origin(NODE_A, { trust: 'distrusted' });
    bench.run(`UPDATE counter SET value = ${changes} WHERE name = 'pool_changes'`);
    const node = { nodeId: NODE_A, address: '', network: '' };
    assert.equal(bench.reader.distrust().covers(node), true);
  }
});

test('PoolReader has the proofs of lies, by author', () => {
  using bench = new Bench();
  const [a, b] = [bench.author('a'), bench.author('b')];
  bench.proof(b, '03', '04');
  bench.proof(a, '01', '02');
  const proofs = (after: number, limit: number): readonly string[] =>
    bench.reader.proofs(after, limit).map(({ id, pages }) => [id, ...pages.map(hex)].join(' '));
  assert.deepEqual(proofs(0, 9), [`${a} 01 02`, `${b} 03 04`]);
  assert.deepEqual([proofs(a, 9), proofs(0, 1)], [[`${b} 03 04`], [`${a} 01 02`]]);
  assert.deepEqual(bench.reader.proofOf('b').map(hex), ['03', '04']);
  assert.deepEqual(bench.reader.proofOf('c'), []);
});

test("PoolReader has this node's pages by serial, whatever the order in which they came", () => {
  using bench = new Bench();
  const { reader } = bench;
  const [self, other] = [bench.author('a', 'self'), bench.author('b', 'voter')];
  for (const serial of [7, 5]) bench.page(self, serial, 'self');
  bench.page(other, 9, 'voter');
  assert.deepEqual(
    reader.ownPages('a').map(({ pageId, octets }) => [pageId, hex(octets)]),
    [
      [2, '00'],
      [1, '00'],
    ],
  );
  assert.deepEqual([reader.ownPages('b'), reader.ownPages('c')], [[], []]);
  assert.deepEqual(
    ['a', 'b', 'c'].map((name) => reader.ownSerial(name)),
    [7, 0, 0],
  );
});

test('PoolReader.keyState() and lastOwnNodeId() say how it is with the keys of this node', () => {
  using bench = new Bench();
  const { reader } = bench;
  assert.equal(reader.lastOwnNodeId(), undefined);
  for (const name of ['a', 'b']) bench.author(name, 'self');
  bench.author('c', 'voter');
  bench.run(`UPDATE pool_author SET last_seen_us = 5 WHERE node_id = 'a';
    UPDATE pool_author SET last_seen_us = 9 WHERE node_id = 'c';
    UPDATE pool_author SET state = 'retired' WHERE node_id = 'b';
    UPDATE pool_author SET state = 'liar' WHERE node_id = 'c'`);
  assert.equal(reader.lastOwnNodeId(), 'a');
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].map((name) => reader.keyState(name)),
    ['alive', 'retired', 'liar', 'alive'],
  );
});

test('PoolReader.counts() counts everything, and voters without a proved network', () => {
  using bench = new Bench();
  for (const [index, name] of ['authors', 'pages', 'claims', 'admissions', 'networks'].entries()) {
    bench.run(`UPDATE counter SET value = ${index + 10} WHERE name = 'pool_${name}'`);
  }
  for (const name of ['a', 'b', 'c', 'd']) bench.origin(name, { isVoter: name !== 'd' });
  bench.network('a', '45.0.0.0/16');
  bench.network('b', '45.0.0.0/16', NOON_US, true);
  assert.deepEqual(bench.reader.counts(), {
    authors: 10,
    pages: 11,
    claims: 12,
    admitted: 13,
    networks: 14,
    voters: 3,
    unproved: 2,
  });
});

test('PoolReader.othersCount() counts each author once that names it since, but not this node', () => {
  using bench = new Bench();
  const [a, b, self] = [bench.author('a'), bench.author('b', 'voter'), bench.author('c', 'self')];
  for (const serial of [1, 2]) bench.claim(a, '45.13.0.1', serial);
  bench.claim(b, '45.13.0.1', 3);
  bench.claim(self, '45.13.0.1', 3);
  bench.claim(b, '45.13.0.2', 3);
  const count = (hour: number, subject = '45.13.0.1'): number =>
    bench.reader.othersCount(subject, hour);
  assert.deepEqual([count(102), count(103), count(104), count(0, '45.13.0.3')], [2, 1, 0, 0]);
});

test('PoolReader.ownAddresses() has what proved to be there after a time, oldest first', () => {
  using bench = new Bench();
  const at = (us: number, grade: number): Record<string, number> => ({
    last_seen_us: NOON_US + us,
    grade,
  });
  bench.address('45.13.0.1', at(3, 1));
  bench.address('45.13.0.2', at(2, 2));
  bench.address('45.13.0.3', at(1, 0));
  bench.address('45.13.0.4', at(4, 2));
  bench.address('45.13.0.5', at(0, 1));
  const values = (limit: number, us = 0): readonly string[] =>
    bench.reader.ownAddresses(NOON_US + us, limit).map(({ subject }) => subject.value);
  assert.deepEqual(values(9), ['45.13.0.2', '45.13.0.1', '45.13.0.4']);
  assert.deepEqual(values(1), ['45.13.0.2']);
  assert.deepEqual(values(9, 3), ['45.13.0.4']);
});

test('PoolReader.ownAddresses() says what an address did, coarsely', () => {
  using bench = new Bench();
  bench.address('45.13.0.1', {
    grade: 2,
    events_count: 70,
    days_count: 30,
    credentials_count: 1,
    costly_count: 1,
    target_set: 0b11111,
  });
  bench.run("UPDATE address_evidence SET tool = 'SIPVicious'");
  bench.address('45.13.0.2', { last_seen_us: NOON_US + 1 });
  const did: ClaimFacts = {
    grade: 'handshake',
    contactsLog2: 6,
    daysCount: 8,
    triedPasswords: true,
    madeCostlyCalls: true,
    usedTool: true,
    breadthLog2: 2,
  };
  const of = (value: string, lastEpochUs: number, facts: ClaimFacts) => {
    return {
      subject: { kind: 'address', value },
      lastEpochUs,
      facts,
      confidence: 1,
      networksCount: 1,
    };
  };
  const little: ClaimFacts = {
    grade: 'returned',
    contactsLog2: 0,
    daysCount: 1,
    triedPasswords: false,
    madeCostlyCalls: false,
    usedTool: false,
    breadthLog2: 0,
  };
  assert.deepEqual(bench.reader.ownAddresses(0, 9), [
    of('45.13.0.1', NOON_US, did),
    of('45.13.0.2', NOON_US + 1, little),
  ]);
});

test('PoolReader.ownNumbers() has what was called after a time, proved or not, oldest first', () => {
  using bench = new Bench();
  for (const number of ['46701', '46702', '46703', '46704']) bench.number(number);
  bench.run(`UPDATE number_evidence SET last_seen_us = ${NOON_US} + 9 - e164 % 10, grade = e164 % 3;
    UPDATE number_evidence SET events_count = 0 WHERE e164 = '46704';
    UPDATE number_evidence SET confidence = 0.5, source_set = 7, events_count = 9, days_count = 2,
      proved_grade = 2, proved_network_set = 3 | (1 << 40) WHERE e164 = '46703'`);
  const all = bench.reader.ownNumbers(NOON_US, 9);
  assert.deepEqual(
    all.map(({ subject }) => subject),
    ['46703', '46702', '46701'].map((value) => ({ kind: 'number', value })),
  );
  assert.deepEqual(all[0], {
    subject: { kind: 'number', value: '46703' },
    lastEpochUs: NOON_US + 6,
    confidence: 0.5,
    networksCount: 3,
    facts: {
      grade: 'handshake',
      contactsLog2: 3,
      daysCount: 2,
      triedPasswords: false,
      madeCostlyCalls: false,
      usedTool: false,
      breadthLog2: 1,
    },
  });
  assert.deepEqual(
    bench.reader.ownNumbers(NOON_US + 6, 1).map(({ subject }) => subject.value),
    ['46702'],
  );
});
