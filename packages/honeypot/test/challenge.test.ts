// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accountOf } from '../src/authenticator.ts';
import { SOURCE_LIFETIME_MS } from '../src/limits.ts';
import {
  ACCOUNTS,
  ATTACKER,
  Bench,
  credentialsFor,
  EXTENSION,
  type Overrides,
  registerText,
  type RequestFields,
} from './bench.ts';
import { TCP } from './dialogue.ts';

const challengeOf = (persona: string, fields: RequestFields = {}, overrides: Overrides = TCP) =>
  new Bench({ persona })
    .answers(registerText(EXTENSION, fields), overrides)[0]
    ?.header('www-authenticate') ?? '';

const realmFor = (persona: string, host: string): string =>
  challengeOf(persona, { from: `<sip:a@${host}>;tag=1` })
    .split('realm="')[1]
    ?.split('"')[0] ?? '';

test('the realm is the caller’s own host where the product has it so and tools can read it', () => {
  const own = realmFor('kamailio', 'a-b');
  for (const host of ['pbx.example', '10.0.0.1', 'A_z.09', 'x'.repeat(64)]) {
    assert.equal(realmFor('kamailio', host), host);
    assert.notEqual(realmFor('opensips', host), host);
  }
  for (const host of ['a-b', 'x'.repeat(65), '[2001:db8::1]', 'a[b', 'a`b', 'a{b', 'a/b', 'a+b']) {
    assert.equal(realmFor('kamailio', host), own, host);
  }
  assert.equal(realmFor('kamailio', ''), own);
});

test('accountOf() is what comes before the first @', () => {
  assert.deepEqual(['100', '100@', '100@pbx@x', '@pbx', ''].map(accountOf), [
    '100',
    '100',
    '100',
    '',
    '',
  ]);
});

test('a challenge has what the product offers, and less where there is no room for it', () => {
  const formOf = (value: string): string =>
    ['opaque="', 'qop="auth"', 'algorithm=MD5'].filter((part) => value.includes(part)).join(' ');
  const seenBy = (persona: string): readonly string[] => {
    const forms = new Set<string>();
    for (let padding = 400; padding >= 0; padding -= 8) {
      const text = registerText(EXTENSION, { headers: [`X: ${'x'.repeat(padding)}`] });
      const short = text.replace(/^User-Agent:.*\r\n/mu, '').replace(/^Contact:.*\r\n/mu, '');
      const [answer] = new Bench({ persona }).answers(short);
      if (answer !== undefined) forms.add(formOf(answer.header('www-authenticate') ?? ''));
    }
    return [...forms];
  };
  const whole = 'opaque=" qop="auth" algorithm=MD5';
  assert.equal(formOf(challengeOf('asterisk-pjsip')), whole);
  assert.deepEqual(seenBy('asterisk-pjsip').slice(0, 3), [
    whole,
    'qop="auth" algorithm=MD5',
    'algorithm=MD5',
  ]);
  assert.deepEqual(seenBy('cisco').slice(0, 2), ['qop="auth" algorithm=MD5', 'algorithm=MD5']);
  assert.deepEqual(seenBy('asterisk'), ['algorithm=MD5', '']);
});

test('a challenge after no or a fresh nonce does not say that it was too old', () => {
  for (const persona of ['asterisk', 'asterisk-pjsip', 'freeswitch', 'kamailio']) {
    assert.ok(!challengeOf(persona).includes('stale'));
    const bench = new Bench({ persona });
    const [challenge] = bench.answers(registerText(EXTENSION), TCP);
    const headers = [credentialsFor(challenge, { user: EXTENSION, password: 'x' })];
    const [again] = bench.answers(registerText(EXTENSION, { headers }), TCP);
    assert.ok(again?.header('www-authenticate')?.includes('nonce='));
    assert.ok(!again?.header('www-authenticate')?.includes('stale'));
  }
});

/** Statuses of one guess after another, each in a call of its own. */
function guesser(bench: Bench): (password: string, user?: string) => number {
  let count = 0;
  return (password, user = EXTENSION) => {
    count += 1;
    const [challenge] = bench.answers(registerText(EXTENSION, { callId: `a${count}` }));
    const headers = [credentialsFor(challenge, { user, password })];
    return bench.statuses(registerText(EXTENSION, { callId: `b${count}`, headers }))[0] ?? 0;
  };
}

test('the right password counts after exactly as many guesses as this source needs', () => {
  const guess = guesser(new Bench());
  const needed = ACCOUNTS.guessesNeeded(EXTENSION, ATTACKER);
  for (let count = 1; count < needed; count += 1) assert.equal(guess('wrong'), 401);
  assert.deepEqual([guess(EXTENSION), guess(EXTENSION)], [401, 200]);
});

test('credentials without a name are no guess, and are challenged again', () => {
  const bench = new Bench();
  bench.honeypot.win(EXTENSION);
  const [challenge] = bench.answers(registerText(EXTENSION));
  const whole = credentialsFor(challenge, { user: EXTENSION, password: EXTENSION });
  const headers = [whole.replace(`username="${EXTENSION}", `, '')];
  assert.deepEqual(bench.statuses(registerText(EXTENSION, { headers })), [401]);
  assert.deepEqual(bench.statuses(registerText(EXTENSION, { headers: [whole] })), [200]);
});

test('guesses at another account count as well, but never win this one', () => {
  const guess = guesser(new Bench());
  const needed = ACCOUNTS.guessesNeeded(EXTENSION, ATTACKER);
  for (let count = 0; count < needed; count += 1) assert.equal(guess(EXTENSION, 'other'), 401);
  assert.equal(guess(EXTENSION), 200);
});

test('a password that was found is forgotten after a day', () => {
  for (const [ms, status] of [
    [SOURCE_LIFETIME_MS - 1, 200],
    [SOURCE_LIFETIME_MS, 401],
  ] as const) {
    const bench = new Bench();
    bench.honeypot.win(EXTENSION);
    bench.nowMs += ms;
    assert.equal(guesser(bench)(EXTENSION), status);
  }
});
