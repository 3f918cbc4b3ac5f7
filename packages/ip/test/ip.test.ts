// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { isIP, SocketAddress } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  canonicalAddress,
  formatIp,
  ipOfOctets,
  isIpv4,
  parseIp,
  wireOctets,
} from '@sentrypeer/ip';

/** The characters of addresses, so that random texts include some addresses, and many near misses. */
const addressLike = fc
  .array(fc.constantFrom('0', '1', 'a', 'ffff', '255', '256', ':', '::', '.', '%', 'g'), {
    maxLength: 16,
  })
  .map((parts) => parts.join(''));
const octets16 = fc.uint8Array({ minLength: 16, maxLength: 16 });
/** Mostly zeros, like addresses. */
const sparse16 = fc
  .array(fc.constantFrom(0, 0, 0, 0, 1, 0xff), { minLength: 16, maxLength: 16 })
  .map((octets) => Uint8Array.from(octets));

test('parseIp() reads what the system takes for an address, and nothing else', () => {
  for (const arbitrary of [addressLike, fc.ipV4(), fc.ipV6(), fc.string()]) {
    fc.assert(
      fc.property(arbitrary, (text) => {
        const isAddress = isIP(text) !== 0 && !text.includes('%');
        assert.equal(parseIp(text) !== undefined, isAddress, text);
      }),
      { numRuns: 2000 },
    );
  }
});

test('formatIp() writes an address as the system does, IPv4-mapped as IPv4', () => {
  for (const arbitrary of [octets16, sparse16]) {
    fc.assert(
      fc.property(arbitrary, (octets) => {
        const groups = Array.from({ length: 8 }, (_, index) =>
          (((octets[index * 2] ?? 0) << 8) | (octets[index * 2 + 1] ?? 0)).toString(16),
        );
        const { address } = new SocketAddress({ address: groups.join(':'), family: 'ipv6' });
        const wanted =
          address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
        assert.equal(formatIp(octets), wanted);
        assert.deepEqual(parseIp(formatIp(octets)), octets);
      }),
      { numRuns: 2000 },
    );
  }
});

test('parseIp() reads every address in every form that it is written in', () => {
  fc.assert(
    fc.property(fc.ipV4(), (text) => {
      assert.deepEqual(parseIp(`::ffff:${text}`), parseIp(text));
      assert.equal(canonicalAddress(`::FFFF:${text}`), text);
    }),
  );
});

test('wireOctets() and ipOfOctets() are each other back and forth', () => {
  for (const text of ['192.0.2.255', '::1', '2001:db8::1', '::']) {
    const ip = parseIp(text);
    assert.ok(ip !== undefined);
    assert.equal(isIpv4(ip), !text.includes(':'));
    assert.equal(wireOctets(ip).length, text.includes(':') ? 16 : 4);
    assert.deepEqual(ipOfOctets(wireOctets(ip)), ip);
  }
  for (const length of [0, 3, 5, 15, 17])
    assert.equal(ipOfOctets(new Uint8Array(length)), undefined);
});
