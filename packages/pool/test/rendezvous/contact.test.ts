// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contactHolds, decodeContact, encodeContact } from '../../src/rendezvous/contact.ts';
import { authorOf, NOW_S } from '../pages/pages.ts';

const ALICE = authorOf('Alice');
const CONTACT = {
  networkId: 7,
  madeEpochS: NOW_S,
  endpoints: [
    { address: '45.12.3.4', port: 4222 },
    { address: '2a01:4f8:1:2::3', port: 65_535 },
  ],
};

test('a contact is read as it was written, and holds by its signature', () => {
  const octets = encodeContact(CONTACT, ALICE);
  assert.equal(octets.length, 132);
  const read = decodeContact(octets);
  assert.ok(read !== undefined);
  assert.deepEqual(read, { ...CONTACT, key: ALICE.publicKey });
  assert.ok(contactHolds(octets, read));
});

test('no octet of a contact can be another', () => {
  const octets = encodeContact(CONTACT, ALICE);
  for (let at = 0; at < octets.length; at += 1) {
    const changed = new Uint8Array(octets);
    changed[at] = (changed[at] ?? 0) ^ 0x41;
    const read = decodeContact(changed);
    assert.ok(read === undefined || !contactHolds(changed, read), `octet ${at}`);
  }
  for (let size = 0; size < octets.length; size += 1) {
    assert.equal(decodeContact(octets.subarray(0, size)), undefined);
  }
  assert.equal(decodeContact(new Uint8Array([...octets, 0])), undefined);
});

test('a contact has one endpoint of each family at most, and no well-known port', () => {
  const [ipv4 = { address: '', port: 0 }] = CONTACT.endpoints;
  const read = (endpoints: readonly { address: string; port: number }[]) =>
    decodeContact(encodeContact({ ...CONTACT, endpoints }, ALICE));
  assert.equal(read([]), undefined);
  assert.equal(read([ipv4, { address: '46.1.2.3', port: 4222 }]), undefined);
  assert.equal(read([{ ...ipv4, port: 25 }]), undefined);
  assert.ok(read([{ ...ipv4, port: 1024 }]) !== undefined);
});

test('a contact names no third family, and no address of one family as if it were of the other', () => {
  const octets = encodeContact(CONTACT, ALICE);
  // Head 42, then family, 4 octets and a port, then family, 16 octets and a port.
  const patched = (at: number, hex: string) => {
    const changed = new Uint8Array(octets);
    changed.set(Uint8Array.fromHex(hex), at);
    return decodeContact(changed);
  };
  assert.ok(patched(49, '06') !== undefined);
  assert.equal(patched(49, '05'), undefined);
  assert.equal(patched(49, '00'), undefined);
  // 46.1.2.3 in IPv6 would be a second IPv4 address.
  assert.equal(patched(50, '00000000000000000000ffff2e010203'), undefined);
});
