// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What arrives on an open port: clients that are slow, half gone, or speak something else. Raw sockets. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket, type TcpNetConnectOpts } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { HttpApi } from '../src/index.ts';
import { FEED_STREAMS_COUNT_MAX, LISTS_COUNT_MAX, STREAMS_COUNT_MAX } from '../src/limits.ts';
import { MemoryTotals } from './memory-totals.ts';
import { openApi as openHttpApi } from './ports.ts';

const timeouts = { headersMs: 60, requestMs: 90, stalledMs: 300, lateCheckMs: 10 };

let totals = new MemoryTotals();
let api: HttpApi;

const openApi = (options = {}): Promise<HttpApi> =>
  openHttpApi({ totals }, { timeouts, ...options });

beforeEach(async () => {
  totals = new MemoryTotals().addNumber('1');
  api = await openApi();
});
afterEach(() => api.close());

/** A client that collects what it is told. */
class Client {
  text = '';
  readonly socket: Socket;
  readonly #closed: Promise<unknown>;

  constructor(place: TcpNetConnectOpts = { port: api.address.port, host: '127.0.0.1' }) {
    this.socket = connect(place);
    this.socket.setEncoding('latin1').on('data', (data: string) => (this.text += data));
    this.socket.on('error', () => undefined);
    this.#closed = once(this.socket, 'close');
  }

  async closed(): Promise<string> {
    const late = AbortSignal.timeout(60_000);
    late.addEventListener('abort', () => this.socket.destroy(new Error('not closed in time')));
    await this.#closed;
    assert.ok(!late.aborted, `not closed in time: ${this.text}`);
    return this.text;
  }

  async until(condition: (text: string) => boolean): Promise<void> {
    const late = AbortSignal.timeout(60_000);
    while (!condition(this.text)) {
      assert.ok(!late.aborted, `not in time: ${this.text}`);
      await nextTurn();
    }
  }
}

/** Sends octets and returns everything that came until the server closed. */
async function exchange(
  octets: string | Uint8Array,
  end = false,
  { port } = api.address,
): Promise<string> {
  const client = new Client({ port, host: '127.0.0.1' });
  client.socket.write(octets);
  if (end) client.socket.end();
  return await client.closed();
}

const statusesOf = (text: string): readonly string[] =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((match) => match[1] ?? '');

async function isUp(): Promise<void> {
  const text = await exchange('GET /numbers/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  assert.deepEqual(statusesOf(text), ['200']);
}

test('what is not HTTP is answered 400 and the connection ends', async () => {
  const octets = [
    'OPTIONS sip:100@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/TCP x\r\n\r\n',
    'hello\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    new Uint8Array([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03]), // TLS
    'GET /numbers/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: x\r\nBad Header: \0\r\n\r\n',
    'GET / HTTP/9.9\r\n\r\n',
    '\0'.repeat(64),
  ];
  for (const each of octets) {
    const text = await exchange(each);
    assert.deepEqual(statusesOf(text), ['400'], String(each));
    assert.match(text, /X-Powered-By: SentryPeer\r\n/);
    assert.match(text, /Connection: close\r\n/);
    assert.ok(text.endsWith('\r\n\r\n{\n  "error": "The request data was invalid"\n}'), text);
  }
  await isUp();
});

test('whoever opens all connections and says nothing keeps nobody out', async () => {
  await using full = await openApi({ connectionsMax: 8 });
  const { port } = full.address;
  const silent: Socket[] = [];
  let gone = 0;
  for (let index = 0; index < 20; index += 1) {
    const socket = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.9' });
    socket
      .on('error', () => undefined)
      .on('close', () => (gone += 1))
      .resume();
    await once(socket, 'connect');
    socket.write(index % 2 === 0 ? '' : 'GET / HTTP/1.1\r\n');
    silent.push(socket);
  }
  const asked = connect({ port, host: '127.0.0.1' });
  let text = '';
  asked.setEncoding('latin1').on('data', (data: string) => (text += data));
  asked.on('error', () => undefined);
  const ask = (): boolean => asked.write('GET /numbers/1 HTTP/1.1\r\nHost: x\r\n\r\n');
  ask();
  const late = AbortSignal.timeout(60_000);
  while (!text.includes('phone_number_found')) {
    assert.ok(!late.aborted, `not answered: ${text}`);
    await nextTurn();
  }
  // A connection in use stays, however many others come.
  for (let index = 0; index < 20; index += 1) {
    const socket = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.9' });
    socket
      .on('error', () => undefined)
      .on('close', () => (gone += 1))
      .resume();
    await once(socket, 'connect');
    silent.push(socket);
  }
  text = '';
  ask();
  while (!text.includes('phone_number_found')) {
    assert.ok(!late.aborted, `not answered: ${text}`);
    await nextTurn();
  }
  while (gone < silent.length - 8) {
    assert.ok(!late.aborted, `${gone} gone`);
    await nextTurn();
  }
  for (const socket of [...silent, asked]) socket.destroy();
});

test('a thousand addresses that each hold one silent connection keep nobody out', async () => {
  await using full = await openApi({ connectionsMax: 8 });
  const { port } = full.address;
  const others: Socket[] = [];
  let gone = 0;
  const comes = async (index: number): Promise<void> => {
    const socket = connect({ port, host: '127.0.0.1', localAddress: `127.0.1.${index}` });
    socket
      .on('error', () => undefined)
      .on('close', () => (gone += 1))
      .resume();
    await once(socket, 'connect');
    socket.write(index % 2 === 0 ? '' : 'GET / HTTP/1.1\r\n');
    others.push(socket);
  };
  for (let index = 1; index <= 20; index += 1) await comes(index);
  const late = AbortSignal.timeout(60_000);
  const asked = connect({ port, host: '127.0.0.1' });
  let text = '';
  asked.setEncoding('latin1').on('data', (data: string) => (text += data));
  asked.on('error', () => undefined);
  const isAnswered = async (): Promise<void> => {
    text = '';
    asked.write('GET /numbers/1 HTTP/1.1\r\nHost: x\r\n\r\n');
    while (!text.includes('phone_number_found')) {
      assert.ok(!late.aborted, `not answered: ${text}`);
      await nextTurn();
    }
  };
  await isAnswered();
  // The others arrived before the last request on this connection, so they are closed first.
  for (let index = 21; index <= 26; index += 1) await comes(index);
  await isAnswered();
  while (gone < others.length - 7) {
    assert.ok(!late.aborted, `${gone} gone`);
    await nextTurn();
  }
  for (const socket of [...others, asked]) socket.destroy();
});

test('a thousand addresses that each begin a request and never end it keep nobody out', async () => {
  const slow = { headersMs: 60_000, requestMs: 60_000, stalledMs: 60_000, lateCheckMs: 1000 };
  await using full = await openApi({ connectionsMax: 8, timeouts: slow });
  const { port } = full.address;
  const others: Socket[] = [];
  const stream = connect({ port, host: '127.0.0.1', localAddress: '127.0.2.1' });
  stream.write('GET /v1/events/stream HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(stream, 'data');
  const comes = async (index: number): Promise<void> => {
    const socket = connect({ port, host: '127.0.0.1', localAddress: `127.0.1.${index}` });
    socket.on('error', () => undefined);
    const head = 'Host: x\r\nExpect: 100-continue\r\nContent-Length: 9';
    socket.write(`POST /v1/session HTTP/1.1\r\n${head}\r\n\r\n`);
    await once(socket, 'data'); // It may send its body.
    others.push(socket);
  };
  for (let index = 1; index <= 7; index += 1) await comes(index);
  const late = AbortSignal.timeout(60_000);
  let text = '';
  while (!text.includes('phone_number_found')) {
    assert.ok(!late.aborted, `not answered: ${text}`);
    const question = 'GET /numbers/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
    text = await exchange(question, false, full.address);
  }
  assert.ok(others.filter(({ closed }) => !closed).length >= 6, 'only one made room');
  assert.equal(
    stream.closed,
    false,
    'nor is a stream of events cut off that is older than they are',
  );
  for (const socket of [...others, stream]) socket.destroy();
});

test('CONNECT is answered 405', async () => {
  const text = await exchange('CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n');
  assert.match(text, /^HTTP\/1\.1 405 .*\r\nAllow: GET, HEAD\r\n/s);
});

test('an absolute target and an upgrade that is not ours are answered as plain requests', async () => {
  const text = await exchange(
    'GET http://pot/numbers/1 HTTP/1.1\r\nHost: pot\r\nConnection: close, Upgrade\r\nUpgrade: websocket\r\n\r\n',
  );
  assert.deepEqual(statusesOf(text), ['200']);
});

test('HTTP/1.0 without Host is answered', async () => {
  const text = await exchange('GET /numbers/1 HTTP/1.0\r\n\r\n');
  assert.deepEqual(statusesOf(text), ['200']);
  totals.addAddress('192.0.2.1');
  const list = await exchange('GET /ip-addresses HTTP/1.0\r\n\r\n');
  assert.ok(list.endsWith('  ]\n}'), list);
});

test('headers, targets and bodies beyond the limits are refused', async () => {
  const fill = 'x'.repeat(9_000);
  assert.deepEqual(statusesOf(await exchange(`GET /${fill} HTTP/1.1\r\nHost: x\r\n\r\n`)), ['431']);
  assert.deepEqual(statusesOf(await exchange(`GET / HTTP/1.1\r\nA: ${fill}\r\n\r\n`)), ['431']);
  const large = await exchange('GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n');
  assert.deepEqual(statusesOf(large), ['413']);
  await isUp();
});

test('a body is passed over and the next request on the connection answered', async () => {
  const client = new Client();
  client.socket.write(
    'POST /numbers HTTP/1.1\r\nHost: x\r\nContent-Type: text/x\r\nContent-Length: 5\r\n\r\nhello',
  );
  await client.until((text) => text.endsWith('}'));
  client.socket.write('GET /numbers/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  assert.deepEqual(statusesOf(await client.closed()), ['405', '200']);
});

test('pipelined requests are answered in order, and what was asked before garbage too', async () => {
  const one = 'GET /numbers/1 HTTP/1.1\r\nHost: x\r\n\r\n';
  const two = 'GET /numbers/2 HTTP/1.1\r\nHost: x\r\n\r\n';
  const list = 'GET /numbers HTTP/1.1\r\nHost: x\r\n\r\n';
  const text = await exchange(`${one}${two}${one}nonsense\r\n\r\n`);
  assert.deepEqual(statusesOf(text), ['200', '404', '200', '400']);
  const listed = await exchange(`${list}${two}nonsense\r\n\r\n`);
  assert.deepEqual(statusesOf(listed), ['200', '404', '400']);
  const last = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
  assert.deepEqual(statusesOf(await exchange(`${list}${two}${list}${last}`)), [
    '200',
    '404',
    '200',
    '200',
  ]);
});

test('a look-up that fails, and one whose client is gone, harm none that came with them', async () => {
  totals.failure = new Error('database disk image is malformed');
  const failing = 'GET /ip-addresses/192.0.2.1 HTTP/1.1\r\nHost: x\r\n\r\n';
  const found = 'GET /numbers/1 HTTP/1.1\r\nHost: x\r\n\r\n';
  const last = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
  const gone = new Client();
  gone.socket.write(`${found}${failing}`, () => gone.socket.resetAndDestroy());
  const text = await exchange(`${failing}${found}${last}`);
  assert.deepEqual(statusesOf(text), ['500', '200', '200']);
  await gone.closed();
});

test('a client that closes its half after the request gets its answer', async () => {
  totals.addAddress('192.0.2.1');
  const text = await exchange('GET /ip-addresses HTTP/1.1\r\nHost: x\r\n\r\n', true);
  assert.deepEqual(statusesOf(text), ['200']);
  assert.match(text, /192\.0\.2\.1/);
});

test('a client that is slow with its request is answered 408', async () => {
  assert.deepEqual(statusesOf(await exchange('GET / HTTP/1.1\r\nHost: x\r\nA')), ['408']);
  // The answer is sent before the body has arrived; the rest of the body is not waited for.
  const body = await exchange('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345');
  assert.equal(statusesOf(body)[0], '405');
});

test('a client that says nothing or goes away does no harm', async () => {
  assert.match(await exchange(''), /^(HTTP\/1\.1 408 |$)/);
  for (let count = 0; count < 20; count += 1) {
    const client = new Client();
    client.socket.write('GET /numbers HTTP/1.1\r\nHost: x\r\n\r\n', () =>
      client.socket.resetAndDestroy(),
    );
    await client.closed();
  }
  await isUp();
});

const GET_LIST = 'GET /ip-addresses HTTP/1.1\r\nHost: x\r\n\r\n';

function addManyAddresses(): void {
  for (let index = 0; index < 100_000; index += 1) totals.addAddress(`2001:db8::${index}`);
}

test('a list is read as fast as its client takes it, and let go when the client is stuck', async () => {
  addManyAddresses();
  const client = new Client();
  client.socket.pause();
  client.socket.write(GET_LIST);
  const late = AbortSignal.timeout(60_000);
  while (totals.openListsCount === 0 && !late.aborted) await nextTurn();
  while (totals.openListsCount > 0 && !late.aborted) await nextTurn();
  assert.equal(totals.openListsCount, 0);
  assert.ok(totals.pagesReadCount < 200, String(totals.pagesReadCount)); // Of 200: most were never read.
  client.socket.destroy();
});

test('a list whose client goes away is let go', async () => {
  addManyAddresses();
  const client = new Client();
  client.socket.write(GET_LIST);
  await client.until((text) => text.length > 10_000);
  client.socket.resetAndDestroy();
  const late = AbortSignal.timeout(60_000);
  while (totals.openListsCount > 0 && !late.aborted) await nextTurn();
  assert.equal(totals.openListsCount, 0);
  assert.ok(totals.pagesReadCount < 200, String(totals.pagesReadCount));
});

test('more lists than the limit are answered 503, and none is forgotten', async () => {
  await api.close();
  api = await openApi({ timeouts: undefined });
  addManyAddresses();
  const clients = Array.from({ length: LISTS_COUNT_MAX }, () => new Client());
  for (const client of clients) {
    client.socket.pause();
    client.socket.write(GET_LIST);
  }
  const late = AbortSignal.timeout(60_000);
  while (totals.openListsCount < LISTS_COUNT_MAX && !late.aborted) await nextTurn();
  const refused = await exchange(GET_LIST.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
  assert.deepEqual(statusesOf(refused), ['503']);
  assert.match(refused, /\r\nretry-after: 1\r\n/i);
  for (const client of clients) client.socket.destroy();
  while (totals.openListsCount > 0 && !late.aborted) await nextTurn();
  const client = new Client();
  client.socket.write(GET_LIST);
  await client.until((text) => text.startsWith('HTTP/1.1 200'));
  client.socket.destroy();
});

test('whoever takes all lists and streams loses one to a client that has none', async () => {
  await using full = await openApi({ timeouts: undefined });
  addManyAddresses();
  const { port } = full.address;
  const ask = async (target: string, localAddress: string): Promise<Client> => {
    const client = new Client({ port, host: '127.0.0.1', localAddress });
    client.socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    await client.until((text) => text.startsWith('HTTP/1.1 ') && text.includes('\r\n'));
    client.socket.pause();
    return client;
  };
  for (const [target, count] of [
    ['/ip-addresses', LISTS_COUNT_MAX],
    ['/v1/listings/stream', FEED_STREAMS_COUNT_MAX],
    ['/v1/events/stream', STREAMS_COUNT_MAX],
  ] as const) {
    const greedy: Client[] = [];
    for (let index = 0; index < count; index += 1) greedy.push(await ask(target, '127.0.0.9'));
    const [more, other] = [await ask(target, '127.0.0.9'), await ask(target, '127.0.0.2')];
    assert.deepEqual([statusesOf(more.text), statusesOf(other.text)], [['503'], ['200']], target);
    for (const client of [...greedy, more, other]) client.socket.destroy();
  }
});

test('HttpApi close() ends also while a client is stuck amid a list', async () => {
  await api.close();
  api = await openApi({ timeouts: undefined });
  addManyAddresses();
  const client = new Client();
  client.socket.pause();
  client.socket.write(GET_LIST);
  const late = AbortSignal.timeout(60_000);
  while (totals.openListsCount === 0 && !late.aborted) await nextTurn();
  await api.close();
  while (totals.openListsCount > 0 && !late.aborted) await nextTurn();
  assert.equal(totals.openListsCount, 0);
  client.socket.destroy();
});
