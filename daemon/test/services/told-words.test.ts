// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * A node without a fleet and a pool does not ask the database what others say about each subject, but notices when they
 * say something.
 */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { FleetListing, Subject } from '@sentrypeer/event';
import { silentLogger } from '@sentrypeer/kernel';
import { NumberingPlans } from '@sentrypeer/numbers';
import { Store, StoreReader } from '@sentrypeer/store';
import { judgeOver } from '../../src/services/open-judging.ts';
import { OwnAddresses } from '../../src/services/own-addresses.ts';
import { DecidingNode } from './deciding-node.ts';
import { TestClock } from './test-clock.ts';

const HOUR_US = 3_600_000_000;
const OPTIONS = { homeCountry: undefined, ownNumbers: [], ownAddresses: [], policy: [] };
const ADDRESSES = Array.from({ length: 50 }, (_, index) => `45.13.0.${index + 1}`);

class Node implements Disposable {
  readonly clock = new TestClock();
  readonly #folder = mkdtempSync(join(tmpdir(), 'told-words-'));
  readonly store: Store;
  readonly #reader: StoreReader;
  readonly #plans: NumberingPlans;
  /** How often each question was put to the database. */
  readonly asked = new Map<string, number>();

  constructor(plans: NumberingPlans) {
    const path = join(this.#folder, 'sentrypeer.db');
    this.#plans = plans;
    this.store = Store.open({ clock: this.clock, logger: silentLogger }, { path });
    this.#reader = StoreReader.open(path);
  }

  /** Judges like a thread that answers look-ups. */
  judge(kind: 'address' | 'number' = 'address'): (values: readonly string[]) => readonly string[] {
    const { asked, clock } = this;
    const evidence = new Proxy(this.#reader.evidence, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        return (...args: readonly unknown[]): unknown => {
          asked.set(String(name), (asked.get(String(name)) ?? 0) + 1);
          return Reflect.apply(member, target, args);
        };
      },
    });
    const own = new OwnAddresses(clock, () => []);
    const ports = { clock, plans: this.#plans, evidence, own };
    const { judge } = judgeOver(ports, OPTIONS);
    return (values) => values.map((value) => judge.subject({ kind, value }, clock.epochUs()).level);
  }

  /** Hubs list this one. */
  follow(value: string, kind: Subject['kind'] = 'address'): void {
    const nowUs = this.clock.epochUs();
    const listing: FleetListing = {
      kind,
      value,
      level: 'listed',
      score: 60,
      grade: 'handshake',
      reasons: ['it tried 3 passwords'],
      sinceEpochUs: nowUs,
      untilEpochUs: nowUs + HOUR_US,
      firstSeenEpochUs: nowUs,
      lastSeenEpochUs: nowUs,
      eventsCount: 3,
      isBlocked: false,
      isDelisted: false,
    };
    this.store.followed.begin('a');
    this.store.followed.take([listing], 1);
  }

  [Symbol.dispose](): void {
    this.#reader.close();
    this.store.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

test('where nobody is followed or heard, that is asked once in a millisecond, and not of each subject', async () => {
  using node = new Node(await NumberingPlans.load());
  const judge = node.judge();
  judge(ADDRESSES);
  const questions = ['followedKinds', 'isPoolHeard', 'fleet', 'said'];
  const counts = (): readonly number[] => questions.map((name) => node.asked.get(name) ?? 0);
  assert.deepEqual(counts(), [1, 1, 0, 0]);
  node.clock.ms += 1;
  judge(ADDRESSES);
  assert.deepEqual(counts(), [2, 2, 0, 0]);
});

test('what hubs list holds from the next millisecond on', async () => {
  using node = new Node(await NumberingPlans.load());
  const [first = '', second = ''] = ADDRESSES;
  const judge = node.judge();
  assert.deepEqual(judge([first]), ['none']);
  node.follow(first);
  node.clock.ms += 1;
  assert.deepEqual(judge([first, second]), ['listed', 'none']);
  // Hubs no longer list anything: what they said is kept for a day after its end.
  node.clock.pass(26 * HOUR_US);
  node.store.followed.sweep();
  assert.deepEqual(judge([first]), ['none']);
  node.asked.clear();
  node.clock.ms += 1;
  judge(ADDRESSES);
  assert.equal(node.asked.get('fleet'), undefined);
});

test('the thread that takes what hubs list and what the pool says judges it within the same millisecond', () => {
  using node = new DecidingNode(OPTIONS);
  node.trust('one', 'two', 'three');
  const [met = '', followed = '', voted = ''] = ADDRESSES;
  node.step();
  node.clock.ms += 1000; // It looks for what is due once a second.
  node.meet([{ sourceIp: met }]);
  node.judgeProved();
  node.follow({ kind: 'address', value: followed, level: 'listed' });
  for (const name of ['one', 'two', 'three']) node.say(name, [voted]);
  node.judgeNow();
  assert.deepEqual(
    node.entries(['address']).map(({ value }) => value),
    [met, followed, voted],
  );
});

test('hubs are asked about a subject only where they list anything of its kind', async () => {
  using node = new Node(await NumberingPlans.load());
  const [numbers, addresses] = [node.judge('number'), node.judge()];
  node.follow('46701234567', 'number');
  node.clock.ms += 1;
  assert.deepEqual(addresses(ADDRESSES.slice(0, 1)), ['none']);
  assert.equal(node.asked.get('fleet'), undefined);
  assert.deepEqual(numbers(['46701234567', '46701234568']), ['listed', 'none']);
  assert.equal(node.asked.get('fleet'), 2);
});
