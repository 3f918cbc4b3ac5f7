// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The first line by itself; as a part of messages and streams it is tested by the corpora (start-lines.md). */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latin1Octets } from '@sentrypeer/bytes';
import { parseMessage } from '../src/index.ts';
import { cutStartLineIn, startLineIn } from '../src/start-line.ts';

/** What is odd about the first line of a message that consists of it, without what each such message lacks. */
function read(line: string): readonly unknown[] {
  const message = parseMessage(latin1Octets(`${line}\r\n\r\n`));
  const notes = message
    .anomalies()
    .filter(({ code }) => !code.startsWith('missing_'))
    .map(({ code, offset }) => `${code} ${offset}`);
  const { method, requestUri, sipVersion, statusCode, reasonPhrase } = message;
  if (message.kind === 'request') return [method, requestUri, sipVersion, ...notes];
  if (message.kind === 'response') return [statusCode, reasonPhrase, sipVersion, ...notes];
  return notes;
}

for (const [line, ...expected] of [
  ['OPTIONS sip:1@h SIP/2.0', 'OPTIONS', 'sip:1@h', 'SIP/2.0'],
  ['OPTIONS sip:1@h sip/2.0', 'OPTIONS', 'sip:1@h', 'sip/2.0', 'version_unknown 16'],
  ['OPTIONS sip:1@h SIP/2.00', 'OPTIONS', 'sip:1@h', 'SIP/2.00', 'version_unknown 16'],
  ['OPTIONS sip:1@h SIP/2.0.1', 'OPTIONS', 'sip:1@h', 'SIP/2.0.1', 'version_unknown 16'],
  ['OPTIONS sip:1@h SIP/2.0Via: x', 'OPTIONS', 'sip:1@h', 'SIP/2.0', 'line_ends_lost 23'],
  ['SIP/2.00 200 OK', 200, 'OK', 'SIP/2.00', 'version_unknown 0'],
  ['OPTIONS sip:1@h', 'OPTIONS', 'sip:1@h', undefined, 'version_missing 15'],
  ['OPTIONS  sip:1@h SIP/2.0', 'OPTIONS', 'sip:1@h', 'SIP/2.0', 'start_line_blanks 0'],
  ['OPTIONS\tsip:1@h SIP/2.0', 'OPTIONS', 'sip:1@h', 'SIP/2.0', 'start_line_blanks 0'],
  ['OPTIONS sip:1@h  SIP/2.0', 'OPTIONS', 'sip:1@h', 'SIP/2.0', 'start_line_blanks 0'],
  ['OPTIONS sip:1@h SIP/2.0 ', 'OPTIONS', 'sip:1@h', 'SIP/2.0', 'start_line_blanks 0'],
  [' OPTIONS sip:1@h SIP/2.0', 'OPTIONS', 'sip:1@h', 'SIP/2.0', 'start_line_blanks 0'],
  ['OPTIONS sip: 1@h SIP/2.0', 'OPTIONS', 'sip: 1@h', 'SIP/2.0', 'request_uri_blanks 8'],
  ['OPTIONS <sip:1@h> SIP/2.0', 'OPTIONS', 'sip:1@h', 'SIP/2.0', 'request_uri_brackets 8'],
  ['OPTIONS <sip:1@h SIP/2.0', 'OPTIONS', 'sip:1@h', 'SIP/2.0', 'request_uri_brackets 8'],
  ['OPTIONS sip:1@h> SIP/2.0', 'OPTIONS', 'sip:1@h>', 'SIP/2.0'],
  ['A <tel:1>', 'A', 'tel:1', undefined, 'version_missing 9', 'request_uri_brackets 2'],
  ['A sips:h', 'A', 'sips:h', undefined, 'version_missing 8'],
  ['A x:1 SIP/2.0', 'A', 'x:1', 'SIP/2.0'],
  ['A SIP/2.0', 'A', undefined, 'SIP/2.0', 'request_uri_missing 2'],
  ['A <> SIP/2.0', 'A', undefined, 'SIP/2.0', 'request_uri_brackets 2', 'request_uri_missing 3'],
  ['A(B sip:1@h SIP/2.0', 'A(B', 'sip:1@h', 'SIP/2.0', 'method_not_token 0'],
  ['SIP/2.0 200 OK', 200, 'OK', 'SIP/2.0'],
  ['SIP/2.0 404 Not  Found', 404, 'Not  Found', 'SIP/2.0'],
  ['SIP/2.0', undefined, '', 'SIP/2.0', 'status_code 7'],
  ['SIP/2.0  ', undefined, '', 'SIP/2.0', 'status_code 7'],
  ['SIP/2.0 20 x', 20, 'x', 'SIP/2.0', 'status_code 8'],
  ['SIP/2.0 2x0 x', undefined, 'x', 'SIP/2.0'],
  ['SIP/2.0 1e3 x', undefined, 'x', 'SIP/2.0'],
  ['SIP/2.0 123456789012345', 123_456_789_012_345, '', 'SIP/2.0', 'status_code 8'],
  ['SIP/2.0 1234567890123456', undefined, '', 'SIP/2.0', 'status_code 8'],
  ['HELP', 'not_sip 0'],
  ['HELP me', 'not_sip 0'],
  ['HELP \x01', 'not_sip 0'],
  ['HELP\r\x01', 'not_sip 0'],
  ['HELP\nme', 'not_sip 0'],
  ['GET / HTTP/1.1', 'http 0'],
  ['DESCRIBE x RTSP/1.0', 'rtsp 0'],
  ['\x16\x03\x01', 'tls_hello 0'],
  [' \x16\x03\x01', 'binary 0'],
  ['a\x16\x03\x01', 'binary 0'],
  ['\x01', 'binary 0'],
  ['\x7f', 'binary 0'],
  ['\x80', 'binary 0'],
  ['\xffx', 'binary 0'],
  ['OPT\x1fIONS sip:1@h SIP/2.0', 'binary 0'],
  ['OPT\x7fIONS sip:1@h SIP/2.0', 'binary 0'],
  [`${'a'.repeat(63)}\x01`, 'binary 0'],
  [`${'a'.repeat(64)}\x01`, 'not_sip 0'],
] as const) {
  test(`the first line ${JSON.stringify(line)} is read`, () => {
    assert.deepEqual(read(line), expected);
  });
}

test('startLineIn() finds a start line with a version, also after the rest of a body', () => {
  for (const [line, start] of [
    ['FOO sip:1@h SIP/2.0', 0],
    ['\r\nINVITE sip:1@h SIP/2.0', 0],
    ['A x:1 SIP/2.0', 0],
    ['SIP/2.0 200 OK', 0],
    ['xINVITE sip:1@h SIP/2.0', 1],
    ['v=0 INVITE <sip:1@h> SIP/2.0', 4],
    ['xBYE sip:1@h tel:2 SIP/2.0', 1],
    ['xBYE tel:1 sip:2@h SIP/2.0', 1],
    ['xINVITE sip:1@h', -1],
    ['xINVITE sip:1@h a/b', -1],
    ['INVITE 1/2', -1],
    ['a/b', -1],
    ['', -1],
  ] as const)
    assert.equal(startLineIn(line), start, line);
});

test('cutStartLineIn() finds a known method and the beginning of its URI', () => {
  for (const [line, start] of [
    ['INVITE sip:', 0],
    ['xOPTIONS tel:', 1],
    ['INVITE x:', -1],
    ['INVITE', -1],
    ['FOO sip:1', -1],
    ['', -1],
  ] as const)
    assert.equal(cutStartLineIn(line), start, line);
});
