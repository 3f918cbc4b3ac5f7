// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* By which names the server may be asked, what pages of other sites get, and how much is read for anybody. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { silentLogger } from '@sentrypeer/kernel';
import type { AnsweredRequest, HttpApi } from '../src/index.ts';
import {
  BODIES_OCTETS_MAX,
  BODY_OCTETS_MAX,
  DELIVERY_OCTETS_MAX,
  FAILED_KEYS_COUNT_MAX,
  HOST_CHARACTERS_MAX,
  TOKEN_OCTETS_MAX,
} from '../src/limits.ts';
import { MemoryEvidence } from './memory-evidence.ts';
import { openApi } from './ports.ts';

/** The answer to these octets. */
async function answerOf(api: HttpApi, octets: string): Promise<string> {
  const socket = connect(api.address.port, '127.0.0.1').setEncoding('latin1');
  socket.write(octets);
  const [text] = (await once(socket, 'data', { signal: AbortSignal.timeout(5_000) })) as [string];
  socket.destroy();
  return text;
}

/** The status of the answer to these octets, 0 if there was none. */
async function statusOf(api: HttpApi, octets: string): Promise<number> {
  const text = await answerOf(api, octets);
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);
}

const get = (api: HttpApi, ...headers: readonly string[]): Promise<number> =>
  statusOf(api, `GET /v1/summary HTTP/1.1\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n`);

function withKey(): MemoryEvidence {
  const evidence = new MemoryEvidence();
  evidence.keys.set('good', { name: 'pbx', role: 'write' });
  evidence.keys.set('read', { name: 'reader', role: 'read' });
  return evidence;
}

test('a page that points its own name here reads nothing, in whatever spelling', async () => {
  await using api = await openApi({ evidence: withKey() });
  for (const host of [
    'evil.example',
    'EVIL.example:8082',
    'evil.example.',
    '127.0.0.1.evil.example',
  ])
    assert.equal(await get(api, `Host: ${host}`), 421, host);
  const lines: unknown[] = [];
  const logger = { ...silentLogger, warn: (...line: readonly unknown[]) => lines.push(line) };
  await using told = await openApi({ logger });
  for (const path of ['/v1/summary', '/numbers/1']) {
    const octets = `GET ${path} HTTP/1.1\r\nHost: evil.example\r\n\r\n`;
    const answer = await answerOf(told, octets);
    assert.match(
      answer,
      /"this server is not known by the name in Host; --api-host NAME makes it known"/,
    );
    assert.equal(answer.includes('application/problem+json'), path.startsWith('/v1/'), path);
    assert.equal(answer.includes('"error": "misdirected"'), path.startsWith('/num'), path);
  }
  const help = '--api-host NAME makes it known';
  assert.deepEqual(lines, [['api_host_unknown', { host: 'evil.example', help }]]);
  assert.equal(await get(api, 'Host: evil.example', 'X-Api-Key: wrong'), 401);
  assert.equal(await get(api, 'Host: evil.example', 'X-Api-Key: read'), 200, 'no page has a key');
});

test('the name in an absolute target counts, not the one in Host', async () => {
  await using api = await openApi();
  for (const [authority, host, status] of [
    ['evil.example', '127.0.0.1', 421],
    ['127.0.0.1@evil.example', '127.0.0.1', 421],
    ['user@127.0.0.1', '127.0.0.1', 421],
    ['127.0.0.1:8082', 'evil.example', 200],
    ['127.0.0.1', '127.0.0.1', 200],
  ] as const) {
    const target = `http://${authority}/v1/summary`;
    const octets = `GET ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
    assert.equal(await statusOf(api, octets), status, target);
  }
});

test('addresses, names of one label, private names and those of the operator are served', async () => {
  await using api = await openApi({}, { hostNames: ['Sip.Example.org'] });
  for (const host of [
    '127.0.0.1',
    '127.0.0.1:8082',
    '[::1]:8082',
    '192.0.2.1',
    'localhost:1',
    'sentrypeer',
    'pot.local',
    'a.internal:8082',
    'sip.example.org:8082',
    'SIP.example.ORG.',
  ])
    assert.equal(await get(api, `Host: ${host}`), 200, host);
});

test('two Host headers, and an invalid one, are 400', async () => {
  await using api = await openApi();
  assert.equal(await get(api, 'Host: 127.0.0.1', 'host: evil.example'), 400);
  assert.equal(await get(api, 'Host: 127.0.0.1', 'HOST: 127.0.0.1'), 400);
  for (const host of [
    'a b',
    'user@localhost',
    'localhost:x',
    'localhost/',
    '[::1',
    '[x]',
    '[127.0.0.1]',
    'a'.repeat(HOST_CHARACTERS_MAX + 1),
    'a\u00e4',
  ])
    assert.equal(await get(api, `Host: ${host}`), 400, host);
  assert.equal(
    await statusOf(api, 'GET /nothing HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'),
    400,
    'also where there is no route',
  );
});

test('a page of another site changes nothing, even with a key', async () => {
  const delivered: unknown[] = [];
  const deliver = async (events: readonly unknown[]): Promise<void> => void delivered.push(events);
  await using api = await openApi({ evidence: withKey(), deliver }, { corsOrigin: '*' });
  const post = (...headers: readonly string[]): Promise<number> =>
    statusOf(
      api,
      `POST /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Api-Key: good\r\nContent-Length: 2\r\n${headers
        .map((line) => `${line}\r\n`)
        .join('')}\r\n[]`,
    );
  for (const header of [
    'Origin: https://evil.example',
    'Origin: null',
    'Origin: http://127.0.0.1:1',
    'Sec-Fetch-Site: cross-site',
    'Sec-Fetch-Site: same-site',
  ])
    assert.equal(await post(header), 403, header);
  assert.equal(delivered.length, 0);
  for (const header of ['Origin: http://127.0.0.1', 'Sec-Fetch-Site: same-origin'])
    assert.equal(await post(header), 201, header);
  assert.equal(await post(), 201);
});

test('what is refused before its key is looked at says why, and counts no wrong key', async () => {
  await using api = await openApi();
  const wrong = 'X-Api-Key: sentrypeer_wrong';
  for (const [method, header, status, error, isLast] of [
    ['GET', 'Host: b', 400, 'The request data was invalid', true],
    [
      'POST',
      'Origin: https://evil.example',
      403,
      'Pages of other sites cannot change anything here',
      false,
    ],
    ['GET', 'Content-Length: 5000000', 413, 'The request is too large', true],
  ] as const) {
    const path = method === 'GET' ? '/v1/summary' : '/api/events';
    const octets = `${method} ${path} HTTP/1.1\r\nHost: a\r\n${header}\r\n${wrong}\r\n\r\n`;
    for (let count = 0; count < FAILED_KEYS_COUNT_MAX; count += 1) {
      const answer = await answerOf(api, octets);
      assert.ok(answer.startsWith(`HTTP/1.1 ${status} `), answer);
      assert.ok(answer.includes(`"error": "${error}"`), answer);
      assert.equal(/^connection: close\r$/im.test(answer), isLast, answer);
    }
  }
  assert.equal(await get(api, 'Host: a', wrong), 401);
});

test('where there is no route, the answer says so, or which methods there are', async () => {
  await using api = await openApi();
  const ask = (line: string): Promise<string> =>
    answerOf(api, `${line} HTTP/1.1\r\nHost: a\r\n\r\n`);
  const unknown = await ask('GET /nothing?a=b');
  assert.match(unknown, /^HTTP\/1\.1 404 /);
  assert.ok(unknown.includes('"error": "The requested resource could not be found."'), unknown);
  const known = await ask('DELETE /v1/summary?a=b');
  assert.match(known, /^HTTP\/1\.1 405 .*\r\nallow: GET, HEAD\r\n/is);
  assert.ok(known.includes('"error": "The method is not allowed"'), known);
});

test('a page of another site may cause what changes nothing, and reads none of it', async () => {
  await using api = await openApi();
  for (const method of ['GET', 'HEAD']) {
    const octets = `${method} /v1/summary HTTP/1.1\r\nHost: 127.0.0.1\r\nSec-Fetch-Site: cross-site\r\n\r\n`;
    assert.equal(await statusOf(api, octets), 200, method);
  }
});

test('what X-Forwarded-For says is told only where it is an address', async () => {
  const clients: string[] = [];
  const onAnswered = ({ client }: AnsweredRequest): void => void clients.push(client);
  await using api = await openApi({ onAnswered }, { trustedProxies: ['127.0.0.1'] });
  for (const forwarded of ['192.0.2.7', '2001:db8::7', 'unknown', '\u0085evil', '192.0.2.7:80'])
    assert.equal(await get(api, 'Host: a', `X-Forwarded-For: ${forwarded}`), 200);
  assert.deepEqual(clients, ['192.0.2.7', '2001:db8::7', '127.0.0.1', '127.0.0.1', '127.0.0.1']);
});

test('/oauth/token reads no more than credentials have, announced or not, packed or not', async () => {
  await using api = await openApi({ evidence: withKey() });
  const post = (head: string, body = ''): Promise<number> =>
    statusOf(api, `POST /oauth/token HTTP/1.1\r\nHost: a\r\n${head}\r\n\r\n${body}`);
  const size = TOKEN_OCTETS_MAX + 1;
  assert.equal(await post(`Content-Length: ${size}`), 413, 'none of it is waited for');
  const chunk = `${size.toString(16)}\r\n${'x'.repeat(size)}\r\n`;
  assert.equal(await post('Transfer-Encoding: chunked', chunk), 413);
  const form = 'grant_type=client_credentials&client_id=pbx&client_secret=good';
  assert.equal(await post(`Content-Length: ${form.length}`, form), 200);
});

test('a route that reads no body takes a small one, and awaits no large one', async () => {
  await using api = await openApi();
  const ask = (announced: number, body = ''): Promise<number> =>
    statusOf(
      api,
      `GET /v1/summary HTTP/1.1\r\nHost: a\r\nContent-Length: ${announced}\r\n\r\n${body}`,
    );
  assert.equal(await ask(2, '[]'), 200);
  assert.equal(await ask(BODY_OCTETS_MAX, 'x'.repeat(BODY_OCTETS_MAX)), 200);
  assert.equal(await ask(BODY_OCTETS_MAX + 1), 413);
});

test('bodies of all connections together are bounded, and room comes back', async () => {
  await using api = await openApi({ evidence: withKey() });
  const head = (octets: number): string =>
    `POST /api/events HTTP/1.1\r\nHost: a\r\nX-Api-Key: good\r\nContent-Length: ${octets}\r\n\r\n`;
  const fit = BODIES_OCTETS_MAX / (2 * DELIVERY_OCTETS_MAX);
  const sockets = Array.from({ length: fit }, () => connect(api.address.port, '127.0.0.1'));
  for (const socket of sockets) socket.write(`${head(DELIVERY_OCTETS_MAX)}[`);
  let refused = 0;
  const deadline = AbortSignal.timeout(5_000);
  while (refused !== 503) {
    assert.ok(!deadline.aborted, `not refused: ${refused}`);
    refused = await statusOf(api, `${head(2)}[]`);
  }
  const busy = await answerOf(api, `${head(2)}[]`);
  assert.match(busy, /^HTTP\/1\.1 503 .*\r\nretry-after: 1\r\n/is);
  assert.match(busy, /\r\nconnection: close\r\n/i);
  assert.ok(busy.includes('"error": "Too much is being delivered at a time"'), busy);
  for (const socket of sockets) socket.destroy();
  let taken = 0;
  while (taken !== 201) {
    assert.ok(!deadline.aborted, `not taken: ${taken}`);
    taken = await statusOf(api, `${head(2)}[]`);
  }
});
