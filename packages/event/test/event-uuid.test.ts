// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventUuids } from '../src/index.ts';

const zeros = { fill: (octets: Uint8Array) => octets.fill(0) };

test('`EventUuids` writes the time of RFC 9562 appendix A.6 and the fraction after the version', () => {
  const uuids = new EventUuids({ random: zeros });
  assert.equal(uuids.next(0x017f_22e2_79b0 * 1000), '017f22e2-79b0-7000-8000-000000000000');
  assert.equal(uuids.next(0x017f_22e2_79b0 * 1000 + 999), '017f22e2-79b0-7ffb-8000-000000000000');
});

test('`EventUuids` takes eight random octets for each, and new ones when its pool is used up', () => {
  let fillsCount = 0;
  const counted = {
    fill: (octets: Uint8Array) => {
      fillsCount += 1;
      octets.forEach((_, index) => (octets[index] = index + fillsCount - 1));
      return octets;
    },
  };
  const uuids = new EventUuids({ random: counted });
  const ends = Array.from({ length: 513 }, () => uuids.next(0).slice(19));
  assert.deepEqual(ends.slice(0, 2), ['8001-020304050607', '8809-0a0b0c0d0e0f']);
  assert.equal(ends[511], 'b8f9-fafbfcfdfeff');
  assert.equal(ends[512], '8102-030405060708');
  assert.equal(fillsCount, 2);
});

test('`EventUuids` never repeats and follows the time, also past the end of its random pool', () => {
  let state = 1;
  const random = {
    fill: (octets: Uint8Array) =>
      octets.forEach((_, index) => (octets[index] = state = (state * 75 + 74) % 65_537)) ?? octets,
  };
  const uuids = new EventUuids({ random });
  const made = Array.from({ length: 2000 }, (_, index) =>
    uuids.next(1_795_000_000_000_000 + index),
  );
  assert.equal(new Set(made).size, made.length);
  assert.deepEqual(
    made.map((uuid) => uuid.slice(0, 18)).toSorted(),
    made.map((uuid) => uuid.slice(0, 18)),
  );
});
