// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import { hexText } from '@sentrypeer/bytes';
import { infoHash, parseInfoHash } from '../src/info-hash.ts';
import { OWNER_OCTETS_MAX } from '../src/limits.ts';
import { identityOf, nodeIdOf, signatureHolds, signValue } from '../src/signature.ts';
import { decodePackedValue, encodeSignedPart, encodeValue } from '../src/wire/value-codec.ts';
import { DERIVATIONS, octetsOf, VALUES } from './wire/vectors.ts';

const captured = VALUES.find(({ name }) => name === 'signed-rsa4096');

test('signatureHolds() takes a captured signed value, and none with a bit flipped', () => {
  assert.ok(captured !== undefined);
  const value = decodePackedValue(octetsOf(captured.packed_hex));
  assert.ok(value?.owner !== undefined && value.signature !== undefined);
  assert.ok(signatureHolds(value));
  assert.equal(infoHash(value.owner), captured.owner_key_id_sha1);
  const flipped = (octets: Uint8Array): Uint8Array => {
    const copy = new Uint8Array(octets);
    copy[40] = (copy[40] ?? 0) ^ 1;
    return copy;
  };
  const data = new Uint8Array([...value.data.subarray(1), 0]);
  for (const change of [
    { data },
    { signature: flipped(value.signature) },
    { owner: flipped(value.owner) },
    { sequence: value.sequence + 1 },
    { type: 3 },
    { userType: 'x' },
  ])
    assert.ok(!signatureHolds({ ...value, ...change }), JSON.stringify(Object.keys(change)));
  assert.ok(signatureHolds({ ...value, id: 5n }), 'the id is not signed');
});

test('nodeIdOf() and key ids are what real nodes make of a key', () => {
  for (const { public_key_id, node_id } of DERIVATIONS.node_id_from_identity) {
    const keyId = parseInfoHash(public_key_id);
    assert.equal(keyId === undefined ? '' : nodeIdOf(keyId), node_id);
  }
  const { owner_spki_der_hex, key_id_sha1, long_id_sha256 } = DERIVATIONS.key_ids;
  const owner = octetsOf(owner_spki_der_hex);
  assert.equal(infoHash(owner), key_id_sha1);
  assert.equal(createHash('sha256').update(owner).digest('hex'), long_id_sha256);
});

test('signValue() makes what signatureHolds() takes, also after the wire', () => {
  const identity = identityOf(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey);
  assert.ok(identity !== undefined);
  const value = signValue(identity, 7n, { data: Uint8Array.of(1, 2), userType: 'a/b', type: 3 }, 9);
  const decoded = decodePackedValue(encodeValue(value));
  assert.deepEqual(decoded, value);
  assert.ok(decoded !== undefined && signatureHolds(decoded));
  assert.equal(hexText(value.owner ?? new Uint8Array(0)), hexText(identity.owner));
});

test('signatureHolds() refuses other digests and other kinds of keys', () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const identity = identityOf(privateKey);
  assert.ok(identity !== undefined);
  const value = signValue(identity, 7n, { data: Uint8Array.of(1) }, 0);
  const weak = new Uint8Array(sign('sha256', encodeSignedPart(value), privateKey));
  assert.ok(!signatureHolds({ ...value, signature: weak }));
  const ed = generateKeyPairSync('ed25519');
  assert.equal(identityOf(ed.privateKey), undefined);
  const owner = new Uint8Array(ed.publicKey.export({ type: 'spki', format: 'der' }));
  const signature = new Uint8Array(
    sign(null, encodeSignedPart({ ...value, owner }), ed.privateKey),
  );
  assert.ok(!signatureHolds({ ...value, owner, signature }));
});

test('signatureHolds() refuses keys that would make a check slow', () => {
  const content = { data: Uint8Array.of(1) };
  const huge = generateKeyPairSync('rsa', { modulusLength: 1024, publicExponent: 2 ** 31 - 1 });
  const usual = identityOf(huge.privateKey);
  assert.ok(usual !== undefined, 'an exponent of 31 bits is cheap');
  const value = signValue(usual, 1n, content, 0);
  assert.ok(!signatureHolds({ ...value, owner: new Uint8Array(OWNER_OCTETS_MAX + 1) }));
  assert.ok(!signatureHolds({ ...value, owner: Uint8Array.of(0x30, 0x03, 1, 2, 3) }));
  assert.equal(
    identityOf(generateKeyPairSync('rsa', { modulusLength: 512 }).privateKey),
    undefined,
  );
});
