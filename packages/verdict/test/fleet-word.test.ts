// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FleetWord } from '../src/index.ts';
import { withFleet } from '../src/fleet-word.ts';
import { notListed, type Verdict } from '../src/verdict.ts';

const WORD: FleetWord = {
  level: 'listed',
  score: 60,
  reasons: ['it tried 3 passwords'],
  lastEpochUs: 100,
  untilEpochUs: 1000,
};
const WATCH: Verdict = {
  level: 'watch',
  listed: false,
  score: 90,
  reasons: ['it came once'],
  untilEpochUs: 2000,
};

test('withFleet() takes the graver of own evidence and the hubs’ word, until it ends', () => {
  const fleet = withFleet(notListed(), WORD, 500);
  assert.deepEqual(
    [fleet.level, fleet.listed, fleet.untilEpochUs, fleet.reasons],
    ['listed', true, 1000, ['the hubs of the fleet say so', 'it tried 3 passwords']],
  );
  const both = withFleet(WATCH, WORD, 500);
  assert.deepEqual(
    [both.level, both.untilEpochUs, both.reasons.at(-1)],
    ['listed', 1000, 'it came once'],
  );
  const own: Verdict = { ...WATCH, level: 'listed', listed: true };
  const longest = withFleet(own, WORD, 500);
  assert.deepEqual([longest.score, longest.untilEpochUs], [90, 2000]);
  assert.equal(withFleet(WATCH, WORD, 1000), WATCH, 'it has ended');
  assert.equal(withFleet(WATCH, undefined, 500), WATCH);
});

test('withFleet() lasts as long as the longer of two that say the same, and says each reason once', () => {
  const own: Verdict = {
    ...WATCH,
    level: 'listed',
    listed: true,
    untilEpochUs: 700,
    reasons: ['it tried 3 passwords', 'on 2 days'],
  };
  const longer = withFleet(own, WORD, 500);
  assert.deepEqual([longer.level, longer.score, longer.untilEpochUs], ['listed', 90, 1000]);
  assert.deepEqual(longer.reasons, [
    'it tried 3 passwords',
    'on 2 days',
    'the hubs of the fleet say so',
  ]);
  const watched = withFleet(own, { ...WORD, level: 'watch', untilEpochUs: 5000 }, 500);
  assert.deepEqual([watched.level, watched.listed, watched.untilEpochUs], ['listed', true, 700]);
  const alone = withFleet(notListed(), { ...WORD, level: 'watch' }, 999);
  assert.deepEqual([alone.level, alone.listed, alone.score], ['watch', false, 60]);
});

test('withFleet() leaves out what the hubs met before this node’s operator delisted it', () => {
  assert.equal(withFleet(WATCH, WORD, 500, 100), WATCH);
  assert.equal(withFleet(WATCH, WORD, 500, 99).level, 'listed');
});
