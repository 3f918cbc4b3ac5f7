// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Nodes on real sockets of the loopback interface. */

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as after } from 'node:timers/promises';
import { silentLogger, systemClock } from '@sentrypeer/kernel';
import { identityOf, infoHash, type DhtNode, type Value } from '../../src/index.ts';
import { openDht, type OpenDhtOptions } from '../../src/udp/index.ts';

const KEY = infoHash('bad_actors');
const WAIT_MS = 20_000;

function open(options: OpenDhtOptions = {}): Promise<DhtNode> {
  return openDht({ port: 0, addresses: ['127.0.0.1'], ...options });
}

function addressOf(node: DhtNode): string {
  return `127.0.0.1:${node.locals[0]?.port}`;
}

function content(text: string): { readonly data: Uint8Array; readonly userType: string } {
  return { data: new TextEncoder().encode(text), userType: 'text/plain' };
}

function textOf(value: Value | undefined): string {
  return new TextDecoder().decode(value?.data);
}

async function pair(): Promise<
  AsyncDisposableStack & { readonly a: DhtNode; readonly b: DhtNode }
> {
  const stack = new AsyncDisposableStack();
  const a = stack.use(await open());
  const b = stack.use(await open({ bootstrap: [addressOf(a)] }));
  await b.connected(AbortSignal.timeout(WAIT_MS));
  return Object.assign(stack, { a, b });
}

test('put() on one node is heard by listen() and found by get() on the other', async () => {
  await using nodes = await pair();
  const { a, b } = nodes;
  const listen = a.listen(KEY);
  const { id, announced, nodesCount } = await b.put(KEY, content('hello'));
  assert.deepEqual({ announced, nodesCount }, { announced: true, nodesCount: 1 });
  const { value: event } = await listen.next();
  assert.ok(event?.kind === 'value');
  assert.deepEqual([event.value.id, textOf(event.value)], [id, 'hello']);
  assert.deepEqual((await a.get(KEY)).map(textOf), ['hello']);
});

test('cancel() ends a permanent value once', async () => {
  await using nodes = await pair();
  const { id } = await nodes.b.put(KEY, content('stays'), { permanent: true });
  assert.equal(nodes.b.status().announcedValues, 1);
  assert.equal(nodes.b.cancel(KEY, id), true);
  assert.equal(nodes.b.cancel(KEY, id), false);
  assert.equal(nodes.b.status().announcedValues, 0);
});

test('putSigned() replaces its earlier version everywhere', async () => {
  const identity = identityOf(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey);
  assert.ok(identity !== undefined);
  await using a = await open();
  await using b = await open({ identity, bootstrap: [addressOf(a)] });
  assert.equal(b.id, identity.nodeId);
  await b.connected(AbortSignal.timeout(WAIT_MS));
  const { id } = await b.putSigned(KEY, content('one'));
  await b.putSigned(KEY, content('two'), { id });
  const values = await a.get(KEY);
  assert.deepEqual(
    values.map((value) => [textOf(value), value.sequence]),
    [['two', 1]],
  );
});

test('get() ends with its signal, and listen() with its', async () => {
  await using node = await open();
  await assert.rejects(node.get(KEY, { signal: AbortSignal.abort(new Error('enough')) }), /enough/);
  const leaving = new AbortController();
  const listen = node.listen(KEY, { signal: leaving.signal });
  const next = listen.next();
  leaving.abort();
  assert.deepEqual(await next, { done: true, value: undefined });
  assert.deepEqual(await node.listen(KEY, { signal: leaving.signal }).next(), {
    done: true,
    value: undefined,
  });
});

test('close() is idempotent, ends listens and gets, and frees the port', async () => {
  const node = await open();
  const port = node.locals[0]?.port ?? 0;
  const listen = node.listen(KEY);
  const next = listen.next();
  // A bootstrap node that never answers keeps the get waiting.
  await node.bootstrap(['127.0.0.1:9']);
  const get = node.get(KEY);
  const refused = assert.rejects(get, { code: 'dht_closed' });
  await Promise.all([node.close(), node.close()]);
  await refused;
  assert.equal((await next).done, true);
  await assert.rejects(node.get(KEY), { code: 'dht_closed' });
  await using again = await open({ port });
  assert.equal(again.locals[0]?.port, port);
});

test('connected() rejects when its signal says so', async () => {
  await using node = await open();
  await assert.rejects(node.connected(AbortSignal.abort(new Error('no time'))), /no time/);
});

test('open() with a port that is taken says so and leaves nothing open', async () => {
  const taken = createSocket('udp4').bind(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address();
  await assert.rejects(open({ port }), { code: 'port_taken' });
  await assert.rejects(open({ addresses: ['192.0.2.1'] }), { code: 'address_unknown' });
  taken.close();
});

test('open() without addresses takes all of both families on one port', async () => {
  await using node = await openDht({ port: 0 });
  const ports = new Set(node.locals.map(({ port }) => port));
  assert.equal(ports.size, 1);
  assert.ok(node.locals.some(({ address }) => address === '0.0.0.0'));
});

test('bootstrap() logs a name that is not found, and goes on', async () => {
  const warnings: string[] = [];
  const logger = { ...silentLogger, warn: (event: string) => warnings.push(event) };
  const resolve = (host: string): Promise<readonly string[]> =>
    host === 'known.example'
      ? Promise.resolve(['127.0.0.1'])
      : Promise.reject(new Error('ENOTFOUND'));
  await using a = await open();
  await using b = await open({ logger, ports: { resolve } });
  await b.bootstrap(['lost.example', `known.example:${a.locals[0]?.port}`]);
  await b.connected(AbortSignal.timeout(WAIT_MS));
  assert.deepEqual(warnings, ['dht_bootstrap_unresolved']);
});

test('a bootstrap name that is not found is looked up again until it is, without another call', async () => {
  const warnings: string[] = [];
  const logger = { ...silentLogger, warn: (event: string) => warnings.push(event) };
  let looksCount = 0;
  const resolve = async (): Promise<readonly string[]> => {
    looksCount += 1;
    if (looksCount < 4) throw new Error('EAI_AGAIN');
    return ['127.0.0.1'];
  };
  // A thousand times as fast: an hour of waiting takes seconds.
  const startedAtMs = performance.now();
  const clock = {
    nowMs: () => startedAtMs + (performance.now() - startedAtMs) * 1000,
    epochUs: () => systemClock.epochUs(),
  };
  const wakeAfter = (waitMs: number, run: () => void): (() => void) => {
    const timeout = setTimeout(run, waitMs / 1000);
    return () => clearTimeout(timeout);
  };
  await using a = await open();
  await using b = await open({
    logger,
    ports: { resolve, wakeAfter, clock },
    bootstrap: [`late.example:${a.locals[0]?.port}`],
  });
  const deadline = AbortSignal.timeout(WAIT_MS);
  while (!warnings.includes('dht_bootstrap_resolved')) {
    deadline.throwIfAborted();
    await after(5);
  }
  assert.equal(looksCount, 4);
  assert.deepEqual(warnings, ['dht_bootstrap_unresolved', 'dht_bootstrap_resolved']);
  await b.close();
});

test('counters() and status() tell what happened', async () => {
  await using nodes = await pair();
  await nodes.b.put(KEY, content('hello'));
  const counters = nodes.a.counters();
  assert.ok(counters.datagramsReceived > 0 && counters.valuesStored === 1);
  const status = nodes.a.status();
  assert.equal(status.id, nodes.a.id);
  assert.equal(status.storedValues, 1);
  assert.deepEqual(
    nodes.b.status().reportedAddresses.map(({ address }) => address),
    ['127.0.0.1'],
  );
});
