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

test('parseInfoHash() and infoHashOfOctets() want 20 octets', () => {
  assert.equal(parseInfoHash('ab'.repeat(19)), undefined);
  assert.equal(infoHashOfOctets(new Uint8Array(19).fill(1)), undefined);
  assert.equal(infoHashOfOctets(new Uint8Array(21).fill(1)), undefined);
  assert.throws(() => infoHashOctets('short' as InfoHash), /info_hash_digits/);
});

test('an id has all 160 bits in common with itself', () => {
  const own = infoHash('own');
  assert.equal(commonBits(own, own), 160);
  assert.equal(compareDistance(infoHash('target'), own, own), 0);
});

test('divergingAt() takes the bits after the differing one from the given octets', () => {
  const own = infoHashOfOctets(new Uint8Array(20).fill(0xff));
  assert.ok(own !== undefined);
  const rest = new Uint8Array(20).fill(0x5a);
  assert.equal(divergingAt(own, 0, rest), `5a${'5a'.repeat(19)}`);
  assert.equal(divergingAt(own, 10, rest), `ffda${'5a'.repeat(18)}`);
  assert.equal(divergingAt(own, 159, rest), `${'ff'.repeat(19)}fe`);
  assert.equal(divergingAt(own, 8, new Uint8Array(0)), `ff${'00'.repeat(19)}`);
  for (const bits of [-1, 160]) assert.throws(() => divergingAt(own, bits, rest), /info_hash_bits/);
});
