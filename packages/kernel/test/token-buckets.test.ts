// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TokenBuckets } from '@sentrypeer/kernel';
import fc from 'fast-check';

test('take() grants the burst, then what the rate has refilled', () => {
  const buckets = new TokenBuckets({ perSecond: 20, burst: 3, keysMax: 10 });
  assert.deepEqual(
    [0, 0, 0, 0].map((nowMs) => buckets.take('a', 1, nowMs)),
    [true, true, true, false],
  );
  assert.equal(buckets.take('a', 1, 49), false, '49 ms refill 0.98 tokens');
  assert.equal(buckets.take('a', 1, 50), true);
  assert.equal(buckets.take('b', 3, 50), true, 'keys do not share');
});

test('take() takes nothing when it refuses, and never holds more than the burst', () => {
  const buckets = new TokenBuckets({ perSecond: 1, burst: 5, keysMax: 10 });
  assert.equal(buckets.take('a', 6, 0), false);
  assert.equal(buckets.take('a', 5, 0), true);
  assert.equal(buckets.take('a', 5, 3_600_000), true);
  assert.equal(buckets.take('a', 1, 3_600_000), false);
});

test('take() grants nothing for a clock that stands still or goes back', () => {
  const buckets = new TokenBuckets({ perSecond: 1000, burst: 1, keysMax: 10 });
  assert.equal(buckets.take('a', 1, 100), true);
  assert.equal(buckets.take('a', 1, 50), false);
  assert.equal(buckets.take('a', 1, 51), true, 'and it is no debt either');
});

test('size stays within keysMax, and a key in use survives a flood of others', () => {
  const buckets = new TokenBuckets({ perSecond: 1, burst: 1, keysMax: 100 });
  assert.equal(buckets.take('in use', 1, 0), true);
  for (let index = 0; index < 5000; index += 1) {
    buckets.take(`forged ${index}`, 1, 0);
    assert.ok(buckets.size <= 100);
    assert.equal(buckets.take('in use', 1, 0), false, 'its empty bucket is remembered');
  }
  assert.equal(buckets.take('forged 0', 1, 0), true, 'what was idle for longest is forgotten');
});

test('take() agrees with a naive model of every key', () => {
  const step = fc.record({
    key: fc.constantFrom('a', 'b', 'c', 'd'),
    cost: fc.integer({ min: 1, max: 6 }),
    waitMs: fc.integer({ min: 0, max: 900 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const buckets = new TokenBuckets({ perSecond: 4, burst: 8, keysMax: 8 });
      const takenAtMs: { key: string; cost: number; nowMs: number }[] = [];
      let nowMs = 0;
      for (const { key, cost, waitMs } of steps) {
        nowMs += waitMs;
        let tokens = 8;
        let lastMs = 0;
        for (const taken of takenAtMs.filter((each) => each.key === key)) {
          tokens = Math.min(8, tokens + ((taken.nowMs - lastMs) * 4) / 1000) - taken.cost;
          lastMs = taken.nowMs;
        }
        tokens = Math.min(8, tokens + ((nowMs - lastMs) * 4) / 1000);
        if (Math.abs(tokens - cost) < 1e-6) return; // Rounding decides here, and may.
        const granted = buckets.take(key, cost, nowMs);
        assert.equal(granted, tokens >= cost);
        if (granted) takenAtMs.push({ key, cost, nowMs });
      }
    }),
  );
});
