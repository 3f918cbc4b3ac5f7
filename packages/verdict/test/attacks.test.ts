// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The limits at which an address's actions count as an attack, and what evidence is worth, each on both sides. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attacksOf } from '../src/attacks.ts';
import type { AddressEvidence } from '../src/evidence.ts';
import { commonPoints, commonReasons } from '../src/points.ts';
import { DEFAULT_POLICY, policyOf, type PolicyName } from '../src/policy.ts';
import { ADDRESS, NOON_US } from './fixtures.ts';

const DAY_US = 86_400_000_000;
function attacks(
  evidence: Partial<AddressEvidence>,
  ...policy: readonly (readonly [PolicyName, number])[]
): readonly string[] {
  return attacksOf({ ...ADDRESS, ...evidence }, policyOf(new Map(policy)));
}

/** Days from the first event to the last. */
const over = (days: number): Pick<AddressEvidence, 'lastEpochUs'> => ({
  lastEpochUs: NOON_US + days * DAY_US,
});

test('attacksOf() names what only attackers do', () => {
  assert.deepEqual(attacks({}), []);
  assert.deepEqual(attacks({ callsCount: 4, attemptsCount: 4, eventsCount: 99 }), []);
  assert.deepEqual(attacks({ credentialsCount: 1 }), ['it tried passwords once']);
  assert.deepEqual(attacks({ costlyCallsCount: 2 }), [
    'it tried to call expensive or foreign numbers 2 times',
  ]);
  assert.deepEqual(attacks({ tool: 'SIPVicious' }), ['it uses SIPVicious']);
  assert.deepEqual(attacks({ targetsCount: 4 }), []);
  assert.deepEqual(attacks({ targetsCount: 5 }), ['it tried about 5 names and numbers']);
  assert.deepEqual(attacks({ targetsCount: 6 }, ['address-targets', 7]), []);
  const all = { credentialsCount: 1, costlyCallsCount: 1, tool: 'x', targetsCount: 5 };
  assert.equal(attacks({ ...all, eventsCount: 100 }).length, 5);
});

test('attacksOf() calls persistent who came on three days for more than an OPTIONS, at least every third', () => {
  const often = ['it comes again and again'];
  // The first day is at noon: on the 1st, 4th and 7th, at whatever time.
  assert.deepEqual(attacks({ daysCount: 3, attemptsCount: 3, ...over(6.49) }), often);
  assert.deepEqual(attacks({ daysCount: 3, attemptsCount: 3, ...over(6.5) }), []);
  assert.deepEqual(attacks({ daysCount: 3, attemptsCount: 3, ...over(8) }), [], 'every fourth day');
  assert.deepEqual(attacks({ daysCount: 4, attemptsCount: 3, ...over(9) }), often);
  assert.deepEqual(attacks({ daysCount: 4, attemptsCount: 3, ...over(12) }), [], 'the same');
  assert.deepEqual(attacks({ daysCount: 2, attemptsCount: 3, ...over(2) }), []);
  assert.deepEqual(attacks({ daysCount: 3, attemptsCount: 2, ...over(2) }), []);
  const days = ['address-attempt-days', 2] as const;
  assert.deepEqual(attacks({ daysCount: 2, attemptsCount: 2, ...over(2) }, days), often);
});

test('attacksOf() calls persistent who came 100 times, five times a day', () => {
  const often = ['it comes again and again'];
  assert.deepEqual(attacks({ eventsCount: 100 }), often);
  assert.deepEqual(attacks({ eventsCount: 99 }), []);
  assert.deepEqual(attacks({ eventsCount: 100, daysCount: 20, ...over(90) }), often);
  assert.deepEqual(attacks({ eventsCount: 100, daysCount: 21, ...over(90) }), []);
  assert.deepEqual(attacks({ eventsCount: 105, daysCount: 21, ...over(90) }), often);
  // Less is required here, so one day is enough.
  const few = ['address-contacts', 1] as const;
  assert.deepEqual(attacks({}, few), often);
  assert.deepEqual(attacks({ eventsCount: 3, daysCount: 3, ...over(90) }, few), often);
  assert.deepEqual(attacks({ eventsCount: 2, daysCount: 3, ...over(90) }, few), []);
});

test('commonPoints() gives points for the grade, and for contacts, days and nodes up to a limit', () => {
  const policy = policyOf(
    new Map<PolicyName, number>([
      ['points-seen', 1],
      ['points-returned', 2],
      ['points-handshake', 3],
      ['points-count', 30],
      ['points-days', 60],
      ['points-nodes', 10],
    ]),
  );
  const one = { grade: 'seen' as const, eventsCount: 1, daysCount: 1, nodesCount: 1 };
  const points = (evidence: Partial<Parameters<typeof commonPoints>[0]>): number =>
    Math.round(commonPoints({ ...one, ...evidence }, policy) * 1000) / 1000;
  assert.equal(points({}), 1);
  assert.equal(points({ grade: 'returned' }), 2);
  assert.equal(points({ grade: 'handshake' }), 3);
  assert.equal(points({ eventsCount: 0 }), 1);
  assert.equal(points({ eventsCount: 10 }), 11);
  assert.equal(points({ eventsCount: 100 }), 21);
  assert.equal(points({ eventsCount: 1000 }), 31);
  assert.equal(points({ eventsCount: 1_000_000 }), 31, 'no more than in full');
  assert.equal(points({ daysCount: 2 }), 11);
  assert.equal(points({ daysCount: 7 }), 61);
  assert.equal(points({ daysCount: 90 }), 61);
  assert.equal(points({ nodesCount: 0 }), 1);
  assert.equal(points({ nodesCount: 2 }), 11);
  assert.equal(points({ nodesCount: 3 }), 21);
  assert.equal(points({ nodesCount: 30 }), 21);
  assert.equal(commonPoints(one, DEFAULT_POLICY), DEFAULT_POLICY['points-seen']);
});

test('commonReasons() says on how many days and to how many nodes, where that is more than one', () => {
  assert.deepEqual(commonReasons({ daysCount: 1, nodesCount: 1 }), []);
  assert.deepEqual(commonReasons({ daysCount: 2, nodesCount: 1 }), ['on 2 days']);
  assert.deepEqual(commonReasons({ daysCount: 1, nodesCount: 2 }), ['about 2 nodes saw it']);
});
