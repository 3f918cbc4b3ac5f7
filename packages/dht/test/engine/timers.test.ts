// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Timers, type Timer } from '../../src/engine/timers.ts';

test('Timers run what was not cancelled, in order of time', () => {
  const plan = fc.array(fc.tuple(fc.nat(1000), fc.boolean()), { maxLength: 300 });
  fc.assert(
    fc.property(plan, (entries) => {
      const timers = new Timers();
      const ran: number[] = [];
      const cancelled: Timer[] = [];
      for (const [atMs, cancel] of entries) {
        const timer = timers.arm(atMs, () => ran.push(atMs));
        if (cancel) cancelled.push(timer);
      }
      for (const timer of cancelled) timers.cancel(timer);
      const expected = entries
        .filter(([, cancel]) => !cancel)
        .map(([atMs]) => atMs)
        .toSorted((a, b) => a - b);
      assert.equal(timers.size, expected.length);
      assert.equal(timers.nextAtMs, expected[0]);
      timers.runDue(500);
      assert.deepEqual(
        ran,
        expected.filter((atMs) => atMs <= 500),
      );
      timers.runDue(1000);
      assert.deepEqual(ran, expected);
      assert.equal(timers.nextAtMs, undefined);
    }),
  );
});

test('cancelled timers are swept out of a busy heap', () => {
  const timers = new Timers();
  timers.arm(1, () => undefined);
  for (let index = 0; index < 10_000; index += 1) timers.cancel(timers.arm(2, () => undefined));
  assert.equal(timers.size, 1);
  assert.equal(timers.nextAtMs, 1);
});
