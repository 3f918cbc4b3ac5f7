// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latin1Text } from '@sentrypeer/bytes';
import type { SipMessage } from '@sentrypeer/sip';
import { SDP_OCTETS_MAX } from '../src/limits.ts';
import {
  ACCOUNTS,
  Bench,
  credentialsFor,
  EXTENSION,
  NOBODY,
  OFFER,
  type Overrides,
  type RequestFields,
  requestText,
} from './bench.ts';
import { TCP } from './dialogue.ts';

const existing = (from: number): string => {
  let number = from;
  while (!ACCOUNTS.exists(String(number))) number += 1;
  return String(number);
};

const call = (user: string, fields: RequestFields = {}) =>
  requestText({ method: 'INVITE', uri: `sip:${user}@203.0.113.5`, body: OFFER, ...fields });

/** The 200 to a call over a stream, after it rang. */
function answeredOf(text: string, persona = 'asterisk', overrides: Overrides = {}): SipMessage {
  const bench = new Bench({ persona });
  assert.deepEqual(bench.statuses(text, { ...TCP, ...overrides }), [100, 180]);
  const [answered] = bench.wait(10_000);
  assert.equal(answered?.statusCode, 200);
  return answered;
}

const bodyOf = (text: string): string => latin1Text(answeredOf(text).body);

test('the Contact of an answer is where the call came, with the number where the product repeats it', () => {
  const text = call(EXTENSION);
  const contactOf = (persona: string, overrides: Overrides = {}) =>
    answeredOf(text, persona, overrides).header('contact');
  assert.equal(contactOf('asterisk'), `<sip:${EXTENSION}@203.0.113.5:5060;transport=tcp>`);
  assert.equal(contactOf('asterisk-pjsip'), '<sip:203.0.113.5:5060;transport=tcp>');
  const ipv6 = { transport: 'TLS', destinationIp: '2001:db8::5', destinationPort: 5061 } as const;
  const expected = `<sip:${EXTENSION}@[2001:db8::5]:5061;transport=tls>`;
  assert.equal(contactOf('asterisk', ipv6), expected);
});

test('the Contact of an answer repeats no name, and no sign that has a meaning in a URI', () => {
  const contactOf = (user: string) => {
    const bench = new Bench();
    let answer: SipMessage | undefined;
    for (let count = 0; count < 4; count += 1) {
      [answer] = bench.answers(call(user, { callId: `call ${count}` })).slice(-1);
    }
    return answer?.header('contact')?.replace(':5060', '');
  };
  assert.equal(contactOf('%23%2300442071234567'), '<sip:%23%2300442071234567@203.0.113.5>');
  assert.equal(contactOf('+44-207-1234567'), '<sip:+44-207-1234567@203.0.113.5>');
  assert.equal(contactOf('0044%20207%201234567'), '<sip:203.0.113.5>');
});

test('the 100 has a Contact where the product has one in everything', () => {
  const contactOf = (persona: string) =>
    new Bench({ persona }).answers(call(EXTENSION), TCP)[0]?.header('contact');
  const expected = `<sip:${EXTENSION}@203.0.113.5:5060;transport=tcp>`;
  assert.equal(contactOf('asterisk'), expected);
  for (const persona of ['freeswitch', 'asterisk-pjsip', 'kamailio', 'cisco']) {
    assert.equal(contactOf(persona), undefined, persona);
  }
});

test('Record-Route is in the answer to a call once, and in its order, whoever copies it', () => {
  const routes = ['<sip:one.example;lr>', '<sip:two.example;lr>'];
  const headers = routes.map((route) => `Record-Route: ${route}`);
  for (const persona of ['asterisk', 'asterisk-pjsip', 'kamailio', 'freeswitch', 'cisco']) {
    const answered = answeredOf(call(EXTENSION, { headers }), persona);
    assert.deepEqual(answered.headerValues('record-route'), routes, persona);
    assert.deepEqual(answeredOf(call(EXTENSION), persona).headerValues('record-route'), []);
  }
});

test('a number of up to five digits is an extension, ours or nobody’s, and a longer one outside', () => {
  const statusOf = (number: string, count: number): number | undefined => {
    const bench = new Bench();
    const all = Array.from({ length: count }, (_, index) =>
      bench.statuses(call(number, { callId: `call ${index}` }), TCP).at(-1),
    );
    return all.at(-1);
  };
  assert.equal(statusOf(existing(10_000), 1), 180);
  assert.equal(statusOf(NOBODY, 9), 404);
  assert.equal(statusOf('99999', 9), ACCOUNTS.exists('99999') ? 180 : 404);
  assert.equal(statusOf('100000', 1), 404);
  assert.equal(statusOf('100000', 9), 180);
});

test('a session is described as it was offered, and is another for another call', () => {
  const originOf = (callId: string) => bodyOf(call(EXTENSION, { callId })).split('\r\n')[1];
  assert.equal(originOf('one'), originOf('one'));
  assert.notEqual(originOf('one'), originOf('two'));
  const mediaOf = (offer: string) =>
    bodyOf(call(EXTENSION, { body: offer }))
      .split('\r\n')
      .find((line) => line.startsWith('m='))
      ?.replace(/^m=audio \d+ /u, '');
  assert.equal(mediaOf('m=audio 6000 RTP/AVP 8 0\r\n'), 'RTP/AVP 8 0');
  assert.equal(mediaOf(''), 'RTP/AVP 0 8 101');
  const late = (size: number) => `${'x'.repeat(size - 25)}\nm=audio 6000 RTP/AVP 8\r\n`;
  assert.equal(mediaOf(late(SDP_OCTETS_MAX)), 'RTP/AVP 8');
  assert.equal(mediaOf(late(SDP_OCTETS_MAX + 3)), 'RTP/AVP 0 8');
});

test('INVITE that only tests an account is challenged, and every other is a call', () => {
  const vicious = Buffer.from(`${EXTENSION}:secret\u00011234567890`).toString('hex');
  const from = (tag: string, user = EXTENSION) => `<sip:${user}@203.0.113.5>;tag=${tag}`;
  const to = `<sip:${EXTENSION}@203.0.113.5>`;
  const uri = 'sip:203.0.113.5';
  for (const [fields, status] of [
    // svwar: the account in From, To and Request-URI.
    [{ from: from('7f2a'), to }, 401],
    // A call of one account to itself by another name, or of another account.
    [{ from: from('7f2a', NOBODY), to }, 180],
    [{ from: from('7f2a'), to: `<sip:${NOBODY}@203.0.113.5>` }, 180],
    [{ from: from('7f2a', NOBODY), to: `<sip:${NOBODY}@203.0.113.5>` }, 180],
    // svcrack: none in the Request-URI, and its own tags.
    [{ from: from('3206210844'), to, uri }, 401],
    [{ from: from(vicious), to, uri }, 401],
    [{ from: from('7f2a'), to, uri }, 180],
    [{ from: from(vicious, NOBODY), to, uri }, 180],
  ] as const) {
    const statuses = new Bench().statuses(call(EXTENSION, fields), TCP);
    assert.equal(statuses.at(-1), status, JSON.stringify(fields));
  }
});

test('INVITE with the right password of an account is a call, and recorded as registered', () => {
  const bench = new Bench();
  bench.honeypot.win(EXTENSION);
  const uri = 'sip:00442071234567@203.0.113.5';
  const [challenge] = bench.answers(
    call(EXTENSION, { from: `<sip:${EXTENSION}@203.0.113.5>;tag=1` }),
    TCP,
  );
  const guess = (password: string) => {
    const fields = { user: EXTENSION, password, method: 'INVITE' };
    const headers = [credentialsFor(challenge, fields)];
    const { replies, observation } = bench.receive(
      call('1', { uri, headers, callId: password }),
      TCP,
    );
    const status = Number(latin1Text(replies.at(-1) ?? new Uint8Array()).slice(8, 11));
    return [status, observation.details?.registered];
  };
  assert.deepEqual(guess('wrong'), [401, undefined]);
  assert.deepEqual(guess(EXTENSION), [180, true]);
  const unknown = ['Authorization: Digest username="nobody", nonce="1", response="0"'];
  assert.deepEqual(bench.statuses(call(EXTENSION, { headers: unknown }), TCP), [404]);
});
