// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* IPv6 on the lists: by /64, by /56 and /48 as more is used, never over what must not be refused. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { EventBatchWriter } from '@sentrypeer/event';
import { canonicalAddress, contains, covers, parseIp, parsePrefix } from '@sentrypeer/ip';
import { assert as check, silentLogger } from '@sentrypeer/kernel';
import { NumberingPlans } from '@sentrypeer/numbers';
import type { Decision } from '@sentrypeer/event';
import { Store, StoreReader } from '@sentrypeer/store';
import type { Judge } from '@sentrypeer/verdict';
import { makeJudge, openJudging, type JudgeOptions } from '../../src/services/open-judging.ts';
import { OBSERVATION } from './observation.ts';
import { TestClock } from './test-clock.ts';

const NODE_ID = '6f3a6f7e-1111-4222-8333-abcdefabcdef';
/** As in packages/store/src/limits.ts: what one transaction takes off the lists or brings back. */
const JUDGE_ROWS = 64;
const HOUR_US = 3_600_000_000;
const plans = await NumberingPlans.load();

/** Small ones, so that a short story widens: two of the 256, in two parts. */
const SMALL: JudgeOptions['policy'] = [
  { name: 'network-56', value: 2 },
  { name: 'network-48', value: 2 },
  { name: 'network-spread', value: 2 },
];

const REGISTER = { ...OBSERVATION, calledNumber: '100', sipMethod: 'REGISTER' };

class Node implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'sentrypeer-networks-'));
  readonly clock = new TestClock();
  readonly store: Store;
  readonly reader: StoreReader;
  readonly judge: Judge;
  readonly #judging: ReturnType<Store['openJudging']>;
  #eventsCount = 0;

  constructor(policy: JudgeOptions['policy'] = [], databaseOctetsMax?: number) {
    const options = { homeCountry: 'SE', ownNumbers: [], ownAddresses: [], policy };
    const path = join(this.#folder, 'test.db');
    const { clock } = this;
    this.store = Store.open(
      { logger: silentLogger, clock },
      { path, ...(databaseOctetsMax !== undefined && { databaseOctetsMax }) },
    );
    this.reader = StoreReader.open(path);
    this.#judging = openJudging({ clock, plans, onChanged: () => undefined }, this.store, options);
    this.judge = makeJudge({ clock, plans, evidence: this.reader.evidence }, options);
  }

  /** A call from each source, which it proved. */
  meet(sources: readonly string[]): void {
    this.record(sources);
    this.settle();
  }

  record(sources: readonly string[]): void {
    for (let first = 0; first < sources.length; first += 500) {
      const writer = new EventBatchWriter(new Uint8Array(1_048_576), NODE_ID, 'responsive');
      for (const sourceIp of sources.slice(first, first + 500)) {
        this.#eventsCount += 1;
        const uuid = `019cab00-0000-7000-8000-${String(this.#eventsCount).padStart(12, '0')}`;
        check(
          writer.addEvent(uuid, { ...REGISTER, eventEpochUs: this.clock.us, sourceIp }),
          'fits',
        );
      }
      this.store.append([writer.finish()]);
    }
  }

  decide(decision: Decision): void {
    this.store.decide(decision);
    this.settle();
  }

  allow(value: string): void {
    this.decide({ kind: 'allow', value, comment: '', untilEpochUs: undefined });
  }

  delist(value: string): void {
    this.decide({ kind: 'delist', subject: { kind: 'address', value }, comment: '' });
  }

  settle(): void {
    this.clock.ms += 1000;
    for (let left = this.#judging.step(); left.urgent || left.rest;) left = this.#judging.step();
  }

  /** The same, one transaction at a time. @returns The changes of each. */
  settleSlowly(): readonly number[] {
    this.clock.ms += 1000;
    this.clock.tickMs = 3; // A step of 4 ms ends after one transaction.
    const counts: number[] = [];
    for (let isLeft = true; isLeft;) {
      const before = this.reader.listings.serial();
      const left = this.#judging.step();
      counts.push(this.reader.listings.changes(before, 10_000).length);
      noneNested(this.entries());
      isLeft = left.urgent || left.rest;
    }
    this.clock.tickMs = 0;
    return counts;
  }

  entries(): readonly string[] {
    const all = this.reader.listings.listings(undefined, 100_000, { kinds: ['address'] });
    return all.map(({ value }) => value).toSorted();
  }

  [Symbol.dispose](): void {
    this.reader.close();
    this.store.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

const hex = (value: number): string => value.toString(16);
/** The /64 of 2a02:6b8:SITE::/48 with this number, 0 to 65,535; one of its addresses. */
const host = (subnet: number, site = 1, own = 9): string =>
  canonicalAddress(`2a02:6b8:${hex(site)}:${hex(subnet)}::${hex(own)}`) ?? '';
const count = (length: number): readonly number[] => Array.from({ length }, (_, index) => index);

function noneNested(entries: readonly string[]): void {
  const prefixes = entries.map((value) => parsePrefix(value)).filter((one) => one !== undefined);
  for (const [index, outer] of prefixes.entries()) {
    for (const [other, inner] of prefixes.entries()) {
      assert.ok(index === other || !covers(outer, inner), `${entries[index]} ${entries[other]}`);
    }
  }
}

test('4,000 proved addresses of one /64 are one entry, and push nobody off', () => {
  using node = new Node([], 16 * 1_048_576);
  node.meet(['45.1.2.3', host(7, 2)]);
  node.meet(count(4_000).map((own) => `2a02:6b8:1:1::${hex(own + 1)}`));
  assert.deepEqual(node.entries(), ['2a02:6b8:1:1::/64', '2a02:6b8:2:7::/64', '45.1.2.3']);
  assert.equal(node.reader.evidence.address(host(1))?.eventsCount, 4_000);
});

test('a /56 is listed as a whole once enough of it attacks, and its parts come back after it', () => {
  using node = new Node();
  const spread = count(32).map((index) => index * 8);
  node.meet(spread.slice(1).map((subnet) => host(subnet)));
  assert.equal(node.entries().length, 31);
  const before = node.reader.listings.serial();
  node.clock.us += HOUR_US;
  node.meet([host(0)]);
  assert.deepEqual(node.entries(), ['2a02:6b8:1::/56']);
  // A follower removes the parts first.
  const changes = node.reader.listings.changes(before, 100).map(({ change }) => change);
  assert.deepEqual(changes, [...count(31).map(() => 'unlisted'), 'listed']);
  const innocent = node.judge.judge({ address: host(3) }, node.clock.us).address;
  assert.equal(innocent?.level, 'listed');
  assert.equal(innocent?.entry, '2a02:6b8:1::/56');
  assert.match(innocent?.reasons[0] ?? '', /^32 of the 256 \/64 .* in 16 of its 16 parts/);
  const neighbour = node.judge.judge({ address: host(256) }, node.clock.us).address;
  assert.equal(neighbour?.level, 'none');
  // One of them is delisted: so is the whole network by which it was listed.
  const until = innocent?.untilEpochUs ?? 0;
  node.clock.us = until;
  node.settle();
  assert.deepEqual(node.entries(), ['2a02:6b8:1::/64'], 'what came last lasts longest');
});

test('nobody who holds half of a /56, or of a /48, has the whole listed', () => {
  using node = new Node();
  node.meet(count(128).map((subnet) => host(subnet)));
  assert.equal(node.entries().length, 128);
  using small = new Node([{ name: 'network-56', value: 9 }]);
  // All of a /49: 128 of the /56, each by 9 of its /64.
  small.meet(count(128).flatMap((part) => count(9).map((index) => host(part * 256 + index * 16))));
  assert.equal(small.entries().length, 128);
  assert.ok(small.entries().every((value) => value.endsWith('/56')));
  small.meet(count(9).map((index) => host(200 * 256 + index * 16)));
  assert.deepEqual(small.entries(), ['2a02:6b8:1::/48']);
});

test('a /48 with many entries is listed and ends in transactions that recording can wait for', () => {
  using node = new Node([
    { name: 'network-56', value: 9 },
    { name: 'network-48', value: 9 },
  ]);
  const subnetOf = (sixteenth: number, index: number): number => sixteenth * 4096 + index * 16;
  const wholes = count(8).flatMap((at) => count(9).map((index) => host(subnetOf(at, index))));
  const singles = count(8).flatMap((at) =>
    count(12).map((index) => host(at * 4096 + 256 + 192 * index)),
  );
  node.meet([...wholes, ...singles]);
  assert.equal(node.entries().length, 8 + 96);
  const last = count(9).map((index) => host(subnetOf(8, index)));
  node.record(last);
  const listing = node.settleSlowly();
  assert.deepEqual(node.entries(), ['2a02:6b8:1::/48']);
  assert.ok(
    listing.every((changes) => changes <= JUDGE_ROWS + 9),
    listing.join(),
  );
  const inside = { address: host(77) };
  assert.equal(node.judge.judge(inside, node.clock.us).address?.entry, '2a02:6b8:1::/48');
  // One of the /56 comes apart: the /48 does, too, and all others stand for themselves.
  node.store.decide({ kind: 'allow', value: host(0), comment: '', untilEpochUs: undefined });
  const ending = node.settleSlowly();
  assert.equal(node.entries().length, 8 + 8 + 96);
  assert.ok(
    ending.every((changes) => changes <= JUDGE_ROWS + 9),
    ending.join(),
  );
});

test('delisting an address delists the network that it is listed by, whole', () => {
  using node = new Node(SMALL);
  node.meet([host(0), host(16), host(300)]);
  assert.deepEqual(node.entries(), ['2a02:6b8:1:12c::/64', '2a02:6b8:1::/56']);
  node.delist(host(5));
  assert.deepEqual(node.entries(), ['2a02:6b8:1:12c::/64']);
  const { address } = node.judge.judge({ address: host(16) }, node.clock.us);
  assert.deepEqual(address?.reasons, ['it was delisted and nothing came since']);
  node.meet([host(16)]);
  assert.deepEqual(node.entries(), ['2a02:6b8:1:10::/64', '2a02:6b8:1:12c::/64']);
});

test('an allowed address is never inside an entry: the wider ones leave, and its own /64', () => {
  using node = new Node(SMALL);
  node.meet([host(0), host(16), host(0x1000), host(0x1010)]);
  assert.deepEqual(node.entries(), ['2a02:6b8:1::/48']);
  node.allow(host(16, 1, 77));
  assert.deepEqual(node.entries(), ['2a02:6b8:1:1000::/56', '2a02:6b8:1::/64']);
  const { address } = node.judge.judge({ address: host(16) }, node.clock.us);
  assert.match(address?.reasons[0] ?? '', /^2a02:6b8:1:10::\/64 contains 2a02:6b8:1:10::4d/);
  node.decide({ kind: 'disallow', value: host(16, 1, 77) });
  assert.deepEqual(node.entries(), ['2a02:6b8:1::/48']);
});

test('what the operator blocks is not a second entry inside one, and comes back after it', () => {
  using node = new Node(SMALL);
  const block = (value: string): void =>
    node.decide({
      kind: 'block',
      subject: { kind: 'address', value },
      comment: '',
      untilEpochUs: undefined,
    });
  node.meet([host(0), host(16)]);
  block(host(5));
  block('2a02:6b8:1:20::/60');
  assert.deepEqual(node.entries(), ['2a02:6b8:1::/56']);
  node.delist(host(0));
  assert.deepEqual(node.entries(), ['2a02:6b8:1:20::/60', '2a02:6b8:1:5::9']);
  node.meet([host(0)]);
  assert.deepEqual(node.entries(), ['2a02:6b8:1:20::/60', '2a02:6b8:1:5::9', '2a02:6b8:1::/64']);
  block('2a02:6b8::/32');
  assert.deepEqual(node.entries(), ['2a02:6b8::/32']);
  node.decide({ kind: 'unblock', subject: { kind: 'address', value: '2a02:6b8::/32' } });
  assert.deepEqual(node.entries(), ['2a02:6b8:1:20::/60', '2a02:6b8:1:5::9', '2a02:6b8:1::/64']);
  node.meet([host(32)]);
  assert.deepEqual(node.entries(), ['2a02:6b8:1::/56'], 'what attacks in a blocked part counts');
});

test('the share of one /48 of the evidence is bounded, and what is stronger stays', () => {
  using node = new Node([{ name: 'network-56', value: 0 }], 16 * 1_048_576);
  node.meet(['45.1.2.3']);
  node.meet(count(1000).map((subnet) => host(subnet)));
  // 4,096 rows of evidence, 128 of them of one /48.
  const entries = node.entries();
  assert.ok(entries.length <= 129 && entries.length > 100, `${entries.length}`);
  assert.ok(entries.includes('45.1.2.3') && entries.includes('2a02:6b8:1:3e7::/64'));
  assert.equal(node.judge.judge({ address: host(0) }, node.clock.us).level, 'none');
});

type Step =
  | {
      readonly kind: 'meet' | 'allow' | 'disallow' | 'delist' | 'block' | 'unblock';
      readonly what: string;
    }
  | { readonly kind: 'later'; readonly hours: number };

const SUBNETS = [0, 1, 16, 17, 256, 272, 4096, 4112, 4352, 4368];
const subnet = fc.constantFrom(...SUBNETS);
const address = fc.tuple(subnet, fc.constantFrom(9, 77)).map(([at, own]) => host(at, 1, own));
const network = fc.constantFrom(
  '2a02:6b8:1::/60',
  '2a02:6b8:1:1000::/52',
  '2a02:6b8:1::/56',
  '2a02:6b8:1:10::/64',
  '2a02:6b8:1::/48',
  '2a02:6b8::/32',
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('meet' as const), what: address }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('allow' as const, 'disallow' as const),
      what: fc.oneof(address, network),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('block' as const, 'unblock' as const),
      what: fc.oneof(address, network),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delist' as const), what: address }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('later' as const),
      hours: fc.constantFrom(1, 30, 90),
    }),
  },
);

function take(node: Node, allowed: Set<string>, blocked: Set<string>, one: Step): void {
  if (one.kind === 'later') {
    node.clock.us += one.hours * HOUR_US;
    return node.settle();
  }
  const { what } = one;
  const subject = { kind: 'address', value: what } as const;
  const always = { comment: '', untilEpochUs: undefined };
  switch (one.kind) {
    case 'meet':
      return node.meet([what]);
    case 'delist':
      return node.delist(what);
    case 'allow':
      allowed.add(what);
      return node.allow(what);
    case 'disallow':
      if (allowed.delete(what)) node.decide({ kind: 'disallow', value: what });
      return;
    case 'block':
      blocked.add(what);
      return node.decide({ kind: 'block', subject, ...always });
    case 'unblock':
      if (blocked.delete(what)) node.decide({ kind: 'unblock', subject });
      return;
  }
}

test('after any sequence no entry covers what is allowed or lies in another, and look-ups say what the lists say', () => {
  let widest = 128;
  fc.assert(
    fc.property(fc.array(step, { minLength: 4, maxLength: 25 }), (steps) => {
      using node = new Node(SMALL);
      const [allowed, blocked] = [new Set<string>(), new Set<string>()];
      for (const one of steps) {
        take(node, allowed, blocked, one);
        const entries = node.entries();
        noneNested(entries);
        const prefixes = entries.map((value) => parsePrefix(value));
        for (const prefix of prefixes) widest = Math.min(widest, prefix?.length ?? 128);
        for (const guard of [...allowed].map((value) => parsePrefix(value))) {
          for (const prefix of prefixes) {
            if (guard === undefined || prefix === undefined) continue;
            assert.ok(!covers(prefix, guard) && !covers(guard, prefix), entries.join());
          }
        }
        for (const value of SUBNETS.flatMap((at) => [host(at), host(at, 1, 77)])) {
          const ip = parseIp(value);
          const on = entries.filter((_, at) => {
            const prefix = prefixes[at];
            return ip !== undefined && prefix !== undefined && contains(prefix, ip);
          });
          const asked = node.judge.judge({ address: value }, node.clock.us).address;
          assert.equal(asked?.level, on.length === 0 ? 'none' : 'listed', value);
          if (on.length > 0) assert.equal(asked?.entry, on[0]);
          const subject = { kind: 'address', value: asked?.entry ?? value } as const;
          const listing = node.reader.listings.listing(subject);
          assert.equal(listing?.level ?? 'none', asked?.level, `listing of ${value}`);
        }
      }
    }),
    // One case that certainly widens, and others.
    { numRuns: 12, examples: [[SUBNETS.map((at) => ({ kind: 'meet' as const, what: host(at) }))]] },
  );
  assert.ok(widest <= 48, 'the test widened');
});
