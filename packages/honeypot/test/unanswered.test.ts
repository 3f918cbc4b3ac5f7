// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Observation } from '@sentrypeer/event';
import {
  Bench,
  credentialsFor,
  EXTENSION,
  OFFER,
  type Overrides,
  registerText,
  requestText,
  toTagOf,
} from './bench.ts';

const NUMBER = 'sip:00442071234567@203.0.113.5';
const invite = requestText({ method: 'INVITE', uri: NUMBER, body: OFFER });

function recordedOf(observation: Observation): unknown {
  const { grade, sipMethod, calledNumber, userAgent, anomalies, details, fromUser } = observation;
  return { grade, sipMethod, calledNumber, userAgent, anomalies, details, fromUser };
}

for (const [name, text] of [
  ['OPTIONS', requestText()],
  ['INVITE', invite],
  ['REGISTER', registerText(EXTENSION)],
  ['an INVITE of a strange dialog', requestText({ method: 'INVITE', to: '<sip:1@x>;tag=z' })],
] as const) {
  test(`${name} that may not be answered is recorded as ever, and counted as withheld`, () => {
    const answered = new Bench().receive(text);
    assert.ok(answered.replies.length > 0);
    const unanswered = new Bench().receive(text, { isUnanswered: true });
    assert.deepEqual(unanswered.replies, []);
    assert.equal(unanswered.isWithheld, true);
    assert.deepEqual(recordedOf(unanswered.observation), recordedOf(answered.observation));
  });
}

test('a request that may not be answered leaves no trace in what is answered later', () => {
  const bench = new Bench();
  for (let count = 0; count < 50; count += 1) bench.receive(invite, { isUnanswered: true });
  const replies = (each: Bench): string[] =>
    each.receive(invite).replies.map((octets) => Buffer.from(octets).toString('latin1'));
  assert.deepEqual(replies(bench), replies(new Bench()));
});

test('credentials and proofs count also where no answer may go out', () => {
  const bench = new Bench();
  const [challenge] = bench.answers(registerText(EXTENSION));
  const headers = [credentialsFor(challenge, { user: EXTENSION, password: 'x' })];
  const proof = registerText(EXTENSION, { headers });
  assert.equal(bench.receive(proof, { isUnanswered: true }).observation.grade, 'returned');
  const later = bench.receive(requestText(), { isUnanswered: true });
  assert.equal(later.observation.grade, 'returned');
});

test('what is never answered is not counted as withheld', () => {
  const bench = new Bench();
  for (const text of [requestText({ method: 'ACK' }), 'SIP/2.0 200 OK\r\n\r\n', 'no SIP'])
    assert.notEqual(bench.receive(text, { isUnanswered: true }).isWithheld, true);
});

test('a request that ends a call ends it also where no answer may go out', () => {
  const callOf = (bench: Bench, overrides: Overrides) => {
    const text = requestText({
      method: 'INVITE',
      uri: `sip:${EXTENSION}@203.0.113.5`,
      body: OFFER,
    });
    const [, ringing] = bench.answers(text, overrides);
    assert.equal(ringing?.statusCode, 180);
    return `<sip:${EXTENSION}@203.0.113.5>;tag=${toTagOf(ringing)}`;
  };
  for (const method of ['CANCEL', 'BYE']) {
    const bench = new Bench();
    const to = callOf(bench, { transport: 'TCP' });
    const ended = requestText({ method, ...(method === 'BYE' ? { to } : {}) });
    const reaction = bench.receive(ended, { transport: 'TCP', isUnanswered: true });
    assert.notEqual(reaction.isWithheld, true);
    assert.deepEqual(bench.wait(60_000), [], method);
  }
});

test('a connection stays open whether a request on it is answered or not, and its grade the same', () => {
  const bench = new Bench();
  const [challenge] = bench.answers(registerText(EXTENSION));
  const headers = [credentialsFor(challenge, { user: EXTENSION, password: 'x' })];
  bench.receive(registerText(EXTENSION, { headers }));
  assert.equal(bench.receive(requestText()).observation.grade, 'returned');
  for (const isUnanswered of [true, false]) {
    const { close, observation } = bench.receive(requestText(), { transport: 'TCP', isUnanswered });
    assert.equal(close, false);
    assert.equal(observation.grade, 'handshake');
  }
});
