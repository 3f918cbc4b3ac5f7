// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogFields } from '@sentrypeer/kernel';
import { LeftOut } from '../../src/listings/left-out.ts';

test('LeftOut says the first at once, and then once a minute how many more there were', () => {
  let nowMs = 0;
  const lines: string[] = [];
  const log = (event: string, { kind, value, listings }: LogFields = {}): void =>
    void lines.push([event, kind, value, listings].join(' '));
  const leftOut = new LeftOut({
    clock: { nowMs: () => nowMs, epochUs: () => 0 },
    logger: { debug: log, info: log, warn: log, error: log },
  });
  const take = (): readonly string[] => lines.splice(0);
  leftOut.say();
  assert.deepEqual(take(), [], 'nothing was left out');
  leftOut.add({ kind: 'address', value: 'x0' });
  assert.deepEqual(take(), ['fleet_listing_left_out address x0 1']);
  for (let index = 1; index <= 1000; index += 1) {
    leftOut.add({ kind: 'number', value: `x${index}` });
  }
  nowMs = 59_999;
  leftOut.say();
  assert.deepEqual(take(), [], 'a thousand fill no log');
  nowMs = 60_000;
  leftOut.say(); // Even if no other comes.
  assert.deepEqual(take(), ['fleet_listing_left_out number x1000 1000']);
  nowMs = 180_000;
  leftOut.say();
  assert.deepEqual(take(), [], 'nothing is said twice');
  leftOut.add({ kind: 'range', value: 'y' });
  assert.deepEqual(take(), ['fleet_listing_left_out range y 1']);
});
