// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latin1Text } from '@sentrypeer/bytes';
import type { Transport } from '@sentrypeer/event';
import { parseMessage } from '@sentrypeer/sip';
import { sizesFit } from '../src/composer.ts';
import { ANSWER_OCTETS_MAX, DATAGRAM_OCTETS_MAX } from '../src/limits.ts';
import type { Request } from '../src/request.ts';
import { Bench, credentialsFor, EXTENSION, OFFER, registerText, requestText } from './bench.ts';

const TCP = { transport: 'TCP' } as const;

/** Whether answers of these sizes go to the sender of so many octets. */
function fit(
  octets: number,
  sizes: readonly number[],
  transport: Transport = 'UDP',
  proved = false,
) {
  const input = { octets: new Uint8Array(octets), transport };
  return sizesFit({ input, proved } as unknown as Request<unknown>, sizes);
}

test('an unproved source gets 1.2 times its octets at most, in two datagrams at most', () => {
  assert.deepEqual([fit(100, [120]), fit(100, [121])], [true, false]);
  assert.deepEqual([fit(100, [60, 60]), fit(100, [60, 61])], [true, false]);
  assert.deepEqual([fit(100, [1, 1]), fit(100, [1, 1, 1])], [true, false]);
  assert.deepEqual([fit(2000, [2400]), fit(2000, [2401])], [true, false]);
});

test('a proved source gets any number of datagrams, each as long as passes every path', () => {
  assert.equal(fit(100, [500, 500, 500], 'UDP', true), true);
  const edge = [DATAGRAM_OCTETS_MAX, DATAGRAM_OCTETS_MAX + 1];
  assert.deepEqual(
    edge.map((size) => fit(100, [10, size], 'UDP', true)),
    [true, false],
  );
  assert.deepEqual([fit(2000, [2400], 'UDP', true), fit(2000, [2401], 'UDP', true)], [true, false]);
});

test('no answer is longer than 8 KiB, whatever was sent and how', () => {
  const edge = [ANSWER_OCTETS_MAX, ANSWER_OCTETS_MAX + 1];
  for (const transport of ['TCP', 'TLS', 'UDP'] as const) {
    assert.deepEqual(
      edge.map((size) => fit(60_000, [size], transport, true)),
      [true, false],
      transport,
    );
  }
  assert.equal(fit(1, [ANSWER_OCTETS_MAX, ANSWER_OCTETS_MAX, ANSWER_OCTETS_MAX], 'TCP'), true);
});

/** Answers of PJSIP outside dialogs have the branch for their tag. */
const tagFor = (branch: string): string | undefined => {
  const via = `SIP/2.0/UDP 198.51.100.25:5070;branch=${branch};rport`;
  return new Bench({ persona: 'asterisk-pjsip' }).answers(requestText({ via }))[0]?.to?.tag;
};

for (const branch of ['z9hG4bK-524287', 'z9hG4bK.0a', 'AZaz09', 'x'.repeat(64)]) {
  test(`the branch ${branch.slice(0, 16)} is the tag of an answer outside dialogs`, () =>
    assert.equal(tagFor(branch), branch));
}

for (const branch of [
  'a@b',
  'a[b',
  'a`b',
  'a{b',
  'a/b',
  'a:b',
  'a_b',
  'a+b',
  '%00',
  'x'.repeat(65),
]) {
  test(`the branch ${branch.slice(0, 16)} does not come back as a tag`, () => {
    const tag = tagFor(branch);
    assert.notEqual(tag, branch);
    assert.equal(tag?.length, 36, 'a tag of our own');
  });
}

test('a Contact that breaks its line starts no other header in the answer', () => {
  const bench = new Bench();
  bench.honeypot.win(EXTENSION);
  const [challenge] = bench.answers(registerText(EXTENSION), TCP);
  const headers = [credentialsFor(challenge, { user: EXTENSION, password: EXTENSION })];
  const text = registerText(EXTENSION, { headers }).replace('sip:caller@', 'sip:a\rX-Evil: b\r@');
  const [reply = new Uint8Array()] = bench.receive(text, TCP).replies;
  assert.ok(latin1Text(reply).startsWith('SIP/2.0 200'));
  assert.ok(latin1Text(reply).includes('X-Evil'), 'it is repeated');
  assert.ok(!latin1Text(reply).replaceAll('\r\n', '').includes('\r'));
});

/** Names of the headers of each answer over TCP, without those that every answer repeats. */
const orderOf = (persona: string, text: string): readonly string[] =>
  new Bench({ persona }).receive(text, TCP).replies.map((octets) => {
    const { statusCode, headers } = parseMessage(octets);
    return `${statusCode}: ${headers
      .slice(5)
      .map(({ name }) => name)
      .join(' ')}`;
  });

const options = requestText();
const call = requestText({ method: 'INVITE', uri: `sip:${EXTENSION}@203.0.113.5`, body: OFFER });
const refused = requestText({ method: 'INVITE', uri: 'sip:00442071234567@203.0.113.5' });
const extension = requestText({
  method: 'INVITE',
  uri: 'sip:1@h',
  headers: ['Require: nothing'],
});
const unknown = requestText({ method: 'NEWMETHOD' });
const bye = requestText({ method: 'BYE' });

for (const [persona, text, expected] of [
  [
    'asterisk-pjsip',
    options,
    ['200: Accept Allow Supported Accept-Encoding Accept-Language Server Content-Length'],
  ],
  [
    'asterisk-pjsip',
    call,
    ['100: Server Content-Length', '180: Server Allow Supported Content-Length'],
  ],
  ['asterisk-pjsip', extension, ['420: Unsupported Supported Server Content-Length']],
  ['asterisk-pjsip', bye, ['481: Server Content-Length']],
  ['asterisk', unknown, ['501: Server Allow Supported Accept Content-Length']],
  ['asterisk', refused, ['404: Server Allow Supported Content-Length']],
  ['freeswitch', refused, ['404: User-Agent Allow Supported Allow-Events Content-Length']],
  ['freeswitch', bye, ['481: User-Agent Allow Supported Content-Length']],
  ['freeswitch', requestText({ version: 'SIP/7.0' }), ['505: Content-Length']],
] as const) {
  test(`${persona} answers ${text.slice(0, 9)} with its headers in its order: ${expected[0]}`, () =>
    assert.deepEqual(orderOf(persona, text), expected));
}
