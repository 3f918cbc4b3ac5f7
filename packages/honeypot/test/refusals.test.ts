// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latin1Text } from '@sentrypeer/bytes';
import {
  Bench,
  EXTENSION,
  NOBODY,
  OFFER,
  type Overrides,
  registerText,
  requestText,
} from './bench.ts';

const TCP: Overrides = { transport: 'TCP' };

/** The first line of each answer over TCP, without the version. */
const linesOf = (persona: string, text: string, overrides: Overrides = TCP): readonly string[] =>
  new Bench({ persona })
    .receive(text, overrides)
    .replies.map((octets) => latin1Text(octets).slice(8).split('\r\n', 1)[0] ?? '');

const invite = (headers: readonly string[], body = '', uri = 'sip:00442071234567@203.0.113.5') =>
  requestText({ method: 'INVITE', uri, headers, body });
const hopless = requestText().replace('Max-Forwards: 70', 'Max-Forwards: 0');
const named = (method: string) => requestText({ method });
const ofDialog = (method: string) =>
  requestText({ method, to: '<sip:203.0.113.5>;tag=as00000000' });
const unknownExtension = ['Require: nothing, replaces', 'Require: ,more'];

const PHRASES: readonly (readonly [string, string, string, readonly string[]])[] = [
  ['kamailio', 'Max-Forwards 0', hopless, ['483 Too Many Hops']],
  ['asterisk', 'Max-Forwards 0', hopless, ['200 OK']],
  ['kamailio', 'a CSeq without number', requestText({ cseq: 'x' }), ['400 CSeq number is illegal']],
  [
    'kamailio',
    'a CSeq of another method',
    requestText().replace('1 OPTIONS', '1 INVITE'),
    ['400 CSeq method does not match request method'],
  ],
  ['asterisk', 'an unknown method', named('NEWMETHOD'), ['501 Method Not Implemented']],
  ['cisco', 'an unknown method', named('NEWMETHOD'), ['501 Not Implemented']],
  ['kamailio', 'an unknown method', named('NEWMETHOD'), ['407 Proxy Authentication Required']],
  ['asterisk', 'an extension', invite(unknownExtension), ['420 Bad extension (unsupported)']],
  ['cisco', 'an extension', invite(unknownExtension), ['420 Bad Extension']],
  ['cisco', 'an extension', requestText({ headers: unknownExtension }), ['420 Bad Extension']],
  ['asterisk', 'an extension', requestText({ headers: unknownExtension }), ['200 OK']],
  ['kamailio', 'an extension', invite(unknownExtension), ['404 Not Found']],
  ['cisco', 'an extension that it has', invite(['Require: replaces, 100rel']), ['404 Not Found']],
  [
    'cisco',
    'CANCEL that needs an extension',
    requestText({ method: 'CANCEL', headers: unknownExtension }),
    ['481 Call/Transaction Does Not Exist'],
  ],
  ['asterisk', 'NOTIFY', named('NOTIFY'), ['481 Call/Transaction Does Not Exist']],
  ['asterisk', 'BYE', named('BYE'), ['481 Call leg/transaction does not exist']],
  ['freeswitch', 'PRACK', named('PRACK'), ['481 No such response']],
  ['freeswitch', 'BYE', named('BYE'), ['481 Call Does Not Exist']],
  ['kamailio', 'BYE of another dialog', ofDialog('BYE'), ['404 Not here']],
  ['kamailio', 'BYE', named('BYE'), ['407 Proxy Authentication Required']],
  ['kamailio', 'CANCEL', named('CANCEL'), []],
  ['kamailio', 'INFO of another dialog', ofDialog('INFO'), ['404 Not here']],
  ['kamailio', 'UPDATE of another dialog', ofDialog('UPDATE'), ['404 Not here']],
  ['kamailio', 'INVITE of another dialog', ofDialog('INVITE'), ['404 Not here']],
  ['kamailio', 'MESSAGE of another dialog', ofDialog('MESSAGE'), ['404 Not here']],
  ['kamailio', 'MESSAGE', named('MESSAGE'), ['407 Proxy Authentication Required']],
  ['asterisk', 'MESSAGE', named('MESSAGE'), ['202 Accepted']],
  ['asterisk', 'REFER', named('REFER'), ['603 Declined (No dialog)']],
  ['kamailio', 'OPTIONS without user', requestText(), ['200 Keepalive']],
  ['kamailio', 'OPTIONS for a user', requestText({ uri: `sip:${EXTENSION}@h` }), ['200 OK']],
  [
    'freeswitch',
    'another version',
    requestText({ version: 'SIP/7.0' }),
    ['505 Version Not Supported'],
  ],
  ['cisco', 'another version', requestText({ version: 'SIP/7.0' }), ['505 Version Not Supported']],
  ['kamailio', 'another version', requestText({ version: 'SIP/7.0' }), []],
  [
    'asterisk',
    'a CSeq of another method',
    requestText().replace('1 OPTIONS', '1 INFO'),
    ['200 OK'],
  ],
  ['asterisk', 'ACK', named('ACK'), []],
  ['asterisk', 'a request without version', requestText().replace(' SIP/2.0\r\n', '\r\n'), []],
  ['asterisk', 'a request without URI', requestText({ uri: '' }).replace('  SIP', ' SIP'), []],
  [
    'cisco',
    'a URI of another kind',
    requestText({ uri: 'http://a' }),
    ['416 Unsupported URI Scheme'],
  ],
  ['cisco', 'a URI of TLS', requestText({ uri: 'sips:203.0.113.5' }), ['200 OK']],
  ['cisco', 'a telephone number', requestText({ uri: 'tel:+442071234567' }), ['404 Not Found']],
];

for (const [persona, what, text, expected] of PHRASES) {
  test(`${persona} answers ${what} with ${expected[0] ?? 'silence'}`, () =>
    assert.deepEqual(linesOf(persona, text), expected));
}

test('a body that is no session description is refused in INVITE only, and by the products that do so', () => {
  const accepted = ['404 Not Found'];
  const refused = ['415 Unsupported Media Type'];
  const typed = (type: string, body = 'hello') => invite([`Content-Type: ${type}`], body);
  for (const persona of ['cisco', 'asterisk-pjsip']) {
    assert.deepEqual(linesOf(persona, typed('text/plain')), refused, persona);
    assert.deepEqual(linesOf(persona, typed('text/plain', '')), accepted);
    assert.deepEqual(linesOf(persona, typed('Application/SDP', OFFER)), accepted);
    assert.deepEqual(linesOf(persona, typed('multipart/mixed;boundary=x')), accepted);
    assert.deepEqual(linesOf(persona, invite([], OFFER)), accepted);
    const options = requestText({ headers: ['Content-Type: text/plain'], body: 'hello' });
    assert.deepEqual(linesOf(persona, options), ['200 OK']);
  }
  assert.deepEqual(linesOf('asterisk', typed('text/plain')), accepted);
  const [answer] = new Bench({ persona: 'cisco' }).answers(typed('text/plain'), TCP);
  assert.equal(answer?.header('accept'), 'application/sdp');
});

test('420 names what is not supported, and the Date where the product does', () => {
  const answerOf = (persona: string) =>
    new Bench({ persona }).answers(invite(unknownExtension), TCP)[0];
  assert.equal(answerOf('asterisk')?.header('unsupported'), 'nothing, more');
  assert.equal(answerOf('asterisk')?.header('date'), 'Sun, 01 Mar 2026 12:00:01 GMT');
  assert.equal(answerOf('cisco')?.header('date'), undefined);
});

test('a length that cannot be is malformed, however it was found out', () => {
  const absurd = { ...TCP, framingAnomalies: ['content_length_absurd'] };
  assert.deepEqual(linesOf('asterisk', requestText(), absurd), ['400 Bad Request']);
  const other = { ...TCP, framingAnomalies: ['octets_skipped'] };
  assert.deepEqual(linesOf('asterisk', requestText(), other), ['200 OK']);
  const without = requestText().replace('Content-Length: 0\r\n', '');
  assert.deepEqual(linesOf('asterisk', without), ['200 OK']);
  const unread = requestText().replace('Content-Length: 0', 'Content-Length: x');
  assert.deepEqual(linesOf('asterisk', unread), ['400 Bad Request']);
});

test('a Via, From or To that cannot be read is malformed, and without one there is no answer', () => {
  for (const [name, unread] of [
    ['Via', 'x'],
    ['From', ';tag=1'],
    ['To', ';tag=1'],
  ] as const) {
    const withValue = (value: string) =>
      requestText().replace(new RegExp(`^${name}: .*`, 'mu'), `${name}: ${value}`);
    assert.deepEqual(linesOf('asterisk', withValue(unread)), ['400 Bad Request'], name);
    assert.deepEqual(linesOf('asterisk', withValue('')), [], name);
  }
});

test('405 is for known methods that are not allowed, and REGISTER is always', () => {
  assert.deepEqual(linesOf('cisco', named('PUBLISH')), ['405 Method Not Allowed']);
  const [answer] = new Bench({ persona: 'cisco' }).answers(named('PUBLISH'), TCP);
  assert.ok(answer?.header('allow')?.startsWith('INVITE, OPTIONS, BYE'));
  assert.deepEqual(linesOf('asterisk', named('PUBLISH')), ['489 Bad Event']);
  assert.deepEqual(linesOf('cisco', registerText(NOBODY)), ['404 Not Found']);
});
