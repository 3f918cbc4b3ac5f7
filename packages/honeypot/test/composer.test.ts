// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latin1Text } from '@sentrypeer/bytes';
import type { Transport } from '@sentrypeer/event';
import { parseMessage } from '@sentrypeer/sip';
import { personaNames } from '../src/index.ts';
import { sizesFit } from '../src/composer.ts';
import { ANSWER_OCTETS_MAX, DATAGRAM_OCTETS_MAX } from '../src/limits.ts';
import type { Request } from '../src/request.ts';
import {
  Bench,
  credentialsFor,
  EXTENSION,
  NOBODY,
  OFFER,
  registerText,
  type RequestFields,
  requestText,
} from './bench.ts';

const TCP = { transport: 'TCP' } as const;

/** What makes a request long, so that there is room for everything. */
const LONG_AGENT = ' of some kind that has a rather long name, so that answers have room';

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
  '',
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

test('the tag of PJSIP in an answer to INVITE is its own once it knows the call, and before it the branch', () => {
  const bench = () => new Bench({ persona: 'asterisk-pjsip' });
  const tagOf = (fields: RequestFields) =>
    bench().answers(requestText({ method: 'INVITE', uri: 'sip:00442071234567@h', ...fields }))[0]
      ?.to?.tag;
  const branch = 'z9hG4bK-524287';
  assert.equal(tagOf({})?.length, 36, '404');
  const from = `<sip:${EXTENSION}@h>;tag=1`;
  assert.equal(tagOf({ from, uri: `sip:${EXTENSION}@h` }), branch, '401');
  assert.equal(tagOf({ headers: ['Require: nothing'] }), branch, '420');
  assert.equal(tagOf({ headers: ['Content-Type: text/plain'], body: 'x' }), branch, '415');
  assert.equal(tagOf({ uri: 'http://h' })?.length, 36, '416');
});

test('PJSIP gives no tag where there is no branch to give', () => {
  const answerTo = (via: string) =>
    new Bench({ persona: 'asterisk-pjsip' }).answers(requestText({ via }))[0];
  assert.equal(answerTo('SIP/2.0/UDP 198.51.100.25:5070;rport')?.header('to'), '<sip:203.0.113.5>');
  assert.equal(answerTo('x')?.statusCode, 400);
  assert.equal(answerTo('x')?.header('to'), '<sip:203.0.113.5>');
});

const DROPPED = [
  'Accept-Language',
  'Accept-Encoding',
  'Allow-Events',
  'Accept',
  'Supported',
  'Allow',
];

for (const persona of personaNames) {
  test(`${persona} leaves optional headers out in their order, and only where there is no room`, () => {
    const seen = new Set<string>();
    for (let padding = 700; padding >= 0; padding -= 14) {
      const text = requestText({ headers: [`X: ${'x'.repeat(padding)}`] }).replace(LONG_AGENT, '');
      const [reply = new Uint8Array()] = new Bench({ persona }).receive(text).replies;
      assert.ok(reply.length > 0 && reply.length <= text.length * 1.2, `${padding}`);
      const names = new Set(parseMessage(reply).headers.map(({ name }) => name));
      const optional = [...DROPPED, 'Server', 'User-Agent'];
      seen.add(optional.filter((name) => names.has(name)).join(' '));
      if (names.has('Contact')) assert.equal(seen.size, 1, 'only in an answer that is whole');
    }
    const [all = '', ...less] = seen;
    const whole = all.split(' ');
    assert.ok(whole.length > 1 && less.length > 0);
    for (const kept of less) assert.ok(all.endsWith(kept), `${kept} of ${all}`);
    const [answer] = new Bench({ persona }).answers(requestText(), TCP);
    assert.deepEqual(
      new Set(answer?.headers.slice(5).map(({ name }) => name)),
      new Set([
        ...whole,
        'Content-Length',
        ...(answer?.header('contact') === undefined ? [] : ['Contact']),
      ]),
    );
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
  assert.ok(latin1Text(reply).includes('Contact: <sip:a X-Evil: b @198.51.100.25:5070>;'));
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
  ['freeswitch', registerText(NOBODY), ['404: User-Agent Allow Supported Content-Length']],
  [
    'freeswitch',
    call,
    [
      '100: User-Agent Content-Length',
      '180: User-Agent Allow Supported Allow-Events Content-Length',
    ],
  ],
  ['freeswitch', requestText({ method: 'CANCEL' }), ['481: Content-Length']],
  ['freeswitch', requestText({ method: 'PRACK' }), ['481: Content-Length']],
  ['freeswitch', bye, ['481: User-Agent Allow Supported Content-Length']],
  ['freeswitch', requestText({ version: 'SIP/7.0' }), ['505: Content-Length']],
] as const) {
  test(`${persona} answers ${text.slice(0, 9)} with its headers in its order: ${expected[0]}`, () =>
    assert.deepEqual(orderOf(persona, text), expected));
}

test('the body of an answer is announced where the product does so', () => {
  const namesOf = (persona: string) => {
    const bench = new Bench({ persona });
    bench.answers(call, TCP);
    const [answered] = bench.wait(10_000);
    return answered?.headers
      .slice(5)
      .map(({ name }) => name)
      .join(' ');
  };
  assert.equal(
    namesOf('asterisk-pjsip'),
    'Server Contact Allow Supported Content-Type Content-Length',
  );
  assert.equal(namesOf('kamailio'), 'Contact Content-Type Server Content-Length');
  assert.equal(namesOf('asterisk'), 'Server Allow Supported Contact Content-Type Content-Length');
});
