// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EventFolder, foldKey } from '../src/event-folder.ts';
import { FOLD_ENTRIES_MAX, FOLD_KEY_PART_CHARACTERS_MAX } from '../src/limits.ts';
import type { Observation } from '../src/index.ts';
import { observationOf } from './observation.ts';

const WINDOW_MS = 100;
const OBSERVATION = observationOf();

/** One message after another: which event it is like, and milliseconds since the one before. */
const messages = fc.array(fc.record({ key: fc.nat(9).map(String), afterMs: fc.nat(30) }), {
  maxLength: 200,
});

test('`EventFolder` folds what is in its window and nothing else, as one that keeps all of them does', () => {
  fc.assert(
    fc.property(messages, fc.nat(10_000), (sent, startMs) => {
      const folder = new EventFolder({ windowMs: WINDOW_MS });
      const openedAtMs = new Map<string, number>();
      let nowMs = startMs;
      for (const { key, afterMs } of sent) {
        nowMs += afterMs;
        const isRepeat = nowMs - (openedAtMs.get(key) ?? Number.NEGATIVE_INFINITY) < WINDOW_MS;
        assert.equal(folder.fold(key, nowMs * 1000, nowMs), isRepeat, `${key} at ${nowMs}`);
        if (isRepeat) continue;
        folder.remember(key, key, OBSERVATION, nowMs);
        openedAtMs.set(key, nowMs);
      }
    }),
    { numRuns: 300 },
  );
});

test('`EventFolder` reports each repeat once, also of an event that it keeps no more', () => {
  const folder = new EventFolder({ windowMs: WINDOW_MS });
  folder.remember('a', 'a', OBSERVATION, 0);
  folder.fold('a', 1000, 1);
  for (const nowMs of [150, 300, 450]) folder.remember(String(nowMs), '', OBSERVATION, nowMs);
  assert.equal(folder.fold('a', 460_000, 460), false);
  const reported: unknown[] = [];
  for (let times = 0; times < 2; times += 1)
    folder.takeRepeats(({ eventUuid, count }) => reported.push([eventUuid, count]));
  assert.deepEqual(reported, [['a', 1]]);
});

test('`EventFolder` keeps two windows of events at most, and no more than its limit in a flood', () => {
  const folder = new EventFolder({ windowMs: WINDOW_MS });
  let most = 0;
  for (let nowMs = 0; nowMs < 50 * WINDOW_MS; nowMs += 1) {
    folder.remember(String(nowMs), '', OBSERVATION, nowMs);
    most = Math.max(most, folder.entriesCount);
  }
  assert.equal(most, 2 * WINDOW_MS);
  for (let index = 0; index < 2 * FOLD_ENTRIES_MAX; index += 1) {
    folder.remember(`flood ${index}`, '', OBSERVATION, 50 * WINDOW_MS);
    most = Math.max(most, folder.entriesCount);
  }
  assert.equal(most, FOLD_ENTRIES_MAX);
});

test('`foldKey()` is the same for requests of any size, and not for other messages', () => {
  const sized = (messageKind: Observation['messageKind'], size: number): string =>
    foldKey(observationOf({ messageKind, sipMessage: new Uint8Array(size) }));
  assert.equal(sized('request', 1), sized('request', 2));
  assert.notEqual(sized('response', 1), sized('response', 2));
  assert.notEqual(sized('request', 0), sized('not-sip', 0));
});

test('`foldKey()` takes the beginning and the length of a long part', () => {
  const key = (userAgent: string): string => foldKey(observationOf({ userAgent }));
  const most = 'x'.repeat(FOLD_KEY_PART_CHARACTERS_MAX);
  assert.notEqual(key(`${most.slice(1)}a`), key(`${most.slice(1)}b`), 'all of a part at the limit');
  assert.equal(key(`${most}a`), key(`${most}b`));
  assert.notEqual(key(`${most}a`), key(`${most}ab`));
  assert.ok(key('x'.repeat(100_000)).length < 2 * FOLD_KEY_PART_CHARACTERS_MAX);
});
