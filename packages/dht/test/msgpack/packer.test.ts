// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hexText } from '@sentrypeer/bytes';
import { Packer } from '../../src/msgpack/packer.ts';

/** The first octets of what is written, in hexadecimal digits, and how many there are. */
function head(write: (packer: Packer) => Packer, count = 5): string {
  const octets = write(new Packer()).finish();
  return `${hexText(octets.subarray(0, count))} ${octets.length}`;
}

test('uint() writes each number in its shortest form (MessagePack: fixint, uint 8 to uint 64)', () => {
  for (const [value, hex] of [
    [0, '00'],
    [0x7f, '7f'],
    [0x80, 'cc80'],
    [0xff, 'ccff'],
    [0x100, 'cd0100'],
    [0xffff, 'cdffff'],
    [0x10000, 'ce00010000'],
    [0xffff_ffff, 'ceffffffff'],
    [0x1_0000_0000, 'cf0000000100000000'],
    [0xffff_ffffn, 'ceffffffff'],
    [0x1_0000_0000n, 'cf0000000100000000'],
    [5n, '05'],
    [0x0123_4567_89ab_cdefn, 'cf0123456789abcdef'],
    [(1n << 64n) - 1n, 'cfffffffffffffffff'],
  ] as const)
    assert.equal(hexText(new Packer().uint(value).finish()), hex);
});

test('uint() refuses what is no whole number of 64 bits', () => {
  for (const value of [-1, 0.5, -0.5, -1n, 1n << 64n, 2 ** 64])
    assert.throws(() => new Packer().uint(value), /packer_uint/, String(value));
});

test('text() writes the shortest header, and UTF-8', () => {
  const ascii = (size: number): string => head((packer) => packer.text('a'.repeat(size)));
  assert.equal(ascii(0), 'a0 1');
  assert.equal(ascii(1), 'a161 2');
  assert.equal(ascii(31), 'bf61616161 32');
  assert.equal(ascii(32), 'd920616161 34');
  assert.equal(ascii(64), 'd940616161 66');
  assert.equal(ascii(65), 'd941616161 67');
  assert.equal(ascii(255), 'd9ff616161 257');
  assert.equal(ascii(256), 'da01006161 259');
  assert.equal(ascii(0xffff), 'daffff6161 65538');
  assert.equal(ascii(0x10000), 'db00010000 65541');
  for (const [text, hex] of [
    ['\x7f', 'a17f'],
    ['\u0080', 'a2c280'],
    ['aé', 'a361c3a9'],
    ['éa', 'a3c3a961'],
    ['😀', 'a4f09f9880'],
  ] as const)
    assert.equal(hexText(new Packer().text(text).finish()), hex);
  // 64 characters, 128 octets.
  assert.equal(
    head((packer) => packer.text('é'.repeat(64))),
    'd980c3a9c3 130',
  );
});

test('binary(), array() and map() write the shortest headers', () => {
  const binary = (size: number): string => head((packer) => packer.binary(new Uint8Array(size)));
  assert.equal(binary(0), 'c400 2');
  assert.equal(binary(255), 'c4ff000000 257');
  assert.equal(binary(256), 'c501000000 259');
  assert.equal(binary(0xffff), 'c5ffff0000 65538');
  assert.equal(binary(0x10000), 'c600010000 65541');
  for (const [count, array, map] of [
    [0, '90 1', '80 1'],
    [15, '9f 1', '8f 1'],
    [16, 'dc0010 3', 'de0010 3'],
    [0xffff, 'dcffff 3', 'deffff 3'],
    [0x10000, 'dd00010000 5', 'df00010000 5'],
  ] as const) {
    assert.equal(
      head((packer) => packer.array(count)),
      array,
    );
    assert.equal(
      head((packer) => packer.map(count)),
      map,
    );
  }
  assert.equal(hexText(new Packer().bool(true).bool(false).finish()), 'c3c2');
});

test('a packer grows with what is written, and says how much that is', () => {
  const packer = new Packer();
  const expected: number[] = [];
  for (let value = 0; value < 3000; value += 1) {
    assert.equal(packer.size, expected.length);
    if (value % 3 === 0) {
      packer.uint(0x1234);
      expected.push(0xcd, 0x12, 0x34);
    } else if (value % 3 === 1) {
      packer.text('ab');
      expected.push(0xa2, 0x61, 0x62);
    } else {
      packer.uint(7);
      expected.push(7);
    }
  }
  assert.deepEqual(packer.finish(), Uint8Array.from(expected));
  const kept = packer.finish();
  packer.uint(1);
  assert.equal(kept.length, expected.length, 'a copy');
});

test('a packer takes integers at the very end of its room', () => {
  for (let before = 505; before <= 515; before += 1) {
    const octets = new Packer().raw(new Uint8Array(before)).uint(0x0123_4567).finish();
    assert.equal(hexText(octets.subarray(before)), 'ce01234567', String(before));
  }
});
