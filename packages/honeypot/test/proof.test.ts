// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Grade } from '@sentrypeer/event';
import { NONCE_FRESH_MS, PROOF_MS } from '../src/limits.ts';
import {
  Bench,
  credentialsFor,
  EXTENSION,
  OFFER,
  type Overrides,
  registerText,
  requestText,
  sample,
  secret,
  SECRETS,
  toTagOf,
} from './bench.ts';

const VICTIM = '192.0.2.80';

const gradeOf = (bench: Bench, text: string, overrides: Overrides = {}): Grade =>
  bench.receive(text, overrides).observation.grade;

function nonceProof(bench: Bench): string {
  const [challenge] = bench.answers(registerText(EXTENSION));
  const headers = [credentialsFor(challenge, { user: EXTENSION, password: 'x' })];
  return registerText(EXTENSION, { headers });
}

function tagProof(bench: Bench, method: string): string {
  const uri = 'sip:00442071234567@203.0.113.5';
  const [answer] = bench.answers(requestText({ method: 'INVITE', uri, body: OFFER }));
  return requestText({ method, uri, to: `<${uri}>;tag=${toTagOf(answer)}`, cseq: '2' });
}

test('a source is seen until it gives back our nonce, and that message is graded returned already', () => {
  const bench = new Bench();
  assert.equal(gradeOf(bench, requestText()), 'seen');
  assert.equal(gradeOf(bench, nonceProof(bench)), 'returned');
  assert.equal(gradeOf(bench, requestText()), 'returned');
});

for (const method of ['ACK', 'BYE', 'INVITE']) {
  test(`a source that gives back our To tag in ${method} is graded returned`, () => {
    const bench = new Bench();
    assert.equal(gradeOf(bench, tagProof(bench, method)), 'returned');
  });
}

test('a proof holds for minutes and then the source is seen again', () => {
  const bench = new Bench();
  bench.receive(nonceProof(bench));
  bench.nowMs += PROOF_MS - 1;
  assert.equal(gradeOf(bench, requestText()), 'returned');
  bench.nowMs += 1;
  assert.equal(gradeOf(bench, requestText()), 'seen');
});

test('an answer that was longer for a proved source is not repeated to it when its proof is over', () => {
  const bench = new Bench();
  bench.receive(nonceProof(bench));
  bench.nowMs += PROOF_MS - 1000;
  const text = sample('svcrack-register-first.sip', [['sip:100@', `sip:${EXTENSION}@`]]);
  const [reply] = bench.receive(text).replies;
  assert.ok((reply?.length ?? 0) > text.length * 1.2);
  assert.deepEqual(bench.receive(text).replies, [reply]);
  bench.nowMs += 2000;
  assert.deepEqual(bench.receive(text).replies, []);
});

test('the proof of one source is not valid from another address, on another node or hours later', () => {
  const bench = new Bench();
  const proofs = [nonceProof(bench), tagProof(bench, 'ACK'), tagProof(bench, 'BYE')];
  const stranger = new Bench({ secrets: { ...SECRETS, tag: secret(8), nonce: secret(9) } });
  const later = new Bench();
  later.nowMs += 2 * 3_600_000;
  for (const proof of proofs) {
    assert.equal(gradeOf(new Bench(), proof, { sourceIp: VICTIM }), 'seen');
    assert.equal(gradeOf(stranger, proof), 'seen');
    assert.equal(gradeOf(later, proof), 'seen');
  }
});

test('a proof is understood by every thread of the node, whoever sent the challenge', () => {
  const first = new Bench();
  for (const proof of [nonceProof(first), tagProof(first, 'ACK')]) {
    assert.equal(gradeOf(new Bench(), proof), 'returned');
  }
});

test('a stream is a handshake from its first octet, with or without proof', () => {
  const bench = new Bench();
  for (const transport of ['TCP', 'TLS'] as const) {
    assert.equal(gradeOf(bench, requestText(), { transport }), 'handshake');
    assert.equal(gradeOf(bench, nonceProof(bench), { transport }), 'handshake');
    assert.equal(gradeOf(bench, 'SIP/2.0 200 OK\r\n\r\n', { transport }), 'handshake');
  }
});

test('a handshake proves nothing about UDP datagrams that claim the same address', () => {
  const bench = new Bench();
  bench.receive(registerText(EXTENSION), { transport: 'TCP' });
  assert.equal(gradeOf(bench, requestText()), 'seen');
});

test('responses and what is not SIP prove nothing, even with our tag in them', () => {
  const bench = new Bench();
  const proof = tagProof(bench, 'ACK');
  const response = `SIP/2.0 200 OK${proof.slice(proof.indexOf('\r\n'))}`;
  assert.equal(gradeOf(bench, response), 'seen');
  assert.equal(gradeOf(bench, requestText()), 'seen');
});

test('requests with a To tag or nonce that is not ours are told by their anomalies', () => {
  const bench = new Bench();
  const bye = requestText({ method: 'BYE', to: '<sip:203.0.113.5>;tag=as00000000' });
  assert.deepEqual(bench.receive(bye).observation.anomalies, ['to_tag_foreign']);
  const headers = ['Authorization: Digest username="100", nonce="5f3c0a9e7b21d864", response="0"'];
  const register = bench.receive(registerText(EXTENSION, { headers }));
  assert.deepEqual(register.observation.anomalies, ['nonce_foreign']);
  const without = ['Authorization: Digest username="100", response="0"'];
  const unread = bench.receive(registerText(EXTENSION, { headers: without }));
  assert.deepEqual(unread.observation.anomalies, ['nonce_foreign']);
  const old = nonceProof(bench);
  bench.nowMs += NONCE_FRESH_MS + 1;
  assert.deepEqual(bench.receive(old).observation.anomalies, ['nonce_stale']);
});

test('a tag proves something in its own call only: not under another Call-ID or From tag', () => {
  for (const [one, other] of [
    ['Call-ID: 84f0a1d29c', 'Call-ID: 84f0a1d29d'],
    [';tag=7f2a', ';tag=7f2b'],
  ] as const) {
    const bench = new Bench();
    const { observation } = bench.receive(tagProof(bench, 'BYE').replace(one, other));
    assert.equal(observation.grade, 'seen');
    assert.deepEqual(observation.anomalies, ['to_tag_foreign']);
  }
});

test('the branch is the tag that an ACK to a refusal of PJSIP has, and nothing else', () => {
  const anomaliesOf = (persona: string, method: string, tag: string) => {
    const to = `<sip:203.0.113.5>;tag=${tag}`;
    return new Bench({ persona }).receive(requestText({ method, to })).observation.anomalies;
  };
  const foreign = ['to_tag_foreign'];
  assert.deepEqual(anomaliesOf('asterisk-pjsip', 'ACK', 'z9hG4bK-524287'), []);
  assert.deepEqual(anomaliesOf('asterisk-pjsip', 'ACK', 'z9hG4bK-524288'), foreign);
  assert.deepEqual(anomaliesOf('asterisk-pjsip', 'BYE', 'z9hG4bK-524287'), foreign);
  assert.deepEqual(anomaliesOf('asterisk', 'ACK', 'z9hG4bK-524287'), foreign);
  const text = requestText({ method: 'ACK', via: 'x', to: '<sip:203.0.113.5>;tag=1' });
  const { anomalies } = new Bench({ persona: 'asterisk-pjsip' }).receive(text).observation;
  assert.ok(anomalies.includes('to_tag_foreign'));
});

test('an answer that depends on nothing is made anew when the proof of its source is over', () => {
  const bench = new Bench();
  bench.receive(nonceProof(bench));
  bench.nowMs += PROOF_MS - 1000;
  const text = requestText({ method: 'NOTIFY' }).replace(/^User-Agent:.*\r\n/mu, '');
  const [long] = bench.receive(text).replies;
  assert.ok((long?.length ?? 0) > text.length * 1.2);
  bench.nowMs += 1000;
  const [short] = bench.receive(text).replies;
  assert.ok(short !== undefined && short.length <= text.length * 1.2);
});
