// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { equalInConstantTime, KeyedHash } from '../src/keyed-hash.ts';

const secret = (octet: number): Uint8Array => new Uint8Array(32).fill(octet);

test('KeyedHash depends on every part of its secret and on the text', () => {
  const secrets = [0, 1, 31].map((index) => secret(1).with(index, 2));
  const hashes = [secret(1), ...secrets].map((octets) => new KeyedHash(octets).hex('text'));
  hashes.push(new KeyedHash(secret(1)).hex('text '));
  assert.equal(new Set(hashes).size, hashes.length);
  assert.equal(new KeyedHash(secret(1)).hex('text'), hashes[0]);
  for (const hash of hashes) assert.equal(hash.length, 64);
});

test('KeyedHash.pick() chooses every element of a list for some text', () => {
  const hash = new KeyedHash(secret(1));
  const picked = new Set(
    Array.from({ length: 100 }, (_, index) => hash.pick(`${index}`, ['a', 'b', 'c'])),
  );
  assert.deepEqual([...picked].toSorted(), ['a', 'b', 'c']);
});

test('equalInConstantTime() finds a difference wherever it is', () => {
  assert.equal(equalInConstantTime('9f86d0', '9f86d0'), true);
  for (const other of ['', '9', '9f86d', '9f86d1', '8f86d0', '9f86d00']) {
    assert.equal(equalInConstantTime('9f86d0', other), false, other);
  }
});
