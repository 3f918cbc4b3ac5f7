// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { latin1Octets, latin1Text } from '@sentrypeer/bytes';
import { splitMessages } from '@sentrypeer/sip';

const request = (number: string, body = '', length = String(body.length)): string =>
  `INVITE sip:${number}@h SIP/2.0\r\nContent-Length: ${length}\r\n\r\n${body}`;

const CASES: Readonly<Record<string, readonly string[]>> = {
  'one message': [request('1', 'v=0\r\n')],
  'one without octets': [''],
  'what is not SIP': ['HELP\r\n\r\nINVITE sip:2@h SIP/2.0\r\n\r\n'],
  'two messages': [request('1', 'v=0\r\n'), request('2')],
  'three, with what keeps connections alive between them': [
    request('1'),
    `\r\n\r\n${request('2', 'a')}`,
    `\0\r\n ${request('3')}`,
  ],
  'a response and a message that is cut off': [
    'SIP/2.0 200 OK\r\nl: 0\r\n\r\n',
    'INVITE sip:2@h SIP/2.0\r\nTo: <sip:2',
  ],
  'bare line feeds': [request('1').replaceAll('\r', ''), request('2').replaceAll('\r', '')],
  'a second one in lower case and without known method': [
    request('1'),
    'call sip:2@h sip/2.0\r\n\r\n',
  ],
  'a second one with a URI of another scheme': [
    request('1'),
    'CALL x:2 SIP/2.0\r\nTo: x:2\r\n\r\n',
  ],
  // Nobody reads these as two.
  'a start line where a head without end says that its body ends': [
    'A sip:a SIP/2.0\r\nl: 25\r\nINVITE sip:b SIP/2.0\r\nX: y',
  ],
  'a start line in the body': [request('1', request('2'))],
  'a start line after a body without length': [`INVITE sip:1@h SIP/2.0\r\n\r\n${request('2')}`],
  'a start line after a length that is no number': [`${request('1', '', '-1')}${request('2')}`],
  'a body that is shorter than announced': [`${request('1', 'v=0\r\n', '900')}${request('2')}`],
  'text after the body': [`${request('1')}and so on\r\n${request('2')}`],
};

for (const [name, parts] of Object.entries(CASES))
  test(`splitMessages() cuts ${name}`, () => {
    assert.deepEqual(splitMessages(latin1Octets(parts.join(''))).map(latin1Text), parts);
  });

test('splitMessages() loses no octet and adds none', () => {
  const pieces = fc.array(
    fc.oneof(fc.constantFrom(request('1'), request('2', 'ab'), '\r\n', '\0', ' '), fc.string()),
  );
  fc.assert(
    fc.property(pieces, (texts) => {
      const octets = latin1Octets(texts.join('').replaceAll(/[^\0-\xff]/g, '?'));
      const parts = splitMessages(octets);
      assert.ok(parts.length > 0);
      assert.equal(parts.map(latin1Text).join(''), latin1Text(octets));
    }),
  );
});

test('splitMessages() takes time in proportion to the octets', () => {
  const many = latin1Octets('A sip:a SIP/2.0\nl:0\n\n'.repeat(4000));
  assert.equal(splitMessages(many).length, 4000);
});
