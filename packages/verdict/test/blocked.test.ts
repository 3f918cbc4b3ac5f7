// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LATEST_EPOCH_US } from '@sentrypeer/kernel';
import { parsePrefix, type Prefix } from '@sentrypeer/ip';
import { Blocked, blockedVerdict, overruled } from '../src/blocked.ts';
import { notListed, type Verdict } from '../src/verdict.ts';
import type { Block, Subject } from '../src/index.ts';
import { ADDRESS, allowance, judgeOf, MemoryEvidence, MUCH, NOON_US } from './fixtures.ts';

function block(kind: Subject['kind'], value: string, untilEpochUs?: number): Block {
  return { subject: { kind, value }, comment: 'fraud', createdEpochUs: NOON_US, untilEpochUs };
}

const WHY = 'blocked by the operator: fraud';

test('Judge.judge() lists what the operator blocked, whatever is known of it, until it ends', () => {
  const until = NOON_US + 1e6;
  const judge = judgeOf(new MemoryEvidence(), {
    home: 'SE',
    blocks: [
      block('address', '45.0.0.0/8'),
      block('address', '2a00:1::7', until),
      block('number', '46701234567'),
      block('range', '46850781xxx'),
      block('number', '123456789012345678'),
    ],
  });
  for (const question of [
    { address: '45.1.2.3' },
    { address: '2a00:1::7' },
    { number: '0701234567' },
    { number: '0046701234567' },
    { number: '+46850781999' },
    { number: '123456789012345678' },
  ]) {
    const { level, score, reasons } = judge.judge(question, NOON_US);
    assert.deepEqual([level, score, reasons], ['listed', 100, [WHY]], JSON.stringify(question));
  }
  assert.equal(judge.judge({ address: '45.1.2.3' }, NOON_US).untilEpochUs, LATEST_EPOCH_US);
  assert.equal(judge.judge({ address: '2a00:1::7' }, NOON_US).untilEpochUs, until);
  assert.equal(judge.judge({ address: '2a00:1::7' }, until).level, 'none');
  assert.equal(judge.judge({ address: '46.1.2.3' }, NOON_US).level, 'none');
  assert.equal(judge.judge({ number: '+46850782999' }, NOON_US).level, 'none');
  assert.equal(judge.addressStanding('45.1.2.3', NOON_US), 'met');
  assert.equal(judge.numberStanding('0701234567', NOON_US), 'met');
});

test('Judge.judge() says what is known beside the operator\u2019s word', () => {
  const evidence = new MemoryEvidence();
  evidence.addresses.set('45.1.2.3', { ...ADDRESS, callsCount: 3, costlyCallsCount: 3 });
  evidence.numbers.set('46701234567', MUCH);
  const judge = judgeOf(evidence, {
    blocks: [block('address', '45.0.0.0/8'), block('number', '46701234567', NOON_US + 1)],
  });
  const byAddress = judge.judge({ address: '45.1.2.3' }, NOON_US);
  assert.equal(byAddress.reasons[0], WHY);
  assert.ok(byAddress.reasons.length > 1);
  const byNumber = judge.judge({ number: '+46701234567' }, NOON_US);
  assert.ok((byNumber.untilEpochUs ?? 0) > NOON_US + 1, 'the evidence lasts longer');
});

test('Judge.judge() lets what is guarded win over what is blocked, and says so', () => {
  const judge = judgeOf(new MemoryEvidence(), {
    home: 'SE',
    allowances: [allowance('45.0.0.1'), allowance('+46701234567')],
    ownAddresses: ['45.0.0.2'],
    ownNumbers: ['+46850781234'],
    blocks: [
      block('address', '45.0.0.0/24'),
      block('number', '46701234567'),
      block('range', '46850781xxx'),
      block('address', '10.0.0.1'),
      block('number', '116117'),
    ],
  });
  const reasons = (question: object): readonly string[] => judge.judge(question, NOON_US).reasons;
  assert.deepEqual(reasons({ address: '45.0.0.1' }), [
    'it is on the allowlist',
    'so the block of 45.0.0.0/24 (fraud) has no effect on it',
  ]);
  assert.deepEqual(reasons({ number: '0701234567' }), [
    'it is on the allowlist',
    'so the block of +46701234567 (fraud) has no effect on it',
  ]);
  for (const question of [
    { address: '45.0.0.2' },
    { address: '10.0.0.1' },
    { number: '+46850781234' },
    { number: '+46850781235' }, // A list of prefixes would refuse our own number, too.
    { number: '112' },
    { number: '116117' },
    { number: '+46116117' },
  ]) {
    assert.equal(judge.judge(question, NOON_US).level, 'none', JSON.stringify(question));
  }
});

test('Judge.subject() names on lists what is left of a blocked network, each part once', () => {
  const judge = judgeOf(new MemoryEvidence(), {
    allowances: [allowance('45.0.0.1')],
    blocks: [
      block('address', '45.0.0.0/30'),
      block('address', '45.0.0.3'),
      block('address', '2a00:1::/32'),
    ],
  });
  const level = (value: string): string => judge.subject({ kind: 'address', value }, NOON_US).level;
  assert.deepEqual(['45.0.0.0', '45.0.0.2/31', '2a00:1::/32'].map(level), [
    'listed',
    'listed',
    'listed',
  ]);
  assert.deepEqual(['45.0.0.0/30', '45.0.0.1', '45.0.0.3', '2a00:1:1::/64'].map(level), [
    'none',
    'none',
    'none',
    'none',
  ]);
});

function prefixOf(text: string): Prefix {
  const found = parsePrefix(text);
  assert.ok(found !== undefined, text);
  return found;
}

/** What is blocked in different ways, with one address of a network allowed. */
const UNTIL = NOON_US + 5;
const BLOCKED = new Blocked(
  [
    block('address', '45.0.0.0/30', UNTIL),
    block('address', '46.0.0.1'),
    block('address', '10.0.0.0/8'),
    block('address', '2a00:1:2:3::/64', UNTIL),
    block('address', '2a00:1:3::7'),
    block('address', '::/1'),
    block('number', '46701234567'),
    block('range', '467012345xx', UNTIL),
    block('range', '4670123xxxx'),
  ],
  [prefixOf('45.0.0.1')],
);

test('Blocked.subjects() are numbers and ranges as they were said, and what is left of networks', () => {
  const names = new Set(BLOCKED.subjects().map(({ kind, value }) => `${kind} ${value}`));
  for (const name of [
    'number 46701234567',
    'range 467012345xx',
    'range 4670123xxxx',
    'address 45.0.0.0',
    'address 45.0.0.2/31',
    'address 46.0.0.1',
  ]) {
    assert.ok(names.has(name), name);
    const [kind = '', value = ''] = name.split(' ');
    assert.ok(BLOCKED.listed({ kind: kind as Subject['kind'], value }, NOON_US) !== undefined);
  }
  for (const name of ['address 45.0.0.0/30', 'address 45.0.0.1', 'address 10.0.0.0/8']) {
    assert.ok(!names.has(name), name);
  }
  assert.deepEqual(new Blocked([], []).subjects(), []);
});

test('Blocked.entryOf() names the network by which an address is on lists, or the wider one', () => {
  assert.equal(BLOCKED.entryOf('45.0.0.3', '45.0.0.3'), '45.0.0.2/31');
  assert.equal(BLOCKED.entryOf('45.0.0.1', '45.0.0.1'), '45.0.0.1');
  assert.equal(BLOCKED.entryOf('47.0.0.1', '47.0.0.1'), '47.0.0.1');
  assert.equal(BLOCKED.entryOf('nobody', 'nobody'), 'nobody');
  const blocked = new Blocked([block('address', '2a00:1:2:3::/64')], []);
  const entry = (other: string): string => blocked.entryOf('2a00:1:2:3::9', other);
  assert.equal(entry('2a00:1:2::/56'), '2a00:1:2::/56');
  assert.equal(entry('2a00:1:2:3::/64'), '2a00:1:2:3::/64');
  assert.equal(entry('2a00:1:2:3::9'), '2a00:1:2:3::/64');
  const wide = new Blocked([block('address', '2a00:1:2::/48')], []);
  assert.equal(wide.entryOf('2a00:1:2:3::9', '2a00:1:2::/56'), '2a00:1:2::/48');
});

test('Blocked.within() names what is narrower than a network of IPv6, while it is in force', () => {
  const blocked = new Blocked(
    [block('address', '2a00:1:2:3::/64', UNTIL), block('address', '2a00:1:2:3:4::7')],
    [],
  );
  const within = (network: string, nowUs = NOON_US): readonly string[] =>
    blocked.within(network, nowUs).map(({ kind, value }) => `${kind} ${value}`);
  assert.deepEqual(within('2a00:1:2::/56'), ['address 2a00:1:2:3::/64']);
  assert.deepEqual(within('2a00:1:2::/48'), ['address 2a00:1:2:3::/64']);
  assert.deepEqual(within('2a00:1:2:3::/64'), [], 'it is no narrower');
  assert.deepEqual(within('2a00:1:2::/56', UNTIL), []);
  assert.deepEqual(within('2a00:1:9::/48'), []);
});

test('Blocked.around() and over() know wider networks, what is left of them and what was said', () => {
  const around = (text: string, nowUs = NOON_US) =>
    BLOCKED.around(prefixOf(text), nowUs)?.subject.value;
  const over = (text: string, nowUs = NOON_US) =>
    BLOCKED.over(prefixOf(text), nowUs)?.subject.value;
  assert.equal(around('45.0.0.3'), '45.0.0.0/30');
  assert.equal(around('45.0.0.2/31'), undefined, 'it stands on lists itself');
  assert.equal(around('45.0.0.1'), undefined);
  assert.equal(around('47.0.0.0/24'), undefined);
  assert.equal(around('45.0.0.3', UNTIL), undefined);
  assert.equal(over('45.0.0.2/31'), '45.0.0.0/30');
  assert.equal(over('45.0.0.1'), '45.0.0.0/30');
  assert.equal(over('45.0.0.0/29'), undefined);
  assert.equal(over('45.0.0.1', UNTIL), undefined);
});

test('Blocked.number() asks for the number, then for its blocks, the smallest first', () => {
  const by = (number: string, nowUs = NOON_US) => BLOCKED.number(number, nowUs)?.subject.value;
  assert.equal(by('46701234567'), '46701234567');
  assert.equal(by('46701234568'), '467012345xx');
  assert.equal(by('46701234568', UNTIL), '4670123xxxx');
  assert.equal(by('46701239999'), '4670123xxxx');
  assert.equal(by('46701249999'), undefined);
  assert.equal(by('467012345678'), undefined, 'it is longer');
  const one = new Blocked([block('range', '46701234xxx')], []);
  assert.equal(one.number('46701234567', NOON_US)?.subject.value, '46701234xxx');
});

test('Blocked.said() and address() tell a word from its effect', () => {
  const said = (address: string, nowUs = NOON_US) => BLOCKED.said(address, nowUs)?.subject.value;
  const blocks = (address: string) => BLOCKED.address(address, NOON_US)?.subject.value;
  assert.deepEqual([said('45.0.0.1'), blocks('45.0.0.1')], ['45.0.0.0/30', undefined]);
  assert.deepEqual([said('45.0.0.2'), blocks('45.0.0.2')], ['45.0.0.0/30', '45.0.0.0/30']);
  assert.deepEqual([said('10.1.1.1'), blocks('10.1.1.1')], ['10.0.0.0/8', undefined]);
  assert.deepEqual([said('nobody'), blocks('nobody')], [undefined, undefined]);
  assert.equal(said('45.0.0.1', UNTIL), undefined);
  assert.deepEqual([said('47.0.0.1'), blocks('47.0.0.1')], [undefined, undefined]);
});

test('blockedVerdict() lasts as long as the word, or longer where the evidence lists it', () => {
  const word = block('number', '46701234567', NOON_US);
  const known = (level: Verdict['level']): Verdict => ({
    level,
    listed: level === 'listed',
    score: 50,
    reasons: ['known'],
    untilEpochUs: NOON_US + 7,
  });
  assert.deepEqual(blockedVerdict(word, notListed('why')), {
    level: 'listed',
    listed: true,
    score: 100,
    reasons: [WHY],
    untilEpochUs: NOON_US,
  });
  assert.deepEqual(blockedVerdict(word, known('watch')).reasons, [WHY, 'known']);
  assert.equal(blockedVerdict(word, known('watch')).untilEpochUs, NOON_US);
  assert.equal(blockedVerdict(word, known('listed')).untilEpochUs, NOON_US + 7);
  const silent = { ...word, comment: '' };
  assert.deepEqual(blockedVerdict(silent, notListed()).reasons, ['blocked by the operator']);
});

test('overruled() names the word that has no effect as people write it', () => {
  assert.deepEqual(overruled(undefined), []);
  const of = (kind: Subject['kind'], value: string): string =>
    overruled({ ...block(kind, value), comment: '' })[0] ?? '';
  assert.equal(of('number', '46701234567'), 'so the block of +46701234567 has no effect on it');
  assert.equal(of('number', '199'), 'so the block of 199 has no effect on it');
  assert.equal(of('range', '467012345xx'), 'so the block of +467012345xx has no effect on it');
  assert.equal(of('address', '45.0.0.0/8'), 'so the block of 45.0.0.0/8 has no effect on it');
});
