// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  AUTHOR_PAGES_MAX,
  AUTHORS_MAX,
  DISTRUSTED_NETWORKS_MAX,
  NETWORK_DAYS,
  NODES_SHOWN_MAX,
  POOL_CLAIMS_MAX,
  POOL_PAGES_MAX,
  STRANGER_CLAIMS_MAX,
  SUBJECT_AUTHORS_MAX,
  VOTERS_MAX,
} from '../../src/pool/limits.ts';
import type { ProvedNetwork } from '../../src/pool/proved-networks.ts';
import { Peers } from '../../src/sharing/peers.ts';
import { PoolFile } from '../../src/pool/pool-file.ts';
import { TestLogger, WITHOUT_VERSION_21 } from '../fixtures.ts';
import { addresses, NOON_S, nodeOf, pageOf, type PageOptions } from './pages.ts';
import { PoolStore } from './pool-store.ts';

class World extends PoolStore {
  add(name: string, options: PageOptions): string {
    return this.store.addPages([pageOf(name, options)])[0] ?? '';
  }

  /** Who claims what, by serial. */
  claims(): readonly string[] {
    return this.database
      .prepare('SELECT subject, serial FROM pool_claim ORDER BY subject, serial')
      .all()
      .map((row) => `${String(row['subject'])} ${Number(row['serial']) - NOON_S}`);
  }

  number(sql: string): number {
    return Number(Object.values(this.database.prepare(sql).get() ?? {})[0]);
  }
}

test('`addPages()` keeps a page and its claims once', () => {
  using world = new World();
  const options = { subjects: ['45.0.0.1', '442071234567'] };
  assert.equal(world.add('a', options), 'taken');
  assert.equal(world.add('a', options), 'known');
  assert.deepEqual(world.claims(), ['442071234567 0', '45.0.0.1 0']);
  assert.deepEqual(world.reader.pool.counts(), {
    authors: 1,
    pages: 1,
    claims: 2,
    voters: 0,
    unproved: 0,
    admitted: 0,
    networks: 0,
  });
  assert.equal(world.reader.pool.pages(0, 10).length, 1);
});

test('a page replaces those from its `replaces` up to itself, whichever comes first', () => {
  const pages: readonly PageOptions[] = [
    { serial: NOON_S, subjects: ['45.0.0.1'] },
    { serial: NOON_S + 1, subjects: ['45.0.0.2'] },
    { serial: NOON_S + 2, replaces: NOON_S + 1, subjects: ['45.0.0.3'] },
    { serial: NOON_S + 3, replaces: NOON_S + 2, subjects: ['45.0.0.4'] },
  ];
  for (const order of [
    [0, 1, 2, 3],
    [0, 2, 1, 3, 1],
    [0, 2, 3, 1],
  ]) {
    using world = new World();
    for (const index of order) world.add('a', pages[index] ?? { subjects: [] });
    assert.deepEqual(world.claims(), ['45.0.0.1 0', '45.0.0.4 3'], String(order));
    assert.equal(world.number('SELECT pages FROM pool_author'), 2);
  }
});

test('a page that replaces all is the lowest that is ever taken again', () => {
  using world = new World();
  world.add('a', { serial: NOON_S + 5, replaces: 0, subjects: ['45.0.0.1'] });
  assert.equal(world.add('a', { serial: NOON_S + 4, subjects: ['45.0.0.2'] }), 'replaced');
  world.add('a', { serial: NOON_S + 9, replaces: NOON_S + 5, subjects: [] });
  assert.equal(world.add('a', { serial: NOON_S + 5, subjects: ['45.0.0.1'] }), 'replaced');
  assert.equal(world.add('a', { serial: NOON_S + 8, subjects: ['45.0.0.2'] }), 'replaced');
  assert.deepEqual(world.claims(), []);
});

test('what was replaced does not come back when the page that replaced it has ended', () => {
  using world = new World();
  const old = { serial: NOON_S, subjects: ['442071234567'] };
  world.add('a', old);
  world.add('a', { serial: NOON_S + 1, replaces: 0, subjects: ['45.0.0.1'] });
  world.clock.us += 9 * 86_400e6;
  world.maintain();
  assert.equal(world.reader.pool.pages(0, 10).length, 0);
  assert.equal(world.add('a', old), 'replaced');
});

test('two pages of one serial are a proof against their author, who is never believed again', () => {
  using world = new World();
  assert.equal(world.add('a', { subjects: ['45.0.0.1'] }), 'taken');
  assert.equal(world.add('b', { subjects: ['45.0.0.1'] }), 'taken');
  assert.equal(world.add('a', { subjects: ['45.0.0.2'] }), 'caught_lying');
  assert.equal(world.add('a', { serial: NOON_S + 1, subjects: ['45.0.0.2'] }), 'liar');
  assert.deepEqual(world.claims(), ['45.0.0.1 0']);
  const [proof, ...more] = world.reader.pool.proofs(0, 10);
  assert.equal(proof?.pages.length, 2);
  assert.equal(more.length, 0);
});

test('nothing of a retired key counts any more', () => {
  using world = new World();
  world.add('a', { subjects: ['45.0.0.1'] });
  assert.equal(world.add('a', { serial: NOON_S + 9, isRetired: true, subjects: [] }), 'taken');
  assert.equal(world.add('a', { serial: NOON_S + 10, subjects: ['45.0.0.1'] }), 'retired');
  assert.deepEqual(world.claims(), []);
  assert.equal(world.reader.pool.pages(0, 10).length, 1, 'so that others learn of it');
});

test('pages of a distrusted key go and are not taken; those of others stay', () => {
  using world = new World();
  world.add('a', { subjects: addresses(280) });
  for (let index = 1; index < 12; index += 1) {
    world.add('a', { serial: NOON_S + index, subjects: [`46.0.0.${index}`] });
  }
  world.add('b', { subjects: ['45.0.0.1'] });
  world.store.setTrust(nodeOf('a'), 'distrusted');
  world.maintain();
  assert.deepEqual(world.claims(), ['45.0.0.1 0']);
  assert.equal(world.add('a', { serial: NOON_S + 20, subjects: ['45.0.0.9'] }), 'distrusted');
  assert.deepEqual(world.reader.pool.counts(), {
    authors: 2,
    pages: 1,
    claims: 1,
    voters: 0,
    unproved: 0,
    admitted: 0,
    networks: 0,
  });
});

test('pages go when they end', () => {
  using world = new World();
  world.add('a', { subjects: ['45.0.0.1'] });
  world.add('a', { serial: NOON_S + 1, madeEpochS: NOON_S + 3600, subjects: ['45.0.0.2'] });
  world.clock.us += 8 * 86_400e6;
  world.maintain();
  assert.deepEqual(world.claims(), ['45.0.0.2 1']);
});

test('a key has a limited number of pages and claims', () => {
  using world = new World();
  for (let index = 0; index < AUTHOR_PAGES_MAX; index += 1) {
    assert.equal(world.add('a', { serial: NOON_S + index, subjects: ['45.0.0.1'] }), 'taken');
  }
  const next = { serial: NOON_S + 100, subjects: ['45.0.0.1'] };
  assert.equal(world.add('a', next), 'too_many_pages');
  assert.equal(world.add('a', { ...next, replaces: NOON_S }), 'taken');
  const perPage = 256;
  const many = addresses(STRANGER_CLAIMS_MAX);
  for (let at = 0; at < STRANGER_CLAIMS_MAX; at += perPage) {
    const subjects = many.slice(at, at + perPage);
    assert.equal(world.add('b', { serial: NOON_S + at, subjects }), 'taken');
  }
  const one = { serial: NOON_S + 99_000, subjects: ['46.0.0.1'] };
  assert.equal(world.add('b', one), 'too_many_claims');
  world.store.setTrust(nodeOf('b'), 'trusted');
  assert.equal(world.add('b', one), 'taken', 'a voter may say more');
});

test('a limited number of authors is kept for a subject, and a voter takes the place of a stranger', () => {
  using world = new World();
  for (let index = 0; index <= SUBJECT_AUTHORS_MAX; index += 1) {
    assert.equal(world.add(`author ${index}`, { subjects: ['45.0.0.1'] }), 'taken');
  }
  assert.equal(world.claims().length, SUBJECT_AUTHORS_MAX);
  world.store.setTrust(nodeOf('voter'), 'trusted');
  world.add('voter', { subjects: ['45.0.0.1'] });
  assert.equal(world.claims().length, SUBJECT_AUTHORS_MAX);
  assert.equal(
    world.number(
      'SELECT count(*) FROM pool_claim JOIN pool_author USING (author_id) WHERE standing = 2',
    ),
    1,
  );
});

test('when the pool is full the oldest page of a stranger makes room, never one of a voter', () => {
  using world = new World();
  world.store.setTrust(nodeOf('voter'), 'trusted');
  world.add('voter', { madeEpochS: NOON_S - 9000, subjects: ['45.0.0.1'] });
  world.add('a', { madeEpochS: NOON_S - 8000, subjects: ['45.0.0.2'] });
  const full = `UPDATE counter SET value = ${POOL_CLAIMS_MAX} WHERE name = 'pool_claims'`;
  world.database.exec(full);
  const old = { madeEpochS: NOON_S - 8500, subjects: ['45.0.0.3'] };
  assert.equal(world.add('b', old), 'no_room', 'it is older than all that may go');
  assert.equal(world.add('b', { subjects: ['45.0.0.3'] }), 'taken');
  assert.deepEqual(world.claims(), ['45.0.0.1 0', '45.0.0.3 0']);
  world.database.exec(`UPDATE counter SET value = ${POOL_PAGES_MAX} WHERE name = 'pool_pages'`);
  world.add('voter', { serial: NOON_S + 1, subjects: ['45.0.0.4'] });
  assert.deepEqual(world.claims(), ['45.0.0.1 0', '45.0.0.4 1']);
});

test('when too many authors are remembered an idle one is forgotten, a liar last', () => {
  using world = new World();
  world.add('idle', { madeEpochS: NOON_S - 9 * 86_400, subjects: [] });
  world.add('liar', { subjects: ['45.0.0.1'] });
  world.add('liar', { subjects: ['45.0.0.2'] });
  world.maintain();
  world.database.exec(`UPDATE counter SET value = ${AUTHORS_MAX} WHERE name = 'pool_authors'`);
  assert.equal(world.add('new', { subjects: ['45.0.0.3'] }), 'taken');
  assert.equal(world.add('liar', { serial: NOON_S + 1, subjects: [] }), 'liar');
  world.database.exec('UPDATE pool_author SET pages = 1');
  assert.equal(world.add('newer', { subjects: [] }), 'too_many_authors');
});

test('`setTrust()` makes only nodes with a key voters, and a limited number of them', () => {
  using world = new World();
  world.store.setTrust('bbbbbbbb-0000-4000-8000-000000000000', 'trusted');
  assert.equal(world.reader.pool.counts().voters, 0);
  for (let index = 0; index < VOTERS_MAX; index += 1) {
    world.store.setTrust(nodeOf(`voter ${index}`), 'trusted', `Voter ${index}`);
  }
  assert.throws(() => world.store.setTrust(nodeOf('another'), 'trusted'), { code: 'voters_full' });
  assert.equal(world.reader.pool.counts().voters, VOTERS_MAX);
  assert.equal(world.reader.origins.origin(nodeOf('voter 3'))?.name, 'Voter 3');
  world.store.forget(nodeOf('voter 3'));
  world.store.setTrust(nodeOf('another'), 'trusted');
});

test('a node that an older version trusted is not a voter until the operator says so again', () => {
  using world = new World();
  world.store.setTrust(nodeOf('a'), 'trusted');
  world.database.exec(`${WITHOUT_VERSION_21} PRAGMA user_version = 20`);
  world.store.close();
  using file = PoolFile.open({ clock: world.clock, logger: new TestLogger() }, world.path);
  assert.equal(file.pages.counts().voters, 0);
  assert.deepEqual(file.add([pageOf('a', { subjects: ['45.0.0.1'] })]), ['taken']);
});

const OUT = { address: '45.10.7.9', network: '45.10.0.0/16' };
const ELSEWHERE = { address: '46.0.0.9', network: '46.0.0.0/16' };
const placeOf = (name: string, place: typeof OUT): ProvedNetwork => ({
  nodeId: nodeOf(name),
  ...place,
  prefix: place.network,
});

test('a distrusted network takes with it what its links told, and who was only met there', () => {
  using world = new World();
  const add = (name: string, subject: string, told?: typeof OUT): string =>
    world.store.addPages([pageOf(name, { subjects: [subject] })], false, told)[0] ?? '';
  world.store.proveNetworks([
    placeOf('inside', OUT),
    placeOf('both', OUT),
    placeOf('both', ELSEWHERE),
  ]);
  add('inside', '45.0.0.1', ELSEWHERE);
  add('both', '45.0.0.2', OUT);
  add('told by a link from there', '45.0.0.3', OUT);
  add('told by another link', '45.0.0.4', ELSEWHERE);
  add('came as a file', '45.0.0.5');
  world.store.setTrust('45.10.7.0/24', 'distrusted');
  world.maintain();
  const kept = ['45.0.0.2 0', '45.0.0.4 0', '45.0.0.5 0'];
  assert.deepEqual(world.claims(), kept);
  assert.equal(add('inside', '45.0.0.1', ELSEWHERE), 'distrusted', 'however it comes');
  assert.equal(add('on its way', '45.0.0.6', OUT), 'distrusted');
  assert.equal(add('told by a link from there', '45.0.0.3', ELSEWHERE), 'taken', 'another says it');
  using file = Peers.open({ clock: world.clock, logger: new TestLogger() }, world.path);
  const out = file.authors().filter((author) => author.isOut);
  assert.deepEqual(
    out.map(({ nodeId }) => nodeId),
    [nodeOf('inside')],
  );
  assert.ok(
    file.list().some(({ nodeId, trust }) => `${nodeId} ${trust}` === '45.10.7.0/24 distrusted'),
  );
  assert.equal(file.isProved(nodeOf('inside')), false);
  assert.equal(file.isProved(nodeOf('both')), true);

  file.forget('45.10.7.0/24');
  assert.equal(file.isProved(nodeOf('inside')), true);
  assert.equal(add('inside', '45.0.0.1', ELSEWHERE), 'taken');
  assert.ok(file.list().every(({ nodeId }) => nodeId !== '45.10.7.0/24'));
});

test('a link from elsewhere brings back a node that was only met in a distrusted network', () => {
  using world = new World();
  world.store.setTrust('AS64500', 'distrusted');
  world.store.proveNetworks([placeOf('a', { ...OUT, network: 'AS64500' })]);
  assert.equal(world.add('a', { subjects: ['45.0.0.1'] }), 'distrusted');
  world.store.proveNetworks([placeOf('a', ELSEWHERE)]);
  assert.equal(world.add('a', { subjects: ['45.0.0.1'] }), 'taken');
  world.clock.us += (NETWORK_DAYS - 1) * 86_400e6;
  world.store.proveNetworks([placeOf('a', { ...OUT, network: 'AS64500' })]);
  world.add('a', { serial: NOON_S + 1, subjects: ['442071234567'] });
  world.clock.us += 2 * 86_400e6;
  world.maintain();
  assert.deepEqual(world.claims(), [], 'its other place is too long ago');
});

test('a limited number of networks is distrusted, and the next one is refused with advice', () => {
  using world = new World();
  for (let index = 0; index < DISTRUSTED_NETWORKS_MAX; index += 1) {
    world.store.setTrust(`45.${index}.0.0/16`, 'distrusted');
  }
  assert.throws(() => world.store.setTrust('46.0.0.0/16', 'distrusted'), { code: 'networks_full' });
  world.store.forget('45.0.0.0/16');
  world.store.setTrust('46.0.0.0/16', 'distrusted');
  assert.equal(
    world.reader.pool.distrust().covers({ nodeId: '', address: '46.0.9.9', network: '' }),
    true,
  );
  assert.equal(
    world.reader.pool.distrust().covers({ nodeId: '', address: '45.0.9.9', network: '' }),
    false,
  );
});

test('`distrust()` is the same until somebody else is distrusted', () => {
  using world = new World();
  const before = world.reader.pool.distrust();
  world.add('a', { subjects: ['45.0.0.1'] });
  assert.equal(world.reader.pool.distrust(), before);
  world.store.setTrust(nodeOf('a'), 'distrusted');
  assert.notEqual(world.reader.pool.distrust(), before);
  const node = { nodeId: nodeOf('a'), address: '', network: '' };
  assert.equal(world.reader.pool.distrust().covers(node), true);
  world.store.forget(nodeOf('a'));
  assert.equal(world.reader.pool.distrust().covers(node), false);
});

test('`nodes.all()` has linked nodes first, then whom the operator judged, then all others, without this node', () => {
  using world = new World();
  const add = (name: string, subjects: readonly string[]): void =>
    void world.add(name, { subjects });
  world.store.addPages([pageOf('self', { subjects: ['45.0.0.9'] })], true);
  add('stranger', ['45.0.0.1', '45.0.0.2']);
  add('voter', ['45.0.0.1']);
  world.store.setTrust(nodeOf('voter'), 'trusted', 'Alice');
  world.store.setTrust('45.10.0.0/16', 'distrusted');
  world.store.proveNetworks([placeOf('stranger', OUT)]);
  const linked = nodeOf('linked, and silent');
  const nodes = world.reader.nodes.all([linked]);
  assert.deepEqual(
    nodes.map(({ nodeId }) => nodeId),
    [linked, nodeOf('voter'), '45.10.0.0/16', nodeOf('stranger')],
  );
  const [silent, voter, network, stranger] = nodes;
  assert.equal(silent?.firstSeenEpochUs, 0);
  assert.deepEqual([voter?.name, voter?.isVoter, voter?.claimsCount], ['Alice', true, 1]);
  assert.deepEqual([network?.trust, network?.publicKey], ['distrusted', undefined]);
  assert.deepEqual(
    [stranger?.isOut, stranger?.place?.address, stranger?.claimsCount],
    [true, OUT.address, 2],
  );
  for (let index = 0; index < NODES_SHOWN_MAX; index += 1) add(`another ${index}`, ['45.0.0.1']);
  assert.equal(world.reader.nodes.all([linked]).length, NODES_SHOWN_MAX);
});
