// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DayBudget } from '../src/day-budget.ts';
import { BUDGET_SHARE_PER_SOURCE, BUDGET_SOURCES_MAX } from '../src/limits.ts';

const DAY_US = 86_400_000_000;
const DAY = 20_000;
const MOST = 1000;
const OF_ONE = MOST * BUDGET_SHARE_PER_SOURCE;

test('DayBudget gives out its octets until the day ends (UTC), and then again', () => {
  const budget = new DayBudget(MOST, undefined);
  const sources = MOST / OF_ONE;
  for (let source = 0; source < sources; source += 1) {
    assert.ok(budget.take(String(source), OF_ONE, DAY * DAY_US), String(source));
  }
  assert.equal(budget.take('another', 1, (DAY + 1) * DAY_US - 1), false);
  assert.deepEqual(budget.state((DAY + 1) * DAY_US - 1), { day: DAY, octets: MOST });
  assert.deepEqual(budget.state((DAY + 1) * DAY_US), { day: DAY + 1, octets: 0 });
  assert.ok(budget.take('0', OF_ONE, (DAY + 1) * DAY_US), 'sources begin again as well');
});

test('DayBudget gives one source its share and no more', () => {
  const budget = new DayBudget(MOST, undefined);
  assert.equal(budget.take('a', OF_ONE + 1, DAY * DAY_US), false);
  assert.ok(budget.take('a', OF_ONE - 1, DAY * DAY_US));
  assert.equal(budget.take('a', 2, DAY * DAY_US), false);
  assert.ok(budget.take('a', 1, DAY * DAY_US));
  assert.ok(budget.take('b', 1, DAY * DAY_US));
  assert.equal(budget.state(DAY * DAY_US).octets, OF_ONE + 1, 'what was refused is not counted');
});

test('DayBudget remembers so many sources a day; others wait for the next', () => {
  const budget = new DayBudget(1e9, undefined);
  for (let source = 0; source < BUDGET_SOURCES_MAX; source += 1) {
    assert.ok(budget.take(String(source), 1, DAY * DAY_US));
  }
  assert.equal(budget.take('one more', 1, DAY * DAY_US), false);
  assert.ok(budget.take('0', 1, DAY * DAY_US), 'known ones go on');
  assert.ok(budget.take('one more', 1, (DAY + 1) * DAY_US));
});

test('DayBudget goes on where an earlier run stopped, and begins anew if its state makes no sense', () => {
  const leftOf = (state: unknown): number =>
    MOST - new DayBudget(MOST, state).state(DAY * DAY_US).octets;
  const earlier = new DayBudget(MOST, undefined);
  earlier.take('a', 7, DAY * DAY_US);
  const saved: unknown = JSON.parse(JSON.stringify(earlier.state(DAY * DAY_US)));
  assert.equal(leftOf(saved), MOST - 7);
  assert.equal(leftOf({ day: DAY - 1, octets: 7 }), MOST);
  assert.equal(leftOf({ day: DAY, octets: -7 }), MOST);
  for (const state of [null, 5, 'x', {}, { day: DAY }, { day: DAY, octets: '7' }, { octets: 7 }]) {
    assert.equal(leftOf(state), MOST, JSON.stringify(state));
  }
  assert.equal(leftOf({ day: DAY + 0.5, octets: 7 }), MOST);
});
