// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalAddress } from '@sentrypeer/ip';
import { authorityOf, lastSegment, originForm, parseNumber } from '../src/request-target.ts';

test('originForm() takes the path of any form and keeps a # in it', () => {
  assert.equal(originForm('/numbers/9#0044?x=1'), '/numbers/9%230044?x=1');
  assert.equal(originForm('http://pot:8082/numbers/1?x'), '/numbers/1?x');
  assert.equal(originForm('HTTP://pot'), '/');
  assert.equal(originForm('*'), '/');
});

test('authorityOf() is the name only in a target of the absolute form', () => {
  assert.equal(authorityOf('http://pot:8082/numbers/1'), 'pot:8082');
  assert.equal(authorityOf('HTTP://pot?x=/'), 'pot');
  assert.equal(authorityOf('http://pot'), 'pot');
  assert.equal(authorityOf('/numbers/sip://1'), undefined);
  assert.equal(authorityOf('*'), undefined);
});

test('lastSegment() decodes once, trims, and refuses a broken escape', () => {
  assert.equal(lastSegment('/numbers/%2B44%20?x=/1'), '+44');
  assert.equal(lastSegment('/numbers/%252B44'), '%2B44');
  assert.equal(lastSegment('/numbers/a/b%2Fc'), 'a/b/c');
  assert.equal(lastSegment('/numbers/'), '');
  assert.equal(lastSegment('/numbers/%zz'), undefined);
  assert.equal(lastSegment('/numbers/%ff'), undefined);
});

test('canonicalAddress() answers the form in which addresses are stored', () => {
  assert.equal(canonicalAddress('192.0.2.1'), '192.0.2.1');
  assert.equal(canonicalAddress('2001:DB8:0:0:0:0:0:1'), '2001:db8::1');
  assert.equal(canonicalAddress('::ffff:192.0.2.1'), '192.0.2.1');
  assert.equal(canonicalAddress('0:0:0:0:0:FFFF:c000:0201'), '192.0.2.1');
  assert.equal(canonicalAddress('::'), '::');
});

test('canonicalAddress() refuses what is not an address', () => {
  const refused = [
    '',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    '01.2.3.4',
    '1.2.3.4:5060',
    '[::1]',
    ':::',
    'fe80::1%eth0',
    'localhost',
    '1.2.3.4\n',
    ' 1.2.3.4',
    '1.2.3.4/24',
    '0x7f.1',
    'ipset',
    '::ffff:1.2.3.4'.repeat(9),
  ];
  for (const text of refused) assert.equal(canonicalAddress(text), undefined, text);
});

test('parseNumber() takes what can be dialled', () => {
  for (const text of [
    '0',
    '00442071234567',
    '+442071234567',
    '*72#',
    '9#0044',
    '+1',
    '1'.repeat(64),
  ]) {
    assert.equal(parseNumber(text), text);
  }
  for (const text of [
    '',
    '+',
    '++44',
    '44+',
    'alice',
    '12 34',
    '1-2',
    '٣',
    '1'.repeat(65),
    '1\0',
  ]) {
    assert.equal(parseNumber(text), undefined, text);
  }
});

test('the functions of a request target never throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const segment = lastSegment(originForm(text)) ?? '';
      canonicalAddress(segment);
      parseNumber(segment);
      authorityOf(text);
    }),
  );
});
