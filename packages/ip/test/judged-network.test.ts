// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  bitsWithin,
  firstBits,
  formatPrefix,
  judgedAs,
  judgedNetwork,
  networkRange,
  networksOf,
  parseIp,
  widen,
} from '@sentrypeer/ip';

const group = fc.oneof(fc.constant(0), fc.constant(0x100), fc.integer({ min: 0, max: 0xffff }));
const address = fc
  .array(group, { minLength: 8, maxLength: 8 })
  .map((groups) => groups.map((each) => each.toString(16)).join(':'));

test('networksOf() names the networks as formatPrefix() does, from narrow to wide', () => {
  fc.assert(
    fc.property(address, (text) => {
      const ip = parseIp(text);
      const found = networksOf(text);
      if (found === undefined || ip === undefined) return;
      const expected = [64, 56, 48].map((length) => formatPrefix(widen(ip, length)));
      assert.deepEqual(
        found.map((network) => network.text),
        expected,
      );
      for (const { text: name, bits, length } of found) {
        assert.equal(judgedNetwork(name)?.text, name);
        assert.equal(firstBits(name), bits);
        const { first, last } = bitsWithin(bits, length);
        assert.ok(first === bits && last - first === (1n << BigInt(64 - length)) - 1n);
        const own = firstBits(text);
        assert.ok(own !== undefined && own >= first && own <= last);
      }
    }),
    { numRuns: 300 },
  );
});

test('networksOf() takes networks as wide as a /48, and no IPv4', () => {
  const lengths = (text: string): readonly number[] | undefined =>
    networksOf(text)?.map(({ length }) => length);
  assert.deepEqual(lengths('2a02:6b8::1/128'), [64, 56, 48]);
  assert.deepEqual(lengths('2a02:6b8::/60'), [56, 48]);
  assert.deepEqual(lengths('2a02:6b8::/48'), [48]);
  for (const text of ['2a02:6b8::/47', '45.1.2.3', '::ffff:45.1.2.3', '45.0.0.0/8', 'a:b', '']) {
    assert.equal(networksOf(text), undefined, text);
  }
});

test('judgedAs() is the /64 of an IPv6 address, and anything else as it is', () => {
  assert.equal(judgedAs('2a02:6b8:1:2::5'), '2a02:6b8:1:2::/64');
  for (const text of ['45.1.2.3', '2a02:6b8:1::/48', '2a02:6b8::/60', 'a:b', '']) {
    assert.equal(judgedAs(text), text);
  }
  assert.equal(judgedNetwork('2a02:6b8::/60'), undefined);
  assert.equal(judgedNetwork('2a02:6b8:0:1::/56'), undefined);
  assert.equal(judgedNetwork('2a02:6b8::1'), undefined);
});

test('networkRange() is of the /64 where the text is narrower', () => {
  assert.deepEqual(networkRange('2a02:6b8:1:2::5'), networkRange('2a02:6b8:1:2::/64'));
  assert.deepEqual(networkRange('2000::/3'), { first: 1n << 61n, last: (1n << 62n) - 1n });
  assert.deepEqual(networkRange('fe80::/64'), {
    first: -108086391056891904n,
    last: -108086391056891904n,
  });
  assert.equal(networkRange('45.1.2.3'), undefined);
});

test('networkRange() of all IPv6 contains every network, and fits into 64 bits', () => {
  const range = networkRange('::/0');
  for (const address of ['::', '2001:db8::1', '8000::', 'ffff:ffff:ffff:ffff::1']) {
    const bits = firstBits(address) ?? 0n;
    assert.ok(range !== undefined && range.first <= bits && bits <= range.last, address);
  }
  assert.equal(BigInt.asIntN(64, range?.first ?? 0n), range?.first);
  assert.equal(BigInt.asIntN(64, range?.last ?? 0n), range?.last);
});
