// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MSGPACK_DEPTH_MAX } from '../../src/limits.ts';
import type { Item } from '../../src/msgpack/item.ts';
import { Packer } from '../../src/msgpack/packer.ts';
import { unpack } from '../../src/msgpack/unpack.ts';
import { decodeMessage } from '../../src/wire/decode-message.ts';
import { DATAGRAMS, octetsOf } from '../wire/vectors.ts';
import { pack } from './pack.ts';

/** In `unpack`'s form: a number if that is exact. */
const uint = fc
  .oneof(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), fc.bigInt({ min: 0n, max: 70_000n }))
  .map((value) => (value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value));

const { item } = fc.letrec<{ item: Item }>((tie) => ({
  item: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.boolean(),
    uint,
    fc.string({ unit: 'grapheme', maxLength: 300 }),
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie('item'), { maxLength: 20 }),
    fc
      .array(fc.tuple(fc.oneof(fc.string(), fc.nat()), tie('item')), { maxLength: 20 })
      .map((entries) => new Map(entries)),
  ),
}));

function depth(of: Item): number {
  if (of instanceof Uint8Array) return 0;
  const inner = of instanceof Map ? [...of.values()] : Array.isArray(of) ? of : undefined;
  return inner === undefined ? 0 : 1 + Math.max(0, ...(inner as readonly Item[]).map(depth));
}

test('unpack(pack(item)) is the item', () => {
  fc.assert(
    fc.property(item, (any) => {
      fc.pre(depth(any) <= MSGPACK_DEPTH_MAX);
      const octets = pack(new Packer(), any).finish();
      assert.deepEqual(unpack(octets), { ok: true, item: any, size: octets.length });
    }),
    { numRuns: 1000 },
  );
});

test('no proper prefix of packed octets unpacks', () => {
  fc.assert(
    fc.property(item, fc.nat(), (any, cut) => {
      fc.pre(depth(any) <= MSGPACK_DEPTH_MAX);
      const octets = pack(new Packer(), any).finish();
      assert.ok(!unpack(octets.subarray(0, cut % octets.length)).ok);
    }),
    { numRuns: 1000 },
  );
});

test('arbitrary octets never make unpack() or decodeMessage() throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), (octets) => {
      unpack(octets);
      decodeMessage(octets);
    }),
    { numRuns: 3000 },
  );
});

test('a captured datagram with octets changed never makes decodeMessage() throw', () => {
  const change = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(fc.constantFrom(...DATAGRAMS), change, (vector, changes) => {
      const octets = new Uint8Array(octetsOf(vector.payload_hex));
      for (const [at, octet] of changes) octets[at % octets.length] = octet;
      decodeMessage(octets);
    }),
    { numRuns: 5000 },
  );
});

test('unpack() refuses what is nested deeper than the limit, and takes what is at it', () => {
  const nested = (count: number) => new Uint8Array([...Array<number>(count).fill(0x91), 0x01]);
  assert.ok(unpack(nested(MSGPACK_DEPTH_MAX)).ok);
  assert.deepEqual(unpack(nested(MSGPACK_DEPTH_MAX + 1)), {
    ok: false,
    code: 'msgpack_depth',
    offset: MSGPACK_DEPTH_MAX + 1,
  });
  assert.ok(!unpack(new Uint8Array(65_507).fill(0x81)).ok);
});

test('unpack() counts the depth of maps, of their keys as well as of their values', () => {
  const deep = (count: number, before: readonly number[]): Uint8Array =>
    Uint8Array.from([...Array<readonly number[]>(count).fill(before).flat(), 0x80]);
  // {1: {1: {}}}, then {{{}: …}: …}, cut off after the innermost map.
  assert.ok(unpack(deep(MSGPACK_DEPTH_MAX - 1, [0x81, 0x01])).ok);
  for (const before of [[0x81, 0x01], [0x81]]) {
    const unpacked = unpack(deep(10_000, before));
    assert.equal(unpacked.ok ? '' : unpacked.code, 'msgpack_depth');
  }
});

test('unpack() judges a count before it allocates', () => {
  for (const head of [0xdd, 0xdf])
    assert.deepEqual(unpack(Uint8Array.of(head, 0xff, 0xff, 0xff, 0xff, 1)), {
      ok: false,
      code: 'msgpack_count',
      offset: 5,
    });
  for (const octets of [
    [0x92, 1],
    [0x82, 1, 1, 1],
    [0xdc, 0, 2, 1],
  ]) {
    const unpacked = unpack(Uint8Array.from(octets));
    assert.equal(unpacked.ok ? '' : unpacked.code, 'msgpack_count');
  }
  assert.deepEqual(unpack(Uint8Array.of(0xc6, 0xff, 0xff, 0xff, 0xff, 1)), {
    ok: false,
    code: 'msgpack_short',
    offset: 5,
  });
});

const forms: readonly (readonly [string, readonly number[], Item])[] = [
  ['nil', [0xc0], null],
  ['the octet that is never used', [0xc1], 'msgpack_invalid'],
  ['a float of 32 bits', [0xca, 0x3f, 0x80, 0, 0], null],
  ['a float of 64 bits', [0xcb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0], null],
  ['an integer wider than needed', [0xcf, 0, 0, 0, 0, 0, 0, 0, 5], 5],
  ['2^53 - 1', [0xcf, 0, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], Number.MAX_SAFE_INTEGER],
  ['2^53', [0xcf, 0, 0x20, 0, 0, 0, 0, 0, 0], 2n ** 53n],
  ['-1 in one octet', [0xff], -1],
  ['-32768', [0xd1, 0x80, 0x00], -32768],
  ['a positive integer of a signed form', [0xd2, 0, 0, 1, 0], 256],
  ['-2^63', [0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0], -(2n ** 63n)],
  ['an extension', [0xd4, 1, 2], null],
  ['an extension of 16 octets', [0xd8, 1, ...Array<number>(16).fill(0)], null],
  ['an extension with its size', [0xc7, 1, 2, 3], null],
  ['an extension cut short', [0xc8, 0, 9, 2, 3], 'msgpack_short'],
  ['a byte order mark', [0xa4, 0xef, 0xbb, 0xbf, 0x61], '\ufeffa'],
  ['text cut short', [0xa2, 0x61], 'msgpack_short'],
  ['binary cut short', [0xc4, 2, 0x61], 'msgpack_short'],
  ['nothing', [], 'msgpack_short'],
  ['-32', [0xe0], -32],
  ['-128 in one octet', [0xd0, 0x80], -128],
  ['127 in a signed octet', [0xd0, 0x7f], 127],
  ['text that is not UTF-8', [0xa2, 0xc3, 0x28], '\ufffd('],
];

for (const [what, octets, expected] of forms) {
  test(`unpack() reads ${what}`, () => {
    const unpacked = unpack(Uint8Array.from(octets));
    assert.equal(unpacked.ok ? unpacked.item : unpacked.code, expected);
  });
}

test('unpack() passes over exactly the octets of what no message contains', () => {
  const zeros = (count: number): readonly number[] => Array<number>(count).fill(0);
  for (const skipped of [
    [0xca, ...zeros(4)],
    [0xcb, ...zeros(8)],
    [0xd4, ...zeros(2)],
    [0xd7, ...zeros(9)],
    [0xc7, 3, ...zeros(4)],
    [0xc8, 0, 3, ...zeros(4)],
    [0xc9, 0, 0, 0, 3, ...zeros(4)],
  ]) {
    const unpacked = unpack(Uint8Array.from([0x92, ...skipped, 5]));
    assert.deepEqual(unpacked.ok && unpacked.item, [null, 5], String(skipped[0]));
  }
});

test('unpack() reads lists and maps with counts of two and four octets, and skips other keys', () => {
  for (const [octets, item] of [
    [[0xdc, 0, 1, 5], [5]],
    [[0xdd, 0, 0, 0, 1, 5], [5]],
    [[0xde, 0, 1, 5, 6], new Map([[5, 6]])],
    [[0xdf, 0, 0, 0, 1, 5, 6], new Map([[5, 6]])],
    [[0x82, 0xc2, 6, 5, 6], new Map([[5, 6]])],
  ] as const) {
    const unpacked = unpack(Uint8Array.from(octets));
    assert.deepEqual(unpacked.ok && unpacked.item, item);
  }
});

test('a map keeps a key that would hurt an object', () => {
  const octets = new Packer().map(1).text('__proto__').uint(1).finish();
  const unpacked = unpack(octets);
  assert.ok(unpacked.ok);
  assert.deepEqual(unpacked.item, new Map([['__proto__', 1]]));
});
