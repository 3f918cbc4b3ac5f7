// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Browsers that sign in: what the cookie lets them do, and what those who obtained it by guile cannot. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock, type Clock } from '@sentrypeer/kernel';
import { Sessions } from '../src/access/sessions.ts';
import type { HttpApi, HttpApiOptions } from '../src/index.ts';
import {
  FAILED_KEYS_COUNT_MAX,
  SESSION_IDLE_MS,
  SESSION_MS,
  SESSIONS_COUNT_MAX,
  SESSIONS_PER_KEY_MAX,
} from '../src/limits.ts';
import { MemoryEvidence } from './memory-evidence.ts';
import { MemoryReputation } from './memory-reputation.ts';
import { openApi } from './ports.ts';

interface Answer {
  readonly key_required: boolean;
  readonly session: {
    readonly name: string;
    readonly role: string;
    readonly token: string;
    readonly until: string;
  } | null;
}

const ALLOW = JSON.stringify({ allow: '192.0.2.1' });

/** A node and its browser. */
class Bench implements AsyncDisposable {
  readonly evidence = new MemoryEvidence();
  readonly reputation = new MemoryReputation();
  readonly clock: Clock & { ms: number } = {
    ms: 0,
    nowMs(): number {
      return this.ms;
    },
    epochUs: () => systemClock.epochUs(),
  };
  #api: HttpApi | undefined;
  cookie = '';

  static async open(options: Partial<HttpApiOptions> = {}): Promise<Bench> {
    const bench = new Bench();
    for (const role of ['read', 'write', 'admin'] as const)
      bench.evidence.keys.set(role, { name: role, role });
    const { evidence, reputation, clock } = bench;
    bench.#api = await openApi({ evidence, reputation, clock }, options);
    return bench;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#api?.address.port}`;
  }

  ask(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    if (this.cookie !== '') headers.set('cookie', this.cookie);
    return fetch(this.url + path, { ...init, headers });
  }

  /** Gives a key, and keeps the cookie as a browser would. */
  async signIn(key: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    const body = JSON.stringify({ key });
    const answer = await this.ask('/v1/session', { method: 'POST', body, headers });
    const [cookie = ''] = (answer.headers.get('set-cookie') ?? '').split(';');
    if (answer.ok) this.cookie = cookie;
    return answer;
  }

  async token(): Promise<string | undefined> {
    return ((await (await this.ask('/v1/session')).json()) as Answer).session?.token;
  }

  async decide(headers: Readonly<Record<string, string>>): Promise<number> {
    const answer = await this.ask('/v1/decisions', { method: 'POST', body: ALLOW, headers });
    await answer.text();
    return answer.status;
  }

  async status(path: string): Promise<number> {
    const answer = await this.ask(path);
    await answer.text();
    return answer.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#api?.close();
  }
}

test('a key in a form becomes a cookie that no script reads and no other site sends', async () => {
  await using bench = await Bench.open({ keyRequired: true, trustedProxies: ['127.0.0.1'] });
  const before = (await (await bench.ask('/v1/session')).json()) as Answer;
  assert.deepEqual(before, { key_required: true, session: null });
  assert.equal(await bench.status('/v1/summary'), 401);
  const answer = await bench.signIn('read');
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('cache-control'), 'no-store');
  const { session } = (await answer.json()) as Answer;
  assert.equal(session?.name, 'read');
  assert.equal(session?.role, 'read');
  assert.ok(Date.parse(session?.until ?? '') > Date.now());
  assert.match(
    answer.headers.get('set-cookie') ?? '',
    /^sentrypeer_session_\d+=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/,
  );
  assert.ok(!bench.cookie.includes('read'), 'the cookie is not the key');
  assert.equal(await bench.status('/v1/summary'), 200);
  const secrets = await bench.ask('/v1/events?include=message');
  assert.equal(secrets.status, 200);
  assert.equal(secrets.headers.get('cache-control'), 'no-store', 'nothing stays in the browser');
  assert.equal(secrets.headers.get('etag'), null);
  const overTls = await bench.ask('/v1/session', {
    method: 'POST',
    body: JSON.stringify({ key: 'read' }),
    headers: { 'x-forwarded-proto': 'https', 'x-csrf-token': session?.token ?? '' },
  });
  assert.match(overTls.headers.get('set-cookie') ?? '', /; Secure$/);
});

test('whoever opens the page on another machine signs in, even if programs may read without a key', async () => {
  await using bench = await Bench.open({ trustedProxies: ['127.0.0.1'] });
  const required = async (from: string): Promise<boolean> => {
    const answer = await bench.ask('/v1/session', { headers: { 'x-forwarded-for': from } });
    return ((await answer.json()) as Answer).key_required;
  };
  assert.equal(await required('203.0.113.9'), true);
  assert.equal(await required('2001:db8::9'), true);
  for (const own of ['127.0.0.1', '127.9.9.9', '::1']) {
    assert.equal(await required(own), false, own);
  }
  const program = await bench.ask('/v1/summary', { headers: { 'x-forwarded-for': '203.0.113.9' } });
  assert.equal(program.status, 200);
});

test('a change needs an admin session and its token, from our own page under a name of ours', async () => {
  await using bench = await Bench.open();
  assert.equal(await bench.decide({}), 401, 'nobody');
  await bench.signIn('read');
  assert.equal(
    await bench.decide({ 'x-csrf-token': (await bench.token()) ?? '' }),
    403,
    'a reader',
  );
  bench.cookie = '';
  await bench.signIn('admin');
  const token = (await bench.token()) ?? '';
  assert.equal(await bench.decide({}), 403, 'without the token');
  assert.equal(await bench.decide({ 'x-csrf-token': `${token}x` }), 403, 'with a wrong one');
  const own = { 'x-csrf-token': token };
  assert.equal(await bench.decide({ ...own, origin: 'https://evil.example' }), 403, 'another site');
  assert.equal(await bench.decide({ ...own, 'sec-fetch-site': 'same-site' }), 403, 'another port');
  assert.deepEqual(bench.reputation.decisions, []);
  assert.equal(await bench.decide(own), 204);
  assert.equal(bench.reputation.decisions.length, 1);
});

test('the cookie counts also where a proxy adds a Bearer token of its own', async () => {
  await using bench = await Bench.open({ keyRequired: true });
  assert.equal((await bench.signIn('read')).status, 200);
  const headers = { authorization: 'Bearer of-a-proxy' };
  assert.equal((await bench.ask('/v1/summary', { headers })).status, 200);
  bench.cookie = '';
  assert.equal((await bench.ask('/v1/summary', { headers })).status, 401);
});

test('the cookie is found among those of other servers on this machine', async () => {
  await using bench = await Bench.open({ keyRequired: true });
  await bench.signIn('read');
  const { cookie } = bench;
  for (const sent of [`a=1; ${cookie}`, `${cookie}; z=1`, `x${cookie}; ${cookie}`]) {
    bench.cookie = sent;
    assert.equal(await bench.status('/v1/summary'), 200, sent);
  }
  bench.cookie = `x${cookie}`;
  assert.equal(await bench.status('/v1/summary'), 401);
});

test('a session is refused under a name that is not ours', async () => {
  await using bench = await Bench.open();
  await bench.signIn('admin');
  const { request } = await import('node:http');
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const { port } = new URL(bench.url);
    request(
      {
        host: '127.0.0.1',
        port,
        path: '/v1/summary',
        headers: { host: 'rebound.example', cookie: bench.cookie },
      },
      (response) => resolve(response.resume().statusCode),
    )
      .on('error', reject)
      .end();
  });
  assert.equal(status, 421);
});

test('wrong keys in the form count as wrong keys do, and one that only delivers is not a reader', async () => {
  await using bench = await Bench.open();
  assert.equal((await bench.signIn('write')).status, 403);
  for (const body of ['', '[]', '{"key": 7}', '{"key": ""}']) {
    const answer = await bench.ask('/v1/session', { method: 'POST', body });
    assert.equal(answer.status, 400, body);
  }
  for (let count = 0; count < FAILED_KEYS_COUNT_MAX; count += 1)
    assert.equal((await bench.signIn(`sentrypeer_wrong${count}`)).status, 401);
  const refused = await bench.signIn('sentrypeer_wrong');
  assert.equal(refused.status, 429);
  assert.ok(Number(refused.headers.get('retry-after')) > 0);
  assert.equal((await bench.signIn('admin')).status, 200);
});

test('a session ends by signing out, when its key is revoked, when it is idle, and after its time', async () => {
  await using bench = await Bench.open({ keyRequired: true });
  await bench.signIn('admin');
  const end = (headers: Readonly<Record<string, string>>): Promise<Response> =>
    bench.ask('/v1/session', { method: 'DELETE', headers });
  assert.equal((await end({})).status, 403, 'another page cannot sign anybody out');
  const out = await end({ 'x-csrf-token': (await bench.token()) ?? '' });
  assert.equal(out.status, 204);
  assert.match(out.headers.get('set-cookie') ?? '', /=; .*Max-Age=0$/);
  assert.equal(await bench.status('/v1/summary'), 401, 'the cookie is worth nothing any more');
  await bench.signIn('admin');
  bench.clock.ms += SESSION_IDLE_MS;
  assert.equal(await bench.status('/v1/summary'), 401, 'idle');
  await bench.signIn('admin');
  for (let ms = 0; ms < SESSION_MS; ms += SESSION_IDLE_MS / 2) {
    assert.equal(await bench.status('/v1/summary'), 200);
    bench.clock.ms += SESSION_IDLE_MS / 2;
  }
  assert.equal(await bench.status('/v1/summary'), 401, 'however busy');
  await bench.signIn('admin');
  bench.evidence.keys.delete('admin');
  assert.equal(await bench.status('/v1/summary'), 401, 'revoked');
  bench.evidence.keys.set('admin', { name: 'admin', role: 'admin' });
  assert.equal(await bench.status('/v1/summary'), 401, 'for good');
});

test('whoever signs in again has a new session, and the one before it is over', async () => {
  await using bench = await Bench.open({ keyRequired: true });
  await bench.signIn('read');
  const first = bench.cookie;
  const headers = { 'x-csrf-token': (await bench.token()) ?? '' };
  const answer = await bench.signIn(' admin\n', headers);
  assert.equal(answer.status, 200, 'pasted with what is around it');
  assert.notEqual(bench.cookie, first);
  assert.equal(await bench.status('/v1/summary'), 200);
  bench.cookie = first;
  assert.equal(await bench.status('/v1/summary'), 401);
});

test('the answer says until when a session lasts, and that it depends on the cookie', async () => {
  await using bench = await Bench.open();
  bench.clock.ms = 86_400_000;
  const fromMs = Date.now();
  const answer = await bench.signIn('read');
  const until = Date.parse(((await answer.json()) as Answer).session?.until ?? '');
  assert.ok(until >= fromMs + SESSION_MS && until <= Date.now() + SESSION_MS);
  assert.equal(answer.headers.get('vary'), 'Cookie');
  assert.equal(answer.headers.get('content-type'), 'application/json');
});

for (const body of [
  'null',
  '"read"',
  '{}',
  '{"key":""}',
  '{"key":1}',
  '{"token":"read"}',
  'read',
]) {
  test(`a form that says ${body} is told what it must say`, async () => {
    await using bench = await Bench.open();
    const answer = await bench.ask('/v1/session', { method: 'POST', body });
    assert.equal(answer.status, 400);
    const { detail } = (await answer.json()) as { readonly detail: string };
    assert.equal(detail, 'the body must be {"key": KEY}');
    assert.equal(answer.headers.get('set-cookie'), null);
  });
}

test('Sessions keeps the newest of each key, and of all', () => {
  const sessions = new Sessions();
  const first = sessions.open('a', 'a', 0);
  const other = sessions.open('b', 'b', 0);
  for (let count = 0; count < SESSIONS_PER_KEY_MAX; count += 1) sessions.open('a', 'a', 1);
  assert.equal(sessions.find(first.id, 2), undefined);
  assert.equal(sessions.find(other.id, 2), other.session, 'of another key');
  for (let count = 0; count < SESSIONS_COUNT_MAX; count += 1) sessions.open('x', `x${count}`, 3);
  assert.equal(sessions.find(other.id, 4), undefined);
});

test('Sessions drops the oldest of a key for the first one that is too many', () => {
  const sessions = new Sessions();
  const all = Array.from({ length: SESSIONS_PER_KEY_MAX }, (_, at) => sessions.open('a', 'a', at));
  const found = (): readonly boolean[] =>
    all.map(({ id, session }) => sessions.find(id, SESSIONS_PER_KEY_MAX) === session);
  assert.deepEqual([...new Set(found())], [true]);
  sessions.open('a', 'a', SESSIONS_PER_KEY_MAX);
  assert.deepEqual(found(), [false, ...all.slice(1).map(() => true)]);
});

test('Sessions drops none while there is room, nor one in use while others are over', () => {
  const sessions = new Sessions();
  const first = sessions.open('a', 'a', 0);
  for (let count = 1; count < SESSIONS_COUNT_MAX; count += 1) sessions.open('x', `x${count}`, 0);
  assert.equal(sessions.find(first.id, SESSION_IDLE_MS / 2), first.session);
  const late = sessions.open('b', 'b', SESSION_IDLE_MS);
  assert.equal(sessions.find(first.id, SESSION_IDLE_MS), first.session);
  assert.equal(sessions.find(late.id, SESSION_IDLE_MS), late.session);
});

test('Sessions drops the oldest of all for the first one that has no room', () => {
  const sessions = new Sessions();
  const [first, second] = [sessions.open('a', 'a', 0), sessions.open('b', 'b', 0)];
  for (let count = 2; count < SESSIONS_COUNT_MAX; count += 1) sessions.open('x', `x${count}`, 0);
  sessions.open('c', 'c', 1);
  assert.equal(sessions.find(first.id, 1), undefined);
  assert.equal(sessions.find(second.id, 1), second.session);
});
