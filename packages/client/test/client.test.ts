// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError, SentryPeerClient, type ClientOptions } from '../src/index.ts';

type Answer = Response | Error | 'never';

/** A node that gives these answers one after another, and keeps the requests. */
class Node {
  readonly asked: URL[] = [];
  readonly keys: (string | null)[] = [];
  readonly #answers: Answer[];

  constructor(...answers: readonly Answer[]) {
    this.#answers = [...answers];
  }

  client(options: Partial<ClientOptions> = {}): SentryPeerClient {
    return new SentryPeerClient({
      baseUrl: 'http://node.example:8082',
      fetch: (url, init) => this.#answer(new URL(new Request(url).url), init),
      ...options,
    });
  }

  async #answer(url: URL, init: RequestInit | undefined): Promise<Response> {
    this.asked.push(url);
    this.keys.push(new Headers(init?.headers).get('authorization'));
    const answer = this.#answers.shift();
    assert.ok(answer !== undefined, `asked once too often: ${url.href}`);
    if (answer instanceof Error) throw answer;
    if (answer !== 'never') return answer;
    const { promise, reject } = Promise.withResolvers<never>();
    init?.signal?.addEventListener('abort', () => reject(init.signal?.reason as Error));
    return promise;
  }
}

const SUMMARY = { addresses: 1, numbers: 2, user_agents: 3, last_event_id: 4 };
const ok = (value: unknown): Response => Response.json(value);
const problem = (status: number, headers: Record<string, string> = {}): Response =>
  Response.json(
    { detail: 'what would be right' },
    { status, headers: { 'content-type': 'application/problem+json; charset=utf-8', ...headers } },
  );

test('listingChanges() begins after a change and goes on page by page', async () => {
  const page = (id: number, next: string | null) => ok({ items: [{ id }], next });
  const node = new Node(page(8, '8'), page(9, null));
  const ids = await Array.fromAsync(node.client().listingChanges({ after: 7 }), ({ id }) => id);
  assert.deepEqual(ids, [8, 9]);
  assert.deepEqual(
    node.asked.map(({ searchParams }) => searchParams.get('cursor')),
    ['7', '8'],
  );
});

test('a call sends the key, and leaves out what is not asked', async () => {
  const node = new Node(ok({ verdict: 'unknown' }), ok(SUMMARY));
  const client = node.client({ key: 'k' });
  await client.check({ number: '+46 1' });
  assert.equal(node.asked[0]?.href, 'http://node.example:8082/v1/check?number=%2B46+1');
  assert.equal(node.keys[0], 'Bearer k');
  assert.deepEqual(await client.summary(), SUMMARY);
});

test('what may pass is tried again, after the time that the node asks for', async () => {
  const node = new Node(
    problem(503, { 'retry-after': '0' }),
    new TypeError('no route'),
    ok(SUMMARY),
  );
  assert.deepEqual(await node.client().summary(), SUMMARY);
  const late = new Node('never', ok(SUMMARY));
  assert.deepEqual(await late.client({ timeoutMs: 5 }).summary(), SUMMARY);
});

test('what will not pass is an ApiError at once, and so is what passed too late', async () => {
  const refused = new Node(problem(403));
  await assert.rejects(refused.client().summary(), (error) => {
    assert.ok(error instanceof ApiError);
    assert.deepEqual([error.status, error.message], [403, 'what would be right']);
    return true;
  });
  const busy = new Node(problem(429, { 'retry-after': '0' }), problem(429, { 'retry-after': '0' }));
  await assert.rejects(busy.client({ retries: 1 }).summary(), { name: 'ApiError', status: 429 });
  const odd = new Node(new Response('<html>', { status: 500 }));
  await assert.rejects(odd.client().summary(), { name: 'ApiError', status: 500 });
});

test('what is not there is undefined', async () => {
  const node = new Node(problem(404), problem(404), problem(404));
  const client = node.client();
  assert.equal(await client.address('2001:db8::1'), undefined);
  assert.equal(await client.number('#1/2'), undefined);
  assert.equal(await client.event('x'), undefined);
  assert.deepEqual(
    node.asked.map(({ pathname }) => pathname),
    ['/v1/addresses/2001%3Adb8%3A%3A1', '/v1/numbers/%231%2F2', '/v1/events/x'],
  );
});

test('a 404 of a server that is not the node says nothing about what was asked', async () => {
  const elsewhere = (): Response => new Response('<h1>Not Found</h1>', { status: 404 });
  const node = new Node(elsewhere(), elsewhere(), elsewhere(), elsewhere());
  const client = node.client();
  const notFound = { name: 'ApiError', status: 404 };
  await assert.rejects(client.address('192.0.2.1'), notFound);
  await assert.rejects(client.number('900442079460002'), notFound);
  await assert.rejects(client.event('x'), notFound);
  await assert.rejects(client.summary(), notFound);
});

test('what always has an answer is refused if even the node says that there is none', async () => {
  const node = new Node(problem(404), problem(404), problem(404));
  const client = node.client();
  const notFound = { name: 'ApiError', status: 404, message: 'what would be right' };
  await assert.rejects(client.check({ number: '1' }), notFound);
  await assert.rejects(Array.fromAsync(client.events()), notFound);
  await assert.rejects(client.stream().next(), notFound);
});

test('a node may be in a folder of a server', async () => {
  const node = new Node(ok(SUMMARY), ok(SUMMARY));
  await node.client({ baseUrl: 'https://pbx.example/sentrypeer' }).summary();
  await node.client({ baseUrl: 'https://pbx.example/sentrypeer/' }).summary();
  const [once, twice] = node.asked;
  assert.equal(once?.href, 'https://pbx.example/sentrypeer/v1/summary');
  assert.equal(twice?.href, 'https://pbx.example/sentrypeer/v1/summary');
});

test('readings() refuses a number that the node would take for two', async () => {
  const node = new Node(ok({ items: [] }));
  await assert.rejects(node.client().readings(['46850780290,1', '112']), RangeError);
  assert.equal(node.asked.length, 0);
  await node.client().readings(['46850780290', '112']);
  assert.equal(node.asked[0]?.searchParams.get('numbers'), '46850780290,112');
});

test('a signal ends a call, and the wait before the next attempt', async () => {
  const node = new Node('never');
  const stop = new AbortController();
  const call = node.client().summary({ signal: stop.signal });
  stop.abort(new Error('enough'));
  await assert.rejects(call, /enough/);
  const waiting = new Node(problem(503, { 'retry-after': '20' }));
  const soon = AbortSignal.timeout(20);
  await assert.rejects(waiting.client().summary({ signal: soon }), { name: 'TimeoutError' });
});

test('pages follow one another, empty ones too', async () => {
  const page = (ids: readonly number[], next: string | null): Response =>
    ok({ items: ids.map((id) => ({ id })), next });
  const node = new Node(page([3, 2], '2'), page([], '1'), page([1], null));
  const ids: number[] = [];
  for await (const { id } of node.client().events({ sourceIp: '192.0.2.1' })) ids.push(id);
  assert.deepEqual(ids, [3, 2, 1]);
  assert.equal(node.asked[2]?.search, '?source_ip=192.0.2.1&limit=500&cursor=1');
});

test('countries come as a list, networks page by page', async () => {
  const countries = [{ country: 'SE' }, { country: null }];
  const node = new Node(
    ok({ items: countries }),
    ok({ items: [{ network: 'AS64500' }], next: '3-AS64500' }),
    ok({ items: [{ network: '203.0.113.0/24' }], next: null }),
    ok({ items: [], next: null }),
  );
  const client = node.client();
  assert.deepEqual(await client.countries(), countries);
  const networks: string[] = [];
  for await (const { network } of client.networks()) networks.push(network);
  assert.deepEqual(networks, ['AS64500', '203.0.113.0/24']);
  const none = await client.addresses({ country: 'SE', network: 'AS64500' }).next();
  assert.equal(none.done, true);
  assert.equal(node.asked[3]?.search, '?country=SE&network=AS64500&limit=500');
});

const message = (id: number): string => `id: ${id}\nevent: event\ndata: {"id":${id}}\n\n`;

function streamOf(...parts: readonly string[]): Response {
  const encoder = new TextEncoder();
  return new Response(ReadableStream.from(parts.map((part) => encoder.encode(part))));
}

test('a stream goes on after its last event when the connection breaks', async () => {
  const first = `retry: 1000\n\n:\n\n${message(5)}${message(6)}`;
  const node = new Node(
    ok(SUMMARY),
    streamOf(first.slice(0, 40), first.slice(40), 'id: 7\nda'),
    new TypeError('gone'),
    problem(503),
    streamOf(message(7)),
  );
  const ids: number[] = [];
  for await (const { id } of node.client().stream({ method: 'INVITE' })) {
    ids.push(id);
    if (id === 7) break;
  }
  assert.deepEqual(ids, [5, 6, 7]);
  assert.deepEqual(
    node.asked.slice(1).map(({ searchParams }) => searchParams.get('after')),
    ['4', '6', '6', '6'],
  );
});

test('a stream that is refused ends', async () => {
  const node = new Node(problem(401));
  const stream = node.client().stream({ after: 1 });
  await assert.rejects(stream.next(), { name: 'ApiError', status: 401 });
});

test('a stream ends if what answers is not a stream of events', async () => {
  const page = new Response('<!doctype html>', { headers: { 'content-type': 'text/html' } });
  const stream = new Node(page).client().stream({ after: 1 });
  await assert.rejects(stream.next(), { name: 'ApiError', status: 200, message: /baseUrl/ });
});
