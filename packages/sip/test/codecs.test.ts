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
  for (const text of ['a;b/c/d e', 'SIP/2.0 UDP', 'SIP/2.0 UDP h', 'SIP UDP h'])
    assert.equal(parseVia(text), undefined, text);
});

test('parseVia() keeps an impossible port out of the host', () => {
  const via = parseVia('SIP/2.0/UDP h:port');
  assert.deepEqual([via?.sentBy, via?.host, via?.port], ['h:port', 'h', undefined]);
});

for (const [written, host, port, notes] of [
  ['h: 4000', 'h', 4000, []], // As in the example of RFC 3261 §20.42.
  ['h:0', 'h', 0, []],
  ['h:65535', 'h', 65_535, []],
  ['h:0005060', 'h', 5060, []],
  ['h:65536', 'h', undefined, ['port_syntax 14']],
  ['h:', 'h', undefined, ['port_syntax 14']],
  ['h:1e3', 'h', undefined, ['port_syntax 14']],
  ['h:-1', 'h', undefined, ['port_syntax 14']],
  ['h:5060x', 'h', undefined, ['port_syntax 14']],
  ['[2001:db8::1]', '[2001:db8::1]', undefined, []],
  ['[2001:db8::1]:5061:7', '[2001:db8::1]', undefined, ['port_syntax 26']],
  ['2001:db8::1', '2001:db8::1', undefined, ['ipv6_without_brackets 12']],
  ['2001:db8::1]:5060', '2001:db8::1]:5060', undefined, ['ipv6_without_brackets 12']],
] as const) {
  test(`a Via sent by ${written} names the host ${host}`, () => {
    const noted: string[] = [];
    const via = parseVia(`SIP/2.0/UDP ${written}`, (code, index) => noted.push(`${code} ${index}`));
    assert.deepEqual([via?.host, via?.port, noted], [host, port, notes]);
  });
}

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
  assert.equal(parseSipUri('1:2@h').scheme, '');
});

const NO_URI_PARTS = {
  user: undefined,
  password: undefined,
  host: '',
  port: undefined,
  parameters: '',
  headers: '',
};

test('parseSipUri() reads only what a scheme has', () => {
  const host = { ...NO_URI_PARTS, text: 'sip:h', scheme: 'sip', host: 'h' };
  assert.deepEqual(parseSipUri('sip:h'), host);
  const telephone = { ...NO_URI_PARTS, text: 'tel:112', scheme: 'tel', user: '112' };
  assert.deepEqual(parseSipUri('tel:112'), telephone);
  const { user, parameters } = parseSipUri('TEL: +1 ;phone-context=x?y');
  assert.deepEqual([user, parameters], ['+1', ';phone-context=x?y']);
  for (const [text, scheme] of [
    ['http://a@h:1;b?c', 'http'],
    ['X-own.v+1:a@h', 'x-own.v+1'],
  ] as const)
    assert.deepEqual(parseSipUri(text), { ...NO_URI_PARTS, text, scheme });
});

test('parseSipUri() lets a user hold a question mark, and headers an @', () => {
  const read = (text: string): readonly unknown[] => {
    const notes: string[] = [];
    const { user, host, headers } = parseSipUri(text, (code) => notes.push(code));
    return [user, host, headers, ...notes];
  };
  assert.deepEqual(read('sip:a?b@h?@=1'), ['a?b', 'h', '@=1']);
  assert.deepEqual(read('sip:a@b@h'), ['a', 'b@h', '', 'uri_second_at']);
});

test('parseSipUri() finds the URI after a name, a blank or a bracket', () => {
  const read = (text: string): readonly unknown[] => {
    const notes: string[] = [];
    const uri = parseSipUri(text, (code, index) => notes.push(`${code} ${index}`));
    return [uri.text, uri.user, uri.host, ...notes];
  };
  assert.deepEqual(read('<sip:1@h>'), ['sip:1@h', '1', 'h', 'uri_prefixed 0']);
  assert.deepEqual(read('<sip:1@h'), ['sip:1@h', '1', 'h', 'uri_prefixed 0']);
  assert.deepEqual(read('"A" <sips:1@h>;a=b'), ['sips:1@h', '1', 'h', 'uri_prefixed 0']);
  assert.deepEqual(read('to sip:1@h>x'), ['sip:1@h>x', '1', 'h>x', 'uri_prefixed 0']);
  assert.deepEqual(read('a <tel:1'), ['tel:1', '1', '', 'uri_prefixed 0']);
  assert.deepEqual(read('a <sip:1@::1>'), [
    'sip:1@::1',
    '1',
    '::1',
    'uri_prefixed 0',
    'ipv6_without_brackets 9',
  ]);
  assert.deepEqual(read('a_sip:1@h'), ['a_sip:1@h', 'a_sip', 'h', 'uri_scheme_missing 0']);
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

test('parseNameAddr() takes quotes inside the URI for a part of it', () => {
  const address = parseNameAddr('<sip:"100"@h>;tag=1');
  assert.deepEqual(
    [address?.displayName, address?.uri.user, address?.tag],
    [undefined, '"100"', '1'],
  );
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
    ['9', false],
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
