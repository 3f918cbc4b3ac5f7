// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { BlockList } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  contains,
  covers,
  formatPrefix,
  independentNetwork,
  networkText,
  parseIp,
  parsePrefix,
  prefix,
  widen,
} from '@sentrypeer/ip';

const ip = (text: string): Uint8Array => {
  const parsed = parseIp(text);
  assert.ok(parsed !== undefined, text);
  return parsed;
};

test('parsePrefix() reads networks, and refuses bits after the length unless it cuts them', () => {
  for (const text of [
    '192.0.2.0/24',
    '0.0.0.0/0',
    '::/0',
    '2001:db8::/32',
    '192.0.2.1',
    '2001:db8::1',
  ])
    assert.equal(formatPrefix(prefix(text)), text);
  assert.equal(parsePrefix('192.0.2.1/24'), undefined);
  assert.equal(
    formatPrefix(parsePrefix('192.0.2.1/24', { cut: true }) ?? prefix('::')),
    '192.0.2.0/24',
  );
  assert.equal(formatPrefix(prefix('192.0.2.1/32')), '192.0.2.1');
  for (const text of [
    '',
    '/24',
    '192.0.2.0/',
    '192.0.2.0/33',
    '::/129',
    '192.0.2.0/024',
    '192.0.2.0/24/1',
    'fe80::%1/64',
  ])
    assert.equal(parsePrefix(text), undefined, text);
});

test('contains() agrees with the system, at every length and in both families', () => {
  fc.assert(
    fc.property(fc.ipV4(), fc.ipV4(), fc.integer({ min: 0, max: 32 }), (base, other, length) => {
      const list = new BlockList();
      list.addSubnet(base, length);
      const own = parsePrefix(`${base}/${length}`, { cut: true });
      assert.ok(own !== undefined);
      assert.equal(contains(own, ip(other)), list.check(other));
      assert.ok(contains(own, ip(base)));
    }),
  );
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      fc.nat(128),
      fc.nat(127),
      (base, length, flipped) => {
        const other = new Uint8Array(base);
        other[flipped >> 3] = (other[flipped >> 3] ?? 0) ^ (0x80 >> (flipped & 7));
        assert.equal(contains(widen(base, length), other), flipped >= length);
      },
    ),
  );
});

test('covers() knows a network within a network', () => {
  assert.ok(covers(prefix('10.0.0.0/8'), prefix('10.1.0.0/16')));
  assert.ok(covers(prefix('10.0.0.0/8'), prefix('10.0.0.0/8')));
  assert.ok(!covers(prefix('10.1.0.0/16'), prefix('10.0.0.0/8')));
  assert.ok(!covers(prefix('10.0.0.0/8'), prefix('11.0.0.0/16')));
});

test('networkText() widens an address by the length of its family', () => {
  const lengths = { ipv4: 24, ipv6: 56 };
  assert.equal(networkText('203.0.113.9', lengths), '203.0.113.0/24');
  assert.equal(networkText('::ffff:203.0.113.9', lengths), '203.0.113.0/24');
  assert.equal(networkText('2001:db8:1:22ff::9', lengths), '2001:db8:1:2200::/56');
  assert.equal(networkText('localhost', lengths), undefined);
});

test('independentNetwork() is the /16 of IPv4 and the /28 of IPv6', () => {
  assert.equal(independentNetwork('45.12.3.4'), '45.12.0.0/16');
  assert.equal(independentNetwork('2a01:4f8:1:2::3'), '2a01:4f0::/28');
  assert.equal(independentNetwork('2a01:4ff::'), '2a01:4f0::/28');
  assert.equal(independentNetwork('localhost'), undefined);
});
