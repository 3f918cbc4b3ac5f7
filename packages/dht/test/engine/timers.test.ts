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

test('runDue() runs what a timer arms for now or earlier, and what was cancelled meanwhile not', () => {
  const timers = new Timers();
  const ran: string[] = [];
  timers.arm(5, () => {
    ran.push('first');
    timers.arm(1, () => ran.push('earlier'));
    timers.arm(10, () => ran.push('now'));
    timers.arm(11, () => ran.push('later'));
    timers.cancel(second);
  });
  const second = timers.arm(6, () => ran.push('cancelled'));
  timers.runDue(10);
  assert.deepEqual(ran, ['first', 'earlier', 'now']);
  assert.equal(timers.nextAtMs, 11);
  assert.equal(timers.size, 1);
});

test('a timer that has run or was cancelled can be cancelled again without harm', () => {
  const timers = new Timers();
  const ran = timers.arm(1, () => undefined);
  timers.runDue(1);
  assert.equal(ran.run, undefined);
  const cancelled = timers.arm(2, () => undefined);
  timers.arm(3, () => undefined);
  for (const timer of [ran, cancelled, cancelled, undefined]) timers.cancel(timer);
  assert.equal(timers.size, 1);
  assert.equal(timers.nextAtMs, 3);
  assert.equal(timers.size, 1);
});

test('timers stay in order when most of many are swept out', () => {
  const timers = new Timers();
  const ran: number[] = [];
  const armed = Array.from({ length: 1000 }, (_, index) => {
    const atMs = (index * 7919) % 1000;
    return timers.arm(atMs, () => ran.push(atMs));
  });
  const isKept = ({ atMs }: Timer): boolean => atMs % 10 === 3;
  for (const timer of armed) if (!isKept(timer)) timers.cancel(timer);
  assert.equal(timers.size, 100);
  timers.runDue(1000);
  assert.deepEqual(
    ran,
    Array.from({ length: 100 }, (_, index) => index * 10 + 3),
  );
});
