// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latin1Text } from '@sentrypeer/bytes';
import {
  CALL_LIFETIME_MS,
  DATAGRAM_OCTETS_MAX,
  KEPT_ANSWER_OCTETS_MAX,
  KEY_PART_CHARACTERS_MAX,
  RING_MS_MAX,
  RING_MS_MIN,
} from '../src/limits.ts';
import { Bench, EXTENSION, registerText, requestText } from './bench.ts';
import { cancelOf, invite, provedBench, TCP, within } from './dialogue.ts';

for (const [chance, ringMs] of [
  [[0, 0], RING_MS_MIN],
  [[0xff, 0xff], RING_MS_MAX - 4800 / 65_536],
  [[0x80, 0], 3600],
  [[0, 0x80], RING_MS_MIN + 9.375],
] as const) {
  test(`INVITE of a proved source rings for ${ringMs} ms where chance gives ${chance.join(' ')}`, () => {
    const bench = provedBench({ chance });
    bench.answers(invite());
    assert.equal(bench.honeypot.nextDueMs(), bench.nowMs + ringMs);
  });
}

test('two calls of one source are answered each in its time', () => {
  const bench = provedBench();
  assert.deepEqual(bench.honeypot.takeDue(bench.nowMs), []);
  bench.answers(invite({ callId: 'first' }));
  const firstMs = bench.honeypot.nextDueMs() ?? 0;
  bench.nowMs += 400;
  bench.answers(invite({ callId: 'second' }));
  assert.equal(bench.honeypot.nextDueMs(), firstMs);
  const takenAt = (nowMs: number) =>
    bench.honeypot
      .takeDue(nowMs)
      .map(({ octets }) => (latin1Text(octets).includes('Call-ID: first') ? 'first' : 'second'));
  assert.deepEqual(takenAt(firstMs - 1), []);
  assert.deepEqual(takenAt(firstMs), ['first']);
  assert.equal(bench.honeypot.nextDueMs(), firstMs + 400);
  assert.deepEqual(takenAt(firstMs + 400), ['second']);
  assert.deepEqual(takenAt(firstMs + 500), ['first']);
});

test('ACK that comes while it rings ends nothing', () => {
  const bench = provedBench();
  const [, ringing] = bench.answers(invite());
  assert.deepEqual(bench.statuses(within('ACK', ringing)), []);
  assert.equal(bench.wait(60_000).length, 4);
});

test('re-INVITE over a stream is answered at once, and that is repeated until the ACK', () => {
  const bench = new Bench();
  const [, ringing] = bench.answers(invite(), TCP);
  const again = within('INVITE', ringing, '2');
  assert.deepEqual(bench.statuses(again, TCP), [200]);
  assert.equal(bench.wait(1500).length, 2);
  assert.deepEqual(bench.statuses(within('ACK', ringing, '2'), TCP), []);
  assert.deepEqual(bench.wait(60_000), []);
});

/** Which answers a proved source hears within a minute if it says nothing more. */
const repeatedTo = (persona: string, text: string): readonly (number | undefined)[] => {
  const bench = provedBench({ persona });
  const [answer, ...more] = bench.answers(text);
  assert.deepEqual(more, []);
  return [answer?.statusCode, ...bench.wait(60_000).map(({ statusCode }) => statusCode)];
};

test('the challenge of a call is repeated by the products that do so, and a refusal by all', () => {
  const tested = requestText({
    method: 'INVITE',
    uri: `sip:${EXTENSION}@203.0.113.5`,
    from: `<sip:${EXTENSION}@203.0.113.5>;tag=7f2a`,
  });
  const outside = requestText({ method: 'INVITE', uri: 'sip:00442071234567@203.0.113.5' });
  for (const [persona, challenges, refusals] of [
    ['asterisk', [401, 401, 401, 401], [404, 404, 404, 404]],
    ['freeswitch', [407, 407, 407, 407], [404, 404, 404, 404]],
    ['asterisk-pjsip', [401], [404, 404, 404, 404]],
    ['kamailio', [407], [404, 404, 404, 404]],
  ] as const) {
    assert.deepEqual(repeatedTo(persona, tested), challenges, persona);
    assert.deepEqual(repeatedTo(persona, outside), refusals, persona);
  }
});

test('CANCEL over a stream ends the INVITE with 487 once, and the call is over', () => {
  const bench = new Bench();
  bench.answers(invite(), TCP);
  assert.deepEqual(bench.statuses(cancelOf(), TCP), [200, 487]);
  assert.deepEqual(bench.wait(60_000), []);
});

test('CANCEL that comes too late changes nothing of what a retransmitted INVITE gets', () => {
  const bench = new Bench();
  const [, answered] = bench.receive(invite()).replies;
  assert.deepEqual(bench.statuses(cancelOf()), [200]);
  assert.deepEqual(bench.receive(invite()).replies, [answered]);
});

test('CANCEL finds its INVITE as long as a call may ring and be repeated, and not later', () => {
  for (const [ms, status] of [
    [CALL_LIFETIME_MS - 1, 200],
    [CALL_LIFETIME_MS, 481],
  ] as const) {
    const bench = new Bench();
    assert.deepEqual(bench.statuses(invite()), [180, 200]);
    bench.nowMs += ms;
    assert.deepEqual(bench.statuses(cancelOf()), [status]);
  }
});

test('CANCEL finds its INVITE without a branch, and by the first characters of what is very long', () => {
  const via = (branch: string) => `SIP/2.0/UDP 198.51.100.25:5070${branch};rport`;
  const same = 'x'.repeat(KEY_PART_CHARACTERS_MAX);
  const less = same.slice(1);
  for (const fieldOf of [
    (end: string) => ({ via: via(`;branch=${end}`) }),
    (end: string) => ({ callId: end }),
    (end: string) => ({ from: `<sip:a@h>;tag=${end}` }),
  ]) {
    for (const [one, other, status] of [
      [`${same}a`, `${same}b`, 200],
      [`${less}a`, `${less}b`, 481],
    ] as const) {
      const bench = new Bench();
      assert.equal(bench.statuses(invite(fieldOf(one))).at(-1), 200);
      assert.deepEqual(bench.statuses(cancelOf(fieldOf(other))), [status]);
    }
  }
  const bench = new Bench();
  assert.equal(bench.statuses(invite({ via: via('') })).at(-1), 200);
  assert.deepEqual(bench.statuses(cancelOf({ via: via('') })), [200]);
  assert.deepEqual(bench.statuses(cancelOf()), [481]);
});

test('CANCEL of an INVITE that got no answer gets 481', () => {
  const short = [
    `INVITE sip:${EXTENSION}@h SIP/2.0`,
    'Via: SIP/2.0/UDP h;branch=z9hG4bK1;rport',
    'From: <sip:a@h>;tag=1',
    `To: <sip:${EXTENSION}@h>`,
    'Call-ID: 1',
    'CSeq: 1 INVITE',
    '',
    '',
  ].join('\r\n');
  const bench = new Bench();
  assert.deepEqual(bench.statuses(short), []);
  assert.deepEqual(bench.statuses(short), []);
  const cancel = short
    .replaceAll('INVITE', 'CANCEL')
    .replace('CSeq', `X: ${'x'.repeat(400)}\r\nCSeq`);
  assert.deepEqual(bench.statuses(cancel), [481]);
});

test('487 follows a CANCEL only where it is no longer than the CANCEL allows', () => {
  const bench = provedBench();
  const hops = Array.from({ length: 40 }, (_, hop) => `Via: SIP/2.0/UDP hop${hop}.example:5060`);
  assert.ok(hops.join('\r\n').length > DATAGRAM_OCTETS_MAX);
  const long = invite({ headers: hops });
  assert.deepEqual(bench.statuses(long), [100, 180]);
  assert.deepEqual(bench.statuses(cancelOf()), [200]);
  assert.deepEqual(bench.statuses(long), [487]);
});

test('ACK and INVITE whose CSeq or Via cannot be read are endured', () => {
  const bench = provedBench();
  bench.answers(invite());
  const [answered] = bench.wait((bench.honeypot.nextDueMs() ?? 0) - bench.nowMs);
  assert.deepEqual(bench.statuses(within('ACK', answered).replace('CSeq: 1', 'CSeq: x')), []);
  assert.equal(bench.wait(10_000).length, 3);
  assert.deepEqual(new Bench().statuses(invite({ cseq: 'x' })), [400]);
  assert.deepEqual(new Bench().statuses(invite({ via: 'x' })), [400]);
});

test('an answer is kept for retransmissions up to a length; above it a challenge is made anew', () => {
  const isSame = (callId: string, size: number): boolean => {
    const bench = new Bench();
    const text = registerText(EXTENSION, { callId });
    const [one, other] = [1, 2].map(() => bench.receive(text, TCP).replies[0]);
    assert.equal(one?.length, size);
    return latin1Text(one) === latin1Text(other ?? new Uint8Array());
  };
  const [shortest] = new Bench().receive(registerText(EXTENSION, { callId: 'x' }), TCP).replies;
  const room = KEPT_ANSWER_OCTETS_MAX - (shortest?.length ?? 0) + 1;
  assert.equal(isSame('x'.repeat(room), KEPT_ANSWER_OCTETS_MAX), true);
  assert.equal(isSame('x'.repeat(room + 1), KEPT_ANSWER_OCTETS_MAX + 1), false);
});

test('a call that no datagram could answer only rings: nothing follows, and it is not remembered', () => {
  const bench = provedBench();
  const text = (method: string) =>
    [
      `${method} sip:${EXTENSION}@h SIP/2.0`,
      'Via: SIP/2.0/UDP h;rport;branch=z9hG4bK1',
      'From: <sip:a@h>;tag=1',
      `To: <sip:${EXTENSION}@h>`,
      `Call-ID: ${'x'.repeat(950)}`,
      `CSeq: 1 ${method}`,
      '',
      '',
    ].join('\r\n');
  assert.deepEqual(bench.statuses(text('INVITE')), [100, 180]);
  assert.equal(bench.honeypot.nextDueMs(), undefined);
  assert.deepEqual(bench.statuses(text('CANCEL')), [481]);
});

test('answers that are kept have memory of their own, so that they keep no block of small buffers', () => {
  const bench = provedBench();
  const whole = (octets: Uint8Array | undefined): boolean =>
    octets !== undefined && octets.length === octets.buffer.byteLength;
  bench.receive(invite());
  assert.ok(whole(bench.receive(invite()).replies[0]), 'the answer to a retransmission');
  const [answered] = bench.honeypot.takeDue(bench.honeypot.nextDueMs() ?? 0);
  assert.ok(whole(answered?.octets), 'the answer after ringing');
  const other = provedBench();
  other.receive(invite());
  assert.ok(whole(other.receive(cancelOf()).replies[1]), 'the answer to a call that was cancelled');
});
