// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Who may ask what: keys, roles, limits, proxies, other sites' scripts. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock, type Clock } from '@sentrypeer/kernel';
import type { HttpApi, HttpApiOptions } from '../src/index.ts';
import {
  FAILED_CLIENT_KEYS_COUNT_MAX,
  FAILED_KEYS_COUNT_MAX,
  FAILED_KEYS_MS,
  KEY_CHARACTERS_MAX,
  RATE_MS,
  WINDOWS_COUNT_MAX,
} from '../src/limits.ts';
import { RequestWindows } from '../src/access/request-windows.ts';
import { MemoryEvidence } from './memory-evidence.ts';
import { openApi } from './ports.ts';

class SetClock implements Clock {
  ms = 0;

  nowMs(): number {
    return this.ms;
  }

  epochUs(): number {
    return systemClock.epochUs();
  }
}

function evidence(): MemoryEvidence {
  const memory = new MemoryEvidence();
  for (const role of ['read', 'write', 'admin'] as const)
    memory.keys.set(role, { name: role, role });
  return memory;
}

const clock = new SetClock();
const open = (options: Partial<HttpApiOptions> = {}): Promise<HttpApi> => {
  clock.ms += FAILED_KEYS_MS + RATE_MS;
  return openApi({ evidence: evidence(), clock }, options);
};

function ask(api: HttpApi, path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`http://127.0.0.1:${api.address.port}${path}`, init);
}

async function status(api: HttpApi, path: string, key?: string, method = 'GET'): Promise<number> {
  const headers: Record<string, string> =
    key === undefined ? {} : { authorization: `Bearer ${key}` };
  const response = await ask(api, path, {
    headers,
    method,
    ...(method === 'POST' && { body: '[]' }),
  });
  await response.text();
  return response.status;
}

const READS = [
  '/v1/summary',
  '/v1/addresses',
  '/ip-addresses/192.0.2.1',
  '/numbers/1',
  '/api/phone-numbers/1',
];
/** What APIBAN answers while nothing is banned. */
const NO_NEW_BANS = 404;
const OPEN = ['/health-check', '/', '/openapi.json', '/docs'];

test('reading needs no key unless the operator says so', async () => {
  await using api = await open();
  for (const path of READS) assert.notEqual(await status(api, path), 401, path);
  await using closed = await open({ keyRequired: true });
  for (const path of READS) {
    assert.equal(await status(closed, path), 401, path);
    assert.equal(await status(closed, path, 'write'), 403, path);
    assert.ok([200, 404].includes(await status(closed, path, 'read')), path);
    assert.ok([200, 404].includes(await status(closed, path, 'admin')), path);
  }
  for (const path of OPEN) assert.equal(await status(closed, path), 200, path);
});

test('delivering always needs a key that may', async () => {
  await using api = await open();
  assert.equal(await status(api, '/api/events', undefined, 'POST'), 401);
  assert.equal(await status(api, '/api/events', 'read', 'POST'), 403);
  assert.equal(await status(api, '/api/events', 'write', 'POST'), 201);
  assert.equal(await status(api, '/api/events', 'admin', 'POST'), 201);
  assert.equal(await status(api, '/api/write/events', undefined, 'POST'), 201);
  assert.equal(await status(api, '/api/read/events', undefined, 'POST'), 403);
  assert.equal(await status(api, '/api/unknown/events', undefined, 'POST'), 401);
});

test('raw messages and credentials need a key even where reading needs none', async () => {
  await using api = await open();
  for (const path of ['/v1/events', '/v1/events.jsonl', '/v1/events/stream']) {
    assert.equal(await status(api, `${path}?include=message`), 401, path);
    assert.equal(await status(api, `${path}?include=message`, 'write'), 403, path);
  }
  assert.equal(await status(api, '/v1/events?include=message', 'read'), 200);
});

test('a key may come as X-Api-Key or with any case of Bearer; an empty one does not count', async () => {
  await using api = await open({ keyRequired: true });
  for (const [headers, expected] of [
    [{ 'x-api-key': 'read' }, 200],
    [{ authorization: 'bearer read' }, 200],
    [{ authorization: 'BEARER  read ' }, 200],
    [{ authorization: 'Basic read' }, 401],
    [{ authorization: 'Digest read' }, 401],
    [{ authorization: 'Digest write', 'x-api-key': 'read' }, 200],
    [{ authorization: 'Bearer of-a-proxy', 'x-api-key': 'read' }, 200],
    [{ authorization: 'Bearer read', 'x-api-key': 'of-a-proxy' }, 200],
    [{ authorization: 'Bearer of-a-proxy', 'x-api-key': 'wrong' }, 401],
    [{ authorization: 'Bearer' }, 401],
    [{ authorization: `Bearer ${'x'.repeat(500)}` }, 401],
    [{ 'x-api-key': 'Read' }, 401],
  ] as const) {
    const response = await ask(api, '/v1/summary', { headers });
    await response.text();
    assert.equal(response.status, expected, JSON.stringify(headers));
  }
});

test('an empty X-Api-Key is no key, so that nothing is refused for it', async () => {
  await using api = await open();
  const response = await ask(api, '/v1/summary', { headers: { 'x-api-key': '' } });
  assert.equal(response.status, 200);
  await using closed = await open({ keyRequired: true });
  const inPath = await ask(closed, '/api/read/banned', { headers: { 'x-api-key': '' } });
  assert.equal(inPath.status, NO_NEW_BANS);
});

test('any key in the path will do where reading needs none, and only a good one elsewhere', async () => {
  await using api = await open();
  assert.equal(await status(api, '/api/wrong/banned'), NO_NEW_BANS);
  assert.equal(await status(api, '/api/write/banned'), NO_NEW_BANS);
  assert.equal(await status(api, '/v1/summary', 'write'), 200, 'with any good key in the header');
  await using closed = await open({ keyRequired: true });
  assert.equal(await status(closed, '/api/wrong/banned'), 401);
  assert.equal(await status(closed, '/api/write/banned'), 403);
  assert.equal(await status(closed, '/api/read/banned'), NO_NEW_BANS);
  assert.equal(await status(closed, '/api/read/banned', 'of-a-proxy'), NO_NEW_BANS);
});

test('a key longer than any that is made is not even looked up', async () => {
  const long = 'x'.repeat(KEY_CHARACTERS_MAX + 1);
  const known = evidence();
  known.keys.set(long, { name: 'long', role: 'read' });
  known.keys.set(long.slice(1), { name: 'longest', role: 'read' });
  await using api = await openApi({ evidence: known, clock }, { keyRequired: true });
  assert.equal(await status(api, '/v1/summary', long), 401);
  assert.equal(await status(api, '/v1/summary', long.slice(1)), 200);
});

test('what is refused says why, in the words of the route', async () => {
  await using api = await open({ keyRequired: true });
  const own = await ask(api, '/v1/summary');
  assert.equal(own.headers.get('www-authenticate'), 'Bearer');
  assert.equal(own.headers.get('retry-after'), null, 'waiting does not help');
  assert.equal(own.headers.get('content-type'), 'application/problem+json');
  assert.match(
    ((await own.json()) as { readonly detail: string }).detail,
    /^this needs a key that may read/,
  );
  const cloud = await ask(api, '/api/ip-addresses/192.0.2.1', {
    headers: { authorization: 'Bearer wrong' },
  });
  assert.equal(((await cloud.json()) as { readonly error: string }).error, 'invalid_token');
});

test('a refusal names the right that is missing, and the roles that have it', async () => {
  await using api = await open({ keyRequired: true });
  const HOW = 'Authorization: Bearer KEY, or X-Api-Key: KEY';
  for (const [method, path, key, error, detail] of [
    ['GET', '/numbers/1', undefined, 'missing_token', `this needs a key that may read: ${HOW}`],
    [
      'POST',
      '/api/events',
      undefined,
      'missing_token',
      `this needs a key that may deliver events: ${HOW}`,
    ],
    [
      'GET',
      '/numbers/1',
      'write',
      'insufficient_permissions',
      'this key is for write and may not read; read or admin would',
    ],
    [
      'POST',
      '/api/events',
      'read',
      'insufficient_permissions',
      'this key is for read and may not deliver events; write or admin would',
    ],
  ] as const) {
    const headers: Record<string, string> = key === undefined ? {} : { 'x-api-key': key };
    const response = await ask(api, path, { method, headers });
    assert.deepEqual(await response.json(), { error, error_description: detail }, path);
  }
  const decision = { method: 'POST', body: '{}', headers: { 'x-api-key': 'read' } };
  const own = (await (await ask(api, '/v1/decisions', decision)).json()) as { detail: string };
  assert.equal(
    own.detail,
    'this key is for read and may not decide what may be listed, and whom to trust; admin would',
  );
});

test('whoever asks too often is told so, and how long to wait', async () => {
  await using api = await open({ ratePerSecond: 1, trustedProxies: ['127.0.0.1'] });
  const headers = { 'x-forwarded-for': '192.0.2.1' };
  for (let count = 0; count < RATE_MS / 1000; count += 1) await ask(api, '/numbers/1', { headers });
  clock.ms += RATE_MS - 1;
  const refused = await ask(api, '/numbers/1', { headers });
  assert.equal(refused.status, 429);
  assert.equal(refused.headers.get('retry-after'), '1');
  assert.equal(refused.headers.get('www-authenticate'), null);
  assert.deepEqual(await refused.json(), {
    error: 'too_many',
    error_description: 'there were too many requests from this address',
  });
});

test('without a limit another machine may ask as often as it likes', async () => {
  await using api = await open({ trustedProxies: ['127.0.0.1'] });
  for (let count = 0; count < 3; count += 1) {
    const headers = { 'x-forwarded-for': '192.0.2.1' };
    assert.equal((await ask(api, '/v1/summary', { headers })).status, 200);
  }
});

test('wrong keys with the same beginning are answered 429 for a while after too many', async () => {
  await using api = await open();
  const wrong = (count: number): string => `sentrypeer_wrong${count}`;
  for (let count = 0; count < FAILED_KEYS_COUNT_MAX; count += 1) {
    assert.equal(await status(api, '/v1/summary', wrong(count)), 401);
  }
  const refused = await ask(api, '/v1/summary', { headers: { 'x-api-key': wrong(10) } });
  assert.equal(refused.status, 429);
  assert.equal(refused.headers.get('retry-after'), String(FAILED_KEYS_MS / 1000));
  assert.equal(await status(api, '/v1/summary', 'sentrypeer_other'), 401, 'another beginning');
  assert.equal(await status(api, '/v1/summary'), 200, 'without a key nothing is guessed');
  clock.ms += FAILED_KEYS_MS;
  assert.equal(await status(api, '/v1/summary', wrong(0)), 401);
});

test('wrong keys with ever other beginnings are answered 429 after some more', async () => {
  await using api = await open();
  for (let count = 0; count < FAILED_CLIENT_KEYS_COUNT_MAX; count += 1) {
    assert.equal(await status(api, '/v1/summary', `${count}-wrong`), 401);
  }
  assert.equal(await status(api, '/v1/summary', 'x-wrong'), 429);
});

test('a good key is never punished for bad neighbours, whatever they send', async () => {
  await using api = await open({
    keyRequired: true,
    ratePerSecond: 1,
    trustedProxies: ['127.0.0.1'],
  });
  const nat = '198.51.100.7';
  const from = (key: string | undefined, path: string): Promise<Response> =>
    ask(api, path, {
      headers: { 'x-forwarded-for': nat, ...(key !== undefined && { 'x-api-key': key }) },
    });
  // Their keys begin like the good one, or with anything else; some send none, and all ask too often.
  for (let count = 0; count < 2 * FAILED_CLIENT_KEYS_COUNT_MAX; count += 1) {
    await (await from([`read${count}`, `${count}x`, undefined][count % 3], '/v1/summary')).text();
  }
  assert.equal((await from('wrong', '/v1/summary')).status, 429);
  for (const path of READS) {
    const { status: good } = await from('read', path);
    assert.ok(good === 200 || good === 404, `${path}: ${good}`);
  }
});

test('a good key in the body counts against its own rate', async () => {
  await using api = await open({ keyRatePerSecond: 1 });
  const signIn = async (): Promise<number> => {
    const answer = await ask(api, '/v1/session', { method: 'POST', body: '{"key":"read"}' });
    await answer.text();
    return answer.status;
  };
  const statuses: number[] = [];
  for (let count = 0; count <= RATE_MS / 1000; count += 1) statuses.push(await signIn());
  assert.equal(statuses.pop(), 429);
  assert.deepEqual(new Set(statuses), new Set([200]));
});

test('a good key in the body is never punished for bad neighbours, other bodies are', async () => {
  await using api = await open({ ratePerSecond: 1, trustedProxies: ['127.0.0.1'] });
  const post = async (path: string, body: string, address: string): Promise<number> => {
    const headers = { 'x-forwarded-for': address };
    const answer = await ask(api, path, { method: 'POST', body, headers });
    await answer.text();
    return answer.status;
  };
  const bodies = (key: string): readonly (readonly [string, string])[] => {
    const token = { client_id: key, client_secret: key, grant_type: 'client_credentials' };
    return [
      ['/v1/session', JSON.stringify({ key })],
      ['/oauth/token', JSON.stringify(token)],
      ['/oauth/token', new URLSearchParams(token).toString()],
    ];
  };
  const flood = async (path: string, body: string, address: string): Promise<void> => {
    for (let count = 0; count < RATE_MS / 1000; count += 1) await post(path, body, address);
  };
  for (const [index, [path, body]] of bodies('read').entries()) {
    const nat = `198.51.100.${index}`;
    for (let count = 0; count <= RATE_MS / 1000; count += 1) {
      await (await ask(api, '/v1/summary', { headers: { 'x-forwarded-for': nat } })).text();
    }
    assert.equal(await post(path, body, nat), 200, path);
    for (const [, wrong] of bodies('wrong')) assert.equal(await post(path, wrong, nat), 429, path);
    assert.equal(await post(path, '', nat), 429, path);
    assert.equal(await post(path, '{}', nat), 429, path);
  }
  await flood('/v1/session', '{', '198.51.100.9');
  assert.equal(await post('/v1/session', '{', '198.51.100.9'), 429, 'nonsense counts, too');
});

test('another machine may ask so often, this one as it likes; proxies are believed only by name', async () => {
  const from = (address: string): RequestInit => ({ headers: { 'x-forwarded-for': address } });
  await using api = await open({ ratePerSecond: 1, trustedProxies: ['127.0.0.1'] });
  const allowed = RATE_MS / 1000;
  for (let count = 0; count < allowed; count += 1) {
    assert.equal((await ask(api, '/v1/summary', from('2001:db8::1'))).status, 200);
  }
  assert.equal(
    (await ask(api, '/v1/summary', from('2001:db8:0:0:7::1'))).status,
    429,
    'the same /64',
  );
  assert.equal((await ask(api, '/v1/summary', from('2001:db8:1::2'))).status, 200);
  for (let count = 0; count < 2 * allowed; count += 1)
    assert.equal(await status(api, '/v1/summary'), 200);
  clock.ms += RATE_MS;
  assert.equal((await ask(api, '/v1/summary', from('2001:db8::1'))).status, 200);
  await using direct = await open({ ratePerSecond: 1 });
  for (let count = 0; count < 2 * allowed; count += 1) {
    assert.equal((await ask(direct, '/v1/summary', from('192.0.2.1'))).status, 200);
  }
});

test('a key may be used so often, from wherever, and each key by itself', async () => {
  await using api = await open({ keyRatePerSecond: 1 });
  const allowed = RATE_MS / 1000;
  for (let count = 0; count < allowed; count += 1) {
    assert.equal(await status(api, '/v1/summary', 'read'), 200);
  }
  const refused = await ask(api, '/v1/summary', { headers: { 'x-api-key': 'read' } });
  assert.equal(refused.status, 429);
  assert.equal(refused.headers.get('retry-after'), String(RATE_MS / 1000));
  const { detail } = (await refused.json()) as { readonly detail: string };
  assert.equal(detail, 'there were too many requests with this key');
  assert.equal(await status(api, '/v1/summary', 'admin'), 200);
  assert.equal(await status(api, '/v1/summary'), 200);
  clock.ms += RATE_MS;
  assert.equal(await status(api, '/v1/summary', 'read'), 200);
});

test('scripts of the site that is allowed may send a key', async () => {
  const preflight = {
    method: 'OPTIONS',
    headers: { origin: 'https://pbx.example', 'access-control-request-method': 'GET' },
  };
  await using api = await open({ corsOrigin: 'https://pbx.example' });
  const answer = await ask(api, '/v1/summary', preflight);
  assert.equal(answer.status, 204);
  const allowed = answer.headers.get('access-control-allow-headers')?.split(', ') ?? [];
  assert.ok(allowed.includes('Authorization') && allowed.includes('X-Api-Key'));
  assert.match(answer.headers.get('access-control-allow-methods') ?? '', /\bGET\b/);
  const simple = await ask(api, '/v1/summary', { method: 'OPTIONS' });
  assert.equal(simple.status, 405, 'which is not a preflight');
  await using closed = await open();
  assert.equal((await ask(closed, '/v1/summary', preflight)).status, 405);
});

test('RequestWindows forgets the oldest client when there are too many', () => {
  const windows = new RequestWindows({ countMax: 1, windowMs: 1000 });
  assert.equal(windows.take('first', 0), 0);
  assert.equal(windows.take('first', 1), 999);
  for (let index = 1; index < WINDOWS_COUNT_MAX; index += 1) windows.take(String(index), 2);
  assert.equal(windows.take('first', 3), 997, 'there was room for all');
  windows.take('last', 4);
  assert.equal(windows.take('1', 5), 997, 'of the others none is forgotten');
  assert.equal(windows.take('first', 6), 0);
});

test('RequestWindows takes a client whose window was opened again for a new one', () => {
  const windows = new RequestWindows({ countMax: 1, windowMs: 1000 });
  windows.take('first', 0);
  for (let index = 1; index < WINDOWS_COUNT_MAX; index += 1) windows.take(String(index), 1);
  assert.equal(windows.take('first', 1000), 0);
  windows.take('last', 1000);
  assert.equal(windows.take('first', 1000), 1000, 'another was the oldest');
});
