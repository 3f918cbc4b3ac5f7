// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What each call of a node asks of the network, and when it ends. */

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { infoHash } from '../../src/info-hash.ts';
import { WAKE_MS_MAX } from '../../src/limits.ts';
import { DhtNode } from '../../src/node/dht-node.ts';
import { encodeAnnouncement } from '../../src/routing/discovery.ts';
import { identityOf, signValue, type Identity } from '../../src/values/signature.ts';
import { encodeQuery } from '../../src/wire/encode-message.ts';
import { Field } from '../../src/wire/message.ts';
import { encodeValue } from '../../src/wire/value-codec.ts';
import { textOf, textValue } from '../engines.ts';
import { ENVELOPE, KEY, PEER, SOURCE } from '../parts.ts';
import { alone, confirming, LOCAL, NAME } from './alone.ts';

const HOST = `${SOURCE.address}:${SOURCE.port}`;
const ELSEWHERE = { address: '192.0.2.2', port: 4222 };
const SIX = { address: '2001:db8::9', port: 5006 };

function content(text: string) {
  return { data: new TextEncoder().encode(text), userType: 'text/plain' };
}

function anIdentity(): Identity {
  const identity = identityOf(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey);
  assert.ok(identity !== undefined);
  return identity;
}

/** A node whose only peer has answered. */
async function connected(options = {}) {
  const all = await alone({ bootstrap: [HOST], ...options });
  all.answer();
  assert.ok(all.node.isConnected);
  return all;
}

test('open() binds, and asks the nodes it was given', async () => {
  const { node, queries, discoveryFamilies, groups } = await alone({ bootstrap: [HOST] });
  assert.deepEqual(node.locals, [LOCAL]);
  assert.deepEqual(
    queries().map(({ message, to }) => [message.name, to]),
    [['ping', SOURCE]],
  );
  assert.deepEqual([discoveryFamilies, groups], [[], []], 'no discovery unless it is wanted');
  assert.equal(node.isConnected, false);
});

test('open() passes on the network, the client mode, the state and the identity', async () => {
  const identity = anIdentity();
  const state = { nodeId: infoHash('state'), nodes: [{ id: PEER, ...SOURCE }] };
  const { node, queries } = await alone({ network: 7, client: true, identity, state });
  assert.equal(node.id, identity.nodeId);
  const [ping] = queries();
  assert.deepEqual([ping?.message.network, ping?.message.client, ping?.to], [7, true, SOURCE]);
  assert.equal((await alone({ state })).node.id, state.nodeId);
});

test('discovery is opened for the families that are bound, and says their ports', async () => {
  const { discoveryFamilies, groups, hears, queries, closed, node } = await alone(
    { peerDiscovery: true },
    { locals: [LOCAL, SIX] },
  );
  assert.deepEqual(discoveryFamilies, [[4, 6]]);
  assert.equal(groups.length, 4);
  hears.discovery?.(encodeAnnouncement({ id: PEER, port: 4222, network: 0 }), SOURCE);
  assert.deepEqual(
    queries().map(({ to }) => to),
    [SOURCE],
  );
  await node.close();
  assert.deepEqual(closed, ['datagrams', 'discovery']);
});

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

test('names are looked up again while nobody answers', async () => {
  const { resolved, pass, turn, answer } = await alone({ bootstrap: [NAME, '192.0.2.7'] });
  assert.deepEqual(resolved, [NAME, '192.0.2.7']);
  pass(10_000);
  await turn();
  assert.deepEqual(resolved.splice(0), [NAME, '192.0.2.7', NAME]);
  answer();
  pass(9000);
  await turn();
  assert.deepEqual(resolved, []);
});

test('call() asks an address at once', async () => {
  const { node, queries } = await alone();
  node.call(SOURCE);
  assert.deepEqual(
    queries().map(({ to }) => to),
    [SOURCE],
  );
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

test('put() says who confirmed, under which id and when it was made', async () => {
  const { node, answer, queries, clock } = await connected();
  const nowS = Math.floor(clock.epochUs() / 1_000_000);
  for (const [options, id, created] of [
    [{ id: 5n }, 5n, nowS],
    [{ id: 6n, createdEpochMs: 1_600_000_000_999 }, 6n, 1_600_000_000],
    [{}, undefined, nowS],
  ] as const) {
    const result = node.put(KEY, content('x'), options);
    const seen: (number | undefined)[] = [];
    answer((query) => {
      if (query.name === 'put') seen.push(query.args.created);
      return confirming(query);
    });
    const { announced, nodesCount, id: putId } = await result;
    assert.deepEqual([announced, nodesCount, seen], [true, 1, [created]]);
    if (id !== undefined) assert.equal(putId, id);
    else assert.ok(putId > 0n);
  }
  assert.equal(node.status().announcedValues, 0);
  assert.deepEqual(queries(), []);
});

test('put() of a permanent value goes on until cancel()', async () => {
  const { node, answer } = await connected();
  const result = node.put(KEY, content('x'), { id: 5n, permanent: true });
  answer(confirming);
  assert.equal((await result).announced, true);
  assert.equal(node.status().announcedValues, 1);
  assert.equal(node.cancel(KEY, 6n), false);
  assert.equal(node.cancel(KEY, 5n), true);
  assert.equal(node.status().announcedValues, 0);
});

test('putSigned() numbers its versions above those it announces, and its own that others have', async () => {
  const identity = anIdentity();
  const { node, answer, turn } = await connected({ identity });
  const stored = [
    signValue(identity, 9n, content('own'), 41),
    signValue(anIdentity(), 9n, content("another's"), 77),
  ];
  const sequence = async (values: readonly Uint8Array[]): Promise<number | undefined> => {
    const result = node.putSigned(KEY, content('new'), { id: 9n, permanent: true });
    let put: number | undefined;
    for (let round = 0; round < 3; round += 1) {
      answer((query) => {
        const [slot] = query.args.slots ?? [];
        if (slot !== undefined && 'value' in slot) put = slot.value.sequence;
        const isSearch = query.name === 'get' && query.args.filter?.select.length === 1;
        return isSearch ? { values } : confirming(query);
      });
      await turn();
    }
    assert.equal((await result).id, 9n);
    return put;
  };
  assert.equal(await sequence([]), 0);
  assert.equal(await sequence([]), 1);
  assert.equal(await sequence(stored.map(encodeValue)), 42);
  assert.equal(await sequence([]), 43);
});

test('putSigned() without an identity is a mistake', async () => {
  const { node } = await alone();
  await assert.rejects(node.putSigned(KEY, content('x')), /dht_identity/);
});

test('get() brings what matches, and ends with its signal', async () => {
  const { node, answer, queries } = await connected();
  const where = [{ field: Field.type, type: 3 }] as const;
  const all = node.get(KEY);
  const some = node.get(KEY, { where });
  const typed = { ...textValue(2n, 'typed'), type: 3 };
  answer(() => ({ values: [textValue(1n, 'plain'), typed].map(encodeValue) }));
  assert.deepEqual((await all).map(textOf), ['plain', 'typed']);
  assert.deepEqual((await some).map(textOf), ['typed']);
  const leaving = new AbortController();
  const given = assert.rejects(node.get(infoHash('2'), { signal: leaving.signal }), /enough/);
  leaving.abort(new Error('enough'));
  await given;
  queries();
  await assert.rejects(
    node.get(infoHash('3'), { signal: AbortSignal.abort(new Error('at once')) }),
    /at once/,
  );
  assert.deepEqual(queries(), [], 'nothing is asked');
});

test('listen() tells what is put here until it is left', async () => {
  const { node } = await alone();
  const where = [{ field: Field.type, type: 3 }] as const;
  const [all, some] = [node.listen(KEY), node.listen(KEY, { where })];
  void node.put(KEY, content('plain'), { id: 1n });
  void node.put(KEY, { ...content('typed'), type: 3 }, { id: 2n });
  const next = async (queue: typeof all): Promise<string> => {
    const { value, done } = await queue.next();
    return done === true ? 'over' : value.kind === 'value' ? textOf(value.value) : 'end';
  };
  assert.deepEqual([await next(all), await next(all)], ['plain', 'typed']);
  assert.equal(await next(some), 'typed');
  await all.return();
  void node.put(KEY, { ...content('more'), type: 3 }, { id: 3n });
  assert.deepEqual([await next(all), await next(some)], ['over', 'more']);
  await node.close();
  assert.equal(await next(some), 'over');
  assert.equal(await next(node.listen(infoHash('2'))), 'over');
});

test('a listen that its signal ends subscribes no more', async () => {
  const { node } = await connected();
  const leaving = new AbortController();
  const listen = node.listen(KEY, { signal: leaving.signal });
  assert.equal(node.status().families[0]?.searches[0]?.listens, 1);
  leaving.abort();
  assert.deepEqual(await listen.next(), { done: true, value: undefined });
  assert.equal(node.status().families[0]?.searches[0]?.listens, 0);
  const late = node.listen(KEY, { signal: AbortSignal.abort() });
  assert.equal((await late.next()).done, true);
  assert.equal(node.status().families[0]?.searches[0]?.listens, 0);
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
  const { node, hear, pass, asked, wakes } = await alone();
  hear(encodeQuery(ENVELOPE, 'get', 5, { id: PEER, key: KEY }));
  assert.deepEqual(asked(), ['ping']);
  assert.equal(node.counters().datagramsReceived, 1);
  const [wake] = wakes;
  assert.ok(wake !== undefined);
  pass(10_000);
  assert.equal(node.status().families[0]?.knownNodes, 1);
});

test('counters() are those of now, in an object of their own', async () => {
  const { node, hear } = await alone();
  const before = node.counters();
  hear(Uint8Array.of(0xc1));
  assert.deepEqual([before.refused, node.counters().refused], [0, 1]);
});

test('exportState() lets another node join at once', async () => {
  const { node } = await connected();
  const { queries } = await alone({ state: node.exportState() });
  assert.deepEqual(
    queries().map(({ to }) => to),
    [SOURCE],
  );
});

test('after a change of addresses the known nodes are asked again', async () => {
  const { node, asked, queries } = await connected();
  queries();
  node.connectivityChanged();
  assert.deepEqual(asked(), ['ping']);
  node.call(ELSEWHERE);
  assert.deepEqual(asked(), ['ping']);
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
