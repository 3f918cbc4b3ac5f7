// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatPrefix, type Prefix } from '@sentrypeer/ip';
import { HeldEntries, type Difference } from '../src/held.ts';
import { Listed } from '../src/listed.ts';

const NOW = 1_800_000_000_000;
const DAY_MS = 86_400_000;
/** When an entry ends that was announced for four days. */
const END = NOW + 5 * DAY_MS;

class Bench {
  readonly clock = { ms: 0, nowMs: (): number => this.clock.ms, epochUs: (): number => NOW * 1000 };
  readonly listed = new Listed(100);
  readonly held: HeldEntries;
  readonly why = new Map<string, string>();
  readonly spared = { reason: (prefix: Prefix) => this.why.get(formatPrefix(prefix)) };

  constructor(additionsPerMinuteMax = 100) {
    this.held = new HeldEntries(this.clock, additionsPerMinuteMax);
  }

  put(...addresses: readonly string[]): void {
    for (const address of addresses) this.listed.put(address, NOW + 4 * DAY_MS, NOW);
  }

  difference(addresses: readonly string[], countMax = 100, nowMs = NOW): Difference {
    const keys = addresses.map(keyOf);
    return this.held.difference(keys, this, nowMs, countMax);
  }

  /** Carries out what some addresses require. */
  carryOut(...addresses: readonly string[]): Difference {
    const difference = this.difference(addresses);
    this.held.carriedOut(difference);
    return difference;
  }
}

function keyOf(address: string): string {
  return address.includes(':') ? `ipv6_128 ${address}` : `ipv4_32 ${address}`;
}

const elements = (some: readonly { readonly element: string }[]): readonly string[] =>
  some.map(({ element }) => element);

test('HeldEntries.difference() adds what is new and takes out what is listed no more', () => {
  const bench = new Bench();
  bench.put('45.1.0.1', '2a00::1');
  const first = bench.carryOut('45.1.0.1', '2a00::1', '45.1.0.9');
  assert.deepEqual(elements(first.add), ['45.1.0.1', '2a00::1']);
  assert.deepEqual([first.remove, first.heldBackCount, first.newlyLeftOut], [[], 0, []]);
  assert.deepEqual(first.settled, ['45.1.0.1', '2a00::1', '45.1.0.9'].map(keyOf));
  assert.deepEqual(bench.held.counts(), { ipv4: 1, ipv6: 1 });
  assert.deepEqual([...bench.held.keys()], ['45.1.0.1', '2a00::1'].map(keyOf));
  const [one] = bench.held.elements();
  assert.ok(one !== undefined && bench.held.has(one));
  assert.equal(one.endEpochMs, END);
  assert.equal(bench.held.has({ ...one, element: '45.1.0.2' }), false);
  bench.listed.remove('45.1.0.1');
  const second = bench.carryOut('45.1.0.1', '2a00::1');
  assert.deepEqual([elements(second.add), elements(second.remove)], [[], ['45.1.0.1']]);
  assert.deepEqual(bench.held.counts(), { ipv4: 0, ipv6: 1 });
  bench.held.clear();
  assert.deepEqual(bench.held.counts(), { ipv4: 0, ipv6: 0 });
});

test('HeldEntries.difference() changes an end that moved by a second or more, and no smaller one', () => {
  const bench = new Bench();
  bench.put('45.1.0.1');
  bench.carryOut('45.1.0.1');
  for (const [movedMs, changes] of [
    [0, 0],
    [799, 0],
    [800, 1],
    [-800, 1],
    [-799, 0],
  ] as const) {
    // With a quarter of its time more, 800 milliseconds are a second.
    bench.listed.put('45.1.0.1', NOW + 4 * DAY_MS + movedMs, NOW);
    assert.equal(bench.difference(['45.1.0.1']).add.length, changes, `${movedMs}`);
  }
});

test('HeldEntries.difference() lets a limited number of new ones in within a minute, and others go at once', () => {
  const bench = new Bench(2);
  const four = ['45.1.0.1', '45.1.0.2', '45.1.0.3', '45.1.0.4'];
  bench.put(...four);
  const first = bench.carryOut(...four);
  assert.deepEqual([first.add.length, first.heldBackCount], [2, 2]);
  assert.deepEqual(first.settled, four.slice(0, 2).map(keyOf), 'the others are asked for again');
  assert.equal(bench.carryOut('45.1.0.3').heldBackCount, 1);
  bench.clock.ms += 29_999;
  assert.equal(bench.carryOut('45.1.0.3').heldBackCount, 1);
  bench.clock.ms += 1;
  const later = bench.carryOut('45.1.0.3', '45.1.0.4');
  assert.deepEqual([later.add.length, later.heldBackCount], [1, 1]);
  bench.listed.remove('45.1.0.1');
  assert.deepEqual(elements(bench.carryOut('45.1.0.1').remove), ['45.1.0.1']);
  // However long nothing came, no more than the minute's quota comes at once.
  bench.clock.ms += 600_000;
  bench.put('45.1.0.5', '45.1.0.6');
  assert.equal(bench.carryOut('45.1.0.4', '45.1.0.5', '45.1.0.6').add.length, 2);
});

test('HeldEntries.difference() takes a limited number of changes at once', () => {
  const bench = new Bench();
  const three = ['45.1.0.1', '45.1.0.2', '45.1.0.3'];
  bench.put(...three);
  const { add, settled } = bench.difference(three, 2);
  assert.deepEqual([add.length, settled.length], [2, 2]);
  assert.equal(bench.difference(three, 3).add.length, 3);
});

test('HeldEntries.difference() leaves out what is spared, says so once, and takes it out', () => {
  const bench = new Bench();
  bench.put('45.1.0.1', '45.1.0.2');
  bench.carryOut('45.1.0.1', '45.1.0.2');
  bench.why.set('45.1.0.1', 'ours');
  const out = { address: '45.1.0.1', why: 'ours' };
  const first = bench.carryOut('45.1.0.1', '45.1.0.2');
  assert.deepEqual([elements(first.remove), first.newlyLeftOut], [['45.1.0.1'], [out]]);
  assert.deepEqual([...bench.held.leftOut.values()], [out]);
  const second = bench.carryOut('45.1.0.1');
  assert.deepEqual([second.remove, second.newlyLeftOut], [[], []]);
  assert.deepEqual([...bench.held.leftOut.keys()], [keyOf('45.1.0.1')]);
  bench.why.clear();
  assert.deepEqual(elements(bench.carryOut('45.1.0.1').add), ['45.1.0.1']);
  assert.equal(bench.held.leftOut.size, 0);
  bench.why.set('45.1.0.2', 'ours');
  bench.listed.remove('45.1.0.2');
  assert.deepEqual(bench.carryOut('45.1.0.2').newlyLeftOut, [], 'it is not listed');
});

test('HeldEntries ends entries at the very time', () => {
  const bench = new Bench();
  bench.put('45.1.0.1');
  assert.equal(bench.difference(['45.1.0.1'], 9, END - 1).add.length, 1);
  assert.equal(bench.difference(['45.1.0.1'], 9, END).add.length, 0);
  bench.carryOut('45.1.0.1');
  assert.deepEqual(elements(bench.difference(['45.1.0.1'], 9, END).remove), ['45.1.0.1']);
  assert.deepEqual(bench.held.endedBy(END - 1), []);
  assert.deepEqual(bench.held.endedBy(END), [keyOf('45.1.0.1')]);
  bench.held.prune(END - 1);
  assert.equal(bench.held.elements().length, 1);
  bench.held.prune(END);
  assert.equal(bench.held.elements().length, 0);
});

test('HeldEntries.wanted() is all that is listed and not spared, and replace() has it in force', () => {
  const bench = new Bench();
  bench.put('45.1.0.1', '45.1.0.2');
  bench.why.set('45.1.0.2', 'ours');
  const wanted = bench.held.wanted(bench.listed, bench.spared, NOW);
  assert.deepEqual(elements(wanted.wanted), ['45.1.0.1']);
  assert.deepEqual(wanted.newlyLeftOut, [{ address: '45.1.0.2', why: 'ours' }]);
  assert.deepEqual([...wanted.leftOut.keys()], [keyOf('45.1.0.2')]);
  bench.held.replace(wanted);
  assert.deepEqual(elements(bench.held.elements()), ['45.1.0.1']);
  assert.deepEqual([...bench.held.leftOut.keys()], [keyOf('45.1.0.2')]);
  assert.deepEqual(bench.held.wanted(bench.listed, bench.spared, NOW).newlyLeftOut, []);
  assert.deepEqual(bench.held.wanted(bench.listed, bench.spared, END).wanted, []);
  assert.equal(bench.held.wanted(bench.listed, bench.spared, END - 1).wanted.length, 1);
});

test('HeldEntries.difference() counts against the minute only what is new', () => {
  const bench = new Bench(2);
  bench.put('45.1.0.1');
  bench.carryOut('45.1.0.1');
  // What is held already, and what is neither listed nor held, takes no place from a new one.
  bench.put('45.1.0.2');
  const { add, heldBackCount } = bench.carryOut('45.1.0.1', '45.1.0.8', '45.1.0.9', '45.1.0.2');
  assert.deepEqual([elements(add), heldBackCount], [['45.1.0.2'], 0]);
  assert.equal(bench.held.leftOut.size, 0);
});

test('HeldEntries.difference() counts removals among the changes, and clear() forgets all', () => {
  const bench = new Bench();
  bench.put('45.1.0.1', '45.1.0.2');
  bench.carryOut('45.1.0.1', '45.1.0.2');
  bench.listed.remove('45.1.0.1');
  bench.put('45.1.0.3', '45.1.0.4');
  const { add, remove } = bench.difference(['45.1.0.1', '45.1.0.3', '45.1.0.4'], 2);
  assert.deepEqual([elements(remove), elements(add)], [['45.1.0.1'], ['45.1.0.3']]);
  bench.why.set('45.1.0.2', 'ours');
  bench.carryOut('45.1.0.2');
  assert.equal(bench.held.leftOut.size, 1);
  bench.held.clear();
  assert.equal(bench.held.leftOut.size, 0);
});
