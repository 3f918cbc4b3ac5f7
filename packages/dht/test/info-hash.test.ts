// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  commonBits,
  compareDistance,
  divergingAt,
  infoHash,
  infoHashOctets,
  infoHashOfOctets,
  parseInfoHash,
  type InfoHash,
} from '../src/info-hash.ts';
import { DERIVATIONS } from './wire/vectors.ts';

test('infoHash() is what real nodes make of a text', () => {
  for (const { string, infohash } of DERIVATIONS.infohash) assert.equal(infoHash(string), infohash);
});

test('parseInfoHash() takes 40 digits and nothing else', () => {
  const hash = infoHash('bad_actors');
  assert.equal(parseInfoHash(hash.toUpperCase()), hash);
  for (const text of ['', hash.slice(2), `${hash}00`, '0'.repeat(40), 'g'.repeat(40)])
    assert.equal(parseInfoHash(text), undefined);
});

const anyHash: fc.Arbitrary<InfoHash> = fc
  .uint8Array({ minLength: 20, maxLength: 20 })
  .map((octets) => infoHashOfOctets(octets) ?? infoHash('zero'));

const distance = (a: InfoHash, b: InfoHash): bigint => BigInt(`0x${a}`) ^ BigInt(`0x${b}`);

test('compareDistance() orders as the XOR of whole numbers does', () => {
  fc.assert(
    fc.property(anyHash, anyHash, anyHash, (target, a, b) => {
      const difference = distance(target, a) - distance(target, b);
      assert.equal(
        Math.sign(compareDistance(target, a, b)),
        Number(difference > 0n) - Number(difference < 0n),
      );
    }),
  );
});

test('divergingAt() makes an id with exactly the wanted bits in common', () => {
  fc.assert(
    fc.property(
      anyHash,
      fc.integer({ min: 0, max: 159 }),
      fc.uint8Array({ minLength: 20, maxLength: 20 }),
      (own, bits, rest) => {
        const made = divergingAt(own, bits, rest);
        assert.equal(commonBits(own, made), bits);
        assert.equal(infoHashOfOctets(infoHashOctets(made)), made);
      },
    ),
  );
});
