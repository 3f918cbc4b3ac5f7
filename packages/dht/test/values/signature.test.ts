// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import {
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  sign,
  type KeyObject,
} from 'node:crypto';
import { test } from 'node:test';
import { hexText } from '@sentrypeer/bytes';
import { infoHash, parseInfoHash } from '../../src/info-hash.ts';
import { OWNER_OCTETS_MAX } from '../../src/limits.ts';
import {
  identityOf,
  isSigned,
  nodeIdOf,
  signatureHolds,
  signValue,
} from '../../src/values/signature.ts';
import { decodePackedValue, encodeSignedPart, encodeValue } from '../../src/wire/value-codec.ts';
import { DERIVATIONS, octetsOf, VALUES } from '../wire/vectors.ts';

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

const toNumber = (text = ''): bigint =>
  BigInt(`0x${Buffer.from(text, 'base64url').toString('hex')}`);

function toText(number: bigint): string {
  const hex = number.toString(16);
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex').toString('base64url');
}

/** The inverse of a modulo m, by Euclid. */
function inverse(a: bigint, m: bigint): bigint {
  let [r0, r1, s0, s1] = [m, a % m, 0n, 1n];
  while (r1 !== 0n) [r0, r1, s0, s1] = [r1, r0 % r1, s1, s0 - (r0 / r1) * s1];
  assert.equal(r0, 1n, 'coprime');
  return ((s0 % m) + m) % m;
}

/** A valid key with an unusual public exponent. */
function keyWithExponent(least: bigint): KeyObject {
  const jwk = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({
    format: 'jwk',
  });
  const [p, q] = [toNumber(jwk.p), toNumber(jwk.q)];
  const phi = (p - 1n) * (q - 1n);
  const gcd = (a: bigint, b: bigint): bigint => (b === 0n ? a : gcd(b, a % b));
  let e = least;
  while (gcd(phi, e) !== 1n) e += 2n;
  const d = inverse(e, phi);
  const parts = { e, d, dp: d % (p - 1n), dq: d % (q - 1n) };
  const texts = Object.entries(parts).map(([name, number]) => [name, toText(number)] as const);
  return createPrivateKey({ key: { ...jwk, ...Object.fromEntries(texts) }, format: 'jwk' });
}

test('signatureHolds() refuses keys that would make a check slow', () => {
  const content = { data: Uint8Array.of(1) };
  assert.equal(
    identityOf(generateKeyPairSync('rsa-pss', { modulusLength: 1024 }).privateKey),
    undefined,
  );
  assert.equal(identityOf(keyWithExponent(2n ** 33n + 1n)), undefined);
  assert.ok(identityOf(keyWithExponent(65_537n)) !== undefined, 'the test makes usable keys');
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

test('identityOf() reads a key in PEM, and signValue() wants a sequence of 16 bits', () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
  const identity = identityOf(pem);
  assert.ok(identity !== undefined);
  assert.deepEqual(identity, { ...identityOf(privateKey), privateKey: identity.privateKey });
  const content = { data: Uint8Array.of(1) };
  for (const sequence of [0, 65_535]) {
    const value = signValue(identity, 1n, content, sequence);
    assert.deepEqual([value.type, value.userType], [0, '']);
    assert.ok(signatureHolds(value));
  }
  for (const sequence of [-1, 65_536])
    assert.throws(() => signValue(identity, 1n, content, sequence), /value_sequence/);
});

test('isSigned() tells whether there is an owner; without signature nothing holds', () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const identity = identityOf(privateKey);
  assert.ok(identity !== undefined);
  const value = signValue(identity, 1n, { data: Uint8Array.of(1) }, 0);
  assert.ok(isSigned(value));
  assert.ok(!isSigned({ ...value, owner: undefined }));
  assert.ok(!signatureHolds({ ...value, owner: undefined }));
  assert.ok(!signatureHolds({ ...value, signature: undefined }));
});
