// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatPrefix, judgedNetwork, parsePrefix, type Prefix } from '@sentrypeer/ip';
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
    '2a02:6b8:1:2::/64 contains 2a02:6b8:1:2::5, which must not be refused: it is on the allowlist (a customer)',
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

test('NeverListed says why, in the words of the operator', () => {
  const never = neverListed({
    allowances: [allowance('+46701234567', { comment: 'a customer' }), allowance('45.1.2.3')],
    ownNumbers: ['+46812345678'],
    ownAddresses: ['45.1.2.4'],
  });
  const number = (text: string): string | undefined =>
    never.number(readQuestion(plans, text), NOON_US);
  assert.equal(never.address('45.1.2.3', NOON_US), 'it is on the allowlist');
  assert.equal(never.address('45.1.2.4', NOON_US), 'it is one of our own addresses');
  assert.equal(never.address('office', NOON_US), 'this is not an address');
  assert.equal(number('+46701234567'), 'it is on the allowlist (a customer)');
  assert.equal(number('+46812345678'), 'it is one of our own numbers');
  assert.equal(number('112'), 'this is an emergency number, which is never listed');
  assert.equal(number('411'), 'this is a short code, which is never listed');
  assert.match(number('2001') ?? '', /^this is too short for a number/);
  assert.equal(number('*72#'), 'this is a feature code, which is never listed');
  assert.equal(
    never.range('467012345xx', NOON_US),
    'of one of its numbers: it is on the allowlist (a customer)',
  );
});

test('NeverListed.networks() and within() name what is guarded, only for addresses and as long as it holds', () => {
  const never = neverListed({
    ownAddresses: ['45.1.2.3', '2a02:6b8::1%eth0'],
    ownNumbers: ['+46701234567'],
    allowances: [
      allowance('45.1.0.0/24', { comment: 'office' }),
      allowance('45.0.0.0/8', { untilEpochUs: NOON_US }),
      allowance('46.0.0.0/8'),
      allowance('+4681*'),
    ],
  });
  const names = (list: readonly Prefix[]): readonly string[] =>
    list.map(formatPrefix).toSorted((a, b) => a.localeCompare(b));
  assert.deepEqual(names(never.networks()), [
    '2a02:6b8::1',
    '45.0.0.0/8',
    '45.1.0.0/24',
    '45.1.2.3',
    '46.0.0.0/8',
  ]);
  const within = (network: string, nowUs = NOON_US): readonly string[] => {
    const outer = parsePrefix(network);
    assert.ok(outer !== undefined);
    return never
      .within(outer, nowUs)
      .map((one) => `${formatPrefix(one.network)}: ${one.why}`)
      .toSorted((a, b) => a.localeCompare(b));
  };
  const both = [
    '45.1.0.0/24: it is on the allowlist (office)',
    '45.1.2.3: it is one of our own addresses',
  ];
  assert.deepEqual(within('45.1.0.0/16'), both);
  // What lies in something guarded is guarded, too.
  assert.deepEqual(within('45.1.0.0/25'), both.slice(0, 1));
  assert.deepEqual(within('45.9.0.0/16'), []);
  assert.deepEqual(within('45.9.0.0/16', NOON_US - 1), ['45.0.0.0/8: it is on the allowlist']);
  assert.deepEqual(within('46.9.9.9/32'), ['46.0.0.0/8: it is on the allowlist']);
});

test('NeverListed.range() guards a block with a number that is guarded, by whatever names it', () => {
  const never = neverListed({
    home: 'SE',
    ownNumbers: ['+46855512300-+46855512399'],
    allowances: [
      allowance('+46701234567', { untilEpochUs: NOON_US + 2 }),
      allowance('0709876543'),
      allowance('+972592*', { untilEpochUs: NOON_US + 1 }),
      allowance('+4420712345678*'),
      allowance('2000000-2999999'),
    ],
  });
  const isGuarded = (block: string, nowUs = NOON_US): boolean =>
    never.range(block, nowUs) !== undefined;
  for (const block of ['467012345xx', '46701234xxx', '4670123xxxx', '467098765xx'])
    assert.ok(isGuarded(block), block);
  for (const block of ['467012346xx', '46701235xxx', '467098764xx'])
    assert.ok(!isGuarded(block), block);
  assert.deepEqual(
    [1, 2].map((later) => isGuarded('467012345xx', NOON_US + later)),
    [true, false],
  );
  // Of a range of numbers both ends, and numbers of another length are others.
  for (const block of ['468555123xx', '46855512xxx', '4685551xxxx'])
    assert.ok(isGuarded(block), block);
  for (const block of ['468555122xx', '468555124xx', '46855511xxx', '46855513xxx', '4685551234xx'])
    assert.ok(!isGuarded(block), block);
  // A prefix that is shorter than the block's, or longer.
  for (const block of ['9725928910xx', '972592xxxx']) assert.ok(isGuarded(block), block);
  assert.ok(!isGuarded('9725938910xx'));
  assert.deepEqual(
    [0, 1].map((later) => isGuarded('9725928910xx', NOON_US + later)),
    [true, false],
  );
  assert.equal(
    never.range('9725928910xx', NOON_US),
    'of some of its numbers: it is on the allowlist',
  );
  assert.ok(isGuarded('442071234567xx'));
  assert.ok(isGuarded('44207123456xxx'));
  assert.ok(!isGuarded('442071234xxx'), 'its numbers are shorter than the prefix');
  // Digits as they are dialled say nothing of numbers abroad.
  assert.ok(!isGuarded('20000xx'));
  // A helpline, as those that are built in.
  assert.match(never.range('180027382xx', NOON_US) ?? '', /it is a helpline/);
});

test('NeverListed.e164() guards a number as it is listed, and the digits of none', () => {
  const never = neverListed({
    allowances: [
      allowance('+46701234567'),
      allowance('99912345'),
      allowance('5550000-5559999', { untilEpochUs: NOON_US + 1 }),
      allowance('+1212*', { untilEpochUs: NOON_US + 1 }),
    ],
  });
  const isGuarded = (number: string, nowUs = NOON_US): boolean =>
    never.e164(number, nowUs) !== undefined;
  for (const number of ['46701234567', '99912345', '5550000', '5559999', '12125550123', '46112'])
    assert.ok(isGuarded(number), number);
  for (const number of ['46701234568', '99912346', '5560000', '5549999', '55500001', '12135550123'])
    assert.ok(!isGuarded(number), number);
  for (const number of ['5550000', '12125550123'])
    assert.ok(!isGuarded(number, NOON_US + 1), `${number} was allowed until now`);
});

test('of several words about the same the one that holds longest counts, in whatever order', () => {
  const soon = { untilEpochUs: NOON_US + 1 };
  for (const value of ['45.1.2.3', '+46701234567']) {
    for (const words of [
      [allowance(value, soon), allowance(value)],
      [allowance(value), allowance(value, soon)],
    ]) {
      const never = neverListed({ allowances: words });
      const why = value.startsWith('+')
        ? never.e164(value.slice(1), NOON_US + 1)
        : never.address(value, NOON_US + 1);
      assert.equal(why, 'it is on the allowlist', value);
    }
  }
});

test('digits without a plus are guarded by an allowed number that they may mean, though they are another one', () => {
  const question = readQuestion(plans, '12125550123');
  const why = (value: string): string | undefined =>
    neverListed({ allowances: [allowance(value)] }).number(question, NOON_US);
  assert.notEqual(why('+12125550123'), undefined);
  assert.equal(why('+46701234567'), undefined);
});

test('NeverListed.network() guards what lies in an allowed network until it is allowed no more', () => {
  const never = neverListed({
    allowances: [allowance('2a02:6b9::/32', { untilEpochUs: NOON_US + 1 })],
  });
  const network = judgedNetwork('2a02:6b9:5::/48');
  assert.ok(network !== undefined);
  assert.equal(never.network(network, NOON_US), 'it is on the allowlist');
  assert.equal(never.network(network, NOON_US + 1), undefined);
  const examples = judgedNetwork('2001:db8::/48');
  assert.ok(examples !== undefined);
  assert.match(never.network(examples, NOON_US) ?? '', /^addresses of documentation/);
  const demo = new NeverListed(
    { plans, home: undefined },
    { allowances: [], ownAddresses: [], ownNumbers: [], listsDocumentation: true },
  );
  assert.equal(demo.network(examples, NOON_US), undefined);
});
