// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { NumberingPlans, readNumber, readQuestion, type Reading } from '../src/index.ts';
import { CANDIDATES_COUNT_MAX } from '../src/limits.ts';

const plans = await NumberingPlans.load();
const home = (country: string) => {
  const plan = plans.home(country);
  assert.ok(plan !== undefined);
  return plan;
};

for (const text of [
  '+46701234567',
  '%2B46701234567',
  'tel:+46-70-123.45(67)',
  'tel:701234567;phone-context=+46',
  'sip:+46701234567;user=phone@198.51.100.7',
  '46701234567',
  '0046701234567',
  '+0046701234567',
  '90046701234567',
  '9#0046701234567',
  '9%230046701234567',
  '01146701234567',
  '901146701234567',
  '00046701234567',
  '81046701234567',
  '88880046701234567',
  '+46701234567#',
  // With what the telephone sends once the call is answered, or a pause after a prefix.
  '+46701234567p1',
  'tel:+46701234567w1234#',
  '+46701234567,,1234#',
  '0046701234567;1234',
  'sip:0046701234567;1;w2@198.51.100.7',
  'tel:701234567P1;phone-context=+46',
  '9p0046701234567,5',
  '9;+46701234567',
  '011,46701234567',
  '9,011,46701234567',
  '00,46701234567,112',
]) {
  test(`readNumber() reads ${text} as +46701234567 without knowing where it was dialled`, () => {
    const [best] = readNumber(plans, text).candidates;
    assert.equal(best?.e164, '46701234567');
    assert.ok(best.confidence >= 0.7, String(best.confidence));
    assert.equal(best.type, 'mobile');
  });
}

for (const [text, country, e164] of [
  ['0701234567', 'SE', '46701234567'],
  ['00701234567', 'SE', '46701234567'],
  ['90701234567', 'SE', '46701234567'],
  ['12125550123', 'US', '12125550123'],
  ['2125550123', 'US', '12125550123'],
  ['912125550123', 'US', '12125550123'],
  ['01146701234567', 'US', '46701234567'],
  ['84951234567', 'RU', '74951234567'],
  ['81046701234567', 'RU', '46701234567'],
  ['911234567', 'ES', '34911234567'],
  ['0612345678', 'IT', '390612345678'],
  ['02071234567', 'GB', '442071234567'],
  ['0701234567p1', 'SE', '46701234567'],
  ['0,0701234567,,12#', 'SE', '46701234567'],
  ['0701234567;112', 'SE', '46701234567'],
  ['001,46701234567', 'KR', '46701234567'],
] as const) {
  test(`readQuestion() reads ${text} dialled in ${country} as +${e164}`, () => {
    const { candidates } = readQuestion(plans, text, home(country));
    const found = candidates.find((candidate) => candidate.e164 === e164);
    assert.ok(found !== undefined && found.confidence >= 0.7, JSON.stringify(candidates));
  });
}

for (const [text, kind] of [
  ['100', 'emergency'],
  ['1004', 'extension'],
  ['999', 'emergency'],
  ['2001', 'extension'],
  ['100100', 'extension'],
  ['1', 'extension'],
  ['112', 'emergency'],
  ['9911', 'emergency'],
  ['00112', 'emergency'],
  ['+46112', 'emergency'],
  ['0044999', 'emergency'],
  ['9011371112', 'emergency'],
  ['116117', 'short-code'],
  ['*72#', 'feature-code'],
  ['*98*1001', 'feature-code'],
  ['asterisk', 'none'],
  ['', 'none'],
  ['+', 'none'],
  ['%00%0046', 'none'],
  ['0000000000000', 'unknown'],
  ['1'.repeat(33), 'none'],
  ['urn:service:sos', 'emergency'],
  ['URN:service:SOS.ambulance', 'emergency'],
  ['urn:service:sosh', 'none'],
  ['<tel:112>', 'emergency'],
  ['<urn:service:sos.police>', 'emergency'],
  ['urn:service:sos;x=1', 'emergency'],
  // Saved as a contact, with the caller's number withheld, with a pause, after an international prefix.
  ['+112', 'emergency'],
  ['++911', 'emergency'],
  ['tel:+112', 'emergency'],
  ['9+112', 'emergency'],
  ['#31#112', 'emergency'],
  ['*31#911', 'emergency'],
  ['*67911', 'emergency'],
  ['**112', 'emergency'],
  ['9,112', 'emergency'],
  ['112p', 'emergency'],
  ['tel:112p', 'emergency'],
  ['sip:112w@pbx.example', 'emergency'],
  ['tel:+112,PW;phone-context=pbx.example', 'emergency'],
  ['9112 pp', 'emergency'],
  ['1004p', 'extension'],
  ['p', 'none'],
  ['pw112', 'emergency'],
  ['11%32p', 'emergency'],
  ['11%2532p', 'none'],
  ['112pw0', 'emergency'],
  ['112p1', 'emergency'],
  ['tel:112W1', 'emergency'],
  ['112,1', 'emergency'],
  ['112 , 1 # 2', 'emergency'],
  ['112;1', 'emergency'],
  ['sip:112;12;w3@pbx.example', 'emergency'],
  ['tel:112;1;phone-context=+49', 'emergency'],
  ['tel:+112%2C1', 'emergency'],
  ['+46112p1', 'emergency'],
  ['9112ppp1', 'emergency'],
  ['9p112', 'emergency'],
  ['9,112,1', 'emergency'],
  ['9;112', 'emergency'],
  ['112p+1', 'emergency'],
  ['112,AB*#', 'emergency'],
  ['*31#112p1', 'emergency'],
  [`112,,${'1'.repeat(40)}`, 'emergency'],
  ['911,46850780290', 'emergency'],
  // Not a pause and digits: a name, or a parameter.
  ['112police', 'none'],
  ['112,anna', 'none'],
  ['1004;x=112', 'extension'],
  ['011112', 'emergency'],
  ['000911', 'emergency'],
  ['+1234', 'extension'],
  ['*100', 'feature-code'],
  ['*721124', 'feature-code'],
  ['011100', 'extension'],
] as const) {
  test(`readNumber() takes '${text}' for ${kind}`, () => {
    for (const reading of [readNumber(plans, text), readQuestion(plans, text)]) {
      assert.deepEqual([reading.kind, reading.candidates], [kind, []]);
    }
  });
}

for (const [text, country, kind] of [
  ['111', undefined, 'emergency'],
  ['10111', 'ZA', 'emergency'],
  ['100', 'SE', 'extension'],
  ['190', 'US', 'extension'],
  ['999', 'SE', 'extension'],
  ['112', 'BR', 'emergency'],
  ['911', 'SE', 'emergency'],
  ['190', 'BR', 'emergency'],
  ['0190', 'BR', 'emergency'],
  ['111', 'NZ', 'emergency'],
  ['17', 'FR', 'emergency'],
  ['9100', 'IN', 'emergency'],
  ['000', 'AU', 'emergency'],
  ['+110', 'DE', 'emergency'],
  ['*31#110', 'DE', 'emergency'],
  ['*31#110', 'SE', 'feature-code'],
  ['*110', 'DE', 'emergency'],
  // Help at sea, of an ambulance, for people in despair.
  ['061', 'ES', 'emergency'],
  ['196', 'FR', 'emergency'],
  ['0141', 'AT', 'emergency'],
  ['118', 'JP', 'emergency'],
  ['988', 'US', 'emergency'],
  ['988', undefined, 'emergency'],
  ['061', 'DE', 'extension'],
  ['104', 'DE', 'extension'],
  // PBXs that take the plus away.
  ['49112', 'DE', 'emergency'],
  ['49110', 'DE', 'emergency'],
  ['44999', 'GB', 'emergency'],
  ['1911', 'US', 'emergency'],
  ['64111', 'NZ', 'emergency'],
  ['46112', undefined, 'emergency'],
  ['1911', undefined, 'emergency'],
  ['46112', 'DE', 'extension'],
  ['49115', 'DE', 'extension'],
  ['001911', 'SE', 'emergency'],
  ['007112', undefined, 'emergency'],
  ['001110', 'DE', 'extension'],
  ['001115', undefined, 'extension'],
  // The caller's number withheld, without marks.
  ['141999', 'GB', 'emergency'],
  ['9141999', 'GB', 'emergency'],
  ['1470112', 'GB', 'emergency'],
  ['141998', 'GB', 'extension'],
  ['141999', 'SE', 'extension'],
  ['184110', 'JP', 'emergency'],
  ['1831000', 'AU', 'emergency'],
  ['1167911', 'US', 'emergency'],
  ['*6710111', 'ZA', 'emergency'],
  ['49110', undefined, 'extension'],
] as const) {
  test(`readQuestion() takes ${text} in ${country ?? 'no country'} for ${kind}`, () => {
    const plan = country === undefined ? undefined : home(country);
    assert.equal(readQuestion(plans, text, plan).kind, kind);
  });
}

for (const [text, country, e164] of [
  // Numbers that end like +683 4123 of Niue, which attackers may dial as often as they like.
  ['+12126834123', undefined, '12126834123'],
  ['+442076834123', 'SE', '442076834123'],
  ['+4686834123', 'SE', '4686834123'],
  ['12126834123', undefined, '12126834123'],
  ['0012126834123', 'SE', '12126834123'],
  ['01112126834123', 'US', '12126834123'],
  ['086834123', 'SE', '4686834123'],
  ['912126834123', 'US', '12126834123'],
  ['0+12126834123', 'SE', '12126834123'],
  ['9011+12126834123', undefined, '12126834123'],
  ['++12126834123', 'DE', '12126834123'],
  [' + 1 (212) 683-4123 ', 'DE', '12126834123'],
  ['"Alice" <sip:+12126834123:secret@pbx.example;user=phone>', 'DE', '12126834123'],
] as const) {
  test(`readQuestion() reads ${text} dialled in ${country} as no number that ends like it`, () => {
    const plan = country === undefined ? undefined : home(country);
    const { candidates } = readQuestion(plans, text, plan);
    assert.deepEqual(
      candidates.filter((candidate) => candidate.e164.length === 7),
      [],
    );
    assert.equal(candidates[0]?.e164, e164);
  });
}

test('readQuestion() reads a national number after the code of a carrier, with its trunk prefix', () => {
  for (const [text, country, e164] of [
    ['1795101065529988', 'CN', '861065529988'],
    ['9 17951 010 6552 9988', 'CN', '861065529988'],
    ['1831 0412 345 678', 'AU', '61412345678'],
    ['9 01 55 1234 5678', 'MX', '525512345678'],
    ['8 26 44 20 7946 0958', 'RU', '442079460958'],
    ['9 8 58 44 20 7946 0958', 'RU', '442079460958'],
  ] as const) {
    const found = readQuestion(plans, text, home(country)).candidates.map((each) => each.e164);
    assert.deepEqual(found, [e164], text);
  }
});

test('readNumber() reads the digits of attackers without a home country', () => {
  assert.equal(readNumber(plans, '972592891005').candidates[0]?.e164, '972592891005');
});

test('readNumber() reads a number that nobody was given before a pause as well', () => {
  for (const text of ['+88235123456p1', '0088235123456,,1234#', '+88235123456']) {
    assert.equal(readNumber(plans, text).candidates[0]?.e164, '88235123456', text);
    assert.equal(readNumber(plans, text).digits.replace('+', ''), text.match(/\d+/)?.[0]);
  }
});

test('readNumber() keeps a guessed prefix as a guess', () => {
  const [best] = readNumber(plans, '878446701234567').candidates;
  assert.equal(best?.prefix, 'technical');
  assert.ok(best.confidence < 0.5);
});

test('readNumber() takes any text, and gives a bounded number of readings, the likeliest first', () => {
  const digits = fc.stringMatching(/^[0-9+*#%;()-]{0,40}$/);
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), digits),
      fc.constantFrom('SE', 'US', 'IT'),
      (text, country) => {
        readQuestion(plans, text);
        const { kind, candidates } =
          country === 'IT' ? readNumber(plans, text) : readQuestion(plans, text, home(country));
        assert.equal(candidates.length > 0, kind === 'number');
        assert.ok(candidates.length <= CANDIDATES_COUNT_MAX);
        const confidences = candidates.map(({ confidence }) => confidence);
        assert.deepEqual(
          confidences,
          confidences.toSorted((a, b) => b - a),
        );
        for (const { e164, confidence } of candidates) {
          assert.ok(e164.length >= 7 && e164.length <= 15);
          assert.ok(confidence > 0 && confidence <= 1);
        }
      },
    ),
    { numRuns: 3000 },
  );
});

test('readNumber() takes six digits and fewer for no number, in any country', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[0-9]{1,6}$/), (digits) => {
      assert.deepEqual(readQuestion(plans, digits, home('SE')).candidates, []);
    }),
  );
});

/** Candidates with their prefix and their confidence in percent, the likeliest first. */
function summaryOf({ candidates, digits, isPlain }: Reading): readonly unknown[] {
  const each = candidates.map(
    ({ e164, prefix, confidence }) => `${e164} ${prefix} ${(100 * confidence).toFixed(1)}`,
  );
  return [digits, isPlain, ...each];
}

/** Each kind of prefix once; numbers that were given to nobody are less likely, and least so without a prefix. */
for (const [text, ...expected] of [
  ['+46701234567', '+46701234567', true, '46701234567 plus 100.0'],
  ['46701234567', '46701234567', false, '46701234567 none 80.0'],
  ['0046701234567', '0046701234567', false, '46701234567 international 95.0'],
  [
    '90046701234567',
    '90046701234567',
    false,
    '46701234567 outside-international 90.0',
    '90046701234567 none 20.0',
  ],
  ['873246701234567', '873246701234567', false, '46701234567 technical 30.0'],
  ['*31#46701234567', '*31#46701234567', false, '46701234567 technical-international 70.0'],
  ['+460701234567', '+460701234567', false, '460701234567 plus 60.0'],
  ['00447700900123', '00447700900123', false, '447700900123 international 57.0'],
  ['447700900123', '447700900123', false, '447700900123 none 20.0'],
  // Nothing says that these begin in the middle of the digits.
  ['9447700900123', '9447700900123', false],
  ['7382447700900123', '7382447700900123', false],
  ['+99912345', '+99912345', false],
] as const) {
  test(`readNumber() weighs ${text} by what stands before each number`, () => {
    assert.deepEqual(summaryOf(readNumber(plans, text)), expected);
  });
}

for (const [text, country, ...expected] of [
  ['0701234567', 'SE', '0701234567', true, '46701234567 national 90.0'],
  ['701234567', 'SE', '701234567', true, '46701234567 national 85.5'],
  ['90701234567', 'SE', '90701234567', true, '46701234567 national 85.5'],
  ['9701234567', 'SE', '9701234567', true, '46701234567 national 81.2'],
  ['*31#0701234567', 'SE', '*31#0701234567', true, '46701234567 national 90.0'],
  ['0046701234567', 'SE', '0046701234567', true, '46701234567 international 95.0'],
  ['90046701234567', 'SE', '90046701234567', true, '46701234567 outside-international 90.3'],
  ['01146701234567', 'US', '01146701234567', true, '46701234567 international 95.0'],
  // In Italy the zero is a part of the number.
  ['0612345678', 'IT', '0612345678', true, '390612345678 national 85.5'],
  ['612345678', 'IT', '612345678', false, '39612345678 national 51.3', '612345678 none 20.0'],
  ['9011447700900123', 'US', '9011447700900123', false, '447700900123 outside-international 54.1'],
  [
    '00447700900123',
    'SE',
    '00447700900123',
    false,
    '447700900123 international 95.0',
    '46447700900123 national 51.3',
  ],
  [
    '73820046701234567',
    'SE',
    '73820046701234567',
    false,
    '46701234567 technical-international 70.0',
  ],
  ['*31#46701234567', 'SE', '*31#46701234567', false, '46701234567 technical-international 70.0'],
  ['+46701234567', 'SE', '+46701234567', true, '46701234567 plus 100.0'],
  ['+460701234567', 'SE', '+460701234567', true, '460701234567 plus 100.0'],
  ['0046701234567', undefined, '0046701234567', true, '46701234567 international 95.0'],
  ['90046701234567', undefined, '90046701234567', true, '46701234567 outside-international 90.0'],
  ['46701234567', undefined, '46701234567', true, '46701234567 none 80.0'],
  ['0701234567', undefined, '0701234567', false],
] as const) {
  test(`readQuestion() weighs ${text} dialled ${country === undefined ? 'anywhere' : `in ${country}`} by what it is to its telephones`, () => {
    const plan = country === undefined ? undefined : home(country);
    assert.deepEqual(summaryOf(readQuestion(plans, text, plan)), expected);
  });
}

test('what is not a number has no digits, no candidates and no plain form', () => {
  for (const text of ['', 'asterisk', 'urn:service:sos'])
    assert.deepEqual(summaryOf(readQuestion(plans, text)), ['', false], text);
  assert.deepEqual(summaryOf(readNumber(plans, '*72#')), ['*72', false]);
  assert.deepEqual(summaryOf(readNumber(plans, '+112')), ['+112', false]);
});
