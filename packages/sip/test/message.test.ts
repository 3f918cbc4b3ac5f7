// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Limits and laziness; what is read from which octets is in the corpora. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latin1Octets } from '@sentrypeer/bytes';
import { parseMessage, type SipMessage } from '../src/index.ts';

const START = 'OPTIONS sip:1@h SIP/2.0\r\n';

function parse(...lines: readonly string[]): SipMessage {
  return parseMessage(latin1Octets(`${START}${lines.join('\r\n')}\r\n\r\nbody`));
}

const codesOf = (message: SipMessage): readonly string[] =>
  message.anomalies().map(({ code }) => code);

test('parseMessage() reads 1024 header lines and finds the body after more', () => {
  const lines = Array.from({ length: 1030 }, (_, index) => `X-${index}: ${index}`);
  const message = parse(...lines);
  assert.equal(message.headers.length, 1024);
  assert.equal(message.header('x-1023'), '1023');
  assert.equal(message.header('x-1024'), undefined);
  assert.equal(message.headersTerminated, true);
  assert.equal(message.bodySize, 4);
  const [anomaly] = message.anomalies();
  const offset = START.length + lines.slice(0, 1024).join('\r\n').length + 2;
  assert.deepEqual(anomaly, { code: 'headers_count', offset });
  assert.equal(codesOf(message).filter((code) => code === 'headers_count').length, 1);
  assert.ok(!codesOf(parse(...lines.slice(0, 1024))).includes('headers_count'));
});

test('vias are at most 256', () => {
  const value = 'SIP/2.0/UDP h';
  const message = parse(
    `Via: ${Array(200).fill(value).join()}`,
    `Via: ${Array(99).fill(value).join()}`,
  );
  assert.equal(message.vias.length, 256);
  assert.equal(codesOf(message).at(-1), 'vias_count');
  const exactly = parse(`Via: ${Array(256).fill(value).join()}`);
  assert.equal(exactly.vias.length, 256);
  assert.ok(!codesOf(exactly).includes('vias_count'));
  const more = parse(`Via: ${Array(256).fill(value).join()}`, `Via: ${value}`, `Via: ${value}`);
  assert.equal(more.vias.length, 256);
  assert.equal(codesOf(more).filter((code) => code === 'vias_count').length, 1);
});

test('anomalies() are at most 64, and the last one says that there were more', () => {
  const message = parse(...Array<string>(100).fill('no colon'));
  assert.equal(message.anomalies().length, 64);
  assert.deepEqual(codesOf(message).slice(-2), ['header_without_colon', 'anomalies_count']);
});

test('header() and headerValues() find canonical names, known and unknown', () => {
  const message = parse('m: 1', 'CONTACT: 2', 'x-own: 3', 'X-Own: 4', 'no colon');
  assert.equal(message.header('contact'), '1');
  assert.deepEqual(message.headerValues('contact'), ['1', '2']);
  assert.equal(message.header('x-own'), '3');
  assert.deepEqual(message.headerValues('x-own'), ['3', '4']);
  assert.equal(message.header('m'), undefined);
  assert.equal(message.header('constructor'), undefined);
  assert.deepEqual(message.headerValues('via'), []);
});

test('header() finds compact names under their long ones', () => {
  const names = [
    'a accept-contact, b referred-by, c content-type, d request-disposition, e content-encoding',
    'f from, i call-id, j reject-contact, k supported, l content-length, m contact',
    'n identity-info, o event, r refer-to, s subject, t to, u allow-events, v via',
    'x session-expires, y identity',
  ]
    .join(', ')
    .split(', ')
    .map((pair) => pair.split(' ') as [string, string]);
  assert.equal(names.length, 20);
  for (const [compact, long] of names) {
    assert.equal(parse(`${compact}: 7`).header(long), '7', compact);
    assert.equal(parse(`${compact.toUpperCase()} : 7`).headers[0]?.id, long, compact);
  }
  for (const letter of 'ghpqwz') assert.equal(parse(`${letter}: 7`).headers[0]?.id, letter);
});

test('header names are tokens of RFC 3261 §25.1, in any case, and as long as they are', () => {
  const codesOfName = (name: string) =>
    codesOf(parse(`${name}: 1`)).filter((code) => code.startsWith('header_'));
  for (const name of ["aZ09-.!%*_+`'~", 'z', 'A', 'X'.repeat(500)])
    assert.deepEqual(codesOfName(name), [], name);
  for (const mark of '()<>@,;\\"/[]?={}^|\x7f\x80\xff')
    assert.deepEqual(codesOfName(`X${mark}`), ['header_name'], mark);
  assert.equal(parse('AUTHORIZATION: Digest username="A"').credentials?.username, 'A');
  const message = parse('Via-X: 1', 'Topic: 2', 'From-X: 3', 'CSeq2: 4', 'To : 5');
  assert.deepEqual(
    message.headers.map(({ id, name }) => [id, name]),
    [
      ['via-x', 'Via-X'],
      ['topic', 'Topic'],
      ['from-x', 'From-X'],
      ['cseq2', 'CSeq2'],
      ['to', 'To'],
    ],
  );
});

for (const [lines, headers, ...notes] of [
  ['X: a\r\n b\r\n\r\n', [['X', 'a b']]],
  ['X: a\r\n \t \r\n\tb \r\n\r\n', [['X', 'a b']]],
  ['X: a\r\n b', [['X', 'a b']], 'headers_unterminated 33'],
  ['X: a\r\n\r', [['X', 'a']], 'stray_carriage_return 31', 'headers_unterminated 32'],
  [
    'X: a\nY: b\n\r\n',
    [
      ['X', 'a'],
      ['Y', 'b'],
    ],
    'bare_line_feed 29',
  ],
  [
    'X: a\r\nY: b\n\r\n',
    [
      ['X', 'a'],
      ['Y', 'b'],
    ],
    'bare_line_feed 35',
  ],
  [' \r\n\r\n', [['', '']], 'fold_without_header 25', 'header_without_colon 26'],
] as const) {
  test(`the lines ${JSON.stringify(lines)} hold the headers ${JSON.stringify(headers)}`, () => {
    const message = parseMessage(latin1Octets(START + lines));
    assert.deepEqual(
      message.headers.map(({ name, value }) => [name, value]),
      headers,
    );
    assert.equal(message.bodyOffset, START.length + lines.length);
    const noted = message
      .anomalies()
      .filter(({ code }) => !code.startsWith('missing_'))
      .map(({ code, offset }) => `${code} ${offset}`);
    assert.deepEqual(noted, notes);
  });
}

for (const [before, ...notes] of [
  ['\n', 'leading_line_ends 0'],
  ['\r', 'leading_line_ends 0'],
  ['\r\n\0', 'leading_line_ends 0', 'octets_skipped 2'],
  ['\xef\xbb\xbf', 'byte_order_mark 0'],
] as const) {
  test(`what comes before a message is noted: ${JSON.stringify(before)}`, () => {
    const message = parseMessage(latin1Octets(`${before}${START}\r\n`));
    assert.equal(message.method, 'OPTIONS');
    const noted = message.anomalies().map(({ code, offset }) => `${code} ${offset}`);
    assert.deepEqual(noted.slice(0, notes.length), notes);
    assert.deepEqual(
      codesOf(message).slice(notes.length),
      codesOf(parseMessage(latin1Octets(`${START}\r\n`))),
    );
  });
}

test('headers tell where they stand', () => {
  const message = parse('Via: 1', 'no colon', '\tf: 2');
  assert.deepEqual(
    message.headers.map(({ offset }) => offset),
    [START.length, START.length + 8],
  );
  assert.deepEqual([message.headers[1]?.name, message.headers[1]?.value], ['no colon f', '2']);
});

test('structured headers are parsed once, and note their anomalies then', () => {
  const message = parse(
    'Via: SIP/2.0/UDP h',
    'f: "x<sip:a@h>',
    't: <sip:b@h>',
    'i: 1',
    'CSeq: 1 ACK',
  );
  assert.deepEqual(codesOf(message), []);
  assert.equal(message.from, message.from);
  assert.equal(message.vias, message.vias);
  assert.equal(message.called, message.called);
  assert.equal(message.cseq, message.cseq);
  assert.equal(message.cseq?.method, 'ACK');
  assert.deepEqual(codesOf(message), ['display_name_quote', 'cseq_method_mismatch']);
});

test('a Content-Length without a number, or with another one after it, says nothing', () => {
  for (const [lines, code] of [
    [['l:'], 'content_length_syntax'],
    [['l: 1a'], 'content_length_syntax'],
    [['l: 2', 'Content-Length: 3'], 'content_length_conflict'],
  ] as const) {
    const message = parse(...lines);
    assert.deepEqual([message.contentLength, message.bodySize], [undefined, 4], lines.join());
    assert.ok(codesOf(message).includes(code), lines.join());
  }
  assert.equal(parse('l: 2', 'Content-Length: 02').bodySize, 2);
});

test('what a message does not have is undefined', () => {
  const { vias, to, toUser, toTag, from, fromUser, cseq, callId, userAgent, credentials } =
    parse('X: y');
  assert.deepEqual(vias, []);
  for (const absent of [to, toUser, toTag, from, fromUser, cseq, callId, userAgent, credentials])
    assert.equal(absent, undefined);
  assert.equal(parse('X: y').toTag, undefined);
});

test('an empty Via, also behind the last comma, is noted', () => {
  const notesOf = (via: string) => {
    const message = parse(`Via: ${via}`);
    const { length } = message.vias;
    const notes = message.anomalies().filter(({ code }) => code === 'via_empty');
    return [length, ...notes.map(({ offset }) => offset - START.length - 'Via: '.length)];
  };
  assert.deepEqual(notesOf('SIP/2.0/UDP h'), [1]);
  assert.deepEqual(notesOf('SIP/2.0/UDP h,'), [1, 14]);
  assert.deepEqual(notesOf(', ,SIP/2.0/UDP h'), [1, 0, 1]);
});

const REPEATED: readonly string[] = [
  'Via: SIP/2.0/UDP h\t;branch=1',
  'From: <sip:1@h>\r\n ;tag=1',
  'To: <sip:2@h>',
  'Call-ID: 1',
  'CSeq: 1 OPTIONS',
];

/** A message with all that a response repeats, of which one line is another. */
const withLine = (index: number, ...lines: readonly string[]): SipMessage =>
  parse(...REPEATED.toSpliced(index, 1, ...lines), 'User-Agent: a\x07,b');

test('isSingleHop tells whether anybody could find a second hop in what a response repeats', () => {
  assert.equal(parse(...REPEATED, 'User-Agent: a\x07,b').isSingleHop, true);
  assert.equal(parse(...REPEATED.slice(1)).isSingleHop, false, 'no Via');
  const via = REPEATED[0] ?? '';
  assert.equal(withLine(0, via, 'v: SIP/2.0/UDP b').isSingleHop, false);
  assert.equal(withLine(0, `${via}, SIP/2.0/UDP b`).isSingleHop, false);
  assert.equal(withLine(0, `${via};a=","`).isSingleHop, false, 'not everybody reads quotes');
  for (const [index, line] of REPEATED.entries())
    for (const end of ['\x0b', '\x1f', '\x7f', '\x80', '\x85', '\x9f', '\0'])
      assert.equal(withLine(index, `${line}${end}x`).isSingleHop, false, JSON.stringify(line));
  for (const other of ['\t', ' ', '~', '\xa0', '\xff'])
    assert.equal(withLine(3, `Call-ID: 1${other}x`).isSingleHop, true, JSON.stringify(other));
  assert.equal(
    withLine(0, via, 'Diversion: a\x0b', 'X-Y: a\x0b', 'Contact: a,b').isSingleHop,
    true,
  );
});

test('isRepeatable tells whether a response can repeat what it must', () => {
  assert.equal(parse(...REPEATED).isRepeatable, true);
  for (const [index, line] of REPEATED.entries()) {
    const name = line.slice(0, line.indexOf(':'));
    assert.equal(withLine(index).isRepeatable, false, `without ${name}`);
    for (const blank of ['', ' ', '\r\n ', ' \r\n \t'])
      assert.equal(withLine(index, `${name}:${blank}`).isRepeatable, false, `empty ${name}`);
    assert.equal(withLine(index, `${name}:`, line).isRepeatable, false, 'the first counts');
    assert.equal(withLine(index, line, `${name}:`).isRepeatable, true);
  }
  assert.equal(parse(...REPEATED, 'Contact:', 'l:', 'X-Y:').isRepeatable, true);
});

for (const [to, tag] of [
  ['<sip:2@h>', undefined],
  ['<sip:2@h>;tag=1', '1'],
  ['<sip:2@h> ;x=y', undefined],
  ['<sip:2@h>tag=1', '1'],
  ['sip:2@h', undefined],
  ['sip:2@h;tag=1', '1'],
  ['"a>b" <sip:2@h>', undefined],
  ['', undefined],
] as const) {
  test(`the tag of To: ${to} is found, whether or not To was read before`, () => {
    assert.equal(parse(`To: ${to}`, 'X: ;tag=9').toTag, tag);
    const message = parse(`To: ${to}`, 'X: ;tag=9');
    assert.equal(message.to?.tag, tag);
    assert.equal(message.toTag, tag);
  });
}

test('the octets of a message are those that were given', () => {
  const octets = latin1Octets(`${START}l: 2\r\n\r\nabcd`);
  const message = parseMessage(octets);
  assert.equal(message.octets, octets);
  assert.deepEqual([...message.body], [0x61, 0x62]);
  assert.equal(message.contentLength, 2);
});

test('credentials are those for us, then those for a proxy, then those of another scheme', () => {
  const basic = 'Authorization: Basic x';
  const proxy = 'Proxy-Authorization: Digest username="p"';
  const own = 'Authorization: Digest username="o"';
  assert.equal(parse(proxy, basic, own).credentials?.username, 'o');
  assert.equal(parse(proxy, basic).credentials?.username, 'p');
  assert.equal(parse(basic).credentials?.scheme, 'Basic');
  assert.equal(parse(basic).credentials?.isDigest, false);
  const message = parse(own);
  assert.equal(message.credentials, message.credentials, 'parsed once');
});

for (const [uri, number, phoneContext] of [
  ['sip:112;1@h', '112;1', undefined],
  ['sip:9;112;2;isub=3@h', '9;112;2', undefined],
  ['sip:780290;1;phone-context=+46850@h', '780290;1', '+46850'],
  ['sip:780290;phone-context=+46850;1@h', '780290', '+46850'],
  ['tel:112;1', '112;1', undefined],
  ['tel:780290;%31;phone-context=+46850', '780290;1', '+46850'],
  ['tel:780290;ext=1', '780290', undefined],
  ['tel:780290;phone-context="+46"', '780290', '+46'],
  ['sip:anna;1;x=2@h', 'anna;1;x=2', undefined],
  ['sip:1<2@h', '1', undefined],
  ['sip:1>2@h', '1', undefined],
  ['sip:1"2@h', '1', undefined],
  ['sip:1\u00012@h', '1', undefined],
  ['sip:1\u007f2@h', '1', undefined],
  ['sip:"00 44 20@h', '00 44 20', undefined],
  ['sip:%2b44 20 @h', '+44 20', undefined],
  ['sip:anna 44@h', 'anna', undefined],
  ['tel:112@h', '112', undefined],
  ['sip:0044%40h@h', '0044', undefined],
  ['sip:0044%00x@h', '0044', undefined],
  ['sip:anna%40h@h', 'anna@h', undefined],
  ['sip:00%3420%zz@h', '00420%zz', undefined],
  ['sip:00%2044@h', '00 44', undefined],
  ['sip:%20@h', undefined, undefined],
  ['sip:<@h', undefined, undefined],
] as const) {
  test(`the called number of ${uri} keeps digits after a semicolon, and no parameters`, () => {
    const message = parseMessage(latin1Octets(`INVITE ${uri} SIP/2.0\r\n\r\n`));
    assert.deepEqual([message.called.number, message.called.phoneContext], [number, phoneContext]);
  });
}
