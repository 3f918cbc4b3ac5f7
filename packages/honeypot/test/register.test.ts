// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latin1Text } from '@sentrypeer/bytes';
import type { SipMessage } from '@sentrypeer/sip';
import { NONCE_FRESH_MS } from '../src/limits.ts';
import {
  ACCOUNTS,
  ATTACKER,
  Bench,
  credentialsFor,
  EXTENSION,
  NOBODY,
  type Overrides,
  registerText,
} from './bench.ts';

/** Registers with a password under a fresh challenge; each attempt is a separate call. */
class Guesser {
  readonly bench: Bench;
  readonly #account: string;
  readonly #overrides: Overrides;
  #attempt = 0;

  constructor(bench: Bench, account = EXTENSION, overrides: Overrides = {}) {
    this.bench = bench;
    this.#account = account;
    this.#overrides = overrides;
  }

  challenge(): SipMessage | undefined {
    this.#attempt += 1;
    const text = registerText(this.#account, { callId: `first${this.#attempt}` });
    return this.bench.answers(text, this.#overrides)[0];
  }

  guess(password: string, headers: readonly string[] = []): SipMessage | undefined {
    const credentials = credentialsFor(this.challenge(), { user: this.#account, password });
    const text = registerText(this.#account, {
      callId: `guess${this.#attempt}`,
      headers: [credentials, ...headers],
    });
    return this.bench.answers(text, this.#overrides)[0];
  }

  /** As if the password had been found before, so that the right guess counts at once. */
  known(): this {
    this.bench.honeypot.win(this.#account);
    return this;
  }

  /** Guesses wrongly until the right guess would count. */
  wearDown(): this {
    const needed = ACCOUNTS.guessesNeeded(this.#account, this.#overrides.sourceIp ?? ATTACKER);
    for (let count = 0; count < needed; count += 1) {
      assert.equal(this.guess(`wrong${count}`)?.statusCode, 401);
    }
    return this;
  }
}

test('REGISTER is challenged in the shape that every tool reads, each time with another nonce', () => {
  const guesser = new Guesser(new Bench());
  const challenges = [guesser.challenge(), guesser.challenge()].map((answer) =>
    answer?.header('www-authenticate'),
  );
  assert.equal(new Set(challenges).size, 2);
  for (const challenge of challenges) {
    assert.ok(challenge?.startsWith('Digest algorithm=MD5, realm="'));
  }
});

test('REGISTER with the right password is refused early and accepted late', () => {
  const guesser = new Guesser(new Bench());
  assert.equal(guesser.guess(EXTENSION)?.statusCode, 401);
  guesser.wearDown();
  assert.equal(guesser.guess('wrong')?.statusCode, 401);
  assert.equal(guesser.guess(EXTENSION)?.statusCode, 200);
  assert.equal(guesser.guess('wrong')?.statusCode, 401);
  assert.equal(guesser.guess(EXTENSION)?.statusCode, 200);
});

test('REGISTER with a password that was found is accepted from any source', () => {
  const bench = new Bench();
  new Guesser(bench).wearDown().guess(EXTENSION);
  const accomplice = new Guesser(bench, EXTENSION, { sourceIp: '192.0.2.77' });
  assert.equal(accomplice.guess(EXTENSION)?.statusCode, 200);
});

test('REGISTER with a password that was found in another thread is accepted at once', () => {
  const bench = new Bench();
  new Guesser(bench).wearDown().guess(EXTENSION);
  assert.deepEqual(bench.won, [EXTENSION]);
  const elsewhere = new Bench();
  elsewhere.honeypot.win(EXTENSION);
  assert.equal(new Guesser(elsewhere).guess('wrong')?.statusCode, 401);
  assert.equal(new Guesser(elsewhere).guess(EXTENSION)?.statusCode, 200);
  assert.deepEqual(elsewhere.won, []);
});

test('REGISTER of an account that does not exist is never accepted', () => {
  const bench = new Bench();
  new Guesser(bench).wearDown();
  const challenge = new Guesser(bench).challenge();
  const credentials = credentialsFor(challenge, { user: NOBODY, password: NOBODY });
  assert.deepEqual(bench.statuses(registerText(NOBODY, { headers: [credentials] })), [404]);
});

test('REGISTER with credentials of another account than To is not accepted', () => {
  const guesser = new Guesser(new Bench()).known();
  const credentials = credentialsFor(guesser.challenge(), { user: NOBODY, password: EXTENSION });
  assert.deepEqual(
    guesser.bench.statuses(registerText(EXTENSION, { headers: [credentials] })),
    [401],
  );
});

test('REGISTER with the right password under a nonce that is not ours is not accepted', () => {
  const guesser = new Guesser(new Bench()).known();
  const [challenge] = new Bench().answers(registerText(EXTENSION), { sourceIp: '192.0.2.9' });
  const credentials = credentialsFor(challenge, { user: EXTENSION, password: EXTENSION });
  const text = registerText(EXTENSION, { headers: [credentials] });
  assert.deepEqual(guesser.bench.statuses(text), [401]);
  assert.deepEqual(guesser.bench.statuses(text, { transport: 'TCP' }), [401]);
  assert.equal(guesser.guess(EXTENSION)?.statusCode, 200);
});

test('REGISTER counts a retransmitted guess once and answers it with the same octets', () => {
  const { bench } = new Guesser(new Bench());
  const challenge = new Guesser(bench).challenge();
  const credentials = credentialsFor(challenge, { user: EXTENSION, password: 'wrong' });
  const text = registerText(EXTENSION, { headers: [credentials] });
  const first = bench.receive(text).replies;
  bench.nowMs += 31_999;
  assert.deepEqual(bench.receive(text).replies, first);
  bench.nowMs += 1;
  assert.notDeepEqual(bench.receive(text).replies, first);
});

test('REGISTER that was accepted is accepted again with the same octets', () => {
  const { bench } = new Guesser(new Bench()).known();
  const [challenge] = bench.answers(registerText(EXTENSION));
  const headers = [credentialsFor(challenge, { user: EXTENSION, password: EXTENSION })];
  const text = registerText(EXTENSION, { headers });
  const { replies } = bench.receive(text);
  bench.nowMs += 2000;
  assert.deepEqual(bench.receive(text).replies, replies);
});

test('REGISTER from another port or over another transport is not a retransmission', () => {
  const bench = new Bench();
  const text = registerText(EXTENSION);
  const first = bench.receive(text).replies;
  assert.notDeepEqual(bench.receive(text, { sourcePort: 5071 }).replies, first);
  assert.notDeepEqual(bench.receive(text, { transport: 'TCP' }).replies, first);
  assert.deepEqual(bench.receive(text).replies, first);
});

test('REGISTER with an old nonce of ours gets stale=true, and one of somebody else as the product has it', () => {
  const bench = new Bench();
  const challenge = new Guesser(bench).challenge();
  const credentials = credentialsFor(challenge, { user: EXTENSION, password: 'x' });
  bench.nowMs += NONCE_FRESH_MS + 1000;
  const text = registerText(EXTENSION, { headers: [credentials] });
  const [stale] = bench.answers(text);
  assert.ok(stale?.header('www-authenticate')?.includes('stale=true'));
  const judgement = bench.receive(text);
  assert.equal(judgement.observation.grade, 'seen');
  assert.deepEqual(judgement.observation.anomalies, ['nonce_stale']);
  const foreign = bench.receive(text, { sourceIp: '192.0.2.9' });
  assert.deepEqual(foreign.observation.anomalies, ['nonce_foreign']);
  const isStaleFor = (persona: string) =>
    latin1Text(
      new Bench({ persona }).receive(text, { sourceIp: '192.0.2.9' }).replies[0] ??
        new Uint8Array(),
    ).includes('stale');
  assert.deepEqual(['asterisk', 'asterisk-pjsip', 'kamailio', 'freeswitch'].map(isStaleFor), [
    true,
    true,
    false,
    false,
  ]);
});

test('REGISTER takes one nonce many times: some tools use one for a whole run', () => {
  const bench = new Bench();
  const challenge = new Guesser(bench).challenge();
  for (let count = 0; count < 100; count += 1) {
    const guess = { user: EXTENSION, password: count < 99 ? `wrong${count}` : EXTENSION };
    const headers = [credentialsFor(challenge, guess)];
    const statuses = bench.statuses(registerText(EXTENSION, { headers }));
    assert.deepEqual(statuses, [count < 99 ? 401 : 200]);
  }
});

const BINDINGS: readonly {
  readonly title: string;
  readonly headers: readonly string[];
  readonly status: number;
  readonly contacts: readonly string[];
}[] = [
  {
    title: 'without an expiration',
    headers: [],
    status: 200,
    contacts: ['<sip:caller@198.51.100.25:5070>;expires=3600'],
  },
  {
    title: 'with Expires below and above what is granted',
    headers: ['Expires: 5', 'Contact: <sip:a@b>;expires=7200;q=0.5, sip:c@d;expires=600'],
    status: 200,
    contacts: [
      '<sip:caller@198.51.100.25:5070>;expires=60',
      '<sip:a@b>;expires=3600',
      '<sip:c@d>;expires=600',
    ],
  },
  {
    title: 'whose expirations are no numbers of seconds, so they do not count',
    headers: [
      'Expires: 12345678901',
      'Contact: <sip:a@b>;expires=-5, <sip:c@d>;expires=1.5, <sip:e@f>;expires=',
    ],
    status: 200,
    contacts: [
      '<sip:caller@198.51.100.25:5070>;expires=3600',
      '<sip:a@b>;expires=3600',
      '<sip:c@d>;expires=3600',
      '<sip:e@f>;expires=3600',
    ],
  },
  {
    title: 'with the longest expiration that there is',
    headers: ['Expires: 4294967295', 'Contact: <sip:a@b>;expires=0, sip:c@d;expires=0000000061'],
    status: 200,
    contacts: ['<sip:caller@198.51.100.25:5070>;expires=3600', '<sip:c@d>;expires=61'],
  },
  {
    title: 'with contacts that are no URIs',
    headers: ['Contact: , <>, x, <sip:a@b>'],
    status: 200,
    contacts: ['<sip:caller@198.51.100.25:5070>;expires=3600', '<sip:a@b>;expires=3600'],
  },
  {
    title: 'with more contacts than are listed',
    headers: [
      'Contact: <sip:1@a>, <sip:2@a>, <sip:3@a>, <sip:4@a>, <sip:5@a>',
      'Contact: <sip:6@a>',
    ],
    status: 200,
    contacts: ['caller@198.51.100.25:5070', '1@a', '2@a', '3@a'].map(
      (address) => `<sip:${address}>;expires=3600`,
    ),
  },
  {
    title: 'that removes its bindings one by one',
    headers: ['Expires: 0'],
    status: 200,
    contacts: [],
  },
];

for (const { title, headers, status, contacts } of BINDINGS) {
  test(`REGISTER ${title} is answered with its bindings`, () => {
    const answer = new Guesser(new Bench()).known().guess(EXTENSION, headers);
    assert.equal(answer?.statusCode, status);
    assert.deepEqual(answer?.headerValues('contact'), contacts);
    assert.ok(answer?.header('date')?.endsWith(' GMT'));
  });
}

test('REGISTER with a star removes everything with Expires 0 and is malformed otherwise', () => {
  const guesser = new Guesser(new Bench()).known();
  const starred = (expires: string) => {
    const credentials = credentialsFor(guesser.challenge(), {
      user: EXTENSION,
      password: EXTENSION,
    });
    const text = registerText(EXTENSION, { headers: [credentials, expires] });
    return guesser.bench.answers(
      text.replace('Contact: <sip:caller@198.51.100.25:5070>', 'Contact: *'),
    )[0];
  };
  const removed = starred('Expires: 0');
  assert.equal(removed?.statusCode, 200);
  assert.deepEqual(removed?.headerValues('contact'), []);
  assert.ok(removed?.header('date')?.endsWith(' GMT'));
  assert.equal(starred('Expires: 60')?.statusCode, 400);
});

test('REGISTER with a star and another contact is malformed, and Expires has to be there', () => {
  const guesser = new Guesser(new Bench()).known();
  const answerTo = (contact: string, headers: readonly string[]) => {
    const guess = { user: EXTENSION, password: EXTENSION };
    const credentials = credentialsFor(guesser.challenge(), guess);
    const text = registerText(EXTENSION, { headers: [credentials, ...headers] });
    return guesser.bench.statuses(
      text.replace('Contact: <sip:caller@198.51.100.25:5070>', `Contact: ${contact}`),
    )[0];
  };
  assert.equal(answerTo('*', ['Expires: 0']), 200);
  assert.equal(answerTo('*', []), 400);
  assert.equal(answerTo('*', ['Expires: ']), 400);
  assert.equal(answerTo('*, <sip:a@b>', ['Expires: 0']), 400);
});

test('REGISTER is confirmed with the headers of the product, in its order', () => {
  const stamp = new Date(1_772_366_401_000).toUTCString();
  const expected: Readonly<Record<string, readonly string[]>> = {
    asterisk: ['Expires: 600', 'Contact: 600', `Date: ${stamp}`],
    'asterisk-pjsip': [`Date: ${stamp}`, 'Contact: 599', 'Expires: 600'],
    kamailio: ['Contact: 600'],
    cisco: ['Contact: 600', `Date: ${stamp}`],
  };
  const ids = new Set(['contact', 'date', 'expires']);
  for (const [name, wanted] of Object.entries(expected)) {
    const bench = new Bench({ persona: name });
    bench.honeypot.win(EXTENSION);
    const registered = (headers: readonly string[]) => {
      const challenge = bench.answers(registerText(EXTENSION))[0];
      const credentials = credentialsFor(challenge, { user: EXTENSION, password: EXTENSION });
      const [answer] = bench.answers(
        registerText(EXTENSION, { headers: [credentials, ...headers] }),
      );
      assert.equal(answer?.statusCode, 200, name);
      return (answer?.headers ?? [])
        .filter(({ id }) => ids.has(id))
        .map((line) => `${line.name}: ${line.value.replace(/^<.*expires=/u, '')}`);
    };
    assert.deepEqual(registered(['Expires: 600']), wanted, name);
    // Nothing says when a registration ends that was not asked for, or that is over.
    assert.ok(!registered([]).some((line) => line.startsWith('Expires')), name);
    assert.ok(!registered(['Expires: 0']).some((line) => !line.startsWith('Date')), name);
  }
});

test('REGISTER is observed with its credentials as sent, and as registered once it was accepted', () => {
  const guesser = new Guesser(new Bench()).known();
  const challenge = guesser.challenge();
  const observed = (password: string) => {
    const headers = [credentialsFor(challenge, { user: EXTENSION, password })];
    return guesser.bench.receive(registerText(EXTENSION, { headers })).observation;
  };
  const wrong = observed('wrong');
  assert.equal(wrong.details?.registered, undefined);
  assert.equal(wrong.details?.digest?.user, EXTENSION);
  assert.equal(wrong.details?.digest?.uri, 'sip:203.0.113.5');
  assert.equal(wrong.details?.digest?.response.length, 32);
  assert.equal(wrong.calledNumber, EXTENSION);
  assert.equal(wrong.calledNumberSource, 'to');
  const right = observed(EXTENSION);
  assert.equal(right.details?.registered, true);
  assert.equal(right.grade, 'returned');
});
