// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Observation } from '@sentrypeer/event';
import { computeDigestResponse, parseDigestParams, type SipMessage } from '@sentrypeer/sip';
import { personaNames } from '../src/index.ts';
import {
  ACCOUNTS,
  ATTACKER,
  Bench,
  credentialsFor,
  EXTENSION,
  NOBODY,
  OFFER,
  requestText,
  sample,
  toTagOf,
} from './bench.ts';

/*
 * What attackers' tools send, taken from captures, and how far they get. Each conversation is the tool's own:
 * it sends its next request only where its reader would have.
 */

/** SIPVicious hides its state in the From tag, as hexadecimal text. */
function vicious(payload: string, random = '1234567890'): string {
  return Array.from(`${payload}\u0001${random}`)
    .map((character) => character.charCodeAt(0).toString(16).padStart(2, '0'))
    .join('');
}

/** A request of svwar for an account, made from the captured one for account 100. */
function svwar(file: string, account: string): string {
  return sample(file, [
    ['3130300132323533303835323131', vicious(account)],
    ['31303001333337393935353238', vicious(account)],
    ['"100"', `"${account}"`],
    ['sip:100@', `sip:${account}@`],
  ]);
}

const ACCOUNT_RANGE = Array.from({ length: 100 }, (_, index) => String(100 + index));

for (const persona of personaNames) {
  test(`svmap lists ${persona} as a device and names its product`, () => {
    for (const file of ['svmap-options.sip', 'svmap-options-compact.sip', 'svmap-invite.sip']) {
      const [answer] = new Bench({ persona }).answers(sample(file));
      assert.ok(answer?.statusCode !== undefined, file);
    }
    const [options] = new Bench({ persona }).answers(sample('svmap-options.sip'));
    assert.equal(options?.statusCode, 200);
    assert.ok((options?.header('server') ?? options?.header('user-agent') ?? '') !== '');
  });

  test(`svwar finds the accounts of ${persona} by REGISTER and by OPTIONS, and only those`, () => {
    const existing = ACCOUNT_RANGE.filter((account) => ACCOUNTS.exists(account));
    for (const file of ['svwar-register-100.sip', 'svwar-options-100.sip']) {
      const bench = new Bench({ persona });
      const [absurd] = bench.answers(svwar(file, '1719813943'));
      assert.equal(absurd?.statusCode, 404);
      const found = ACCOUNT_RANGE.filter((account) => {
        const [answer] = bench.answers(svwar(file, account));
        assert.equal(answer?.from?.tag, vicious(account));
        return answer?.statusCode !== absurd?.statusCode;
      });
      assert.deepEqual(found, existing);
    }
    assert.ok(existing.length > 5);
  });

  test(`svwar tells accounts of ${persona} by INVITE, old and new`, () => {
    const invite = (account: string) =>
      sample('svwar-new-invite-sdp.sip', [
        ['1622742859', account],
        ['313632323734323835390133353439303337383332', vicious(account)],
      ]);
    const bench = new Bench({ persona });
    assert.deepEqual(bench.statuses(invite('1622742859')), [404]);
    const [status = 0] = bench.statuses(invite(EXTENSION));
    assert.ok(status === 401 || status === 407);
    assert.deepEqual(bench.statuses(invite(NOBODY)), [404]);
  });

  test(`svcrack guesses at ${persona} until it has the password`, () => {
    const bench = new Bench({ persona });
    let [answer] = bench.answers(
      sample('svcrack-register-first.sip', [['sip:100@', `sip:${EXTENSION}@`]]),
    );
    const needed = ACCOUNTS.guessesNeeded(EXTENSION, ATTACKER);
    for (let count = 0; count <= needed; count += 1) {
      assert.equal(answer?.statusCode, 401, `guess ${count}`);
      const password = count < needed ? `wrong${count}` : EXTENSION;
      const { replies, observation } = bench.receive(svcrack(answer, password, count));
      assert.equal(observation.details?.decodedFromTag, `${EXTENSION}:${password}`);
      assert.equal(observation.grade, 'returned');
      assert.equal(replies.length, 1);
      [answer] = bench.answers(svcrack(answer, password, count));
    }
    assert.equal(answer?.statusCode, 200);
    assert.equal(answer?.from?.tag, vicious(`${EXTENSION}:${EXTENSION}`));
  });
}

/** A guess of svcrack under the newest challenge: same Call-ID and CSeq, nc counts guesses, qop claimed. */
function svcrack(challenge: SipMessage | undefined, password: string, count: number): string {
  const {
    realm = '',
    nonce = '',
    qop,
  } = parseDigestParams(challenge?.header('www-authenticate') ?? '');
  const nc = String(count + 1).padStart(8, '0');
  const cnonce = '3490a881b2e047928bec90448b315f0d';
  const response = computeDigestResponse({
    rule: qop === undefined ? 'rfc2069' : 'rfc2617-auth',
    username: EXTENSION,
    realm,
    password,
    method: 'REGISTER',
    uri: 'sip:127.0.0.1',
    nonce,
    nc,
    cnonce,
    qop: 'auth',
  });
  const counters = qop === undefined ? '' : `cnonce="${cnonce}",nc=${nc},`;
  const text = sample('svcrack-register-auth.sip', [
    ['3130303a77726f6e67310133343932343133383830', vicious(`${EXTENSION}:${password}`)],
    ['sip:100@', `sip:${EXTENSION}@`],
    ['"100" <', `"${EXTENSION}" <`],
  ]);
  const credentials =
    `Authorization: Digest username="${EXTENSION}",realm="${realm}",nonce="${nonce}",` +
    `uri="sip:127.0.0.1",${counters}algorithm=MD5,qop=auth,response="${response}"`;
  return `${text.slice(0, text.indexOf('Authorization:'))}${credentials}\r\n\r\n`;
}

test('nmap finds accounts, guesses from a new port each time and gets in; its absurd accounts never exist', () => {
  const bench = new Bench();
  assert.deepEqual(bench.statuses(sample('nmap-sip-enum-users-probe.sip')), [404]);
  assert.deepEqual(bench.statuses(sample('nmap-sip-brute-baduser.sip')), [404]);
  const register = sample('nmap-sip-enum-users-100.sip', [['sip:100@', `sip:${EXTENSION}@`]]);
  const needed = ACCOUNTS.guessesNeeded(EXTENSION, ATTACKER);
  const statuses: number[] = [];
  for (let count = 0; count <= needed; count += 1) {
    const sourcePort = 30_000 + count;
    const [challenge] = bench.answers(register, { sourcePort });
    const value = challenge?.header('www-authenticate') ?? '';
    assert.ok(value.includes('algorithm=MD5,'), value);
    const password = count < needed ? `wrong${count}` : EXTENSION;
    const guess = { user: EXTENSION, password, uri: 'sip:127.0.0.1' };
    const text = register.replace(
      'Content-Length',
      `${credentialsFor(challenge, guess)}\r\nContent-Length`,
    );
    statuses.push(...bench.statuses(text, { sourcePort }));
  }
  assert.deepEqual(statuses, [...Array.from({ length: needed }, () => 401), 200]);
});

test('nmap reads the methods and the product, over UDP and TCP', () => {
  for (const persona of personaNames) {
    const bench = new Bench({ persona });
    const [udp] = bench.answers(sample('nmap-sip-methods-udp.sip'));
    assert.ok(udp?.header('allow')?.includes('INVITE'), persona);
    const [tcp] = bench.answers(sample('nmap-version-probe-tcp.sip'), { transport: 'TCP' });
    assert.ok((tcp?.header('server') ?? tcp?.header('user-agent')) !== undefined);
  }
  assert.deepEqual(new Bench().statuses(sample('nmap-empty-datagram.bin')), []);
});

test('nmap spoofs a call over TCP and hears 100, 180 and 200', () => {
  const bench = new Bench();
  const text = sample('nmap-sip-call-spoof.sip', [['To: <sip:100@', `To: <sip:${EXTENSION}@`]]);
  assert.deepEqual(bench.statuses(text, { transport: 'TCP' }), [100, 180]);
  assert.equal(bench.wait(10_000)[0]?.statusCode, 200);
});

test('sipp calls an account over UDP, is answered, acknowledges and hangs up', () => {
  const bench = new Bench();
  const called = [['00442071234567', EXTENSION]] as const;
  const [answered] = bench.answers(sample('sipp-uac-invite.sip', called));
  assert.equal(answered?.statusCode, 200);
  const dialog = [...called, ['asaec3d97d', toTagOf(answered)], ['1-3436@', '1-3436@']] as const;
  const ack = bench.receive(sample('sipp-uac-ack.sip', dialog));
  assert.deepEqual([ack.replies.length, ack.observation.grade], [0, 'returned']);
  assert.deepEqual(bench.statuses(sample('sipp-uac-bye.sip', dialog)), [200]);
  assert.deepEqual(bench.wait(60_000), []);
});

test('sipp calls one number again and again until a call is taken', () => {
  const bench = new Bench();
  const statuses = Array.from({ length: 8 }, (_, index) =>
    bench.statuses(sample('sipp-uac-invite.sip', [['1-3436@', `${index}-3436@`]])),
  );
  assert.deepEqual(statuses[0], [404]);
  assert.deepEqual(statuses.at(-1), [200]);
});

test('sipsak repeats the same datagram and gets the same answer; its user name ends in @', () => {
  const bench = new Bench();
  const account = [['sip:100@', `sip:${EXTENSION}@`]] as const;
  const text = sample('sipsak-register.sip', account);
  const first = bench.receive(text).replies;
  for (let count = 1; count < 8; count += 1) {
    bench.nowMs += 4000;
    assert.deepEqual(bench.receive(text).replies, first);
  }
  const needed = ACCOUNTS.guessesNeeded(EXTENSION, ATTACKER);
  let status = 0;
  for (let count = 0; count <= needed; count += 1) {
    bench.nowMs += 20;
    const [challenge] = bench.answers(
      sample('sipsak-register.sip', [...account, ['CSeq: ', `CSeq: ${count}`]]),
    );
    const guess = { user: `${EXTENSION}@`, password: EXTENSION, uri: 'sip:127.0.0.1' };
    const credentials = credentialsFor(challenge, guess);
    [status = 0] = bench.statuses(text.replace('\r\n', `\r\n${credentials}\r\n`));
  }
  assert.equal(status, 200);
});

test('sippts comes back with the branch of its first INVITE and the Via of our answer', () => {
  const bench = new Bench({ persona: 'freeswitch' });
  const branch = 'x'.repeat(71);
  const from = `<sip:${EXTENSION}@10.0.0.1>;tag=9c2d`;
  const invite = (via: string, cseq: string, headers: readonly string[] = []) =>
    requestText({
      method: 'INVITE',
      uri: 'sip:00442071234567@203.0.113.5',
      via,
      from,
      cseq,
      body: OFFER,
      headers: ['Content-Type: application/sdp', ...headers],
    });
  const asked = `SIP/2.0/UDP 10.0.0.1:5060;branch=${branch};rport`;
  // Its first calls are refused; it calls with the credentials that it received.
  const statuses = [1, 2, 3, 4, 5].map((cseq) =>
    bench.statuses(invite(asked, String(cseq))).at(-1),
  );
  assert.equal(statuses[0], 404);
  const [challenge] = bench.answers(
    invite(asked, '6', [
      'Authorization: Digest username="' + EXTENSION + '", realm="", nonce="0", response="0"',
    ]),
  );
  assert.equal(challenge?.statusCode, 407);
  const [via = ''] = challenge?.headerValues('via') ?? [];
  assert.equal(via, `${asked}=5070;received=198.51.100.25`);
  const guess = {
    user: EXTENSION,
    password: 'wrong',
    method: 'INVITE',
    uri: 'sip:00442071234567@203.0.113.5',
  };
  const again = bench.receive(invite(via, '7', [credentialsFor(challenge, guess)]));
  assert.equal(again.observation.grade, 'returned');
  assert.equal(again.replies.length, 1);
});

test('Mr.SIP enumerates by SUBSCRIBE with bare line feeds and unclosed brackets', () => {
  const bench = new Bench();
  const subscribe = (account: string) =>
    [
      `SUBSCRIBE sip:${account}@203.0.113.5 SIP/2.0`,
      'Via: SIP/2.0/UDP 198.51.100.25:31337;rport;branch=z9hG4bK-3154559707',
      `From: <sip:${account}@198.51.100.25;tag=123456`,
      `To: <sip:${account}@203.0.113.5>`,
      `Call-ID: ${account}3c2`,
      'CSeq: 1 SUBSCRIBE',
      `Contact: <sip:${account}@198.51.100.25>`,
      'Max-Forwards: 70',
      'Event: presence',
      'Accept:application/pidf+xml',
      'Content-Length: 0',
      '',
      '',
    ].join('\n');
  assert.deepEqual(bench.statuses(subscribe(EXTENSION)), [401]);
  assert.deepEqual(bench.statuses(subscribe(NOBODY)), [404]);
});

test('Metasploit asks without an empty line at the end and is answered all the same', () => {
  const text = requestText({ uri: `sip:${EXTENSION}@203.0.113.5` });
  assert.deepEqual(new Bench().statuses(text.slice(0, -2)), [200]);
});

test('viproy sends PRACK after our 180, though nobody asked for it', () => {
  const prack = requestText({ method: 'PRACK', headers: ['RAck: 1 1 INVITE'] });
  assert.deepEqual(new Bench({ persona: 'cisco' }).statuses(prack), [481]);
});

test('what is observed of a svwar request has everything that a reader needs', () => {
  const { observation } = new Bench().receive(sample('svwar-register-100.sip'));
  assert.equal(observation.sipMessage.length, 353);
  const expected: Omit<Observation, 'sipMessage'> = {
    eventEpochUs: 1_772_366_401_000_000,
    collectedMethod: 'responsive',
    transportType: 'UDP',
    grade: 'seen',
    messageKind: 'request',
    sourceIp: ATTACKER,
    sourcePort: 5070,
    destinationIp: '203.0.113.5',
    destinationPort: 5060,
    calledNumber: '100',
    calledNumberSource: 'to',
    sipMethod: 'REGISTER',
    userAgent: 'friendly-scanner',
    requestUri: 'sip:127.0.0.1',
    toUri: 'sip:100@127.0.0.1',
    toUser: '100',
    fromUri: 'sip:100@127.0.0.1',
    fromUser: '100',
    anomalies: [],
    details: { decodedFromTag: '100', callId: '3566700365' },
  };
  for (const [name, value] of Object.entries(expected)) {
    assert.deepEqual(observation[name as keyof Observation], value, name);
  }
});

test('what only some messages carry is observed where it is', () => {
  const { details } = new Bench().receive(
    requestText({
      method: 'INVITE',
      uri: 'sip:100:secret@203.0.113.5;phone-context=private',
      headers: [
        'P-Asserted-Identity: "Boss" <sip:+442071234567@a>',
        'P-Preferred-Identity: <sip:pref@a>',
        'Remote-Party-ID: <sip:party@a>;party=calling',
        'Diversion: <sip:first@a>;reason=unconditional',
        'Refer-To: <sip:elsewhere@b>',
        'Authorization: Basic dXNlcjpwYXNz',
      ],
    }),
  ).observation;
  assert.deepEqual(details, {
    phoneContext: 'private',
    uriPassword: 'secret',
    assertedIdentity: '"Boss" <sip:+442071234567@a>',
    preferredIdentity: '<sip:pref@a>',
    remotePartyId: '<sip:party@a>;party=calling',
    diversion: '<sip:first@a>;reason=unconditional',
    referTo: '<sip:elsewhere@b>',
    authorizationScheme: 'Basic',
    callId: '84f0a1d29c',
  });
});
