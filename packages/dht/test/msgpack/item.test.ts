// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asArray, asMap, asOctets, asText, asU64, asUint } from '../../src/msgpack/item.ts';

test('asUint() takes whole numbers from 0 to its limit', () => {
  for (const item of [0, 1, 5]) assert.equal(asUint(item, 5), item);
  for (const item of [-1, 6, 5n, '5', null, undefined]) assert.equal(asUint(item, 5), undefined);
});

test('asU64() takes numbers of either kind that are not below 0', () => {
  assert.equal(asU64(0), 0n);
  assert.equal(asU64(5), 5n);
  assert.equal(asU64(0n), 0n);
  assert.equal(asU64(1n << 63n), 1n << 63n);
  for (const item of [-1, -1n, '5', null, undefined]) assert.equal(asU64(item), undefined);
});

test('each reader takes items of its own kind, and no others', () => {
  const items = [new Map(), [1], Uint8Array.of(1), 'text', 5, 5n, true, null, undefined] as const;
  for (const [index, read] of [asMap, asArray, asOctets, asText].entries())
    assert.deepEqual(
      items.map((item) => read(item)),
      items.map((item, at) => (at === index ? item : undefined)),
    );
});
