// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Listed } from '../src/listed.ts';

const HOUR_MS = 3_600_000;
const NOW = 1_800_000_000_000;
const KEY = 'ipv4_32 45.1.2.3';

function endOf(lastsMs: number): number | undefined {
  const listed = new Listed(1);
  listed.put('45.1.2.3', NOW + lastsMs, NOW);
  const endEpochMs = listed.entries.get(KEY)?.endEpochMs;
  return endEpochMs === undefined ? undefined : endEpochMs - NOW;
}

test('Listed keeps an entry a quarter of its time longer, at least an hour, at most 30 days', () => {
  assert.equal(endOf(1), HOUR_MS + 1);
  assert.equal(endOf(4 * HOUR_MS), 5 * HOUR_MS);
  assert.equal(endOf(8 * HOUR_MS), 10 * HOUR_MS);
  assert.equal(endOf(24 * 24 * HOUR_MS), 30 * 24 * HOUR_MS);
  assert.equal(endOf(25 * 24 * HOUR_MS), 30 * 24 * HOUR_MS);
  assert.deepEqual([0, -1, NaN].map(endOf), [undefined, undefined, undefined]);
});

test('Listed puts, replaces and removes what is told, and says what changed', () => {
  const listed = new Listed(10);
  assert.equal(listed.put('45.1.2.3', NOW + 1, NOW), KEY);
  assert.deepEqual(listed.entries.get(KEY), {
    key: KEY,
    set: 'ipv4_32',
    element: '45.1.2.3',
    endEpochMs: NOW + HOUR_MS + 1,
  });
  assert.equal(listed.put('nobody', NOW + 1, NOW), undefined);
  assert.equal(listed.remove('nobody'), undefined);
  assert.equal(listed.remove('45.1.2.4'), undefined);
  assert.equal(listed.remove('45.1.2.3'), KEY);
  assert.equal(listed.remove('45.1.2.3'), undefined);
  assert.equal(listed.entries.size, 0);
});

test('Listed leaves out what is too much, and says so until the next snapshot', () => {
  const listed = new Listed(2);
  listed.put('45.1.2.3', NOW + 1, NOW);
  listed.put('45.1.2.4', NOW + 1, NOW);
  assert.equal(listed.isFull, false);
  assert.equal(listed.put('45.1.2.3', NOW + 2, NOW), KEY, 'what is there may last longer');
  assert.equal(listed.isFull, false);
  assert.equal(listed.put('45.1.2.5', NOW + 1, NOW), undefined);
  assert.deepEqual([listed.isFull, listed.entries.size], [true, 2]);
  listed.begin();
  assert.equal(listed.isFull, false);
});

test('Listed has room again once a tenth of what fits has gone, if something was left out', () => {
  const listed = new Listed(10);
  const put = (last: number): unknown => listed.put(`45.1.2.${last}`, NOW + 1, NOW);
  for (let last = 0; last < 10; last += 1) put(last);
  listed.remove('45.1.2.0');
  listed.remove('45.1.2.1');
  assert.equal(listed.hasRoomAgain, false, 'nothing was left out');
  for (const last of [10, 11, 12]) put(last);
  assert.equal(listed.hasRoomAgain, false);
  listed.remove('45.1.2.2');
  assert.equal(listed.hasRoomAgain, false);
  listed.remove('45.1.2.3');
  assert.equal(listed.hasRoomAgain, true);
});

test('Listed keeps what it had until a snapshot is complete', () => {
  const listed = new Listed(10);
  const keys = (): readonly string[] => [...listed.entries.values()].map(({ element }) => element);
  listed.arrive('45.1.2.9', NOW + 1, NOW);
  assert.deepEqual(keys(), [], 'no snapshot has begun');
  listed.put('45.1.2.3', NOW + 1, NOW);
  listed.end();
  assert.deepEqual(keys(), ['45.1.2.3'], 'nothing that began has ended');
  listed.begin();
  listed.arrive('45.1.2.4', NOW + 1, NOW);
  assert.deepEqual(keys(), ['45.1.2.3']);
  listed.end();
  assert.deepEqual(keys(), ['45.1.2.4']);
  listed.arrive('45.1.2.5', NOW + 1, NOW);
  assert.deepEqual(keys(), ['45.1.2.4']);
});

test('Listed forgets what has ended, at the very time', () => {
  const listed = new Listed(10);
  listed.put('45.1.2.3', NOW + 1, NOW);
  listed.put('45.1.2.4', NOW + 2, NOW);
  listed.prune(NOW + HOUR_MS);
  assert.equal(listed.entries.size, 2);
  listed.prune(NOW + HOUR_MS + 1);
  assert.deepEqual([...listed.entries.keys()], ['ipv4_32 45.1.2.4']);
});
