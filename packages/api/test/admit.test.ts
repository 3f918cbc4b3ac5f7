// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Who is let through, without a server: each rule by itself, and just within and beyond its limit. */

import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  Access,
  maySeeSecrets,
  type AccessOptions,
  type Need,
  type Refusal,
} from '../src/access/access.ts';
import { clientAddress, clientSource, roomClient } from '../src/access/client-address.ts';
import { hasBadHost, isCrossSite, ServedHosts } from '../src/access/hosts.ts';
import { RequestWindows } from '../src/access/request-windows.ts';
import { sessionId, setSession } from '../src/access/session-cookie.ts';
import {
  FAILED_CLIENT_KEYS_COUNT_MAX,
  FAILED_KEY_PREFIX_CHARACTERS,
  FAILED_KEYS_COUNT_MAX,
  FAILED_KEYS_MS,
  HOST_CHARACTERS_MAX,
  HOSTS_COUNT_MAX,
  KEY_CHARACTERS_MAX,
  RATE_MS,
  SESSION_MS,
} from '../src/limits.ts';

const PORT = 8082;
const ROLES = ['read', 'write', 'admin'] as const;
const ELSEWHERE = '198.51.100.7';
const OPTIONS: AccessOptions = { keyRequired: false, ratePerSecond: 0, keyRatePerSecond: 0 };

interface Asked {
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
  /** As a trusted proxy says it. */
  readonly ip?: string;
  readonly remoteAddress?: string;
  readonly protocol?: string;
  readonly key?: string;
  readonly role?: 'read';
}

function requestOf(asked: Asked = {}): FastifyRequest {
  const { headers = {}, method = 'GET', ip = '127.0.0.1', protocol = 'http', key, role } = asked;
  const { remoteAddress = ip } = asked;
  return {
    headers,
    method,
    ip,
    protocol,
    params: { key },
    caller: { role },
    raw: { socket: { remoteAddress, localPort: PORT } },
  } as unknown as FastifyRequest;
}

/** Keys are the names of their roles; any other is for reading. */
class Door {
  ms = 0;
  readonly keys = new Set<string>(ROLES);
  readonly access: Access;

  constructor(options: Partial<AccessOptions> = {}) {
    const clock = { nowMs: () => this.ms, epochUs: () => 0 };
    const apiKey = (key: string) =>
      this.keys.has(key)
        ? { name: `${key}-1`, role: ROLES.find((role) => role === key) ?? 'read' }
        : undefined;
    this.access = new Access({ clock, apiKey }, { ...OPTIONS, ...options });
  }

  /** The role that is let through, `anybody`, or the error. */
  ask(need: Need, asked: Asked = {}, keyInPath?: true): string {
    const outcome = this.access.admit(
      requestOf(asked),
      keyInPath === undefined ? { need } : { need, keyInPath },
    );
    return 'refusal' in outcome ? outcome.refusal.error : (outcome.caller.role ?? 'anybody');
  }

  withKey(need: Need, key: string, ip = '127.0.0.1'): string {
    return this.ask(need, { headers: { 'x-api-key': key }, ip });
  }
}

const NEEDS = ['nothing', 'read', 'follow', 'secrets', 'write', 'decide'] as const;

test('each role may what it is for, and no more, whether or not reading needs a key', () => {
  const forbidden = 'insufficient_permissions';
  for (const [keyRequired, key, expected] of [
    [false, 'read', ['read', 'read', 'read', 'read', forbidden, forbidden]],
    [false, 'write', ['write', 'write', forbidden, forbidden, 'write', forbidden]],
    [true, 'write', ['write', forbidden, forbidden, forbidden, 'write', forbidden]],
    [true, 'admin', ['admin', 'admin', 'admin', 'admin', 'admin', 'admin']],
  ] as const) {
    const door = new Door({ keyRequired });
    assert.deepEqual(
      NEEDS.map((need) => door.withKey(need, key)),
      expected,
      `${key} ${keyRequired}`,
    );
  }
  const missing = 'missing_token';
  assert.deepEqual(
    NEEDS.map((need) => new Door().ask(need)),
    ['anybody', 'anybody', missing, missing, missing, missing],
  );
  assert.deepEqual(
    NEEDS.map((need) => new Door({ keyRequired: true }).ask(need)),
    ['anybody', missing, missing, missing, missing, missing],
  );
  assert.equal(new Door({ keyRequired: true }).access.keyRequired, true);
  assert.equal(maySeeSecrets({ role: 'read' }), true);
  assert.equal(maySeeSecrets({ role: 'admin' }), true);
  assert.equal(maySeeSecrets({ role: 'write' }), false);
  assert.equal(maySeeSecrets({ role: undefined }), false);
});

test('a key in Authorization comes before one in X-Api-Key, and both before one in the path', () => {
  const door = new Door({ keyRequired: true });
  const ask = (headers: Readonly<Record<string, string>>): string =>
    door.ask('follow', { headers, key: 'admin' }, true);
  assert.equal(ask({ authorization: 'Bearer read', 'x-api-key': 'write' }), 'read');
  assert.equal(ask({ authorization: 'Bearer  ', 'x-api-key': 'read' }), 'read');
  assert.equal(ask({ 'x-api-key': 'read' }), 'read');
  assert.equal(ask({ 'x-api-key': '' }), 'admin');
  assert.equal(ask({ authorization: 'Digest read' }), 'admin');
  assert.equal(ask({}), 'admin');
  assert.equal(door.ask('follow', { key: 'admin' }), 'missing_token', 'of a route without one');
  assert.equal(door.ask('read', { key: 'wrong' }, true), 'invalid_token');
  assert.equal(new Door().ask('read', { key: 'wrong' }, true), 'anybody');
  assert.equal(new Door().ask('write', { key: 'wrong' }, true), 'invalid_token');
  assert.equal(new Door().withKey('read', 'wrong'), 'invalid_token');
});

test('a key that is too long is never looked up', () => {
  const door = new Door({ keyRequired: true });
  const longest = 'x'.repeat(KEY_CHARACTERS_MAX);
  door.keys.add(longest).add(`${longest}x`);
  assert.equal(door.withKey('read', longest), 'read');
  assert.equal(door.withKey('read', `${longest}x`), 'invalid_token');
});

test('wrong keys are counted by their beginning and their address, and by the address', () => {
  const door = new Door();
  const wrong = (text: string, ip = ELSEWHERE): string => door.withKey('read', text, ip);
  const beginning = 'x'.repeat(FAILED_KEY_PREFIX_CHARACTERS);
  for (let count = 0; count < FAILED_KEYS_COUNT_MAX; count += 1) {
    assert.equal(wrong(beginning + count), 'invalid_token');
  }
  assert.equal(wrong(`${beginning}more`), 'too_many');
  assert.equal(wrong(beginning.slice(1)), 'invalid_token', 'another beginning');
  assert.equal(wrong(beginning, '198.51.100.8'), 'invalid_token', 'another address');
  for (let count = FAILED_KEYS_COUNT_MAX + 2; count < FAILED_CLIENT_KEYS_COUNT_MAX; count += 1) {
    assert.equal(wrong(`${count} other`), 'invalid_token', String(count));
  }
  assert.equal(wrong('yet another'), 'too_many');
  assert.equal(door.ask('read', { ip: ELSEWHERE }), 'anybody', 'without a key nothing is guessed');
  door.ms += FAILED_KEYS_MS - 1;
  assert.equal(wrong('yet another'), 'too_many');
  door.ms += 1;
  assert.equal(wrong('yet another'), 'invalid_token');
});

test('wrong keys in a form and as credentials of a client count like the others', () => {
  const door = new Door();
  const { access } = door;
  assert.equal(access.knows(ELSEWHERE, 'read-1', 'read'), true);
  for (const [name, key] of [
    ['write-1', 'read'],
    ['read-1', 'wrong'],
  ] as const) {
    const refusal = access.knows(ELSEWHERE, name, key);
    assert.deepEqual(refusal, {
      status: 401,
      error: 'invalid_client',
      detail: 'client_id must be the name of a key and client_secret that key',
    });
  }
  const signIn = (key: string): string => {
    const outcome = access.signIn(ELSEWHERE, key);
    return 'refusal' in outcome ? outcome.refusal.error : (outcome.caller.role ?? '');
  };
  for (let count = 0; count < FAILED_KEYS_COUNT_MAX; count += 1) {
    assert.equal(signIn('a wrong key'), 'invalid_token');
  }
  assert.equal(signIn('a wrong key'), 'too_many');
  assert.equal(signIn('read'), 'read');
  assert.equal(signIn('write'), 'insufficient_permissions');
  for (let count = 0; count < FAILED_KEYS_COUNT_MAX; count += 1) access.knows(ELSEWHERE, '', 'b');
  const refusal = access.knows(ELSEWHERE, '', 'b');
  assert.equal(refusal === true || refusal.error, 'too_many');
});

test('others may ask at their rate, this machine as it likes, and a key at its own', () => {
  const door = new Door({ ratePerSecond: 2, keyRatePerSecond: 1 });
  const allowed = RATE_MS / 1000;
  const ask = (ip: string): string => door.ask('read', { ip });
  for (let count = 0; count < 2 * allowed; count += 1) assert.equal(ask(ELSEWHERE), 'anybody');
  assert.equal(ask(ELSEWHERE), 'too_many');
  assert.equal(ask('198.51.100.8'), 'anybody');
  for (let count = 0; count < 3 * allowed; count += 1) {
    for (const own of ['127.0.0.1', '::1', '::ffff:127.0.0.1']) assert.equal(ask(own), 'anybody');
  }
  for (let count = 0; count < allowed; count += 1) {
    assert.equal(door.withKey('read', 'read', ELSEWHERE), 'read');
  }
  assert.equal(door.withKey('read', 'read'), 'too_many');
  assert.equal(door.withKey('read', 'admin'), 'admin');
  door.ms += RATE_MS;
  assert.equal(door.withKey('read', 'read'), 'read');
  assert.equal(ask(ELSEWHERE), 'anybody');
  const free = new Door();
  for (let count = 0; count < 3; count += 1) {
    assert.equal(free.ask('read', { ip: ELSEWHERE }), 'anybody');
    assert.equal(free.withKey('read', 'read', ELSEWHERE), 'read');
  }
});

test('who is refused for a while is told for how many seconds, at least one', () => {
  const door = new Door({ ratePerSecond: 1, keyRatePerSecond: 1 });
  const refusal = (asked: Asked) => {
    const outcome = door.access.admit(requestOf(asked), { need: 'read' });
    return 'refusal' in outcome ? outcome.refusal : undefined;
  };
  const byKey = { headers: { 'x-api-key': 'read' } };
  for (let count = 0; count < RATE_MS / 1000; count += 1) {
    refusal({ ip: ELSEWHERE });
    refusal(byKey);
  }
  door.ms += RATE_MS - 1001;
  assert.deepEqual(refusal({ ip: ELSEWHERE }), {
    status: 429,
    error: 'too_many',
    detail: 'there were too many requests from this address',
    retryAfter: 2,
  });
  door.ms += 1000;
  assert.deepEqual(refusal(byKey), {
    status: 429,
    error: 'too_many',
    detail: 'there were too many requests with this key',
    retryAfter: 1,
  });
});

test('a session may change something only with its token, and a key needs none', () => {
  const door = new Door();
  const signedIn = door.access.signIn(ELSEWHERE, 'admin');
  assert.ok('id' in signedIn);
  const { session } = signedIn.caller;
  assert.ok(session !== undefined);
  const cookie = `sentrypeer_session_${PORT}=${signedIn.id}`;
  const ask = (method: string, headers: Readonly<Record<string, string>> = {}): string =>
    door.ask('decide', { method, headers: { cookie, ...headers } });
  for (const method of ['GET', 'HEAD', 'OPTIONS']) assert.equal(ask(method), 'admin', method);
  for (const method of ['POST', 'DELETE', 'PUT']) {
    assert.equal(ask(method), 'insufficient_permissions', method);
    assert.equal(ask(method, { 'x-csrf-token': session.token }), 'admin', method);
    assert.equal(ask(method, { 'x-csrf-token': 'x' }), 'insufficient_permissions', method);
  }
  const posted = requestOf({ method: 'POST', headers: { cookie } });
  const { refusal } = door.access.admit(posted, { need: 'decide' }) as { refusal?: Refusal };
  assert.equal(refusal?.detail, 'a change with a session needs its token in X-CSRF-Token');
  assert.equal(ask('POST', { 'x-api-key': 'admin' }), 'admin', 'what counts is the key');
  const reader = door.access.signIn(ELSEWHERE, 'read');
  const own = { cookie: 'id' in reader ? `sentrypeer_session_${PORT}=${reader.id}` : '' };
  assert.equal(door.ask('decide', { headers: own }), 'insufficient_permissions', 'a reader');
  assert.equal(ask('GET', { 'x-api-key': 'read' }), 'insufficient_permissions');
  door.keys.delete('admin');
  assert.equal(ask('GET'), 'missing_token');
  door.keys.add('admin');
  assert.equal(ask('GET'), 'missing_token', 'it ended with its key');
});

test('RequestWindows counts a client anew when its window is over', () => {
  const windows = new RequestWindows({ countMax: 2, windowMs: 10 });
  const taken = [0, 1, 2, 9, 10, 11, 12].map((nowMs) => windows.take('a', nowMs));
  assert.deepEqual(taken, [0, 0, 8, 1, 0, 0, 8]);
  assert.equal(windows.take('b', 12), 0);
});

test('names are served that nobody else can have, and those of the operator', () => {
  const hosts = new ServedHosts(['Sip.Example.org.']);
  for (const [host, isServed] of [
    ['sip.example.org', true],
    ['SIP.example.org.:1', true],
    ['x.sip.example.org', false],
    ['evil.example', false],
    ['evil.example:8082', false],
    ['localhost.evil.example', false],
    ['evillocal.example', false],
    ['localhost', true],
    ['a.localhost', true],
    ['a.local', true],
    ['a.home.arpa', true],
    ['a.internal', true],
    ['home.arpa', false],
    ['192.0.2.1:80', true],
    ['[::1]', true],
    ['[::1]:80', true],
    ['[fe80::1%eth0]', true],
    ['[::1', false],
    ['[]', false],
    ['[192.0.2.1]', false],
    ['a b', false],
    ['a_b-c', true],
    ['a:9', true],
    ['', true],
    [':80', true],
    ['a:8x', false],
    ['a:/', false],
    ['a::80', false],
    ['[::1]80', false],
    ['a'.repeat(HOST_CHARACTERS_MAX), true],
    ['a'.repeat(HOST_CHARACTERS_MAX + 1), false],
  ] as const) {
    assert.equal(hosts.serves(host), isServed, host);
    assert.equal(hosts.serves(host), isServed, `${host} again`);
  }
  for (let at = 0; at <= HOSTS_COUNT_MAX; at += 1) hosts.serves(`${at}.evil.example`);
  assert.equal(hosts.serves('sip.example.org'), true);
});

function messageOf(method: string, ...rawHeaders: readonly string[]): IncomingMessage {
  const headers: Record<string, string> = {};
  for (let at = 0; at < rawHeaders.length; at += 2) {
    headers[(rawHeaders[at] ?? '').toLowerCase()] = rawHeaders[at + 1] ?? '';
  }
  return { method, rawHeaders, headers } as unknown as IncomingMessage;
}

test('a request has one valid Host at most', () => {
  assert.equal(hasBadHost(messageOf('GET')), false);
  assert.equal(hasBadHost(messageOf('GET', 'Host', 'a')), false);
  assert.equal(hasBadHost(messageOf('GET', 'Host', 'a', 'Hose', 'b', 'Hosts', 'c')), false);
  assert.equal(hasBadHost(messageOf('GET', 'X', 'host', 'HOST', 'a')), false);
  assert.equal(hasBadHost(messageOf('GET', 'Host', 'a', 'HOST', 'a')), true);
  assert.equal(hasBadHost(messageOf('GET', 'Host', 'a b')), true);
});

test('a change from a page of another site is recognised as far as a browser says so', () => {
  for (const [expected, method, ...headers] of [
    [false, 'POST'],
    [true, 'POST', 'Sec-Fetch-Site', 'cross-site'],
    [true, 'POST', 'Sec-Fetch-Site', 'same-site'],
    [false, 'POST', 'Sec-Fetch-Site', 'same-origin'],
    [false, 'POST', 'Sec-Fetch-Site', 'none'],
    [false, 'GET', 'Sec-Fetch-Site', 'cross-site'],
    [false, 'HEAD', 'Sec-Fetch-Site', 'cross-site'],
    [false, 'OPTIONS', 'Sec-Fetch-Site', 'cross-site'],
    [true, 'DELETE', 'Sec-Fetch-Site', 'cross-site'],
    [true, 'POST', 'Host', 'a', 'Origin', 'null'],
    [true, 'POST', 'Origin', 'http://a'],
    [true, 'POST', 'Host', 'a', 'Origin', 'http://b'],
    [true, 'POST', 'Host', 'a:1', 'Origin', 'http://a:2'],
    [false, 'POST', 'Host', 'A:1', 'Origin', 'http://a:1'],
  ] as const) {
    assert.equal(isCrossSite(messageOf(method, ...headers)), expected, headers.join(' '));
  }
});

test('the client is who connected, unless a trusted proxy names an address', () => {
  const told = (ip: string): string => clientAddress(requestOf({ ip, remoteAddress: '192.0.2.1' }));
  assert.equal(told('203.0.113.9'), '203.0.113.9');
  assert.equal(told('2001:db8::1'), '2001:db8::1');
  assert.equal(told('unknown'), '192.0.2.1');
  assert.equal(
    clientSource(requestOf({ ip: '2001:db8::1:2:3:4' })),
    clientSource(requestOf({ ip: '2001:db8::1' })),
  );
  assert.equal(clientSource(requestOf({ ip: '::ffff:192.0.2.1' })), '192.0.2.1');
});

test('answers that take long are first for keys and this machine', () => {
  assert.deepEqual(roomClient(requestOf({ ip: ELSEWHERE })), { source: ELSEWHERE, isKnown: false });
  assert.equal(roomClient(requestOf({ ip: ELSEWHERE, role: 'read' })).isKnown, true);
  assert.equal(roomClient(requestOf({ ip: '::1' })).isKnown, true);
});

test('a browser has one cookie for each port, which leaves TLS and the page in no case', () => {
  const own = `sentrypeer_session_${PORT}`;
  const found = (cookie: string): string | undefined =>
    sessionId(requestOf({ headers: { cookie } }));
  assert.equal(sessionId(requestOf()), undefined);
  assert.equal(found(`${own}=abc`), 'abc');
  assert.equal(found(`a=b; ${own}=abc; c=d`), 'abc');
  assert.equal(found(`x${own}=abc`), undefined);
  assert.equal(found(`${own}1=abc`), undefined);
  const set = (protocol: string, id: string | undefined): string => {
    const headers: string[] = [];
    const reply = { header: (...header: readonly string[]) => headers.push(...header) };
    setSession(requestOf({ protocol }), reply as unknown as FastifyReply, id);
    assert.equal(headers[0], 'Set-Cookie');
    return headers[1] ?? '';
  };
  const rest = 'Path=/; HttpOnly; SameSite=Strict; Max-Age=';
  assert.equal(set('http', 'abc'), `${own}=abc; ${rest}${SESSION_MS / 1000}`);
  assert.equal(set('https', 'abc'), `${own}=abc; ${rest}${SESSION_MS / 1000}; Secure`);
  assert.equal(set('http', undefined), `${own}=; ${rest}0`);
});
