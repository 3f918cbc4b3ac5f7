// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* In which networks links met nodes, which of those are distrusted, and what is judged again because of it. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DistrustedNetworks } from '../../src/pool/distrusted-networks.ts';
import {
  DISTRUSTED_NETWORKS_MAX,
  NETWORK_DAYS,
  NETWORKS_PROVED_MAX,
  NODE_NETWORKS_MAX,
  PAGES_REMOVED_STEP,
} from '../../src/pool/limits.ts';
import { ProvedNetworks } from '../../src/pool/proved-networks.ts';
import { DAY_US, NOON_US } from '../fixtures.ts';
import { SaidTables } from './said.ts';

class Bench extends SaidTables {
  readonly proved = new ProvedNetworks(this.database, this.clock);
  readonly distrusted = new DistrustedNetworks(this.database);

  run(sql: string): void {
    this.database.exec(sql);
  }

  /** Two voters that name the same address. */
  voters(): void {
    for (const name of ['a', 'b']) {
      this.origin(name, { isVoter: true });
      this.claim(this.author(name, 'voter'), '45.13.0.1');
    }
  }

  prove(nodeId: string, network: string, prefix = network, address = '45.1.0.1'): void {
    this.proved.prove({ nodeId, network, address, prefix });
  }

  distrust(...networks: readonly string[]): void {
    for (const network of networks) this.origin(network, { trust: 'distrusted' });
  }

  /** `node network out`, with a time relative to noon. */
  places(): readonly string[] {
    return this.rows(`SELECT concat_ws(' ', node_id, network, is_out, proved_us - ${NOON_US}) FROM pool_network
      ORDER BY node_id, network`);
  }

  count(): number {
    return this.counter('pool_networks');
  }

  /** What has become due since the last call. */
  since(): readonly string[] {
    const dues = this.dues();
    this.run('DELETE FROM judging_due');
    return dues;
  }
}

const NAMED = ['address 45.13.0.1'];

test('ProvedNetworks.prove() keeps each network of a node once, with its latest time and address', () => {
  using bench = new Bench();
  bench.voters();
  bench.prove('a', '45.1.0.0/16');
  assert.deepEqual(
    [bench.places(), bench.count(), bench.since()],
    [['a 45.1.0.0/16 0 0'], 1, NAMED],
  );
  bench.clock.us += 5;
  bench.prove('a', '45.1.0.0/16', '45.1.0.0/16', '45.1.0.2');
  assert.deepEqual([bench.places(), bench.count(), bench.since()], [['a 45.1.0.0/16 0 5'], 1, []]);
  assert.deepEqual(bench.rows('SELECT address FROM pool_network'), ['45.1.0.2']);
  bench.prove('a', '45.2.0.0/16');
  bench.prove('b', '45.2.0.0/16');
  assert.deepEqual([bench.places().length, bench.count()], [3, 3]);
  assert.deepEqual(bench.since(), [...NAMED, ...NAMED]);
});

test('ProvedNetworks.prove() has nothing judged again for a node without a vote, or one that only it names', () => {
  using bench = new Bench();
  bench.voters();
  bench.claim(bench.author('c'), '45.13.0.1');
  bench.claim(bench.author('d', 'voter'), '45.13.0.2');
  for (const name of ['c', 'd', 'e']) bench.prove(name, '45.1.0.0/16');
  assert.deepEqual([bench.count(), bench.since()], [3, []]);
  bench.claim(1, '46701');
  bench.claim(2, '46701', 2);
  bench.prove('a', '45.1.0.0/16');
  assert.deepEqual(bench.since().toSorted(), ['address 45.13.0.1', 'number 46701']);
});

test('ProvedNetworks.prove() no longer counts a prefix once its autonomous system is known', () => {
  using bench = new Bench();
  bench.voters();
  bench.prove('a', 'AS64500', '45.1.0.0/16');
  assert.deepEqual([bench.places(), bench.count()], [['a AS64500 0 0'], 1]);
  bench.network('a', '45.1.0.0/16');
  bench.run("UPDATE counter SET value = 2 WHERE name = 'pool_networks'");
  bench.since();
  bench.prove('a', 'AS64500', '45.1.0.0/16');
  assert.deepEqual([bench.places(), bench.count(), bench.since()], [['a AS64500 0 0'], 1, NAMED]);
  bench.prove('a', 'AS64500', '45.1.0.0/16');
  assert.deepEqual([bench.count(), bench.since()], [1, []]);
});

test('ProvedNetworks.prove() keeps the latest networks of one node', () => {
  using bench = new Bench();
  for (let index = 0; index <= NODE_NETWORKS_MAX; index += 1) {
    bench.clock.us += 1;
    bench.prove('a', `45.${index}.0.0/16`);
  }
  assert.deepEqual([bench.places().length, bench.count()], [NODE_NETWORKS_MAX, NODE_NETWORKS_MAX]);
  assert.ok(!bench.places().some((place) => place.startsWith('a 45.0.0.0/16')));
});

test('ProvedNetworks.prove() forgets the oldest networks beyond a limit, but none of a voter', () => {
  using bench = new Bench();
  bench.origin('a', { isVoter: true });
  bench.network('a', '45.1.0.0/16', NOON_US - 3);
  bench.network('b', '45.1.0.0/16', NOON_US - 2);
  bench.network('c', '45.1.0.0/16', NOON_US - 1);
  bench.run(`UPDATE counter SET value = ${NETWORKS_PROVED_MAX - 1} WHERE name = 'pool_networks'`);
  bench.prove('d', '45.1.0.0/16');
  assert.equal(bench.places().length, 4, 'it has room');
  bench.prove('e', '45.1.0.0/16');
  const left = ['a', 'c', 'd', 'e'];
  assert.deepEqual(
    bench.places().map(([node]) => node),
    left,
  );
  assert.equal(bench.count(), NETWORKS_PROVED_MAX);
  bench.run(`UPDATE counter SET value = ${NETWORKS_PROVED_MAX + 9} WHERE name = 'pool_networks'`);
  bench.prove('a', '45.2.0.0/16');
  assert.deepEqual(
    bench.places().map(([node]) => node),
    ['a', 'a'],
    'only those of a voter are left',
  );
  assert.equal(bench.count(), NETWORKS_PROVED_MAX + 10 - 3);
});

test('ProvedNetworks.removeOld() removes some networks without a link for long, and has judged again', () => {
  using bench = new Bench();
  bench.voters();
  const goneUs = NOON_US - NETWORK_DAYS * DAY_US;
  for (let index = 0; index < PAGES_REMOVED_STEP; index += 1) {
    bench.network('x', `45.${index}.0.0/16`, goneUs - 1 - index);
  }
  bench.network('a', '45.1.0.0/16', goneUs);
  bench.network('b', '45.1.0.0/16', goneUs + 1);
  bench.run("UPDATE counter SET value = 9 WHERE name = 'pool_networks'");
  assert.equal(bench.proved.removeOld(NOON_US), true, 'there may be more');
  assert.deepEqual(
    bench.places().map(([node]) => node),
    ['a', 'b'],
  );
  assert.deepEqual([bench.count(), bench.since()], [9 - PAGES_REMOVED_STEP, []]);
  assert.equal(bench.proved.removeOld(NOON_US), false);
  assert.deepEqual(
    bench.places().map(([node]) => node),
    ['b'],
  );
  assert.deepEqual([bench.count(), bench.since()], [8 - PAGES_REMOVED_STEP, NAMED]);
});

test('a place in a distrusted network is out from the first link on, and what was in it is judged again', () => {
  using bench = new Bench();
  bench.voters();
  bench.distrust('45.1.0.0/16');
  bench.prove('a', 'AS64500', 'AS64500', '45.1.7.9');
  assert.deepEqual([bench.places(), bench.since()], [['a AS64500 1 0'], NAMED]);
  bench.prove('a', 'AS64500', 'AS64500', '45.1.7.9');
  assert.deepEqual(bench.since(), [], 'nothing is new');
  bench.prove('a', 'AS64500', 'AS64500', '45.2.7.9');
  assert.deepEqual([bench.places(), bench.since()], [['a AS64500 0 0'], NAMED], 'it has moved');
});

test('ProvedNetworks.applyDistrust() decides again for each place, and has judged again what that changes', () => {
  using bench = new Bench();
  bench.voters();
  bench.prove('a', '45.1.0.0/16');
  bench.prove('b', '45.2.0.0/16', '45.2.0.0/16', '45.2.0.1');
  bench.since();
  bench.distrust('45.1.0.0/16');
  bench.proved.applyDistrust();
  assert.deepEqual(
    [bench.places(), bench.since()],
    [['a 45.1.0.0/16 1 0', 'b 45.2.0.0/16 0 0'], NAMED],
  );
  bench.proved.applyDistrust();
  assert.deepEqual(bench.since(), []);
  bench.run("DELETE FROM origin WHERE trust = 'distrusted'");
  bench.proved.applyDistrust();
  assert.deepEqual(
    [bench.places(), bench.since()],
    [['a 45.1.0.0/16 0 0', 'b 45.2.0.0/16 0 0'], NAMED],
  );
});

test('DistrustedNetworks.apply() names each node of which a place changed once', () => {
  using bench = new Bench();
  for (const [node, network, address] of [
    ['a', 'AS1', '45.1.0.1'],
    ['a', 'AS2', '45.1.0.2'],
    ['b', 'AS64500', '45.2.0.1'],
    ['c', 'AS3', '45.3.0.1'],
  ] as const) {
    bench.prove(node, network, network, address);
  }
  bench.distrust('45.1.0.0/16', 'AS64500', 'no network');
  assert.deepEqual(bench.distrusted.apply().toSorted(), ['a', 'b']);
  assert.deepEqual(bench.places(), ['a AS1 1 0', 'a AS2 1 0', 'b AS64500 1 0', 'c AS3 0 0']);
  const place = { address: '45.3.0.1', network: 'AS3' };
  assert.equal(bench.distrusted.covers(place), false);
  assert.equal(bench.distrusted.covers({ ...place, address: '45.1.9.9' }), true);
  assert.equal(bench.distrusted.covers({ ...place, network: 'AS64500' }), true);
});

test('DistrustedNetworks.apply() withdraws the pages that links from there brought, and no others', () => {
  using bench = new Bench();
  const author = bench.author('a');
  const addresses = ['45.1.0.1', '45.1.0.2', '45.1.0.2', '45.2.0.1', ''];
  for (const [index, address] of addresses.entries())
    bench.page(author, index, 'stranger', address);
  bench.run(`UPDATE pool_page SET told_network = 'AS64500' WHERE told_address = '45.2.0.1';
    INSERT INTO pool_withdrawal (told_address) VALUES ('45.9.0.1')`);
  const withdrawn = (...networks: readonly string[]): readonly string[] => {
    bench.run('DELETE FROM origin');
    bench.distrust(...networks);
    bench.distrusted.apply();
    return bench.rows('SELECT told_address FROM pool_withdrawal ORDER BY 1');
  };
  assert.deepEqual(withdrawn('45.1.0.0/16'), ['45.1.0.1', '45.1.0.2']);
  assert.deepEqual(withdrawn('AS64500'), ['45.2.0.1']);
  assert.deepEqual(withdrawn(), []);
});

test('DistrustedNetworks.apply() refuses more networks than it may be, with advice', () => {
  using bench = new Bench();
  const networks = Array.from(
    { length: DISTRUSTED_NETWORKS_MAX },
    (_, index) => `45.${index}.0.0/16`,
  );
  bench.run('BEGIN');
  bench.distrust(...networks);
  bench.run('COMMIT');
  assert.deepEqual(bench.distrusted.apply(), []);
  bench.distrust('46.0.0.0/16');
  assert.throws(() => bench.distrusted.apply(), {
    code: 'networks_full',
    message:
      '256 networks are distrusted already; take one back first: sentrypeer peers forget NETWORK',
  });
});
