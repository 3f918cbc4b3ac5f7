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
  MUCH,
  NOON_US,
  NUMBER,
  PROVED,
  RANGE,
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
    level: 'none',
    listed: false,
    score: 0,
    reasons: [],
    untilEpochUs: undefined,
    kind: 'number',
    digits: '46701234567',
    e164: '46701234567',
    country: 'SE',
    type: 'mobile',
    destinationClass: 'foreign-mobile',
    range: undefined,
    pool: undefined,
  });
});

test('Judge.judge() finds a number in whichever form it is dialled', () => {
  const evidence = new MemoryEvidence();
  evidence.numbers.set('46701234567', MUCH);
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

test('Judge.judge() takes a number after digits never met before for the one that many forms share', () => {
  const evidence = new MemoryEvidence();
  evidence.numbers.set('46701234567', { ...MUCH, formsCount: 8 });
  const judge = judgeOf(evidence);
  assert.equal(judge.judge({ number: '738246701234567' }, NOON_US).listed, true);
  evidence.numbers.set('46701234567', { ...MUCH, formsCount: 1 });
  assert.equal(judge.judge({ number: '738246701234567' }, NOON_US).listed, false);
});

test('Judge.judge() takes the very digits that were dialled for what they were taken for then', () => {
  const evidence = new MemoryEvidence();
  evidence.meanings.set('0000000123456789', '0000000123456789');
  evidence.numbers.set('0000000123456789', MUCH);
  evidence.meanings.set('878446701234567', '46701234567');
  evidence.numbers.set('46701234567', { ...MUCH, confidence: 0.3 });
  const judge = judgeOf(evidence);
  assert.equal(judge.judge({ number: '0000000123456789' }, NOON_US).level, 'listed');
  assert.equal(judge.judge({ number: '878446701234567' }, NOON_US).level, 'listed');
  // In another form it is the guess it was before.
  assert.equal(judge.judge({ number: '+46701234567' }, NOON_US).level, 'none');
});

test('Judge.judge() does not refuse numbers that only end like a listed one', () => {
  const evidence = new MemoryEvidence();
  // Niue, dialled in many forms by many; the last one has exactly the digits of a New York number.
  evidence.numbers.set('6834123', { ...MUCH, formsCount: 9 });
  evidence.meanings.set('12126834123', '6834123');
  for (const home of [undefined, 'SE', 'US']) {
    const judge = judgeOf(evidence, home === undefined ? {} : { home });
    for (const number of ['+12126834123', '+442076834123', '+4686834123', '12126834123']) {
      assert.equal(judge.judge({ number }, NOON_US).level, 'none', `${home} ${number}`);
    }
    assert.equal(judge.judge({ number: '+6834123' }, NOON_US).level, 'listed');
  }
  const judge = judgeOf(evidence, { home: 'SE' });
  for (const number of ['0012126834123', '086834123']) {
    assert.notEqual(judge.judge({ number }, NOON_US).number?.e164, '6834123', number);
  }
});

test('Judge.judge() never refuses an emergency number, whoever asks', () => {
  const evidence = new MemoryEvidence();
  evidence.addresses.set('11.22.33.44', { ...ADDRESS, tool: 'SIPVicious', eventsCount: 100 });
  const judge = judgeOf(evidence, { home: 'SE' });
  for (const number of [
    '112',
    '911',
    '9911',
    '+46112',
    'urn:service:sos',
    'urn:service:sos.fire',
    'tel:112p',
    '112w',
    'sip:9112,p@pbx.example',
    '112p1',
    'tel:112;1',
    '+46112w1234#',
    '9,112,,1',
  ]) {
    const judgement = judge.judge({ number, address: '11.22.33.44' }, NOON_US);
    assert.equal(judgement.level, 'none', number);
    assert.equal(judgement.address?.level, 'listed');
  }
  for (const number of ['2001', '2001p', '100', '100w', '118', '150', '199']) {
    assert.equal(judge.judge({ number, address: '11.22.33.44' }, NOON_US).level, 'listed', number);
  }
});

test('Judge.judge() lets a listed address call what is too long to be read', () => {
  const evidence = new MemoryEvidence();
  evidence.addresses.set('11.22.33.44', { ...ADDRESS, tool: 'SIPVicious', eventsCount: 100 });
  const judge = judgeOf(evidence, { home: 'SE' });
  const address = '11.22.33.44';
  for (const number of [
    '4'.repeat(33),
    `+${'4'.repeat(40)}`,
    `sip:${'a'.repeat(257)}@pbx.example`,
  ]) {
    const judgement = judge.judge({ number, address }, NOON_US);
    assert.equal(judgement.level, 'none', number);
    assert.deepEqual(judgement.reasons, ['it is too long to be read, and may be a call for help']);
    assert.equal(judgement.address?.level, 'listed');
  }
  for (const number of ['4'.repeat(32), `0046701234567,,${'1'.repeat(40)}`, 'alice']) {
    assert.equal(judge.judge({ number, address }, NOON_US).level, 'listed', number);
  }
});

test('Judge.judge() finds a listed number before what a telephone sends after it', () => {
  const evidence = new MemoryEvidence();
  evidence.numbers.set('88235123456', { ...MUCH, formsCount: 9 });
  const judge = judgeOf(evidence, { home: 'SE' });
  for (const number of [
    '+88235123456p1',
    '0088235123456,,1234#',
    'tel:+88235123456;1234',
    'sip:9w0088235123456w1@pbx.example',
  ]) {
    const judgement = judge.judge({ number }, NOON_US);
    assert.deepEqual([judgement.level, judgement.number?.e164], ['listed', '88235123456'], number);
    assert.equal(judge.numberStanding(number, NOON_US), 'met', number);
  }
});

test('Judge.judge() watches a number that nobody proved to have called, however often', () => {
  const evidence = new MemoryEvidence();
  const forged = { ...NUMBER, eventsCount: 1e6, daysCount: 90, formsCount: 100, sourcesCount: 200 };
  evidence.numbers.set('88235123456', forged);
  evidence.numbers.set('46812345678', forged);
  const judge = judgeOf(evidence, { home: 'SE' });
  for (const number of ['+88235123456', '0812345678']) {
    const judgement = judge.judge({ number }, NOON_US);
    assert.equal(judgement.level, 'watch', number);
    assert.match(
      judgement.reasons.join('; '),
      /more than 100 addresses.*no caller from the Internet proved/,
    );
  }
});

test('Judge.judge() watches numbers in a block of which others were tried, and lists them where it were many', () => {
  const evidence = new MemoryEvidence();
  evidence.ranges.set('9725928910xx', RANGE);
  const judge = judgeOf(evidence, { home: 'SE' });
  const watched = judge.judge({ number: '+972592891077' }, NOON_US);
  assert.equal(watched.level, 'watch');
  assert.equal(watched.number?.range, '9725928910xx');
  assert.match(watched.reasons.join('; '), /^2 other numbers of \+9725928910xx were tried by/);
  evidence.ranges.set('9725928910xx', { ...RANGE, numbersCount: 3, networksCount: 2 });
  assert.equal(judge.judge({ number: '+972592891077' }, NOON_US).level, 'listed');
  assert.equal(judge.subject({ kind: 'range', value: '9725928910xx' }, NOON_US).level, 'listed');
  assert.equal(judge.judge({ number: '+972592891177' }, NOON_US).level, 'none');
  // An ordinary destination does not count, nor do one's own and allowed numbers.
  evidence.ranges.set('468123456xx', {
    ...RANGE,
    numbersCount: 50,
    networksCount: 50,
    daysCount: 50,
  });
  assert.equal(judge.judge({ number: '+46812345678' }, NOON_US).level, 'none');
  const guarded = judgeOf(evidence, { allowances: [allowance('+972592891099')] });
  assert.equal(guarded.judge({ number: '+972592891077' }, NOON_US).level, 'none');
  assert.equal(guarded.subject({ kind: 'range', value: '9725928910xx' }, NOON_US).level, 'none');
});

test('a range is listed only where its most ordinary numbers would be', () => {
  const evidence = new MemoryEvidence();
  // Of +64 87x xxxx the first 4,000 numbers are fixed lines; those from 4,000 on are not assigned.
  const unallocated = { ...RANGE, numbersCount: 12, example: '64874000' };
  evidence.ranges.set('6487xxxx', unallocated);
  const judge = judgeOf(evidence);
  const range = { kind: 'range', value: '6487xxxx' } as const;
  const verdict = judge.subject(range, NOON_US);
  assert.equal(verdict.level, 'watch');
  assert.match(verdict.reasons.at(-1) ?? '', /fixed lines of other countries, from 3/);
  assert.equal(judge.judge({ number: '+64870123' }, NOON_US).level, 'watch');
  assert.equal(judge.judge({ number: '+64874999' }, NOON_US).level, 'listed');
  evidence.ranges.set('6487xxxx', { ...unallocated, networksCount: 3, daysCount: 2 });
  assert.equal(judge.subject(range, NOON_US).level, 'listed');
});

test('Judge.judge() needs less of a number in a hot range', () => {
  const evidence = new MemoryEvidence();
  evidence.numbers.set('972592891077', { ...NUMBER, grade: 'returned', proved: PROVED });
  const judge = judgeOf(evidence, { home: 'SE' });
  assert.equal(judge.judge({ number: '+972592891077' }, NOON_US).level, 'watch');
  evidence.ranges.set('97259289xxxx', { ...RANGE, numbersCount: 3 });
  assert.equal(judge.judge({ number: '+972592891077' }, NOON_US).level, 'listed');
});

test('Judge.judge() answers for both together by the worse of them', () => {
  const evidence = new MemoryEvidence();
  evidence.addresses.set('11.22.33.44', { ...ADDRESS, tool: 'SIPVicious', eventsCount: 100 });
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
  const delisting = { atEpochUs: NOON_US, comment: 'a customer' };
  // What was known is removed with the delisting; its neighbours do not restore it.
  evidence.meanings.set('0046701234567', '46701234567');
  evidence.ranges.set('467012345xx', { ...RANGE, numbersCount: 9, networksCount: 9 });
  evidence.delistings.set('address 11.22.33.44', delisting);
  evidence.delistings.set('number 46701234567', delisting);
  const judge = judgeOf(evidence);
  const question = { number: '0046701234567', address: '11.22.33.44' };
  const judgement = judge.judge(question, NOON_US);
  assert.equal(judgement.listed, false);
  assert.deepEqual(judgement.address?.reasons, [
    'it was delisted (a customer) and nothing came since',
  ]);
  evidence.addresses.set('11.22.33.44', {
    ...ADDRESS,
    tool: 'SIPVicious',
    lastEpochUs: NOON_US + DAY_US,
  });
  evidence.numbers.set('46701234567', { ...MUCH, lastEpochUs: NOON_US + DAY_US });
  const again = judge.judge(question, NOON_US + DAY_US);
  assert.equal(again.address?.listed, true);
  assert.equal(again.number?.listed, true);
});

/** The worst possible evidence, about anything that is asked. */
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
    proved: { ...PROVED, grade: 'handshake', eventsCount: 1e6, daysCount: 90, networksCount: 100 },
  }),
  meaningOf: (digits) => digits,
  wasMet: () => true,
  range: () => ({ ...RANGE, numbersCount: 1000, networksCount: 100, daysCount: 90 }),
  formsOf: () => 1e4,
  delisting: () => undefined,
  delistedIn: () => undefined,
  listedParts: () =>
    Array.from({ length: 256 }, (_, place) => ({ place, untilEpochUs: Number.MAX_SAFE_INTEGER })),
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

test('Judge knows what was met here, in any form, but not what is guarded or delisted', () => {
  const evidence = new MemoryEvidence();
  evidence.numbers.set('46701234567', NUMBER);
  evidence.delistings.set('number 46701234568', { atEpochUs: NOON_US, comment: '' });
  evidence.met.add('11.22.33.44');
  evidence.delistings.set('address 11.22.33.45', { atEpochUs: NOON_US, comment: '' });
  evidence.met.add('11.22.33.45');
  const judge = judgeOf(evidence, { home: 'SE' });
  for (const number of ['+46701234567', '0701234567', '90046701234567', '0046701234567']) {
    assert.equal(judge.numberStanding(number, NOON_US), 'met', number);
  }
  assert.equal(judge.numberStanding('0701234568', NOON_US), 'delisted');
  assert.equal(judge.numberStanding('0701234569', NOON_US), 'unmet');
  assert.equal(judge.numberStanding('112', NOON_US), 'guarded');
  assert.equal(judge.addressStanding('11.22.33.44', NOON_US), 'met');
  assert.equal(judge.addressStanding('11.22.33.45', NOON_US), 'delisted');
  assert.equal(judge.addressStanding('11.22.33.46', NOON_US), 'unmet');
  assert.equal(judge.addressStanding('10.0.0.1', NOON_US), 'guarded');
  const allowed = judgeOf(evidence, { home: 'SE', allowances: [allowance('+46701234567')] });
  assert.equal(allowed.numberStanding('0701234567', NOON_US), 'guarded');
});
