// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseMessage } from '@sentrypeer/sip';
import { type Reaction, personaNames } from '../src/index.ts';
import { ANSWER_OCTETS_MAX, DATAGRAM_OCTETS_MAX, UNPROVED_OCTETS_FACTOR } from '../src/limits.ts';
import { ATTACKER, Bench, corpus, OURSELVES, secret, SECRETS } from './bench.ts';

const MESSAGES = corpus();
const MANDATORY = ['via', 'from', 'to', 'call-id', 'cseq'];

/** A captured or torture message with octets cut out, put in, or changed. */
const mutated = fc
  .record({
    message: fc.constantFrom(...MESSAGES.map(({ octets }) => octets)),
    at: fc.nat(2000),
    cut: fc.nat(40),
    inserted: fc.uint8Array({ maxLength: 40 }),
    count: fc.nat(3),
  })
  .map(({ message, at, cut, inserted, count }) => {
    let octets = message;
    for (let round = 0; round <= count; round += 1) {
      const start = (at * (round + 1)) % (octets.length + 1);
      const rest = octets.subarray(Math.min(octets.length, start + cut));
      octets = Uint8Array.from([...octets.subarray(0, start), ...inserted, ...rest]);
    }
    return octets;
  });

const arbitrary = fc.oneof(mutated, fc.uint8Array({ maxLength: 600 }));
const transports = fc.constantFrom('UDP' as const, 'TCP' as const, 'TLS' as const);

/** Rules for every judgement, whatever was received. */
function assertRules(octets: Uint8Array, judgement: Reaction, isUdp: boolean): void {
  const { observation, replies } = judgement;
  assert.equal(observation.sipMessage, octets);
  assert.equal(observation.sourceIp, ATTACKER);
  const message = parseMessage(octets);
  const isSilent =
    message.kind !== 'request' ||
    message.method === 'ACK' ||
    message.sipVersion === undefined ||
    MANDATORY.some((id) => message.header(id) === undefined);
  if (isSilent) assert.deepEqual(replies, []);
  if (!isUdp) return;
  const size = replies.reduce((sum, reply) => sum + reply.length, 0);
  assert.ok(replies.length <= 2 && size <= octets.length * 1.2);
  const sizeMax = Math.max(DATAGRAM_OCTETS_MAX, octets.length * UNPROVED_OCTETS_FACTOR);
  assert.ok(replies.every((reply) => reply.length <= sizeMax));
}

test('receive() throws at nothing, observes everything and keeps the rules of length and silence', () => {
  fc.assert(
    fc.property(
      arbitrary,
      transports,
      fc.constantFrom(...personaNames),
      (octets, transport, name) => {
        const bench = new Bench({ persona: name });
        assertRules(octets, bench.receive(octets, { transport }), transport === 'UDP');
        const passive = new Bench({ mode: 'passive' }).receive(octets, { transport });
        assert.deepEqual(passive.replies, []);
      },
    ),
    { numRuns: 3000 },
  );
});

test('receive() keeps the rules over a long run of messages from one source', () => {
  const bench = new Bench();
  fc.assert(
    fc.property(arbitrary, (octets) => {
      bench.nowMs += 7;
      const judgement = bench.receive(octets);
      if (judgement.observation.grade === 'seen') assertRules(octets, judgement, true);
      for (const { octets: later } of bench.honeypot.takeDue(bench.nowMs)) {
        assert.ok(later.length <= ANSWER_OCTETS_MAX);
      }
    }),
    { numRuns: 3000 },
  );
});

test('receive() gives a repeated request the same To tag and the same last answer', () => {
  fc.assert(
    fc.property(mutated, transports, (octets, transport) => {
      const bench = new Bench();
      const first = bench.receive(octets, { transport }).replies;
      bench.nowMs += 500;
      const again = bench.receive(octets, { transport }).replies;
      assert.deepEqual(again.at(-1), first.at(-1));
      const tags = [...first, ...again].map((reply) => parseMessage(reply));
      const given = tags.filter(({ statusCode }) => statusCode !== 100).map(({ to }) => to?.tag);
      assert.ok(new Set(given).size <= 1);
    }),
    { numRuns: 1000 },
  );
});

test('receive() never takes long, even for 64 KiB made to cost time', () => {
  const filler = [
    '\r\n',
    ',',
    ';tag=',
    '<',
    '"',
    '\\',
    ' ',
    'Via: a,',
    'a: b\r\n',
    '%41',
    '\u0000',
  ];
  const head =
    'INVITE sip:100@h SIP/2.0\r\nVia: SIP/2.0/UDP h;rport\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n';
  const openings = [
    'Via: ',
    'From: <sip:a@h>;',
    'To: <sip:100@h>',
    'Contact: ',
    'Authorization: Digest ',
    'Require: ',
    '',
  ];
  for (const opening of openings) {
    for (const text of filler) {
      const whole = `${head}From: <sip:a@h>;tag=1\r\nTo: <sip:100@h>\r\n${opening}`;
      const octets = new TextEncoder().encode(whole + text.repeat(65_000)).subarray(0, 65_507);
      const bench = new Bench();
      const startMs = performance.now();
      bench.receive(octets);
      bench.receive(octets, { transport: 'TCP' });
      const tookMs = performance.now() - startMs;
      assert.ok(tookMs < 1000, `${opening}${text} took ${tookMs} ms`);
    }
  }
});

test('two honeypots that are pointed at each other fall silent', () => {
  const seeds = [...MESSAGES.map(({ octets }) => octets), new Uint8Array()];
  for (const [index, seed] of seeds.entries()) {
    const one = new Bench({ persona: personaNames[index % personaNames.length] ?? 'asterisk' });
    const other = new Bench({ persona: 'freeswitch', secrets: { ...SECRETS, tag: secret(7) } });
    let toOther: readonly Uint8Array[] = one.receive(seed, { sourceIp: '203.0.113.6' }).replies;
    let messagesCount = 0;
    while (toOther.length > 0) {
      const toOne = toOther.flatMap(
        (octets) => other.receive(octets, { sourceIp: OURSELVES, sourcePort: 5060 }).replies,
      );
      toOther = toOne.flatMap(
        (octets) => one.receive(octets, { sourceIp: '203.0.113.6', sourcePort: 5060 }).replies,
      );
      messagesCount += 1;
      assert.ok(messagesCount < 3);
    }
    assert.deepEqual([...one.wait(120_000), ...other.wait(120_000)], []);
  }
});
