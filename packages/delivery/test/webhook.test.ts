// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { beforeEach, test } from 'node:test';
import { formatEventJson, NOT_FOUND } from '@sentrypeer/event';
import { OperatingError } from '@sentrypeer/kernel';
import { Webhooks, type WebhookOptions } from '../src/index.ts';
import { makeEvent, MemoryEventLog, NODE_ID } from './memory-event-log.ts';
import { WebhookReceiver, type Behaviour } from './webhook-receiver.ts';

const NAME = 'hub';
const CURSOR = 'webhook:hub';
const OTHER_NODE_ID = '0191f6a1-0000-7000-8000-00000000000b';

let log = new MemoryEventLog();
beforeEach(() => {
  log = new MemoryEventLog();
  log.append(1);
  log.cursors.set(CURSOR, 1);
});

const onRequest = (): void => log.happened();

function open(url: URL, changes: Partial<WebhookOptions> = {}, facts = {}): Webhooks {
  const options: WebhookOptions = {
    name: NAME,
    url,
    headers: {},
    choice: { grade: 'seen', origin: 'own', omit: [] },
    batchEventsMax: 1,
    batchWaitMs: 0,
    gzip: false,
    signingSecret: undefined,
    timeoutMs: 5_000,
    parallel: 1,
    authorities: undefined,
    oauth2: undefined,
    ...changes,
  };
  return Webhooks.open(log.ports, [options], {
    appVersion: '1.2.3',
    nodeId: NODE_ID,
    proxies: {},
    retryMsMin: 2,
    lookMs: 5,
    ...facts,
  });
}

const status = (webhooks: Webhooks) => {
  const report = webhooks.reports[0];
  assert.ok(report !== undefined);
  return report.status;
};

test('Webhooks posts the unchanged JSON of each event, in order, on one connection', async () => {
  await using receiver = await WebhookReceiver.open({ onRequest });
  log.append(50);
  await using webhooks = open(receiver.url);
  await log.settled(CURSOR);
  assert.deepEqual(receiver.uuids(), log.uuids().slice(1));
  assert.equal(receiver.connections, 1);
  assert.equal(receiver.parallelMax, 1);
  const [first] = receiver.requests;
  assert.equal(first?.body, formatEventJson(makeEvent(2), '1.2.3'));
  assert.equal(first.method, 'POST');
  assert.equal(first.url, '/events');
  assert.equal(first.headers['content-type'], 'application/json');
  assert.equal(first.headers['user-agent'], 'SentryPeer/1.2.3');
  assert.equal(first.headers['idempotency-key'], makeEvent(2).eventUuid);
  assert.equal(first.headers['webhook-id'], makeEvent(2).eventUuid);
  assert.equal(first.headers['webhook-signature'], undefined);
  assert.equal(status(webhooks).accepted, 50);
  assert.equal(status(webhooks).requests, 50);
});

test('Webhooks starts a new cursor at the end of the log', async () => {
  await using receiver = await WebhookReceiver.open({ onRequest });
  log.cursors.clear();
  log.append(5);
  await using webhooks = open(receiver.url);
  assert.equal(log.cursors.get(CURSOR), 6);
  log.append(1);
  webhooks.wake();
  await log.settled(CURSOR);
  assert.deepEqual(receiver.uuids(), log.uuids().slice(6));
});

/** Ways to misbehave, after which the event is sent again. */
const MISBEHAVIOURS: readonly {
  readonly what: string;
  readonly behaviour: Behaviour;
  readonly code: string;
  readonly timeoutMs?: number;
  /** @default 2 */
  readonly failures?: number;
}[] = [
  { what: 'hangs', behaviour: 'hang', code: 'webhook_timeout', timeoutMs: 50 },
  // The first time, an idle connection may have been closed, which is nobody's fault.
  {
    what: 'resets the connection',
    behaviour: 'reset',
    code: 'webhook_unreachable',
    failures: 1,
  },
  { what: 'resets half-way', behaviour: 'reset-amid-body', code: 'webhook_unreachable' },
  { what: 'speaks no HTTP', behaviour: 'no-http', code: 'webhook_answer' },
  { what: 'has no time', behaviour: 408, code: 'webhook_status' },
  { what: 'finds it too early', behaviour: 425, code: 'webhook_status' },
  { what: 'wants fewer requests', behaviour: 429, code: 'webhook_busy' },
  { what: 'is broken', behaviour: 500, code: 'webhook_status' },
  { what: 'is behind a broken gateway', behaviour: 502, code: 'webhook_status' },
  { what: 'is down', behaviour: 503, code: 'webhook_status' },
  { what: 'refuses without a token', behaviour: 401, code: 'webhook_unauthorized' },
  { what: 'forbids', behaviour: 403, code: 'webhook_unauthorized' },
  {
    what: 'redirects',
    behaviour: { status: 307, headers: { Location: 'http://127.0.0.1:9/' } },
    code: 'webhook_status',
  },
];

for (const { what, behaviour, code, timeoutMs = 5_000, failures = 2 } of MISBEHAVIOURS) {
  test(`Webhooks sends again, in order, what an endpoint did not take that ${what}`, async () => {
    const script = [201, behaviour, behaviour, 201];
    await using receiver = await WebhookReceiver.open({ script, onRequest });
    log.append(4);
    await using webhooks = open(receiver.url, { timeoutMs });
    await log.settled(CURSOR);
    const [, second, third, fourth, fifth] = log.uuids();
    assert.deepEqual(receiver.uuids(), [second, third, third, third, fourth, fifth]);
    assert.equal(status(webhooks).error?.code, code);
    assert.equal(status(webhooks).failures, failures);
    assert.equal(status(webhooks).accepted, 4);
    assert.equal(log.letters.size, 0);
  });
}

for (const refusal of [400, 402, 404, 405, 409, 410, 413, 415, 422, 451]) {
  test(`Webhooks makes a dead letter of what is refused with ${refusal}, and goes on`, async () => {
    const body = '{"error":"no\\u0007good"}';
    await using receiver = await WebhookReceiver.open({
      script: [{ status: refusal, body }, 201],
      onRequest,
    });
    log.append(3);
    await using webhooks = open(receiver.url);
    await log.settled(CURSOR);
    assert.deepEqual(
      [...log.letters],
      [[makeEvent(2).eventUuid, { reason: `${refusal} ${body}`, isToSend: false }]],
    );
    assert.deepEqual(receiver.uuids(), log.uuids().slice(1));
    assert.equal(status(webhooks).refused, 1);
    assert.equal(status(webhooks).error?.code, 'refused');
  });
}

for (const accepted of [200, 201, 202, 204]) {
  test(`Webhooks takes ${accepted} for success`, async () => {
    await using receiver = await WebhookReceiver.open({ script: [accepted], onRequest });
    log.append(2);
    await using webhooks = open(receiver.url);
    await log.settled(CURSOR);
    assert.equal(status(webhooks).accepted, 2);
  });
}

test('Webhooks takes 422 for success where it says that the event is there already', async () => {
  const known = { status: 422, body: '{"errors":{"event_uuid":["has already been taken"]}}' };
  const wrong = { status: 422, body: '{"errors":{"source_ip":["has already been taken"]}}' };
  await using receiver = await WebhookReceiver.open({ script: [known, wrong, 201], onRequest });
  log.append(3);
  await using webhooks = open(receiver.url);
  await log.settled(CURSOR);
  assert.deepEqual([...log.letters.keys()], [makeEvent(3).eventUuid]);
  assert.equal(status(webhooks).accepted, 2);
});

test('Webhooks reads only so much of an answer without end', async () => {
  await using receiver = await WebhookReceiver.open({
    script: ['endless-body', 201],
    onRequest,
  });
  log.append(2);
  await using webhooks = open(receiver.url);
  await log.settled(CURSOR);
  assert.equal(status(webhooks).accepted, 2);
});

test('Webhooks waits as long as Retry-After says', async () => {
  await using receiver = await WebhookReceiver.open({
    script: [{ status: 429, headers: { 'Retry-After': '1' } }, 201],
    onRequest,
  });
  log.append(1);
  await using webhooks = open(receiver.url);
  await log.until('the failure', () => log.count('delivery_failed') > 0);
  assert.ok((webhooks.reports[0]?.nextTryEpochUs ?? 0) > log.ports.clock.epochUs());
  await log.settled(CURSOR);
  const [first, second] = receiver.requests;
  assert.ok((second?.atMs ?? 0) - (first?.atMs ?? 0) >= 990);
});

test('Webhooks goes on where an endpoint comes back that was not there at all', async () => {
  const gone = await WebhookReceiver.open();
  const { port, url } = gone;
  await gone[Symbol.asyncDispose]();
  log.append(2);
  await using webhooks = open(url);
  await log.until('a failure', () => log.count('delivery_failed') > 0);
  assert.equal(status(webhooks).error?.code, 'webhook_unreachable');
  assert.match(status(webhooks).error?.message ?? '', /^webhook hub: .*ECONNREFUSED/);
  await using receiver = await WebhookReceiver.open({ onRequest }, port);
  await log.settled(CURSOR);
  assert.deepEqual(receiver.uuids(), log.uuids().slice(1));
});

test('Webhooks sends anew at once where a kept connection was closed meanwhile', async () => {
  await using receiver = await WebhookReceiver.open({ onRequest });
  await using webhooks = open(receiver.url);
  for (let round = 0; round < 5; round += 1) {
    log.append(1);
    webhooks.wake();
    await log.settled(CURSOR);
    receiver.closeIdle();
  }
  assert.equal(status(webhooks).failures, 0);
  assert.equal(receiver.requests.length, 5);
});

test('Webhooks holds up nobody: another endpoint gets all while one hangs', async () => {
  await using hanging = await WebhookReceiver.open({ script: ['hang'], onRequest });
  await using receiver = await WebhookReceiver.open({ onRequest });
  log.cursors.set('webhook:other', 1);
  log.append(200);
  const common = { headers: {}, choice: { grade: 'seen', origin: 'own', omit: [] } } as const;
  const rest = {
    batchEventsMax: 1,
    batchWaitMs: 0,
    gzip: false,
    signingSecret: undefined,
    timeoutMs: 60_000,
    parallel: 1,
    authorities: undefined,
    oauth2: undefined,
  };
  await using webhooks = Webhooks.open(
    log.ports,
    [
      { ...common, ...rest, name: NAME, url: hanging.url },
      { ...common, ...rest, name: 'other', url: receiver.url },
    ],
    { appVersion: '', nodeId: NODE_ID, proxies: {} },
  );
  await log.settled('webhook:other');
  assert.equal(receiver.requests.length, 200);
  assert.equal(hanging.requests.length, 1);
  assert.equal(log.cursors.get(CURSOR), 1);
  const beganAtMs = performance.now();
  await webhooks.close();
  assert.ok(performance.now() - beganAtMs < 2_000, 'closing does not wait for it either');
});

test('Webhooks goes on after a stop where the saved cursor stands', async () => {
  await using receiver = await WebhookReceiver.open({ script: [201, 201, 'hang'], onRequest });
  log.append(4);
  const before = open(receiver.url, { timeoutMs: 60_000 });
  await log.until('three requests', () => receiver.requests.length === 3);
  await before.close();
  assert.equal(log.status?.failures, 0, 'our own stop is not the failure of the endpoint');
  await using healthy = await WebhookReceiver.open({ onRequest });
  await using _after = open(healthy.url);
  await log.settled(CURSOR);
  // What was written before the failure and not confirmed may come twice, and nothing is missing.
  assert.deepEqual(healthy.uuids(), log.uuids().slice(1));
});

for (const batchEventsMax of [1, 7]) {
  test(`Webhooks has as many requests of ${batchEventsMax} under way as it may, and misses nothing`, async () => {
    await using receiver = await WebhookReceiver.open({
      behave: () => (receiver.requests.length % 7 === 3 ? 500 : 201),
      onRequest,
    });
    log.append(100);
    await using _webhooks = open(receiver.url, { parallel: 4, batchEventsMax, batchWaitMs: 10 });
    await log.settled(CURSOR);
    assert.ok(receiver.parallelMax <= 4, String(receiver.parallelMax));
    assert.equal(receiver.connections, 4);
    assert.deepEqual(new Set(receiver.uuids()), new Set(log.uuids().slice(1)));
  });
}

test('Webhooks close() sends what was gathered for a batch', async () => {
  await using receiver = await WebhookReceiver.open({ onRequest });
  log.append(3);
  const webhooks = open(receiver.url, { batchEventsMax: 100, batchWaitMs: 60_000 });
  await log.read(2);
  await webhooks.close();
  assert.equal(receiver.requests.length, 1);
  assert.deepEqual(receiver.uuids(), log.uuids().slice(1));
  assert.equal(log.cursors.get(CURSOR), 4);
});

test('Webhooks sends batches as arrays, bounded in count', async () => {
  await using receiver = await WebhookReceiver.open({ onRequest });
  log.append(250);
  await using webhooks = open(receiver.url, { batchEventsMax: 100, batchWaitMs: 20 });
  await log.settled(CURSOR);
  assert.deepEqual(receiver.uuids(), log.uuids().slice(1));
  const sizes = receiver.requests.map(({ body }) => (JSON.parse(body) as unknown[]).length);
  assert.ok(sizes.every((size) => size <= 100) && sizes.length < 10, sizes.join(' '));
  log.append(1);
  webhooks.wake();
  await log.settled(CURSOR);
  assert.deepEqual(receiver.requests.at(-1)?.body.slice(0, 2), '[{');
});

test('Webhooks sends batches bounded in size, each packed where that is asked for', async () => {
  await using receiver = await WebhookReceiver.open({ onRequest });
  log.append(40, { sipMessage: '\u0001'.repeat(60_000) });
  await using _webhooks = open(receiver.url, {
    batchEventsMax: 1000,
    batchWaitMs: 10_000,
    gzip: true,
  });
  log.ports.cursors.saveCursor('x', 1);
  await log.until('some requests', () => receiver.requests.length > 10);
  for (const { body, headers } of receiver.requests) {
    assert.ok(body.length <= 1_100_000, String(body.length));
    assert.equal(headers['content-encoding'], 'gzip');
    assert.ok(Number(headers['content-length']) < body.length / 50);
  }
});

test('Webhooks finds the one event that spoils a batch', async () => {
  const bad = makeEvent(37).eventUuid;
  await using receiver = await WebhookReceiver.open({
    behave: ({ body }) => (body.includes(bad) ? 422 : 201),
    onRequest,
  });
  log.append(64);
  await using webhooks = open(receiver.url, { batchEventsMax: 64, batchWaitMs: 20 });
  await log.settled(CURSOR);
  assert.deepEqual([...log.letters.keys()], [bad]);
  assert.equal(status(webhooks).accepted, 63);
  assert.ok(receiver.requests.length < 20);
});

test('Webhooks waits where dead letters cannot be recorded, and loses none', async () => {
  await using receiver = await WebhookReceiver.open({ script: [404], onRequest });
  log.changeFailure = new OperatingError('dead_letters_full', 'too many');
  log.append(2);
  await using _webhooks = open(receiver.url);
  await log.until('a failure', () => log.count('delivery_failed') > 0);
  assert.equal(log.cursors.get(CURSOR), 1);
  log.changeFailure = undefined;
  await log.settled(CURSOR);
  assert.deepEqual([...log.letters.keys()], log.uuids().slice(1));
});

test('Webhooks sends dead letters again when it is asked to', async () => {
  await using receiver = await WebhookReceiver.open({ script: [404, 503, 201, 404], onRequest });
  log.append(1);
  const uuid = makeEvent(2).eventUuid;
  await using _webhooks = open(receiver.url);
  await log.settled(CURSOR);
  assert.equal(log.letters.get(uuid)?.reason, '404 {}');
  log.letters.set(uuid, { reason: '', isToSend: true });
  await log.until('it is gone', () => !log.letters.has(uuid));
  assert.deepEqual(receiver.uuids(), [uuid, uuid, uuid]);
  log.letters.set(uuid, { reason: '', isToSend: true });
  await log.until('it is back', () => log.letters.get(uuid)?.reason === '404 {}');
  log.letters.set('gone', { reason: '', isToSend: true });
  await log.until('it is named', () => log.letters.get('gone')?.isToSend === false);
  assert.match(log.letters.get('gone')?.reason ?? '', /retention/);
});

test('Webhooks sends what is chosen: by grade and by origin', async () => {
  await using receiver = await WebhookReceiver.open({ onRequest });
  log.append(1, { grade: 'seen' });
  log.append(1, { grade: 'returned' });
  log.append(1, { grade: undefined });
  log.append(1, { grade: 'handshake', createdByNodeId: OTHER_NODE_ID });
  log.append(1, { grade: 'handshake' });
  {
    const choice = { grade: 'returned', origin: 'own', omit: [] } as const;
    await using _webhooks = open(receiver.url, { choice });
    await log.settled(CURSOR);
  }
  assert.deepEqual(receiver.uuids(), [makeEvent(3).eventUuid, makeEvent(6).eventUuid]);
  receiver.requests.length = 0;
  log.cursors.set(CURSOR, 1);
  const choice = { grade: 'seen', origin: 'all', omit: [] } as const;
  await using _webhooks = open(receiver.url, { choice });
  await log.settled(CURSOR);
  assert.deepEqual(receiver.uuids(), log.uuids().slice(1));
});

test('Webhooks keeps back what shows where the honeypot is, and leaves no member out or empty', async () => {
  await using receiver = await WebhookReceiver.open({ onRequest });
  log.append(1, { userAgent: ' ', destinationIp: undefined, sipMessage: '' });
  const choice = { grade: 'seen', origin: 'own', omit: ['sip_message', 'destination_ip'] } as const;
  await using _webhooks = open(receiver.url, { choice });
  await log.settled(CURSOR);
  const event = JSON.parse(receiver.requests[0]?.body ?? '{}') as Record<string, string>;
  assert.equal(event['sip_message'], NOT_FOUND);
  assert.equal(event['destination_ip'], NOT_FOUND);
  assert.equal(event['sip_user_agent'], NOT_FOUND);
  assert.ok(!receiver.requests[0]?.body.includes('198.51.100.1'));
});

test('Webhooks signs as Standard Webhooks says, over what is packed', async () => {
  await using receiver = await WebhookReceiver.open({ onRequest });
  const signingSecret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  log.append(1);
  await using _webhooks = open(receiver.url, { signingSecret, gzip: true });
  await log.settled(CURSOR);
  const [request] = receiver.requests;
  assert.ok(request !== undefined);
  const { 'webhook-id': id, 'webhook-timestamp': time } = request.headers;
  const key = Buffer.from('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64');
  const hmac = createHmac('sha256', key).update(`${String(id)}.${String(time)}.${request.body}`);
  assert.equal(request.headers['webhook-signature'], `v1,${hmac.digest('base64')}`);
  assert.ok(Math.abs(Number(time) - Date.now() / 1000) < 5);
});

test('Webhooks sends an event whose UUID no header may contain', async () => {
  await using receiver = await WebhookReceiver.open({ onRequest });
  log.append(1, { eventUuid: 'x\r\nX-Forged: 1' });
  log.append(1);
  await using _webhooks = open(receiver.url);
  await log.settled(CURSOR);
  assert.deepEqual(receiver.uuids(), log.uuids().slice(1));
  assert.equal(receiver.requests[0]?.headers['x-forged'], undefined);
  assert.match(String(receiver.requests[0]?.headers['webhook-id']), /^[0-9a-f]{32}$/);
});

test('Webhooks counts on from what was saved, and saves', async () => {
  await using receiver = await WebhookReceiver.open({ onRequest });
  log.status = {
    endpoint: NAME,
    requests: 10,
    accepted: 8,
    refused: 1,
    expired: 0,
    failures: 1,
    acceptedEpochUs: 5,
    error: undefined,
  };
  log.append(2);
  const webhooks = open(receiver.url);
  await log.settled(CURSOR);
  await webhooks.close();
  const { requests, accepted } = log.status;
  assert.deepEqual([requests, accepted], [12, 10]);
});

test('Webhooks counts events that the log lost before it came to them', async () => {
  await using receiver = await WebhookReceiver.open({ onRequest });
  log.append(10);
  log.events = log.events.slice(6);
  await using webhooks = open(receiver.url);
  await log.settled(CURSOR);
  assert.equal(status(webhooks).expired, 5);
});

test('Webhooks tells nobody the secrets that it knows', async () => {
  const url = 'http://user:pa55word-url@127.0.0.1:1/api/sentrypeer_key/events?token=query-secret';
  await using receiver = await WebhookReceiver.open({
    behave: ({ headers }) => ({ status: 404, body: `no ${JSON.stringify(headers)} ${url}` }),
    onRequest,
  });
  const own = new URL(url);
  own.port = String(receiver.port);
  log.append(1);
  const webhooks = open(own, {
    headers: { Authorization: 'Bearer header-secret', 'X-Key': 'another-secret' },
    signingSecret: 'signing-secret',
  });
  await log.settled(CURSOR);
  await webhooks.close();
  const told = JSON.stringify([log.messages, log.status, [...log.letters], webhooks.reports]);
  for (const secret of [
    'pa55word',
    'sentrypeer_key',
    'query-secret',
    'header-secret',
    'another-secret',
    'signing-secret',
  ]) {
    assert.ok(!told.includes(secret), `${secret} in ${told}`);
  }
});
