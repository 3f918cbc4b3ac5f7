// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { EvidenceSource } from '../src/index.ts';
import {
  ADDRESS,
  allowance,
  anyPolicy,
  DAY_US,
  judgeOf,
  MemoryEvidence,
  NOON_US,
  NUMBER,
} from './fixtures.ts';

test('Judge.judge() knows nothing of what was never met', () => {
  const judgement = judgeOf(new MemoryEvidence()).judge(
    { number: '+46701234567', address: '11.22.33.44' },
    NOON_US,
  );
  assert.equal(judgement.listed, false);
  assert.equal(judgement.score, 0);
  assert.deepEqual(judgement.reasons, []);
  assert.deepEqual(judgement.number, {
    listed: false,
    score: 0,
    reasons: [],
    untilEpochUs: undefined,
    kind: 'number',
    e164: '46701234567',
    country: 'SE',
    type: 'mobile',
  });
});

test('Judge.judge() finds a number in whichever form it is dialled', () => {
  const evidence = new MemoryEvidence();
  evidence.numbers.set('46701234567', NUMBER);
  const judge = judgeOf(evidence, { home: 'SE' });
  for (const number of [
    '+46701234567',
    '46701234567',
    '0046701234567',
    '0701234567',
    '90701234567',
    '00701234567',
    'tel:+46-70-123-45-67',
    'sip:0701234567@pbx.example',
    'tel:701234567;phone-context=+46',
  ]) {
    const judgement = judge.judge({ number }, NOON_US);
    assert.equal(judgement.listed, true, number);
    assert.equal(judgement.number?.e164, '46701234567');
  }
  assert.equal(judge.judge({ number: '0701234568' }, NOON_US).listed, false);
});

test('Judge.judge() takes a number behind digits never met before for the one many forms share', () => {
  const evidence = new MemoryEvidence();
  evidence.numbers.set('46701234567', { ...NUMBER, formsCount: 8 });
  const judge = judgeOf(evidence);
  assert.equal(judge.judge({ number: '738246701234567' }, NOON_US).listed, true);
  evidence.numbers.set('46701234567', { ...NUMBER, formsCount: 1 });
  assert.equal(judge.judge({ number: '738246701234567' }, NOON_US).listed, false);
});

test('Judge.judge() lists the very digits that were dialled, though nobody knows what they mean', () => {
  const evidence = new MemoryEvidence();
  evidence.exact.set('0000000123456789', NUMBER);
  const judgement = judgeOf(evidence).judge({ number: '0000000123456789' }, NOON_US);
  assert.equal(judgement.listed, true);
});

test('Judge.judge() answers for both together by the worse of them', () => {
  const evidence = new MemoryEvidence();
  evidence.addresses.set('11.22.33.44', { ...ADDRESS, eventsCount: 100 });
  const judgement = judgeOf(evidence).judge(
    { number: '+46701234567', address: '11.22.33.44' },
    NOON_US,
  );
  assert.equal(judgement.listed, true);
  assert.equal(judgement.number?.listed, false);
  assert.equal(judgement.untilEpochUs, judgement.address?.untilEpochUs);
  assert.match(judgement.reasons.join(), /100 times/);
});

test('Judge.judge() remembers a delisting until something new comes', () => {
  const evidence = new MemoryEvidence();
  const delisting = { atEpochUs: NOON_US, eventsCount: 1, comment: 'a customer' };
  evidence.addresses.set('11.22.33.44', ADDRESS);
  evidence.numbers.set('46701234567', NUMBER);
  evidence.exact.set('0046701234567', NUMBER);
  evidence.delistings.set('address 11.22.33.44', delisting);
  evidence.delistings.set('number 46701234567', delisting);
  const judge = judgeOf(evidence);
  const question = { number: '0046701234567', address: '11.22.33.44' };
  const judgement = judge.judge(question, NOON_US);
  assert.equal(judgement.listed, false);
  assert.deepEqual(judgement.address?.reasons, [
    'it was delisted (a customer) and nothing came since',
  ]);
  const later = { eventsCount: 2, lastEpochUs: NOON_US + DAY_US };
  evidence.addresses.set('11.22.33.44', { ...ADDRESS, ...later });
  evidence.numbers.set('46701234567', { ...NUMBER, ...later });
  const again = judge.judge(question, NOON_US + DAY_US);
  assert.equal(again.address?.listed, true);
  assert.equal(again.number?.listed, true);
});

/** As bad as it can be, of anything that is asked. */
const WORST: EvidenceSource = {
  address: () => ({
    ...ADDRESS,
    grade: 'handshake',
    eventsCount: 1e6,
    daysCount: 365,
    callsCount: 9,
  }),
  number: () => ({
    ...NUMBER,
    grade: 'handshake',
    eventsCount: 1e6,
    formsCount: 1e4,
    sourcesCount: 100,
  }),
  dialled: () => ({ ...NUMBER, grade: 'handshake', eventsCount: 1e6 }),
  formsOf: () => 1e4,
  delisting: () => undefined,
};

test('Judge.judge() never lists what is guarded, whatever the evidence and the policy say', () => {
  const allowed = [
    '11.22.33.0/24',
    '2a00:1450::/32',
    '+46701234567',
    '+4420712345*',
    '+39061-+39069',
  ];
  const addresses = fc.oneof(
    fc.constantFrom('11.22.33.7', '2a00:1450::5', '44.55.66.77', '::ffff:11.22.33.9'),
    fc
      .tuple(fc.constantFrom(10, 127, 224, 240, 0), fc.ipV4())
      .map(([first, text]) => `${first}.${text.split('.').slice(1).join('.')}`),
    fc.ipV6().map((text) => `fe80${text.slice(text.indexOf(':'))}`),
  );
  const prefix = fc.stringMatching(/^(|\+|00|011|9011|90|9#)$/);
  const numbers = fc.oneof(
    fc.stringMatching(/^[0-9]{1,6}$/),
    fc.constantFrom('+46112', '0044999', '*72#', '9911'),
    prefix.map((one) => `${one}46701234567`),
    prefix.map((one) => `${one}442071234567`),
    fc.constant('0701234567'),
  );
  fc.assert(
    fc.property(anyPolicy, addresses, numbers, (policy, address, number) => {
      const judge = judgeOf(WORST, {
        policy,
        home: 'SE',
        allowances: allowed.map((value) => allowance(value)),
        ownAddresses: ['44.55.66.77'],
      });
      const judgement = judge.judge({ address, number }, NOON_US);
      assert.equal(judgement.listed, false, `${address} ${number} ${judgement.reasons.join()}`);
    }),
  );
});
