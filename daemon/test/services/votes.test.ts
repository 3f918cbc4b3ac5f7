// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Votes of the pool over the store: what voters say is listed while they say it, and nothing else is. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeIdOfKey, packFacts } from '@sentrypeer/event';
import { silentLogger } from '@sentrypeer/kernel';
import { NumberingPlans } from '@sentrypeer/numbers';
import { Store, StoreReader, type PoolPage } from '@sentrypeer/store';
import { makeJudge, openJudging, type JudgeOptions } from '../../src/services/open-judging.ts';
import { ATTACK, idOf } from './deciding-node.ts';
import { TestClock } from './test-clock.ts';

const VICTIM = '45.12.3.4';
const NETWORK = '2a01:4f8:1:2::/64';
const NUMBER = '442071234567';
const DAY_US = 86_400_000_000;
const DAY_S = 86_400;
const OPTIONS: JudgeOptions = {
  homeCountry: undefined,
  ownNumbers: [],
  ownAddresses: [],
  policy: [],
};
const plans = await NumberingPlans.load();

class Node implements Disposable {
  readonly clock = new TestClock();
  readonly #folder = mkdtempSync(join(tmpdir(), 'sentrypeer-votes-'));
  readonly #path = join(this.#folder, 'test.db');
  readonly store = Store.open({ logger: silentLogger, clock: this.clock }, { path: this.#path });
  readonly reader = StoreReader.open(this.#path);
  #judging: ReturnType<Store['openJudging']>;
  #serials = 0;

  constructor(options = OPTIONS) {
    this.#judging = this.openJudging(options);
  }

  openJudging(options: JudgeOptions): ReturnType<Store['openJudging']> {
    const ports = { clock: this.clock, plans, onChanged: () => undefined };
    this.#judging = openJudging(ports, this.store, options);
    return this.#judging;
  }

  /** One page of somebody. */
  say(who: string, subjects: readonly string[], replaces?: number): string {
    const key = new Uint8Array(createHash('sha256').update(who).digest());
    const nowS = Math.floor(this.clock.us / 1e6);
    this.#serials += 1;
    const serial = nowS + this.#serials;
    const lastHour = Math.floor(nowS / 3600);
    const page: PoolPage = {
      nodeId: nodeIdOfKey(key),
      key,
      serial,
      replaces: replaces ?? serial,
      madeEpochS: nowS,
      endEpochS: nowS + 8 * DAY_S,
      isRetired: false,
      octets: new TextEncoder().encode(`${who} ${serial}`),
      claims: subjects.map((subject) => ({
        subject,
        lastHour,
        endEpochS: (lastHour + 1) * 3600 + 7 * DAY_S,
        facts: packFacts(ATTACK),
      })),
    };
    const [outcome = ''] = this.store.addPages([page]);
    this.judge();
    return outcome;
  }

  /** A link proved each to be in a separate network. */
  trust(...names: readonly string[]): void {
    for (const name of names) {
      this.store.setTrust(idOf(name), 'trusted', name);
      this.prove(name, `${name}/16`);
    }
    this.judge();
  }

  prove(name: string, network: string, prefix = network, address = ''): void {
    this.store.proveNetworks([{ nodeId: idOf(name), network, prefix, address }]);
  }

  judge(): void {
    for (let rounds = 0; rounds < 3; rounds += 1) {
      this.clock.ms += 1000; // Also looks at what is due.
      while (this.store.maintain());
      for (let left = this.#judging.step(); left.urgent || left.rest;) {
        left = this.#judging.step();
      }
    }
  }

  /** What is on lists, with levels. */
  lists(): readonly string[] {
    return this.reader.listings
      .changes(0, 100_000)
      .map(({ value }) => value)
      .filter((value, index, all) => all.indexOf(value) === index)
      .flatMap((value) => {
        const kind = /^\d+$/.test(value) ? 'number' : 'address';
        const listing = this.reader.listings.listing({ kind, value });
        return listing === undefined ? [] : [`${value} ${listing.level}`];
      })
      .toSorted();
  }

  check(address: string) {
    const { reader, clock } = this;
    const judge = makeJudge({ clock, plans, evidence: reader.evidence }, OPTIONS);
    return judge.judge({ address }, clock.us);
  }

  [Symbol.dispose](): void {
    this.reader.close();
    this.store.close();
    rmSync(this.#folder, { recursive: true });
  }
}

test('what two of three voters say is listed as they say it, and shown with their names', () => {
  using node = new Node();
  node.trust('Alice', 'Bob', 'Carol');
  node.say('Alice', [VICTIM, NETWORK, NUMBER]);
  assert.deepEqual(node.lists(), []);
  assert.deepEqual(node.check(VICTIM).address?.pool, {
    voters: 1,
    uncounted: 0,
    quorum: 2,
    strangers: 0,
    networks: 0,
  });
  node.say('Bob', [VICTIM, NETWORK, NUMBER]);
  assert.deepEqual(node.lists(), [`${NETWORK} listed`, `${NUMBER} watch`, `${VICTIM} listed`]);
  const listing = node.reader.listings.listing({ kind: 'address', value: VICTIM });
  assert.match(listing?.reasons.join() ?? '', /2 of 3 voters named it.*: Alice, Bob/);
  assert.equal(listing?.grade, 'returned');
  assert.equal(node.check(VICTIM).listed, true);
  assert.equal(node.check('2a01:4f8:1:2::77').listed, true);
});

test('a judge that was asked while nobody said anything hears the first voters a millisecond later', () => {
  using node = new Node();
  node.trust('Alice', 'Bob', 'Carol');
  const { clock, reader } = node;
  const judge = makeJudge({ clock, plans, evidence: reader.evidence }, OPTIONS);
  const votes = (): readonly unknown[] => [
    judge.judge({ address: VICTIM }, clock.us).address?.pool?.voters,
    judge.judge({ number: NUMBER }, clock.us).number?.pool?.voters,
  ];
  assert.deepEqual(votes(), [undefined, undefined]);
  node.say('Alice', [VICTIM, NUMBER]);
  clock.ms += 1;
  assert.deepEqual(votes(), [1, 1]);
  node.say('Bob', [VICTIM, NUMBER]);
  assert.deepEqual(votes(), [2, 2]);
  node.say('Alice', [], 0);
  node.say('Bob', [], 0);
  clock.ms += 1;
  assert.deepEqual(votes(), [undefined, undefined]);
});

test('300 strangers list nothing, whatever they say together', () => {
  using node = new Node();
  node.trust('Alice', 'Bob');
  for (let index = 0; index < 300; index += 1) node.say(`stranger ${index}`, [VICTIM, NUMBER]);
  node.say('Alice', [VICTIM, NUMBER]);
  assert.deepEqual(node.lists(), []);
  const pool = node.check(VICTIM).address?.pool;
  assert.deepEqual([pool?.voters, pool?.quorum], [1, 2]);
  assert.ok((pool?.strangers ?? 0) >= 15, 'they are counted, as far as they are kept');
});

test('what voters took back, and what only a distrusted or forgotten one said, leaves the lists', () => {
  using node = new Node();
  node.trust('Alice', 'Bob', 'Carol');
  node.say('Alice', [VICTIM]);
  node.say('Bob', [VICTIM]);
  node.say('Bob', [], 0);
  assert.deepEqual(node.lists(), [], 'withdrawn');
  node.say('Carol', [VICTIM]);
  assert.deepEqual(node.lists(), [`${VICTIM} listed`]);
  node.store.setTrust(idOf('Carol'), 'distrusted');
  node.judge();
  assert.deepEqual(node.lists(), []);
  node.store.setTrust(idOf('Carol'), 'trusted');
  node.say('Carol', [VICTIM]);
  assert.deepEqual(node.lists(), [`${VICTIM} listed`]);
  node.store.forget(idOf('Alice'));
  node.judge();
  assert.deepEqual(node.lists(), []);
});

test('voters that were only met in a distrusted network have no vote until it is forgotten, and are still among those who decide', () => {
  using node = new Node();
  node.trust('Alice', 'Bob', 'Carol');
  node.prove('Bob', 'Bob/16', 'Bob/16', '45.10.7.9');
  node.prove('Alice', '45.10.0.0/16', '45.10.0.0/16', '45.10.7.8');
  node.say('Alice', [VICTIM]);
  node.say('Bob', [VICTIM]);
  assert.deepEqual(node.lists(), [`${VICTIM} listed`]);
  node.store.setTrust('45.10.7.0/24', 'distrusted');
  node.judge();
  assert.deepEqual(node.lists(), [], 'Bob is there alone');
  assert.equal(node.say('Bob', [VICTIM]), 'distrusted');
  node.say('Carol', [VICTIM]);
  assert.deepEqual(node.lists(), [`${VICTIM} listed`], 'Alice was met elsewhere, too');
  node.say('Carol', [], 0);
  node.store.forget('45.10.7.0/24');
  node.say('Bob', [VICTIM]);
  assert.deepEqual(node.lists(), [`${VICTIM} listed`]);
});

test('who becomes a voter is heard with all that was said before, and more voters take more votes', () => {
  using node = new Node();
  node.say('Alice', [VICTIM]);
  node.say('Bob', [VICTIM]);
  node.trust('Alice');
  assert.deepEqual(node.lists(), []);
  node.trust('Bob');
  assert.deepEqual(node.lists(), [`${VICTIM} listed`]);
  node.trust('C', 'D', 'E', 'F'); // Six voters: it takes three votes.
  assert.deepEqual(node.lists(), []);
  node.say('C', [VICTIM]);
  assert.deepEqual(node.lists(), [`${VICTIM} listed`]);
});

test('a listing by votes ends when the quorum does, and an allowance holds it off', () => {
  using node = new Node();
  node.trust('Alice', 'Bob');
  node.say('Alice', [VICTIM]);
  node.clock.us += DAY_US;
  node.say('Bob', [VICTIM]);
  const allowed = {
    kind: 'allow',
    value: '45.12.0.0/16',
    comment: '',
    untilEpochUs: undefined,
  } as const;
  node.store.decide(allowed);
  node.judge();
  assert.deepEqual(node.lists(), []);
  node.store.decide({ kind: 'disallow', value: '45.12.0.0/16' });
  node.judge();
  assert.deepEqual(node.lists(), [`${VICTIM} listed`]);
  const subject = { kind: 'address', value: VICTIM } as const;
  node.store.decide({ kind: 'delist', subject, comment: '' });
  node.judge();
  node.clock.us += 3600e6 * 2;
  node.say('Alice', [VICTIM]);
  assert.deepEqual(node.lists(), [], 'one of them met it since');
  node.say('Bob', [VICTIM]);
  assert.deepEqual(node.lists(), [`${VICTIM} listed`]);
  node.clock.us += 7 * DAY_US + 7200e6;
  node.judge();
  assert.deepEqual(node.lists(), []);
});

test('networks of IPv6 that only votes list put no wider one on lists', () => {
  using node = new Node();
  node.trust('Alice', 'Bob');
  const networks = Array.from(
    { length: 200 },
    (_, at) => `2a01:4f8:1:${(at + 1).toString(16)}::/64`,
  );
  for (const who of ['Alice', 'Bob']) node.say(who, networks);
  assert.equal(node.lists().length, 200);
  assert.ok(node.lists().every((entry) => entry.endsWith('/64 listed')));
});

test('a surge of what voters name waits for the operator, and what was listed stays', () => {
  using node = new Node();
  node.trust('Alice', 'Bob');
  node.say('Alice', [VICTIM]);
  node.say('Bob', [VICTIM]);
  node.clock.us += DAY_US; // The day on which they got their votes is no surge.
  for (let page = 0; page < 3; page += 1) {
    const many = Array.from({ length: 256 }, (_, at) => `46.1.${page}.${at}`);
    for (const who of ['Alice', 'Bob']) node.say(who, many);
  }
  assert.equal(node.lists().length, 501);
  assert.ok(node.lists().includes(`${VICTIM} listed`));
  const last = node.check('46.1.2.255');
  assert.equal(last.listed, false);
  assert.match(last.reasons.join(), /far more than usual today: sentrypeer pool resume/);
  node.store.resumeVotes();
  node.judge();
  assert.equal(node.lists().length, 769);
  assert.equal(node.check('46.1.2.255').listed, true);
});

test('another quorum is followed at the next start', () => {
  using node = new Node();
  node.trust('Alice', 'Bob', 'Carol');
  node.say('Alice', [VICTIM]);
  node.say('Bob', [VICTIM]);
  node.openJudging({ ...OPTIONS, poolQuorum: 3 });
  node.judge();
  assert.deepEqual(node.lists(), []);
  node.openJudging(OPTIONS);
  node.judge();
  assert.deepEqual(node.lists(), [`${VICTIM} listed`]);
});

test('many keys in one network are one voter: they list nothing and put nothing before the judge', () => {
  using node = new Node();
  const sybils = Array.from({ length: 20 }, (_, at) => `sybil ${at}`);
  for (const name of sybils) {
    node.store.setTrust(idOf(name), 'trusted', name);
    node.prove(name, '45.66.0.0/16');
    node.prove(name, '2a01:4f0::/28');
  }
  for (const name of sybils) node.say(name, [VICTIM, NETWORK, NUMBER]);
  assert.deepEqual(node.lists(), []);
  assert.equal(node.reader.pool.counts().admitted, 0);
  const check = node.check(VICTIM).address;
  assert.deepEqual([check?.pool?.voters, check?.pool?.uncounted, check?.pool?.quorum], [1, 15, 7]);
});

test('a vote counts once a link proves a network of its own, and no more a month after the last link', () => {
  using node = new Node();
  for (const name of ['Alice', 'Bob']) node.store.setTrust(idOf(name), 'trusted', name);
  node.say('Alice', [VICTIM]);
  node.say('Bob', [VICTIM]);
  node.prove('Alice', '45.66.0.0/16');
  node.judge();
  assert.deepEqual(node.lists(), [], 'nobody knows where Bob is');
  node.prove('Bob', '45.66.0.0/16');
  node.judge();
  assert.deepEqual(node.lists(), [], 'in the same network');
  node.prove('Bob', '46.1.0.0/16');
  node.judge();
  assert.deepEqual(node.lists(), [`${VICTIM} listed`]);
  // Now there is a file of autonomous systems: what was proved for the prefix no longer counts.
  node.prove('Alice', 'AS64500', '45.66.0.0/16');
  node.prove('Bob', 'AS64500', '46.1.0.0/16');
  node.judge();
  assert.deepEqual(node.lists(), [], 'one provider has both');
  node.prove('Bob', 'AS64501', '47.1.0.0/16');
  node.judge();
  assert.deepEqual(node.lists(), [`${VICTIM} listed`]);
  for (let day = 0; day < 32; day += 1) {
    node.clock.pass(DAY_US);
    node.prove('Alice', 'AS64500', '45.66.0.0/16');
    if (day % 5 === 0) for (const name of ['Alice', 'Bob']) node.say(name, [VICTIM]);
  }
  node.judge();
  assert.deepEqual(node.lists(), [], 'no link with Bob for a month');
  node.openJudging({ ...OPTIONS, noNetworkCheck: true });
  node.judge();
  assert.deepEqual(node.lists(), [`${VICTIM} listed`], 'a fleet of one operator');
});

test('strangers who prove any number of networks push out none of a voter', () => {
  using node = new Node();
  node.trust('Alice', 'Bob');
  const nodeIds = Array.from({ length: 9000 }, (_, at) => idOf(`stranger ${at}`));
  node.clock.us += DAY_US;
  node.store.proveNetworks(
    nodeIds.map((nodeId) => ({ nodeId, network: 'N', prefix: 'N', address: '' })),
  );
  for (let at = 0; at < 20; at += 1) node.prove('Alice', `46.${at}.0.0/16`);
  node.say('Alice', [VICTIM]);
  node.say('Bob', [VICTIM]);
  assert.deepEqual(node.lists(), [`${VICTIM} listed`]);
  node.clock.pass(31 * DAY_US);
  node.judge();
  node.judge();
  assert.deepEqual(node.reader.pool.counts().networks, 0);
});

test('a third of the voters and many strangers change nothing, and one voter more does', () => {
  const victims = [VICTIM, NETWORK, NUMBER];
  for (const voters of [3, 6, 9, 12]) {
    using node = new Node();
    const names = Array.from({ length: voters }, (_, index) => `Voter ${index}`);
    node.trust(...names);
    const strangers = Array.from({ length: 30 }, (_, index) => `Stranger ${index}`);
    for (const stranger of strangers) node.prove(stranger, `${stranger}/16`);
    for (const liar of [...names.slice(0, voters / 3), ...strangers]) node.say(liar, victims);
    const of = `${voters / 3} of ${voters}`;
    assert.deepEqual([node.lists(), node.check(VICTIM).level], [[], 'none'], of);
    node.say(names.at(-1) ?? '', victims);
    const all = [`${NETWORK} listed`, `${NUMBER} watch`, `${VICTIM} listed`];
    assert.deepEqual([node.lists(), node.check(VICTIM).level], [all, 'listed'], `more than ${of}`);
  }
});
