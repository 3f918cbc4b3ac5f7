// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The parts of verdicts: which is graver, how points fall with time, and the words for counts. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { delistedReasons } from '../src/delisting.ts';
import type { Verdict } from '../src/index.ts';
import {
  about,
  counted,
  decay,
  HOUR_US,
  isGraver,
  notListed,
  share,
  times,
  verdictAt,
} from '../src/verdict.ts';

function verdict(level: Verdict['level'], score: number, ...reasons: readonly string[]): Verdict {
  return { level, listed: level === 'listed', score, reasons, untilEpochUs: undefined };
}

test('isGraver() asks for the level first, then for the score, then for whether anything is said', () => {
  const rising = [
    verdict('none', 0),
    verdict('none', 0, 'said'),
    verdict('none', 20),
    verdict('watch', 10),
    verdict('watch', 11),
    verdict('listed', 1),
    verdict('listed', 2),
  ];
  for (const [index, one] of rising.entries()) {
    for (const [place, other] of rising.entries()) {
      assert.equal(isGraver(one, other), index > place, `${index} and ${place}`);
    }
  }
  assert.equal(isGraver(verdict('watch', 5, 'a', 'b'), verdict('watch', 5, 'a')), false);
});

const HOURLY = { threshold: 30, halfLifeUs: HOUR_US, longestUs: 10 * HOUR_US } as const;

test('decay() halves the points in each half-life, and keeps the threshold in the hour of grace', () => {
  const at = (hours: number) => decay(80, 0, { ...HOURLY, nowEpochUs: hours * HOUR_US });
  assert.deepEqual(
    [-1, 0, 1].map((hours) => at(hours).score),
    [80, 80, 40],
  );
  // 80 points are 30 after 1 h 24 min 54 s.
  assert.deepEqual([at(2).score, at(2).isActive], [30, true]);
  const { untilEpochUs } = at(0);
  assert.equal(untilEpochUs, Math.floor(HOUR_US * Math.log2(80 / 30)) + HOUR_US);
  const just = (us: number) => decay(80, 0, { ...HOURLY, nowEpochUs: us });
  assert.equal(just(untilEpochUs - 1).isActive, true);
  assert.deepEqual([just(untilEpochUs).isActive, just(untilEpochUs).score], [false, 15]);
});

test('decay() ends at the longest time, whatever is left then', () => {
  const at = (us: number) => decay(80, 0, { ...HOURLY, longestUs: HOUR_US, nowEpochUs: us });
  assert.deepEqual(at(HOUR_US - 1), { isActive: true, score: 40, untilEpochUs: HOUR_US });
  assert.deepEqual(at(HOUR_US), { isActive: false, score: 0, untilEpochUs: HOUR_US });
});

test('decay() never makes active what does not reach the threshold', () => {
  const now = { ...HOURLY, nowEpochUs: 5 };
  assert.deepEqual(decay(29.7, 5, now), { isActive: false, score: 29, untilEpochUs: 5 });
  assert.deepEqual(decay(10, 5, now), { isActive: false, score: 10, untilEpochUs: 5 });
  assert.deepEqual(decay(30, 5, now), { isActive: true, score: 30, untilEpochUs: 5 + HOUR_US });
});

test('verdictAt() names an end where there is a level, and none otherwise', () => {
  const decayed = { isActive: true, score: 7, untilEpochUs: 9 };
  assert.deepEqual(verdictAt('listed', decayed, ['a']), {
    level: 'listed',
    listed: true,
    score: 7,
    reasons: ['a'],
    untilEpochUs: 9,
  });
  assert.deepEqual(verdictAt('watch', decayed, []), { ...verdict('watch', 7), untilEpochUs: 9 });
  assert.deepEqual(verdictAt('none', decayed, []), verdict('none', 7));
  assert.deepEqual(notListed('why'), verdict('none', 0, 'why'));
});

test('counts are told as a person tells them', () => {
  assert.deepEqual([1, 2].map(times), ['once', '2 times']);
  assert.deepEqual(
    [1, 2].map((count) => counted(count, 'day')),
    ['1 day', '2 days'],
  );
  assert.deepEqual(
    [1, 2, 100, 101].map((count) => about(count, 'address', 'addresses')),
    ['one address', 'about 2 addresses', 'about 100 addresses', 'more than 100 addresses'],
  );
  assert.equal(about(3, 'network'), 'about 3 networks');
  assert.deepEqual(
    [-1, 0, 1, 2, 3].map((part) => share(part, 2)),
    [0, 0, 0.5, 1, 1],
  );
});

test('delistedReasons() says why nothing is known, with the comment where there is one', () => {
  assert.deepEqual(delistedReasons(undefined), []);
  assert.deepEqual(delistedReasons({ atEpochUs: 1, comment: '' }), [
    'it was delisted and nothing came since',
  ]);
  assert.deepEqual(delistedReasons({ atEpochUs: 1, comment: 'mine' }), [
    'it was delisted (mine) and nothing came since',
  ]);
});
