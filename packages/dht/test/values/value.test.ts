// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { infoHash } from '../../src/info-hash.ts';
import { ANSWER_FIELDS_OCTETS_MAX } from '../../src/limits.ts';
import { unpack } from '../../src/msgpack/unpack.ts';
import { Packer } from '../../src/msgpack/packer.ts';
import type { StoredValue } from '../../src/serving/storage.ts';
import {
  matches,
  SELECT_ID,
  SELECT_ID_AND_SEQUENCE,
  selectFields,
} from '../../src/values/filter.ts';
import { lifetimeMs } from '../../src/values/value-types.ts';
import {
  encryptedValue,
  sameContent,
  sameOctets,
  unsignedValue,
  valueSize,
  type Value,
} from '../../src/values/value.ts';
import { Field } from '../../src/wire/message.ts';
import { encodeValue } from '../../src/wire/value-codec.ts';

const OWNER = Uint8Array.of(1, 2, 3);
const PLAIN = unsignedValue(1n, { data: Uint8Array.of(9, 8), userType: 'a/b', type: 3 });
const SIGNED: Value = { ...PLAIN, owner: OWNER, sequence: 7, signature: Uint8Array.of(4, 5, 6) };

test('a new value has what it was given and nothing else', () => {
  const bare = unsignedValue(2n, { data: Uint8Array.of(1) });
  assert.deepEqual([bare.type, bare.userType, bare.sequence, bare.priority], [0, '', 0, 0]);
  const encrypted = encryptedValue(2n, Uint8Array.of(1, 2));
  assert.equal(encrypted.data.length, 0);
  assert.deepEqual(encrypted.cypher, Uint8Array.of(1, 2));
});

test('lifetimeMs() is that of each type (PROTOCOL 8.1)', () => {
  const minutes = (type: number): number => lifetimeMs(type) / 60_000;
  assert.deepEqual([0, 1, 2, 3, 4, 5, 6, 8, 999].map(minutes), [
    10,
    5,
    15,
    5,
    7 * 24 * 60,
    1,
    10,
    7 * 24 * 60,
    10,
  ]);
});

test('valueSize() counts data, signature, user type and push type, or the cypher (PROTOCOL 5.3)', () => {
  assert.equal(valueSize(PLAIN), 2 + 3);
  assert.equal(valueSize(SIGNED), 2 + 3 + 3);
  assert.equal(valueSize({ ...SIGNED, pushType: 'wxyz' }), 2 + 3 + 3 + 4);
  assert.equal(valueSize(encryptedValue(1n, new Uint8Array(70))), 70);
});

test('valueSize() counts text as the octets that travel, not as characters', () => {
  assert.equal(valueSize({ ...PLAIN, userType: 'ä€😀' }), 2 + 2 + 3 + 4);
  assert.equal(valueSize({ ...PLAIN, pushType: 'ä' }), 2 + 3 + 2);
});

test('sameContent() compares all but id and sequence (PROTOCOL 5.4)', () => {
  assert.ok(sameContent(SIGNED, { ...SIGNED, id: 2n, sequence: 8, data: Uint8Array.of(9, 8) }));
  for (const other of [
    { type: 0 },
    { userType: 'a/c' },
    { owner: Uint8Array.of(1, 2, 4) },
    { owner: undefined },
    { data: Uint8Array.of(9, 9) },
    { data: Uint8Array.of(9) },
    { data: Uint8Array.of(9, 8, 0) },
    { signature: Uint8Array.of(4, 5, 7) },
  ]) {
    assert.ok(!sameContent(SIGNED, { ...SIGNED, ...other }), JSON.stringify(other));
    assert.ok(!sameContent({ ...SIGNED, ...other }, SIGNED), JSON.stringify(other));
  }
});

test('sameContent() compares nothing but the cypher of encrypted values', () => {
  const encrypted = encryptedValue(1n, Uint8Array.of(1, 2));
  assert.ok(sameContent(encrypted, encryptedValue(2n, Uint8Array.of(1, 2))));
  assert.ok(!sameContent(encrypted, encryptedValue(1n, Uint8Array.of(1, 3))));
  const empty = unsignedValue(1n, { data: new Uint8Array(0) });
  assert.ok(!sameContent(encrypted, empty));
  assert.ok(!sameContent(empty, encrypted));
});

test('sameOctets() takes absent octets as equal to absent ones only', () => {
  assert.ok(sameOctets(undefined, undefined));
  assert.ok(!sameOctets(undefined, new Uint8Array(0)));
  assert.ok(!sameOctets(new Uint8Array(0), undefined));
  assert.ok(sameOctets(new Uint8Array(0), new Uint8Array(0)));
});

test('matches() wants every condition of a filter', () => {
  const hold = [
    { field: Field.id, id: 1n },
    { field: Field.type, type: 3 },
    { field: Field.owner, owner: infoHash(OWNER) },
    { field: Field.userType, userType: 'a/b' },
  ] as const;
  const fail = [
    { field: Field.id, id: 2n },
    { field: Field.type, type: 4 },
    { field: Field.owner, owner: infoHash('another') },
    { field: Field.userType, userType: 'a' },
  ] as const;
  assert.ok(matches(SIGNED, []));
  assert.ok(matches(SIGNED, hold));
  for (const condition of hold) assert.ok(matches(SIGNED, [condition]));
  for (const condition of fail) {
    assert.ok(!matches(SIGNED, [condition]));
    assert.ok(!matches(SIGNED, [...hold, condition]));
  }
  assert.ok(!matches(PLAIN, [hold[2]]), 'no owner');
  assert.ok(!matches(SIGNED, [{ field: Field.sequence } as never]), 'no such condition');
});

function stored(value: Value): StoredValue {
  const packed = encodeValue(value);
  return { key: infoHash('key'), value, packed, source: 's', expiresAtMs: 0, timer: undefined };
}

/** The fields as a reader sees them. */
function rows(values: readonly Value[], select: readonly Field[]): unknown {
  const { fields, valuesCount, packed } = selectFields(values.map(stored), select);
  const unpacked = unpack(new Packer().array(valuesCount).raw(packed).finish());
  assert.ok(unpacked.ok);
  return [fields, unpacked.item];
}

test('selectFields() gives the selected fields of each value in ascending order, each once', () => {
  assert.deepEqual(SELECT_ID, [Field.id]);
  assert.deepEqual(SELECT_ID_AND_SEQUENCE, [Field.id, Field.sequence]);
  const all = [Field.userType, Field.sequence, Field.owner, Field.type, Field.id, Field.type];
  assert.deepEqual(rows([SIGNED, { ...PLAIN, id: 2n }], all), [
    [1, 2, 3, 4, 5],
    [1, 3, OWNER, 7, 'a/b', 2, 3, new Uint8Array(20), 0, 'a/b'],
  ]);
  assert.deepEqual(rows([], [Field.id]), [[Field.id], []]);
});

test('selectFields() gives ids of any size', () => {
  const ids = [1n, 127n, 128n, 255n, 256n, 65_535n, 65_536n, 0xffff_ffffn, 1n << 32n, 1n << 63n];
  const values = ids.map((id) => ({ ...PLAIN, id }));
  const [, read] = rows(values, [Field.id]) as [unknown, readonly (number | bigint)[]];
  assert.deepEqual(read.map(BigInt), ids);
});

test('selectFields() ends with the row that exceeds the octets of an answer', () => {
  const userType = 'x'.repeat(997); // 1,000 octets packed.
  const values = Array.from({ length: 80 }, () => stored({ ...PLAIN, userType }));
  const { valuesCount, packed } = selectFields(values, [Field.userType]);
  assert.equal(valuesCount, ANSWER_FIELDS_OCTETS_MAX / 1000 + 1);
  assert.equal(packed.length, valuesCount * 1000);
});
