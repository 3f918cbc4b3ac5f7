// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hexText } from '@sentrypeer/bytes';
import { infoHashOfOctets } from '../../src/info-hash.ts';
import type { Item } from '../../src/msgpack/item.ts';
import { Packer } from '../../src/msgpack/packer.ts';
import { sameContent, unsignedValue, type Value } from '../../src/values/value.ts';
import { decodePackedValue, encodeSignedPart, encodeValue } from '../../src/wire/value-codec.ts';
import { pack } from '../msgpack/pack.ts';
import { octetsOf, VALUES } from './vectors.ts';

const ID = new Uint8Array(20).fill(7);

test('decodePackedValue() reads every captured value, and encodeValue() writes the same octets', () => {
  assert.equal(VALUES.length, 5);
  for (const { name, packed_hex, to_sign_hex } of VALUES) {
    const value = decodePackedValue(octetsOf(packed_hex));
    assert.ok(value !== undefined, name);
    assert.equal(hexText(encodeValue(value)), packed_hex, name);
    if (to_sign_hex !== undefined)
      assert.equal(hexText(encodeSignedPart(value)), to_sign_hex, name);
  }
});

test('encodeValue() writes the example of the specification', () => {
  const data = Uint8Array.of(0x61, 0x62, 0x63);
  assert.equal(
    hexText(encodeValue(unsignedValue(1n, { data, userType: 'text/plain' }))),
    '82a2696401a364617481a4626f647983a47479706500a464617461c403616263a57574797065aa746578742f706c61696e',
  );
});

const octets = fc.uint8Array({ maxLength: 300 });
const id = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const u16 = fc.integer({ min: 0, max: 0xffff });

const anyValue: fc.Arbitrary<Value> = fc
  .record({
    id,
    data: octets,
    userType: fc.string({ unit: 'grapheme', maxLength: 40 }),
    type: u16,
    signed: fc.option(
      fc.record({
        owner: octets,
        signature: octets,
        sequence: u16,
        to: fc.option(fc.uint8Array({ minLength: 20, maxLength: 20 })),
      }),
    ),
    cypher: fc.option(octets),
    priority: u16,
    pushType: fc.option(fc.string({ maxLength: 9 })),
  })
  .map((made) => {
    const kept = { id: made.id, priority: made.priority, pushType: made.pushType ?? undefined };
    const plain = unsignedValue(made.id, made);
    if (made.cypher !== null)
      return {
        ...unsignedValue(made.id, { data: new Uint8Array(0) }),
        ...kept,
        cypher: made.cypher,
      };
    if (made.signed === null) return { ...plain, ...kept };
    const { owner, signature, sequence, to } = made.signed;
    const recipient = to === null ? undefined : infoHashOfOctets(to);
    return { ...plain, ...kept, owner, signature, sequence, recipient };
  });

test('decodePackedValue(encodeValue(value)) is the value', () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      const decoded = decodePackedValue(encodeValue(value));
      assert.deepEqual(decoded, value);
      assert.ok(sameContent(value, value));
    }),
    { numRuns: 500 },
  );
});

test('decodePackedValue() takes data as text and as an array of octets', () => {
  const body = (write: (packer: Packer) => Packer): Uint8Array =>
    write(
      new Packer()
        .map(2)
        .text('id')
        .uint(3)
        .text('dat')
        .map(1)
        .text('body')
        .map(2)
        .text('type')
        .uint(0)
        .text('data'),
    ).finish();
  assert.deepEqual(decodePackedValue(body((p) => p.text('ab')))?.data, Uint8Array.of(97, 98));
  assert.deepEqual(
    decodePackedValue(body((p) => p.array(2).uint(1).uint(255)))?.data,
    Uint8Array.of(1, 255),
  );
  assert.equal(decodePackedValue(body((p) => p.array(1).uint(256))), undefined);
});

test('decodePackedValue() skips a value with an owner and no signature', () => {
  const value = unsignedValue(1n, { data: Uint8Array.of(1) });
  const owned = { ...value, owner: Uint8Array.of(1), sequence: 1 };
  assert.equal(decodePackedValue(encodeValue(owned)), undefined);
});

const WHOLE: Value = {
  ...unsignedValue(5n, { data: Uint8Array.of(1, 2), type: 3, userType: 'a/b' }),
  owner: Uint8Array.of(3),
  sequence: 4,
  recipient: infoHashOfOctets(new Uint8Array(20).fill(9)),
  signature: Uint8Array.of(6),
  priority: 7,
  pushType: 'p',
};

test('decodePackedValue() reads each part of a value that is there', () => {
  for (const value of [
    WHOLE,
    { ...WHOLE, priority: 0 },
    { ...WHOLE, pushType: undefined },
    { ...WHOLE, recipient: undefined },
    { ...WHOLE, userType: '' },
  ])
    assert.deepEqual(decodePackedValue(encodeValue(value)), value);
});

/** A value as others could write it. */
function written(fields: object, dat: object, body: object): Uint8Array {
  const map = (given: object): Item => new Map(Object.entries(given) as [string, Item][]);
  const inner = map({ type: 0, data: Uint8Array.of(1), ...body });
  return pack(new Packer(), map({ id: 1, dat: map({ body: inner, ...dat }), ...fields })).finish();
}

test('decodePackedValue() reads nothing where a part is missing or of another kind', () => {
  assert.ok(decodePackedValue(written({}, {}, {})) !== undefined);
  for (const [what, octets] of [
    ['no MessagePack', Uint8Array.of(0xc1)],
    ['no map', Uint8Array.of(5)],
    ['an id that is text', written({ id: 'x' }, {}, {})],
    ['dat that is a number', written({ dat: 5 }, {}, {})],
    ['a body that is a number', written({}, { body: 5 }, {})],
    ['a type that is text', written({}, {}, { type: 'x' })],
    ['a type of 17 bits', written({}, {}, { type: 65_536 })],
    ['data that is a number', written({}, {}, { data: 5 })],
    ['an owner that is a number', written({}, { sig: ID }, { owner: 5, seq: 1 })],
    ['an owner without sequence', written({}, { sig: ID }, { owner: ID })],
    ['an owner without signature', written({}, {}, { owner: ID, seq: 1 })],
  ] as const)
    assert.equal(decodePackedValue(octets), undefined, what);
});

test('decodePackedValue() reads sequence, signature and recipient only of an owner', () => {
  const unowned = decodePackedValue(written({}, { sig: ID }, { seq: 3, to: ID }));
  assert.ok(unowned !== undefined);
  assert.deepEqual(
    [unowned.sequence, unowned.signature, unowned.recipient],
    [0, undefined, undefined],
  );
  const owned = decodePackedValue(written({}, { sig: ID }, { owner: ID, seq: 3, to: 'x' }));
  assert.equal(owned?.sequence, 3);
  assert.equal(owned.recipient, undefined);
});
