// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The HTTP API of the running daemon, including while events come in. */

import assert from 'node:assert/strict';
import { setTimeout as after } from 'node:timers/promises';
import { test } from 'node:test';
import { DaemonProcess, until } from './daemon-process.ts';
import { sipRequest, UdpPeer } from './sip-peers.ts';

const READERS_COUNT = 4;

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

class Client {
  readonly #base: string;

  constructor(daemon: DaemonProcess) {
    this.#base = `http://127.0.0.1:${daemon.ports.api}`;
  }

  async ask(path: string, init: RequestInit = {}): Promise<Answer> {
    const { headers = {}, ...more } = init;
    const response = await fetch(this.#base + path, { headers, ...more });
    return { status: response.status, text: await response.text(), headers: response.headers };
  }

  async json(path: string): Promise<readonly [status: number, body: unknown]> {
    const { status, text } = await this.ask(path);
    return [status, JSON.parse(text)];
  }
}

test('every route answers as SentryPeer 4.x does while nothing was recorded', async () => {
  await using daemon = await DaemonProcess.start(['--threads=1']);
  const client = new Client(daemon);
  assert.equal((await client.ask('/')).text, '{\n  "status": "OK"\n}');
  const page = await client.ask('/', { headers: { accept: 'text/html' } });
  assert.match(page.headers.get('content-type') ?? '', /^text\/html/);
  const health = await client.ask('/health-check', {
    headers: { 'content-type': 'application/json' },
  });
  const version = health.headers.get('x-sentrypeer-version');
  assert.deepEqual(JSON.parse(health.text), {
    status: 'OK',
    message: 'Hello from SentryPeer!',
    version,
  });
  assert.equal(health.headers.get('x-powered-by'), 'SentryPeer');
  assert.match((await client.ask('/health-check')).text, /<h1>Hello from SentryPeer!<\/h1>/);
  for (const [path, status, body] of [
    ['/ip-addresses', 404, { message: 'No bad actors found' }],
    ['/ip-addresses/192.0.2.1', 404, { message: 'No bad actor found' }],
    ['/ip-address/192.0.2.1', 404, { message: 'No bad actor found' }],
    ['/ip-addresses/nonsense', 400, { error: 'The request data was invalid' }],
    ['/numbers', 404, { message: 'No phone numbers found' }],
    ['/numbers/100', 404, { message: 'No phone number found' }],
    ['/unknown', 404, { error: 'The requested resource could not be found.' }],
    ['/ip-addressesx', 404, { error: 'The requested resource could not be found.' }],
  ] as const) {
    assert.deepEqual(await client.json(path), [status, body], path);
  }
});

const call = (user: string): string =>
  sipRequest({ method: 'INVITE', user, branch: `z9hG4bK-${user}` });

/** Resolves when the judge has reached the newest event. */
async function judged(daemon: DaemonProcess): Promise<void> {
  await until('the judge', () => {
    const sql = "SELECT coalesce(min(honey_id), 0) FROM cursor WHERE name LIKE 'judge%'";
    return daemon.number(sql) >= daemon.number('SELECT max(honey_id) FROM honey');
  });
}

test('every route serves what was recorded', async () => {
  await using daemon = await DaemonProcess.start(['--threads=1']);
  using first = await UdpPeer.open('127.10.0.1');
  using second = await UdpPeer.open('127.10.0.2');
  await first.send(call('00442071234567'), daemon.ports.udp);
  await first.send(call('00442071234567'), daemon.ports.udp);
  await daemon.recorded(2);
  await second.send(call('%2B442071234567'), daemon.ports.udp);
  await daemon.recorded(3);
  await judged(daemon);
  const client = new Client(daemon);
  const seenLast = (address: string): unknown =>
    daemon.rows(
      `SELECT coalesce(last_seen, event_timestamp) AS at FROM honey WHERE source_ip = '${address}'`,
    )[0]?.['at'];
  assert.equal(
    (await client.ask('/numbers')).text,
    `{
  "called_numbers_total": 2,
  "called_numbers": [
    {
      "called_number": "+442071234567",
      "seen_last": "${String(seenLast('127.10.0.2'))}",
      "seen_count": "1"
    },
    {
      "called_number": "00442071234567",
      "seen_last": "${String(seenLast('127.10.0.1'))}",
      "seen_count": "2"
    }
  ]
}`,
  );
  for (const [path, body] of [
    ['/numbers/00442071234567', { phone_number_found: '00442071234567' }],
    ['/numbers/+442071234567', { phone_number_found: '+442071234567' }],
    ['/numbers/%2B442071234567', { phone_number_found: '+442071234567' }],
  ] as const) {
    assert.deepEqual(await client.json(path), [200, body], path);
  }
  // Loopback addresses are shown but never called bad: users of the 4.x list refuse everything on it.
  const { items } = (await client.json('/v1/addresses'))[1] as {
    readonly items: readonly { readonly address: string }[];
  };
  assert.deepEqual(
    items.map(({ address }) => address),
    ['127.10.0.2', '127.10.0.1'],
  );
  assert.deepEqual(await client.json('/ip-addresses'), [404, { message: 'No bad actors found' }]);
  for (const path of ['/ip-addresses/127.10.0.1', '/ip-address/127.10.0.2']) {
    assert.deepEqual(await client.json(path), [404, { message: 'No bad actor found' }], path);
  }
  for (const path of ['/', '/numbers', '/numbers/00442071234567']) {
    const head = await client.ask(path, { method: 'HEAD' });
    assert.deepEqual([head.status, head.text], [200, '']);
    for (const method of ['POST', 'PUT', 'DELETE']) {
      const refused = await client.ask(path, { method });
      assert.deepEqual([refused.status, refused.headers.get('allow')], [405, 'GET, HEAD']);
    }
  }
});

test('while four clients read the list, no event is lost and no known number is answered 404', async (t) => {
  await using daemon = await DaemonProcess.start();
  const client = new Client(daemon);
  using known = await UdpPeer.open('127.10.1.1');
  await known.send(call('00442071234567'), daemon.ports.udp);
  await daemon.recorded(1);
  await judged(daemon);
  const stop = new AbortController();
  const lists: number[] = [];
  const lookUps: number[] = [];
  const reading = async (path: string, statuses: number[]): Promise<void> => {
    while (!stop.signal.aborted) statuses.push((await client.ask(path)).status);
  };
  const readers = [
    ...Array.from({ length: READERS_COUNT }, () => reading('/numbers', lists)),
    reading('/numbers/00442071234567', lookUps),
    reading('/numbers/+442071234567', lookUps),
  ];
  using sources = new DisposableStack();
  const peers = await Promise.all(
    Array.from({ length: 20 }, (_, index) => UdpPeer.open(`127.10.2.${index + 1}`)),
  );
  for (const peer of peers) sources.use(peer);
  const count = 2000;
  for (let sent = 0; sent < count; sent += peers.length) {
    await Promise.all(
      peers.map((peer, index) =>
        peer.send(sipRequest({ user: `9${sent + index}` }), daemon.ports.udp),
      ),
    );
    await after(10); // The pace: at most 2,000 a second, twenty times the rate at which SentryPeer 4.x loses events.
  }
  await daemon.recorded(count + 1);
  stop.abort();
  await Promise.all(readers);
  t.diagnostic(`${lists.length} lists and ${lookUps.length} look-ups were answered meanwhile`);
  assert.equal(daemon.number('SELECT count(*) FROM honey'), count + 1);
  assert.ok(lists.length >= READERS_COUNT && lookUps.length >= 2);
  assert.deepEqual([...new Set(lists)], [200]);
  assert.deepEqual([...new Set(lookUps)], [200]);
});

test('a look-up finds what was recorded since the one before it', async () => {
  await using daemon = await DaemonProcess.start();
  using peer = await UdpPeer.open();
  const client = new Client(daemon);
  for (const number of ['004670123450', '004670123451', '004670123452']) {
    const path = `/numbers/${number}`;
    assert.equal((await client.ask(path)).status, 404);
    await peer.send(call(number), daemon.ports.udp);
    await until('the number to be found', async () => (await client.ask(path)).status === 200);
  }
});
