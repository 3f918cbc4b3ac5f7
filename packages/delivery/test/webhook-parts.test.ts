// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { test } from 'node:test';
import type { Grade } from '@sentrypeer/event';
import { isOfGrade } from '../src/grade.ts';
import { DEAD_LETTER_REASON_CHARACTERS_MAX, RETRY_AFTER_MS_MAX } from '../src/limits.ts';
import { type AnswerMeaning, meaningOf } from '../src/webhook/answer-meaning.ts';
import { type EventChoice, formatBody, isChosen } from '../src/webhook/event-body.ts';
import { requestId, signature } from '../src/webhook/signature.ts';
import { isSigningSecret } from '../src/webhook/signing-secret.ts';
import { makeEvent } from './memory-event-log.ts';

const NOW_MS = 1_772_366_400_000;

const answered = (status: number, text = '', retryAfter?: string): AnswerMeaning =>
  meaningOf({ kind: 'answered', status, text, retryAfter }, NOW_MS);

/** The code of an error and the start of what it says, if there is one. */
const errorOf = (meaning: AnswerMeaning): string => {
  if (meaning.kind !== 'failed' && meaning.kind !== 'unauthorized') return meaning.kind;
  return `${meaning.kind} ${meaning.error.code}: ${meaning.error.message}`;
};

test('meaningOf() takes every 2xx for success and no other status', () => {
  const kinds = [199, 200, 201, 204, 299, 300, 399, 400, 499, 500].map(
    (each) => answered(each).kind,
  );
  const taken = ['accepted', 'accepted', 'accepted', 'accepted'];
  const expected = ['failed', ...taken, 'failed', 'failed', 'refused', 'refused', 'failed'];
  assert.deepEqual(kinds, expected);
});

test('meaningOf() tells what can be different next time from what is refused for good', () => {
  for (const status of [407, 408, 425, 429, 500, 503]) {
    assert.equal(answered(status).kind, 'failed', String(status));
  }
  for (const status of [404, 405, 410, 400, 413, 422]) {
    const meaning = answered(status, ' no ');
    const isAboutContents = [400, 413, 422].includes(status);
    assert.deepEqual(meaning, { kind: 'refused', reason: `${status}  no`, isAboutContents });
  }
  const long = answered(404, 'x'.repeat(1000));
  assert.equal(long.kind === 'refused' && long.reason.length, DEAD_LETTER_REASON_CHARACTERS_MAX);
  assert.deepEqual(answered(404), { kind: 'refused', reason: '404', isAboutContents: false });
});

test('meaningOf() says what to do about an answer', () => {
  const check = 'check the key, token or header that it asks for';
  assert.equal(
    errorOf(answered(401)),
    `unauthorized webhook_unauthorized: it answered 401: ${check}`,
  );
  assert.equal(
    errorOf(answered(403)),
    `unauthorized webhook_unauthorized: it answered 403: ${check}`,
  );
  assert.equal(
    errorOf(answered(429)),
    'failed webhook_busy: it answered 429: it asks for fewer requests',
  );
  assert.equal(
    errorOf(answered(407)),
    'failed webhook_status: a proxy answered 407: check the name and password in HTTP_PROXY',
  );
  const redirect = 'redirects are not followed, name the new address';
  for (const status of [300, 301, 399]) {
    assert.equal(
      errorOf(answered(status)),
      `failed webhook_status: it answered ${status}: ${redirect}`,
    );
  }
  for (const status of [199, 500]) {
    assert.equal(errorOf(answered(status)), `failed webhook_status: it answered ${status}`);
  }
});

test('meaningOf() says what is wrong with a connection', () => {
  const trust = 'name a private authority with --webhook-ca-file or ca_file';
  for (const [code, expected] of [
    ['timeout', 'webhook_timeout: it did not answer in time'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'webhook_certificate'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'webhook_certificate'],
    ['ERR_TLS_HANDSHAKE_TIMEOUT', 'webhook_certificate'],
    ['CRL_HAS_EXPIRED', 'webhook_certificate'],
    ['HPE_INVALID_CONSTANT', 'webhook_answer: its answer is not HTTP (HPE_INVALID_CONSTANT)'],
    ['ECONNREFUSED', 'webhook_unreachable: it cannot be reached (ECONNREFUSED)'],
    ['X_HPE_', 'webhook_unreachable: it cannot be reached (X_HPE_)'],
    ['X_CRL_', 'webhook_unreachable: it cannot be reached (X_CRL_)'],
  ] as const) {
    const meaning = meaningOf({ kind: 'failed', code }, NOW_MS);
    const text =
      expected === 'webhook_certificate'
        ? `${expected}: its certificate is not trusted (${code}); ${trust}`
        : expected;
    assert.equal(errorOf(meaning), `failed ${text}`);
    assert.equal(meaning.kind === 'failed' && meaning.retryAfterMs, undefined);
  }
});

test('meaningOf() takes 422 for success only where it says that the event is there already', () => {
  const kindOf = (body: unknown) =>
    answered(422, typeof body === 'string' ? body : JSON.stringify(body)).kind;
  const taken = ['has already been taken'];
  assert.equal(kindOf({ errors: { event_uuid: taken } }), 'accepted');
  assert.equal(kindOf({ errors: { event_timestamp: taken, event_uuid: taken } }), 'accepted');
  for (const body of [
    {},
    { errors: {} },
    { errors: null },
    { errors: 'taken' },
    { errors: { event_uuid: ['is invalid'] } },
    { errors: { event_uuid: taken, source_ip: taken } },
    { errors: { source_ip: taken } },
    'taken',
    'null',
  ]) {
    assert.equal(kindOf(body), 'refused', JSON.stringify(body));
  }
  const { kind } = answered(400, JSON.stringify({ errors: { event_uuid: taken } }));
  assert.equal(kind, 'refused', 'only in a 422');
});

test('meaningOf() waits as long as Retry-After says, in seconds or until a date, within limits', () => {
  const waitFor = (text: string | undefined): number | undefined => {
    const meaning = answered(503, '', text);
    return meaning.kind === 'failed' ? meaning.retryAfterMs : -1;
  };
  assert.equal(waitFor(undefined), undefined);
  assert.equal(waitFor('0'), 0);
  assert.equal(waitFor(' 120 '), 120_000);
  assert.equal(waitFor('999999999'), RETRY_AFTER_MS_MAX);
  assert.equal(waitFor(new Date(NOW_MS + 90_000).toUTCString()), 90_000);
  assert.equal(waitFor(new Date(NOW_MS - 90_000).toUTCString()), 0);
  assert.equal(waitFor(new Date(NOW_MS + 86_400_000).toUTCString()), RETRY_AFTER_MS_MAX);
  for (const text of ['soon', '', '1x', 'x1']) assert.equal(waitFor(text), undefined, text);
});

test('signature() is that of Standard Webhooks, with the octets of the secret', () => {
  const key = Buffer.from('a secret of some length');
  const expected = createHmac('sha256', key).update('msg_1.1614265330.{"a":"é"}').digest('base64');
  const body = '{"a":"é"}';
  assert.equal(
    signature(`whsec_${key.toString('base64')}`, 'msg_1', 1614265330, body),
    `v1,${expected}`,
  );
  assert.equal(signature(key.toString(), 'msg_1', 1614265330, body), `v1,${expected}`);
  assert.notEqual(signature('other', 'msg_1', 1614265330, body), `v1,${expected}`);
});

test('isSigningSecret() wants a text, and Base64 after the prefix', () => {
  const right = ['x', 'any text', 'whsec', 'whsec_ab', 'whsec_MfKQ9r8G+/==', 'whsec_AB='];
  const wrong = ['', 'whsec_', 'whsec_a', 'whsec_a-b', 'whsec_ab===', 'whsec_ab=c', 'whsec_ab '];
  assert.deepEqual(right.filter(isSigningSecret), right);
  assert.deepEqual(wrong.filter(isSigningSecret), []);
});

test('requestId() is the UUID of one event, and for several or a strange one a hash', () => {
  const hash = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 32);
  const uuid = '0191f6a1-0000-7000-8000-000000000001';
  assert.equal(requestId([uuid]), uuid);
  assert.equal(requestId(['Z'.repeat(64)]), 'Z'.repeat(64));
  for (const strange of ['', 'Z'.repeat(65), 'a b', 'a\r\n', 'é', ' a', 'a_b']) {
    assert.equal(requestId([strange]), hash(strange), strange);
  }
  assert.equal(requestId([uuid, 'b']), hash(`${uuid},b`));
  assert.equal(requestId([]), hash(''));
});

test('isOfGrade() orders seen, returned, handshake, and takes rows without a grade for seen', () => {
  const grades = ['seen', 'returned', 'handshake'] as const;
  const above = (least: Grade) => grades.filter((grade) => isOfGrade({ grade }, least));
  assert.deepEqual(grades.map(above), [
    ['seen', 'returned', 'handshake'],
    ['returned', 'handshake'],
    ['handshake'],
  ]);
  assert.deepEqual(
    grades.map((least) => isOfGrade({ grade: undefined }, least)),
    [true, false, false],
  );
});

const ALL: EventChoice = { grade: 'seen', origin: 'all', omit: [] };

test('isChosen() takes own events, or all, of a grade and above', () => {
  const own = makeEvent(1);
  const hearsay = makeEvent(1, { isHearsay: true });
  const isTaken = (event: typeof own, choice: Partial<EventChoice>, nodeId = own.createdByNodeId) =>
    isChosen(event, { ...ALL, ...choice }, nodeId);
  assert.equal(isTaken(own, { origin: 'own' }), true);
  assert.equal(isTaken(own, { origin: 'own' }, 'another node'), false);
  assert.equal(isTaken(hearsay, { origin: 'own' }), false);
  assert.equal(isTaken(hearsay, { origin: 'all' }, 'another node'), true);
  assert.equal(isTaken(own, { grade: 'returned' }), false);
  assert.equal(isTaken(makeEvent(1, { grade: 'handshake' }), { grade: 'returned' }), true);
});

test('formatBody() leaves no member empty, and keeps back what it is told to', () => {
  const bodyOf = (changes: Parameters<typeof makeEvent>[1], omit: EventChoice['omit'] = []) =>
    JSON.parse(formatBody(makeEvent(1, changes), { ...ALL, omit }, '1.2.3')) as Record<
      string,
      unknown
    >;
  const plain = bodyOf({});
  assert.equal(plain['called_number'], '00442071234567');
  assert.equal(plain['request_uri'], 'sip:00442071234567@198.51.100.1');
  const empty = bodyOf({ calledNumber: '', sipMethod: ' ', userAgent: '\t', sipMessage: '' });
  for (const name of ['called_number', 'sip_method', 'sip_user_agent', 'sip_message']) {
    assert.equal(empty[name], 'NOT_FOUND', name);
    assert.notEqual(plain[name], 'NOT_FOUND', name);
  }
  assert.equal(bodyOf({ destinationIp: undefined })['destination_ip'], 'NOT_FOUND');
  const hidden = bodyOf({}, ['destination_ip']);
  assert.deepEqual([hidden['destination_ip'], hidden['request_uri']], ['NOT_FOUND', '']);
  assert.equal(hidden['sip_message'], plain['sip_message']);
  const silent = bodyOf({}, ['sip_message']);
  assert.deepEqual(
    [silent['sip_message'], silent['destination_ip'], silent['request_uri']],
    ['NOT_FOUND', '198.51.100.1', plain['request_uri']],
  );
});
