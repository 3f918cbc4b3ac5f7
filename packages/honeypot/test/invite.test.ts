// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latin1Text } from '@sentrypeer/bytes';
import { RING_MS_MAX, RING_MS_MIN } from '../src/limits.ts';
import {
  ATTACKER,
  Bench,
  credentialsFor,
  EXTENSION,
  OFFER,
  type Overrides,
  requestText,
  sample,
  toTagOf,
} from './bench.ts';
import { invite, provedBench, TCP, within } from './dialogue.ts';

test('INVITE of an unproved source with an offer gets 180 and a lean 200 at once, and nothing later', () => {
  const bench = new Bench();
  const [ringing, answered, ...more] = bench.answers(invite());
  assert.deepEqual([ringing?.statusCode, answered?.statusCode, more.length], [180, 200, 0]);
  assert.equal(toTagOf(ringing), toTagOf(answered));
  assert.equal(answered?.header('contact'), `<sip:${EXTENSION}@203.0.113.5:5060>`);
  assert.ok(latin1Text(answered?.body ?? new Uint8Array()).includes('c=IN IP4 203.0.113.5\r\n'));
  assert.deepEqual(bench.wait(60_000), []);
});

test('INVITE of an unproved source gets less when it is shorter: only the 200, a challenge, nothing', () => {
  const withOffer = sample('sipp-uac-invite.sip', [['00442071234567', EXTENSION]]);
  assert.deepEqual(new Bench().statuses(withOffer), [200]);
  const short = sample('svmap-invite.sip', [['sip:100@127.0.0.1', `sip:${EXTENSION}@127.0.0.1`]]);
  assert.deepEqual(new Bench().statuses(short), [401]);
  assert.deepEqual(new Bench({ persona: 'freeswitch' }).statuses(short), [407]);
  const shortest = [
    `INVITE sip:${EXTENSION}@h SIP/2.0`,
    'Via: SIP/2.0/UDP h;rport',
    'From: <sip:a@h>;tag=1',
    `To: <sip:${EXTENSION}@h>`,
    'Call-ID: 1',
    'CSeq: 1 INVITE',
    '',
    '',
  ].join('\r\n');
  assert.deepEqual(new Bench().statuses(shortest), []);
});

test('INVITE of a proved source rings, is answered after a while and repeated until the ACK', () => {
  const bench = provedBench();
  const [trying, ringing] = bench.answers(invite());
  assert.deepEqual([trying?.statusCode, ringing?.statusCode], [100, 180]);
  assert.equal(trying?.to?.tag, undefined);
  assert.deepEqual(bench.wait(RING_MS_MIN - 1), []);
  const [answered, ...more] = bench.wait(RING_MS_MAX);
  assert.deepEqual([answered?.statusCode, more.length], [200, 3]);
  assert.equal(toTagOf(answered), toTagOf(ringing));
  assert.ok(answered?.header('content-type') === 'application/sdp');
});

test('INVITE of a proved source is answered three more times at T1, 2 T1, 4 T1 and then no more', () => {
  const bench = provedBench();
  bench.answers(invite());
  const times: number[] = [];
  for (let dueMs = bench.honeypot.nextDueMs(); dueMs !== undefined;) {
    assert.equal(bench.honeypot.takeDue(dueMs).length, 1);
    times.push(dueMs);
    dueMs = bench.honeypot.nextDueMs();
  }
  const [first = 0] = times;
  assert.deepEqual(
    times.map((dueMs) => dueMs - first),
    [0, 500, 1500, 3500],
  );
});

test('ACK ends the repetitions, whatever its branch, and is never answered', () => {
  const bench = provedBench();
  bench.answers(invite());
  const [answered] = bench.wait(bench.honeypot.nextDueMs() ?? 0);
  assert.deepEqual(bench.statuses(within('ACK', answered)), []);
  assert.deepEqual(bench.wait(60_000), []);
});

test('ACK of another call or number ends nothing', () => {
  const bench = provedBench();
  const [, ringing] = bench.answers(invite());
  assert.deepEqual(bench.statuses(within('ACK', ringing, '9')), []);
  assert.deepEqual(bench.statuses(within('ACK', ringing).replace('84f0a1d29c', 'other')), []);
  assert.deepEqual(
    bench.wait(60_000).map(({ statusCode }) => statusCode),
    [200, 200, 200, 200],
  );
});

test('a refused INVITE of a proved source is repeated over UDP until the ACK, and not on streams', () => {
  const call = (bench: Bench, overrides: Overrides = {}) => {
    const text = requestText({ method: 'INVITE', uri: 'sip:00442071234567@203.0.113.5' });
    const [refused] = bench.answers(text, overrides);
    assert.equal(refused?.statusCode, 404);
    return refused;
  };
  const bench = provedBench();
  const refused = call(bench);
  assert.equal(bench.wait(500).length, 1);
  bench.answers(within('ACK', refused));
  assert.deepEqual(bench.wait(60_000), []);
  const stream = new Bench();
  call(stream, TCP);
  assert.deepEqual(stream.wait(60_000), []);
  const unproved = new Bench();
  call(unproved);
  assert.equal(unproved.honeypot.nextDueMs(), undefined);
});

test('INVITE on a stream rings without further proof, and its 200 is repeated there too', () => {
  const bench = new Bench();
  assert.deepEqual(bench.statuses(invite(), TCP), [100, 180]);
  const answers = bench.wait(60_000);
  assert.deepEqual(
    answers.map(({ statusCode }) => statusCode),
    [200, 200, 200, 200],
  );
  assert.ok(answers[0]?.header('contact')?.endsWith(';transport=tcp>'));
});

test('a retransmitted INVITE gets the last answer: ringing first, then the 200', () => {
  const bench = provedBench();
  const [, ringing] = bench.receive(invite()).replies;
  assert.deepEqual(bench.receive(invite()).replies, [ringing]);
  const [answered] = bench.wait(bench.honeypot.nextDueMs() ?? 0);
  assert.deepEqual(bench.receive(invite()).replies, [answered?.octets]);
});

test('INVITE with the branch of an earlier one and the next CSeq is a new request', () => {
  const bench = new Bench();
  bench.answers(invite({ cseq: '1' }), TCP);
  assert.deepEqual(bench.statuses(invite({ cseq: '2' }), TCP), [100, 180]);
});

test('CANCEL of a ringing INVITE gets 200, the INVITE 487, and all three answers one tag', () => {
  const bench = provedBench();
  const [, ringing] = bench.answers(invite());
  const cancel = requestText({ method: 'CANCEL', uri: `sip:${EXTENSION}@203.0.113.5` });
  const [cancelled, terminated] = bench.answers(cancel);
  assert.deepEqual([cancelled?.statusCode, cancelled?.cseq?.method], [200, 'CANCEL']);
  assert.deepEqual([terminated?.statusCode, terminated?.cseq?.method], [487, 'INVITE']);
  assert.equal(toTagOf(cancelled), toTagOf(ringing));
  assert.equal(toTagOf(terminated), toTagOf(ringing));
  assert.deepEqual(bench.statuses(invite()), [487]);
  assert.deepEqual(bench.statuses(cancel), [200]);
  assert.deepEqual(
    bench.wait(600).map(({ statusCode }) => statusCode),
    [487],
  );
  bench.answers(within('ACK', terminated));
  assert.deepEqual(bench.wait(60_000), []);
});

test('CANCEL of an answered INVITE gets only 200, and 481 if branch, number or source differ', () => {
  const bench = new Bench();
  const cancel = (cseq: string, via?: string) =>
    requestText({
      method: 'CANCEL',
      uri: `sip:${EXTENSION}@203.0.113.5`,
      cseq,
      ...(via === undefined ? {} : { via }),
    });
  assert.deepEqual(bench.statuses(invite()), [180, 200]);
  assert.deepEqual(bench.statuses(cancel('1')), [200]);
  assert.deepEqual(bench.statuses(cancel('2')), [481]);
  assert.deepEqual(bench.statuses(cancel('1', 'SIP/2.0/UDP h;branch=z9hG4bK-1;rport')), [481]);
  assert.deepEqual(bench.statuses(cancel('1'), { sourceIp: '192.0.2.9' }), [481]);
});

test('BYE with our tag gets 200 and ends the repetitions; with another one 481', () => {
  const bench = provedBench();
  bench.answers(invite());
  const [answered] = bench.wait(bench.honeypot.nextDueMs() ?? 0);
  const bye = within('BYE', answered, '2');
  assert.deepEqual(bench.statuses(bye.replace(toTagOf(answered), 'as00000000')), [481]);
  assert.deepEqual(bench.statuses(bye, { sourceIp: '192.0.2.9' }), [481]);
  assert.deepEqual(bench.statuses(bye), [200]);
  assert.deepEqual(bench.wait(60_000), []);
});

test('BYE with our tag gets 200 also in a thread that never saw the INVITE', () => {
  const [answered] = new Bench().answers(invite());
  const other = new Bench();
  const judgement = other.receive(within('BYE', answered, '2'));
  assert.equal(judgement.observation.grade, 'returned');
  assert.ok(latin1Text(judgement.replies[0] ?? new Uint8Array()).startsWith('SIP/2.0 200'));
});

test('re-INVITE with our tag is answered at once with the same tag; with another one 481', () => {
  const bench = new Bench();
  const [answered] = bench.answers(invite());
  const again = (tag: string) =>
    requestText({
      method: 'INVITE',
      uri: `sip:${EXTENSION}@203.0.113.5`,
      to: `<sip:${EXTENSION}@203.0.113.5>;tag=${tag}`,
      cseq: '2',
      body: OFFER,
    });
  const [held] = bench.answers(again(toTagOf(answered)));
  assert.equal(held?.statusCode, 200);
  assert.equal(held?.header('to'), `<sip:${EXTENSION}@203.0.113.5>;tag=${toTagOf(answered)}`);
  assert.deepEqual(bench.statuses(again('as00000000')), [481]);
});

test('Record-Route is copied into what makes a dialog, and not into refusals', () => {
  const headers = ['Record-Route: <sip:one.example;lr>', 'Record-Route: <sip:two.example;lr>'];
  const routes = ['<sip:one.example;lr>', '<sip:two.example;lr>'];
  const [, ringing] = new Bench().answers(invite({ headers }), TCP);
  assert.deepEqual(ringing?.headerValues('record-route'), routes);
  const text = requestText({ method: 'INVITE', uri: 'sip:00442071234567@h', headers });
  assert.deepEqual(new Bench().answers(text, TCP)[0]?.headerValues('record-route'), []);
});

test('INVITE sweeps are refused first and then one is accepted, on any transport', () => {
  for (const transport of ['UDP', 'TCP', 'TLS'] as const) {
    const bench = new Bench();
    const statuses = Array.from({ length: 10 }, (_, index) => {
      const uri = `sip:${index}00442071234567@203.0.113.5`;
      const text = requestText({ method: 'INVITE', uri, callId: `call${index}`, body: OFFER });
      return bench.statuses(text, { transport }).at(-1);
    });
    const accepted = transport === 'UDP' ? 200 : 180;
    assert.ok(statuses.indexOf(accepted) >= 3, statuses.join(' '));
    assert.ok(statuses.slice(0, 3).every((status) => status === 404));
    assert.equal(statuses.filter((status) => status === accepted).length, 1);
  }
});

test('INVITE with credentials is a guess like REGISTER, answered with the challenge again', () => {
  const bench = new Bench({ persona: 'kamailio' });
  const to = `<sip:${EXTENSION}@203.0.113.5>`;
  const from = `<sip:${EXTENSION}@203.0.113.5>;tag=3206210844`;
  const fields = { method: 'INVITE', uri: 'sip:203.0.113.5', to, from };
  assert.deepEqual(bench.statuses(requestText(fields), TCP), [407]);
  const [challenge] = bench.answers(requestText(fields));
  assert.equal(challenge?.statusCode, 407);
  const guess = { user: EXTENSION, password: 'x', method: 'INVITE' };
  const headers = [credentialsFor(challenge, guess)];
  const judgement = bench.receive(requestText({ ...fields, headers }));
  assert.equal(judgement.observation.grade, 'returned');
  assert.ok(latin1Text(judgement.replies[0] ?? new Uint8Array()).startsWith('SIP/2.0 407'));
  assert.equal(judgement.observation.details?.digest?.user, EXTENSION);
});

test('delayed replies name the path and the source that the INVITE came from', () => {
  const bench = new Bench();
  bench.receive(invite(), { ...TCP, path: 'connection 7', sourcePort: 40_000 });
  const [reply] = bench.honeypot.takeDue(bench.honeypot.nextDueMs() ?? 0);
  assert.deepEqual(
    [reply?.path, reply?.sourceIp, reply?.sourcePort],
    ['connection 7', ATTACKER, 40_000],
  );
});

test('requests within a call of ours are taken, and nobody is called for them', () => {
  for (const [method, status] of [
    ['INFO', 200],
    ['UPDATE', 200],
    ['MESSAGE', 200],
    ['BYE', 200],
    ['REFER', 603],
    ['PUBLISH', 603],
    ['NOTIFY', 481],
    ['PRACK', 481],
  ] as const) {
    const bench = new Bench({ persona: 'freeswitch' });
    const [, ringing] = bench.answers(invite(), TCP);
    assert.deepEqual(bench.statuses(within(method, ringing, '2'), TCP), [status], method);
    const strange = within(method, ringing, '3').replace(toTagOf(ringing), 'x'.repeat(13));
    assert.deepEqual(bench.statuses(strange, TCP), [481], method);
  }
});

test('the right password is accepted in every method, and none of them does what it asks', () => {
  for (const [method, status] of [
    ['SUBSCRIBE', 489],
    ['MESSAGE', 404],
    ['PUBLISH', 404],
    ['NEWMETHOD', 404],
  ] as const) {
    const bench = new Bench({ persona: 'kamailio' });
    bench.honeypot.win(EXTENSION);
    const uri = `sip:${EXTENSION}@203.0.113.5`;
    const text = (headers: readonly string[], callId: string) =>
      requestText({ method, uri, from: `<${uri}>;tag=7f2a`, headers, callId });
    const [challenge] = bench.answers(text([], 'first'), TCP);
    assert.ok([401, 407].includes(challenge?.statusCode ?? 0), method);
    const guess = (password: string) => {
      const headers = [credentialsFor(challenge, { user: EXTENSION, password, method })];
      const { replies, observation } = bench.receive(text(headers, password), TCP);
      const code = Number(latin1Text(replies[0] ?? new Uint8Array()).slice(8, 11));
      return [code, observation.details?.registered];
    };
    assert.deepEqual(guess('wrong'), [challenge?.statusCode, undefined], method);
    assert.deepEqual(guess(EXTENSION), [status, true], method);
  }
});

test('a challenge that was asked for twice is the same, because the first may have been lost', () => {
  for (const method of ['SUBSCRIBE', 'MESSAGE', 'NEWMETHOD', 'REGISTER']) {
    const bench = new Bench({ persona: 'freeswitch' });
    const uri = `sip:${EXTENSION}@203.0.113.5`;
    const text = requestText({ method, uri });
    assert.deepEqual(bench.receive(text).replies, bench.receive(text).replies, method);
  }
});

test('OPTIONS has the Contact of a product that has one everywhere, and is 200 for a scan', () => {
  const contactOf = (persona: string, uri = 'sip:203.0.113.5') =>
    new Bench({ persona }).answers(requestText({ uri }), TCP)[0]?.header('contact');
  assert.equal(contactOf('asterisk'), '<sip:203.0.113.5:5060;transport=tcp>');
  assert.equal(contactOf('cisco'), undefined);
  assert.equal(contactOf('asterisk', 'sip:99999999@h'), undefined, 'not for nobody');
  const scan = sample('svmap-options.sip');
  assert.deepEqual(new Bench().statuses(scan), [200]);
});
