// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Who may be recorded, how many are kept, and what becomes of an opinion that is taken back. */

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { UNSIGNED_ORIGINS } from '@sentrypeer/event';
import { AssertionError } from '@sentrypeer/kernel';
import { ORIGINS_MAX, PRUNE_ROWS, PRUNE_STEP_MS, SHARED_EVENTS_MAX } from '../../src/limits.ts';
import { OriginReader } from '../../src/sharing/origin-reader.ts';
import { originOf, OriginWriter } from '../../src/sharing/origins.ts';
import { Peers } from '../../src/sharing/peers.ts';
import { pageOf } from '../pool/pages.ts';
import {
  DAY_US,
  emptyDatabase,
  NOON_US,
  TestClock,
  TestDirectory,
  TestLogger,
} from '../fixtures.ts';

/** A node that signs, and one that does not. */
const A = 'aaaaaaaa-0000-8000-8000-000000000000';
const B = 'bbbbbbbb-0000-4000-8000-000000000000';
const KEY = new Uint8Array(32).fill(7);
const UNSIGNED = { publicKey: undefined, address: '10.0.0.9' };
const NETWORK = '45.66.0.0/16';

class Bench implements Disposable {
  readonly #directory = new TestDirectory();
  readonly path = this.#directory.file('sentrypeer.db');
  readonly database = emptyDatabase(this.#directory);
  readonly clock = new TestClock();
  readonly writer = new OriginWriter(this.database, this.clock);
  readonly reader = new OriginReader(this.database, this.path);

  peers(): Peers {
    return Peers.open({ clock: this.clock, logger: new TestLogger() }, this.path);
  }

  /** Events of an origin, of which there must be rows to remove. */
  say(nodeId: string, first: number, count: number): void {
    const id = this.writer.admit(nodeId, UNSIGNED) ?? 0;
    this.database.exec('BEGIN');
    for (let honeyId = first; honeyId < first + count; honeyId += 1) {
      this.database.exec(
        `INSERT INTO honey (honey_id, event_timestamp) VALUES (${honeyId}, '2026-03-01 12:00:00')`,
      );
      this.writer.addEvent(honeyId, id, UNSIGNED, NOON_US);
    }
    this.database.exec('COMMIT');
  }

  /** Other origins up to this many, of which none may go. */
  fill(count: number): void {
    this.database.exec(`
      WITH RECURSIVE nth (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM nth WHERE n < ${count})
        INSERT INTO origin (node_id, trust, address, first_seen_us, last_seen_us, events)
        SELECT 'filled-' || n, 'trusted', '', n, n, 0 FROM nth;
      UPDATE counter SET value = (SELECT count(*) FROM origin) WHERE name = 'origins'`);
  }

  number(sql: string): number {
    return Number(Object.values(this.database.prepare(sql).get() ?? {})[0]);
  }

  counted(): readonly number[] {
    return [this.reader.counts().origins, this.number('SELECT count(*) FROM origin')];
  }

  dueCount(): number {
    return this.number('SELECT count(*) FROM judging_due');
  }

  prove(nodeId: string, publicKey?: Uint8Array): void {
    const place = { network: 'AS64500', prefix: NETWORK, address: '45.66.0.1' };
    this.writer.proveNetworks([{ nodeId, ...place, ...(publicKey && { publicKey }) }]);
  }

  [Symbol.dispose](): void {
    if (this.database.isOpen) this.database.close();
    this.#directory[Symbol.dispose]();
  }
}

test('OriginWriter.admit() knows an origin again, and what it said last', () => {
  using bench = new Bench();
  const id = bench.writer.admit(A, { publicKey: KEY, address: '10.0.0.8' });
  assert.equal(bench.writer.admit(A, UNSIGNED), id);
  assert.notEqual(bench.writer.admit(B, UNSIGNED), id);
  assert.deepEqual(bench.reader.origin(A), {
    totalId: id,
    nodeId: A,
    publicKey: KEY,
    trust: 'none',
    address: '10.0.0.8',
    firstSeenEpochUs: NOON_US,
    lastSeenEpochUs: NOON_US,
    seenCount: 0,
    isVoter: false,
    name: '',
  });
  bench.clock.us += 5;
  bench.writer.addEvent(1, Number(id), UNSIGNED, NOON_US - 7);
  const origin = bench.reader.origin(A);
  assert.deepEqual(
    [origin?.firstSeenEpochUs, origin?.lastSeenEpochUs, origin?.seenCount],
    [NOON_US, NOON_US + 5, 1],
  );
  assert.deepEqual([origin?.publicKey, origin?.address], [KEY, '10.0.0.9']);
  assert.deepEqual(
    { ...bench.database.prepare('SELECT * FROM shared_event').get() },
    { honey_id: 1, origin_id: id, address: '10.0.0.9', event_us: NOON_US - 7 },
  );
  assert.deepEqual(bench.reader.counts(), { origins: 2, events: 1 });
});

test('OriginWriter.admit() learns the key of an origin that had none', () => {
  using bench = new Bench();
  const id = Number(bench.writer.admit(A, UNSIGNED));
  assert.equal(bench.reader.origin(A)?.publicKey, undefined);
  bench.writer.addEvent(1, id, { publicKey: KEY, address: '' }, NOON_US);
  assert.deepEqual(bench.reader.origin(A)?.publicKey, KEY);
});

test('OriginWriter.admit() lets nobody in whom the operator distrusts', () => {
  using bench = new Bench();
  const signed = { publicKey: KEY, address: '' };
  bench.writer.setTrust(B, 'distrusted');
  assert.equal(bench.writer.admit(B, UNSIGNED), undefined);
  assert.equal(bench.reader.origin(B)?.trust, 'distrusted');
  bench.writer.setTrust(B, 'trusted');
  bench.writer.setTrust(UNSIGNED_ORIGINS, 'distrusted');
  assert.notEqual(bench.writer.admit(B, UNSIGNED), undefined, 'trusted by name');
  assert.notEqual(bench.writer.admit(A, signed), undefined);
  assert.equal(bench.writer.admit('other', UNSIGNED), undefined);
  bench.writer.addEvent(1, Number(bench.writer.admit(B, UNSIGNED)), UNSIGNED, NOON_US);
  bench.writer.forget(B);
  assert.equal(bench.writer.admit(B, UNSIGNED), undefined, 'as if it had never been trusted');
});

test('OriginWriter replaces the origin that was idle for longest, and none that is judged or said something', () => {
  using bench = new Bench();
  bench.fill(ORIGINS_MAX - 3);
  bench.say(B, 1, 1);
  bench.clock.us += 1;
  bench.writer.admit('idle for longest', UNSIGNED);
  bench.clock.us += 1;
  bench.writer.admit('idle', UNSIGNED);
  assert.deepEqual(bench.counted(), [ORIGINS_MAX, ORIGINS_MAX]);
  assert.notEqual(bench.writer.admit('new', UNSIGNED), undefined);
  assert.deepEqual(bench.counted(), [ORIGINS_MAX, ORIGINS_MAX]);
  assert.equal(bench.reader.origin('idle for longest'), undefined);
  for (const nodeId of [B, 'idle', 'new']) assert.notEqual(bench.reader.origin(nodeId), undefined);
});

test('OriginWriter takes no more origins where all are judged', () => {
  using bench = new Bench();
  bench.fill(ORIGINS_MAX);
  assert.equal(bench.writer.admit(A, UNSIGNED), undefined);
  bench.writer.setTrust(A, 'trusted', 'Alice');
  assert.equal(bench.reader.origin(A), undefined);
  assert.deepEqual(bench.counted(), [ORIGINS_MAX, ORIGINS_MAX]);
});

test('OriginWriter.setTrust() gives a vote to a trusted node that signs', () => {
  using bench = new Bench();
  const shown = (nodeId: string): unknown => {
    const origin = bench.reader.origin(nodeId);
    assert.equal(origin?.address, '', 'it never shared anything');
    return [origin.trust, origin.isVoter, origin.name];
  };
  bench.writer.setTrust(A, 'trusted', 'Alice');
  bench.writer.setTrust(B, 'trusted');
  assert.deepEqual(shown(A), ['trusted', true, 'Alice']);
  assert.deepEqual(shown(B), ['trusted', false, '']);
  bench.writer.setTrust(A, 'none');
  assert.deepEqual(shown(A), ['none', false, 'Alice'], 'the name stays');
});

test('OriginWriter learns the key of a voter from the operator, or from a link', () => {
  using bench = new Bench();
  const OTHER = A.replace('aaaa', 'cccc');
  bench.writer.setTrust(A, 'trusted', undefined, KEY);
  assert.deepEqual(bench.reader.origin(A)?.publicKey, KEY);
  bench.writer.setTrust(OTHER, 'trusted');
  bench.prove(OTHER);
  assert.equal(bench.reader.origin(OTHER)?.publicKey, undefined);
  bench.prove(OTHER, KEY);
  assert.deepEqual(bench.reader.origin(OTHER)?.publicKey, KEY);
});

test('OriginWriter distrusts a network, until that is forgotten', () => {
  using bench = new Bench();
  using peers = bench.peers();
  bench.prove(A);
  assert.equal(peers.isProved(A), true);
  bench.writer.setTrust(NETWORK, 'distrusted');
  assert.equal(peers.isProved(A), false);
  assert.equal(bench.writer.forget(NETWORK), true);
  assert.equal(peers.isProved(A), true);
  assert.equal(peers.isProved(B), false);
  assert.throws(() => bench.writer.setTrust(NETWORK, 'trusted'), AssertionError);
});

test('OriginWriter.forget() takes the opinion, and the origin unless it said something', () => {
  using bench = new Bench();
  bench.say(A, 1, 1);
  bench.writer.setTrust(A, 'trusted', 'Alice');
  bench.writer.setTrust(B, 'trusted', 'Bob');
  assert.equal(bench.writer.forget('nobody'), false);
  assert.equal(bench.writer.forget(A), true);
  const { trust, isVoter, name } = bench.reader.origin(A) ?? {};
  assert.deepEqual([trust, isVoter, name], ['none', false, '']);
  assert.deepEqual(bench.counted(), [2, 2]);
  assert.equal(bench.writer.forget(B), true);
  assert.equal(bench.reader.origin(B), undefined);
  assert.deepEqual(bench.counted(), [1, 1]);
});

test('OriginWriter.step() removes for some milliseconds what distrusted origins said', () => {
  using bench = new Bench();
  bench.clock.ms = 5000;
  bench.say(A, 1, PRUNE_ROWS + 1);
  bench.say(B, PRUNE_ROWS + 2, 1);
  bench.clock.lookMs = PRUNE_STEP_MS / 2;
  assert.equal(bench.writer.step(0), false, 'nobody is distrusted');
  bench.writer.setTrust(A, 'distrusted');
  assert.equal(bench.writer.step(0), true);
  assert.equal(bench.reader.counts().events, 2, 'one part within the time');
  bench.clock.lookMs = 0;
  assert.equal(bench.writer.step(0), false);
  assert.deepEqual(bench.reader.counts(), { origins: 2, events: 1 });
  assert.deepEqual(bench.number('SELECT count(*) FROM honey'), 1);
});

test('OriginWriter.step() removes the oldest of what is too much', () => {
  using bench = new Bench();
  bench.say(B, 1, 3);
  bench.database.exec(
    `UPDATE counter SET value = ${SHARED_EVENTS_MAX + 2} WHERE name = 'shared_events'`,
  );
  assert.equal(bench.writer.step(0), false);
  assert.equal(bench.number('SELECT honey_id FROM shared_event'), 3);
  assert.equal(
    bench.number("SELECT value FROM counter WHERE name = 'shared_events'"),
    SHARED_EVENTS_MAX,
  );
  bench.writer.setTrust(B, 'distrusted');
  assert.equal(bench.writer.step(0), false);
  assert.deepEqual(bench.number('SELECT count(*) FROM shared_event'), 0, 'nothing is too much now');
});

test('OriginWriter.step() removes pages that have ended and networks of long ago, by the time that it is told', () => {
  using bench = new Bench();
  bench.writer.addPages([pageOf('a', { subjects: ['45.0.0.1'] })]);
  bench.prove(A);
  const left = (): readonly number[] =>
    ['pool_page', 'pool_network'].map((table) => bench.number(`SELECT count(*) FROM ${table}`));
  assert.equal(bench.writer.step(0), false);
  assert.deepEqual(left(), [1, 1]);
  while (bench.writer.step(NOON_US + 400 * DAY_US));
  assert.deepEqual(left(), [0, 0]);
});

test('OriginWriter.addPages() tells the outcome of each, and knows its own', () => {
  using bench = new Bench();
  const pages = ['a', 'b'].map((name) => pageOf(name, { subjects: ['45.0.0.1'] }));
  assert.deepEqual(bench.writer.addPages([...pages, ...pages.slice(0, 1)]), [
    'taken',
    'taken',
    'known',
  ]);
  const standings = (): unknown =>
    bench.database
      .prepare('SELECT DISTINCT standing FROM pool_author ORDER BY 1')
      .all()
      .map((row) => row['standing']);
  const [stranger, ...none] = standings() as readonly number[];
  assert.deepEqual(none, []);
  bench.writer.addPages([pageOf('me', { subjects: ['45.0.0.1'] })], true);
  assert.equal((standings() as readonly number[]).length, 2);
  assert.ok(Number((standings() as readonly number[])[1]) > Number(stranger));
  const place = { address: '45.66.0.1', network: 'AS64500' };
  bench.writer.addPages([pageOf('c', { subjects: ['45.0.0.1'] })], false, place);
  assert.equal(bench.number("SELECT count(*) FROM pool_page WHERE told_address = '45.66.0.1'"), 1);
});

test('OriginWriter.resumeVotes() remembers the day', () => {
  using bench = new Bench();
  const day = (): number =>
    bench.number("SELECT value FROM counter WHERE name = 'pool_resumed_day'");
  bench.writer.resumeVotes();
  assert.equal(day(), Math.floor(NOON_US / DAY_US));
});

test('originOf() takes an unknown opinion for none', () => {
  const trusts = ['trusted', 'distrusted', 'none', 'x'].map((trust) => originOf({ trust }).trust);
  assert.deepEqual(trusts, ['trusted', 'distrusted', 'none', 'none']);
});

test('OriginReader.page() goes on where the page before ended', () => {
  using bench = new Bench();
  for (const nodeId of ['a', 'b', 'c', 'd', 'e']) {
    if (nodeId > 'b') bench.clock.us += 1; // The first two at the same time.
    bench.writer.admit(nodeId, UNSIGNED);
  }
  const found: string[] = [];
  let page = bench.reader.page(2);
  for (; page.next !== undefined; page = bench.reader.page(2, page.next)) {
    found.push(...page.items.map(({ nodeId }) => nodeId));
  }
  assert.deepEqual(
    [...found, ...page.items.map(({ nodeId }) => nodeId)],
    ['e', 'd', 'c', 'b', 'a'],
  );
  assert.equal(bench.reader.page(5).next?.totalId, 1, 'there may be more');
  assert.equal(bench.reader.page(6).next, undefined);
});

test('OriginReader.isRecorded() asks for the event of this node', () => {
  using bench = new Bench();
  bench.database.exec("INSERT INTO honey (event_uuid, created_by_node_id) VALUES ('x', 'a')");
  assert.equal(bench.reader.isRecorded('a', 'x'), true);
  assert.equal(bench.reader.isRecorded('b', 'x'), false);
  assert.equal(bench.reader.isRecorded('a', 'y'), false);
  assert.equal(bench.reader.origin('x'), undefined);
});

test('Peers shows and judges nodes, and closes the database', () => {
  using bench = new Bench();
  bench.say(A, 1, 2);
  bench.say(B, 3, 3);
  bench.writer.addPages([pageOf('a', { subjects: ['45.0.0.1'] })]);
  {
    using peers = bench.peers();
    assert.equal(peers.setTrust(B, 'distrusted'), 3);
    assert.equal(peers.setTrust(A, 'trusted', 'Alice', KEY), 0);
    assert.deepEqual(peers.find(A)?.publicKey, KEY);
    assert.equal(peers.find(A)?.name, 'Alice');
    assert.equal(peers.find('nobody'), undefined);
    assert.equal(peers.votersCount(), 1);
    assert.equal(peers.authors().length, 1);
    assert.equal(peers.list().length, 2);
    peers.forget(A);
    assert.equal(peers.find(A)?.trust, 'none');
    assert.throws(() => peers.forget('nobody'), {
      code: 'origin_unknown',
      message: 'the node nobody is not known; peers list shows known nodes',
    });
  }
  bench.database.close();
  const names = readdirSync(bench.path.replace('/sentrypeer.db', ''));
  assert.deepEqual(names, ['sentrypeer.db'], 'nobody has it open');
});
