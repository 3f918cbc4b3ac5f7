// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isEmergencyName, isTooLong, readBeforePauses, readDialled } from '../src/dialled.ts';
import { DIALLED_CHARACTERS_MAX, DIALLED_DIGITS_MAX } from '../src/limits.ts';

/** What precedes the digits, `+` if they are global, and the digits; `none` if the text is not a number. */
function read(text: string): string {
  const dialled = readDialled(text);
  if (dialled === undefined) return 'none';
  const { before, digits, isGlobal } = dialled;
  return `${before}|${isGlobal ? '+' : ''}${digits}`;
}

const TEXTS: Readonly<Record<string, string>> = {
  '0123456789': '|0123456789',
  '+46 (8) 507-802.90': '|+46850780290',
  '46,8\t5': '|4685',
  // A plus before a zero says nothing; before anything else it says that E.164 begins.
  '+0046850780290': '|0046850780290',
  '+ -0046850780290': '|0046850780290',
  '+- 46850780290': '|+46850780290',
  '++46850780290': '|+46850780290',
  '++0046850780290': '|0046850780290',
  '9+ +0046': '9|0046',
  '9+46850780290': '9|+46850780290',
  '9011+0044': '|90110044',
  '+4+6': '4|+6',
  '+': 'none',
  '46850780290+': 'none',
  // Marks: what stands before the last one precedes the digits; a last # ends the dialling.
  '9#46850780290': '9#|46850780290',
  '*67*46850780290': '*67*|46850780290',
  '46850780290#': '|46850780290',
  // A pause says nothing of its own.
  '9p46850780290W': '|946850780290',
  '112pw0': '|1120',
  '+46850780290#': '|+46850780290',
  '9*46850780290#': '9*|46850780290',
  '46850780290##': '|46850780290',
  '46850780290*': 'none',
  '#': 'none',
  '##': 'none',
  '#46': '#|46',
  '4#6': '4#|6',
  '1#2#3': '1#2#|3',
  // URIs, and names before them.
  'sip:46850780290@192.0.2.1': '|46850780290',
  'SIP:46850780290@192.0.2.1': '|46850780290',
  'sips:+46850780290@host': '|+46850780290',
  'sip:46850780290:secret@host': '|46850780290',
  'sip:46850780290': '|46850780290',
  '46850780290@host': '|46850780290',
  '@host': 'none',
  'sip:@host': 'none',
  'tel:46850780290': '|46850780290',
  'Tel:+46-850780290': '|+46850780290',
  'tel:46850780290@host': 'none',
  'tel:468:50': 'none',
  'sip:alice@host': 'none',
  'xsip:46850780290': 'none',
  '"Ann" <sip:46850780290@host>;tag=1': '|46850780290',
  '<sip:46850780290@host>': '|46850780290',
  ' 46850780290 ': '|46850780290',
  '< sip:46850780290@host >': '|46850780290',
  'Ann <sip:46850780290@host': 'none',
  'sip:4685@host>': '|4685',
  '>46<': 'none',
  // Parameters, and the context of RFC 3966 §5.1.4.
  'tel:46850780290;ext=5': '|46850780290',
  'tel:780290;phone-context=+46-850': '|+46850780290',
  'tel:780290;PHONE-CONTEXT=+46850': '|+46850780290',
  'tel:780290;ext=5;phone-context=+46850;isub=1': '|+46850780290',
  'tel:780290;phone-context=%2B46850': '|+46850780290',
  'tel:780290;phone-context=+4(6) 8.5,0': '|+46850780290',
  'tel:780290;phone-context=+40939;x': '|+40939780290',
  'tel:780290;phone-context=46850': '|780290',
  'tel:780290;phone-context=example.com': '|780290',
  'tel:780290;phone-context=+46a': '|780290',
  'tel:780290;phone-context=+': '|780290',
  'tel:780290;phone-context=': '|780290',
  'tel:+780290;phone-context=+46850': '|+780290',
  // A `#` ends the dialling after a whole number if few digits follow.
  '46850780290#1': '|46850780290',
  '+46850780290#112': '|+46850780290',
  '46850780290#*#': '|46850780290',
  '46850780290#123456': '|46850780290',
  '46850780290#1234567': '46850780290#|1234567',
  '4685078#1': '|4685078',
  '468507#1': '468507#|1',
  '46850780290#x': 'none',
  '*21*46850780290#1': '*21*|46850780290',
  'tel:9*780290;phone-context=+46850': '9*|780290',
  ';phone-context=+46850': 'none',
  'sip:780290;phone-context=+46850@host': '|+46850780290',
  // Escapes of printable ASCII; a broken one stays, and so the text is no number.
  '%2B46850780290': '|+46850780290',
  '%2b46850780290': '|+46850780290',
  '4%36': '|46',
  '46%20850': '|46850',
  '46%2': 'none',
  '46%': 'none',
  '46%zz': 'none',
  '46%3z': 'none',
  '46%z3': 'none',
  '46%1F': 'none',
  '46%7F': 'none',
  '46%7E': 'none',
  '46%09': 'none',
  '46%80': 'none',
  '%32%42%43': 'none',
  '4a6': 'none',
  '４６': 'none',
  '46/': 'none',
  '46:': 'none',
  '': 'none',
};

for (const [text, expected] of Object.entries(TEXTS)) {
  test(`readDialled() reads ${JSON.stringify(text)}`, () => assert.equal(read(text), expected));
}

test('readDialled() reads no more characters and digits than its limits', () => {
  assert.equal(read('1'.repeat(DIALLED_DIGITS_MAX)), `|${'1'.repeat(DIALLED_DIGITS_MAX)}`);
  assert.equal(read('1'.repeat(DIALLED_DIGITS_MAX + 1)), 'none');
  // What precedes the digits counts, too.
  const before = '1'.repeat(DIALLED_DIGITS_MAX - 2);
  assert.equal(read(`${before}*5`), `${before}*|5`);
  assert.equal(read(`${before}*55`), 'none');
  const padded = (count: number): string => `46${' '.repeat(count - 2)}`;
  assert.equal(read(padded(DIALLED_CHARACTERS_MAX)), '|46');
  assert.equal(read(padded(DIALLED_CHARACTERS_MAX + 1)), 'none');
});

test('readDialled() reads the same number, whatever separators and escapes stand in it', () => {
  const piece = fc.tuple(
    fc.constantFrom('', ' ', '-', '.', '(', ')', '\t', ','),
    fc.integer({ min: 0, max: 9 }),
    fc.boolean(),
  );
  fc.assert(
    fc.property(
      fc.array(piece, { minLength: 1, maxLength: 15 }),
      fc.constantFrom('', '+', '%2B'),
      fc.constantFrom(['', ''], ['tel:', ''], ['sip:', '@host'], ['"x" <sips:', ':pw@host>;tag=1']),
      (pieces, plus, [open = '', close = '']) => {
        const digits = pieces.map(([, digit]) => digit).join('');
        const text = pieces
          .map(([gap, digit, isEscaped]) => gap + (isEscaped ? `%3${digit}` : digit))
          .join('');
        const isGlobal = plus !== '' && !digits.startsWith('0');
        assert.equal(read(`${open}${plus}${text}${close}`), `|${isGlobal ? '+' : ''}${digits}`);
      },
    ),
  );
});

test('readDialled() returns at most the digits of any text, and never throws', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...Array.from('+*#0189%2bB;:@<> ,tel')), maxLength: 40 }),
      (text) => {
        const dialled = readDialled(text);
        if (dialled === undefined) return;
        assert.match(dialled.digits, /^[0-9]+$/);
        assert.match(dialled.before, /^[0-9*#]*$/);
        assert.ok(!dialled.isGlobal || !dialled.digits.startsWith('0'), 'E.164 §6');
      },
    ),
    { numRuns: 2000 },
  );
});

const BEFORE_PAUSES: Readonly<Record<string, readonly string[]>> = {
  '112': [],
  '112p1': ['|112'],
  '112pp1w2,3': ['|112', '|1121', '|11212'],
  p112: [],
  '9,112': ['|9'],
  '+46850780290,,1234#': ['|+46850780290'],
  '*31#112w1': ['*31#|112'],
  'tel:780290p1;phone-context=+46850': ['|+46850780290'],
  'tel:780290;1;phone-context=+46850': ['|+46850780290'],
  'sip:112;1;2@host': ['|112', '|1121'],
  '112;%31': ['|112'],
  '112;#1': ['|112'],
  '112;;1': [],
  '112;p1': [],
  '112;1=2': [],
  '112,ABCDabcd*#+-.() \t': ['|112'],
  '112,e': [],
  '112,': ['|112'],
  'anna,1': [],
  [`112,${'1'.repeat(DIALLED_CHARACTERS_MAX - 4)}`]: ['|112'],
  [`112,${'1'.repeat(DIALLED_CHARACTERS_MAX - 3)}`]: [],
};

for (const [text, expected] of Object.entries(BEFORE_PAUSES)) {
  test(`readBeforePauses() reads ${JSON.stringify(text.slice(0, 40))}`, () => {
    const found = readBeforePauses(text).map(
      ({ before, digits, isGlobal }) => `${before}|${isGlobal ? '+' : ''}${digits}`,
    );
    assert.deepEqual(found, expected);
  });
}

test('isTooLong() says when nobody can tell whether a text is a number', () => {
  const most = '1'.repeat(DIALLED_DIGITS_MAX);
  for (const text of ['', 'anna', most, `sip:${most}@198.51.100.7`, `${most}anna`])
    assert.ok(!isTooLong(text), text);
  const longest = 'a'.repeat(DIALLED_CHARACTERS_MAX);
  assert.ok(!isTooLong(longest));
  for (const text of [`${most}1`, `sip:9*${most}@host`, `${longest}a`])
    assert.ok(isTooLong(text), text);
});

test('isEmergencyName() knows the service of emergencies and its kinds, and nothing that begins like it', () => {
  const yes = [
    'urn:service:sos',
    'URN:Service:SOS.fire',
    '<urn:service:sos>',
    ' urn:service:sos;x=1',
  ];
  const more = [
    'urn:service:sos?x',
    'urn:service:sos#x',
    'Help <urn:service:sos.police>',
    'urn:nena:service:sos.psap',
    'urn:emergency:service:sos',
    'sip:urn:service:sos',
    'sips:urn:service:sos.fire@pbx.example;user=phone',
    'sip:urn%3Aservice%3asos@pbx.example',
    'sip:sos@pbx.example',
    'SIP:SOS.ambulance@pbx.example',
    'sos',
  ];
  for (const text of [...yes, ...more]) assert.ok(isEmergencyName(text), text);
  for (const text of [
    'urn:service:sosx',
    'urn:service:so',
    'urn:service:counseling',
    'xurn:service:sos',
    'sosx',
    'sip:sos.pbx.example',
    'sip:sos',
    'sip:100@sos.example',
    '',
  ])
    assert.ok(!isEmergencyName(text), text);
});
