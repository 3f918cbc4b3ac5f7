// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Only the header codecs; in messages they are tested by the corpora. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  decodeUserPart,
  digitsOf,
  looksLikeNumber,
  parameterValue,
  parseCSeq,
  parseNameAddr,
  parseSipUri,
  parseVia,
  splitCommaList,
} from '../src/index.ts';

test('parseVia() reads every part', () => {
  const via = parseVia(
    'SIP / 2.0/TLS  [2001:db8::1]:5061 ; branch=z9hG4bK1;received="192.0.2.1";rport',
  );
  assert.ok(via !== undefined);
  const { protocol, version, transport, sentBy, host, port } = via;
  const { parameters, branch, received, rport } = via;
  assert.deepEqual(
    { protocol, version, transport, sentBy, host, port, parameters, branch, received, rport },
    {
      protocol: 'SIP',
      version: '2.0',
      transport: 'TLS',
      sentBy: '[2001:db8::1]:5061',
      host: '[2001:db8::1]',
      port: 5061,
      parameters: '; branch=z9hG4bK1;received="192.0.2.1";rport',
      branch: 'z9hG4bK1',
      received: '192.0.2.1',
      rport: '',
    },
  );
});

test('parseVia() refuses what has no sent-protocol or no sent-by', () => {
  for (const text of [
    '',
    ';',
    'SIP',
    'SIP/2.0',
    'SIP/2.0/UDP',
    'SIP/2.0/UDP ;branch=1',
    '/',
    '//',
  ]) {
    assert.equal(parseVia(text), undefined, text);
  }
  assert.equal(parseVia('a;b/c/d e'), undefined);
});

test('parseVia() keeps an impossible port out of the host', () => {
  const via = parseVia('SIP/2.0/UDP h:port');
  assert.deepEqual([via?.sentBy, via?.host, via?.port], ['h:port', 'h', undefined]);
});

test('parseSipUri() reads every part', () => {
  assert.deepEqual(parseSipUri('SIPS:alice:pa:ss@Example.com:5061;transport=tcp;lr?a=b&c=d'), {
    text: 'SIPS:alice:pa:ss@Example.com:5061;transport=tcp;lr?a=b&c=d',
    scheme: 'sips',
    user: 'alice',
    password: 'pa:ss',
    host: 'Example.com',
    port: 5061,
    parameters: ';transport=tcp;lr',
    headers: 'a=b&c=d',
  });
});

test('parseSipUri() looks for parameters only before the headers', () => {
  const uri = parseSipUri('sip:1@h:9?x=;y');
  assert.deepEqual([uri.host, uri.port, uri.parameters, uri.headers], ['h', 9, '', 'x=;y']);
});

test('parseSipUri() never fails', () => {
  for (const text of [
    '',
    ':',
    '@',
    'sip:',
    'sip:@',
    'sip:;',
    'sip:?',
    'tel:',
    'sip:[',
    'sip:]:',
    '[::1',
  ]) {
    const uri = parseSipUri(text);
    assert.equal(uri.text, text);
    assert.equal(uri.user, undefined, text);
  }
  assert.equal(parseSipUri('sip:a@').host, '');
  assert.equal(parseSipUri('name:John_Smith').scheme, 'name');
  assert.equal(parseSipUri('1:2@h').user, '1');
});

test('parseNameAddr() tells URI parameters from header parameters', () => {
  const bracketed = parseNameAddr('<sip:1@h;user=phone>;tag=t;q=0.5');
  assert.equal(bracketed?.uri.text, 'sip:1@h;user=phone');
  assert.equal(bracketed.parameters, ';tag=t;q=0.5');
  const bare = parseNameAddr('sip:1@h;user=phone;tag=t');
  assert.equal(bare?.uri.text, 'sip:1@h');
  assert.equal(bare.uri.parameters, '');
  assert.equal(parameterValue(bare.parameters, 'user'), 'phone');
  assert.equal(bare.tag, 't');
});

test('parseNameAddr() reads display names', () => {
  const nameOf = (text: string) => parseNameAddr(text)?.displayName;
  assert.equal(nameOf('sip:1@h'), undefined);
  assert.equal(nameOf('<sip:1@h>'), undefined);
  assert.equal(nameOf('Bell, Alexander <sip:1@h>'), 'Bell, Alexander');
  assert.equal(nameOf('""<sip:1@h>'), '');
  assert.equal(nameOf('"100"<sip:1@h>'), '100');
  assert.equal(nameOf('  "a\\\\" <sip:1@h>'), 'a\\');
});

test('parseCSeq() keeps numbers that no number holds', () => {
  assert.deepEqual(parseCSeq('0036893488147419103232 \t INVITE '), {
    number: '36893488147419103232',
    method: 'INVITE',
  });
  for (const text of ['', '1', '1 ', 'INVITE', '-1 INVITE', '1.5 INVITE']) {
    assert.equal(parseCSeq(text), undefined, text);
  }
});

test('parseCSeq() notes a number of 2^31 and above, and keeps it', () => {
  for (const [number, isTooLarge] of [
    ['2147483647', false],
    ['0002147483647', false],
    ['2147483648', true],
    ['4294967296', true],
    ['9999999999', true],
    ['36893488147419103232', true],
  ] as const) {
    const notes: string[] = [];
    const cseq = parseCSeq(` ${number} INVITE`, (code, index) => notes.push(`${code} ${index}`));
    assert.equal(cseq?.number, number.replace(/^0+/, ''));
    assert.deepEqual(notes, isTooLarge ? ['cseq_range 1'] : [], number);
  }
});

test('codecs note what was odd and where', () => {
  const notes: string[] = [];
  const note = (code: string, index: number) => void notes.push(`${code} ${index}`);
  parseCSeq(' x', note);
  parseVia('nothing', note);
  parseNameAddr('"open < sip:1@::1 >;tag=1;tag=2', note);
  parseSipUri('nobody', note);
  assert.deepEqual(notes, [
    'cseq_syntax 1',
    'via_syntax 0',
    'display_name_quote 0',
    'ipv6_without_brackets 14',
    'repeated_tag 26',
    'uri_scheme_missing 0',
  ]);
});

test('parameterValue() finds the first of a name, in whatever capitals', () => {
  const parameters = ';A=1; b = "x;a=2\\"" ;b=3;flag;c= ;tagged=no;=5;d="open';
  assert.equal(parameterValue(parameters, 'a'), '1');
  assert.equal(parameterValue(parameters, 'b'), 'x;a=2"');
  assert.equal(parameterValue(parameters, 'flag'), '');
  assert.equal(parameterValue(parameters, 'c'), '');
  assert.equal(parameterValue(parameters, 'tag'), undefined);
  assert.equal(parameterValue(parameters, 'd'), 'open');
  assert.equal(parameterValue('', 'a'), undefined);
});

test('splitCommaList() splits outside quotes and angle brackets', () => {
  assert.deepEqual(splitCommaList('"a,b" <sip:1,2@h>;x="c,\\",d" , ,sip:3@h,', 9), [
    '"a,b" <sip:1,2@h>;x="c,\\",d"',
    'sip:3@h',
  ]);
  assert.deepEqual(splitCommaList('<sip:"a@h>,b', 9), ['<sip:"a@h>', 'b']);
  assert.deepEqual(splitCommaList('1,2,3', 2), ['1', '2']);
  assert.deepEqual(splitCommaList('', 2), []);
});

test('decodeUserPart() decodes once and leaves control characters and damage as they are', () => {
  assert.equal(decodeUserPart('%2525'), '%25');
  assert.equal(decodeUserPart('%00%1f%7F%0d%0A'), '%00%1f%7F%0d%0A');
  assert.equal(decodeUserPart('%Z%45%'), '%ZE%');
  assert.equal(decodeUserPart('%%41'), '%A');
  assert.equal(decodeUserPart('%c3%A4 \xc3\xb6'), 'ä ö');
  assert.equal(decodeUserPart('%ff'), '\ufffd');
});

test('looksLikeNumber() wants a digit, * or #, and nothing that nobody dials', () => {
  for (const text of ['0', '+44 (0)20-7123.4', '*', '#', '*21*0044#', 'A1', '9d'])
    assert.equal(looksLikeNumber(text), true, text);
  for (const text of ['', '+', ' ', 'abcd', '1e', '1;2', '1%00', '１'])
    assert.equal(looksLikeNumber(text), false, text);
});

test('digitsOf() is empty for what is not a number', () => {
  assert.equal(digitsOf('+44 (0)20'), '44020');
  assert.equal(digitsOf('9#00;phone-context=+1'), '900');
  assert.equal(digitsOf('*'), '');
  assert.equal(digitsOf('user100'), '');
});
