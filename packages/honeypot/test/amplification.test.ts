// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latin1Octets, latin1Text } from '@sentrypeer/bytes';
import { personaNames } from '../src/index.ts';
import { ANSWER_OCTETS_MAX, DATAGRAM_OCTETS_MAX, UNPROVED_OCTETS_FACTOR } from '../src/limits.ts';
import {
  Bench,
  corpus,
  EXTENSION,
  OFFER,
  registerText,
  requestText,
  sample,
  secret,
  SECRETS,
} from './bench.ts';

/** A generator of numbers below a bound, the same in each run. */
function dice(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 0x1_0000_0000) * bound);
  };
}

const HEX = '0123456789abcdef';

test('100,000 forged datagrams lift no source above seen and draw at most 1.2 times their octets', () => {
  const bench = new Bench();
  const roll = dice(20_260_301);
  const messages = corpus().map(({ octets }) => latin1Text(octets));
  const hex = (count: number) => Array.from({ length: count }, () => HEX[roll(16)]).join('');
  let octetsIn = 0;
  let octetsOut = 0;
  for (let count = 0; count < 100_000; count += 1) {
    const text = forged(messages[roll(messages.length)] ?? '', roll, hex);
    const sourceIp = `192.0.2.${roll(4) === 0 ? 1 : roll(256)}`;
    const { observation, replies } = bench.receive(latin1Octets(text), { sourceIp });
    assert.equal(observation.grade, 'seen');
    const size = replies.reduce((sum, reply) => sum + reply.length, 0);
    assert.ok(size <= text.length * 1.2 && replies.length <= 2, text);
    octetsIn += text.length;
    octetsOut += size;
    bench.nowMs += 0.1;
  }
  assert.equal(bench.honeypot.nextDueMs(), undefined);
  assert.ok(octetsOut > 0 && octetsOut <= octetsIn * 1.2, `${octetsOut} out for ${octetsIn} in`);
});

/** A captured message, as it is or with a guessed To tag or nonce. */
function forged(
  text: string,
  roll: (bound: number) => number,
  hex: (count: number) => string,
): string {
  switch (roll(4)) {
    case 0:
      return requestText({
        method: ['ACK', 'BYE', 'INVITE'][roll(3)] ?? 'ACK',
        to: `<sip:${EXTENSION}@h>;tag=as${hex(8)}`,
        callId: hex(10),
      });
    case 1:
      return requestText({
        method: 'REGISTER',
        to: `<sip:${EXTENSION}@h>`,
        callId: hex(10),
        headers: [
          `Authorization: Digest username="${EXTENSION}", nonce="${hex(24)}", response="${hex(32)}"`,
        ],
      });
    case 2: {
      const at = roll(text.length + 1);
      return `${text.slice(0, at)}${String.fromCharCode(roll(256))}${text.slice(at + roll(3))}`;
    }
    default:
      return text;
  }
}

for (const name of personaNames) {
  test(`${name} answers every probe of the tools within the limit, without proof`, () => {
    const probes = [
      'svmap-options.sip',
      'svmap-options-compact.sip',
      'svmap-register.sip',
      'svwar-register-unknown-probe.sip',
      'svwar-register-100.sip',
      'svwar-options-100.sip',
      'svwar-new-invite-sdp.sip',
      'svcrack-register-first.sip',
      'svcrack-register-auth-noqop.sip',
      'nmap-version-probe-udp.sip',
      'nmap-sip-enum-users-100.sip',
      'nmap-sip-brute-auth.sip',
      'sipsak-options.sip',
      'sipsak-register.sip',
    ];
    for (const probe of probes) {
      // The same account twice: one that exists, which needs room for a challenge, and one that does not.
      for (const account of [EXTENSION, '999']) {
        const text = sample(probe, [['sip:100@', `sip:${account}@`]]);
        const { replies } = new Bench({ persona: name }).receive(text);
        assert.equal(replies.length, 1, `${probe} ${account}`);
        assert.ok((replies[0]?.length ?? 0) <= text.length * 1.2);
      }
    }
  });
}

/** What sipsak sends first, without an unnecessary word. */
function shortRegister(account: number): string {
  return [
    'REGISTER sip:127.0.0.1:3395 SIP/2.0',
    'Via: SIP/2.0/UDP 127.0.0.1:52179;branch=z9hG4bK.41fc98d1;rport;alias',
    `From: sip:${account}@127.0.0.1:3395;tag=4b780433`,
    `To: sip:${account}@127.0.0.1:3395`,
    'Call-ID: 1266156595@127.0.0.1',
    'CSeq: 1 REGISTER',
    'Content-Length: 0',
    'Max-Forwards: 70',
    'User-Agent: sipsak 0.9.8.1',
    'Expires: 15',
    `Contact: sip:${account}@127.0.0.1`,
    '',
    '',
  ].join('\r\n');
}

for (const name of personaNames) {
  test(`${name} answers a short REGISTER without proof, whatever its realm and product`, () => {
    let challengesCount = 0;
    for (let seed = 1; seed <= 24; seed += 1) {
      const bench = new Bench({ persona: name, secrets: { ...SECRETS, policy: secret(seed) } });
      for (let account = 100; account < 110; account += 1) {
        const text = shortRegister(account);
        const { replies } = bench.receive(text, { sourceIp: '127.0.0.1', sourcePort: 33_823 });
        assert.equal(replies.length, 1, `${seed} ${account}`);
        assert.ok((replies[0]?.length ?? 0) <= text.length * 1.2);
        if (latin1Text(replies[0] ?? new Uint8Array()).startsWith('SIP/2.0 401'))
          challengesCount += 1;
      }
    }
    assert.ok(challengesCount > 10, String(challengesCount));
  });
}

test('an answer that is too long for a stream is not sent', () => {
  const hops = Array.from(
    { length: 200 },
    (_, index) => `Via: SIP/2.0/TCP hop${index}.example;branch=z9hG4bK`,
  );
  const reply = (count: number) =>
    new Bench().receive(requestText({ headers: hops.slice(0, count) }), { transport: 'TCP' })
      .replies;
  assert.equal(reply(30).length, 1);
  assert.ok(reply(60).every(({ length }) => length <= ANSWER_OCTETS_MAX));
  assert.equal(reply(200).length, 0);
});

test('qop is offered by the products that do, where there is room for it', () => {
  const challengeOf = (text: string, persona: string) =>
    new Bench({ persona }).answers(text)[0]?.header('www-authenticate') ?? '';
  const room = `X: ${'x'.repeat(80)}`;
  const withRoom = registerText(EXTENSION, { headers: [room] });
  for (const persona of ['freeswitch', 'asterisk-pjsip', 'cisco']) {
    assert.ok(challengeOf(withRoom, persona).endsWith('qop="auth"'), persona);
  }
  for (const persona of ['asterisk', 'freepbx', 'kamailio', 'opensips']) {
    assert.ok(!challengeOf(registerText(EXTENSION), persona).includes('qop'), persona);
  }
  const short = sample('svcrack-register-first.sip', [['sip:100@', `sip:${EXTENSION}@`]]);
  assert.ok(challengeOf(short, 'asterisk-pjsip').includes('algorithm=MD5,'));
});

test('answers name product and capabilities in the order of the persona', () => {
  const namesOf = (persona: string) =>
    new Bench({ persona })
      .answers(requestText(), { transport: 'TCP' })[0]
      ?.headers.slice(5)
      .map(({ name }) => name);
  assert.deepEqual(namesOf('asterisk'), [
    'Server',
    'Allow',
    'Supported',
    'Contact',
    'Accept',
    'Content-Length',
  ]);
  assert.deepEqual(namesOf('kamailio'), ['Allow', 'Server', 'Content-Length']);
  assert.deepEqual(namesOf('freeswitch')?.slice(0, 2), ['Contact', 'User-Agent']);
});

test('a request that passed many hops is answered over UDP as over TCP', () => {
  const hops = Array.from(
    { length: 40 },
    (_, index) => `Via: SIP/2.0/UDP 192.0.2.${index + 1}:5060;branch=z9hG4bK-${index};rport`,
  );
  // Without what a short answer can leave out.
  const text = requestText({ headers: hops }).replaceAll(/^(Contact|User-Agent):.*\r\n/gm, '');
  for (const persona of personaNames) {
    const [udp] = new Bench({ persona }).answers(text);
    const [tcp] = new Bench({ persona }).receive(text, { transport: 'TCP' }).replies;
    assert.equal(udp !== undefined, tcp !== undefined, persona);
  }
});

test('no datagram is larger than what passes every path, also to a proved source', () => {
  const routes = Array.from(
    { length: 40 },
    (_, index) => `Record-Route: <sip:hop${index}.example;lr>`,
  );
  const uri = `sip:${EXTENSION}@203.0.113.5`;
  const text = requestText({ method: 'INVITE', uri, headers: routes, body: OFFER });
  assert.ok(text.length > DATAGRAM_OCTETS_MAX);
  assert.deepEqual(
    new Bench()
      .answers(text)
      .filter(({ octets }) => octets.length > text.length * UNPROVED_OCTETS_FACTOR),
    [],
  );
  const [, ringing] = new Bench().receive(text, { transport: 'TCP' }).replies;
  assert.ok((ringing?.length ?? 0) > DATAGRAM_OCTETS_MAX);
});
