// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TokenBucket, TokenBuckets } from '@sentrypeer/kernel';

const RATE = { burst: 4, perSecond: 2 };

test('spend() takes more than there is, and time makes up for it first', () => {
  const bucket = new TokenBucket(RATE, 0);
  bucket.spend(6, 0);
  assert.equal(bucket.waitMs(0), 1500, 'two tokens are owed, and one is wanted');
  assert.equal(bucket.take(1, 1250), false);
  assert.equal(bucket.take(1, 1500), true);
  assert.equal(bucket.waitMs(1500), 500);
});

test('spend() first counts what time refilled, up to the burst', () => {
  const bucket = new TokenBucket(RATE, 0);
  bucket.spend(4, 0);
  bucket.spend(1, 60_000);
  assert.equal(bucket.has(3, 60_000), true);
  assert.equal(bucket.has(3.5, 60_000), false);
  assert.equal(bucket.waitMs(60_000), 0);
});

test('giveBack() puts back what was taken, and no more than the burst', () => {
  const bucket = new TokenBucket(RATE, 0);
  bucket.take(3, 0);
  bucket.giveBack(2);
  assert.equal(bucket.take(3.5, 0), false);
  assert.equal(bucket.take(3, 0), true);
  bucket.giveBack(100);
  assert.equal(bucket.take(5, 0), false);
  assert.equal(bucket.take(4, 0), true);
});

test('giveBack() of a key finds its bucket in either generation, and makes none', () => {
  const buckets = new TokenBuckets({ ...RATE, keysMax: 4 });
  buckets.take('a', 4, 0);
  buckets.take('b', 4, 0);
  buckets.take('c', 1, 0); // Now a and b are the old ones.
  buckets.giveBack('a', 2);
  buckets.giveBack('c', 1);
  buckets.giveBack('unknown', 1);
  assert.equal(buckets.size, 3);
  assert.equal(buckets.has('a', 2, 0), true);
  assert.equal(buckets.has('a', 3, 0), false);
  assert.equal(buckets.has('c', 4, 0), true);
  assert.equal(buckets.has('b', 1, 0), false);
});

test('left() says how many tokens there are, also of a key, and remembers none', () => {
  const bucket = new TokenBucket(RATE, 0);
  bucket.spend(6, 0);
  assert.equal(bucket.left(0), -2);
  assert.equal(bucket.left(1000), 0);
  const buckets = new TokenBuckets({ ...RATE, keysMax: 4 });
  buckets.take('a', 3, 0);
  assert.deepEqual([buckets.left('a', 0), buckets.left('b', 0), buckets.size], [1, 4, 1]);
  buckets.spend('a', 5, 0);
  assert.deepEqual([buckets.left('a', 0), buckets.has('a', 1, 2000)], [-4, false]);
});

test('a bucket without a rate or a size is a mistake of its owner', () => {
  assert.throws(() => new TokenBucket({ burst: 0, perSecond: 1 }, 0), /token_bucket_rate/);
  assert.throws(() => new TokenBucket({ burst: 1, perSecond: 0 }, 0), /token_bucket_rate/);
  assert.throws(() => new TokenBuckets({ ...RATE, keysMax: 1 }), /token_buckets_keys/);
});
