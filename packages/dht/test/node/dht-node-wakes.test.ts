// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* When a node wakes up, what it waits for, and what is left after its end. */

import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { WAKE_MS_MAX } from '../../src/limits.ts';
import { DhtNode } from '../../src/node/dht-node.ts';
import { encodeAnnouncement } from '../../src/routing/discovery.ts';
import { encodePart } from '../../src/wire/encode-message.ts';
import { KEY, PEER, SOURCE } from '../parts.ts';
import { alone, HOST, LOCAL, NAME, connected } from './alone.ts';

function content(text: string) {
  return { data: new TextEncoder().encode(text), userType: 'text/plain' };
}

test('when discovery cannot be opened, the sockets are closed', async () => {
  const closed: string[] = [];
  await assert.rejects(
    alone(
      { peerDiscovery: true },
      {
        openDatagrams: () =>
          Promise.resolve({
            locals: [LOCAL],
            send: () => undefined,
            close: () => Promise.resolve(void closed.push('datagrams')),
          }),
        openDiscovery: () => Promise.reject(new Error('no multicast')),
      },
    ),
    /no multicast/,
  );
  assert.deepEqual(closed, ['datagrams']);
});

test('connected() is over when a node answers', async () => {
  const { node, pass, answer, turn, wakes } = await alone({ bootstrap: [HOST] });
  let isOver = false;
  const waiting = node.connected().then(() => (isOver = true));
  assert.ok([...wakes].some(({ waitMs }) => waitMs === 50));
  pass(50);
  await turn();
  assert.equal(isOver, false);
  answer();
  pass(50);
  await turn();
  assert.equal(isOver, true);
  await waiting;
  await node.connected(AbortSignal.abort(new Error('too late')));
});

test('connected() is given up with its signal, or with the node', async () => {
  const { node, pass } = await alone();
  const leaving = new AbortController();
  const first = assert.rejects(node.connected(leaving.signal), /enough/);
  leaving.abort(new Error('enough'));
  pass(50);
  await first;
  const second = assert.rejects(node.connected(), { code: 'dht_closed' });
  await node.close();
  pass(50);
  await second;
});

test('after close() nothing is asked, and puts are refused', async () => {
  const { node, wakes, closed, asked, pass, queries } = await connected();
  const put = node.put(KEY, content('x'), { permanent: true });
  queries();
  await Promise.all([node.close(), node[Symbol.asyncDispose]()]);
  assert.deepEqual(closed, ['datagrams']);
  assert.equal((await put).announced, false);
  assert.equal(wakes.size, 0);
  pass(100_000);
  assert.deepEqual(asked(), []);
  assert.throws(() => void node.put(KEY, content('x')), { code: 'dht_closed' });
});

test('a look-up that ends after close() asks nobody', async () => {
  const { promise, resolve } = Promise.withResolvers<readonly string[]>();
  const { node, asked, turn, wakes } = await alone(
    { bootstrap: [HOST] },
    { resolve: () => promise },
  );
  await node.close();
  resolve([SOURCE.address]);
  await turn();
  assert.deepEqual(asked(), []);
  assert.equal(wakes.size, 0);
});

test('the engine is called when it is due, and at least every minute', async () => {
  const { node, wakes, pass, asked, answer } = await alone({ bootstrap: [HOST] });
  assert.deepEqual(asked(), ['ping']);
  pass(1500);
  assert.deepEqual(asked(), ['ping'], 'sent again');
  pass(4000);
  answer();
  assert.equal(wakes.size, 1);
  for (let minute = 0; minute < 10; minute += 1) {
    pass(30_000);
    answer();
    assert.equal(wakes.size, 1, 'one wake at a time');
    for (const { waitMs } of wakes) assert.ok(waitMs >= 0 && waitMs <= WAKE_MS_MAX);
  }
  node.connectivityChanged();
  assert.equal(wakes.size, 1);
});

test('a datagram is taken at once, and what it makes due is done in time', async () => {
  const { node, hear, hears, wakes, asked } = await alone({ peerDiscovery: true });
  const dueAtMs = (): number => Math.min(...[...wakes].map(({ atMs }) => atMs));
  assert.equal(wakes.size, 1);
  assert.ok(dueAtMs() > 2500, 'the first upkeep');
  hear(encodePart(0, 5, { index: 0, offset: 0, octets: Uint8Array.of(1) }));
  assert.equal(node.counters().datagramsReceived, 1);
  assert.equal(dueAtMs(), 1500, 'the part is given up');
  hears.discovery?.(encodeAnnouncement({ id: PEER, port: 4222, network: 0 }), SOURCE);
  assert.deepEqual(asked(), ['ping']);
  assert.ok(dueAtMs() <= 1250, 'the ping is repeated');
});

test('a node that is not open yet has no id', async () => {
  let id: unknown;
  await assert.rejects(
    DhtNode.open(
      {
        ...({} as Parameters<typeof DhtNode.open>[0]),
        clock: { nowMs: () => 0, epochUs: () => 0 },
        random: { fill: (octets) => octets },
        openDatagrams: () => Promise.reject(new Error('no socket')),
      },
      {},
    ).then((node) => (id = node.id)),
    /no socket/,
  );
  assert.equal(id, undefined);
});

test('a get waits for the look-up of a name, and is refused when the node is closed meanwhile', async () => {
  const { promise } = Promise.withResolvers<readonly string[]>();
  const { node, turn } = await alone({ bootstrap: [NAME] }, { resolve: () => promise });
  let isOver = false;
  const get = assert.rejects(
    node.get(KEY).finally(() => (isOver = true)),
    /closed/,
  );
  await turn();
  assert.equal(isOver, false);
  await node.close();
  await get;
});

test('after close() no name is looked up again', async () => {
  const { node, wakes, resolved, pass } = await alone(
    { bootstrap: [NAME] },
    { resolve: () => Promise.reject(new Error('no')) },
  );
  assert.equal(wakes.size, 2);
  await node.close();
  assert.equal(wakes.size, 0);
  pass(10_000);
  assert.deepEqual(resolved, []);
});

test('the end of a scope closes a node', async () => {
  const { node, closed } = await alone();
  {
    await using scoped = node;
    assert.deepEqual([scoped.isConnected, closed], [false, []]);
  }
  assert.deepEqual(closed, ['datagrams']);
});

test('a listen that is left no longer waits for its signal', async () => {
  const { node } = await alone();
  const { signal } = new AbortController();
  const listen = node.listen(KEY, { signal });
  assert.equal(getEventListeners(signal, 'abort').length, 1);
  await listen.return();
  assert.deepEqual(getEventListeners(signal, 'abort'), []);
});
