// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* SentryPeerHQ's and APIBAN's contracts: delivering events, tokens, look-ups, the list of bans. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { OperatingError } from '@sentrypeer/kernel';
import type { DeliveredEvent, HttpApi, HttpApiPorts } from '../src/index.ts';
import { MemoryEvidence } from './memory-evidence.ts';
import { MemoryReputation } from './memory-reputation.ts';
import { MemoryFeed } from './memory-feed.ts';
import { openApi } from './ports.ts';

/** What a node of SentryPeer 4.0.6 posts. */
const OF_C_NODE = {
  app_name: 'sentrypeer',
  app_version: 'v4.0.6',
  event_timestamp: '2026-11-23 20:13:26.52997069',
  event_uuid: 'FC5D1F6A-0000-4000-8000-000000000001',
  created_by_node_id: '6f3a6f7e-1111-4222-8333-abcdefabcdef',
  collected_method: 'responsive',
  transport_type: 'UDP',
  source_ip: '203.0.113.9',
  destination_ip: '198.51.100.7',
  called_number: '900442071234567',
  sip_method: 'INVITE',
  sip_user_agent: 'NOT_FOUND',
  sip_message: 'INVITE sip:900442071234567@198.51.100.7 SIP/2.0\n',
};
const KEY = 'the-write-key';

interface Hub extends AsyncDisposable {
  readonly api: HttpApi;
  readonly delivered: DeliveredEvent[];
}

async function openHub(ports: Partial<HttpApiPorts> = {}): Promise<Hub> {
  const evidence = new MemoryEvidence();
  evidence.keys.set(KEY, { name: 'node', role: 'write' });
  const delivered: DeliveredEvent[] = [];
  const deliver = async (events: readonly DeliveredEvent[]): Promise<void> => {
    delivered.push(...events);
  };
  const api = await openApi({ evidence, deliver, ...ports });
  return { api, delivered, [Symbol.asyncDispose]: () => api.close() };
}

function post(
  { api }: Hub,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>> = {},
  path = '/api/events',
): Promise<Response> {
  return fetch(`http://127.0.0.1:${api.address.port}${path}`, {
    method: 'POST',
    body,
    headers: { authorization: `Bearer ${KEY}`, ...headers },
  });
}

test('POST /api/events takes what a node of 4.x sends, whatever its label', async () => {
  for (const label of [
    'application/x-www-form-urlencoded',
    'application/json',
    'application/json;charset=utf-8',
    'nonsense',
    '',
  ]) {
    await using hub = await openHub();
    const headers: Record<string, string> = label === '' ? {} : { 'content-type': label };
    const response = await post(hub, JSON.stringify(OF_C_NODE), headers);
    assert.equal(response.status, 201, label);
    assert.deepEqual(await response.json(), { message: 'Thanks for using SentryPeer!' });
    const [only] = hub.delivered;
    assert.equal(only?.event.eventUuid, 'fc5d1f6a-0000-4000-8000-000000000001');
    assert.equal(only.event.eventEpochUs, Date.UTC(2026, 10, 23, 20, 13, 26) * 1000 + 52_997);
    assert.equal(only.event.userAgent, undefined);
    assert.equal(only.event.grade, 'seen');
    assert.equal(only.nodeId, OF_C_NODE.created_by_node_id);
  }
});

test('POST /api/events takes arrays, gzip, and members that only our nodes send', async () => {
  await using hub = await openHub();
  const ours = {
    ...OF_C_NODE,
    transport_type: 'TLS',
    grade: 'returned',
    source_port: '5071',
    sip_message: '',
    destination_ip: '',
    source_ip: '::ffff:203.0.113.9',
    event_timestamp: '2099-01-01 00:00:00.000000000',
  };
  const body = gzipSync(
    JSON.stringify([ours, OF_C_NODE, { ...OF_C_NODE, source_ip: '203.0.113.9:5060' }]),
  );
  const response = await post(hub, new Uint8Array(body), { 'content-encoding': 'gzip' });
  assert.equal(response.status, 201);
  const [first, , third] = hub.delivered;
  assert.equal(hub.delivered.length, 3);
  assert.deepEqual(
    [
      first?.event.grade,
      first?.event.sourcePort,
      first?.event.sourceIp,
      first?.event.destinationIp,
    ],
    ['returned', 5071, '203.0.113.9', ''],
  );
  assert.ok(
    (first?.event.eventEpochUs ?? Infinity) < (Date.now() + 1000) * 1000,
    'nothing was received later',
  );
  assert.equal(third?.event.sourceIp, '203.0.113.9');
});

test('POST /api/events names the fields that are wrong, and records the events that are right', async () => {
  const wrong: readonly (readonly [member: string, value: unknown, errors: readonly string[]])[] = [
    ['event_uuid', 'x', ['must be a UUID']],
    ['event_uuid', '', ["can't be blank"]],
    ['event_timestamp', 'yesterday', ['must be YYYY-MM-DD HH:MM:SS.fraction']],
    ['created_by_node_id', undefined, ["can't be blank"]],
    ['collected_method', 'active', ['must be passive or responsive']],
    ['transport_type', 'SCTP', ['must be UDP, TCP or TLS']],
    ['source_ip', '8.8.8.8;rm', ['must be an IP address']],
    ['source_ip', 5, ['must be a string']],
    ['called_number', '  ', ["can't be blank"]],
    ['sip_user_agent', 'x'.repeat(5000), ['must be at most 4096 characters']],
    ['sip_message', 'x'.repeat(70_000), ['must be at most 65535 characters']],
  ];
  for (const [member, value, errors] of wrong) {
    await using hub = await openHub();
    const event = { ...OF_C_NODE, [member]: value };
    const one = await post(hub, JSON.stringify(event));
    assert.equal(one.status, 422, member);
    assert.deepEqual(await one.json(), { errors: { [member]: errors } });
    const many = await post(hub, JSON.stringify([OF_C_NODE, event]));
    assert.equal(many.status, 422);
    assert.deepEqual(await many.json(), { errors: { 1: { [member]: errors } } });
    assert.equal(hub.delivered.length, 1);
  }
});

test('POST /api/events refuses what is not JSON, too much, or not gzip', async () => {
  await using hub = await openHub();
  for (const [body, headers, status] of [
    ['', {}, 422],
    ['{', {}, 422],
    ['[1, null, []]', {}, 422],
    ['"text"', {}, 422],
    [JSON.stringify(Array.from({ length: 1001 }, () => OF_C_NODE)), {}, 422],
    ['x'.repeat(4_194_305), {}, 413],
    ['x', { 'content-encoding': 'gzip' }, 400],
    ['x', { 'content-encoding': 'br' }, 415],
  ] as const) {
    const response = await post(hub, body, headers);
    await response.text();
    assert.equal(response.status, status, body.slice(0, 20));
  }
  const bomb = new Uint8Array(gzipSync(new Uint8Array(50_000_000)));
  assert.equal((await post(hub, bomb, { 'content-encoding': 'gzip' })).status, 413);
  assert.equal(hub.delivered.length, 0);
});

test('POST /api/events says that the sender should come again where nothing can be recorded', async () => {
  await using hub = await openHub({
    deliver: () => Promise.reject(new OperatingError('disk_full', 'the disk is full')),
  });
  const response = await post(hub, JSON.stringify(OF_C_NODE));
  assert.equal(response.status, 503);
  assert.equal(response.headers.get('retry-after'), '5');
});

test('POST /oauth/token gives a key for a token, in JSON and as a form', async () => {
  await using hub = await openHub();
  const good = {
    client_id: 'node',
    client_secret: KEY,
    grant_type: 'client_credentials',
    audience: 'x',
  };
  for (const body of [JSON.stringify(good), new URLSearchParams(good).toString()]) {
    const response = await post(hub, body, {}, '/oauth/token');
    assert.equal(response.status, 200);
    assert.deepEqual(await response.json(), {
      access_token: KEY,
      expires_in: 86_400,
      token_type: 'Bearer',
    });
  }
  for (const [change, status, error] of [
    [{ client_secret: 'x' }, 401, 'invalid_client'],
    [{ client_id: 'other' }, 401, 'invalid_client'],
    [{ grant_type: 'password' }, 400, 'unsupported_grant_type'],
  ] as const) {
    const response = await post(hub, JSON.stringify({ ...good, ...change }), {}, '/oauth/token');
    assert.equal(response.status, status);
    assert.equal(((await response.json()) as { error: string }).error, error);
  }
  assert.equal((await post(hub, 'nonsense', {}, '/oauth/token')).status, 400);
});

function someEvidence(): MemoryEvidence {
  const seen = {
    totalId: 1,
    firstSeenEpochUs: 1,
    lastSeenEpochUs: 1,
    seenCount: 1,
    sharedCount: 0,
  };
  const evidence = new MemoryEvidence();
  evidence.addressList.push({ ...seen, address: '10.0.0.1', grade: 'handshake' });
  evidence.numberList.push({ ...seen, number: '0046123' });
  return evidence;
}

async function json(api: HttpApi, path: string): Promise<readonly [number, unknown]> {
  const response = await fetch(`http://127.0.0.1:${api.address.port}${path}`);
  return [response.status, await response.json()];
}

test('the look-ups of SentryPeerHQ find what is known, and never call nonsense clean', async () => {
  await using api = await openApi({ evidence: someEvidence() });
  const invalid = [400, { error: 'The request data was invalid' }];
  for (const [path, answer] of [
    ['/api/phone-numbers/0046123', [200, { message: 'Phone Number found.' }]],
    ['/api/phone-numbers/%200046123', [200, { message: 'Phone Number found.' }]],
    ['/api/phone-numbers/+46', [404, { message: 'Phone Number not found.' }]],
    ['/api/phone-numbers/00%2046%20123', [200, { message: 'Phone Number found.' }]],
    [
      '/api/phone-numbers/sip:0046123@192.0.2.1;user=phone',
      [200, { message: 'Phone Number found.' }],
    ],
    ['/api/phone-numbers/0+46123', [404, { message: 'Phone Number not found.' }]],
    ['/api/phone-numbers/++46-12', [404, { message: 'Phone Number not found.' }]],
    ['/api/phone-numbers/alice', invalid],
    ['/api/ip-addresses/10.0.0.1', [200, { message: 'IP Address found.' }]],
    ['/api/ip-addresses/2001:db8::1', [404, { message: 'IP Address not found.' }]],
    ['/api/ip-addresses/10.0.0', invalid],
  ] as const) {
    assert.deepEqual(await json(api, path), answer, path);
  }
});

/** The addresses 1 and above of a network, listed one after the other, each third change about something else. */
function list(feed: MemoryFeed, network: string, count: number): void {
  for (let host = 1; host <= count; host += 1) {
    if (host % 3 === 0) feed.tell(1, '10.9.9.9', 'unlisted');
    feed.announce(`${network}.${host >> 8}.${host & 255}`);
  }
}

/** Walks from id to id, and returns what was banned and the last id. */
async function walk(api: HttpApi, id: string): Promise<readonly [string[], string]> {
  const found: string[] = [];
  for (let last = id; ;) {
    const [status, body] = await json(api, `/api/anything/banned/${last}`);
    const page = body as { readonly ipaddress: readonly string[]; readonly ID: string };
    if (status === 404) {
      assert.deepEqual(page, { ipaddress: ['no new bans'], ID: 'none' });
      return [found, last];
    }
    found.push(...page.ipaddress);
    last = page.ID;
  }
}

test('the list of APIBAN is walked from id to id, and goes on later', async () => {
  const feed = new MemoryFeed();
  list(feed, '10.1', 600);
  feed.announce('442071234567');
  await using api = await openApi({ feed });
  const [found, id] = await walk(api, '100');
  assert.equal(found.length, 600);
  assert.equal(new Set(found).size, 600);
  assert.deepEqual(await walk(api, id), [[], id]);
  list(feed, '10.2', 1);
  assert.deepEqual(await walk(api, id), [['10.2.0.1'], `listing-${feed.serial()}`]);
  assert.equal((await json(api, '/api/anything/banned/x'))[0], 400);
  assert.equal((await json(api, '/api/anything/banned'))[0], 200);
});

test('an id of APIBAN from a database that is gone begins anew', async () => {
  const feed = new MemoryFeed();
  list(feed, '10.1', 2);
  await using api = await openApi({ feed });
  const all = [['10.1.0.1', '10.1.0.2'], `listing-${feed.serial()}`];
  assert.deepEqual(await walk(api, 'listing-7777'), all);
  assert.deepEqual(await walk(api, 'listing-7'), all);
});

test('APIBAN is only told what the judge lists', async () => {
  const reputation = new MemoryReputation();
  reputation.addresses.set('10.0.0.1', ['it came']);
  await using api = await openApi({ reputation });
  assert.deepEqual(await json(api, '/api/k/check/10.0.0.1'), [
    200,
    { ipaddress: ['10.0.0.1'], ID: 'none' },
  ]);
  for (const address of ['10.0.0.7', '10.0.0.8']) {
    assert.deepEqual(await json(api, `/api/k/check/${address}`), [
      404,
      { ipaddress: ['not blocked'], ID: 'none' },
    ]);
  }
  assert.equal((await json(api, '/api/k/check/x'))[0], 400);
});

test('who guesses credentials at /oauth/token has to wait, as with wrong keys', async () => {
  await using hub = await openHub();
  const form = { grant_type: 'client_credentials', client_id: 'node', client_secret: 'guess' };
  const statuses: number[] = [];
  for (let count = 0; count < 12; count += 1) {
    statuses.push((await post(hub, JSON.stringify(form), {}, '/oauth/token')).status);
  }
  assert.deepEqual(statuses, [...Array.from({ length: 10 }, () => 401), 429, 429]);
  const late = await post(hub, JSON.stringify(form), {}, '/oauth/token');
  assert.ok(Number(late.headers.get('retry-after')) > 0);
  // Another client at the same address that has the right ones gets its token.
  const good = await post(hub, JSON.stringify({ ...form, client_secret: KEY }), {}, '/oauth/token');
  assert.equal(good.status, 200);
});
