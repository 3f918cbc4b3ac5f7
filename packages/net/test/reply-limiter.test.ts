// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReplyLimiter } from '@sentrypeer/net';
import { REPLIES_PER_NETWORK_BURST_MAX, REPLY_OCTETS_BURST_SECONDS } from '../src/limits.ts';

const PER_SECOND = 20;
const BURST = 200;
const OCTETS_PER_SECOND = 1_000_000;
const OCTETS_BURST = OCTETS_PER_SECOND * REPLY_OCTETS_BURST_SECONDS;

function newLimiter(
  changes: Partial<ConstructorParameters<typeof ReplyLimiter>[0]> = {},
): ReplyLimiter {
  return new ReplyLimiter({
    threadsCount: 1,
    perSourcePerSecond: PER_SECOND,
    perSourceBurst: BURST,
    octetsPerSecond: OCTETS_PER_SECOND,
    ...changes,
  });
}

/** How many of many replies are allowed. */
function allowedCount(
  limiter: ReplyLimiter,
  address: string,
  octets: number,
  nowMs: number,
): number {
  let count = 0;
  while (count < 100_000 && limiter.allows(address, 1, octets, nowMs)) count += 1;
  return count;
}

test('allows() gives one source its burst, then its rate', () => {
  const limiter = newLimiter();
  assert.equal(allowedCount(limiter, '192.0.2.1', 400, 0), BURST);
  assert.equal(allowedCount(limiter, '192.0.2.1', 400, 1000), PER_SECOND);
});

test('allows() gives a /24 its burst, however many sources share it, and a /64 that of one source', () => {
  for (const [prefix, burst] of [
    ['192.0.2.', REPLIES_PER_NETWORK_BURST_MAX],
    ['2001:db8::', BURST],
  ] as const) {
    const limiter = newLimiter();
    let count = 0;
    for (let host = 1; host < 100; host += 1)
      count += allowedCount(limiter, `${prefix}${host}`, 1, 0);
    assert.equal(count, burst, prefix);
  }
});

test('allows() keeps all together below the ceiling in octets', () => {
  const limiter = newLimiter();
  let octetsCount = 0;
  const flood = (nowMs: number): void => {
    for (let index = 0; index < 20_000; index += 1)
      if (limiter.allows(`10.${index >> 8}.${index & 255}.1`, 1, 1300, nowMs)) octetsCount += 1300;
  };
  flood(0);
  assert.ok(octetsCount <= OCTETS_BURST && octetsCount > OCTETS_BURST - 1300);
  octetsCount = 0;
  flood(1000);
  assert.ok(octetsCount <= OCTETS_PER_SECOND + 1300);
  assert.ok(octetsCount > OCTETS_PER_SECOND - 1300);
});

test('ReplyLimiter shares the ceiling among threads', () => {
  const limiter = newLimiter({ threadsCount: 4 });
  let octetsCount = 0;
  for (let index = 0; index < 20_000; index += 1)
    if (limiter.allows(`10.${index >> 8}.${index & 255}.1`, 1, 1000, 0)) octetsCount += 1000;
  assert.equal(octetsCount, OCTETS_BURST / 4);
});

test('ReplyLimiter sets no ceiling in octets where 0 is asked for', () => {
  const limiter = newLimiter({ octetsPerSecond: 0 });
  for (let index = 0; index < 20_000; index += 1) {
    assert.ok(limiter.allows(`10.${index >> 8}.${index & 255}.1`, 1, 1300, 0));
  }
});

test('refuses() says ahead what allows() would refuse, and takes nothing', () => {
  const limiter = newLimiter();
  for (let asked = 0; asked < BURST * 2; asked += 1)
    assert.equal(limiter.refuses('192.0.2.1', 400, 0), false);
  assert.equal(allowedCount(limiter, '192.0.2.1', 400, 0), BURST);
  assert.equal(limiter.refuses('192.0.2.1', 400, 0), true, 'the source has had its share');
  assert.equal(limiter.refuses('192.0.2.2', 400, 0), false);
  assert.equal(limiter.refuses('192.0.2.1', 400, 1000), false, 'a second later it has some');
  for (let host = 3; host < 100; host += 1) allowedCount(limiter, `192.0.2.${host}`, 1, 1000);
  assert.equal(limiter.refuses('192.0.2.200', 1, 1000), true, 'its network has had its share');
  const small = newLimiter({ octetsPerSecond: 1000 });
  assert.equal(small.allows('192.0.2.1', 1, 1800, 0), true);
  assert.equal(small.refuses('198.51.100.1', 400, 0), true, 'all together have had their share');
  assert.equal(small.refuses('198.51.100.1', 200, 0), false);
});
