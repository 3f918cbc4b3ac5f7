// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* How other nodes are shown: in the list of authors, whose claims are looked up, and in the quick overview. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AuthorList } from '../../src/pool/author-list.ts';
import { NODES_SHOWN_MAX } from '../../src/pool/limits.ts';
import { NodeReader, type KnownNode } from '../../src/pool/node-reader.ts';
import { NOON_US } from '../fixtures.ts';
import { SaidTables } from './said.ts';

class Bench extends SaidTables {
  readonly list = new AuthorList(this.database);
  readonly nodes = new NodeReader(this.database, this.path);

  run(sql: string): void {
    this.database.exec(sql);
  }

  node(nodeId: string): KnownNode | undefined {
    return this.nodes.all([nodeId])[0];
  }
}

test('AuthorList.all() compares what an author claims with what is known here', () => {
  using bench = new Bench();
  const a = bench.author('a');
  const subjects = [
    '45.13.0.1',
    '45.13.0.2',
    '45.13.0.3',
    '46701',
    '46702',
    '46703',
    '46704',
    '46705',
  ];
  for (const subject of subjects) bench.claim(a, subject);
  bench.claim(a, '45.13.0.1', 2);
  bench.claim(bench.author('b'), '45.13.0.9');
  for (const address of ['45.13.0.1', '45.13.0.9']) bench.address(address);
  for (const number of ['46701', '46702']) bench.number(number);
  bench.run("UPDATE number_evidence SET events_count = 0 WHERE e164 = '46702'");
  bench.allowance('45.13.0.2');
  bench.allowance('+46703');
  bench.run(`INSERT INTO delisting (kind, value, at_us, events_count, honey_id, comment)
    VALUES ('number', '46704', 1, 0, 0, ''), ('range', '46705', 1, 0, 0, '')`);
  bench.run(
    `UPDATE pool_author SET foretold = 4, first_seen_us = 5, last_seen_us = 6 WHERE node_id = 'a'`,
  );
  assert.deepEqual(
    bench.list.all().find(({ nodeId }) => nodeId === 'a'),
    {
      nodeId: 'a',
      publicKey: new Uint8Array(1),
      state: 'alive',
      firstSeenEpochUs: 5,
      lastSeenEpochUs: 6,
      claimsCount: 8,
      metCount: 2,
      disputedCount: 3,
      foretoldCount: 4,
      isKnown: false,
      isOut: false,
      networks: [],
    },
  );
});

test('AuthorList.all() has voters first and never this node, and says what their keys are worth', () => {
  using bench = new Bench();
  for (const [name, standing] of [
    ['a', 'stranger'],
    ['b', 'self'],
    ['c', 'voter'],
    ['d', 'known'],
  ] as const) {
    bench.author(name, standing);
  }
  bench.run(`UPDATE pool_author SET state = 'liar' WHERE node_id = 'a';
    UPDATE pool_author SET state = 'retired' WHERE node_id = 'c'`);
  assert.deepEqual(
    bench.list
      .all()
      .map(({ nodeId, state, isKnown, claimsCount, metCount, disputedCount }) =>
        [nodeId, state, isKnown, claimsCount, metCount, disputedCount].join(' '),
      ),
    ['c retired false 0 0 0', 'd alive true 0 0 0', 'a liar false 0 0 0'],
  );
});

test('a node is out if links met it only in networks that the operator distrusts', () => {
  using bench = new Bench();
  for (const name of ['a', 'b', 'c']) bench.author(name);
  bench.network('a', '45.1.0.0/16', NOON_US, true);
  bench.network('a', '45.2.0.0/16', NOON_US + 1, true);
  bench.network('b', '45.1.0.0/16', NOON_US + 1, true);
  bench.network('b', '45.2.0.0/16', NOON_US);
  bench.run("UPDATE pool_network SET address = '45.9.9.9' WHERE network = '45.2.0.0/16'");
  assert.deepEqual(
    bench.list
      .all()
      .map(({ nodeId, isOut, networks }) => [nodeId, isOut, ...networks].join(' '))
      .toSorted(),
    ['a true 45.2.0.0/16 45.1.0.0/16', 'b false 45.1.0.0/16 45.2.0.0/16', 'c false'],
  );
  assert.deepEqual(
    ['a', 'b', 'c'].map((name) => [bench.node(name)?.isOut, bench.node(name)?.place]),
    [
      [true, { address: '45.9.9.9', network: '45.2.0.0/16' }],
      [false, { address: '', network: '45.1.0.0/16' }],
      [false, undefined],
    ],
  );
});

test('NodeReader joins what is known of a node as an author and as an origin', () => {
  using bench = new Bench();
  bench.author('a', 'known');
  bench.origin('a', { isVoter: true, name: 'Alice', trust: 'trusted' });
  bench.run(`UPDATE pool_author SET first_seen_us = 5, last_seen_us = 7, claims = 3, foretold = 2, state = 'retired';
    UPDATE origin SET first_seen_us = 4, last_seen_us = 6, events = 9, public_key = x'01'`);
  assert.deepEqual(bench.node('a'), {
    nodeId: 'a',
    publicKey: new Uint8Array([0]),
    name: 'Alice',
    trust: 'trusted',
    isVoter: true,
    isKnown: true,
    state: 'retired',
    isOut: false,
    place: undefined,
    claimsCount: 3,
    foretoldCount: 2,
    eventsCount: 9,
    firstSeenEpochUs: 4,
    lastSeenEpochUs: 7,
  });
});

test('NodeReader shows a node of which only one of them, or nothing, is known', () => {
  using bench = new Bench();
  bench.author('a', 'voter');
  bench.origin('b', { trust: 'distrusted' });
  bench.run(`UPDATE origin SET public_key = x'01', first_seen_us = 8, last_seen_us = 9;
    UPDATE pool_author SET state = 'liar', first_seen_us = 6, last_seen_us = 7`);
  const shown = (name: string): readonly unknown[] => {
    const node = bench.node(name);
    const times = [node?.firstSeenEpochUs, node?.lastSeenEpochUs];
    return [
      node?.publicKey?.toHex(),
      node?.name,
      node?.trust,
      node?.state,
      node?.isVoter,
      node?.isKnown,
      ...times,
    ];
  };
  assert.deepEqual(shown('a'), ['00', '', 'none', 'liar', false, false, 6, 7]);
  assert.deepEqual(shown('b'), ['01', '', 'distrusted', 'alive', false, false, 8, 9]);
  assert.deepEqual(shown('c'), [undefined, '', 'none', 'alive', false, false, 0, 0]);
  const { claimsCount, foretoldCount, eventsCount } = bench.node('c') ?? {};
  assert.deepEqual([claimsCount, foretoldCount, eventsCount], [0, 0, 0]);
});

test('NodeReader.all() has each node once: linked ones, then those judged, authors by standing, and the latest', () => {
  using bench = new Bench();
  for (const [name, trust] of [
    ['a', 'none'],
    ['b', 'none'],
    ['c', 'distrusted'],
    ['d', 'none'],
  ] as const) {
    bench.origin(name, { isVoter: name === 'd', trust });
  }
  bench.run("UPDATE origin SET last_seen_us = 2 WHERE node_id = 'b'");
  bench.author('e');
  bench.author('f', 'known');
  bench.author('g', 'self');
  bench.author('d', 'voter');
  const ids = (...linked: readonly string[]): readonly string[] =>
    bench.nodes.all(linked).map(({ nodeId }) => nodeId);
  assert.deepEqual(ids('x', 'e'), ['x', 'e', 'c', 'd', 'f', 'b', 'a']);
  assert.deepEqual(ids(), ['c', 'd', 'f', 'e', 'b', 'a']);
  const many = Array.from({ length: NODES_SHOWN_MAX + 1 }, (_, index) => `${index}`);
  assert.deepEqual(ids(...many), many.slice(0, NODES_SHOWN_MAX));
});
