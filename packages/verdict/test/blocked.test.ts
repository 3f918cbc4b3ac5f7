// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LATEST_EPOCH_US } from '@sentrypeer/kernel';
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
    { number: '+46850781235' }, // A list of prefixes would refuse our own number with it.
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
