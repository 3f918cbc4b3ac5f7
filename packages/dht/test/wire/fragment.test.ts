// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PART_OCTETS } from '../../src/limits.ts';
import { decodeMessage } from '../../src/wire/decode-message.ts';
import { fragment } from '../../src/wire/fragment.ts';

const TO = { network: 7, tid: 9 };

/** The datagrams of values of these sizes: what the header got, and the parts. */
function made(sizes: readonly number[]) {
  let values: readonly (Uint8Array | number)[] = [];
  const packed = sizes.map((size, index) => new Uint8Array(size).fill(index + 1));
  const [header, ...parts] = fragment(packed, TO, (given) => {
    values = given;
    return Uint8Array.of(1, 2, 3);
  });
  assert.deepEqual(header, Uint8Array.of(1, 2, 3));
  return { values, packed, parts };
}

test('fewer than 50 values of less than 600 octets go inline (PROTOCOL 6.1)', () => {
  for (const sizes of [[599], [300, 299], Array<number>(49).fill(12), [0]]) {
    const { values, packed, parts } = made(sizes);
    assert.deepEqual(values, packed);
    assert.equal(parts.length, 0);
  }
});

test('more values, or larger ones, go in parts, all or none of them', () => {
  for (const sizes of [[600], [300, 300], [1, 599], Array<number>(50).fill(1)]) {
    const { values, parts } = made(sizes);
    assert.deepEqual(values, sizes);
    assert.equal(parts.length, sizes.length);
  }
});

test('parts have 1,280 octets at most and follow in order (PROTOCOL 6.2)', () => {
  const { parts } = made([2 * PART_OCTETS + 1, PART_OCTETS, 5]);
  const read = parts.map((octets) => {
    const decoded = decodeMessage(octets);
    assert.ok(decoded.ok && decoded.message.kind === 'part');
    const { network, tid, parts: inner } = decoded.message;
    assert.deepEqual({ network, tid }, TO);
    const [only] = inner;
    return [only?.index, only?.offset, only?.octets.length, only?.octets[0]];
  });
  assert.deepEqual(read, [
    [0, 0, PART_OCTETS, 1],
    [0, PART_OCTETS, PART_OCTETS, 1],
    [0, 2 * PART_OCTETS, 1, 1],
    [1, 0, PART_OCTETS, 2],
    [2, 0, 5, 3],
  ]);
});
