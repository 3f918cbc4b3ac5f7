// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgedNetwork } from '@sentrypeer/ip';
import { readQuestion } from '@sentrypeer/numbers';
import { NeverListed, parseAllowed } from '../src/index.ts';
import { allowance, DAY_US, neverListed, NOON_US, plans } from './fixtures.ts';

for (const address of [
  '0.0.0.0',
  '10.1.2.3',
  '100.64.0.1',
  '127.0.0.1',
  '169.254.1.1',
  '172.31.255.255',
  '192.0.0.8',
  '192.0.2.1',
  '192.88.99.1',
  '192.168.0.1',
  '198.19.255.255',
  '198.51.100.7',
  '203.0.113.5',
  '224.0.0.1',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:10.0.0.1',
  '64:ff9b::102:304',
  '100::1',
  '2001::1',
  '2001:20::1',
  '2001:db8::1',
  '2002:102:304::1',
  '3fff:fff::1',
  '5f00::1',
  'fc00::1',
  'fdff::1',
  'fe80::1',
  'fec0::1',
  'ff02::1',
  '4000::1',
  'localhost',
  '',
  '1.2.3',
  '1.2.3.4.5',
  '01.2.3.4',
  '1.2.3.4/32',
  'fe80::1%eth0',
]) {
  test(`NeverListed.address() guards '${address}'`, () => {
    assert.notEqual(neverListed({}).address(address, NOON_US), undefined);
  });
}

for (const address of [
  '1.1.1.1',
  '11.0.0.1',
  '100.63.255.255',
  '128.0.0.1',
  '172.32.0.1',
  '192.0.1.0',
  '223.255.255.255',
  '2a00:1450::1',
  '2001:200::1',
  '::ffff:1.1.1.1',
]) {
  test(`NeverListed.address() lets ${address} be listed, unless it is ours or allowed`, () => {
    assert.equal(neverListed({}).address(address, NOON_US), undefined);
    assert.match(neverListed({ ownAddresses: [address] }).address(address, NOON_US) ?? '', /own/);
    const allowances = [allowance(address, { comment: 'our office' })];
    assert.equal(
      neverListed({ allowances }).address(address, NOON_US),
      'it is on the allowlist (our office)',
    );
  });
}

test('NeverListed.address() knows networks, and when they cease to be allowed', () => {
  const never = neverListed({
    allowances: [
      allowance('11.22.0.0/16'),
      allowance('2a00:1450::/32'),
      allowance('44.1.1.1', { untilEpochUs: NOON_US + DAY_US }),
    ],
  });
  assert.notEqual(never.address('11.22.255.1', NOON_US), undefined);
  assert.equal(never.address('11.23.0.0', NOON_US), undefined);
  assert.notEqual(never.address('2a00:1450:ffff::1', NOON_US), undefined);
  assert.equal(never.address('2a00:1451::1', NOON_US), undefined);
  assert.notEqual(never.address('44.1.1.1', NOON_US + DAY_US - 1), undefined);
  assert.equal(never.address('44.1.1.1', NOON_US + DAY_US), undefined);
});

test('NeverListed.number() guards emergency numbers, short codes, extensions and feature codes', () => {
  for (const text of ['112', '911', '9911', '+46112', '0044999', '116117', '100', '2001', '*72#']) {
    assert.notEqual(neverListed({}).number(readQuestion(plans, text), NOON_US), undefined, text);
  }
});

test('NeverListed.number() guards an allowed number in every form', () => {
  const home = plans.home('SE');
  const never = neverListed({
    home: 'SE',
    allowances: [allowance('+46701234567'), allowance('0812345678'), allowance('+4420712345*')],
    ownNumbers: ['+46855512300-+46855512399'],
  });
  for (const text of [
    '+46701234567',
    '46701234567',
    '0046701234567',
    '0701234567',
    '90701234567',
    '87840046701234567',
    '878446701234567',
    '0812345678',
    '0046812345678',
    '+46812345678',
    '00442071234567',
    '0855512345',
    '+46855512399',
  ]) {
    assert.notEqual(never.number(readQuestion(plans, text, home), NOON_US), undefined, text);
  }
  for (const text of ['+46701234568', '0701234566', '+46855512400', '+442071334567']) {
    assert.equal(never.number(readQuestion(plans, text, home), NOON_US), undefined, text);
  }
});

test('parseAllowed() refuses what can be meant as nothing', () => {
  for (const text of [
    '',
    '192.0.2.1/24',
    '192.0.2.0/33',
    '2001:db8::/129',
    '2001:db8:::',
    '1::2::3',
    '+',
    '+46a',
    '+467-+46',
    '+469-+461',
    '2000-3',
    '*',
    '+*',
    'office',
    '1'.repeat(65),
    '20*1-20*2',
  ]) {
    assert.equal(parseAllowed(text), undefined, text);
  }
  for (const text of [
    '192.0.2.0/24',
    '::/0',
    '2001:db8::1',
    '+46*',
    '+4670-+4679',
    '*72#',
    '2000-2999',
  ]) {
    assert.notEqual(parseAllowed(text), undefined, text);
  }
});

test('NeverListed.address() lets examples be judged for whoever makes it so, and nothing else', () => {
  const options = { allowances: [], ownAddresses: [], ownNumbers: [] };
  const ports = { plans, home: undefined };
  const demo = new NeverListed(ports, { ...options, listsDocumentation: true });
  const usual = new NeverListed(ports, options);
  for (const address of ['192.0.2.1', '198.51.100.1', '203.0.113.1', '2001:db8::1', '3fff::1']) {
    assert.equal(demo.address(address, NOON_US), undefined);
    assert.match(usual.address(address, NOON_US) ?? '', /^addresses of documentation/);
  }
  assert.match(demo.address('10.0.0.1', NOON_US) ?? '', /private use/);
});

test('NeverListed.network() guards the networks of IPv6 that hold something guarded, and no others', () => {
  const never = neverListed({
    ownAddresses: ['::1'],
    allowances: [
      allowance('2a02:6b8:1:2::5', { comment: 'a customer' }),
      allowance('2a02:6b8:2:60::/60'),
      allowance('2a02:6b9::/32'),
      allowance('2a02:6ba:1:2::7', { untilEpochUs: NOON_US }),
    ],
  });
  const why = (value: string): string | undefined => {
    const network = judgedNetwork(value);
    assert.ok(network !== undefined);
    return never.network(network, NOON_US);
  };
  assert.equal(
    why('2a02:6b8:1:2::/64'),
    '2a02:6b8:1:2::/64 holds 2a02:6b8:1:2::5, which must not be refused: it is on the allowlist (a customer)',
  );
  for (const value of [
    '2a02:6b8:1:2::/64',
    '2a02:6b8:1::/56',
    '2a02:6b8:1::/48',
    '2a02:6b8:2:6f::/64',
    '2a02:6b8:2::/56',
    '2a02:6b8:2::/48',
    '2a02:6b9:5::/48',
    '2a02:6b9:5:1::/64',
    '2001:db8::/48',
  ]) {
    assert.notEqual(why(value), undefined, value);
  }
  for (const value of [
    '2a02:6b8:1:3::/64',
    '2a02:6b8:1:100::/56',
    '2a02:6b8:2:70::/64',
    '2a02:6b8:3::/48',
    '2a02:6ba:1:2::/64',
  ]) {
    assert.equal(why(value), undefined, value);
  }
});
