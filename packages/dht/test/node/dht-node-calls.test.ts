// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What each call of a node asks of the network, and when it ends. */

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { infoHash } from '../../src/info-hash.ts';
import { encodeAnnouncement } from '../../src/routing/discovery.ts';
import { identityOf, signValue, type Identity } from '../../src/values/signature.ts';
import { Field } from '../../src/wire/message.ts';
import { encodeValue } from '../../src/wire/value-codec.ts';
import { textOf, textValue } from '../engines.ts';
import { KEY, PEER, SOURCE } from '../parts.ts';
import { alone, confirming, HOST, LOCAL, NAME, connected } from './alone.ts';

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
  assert.deepEqual(groups, [
    'query to 239.192.0.1',
    '5000 to 239.192.0.1',
    'query to ff08::101',
    '5006 to ff08::101',
  ]);
  hears.discovery?.(encodeAnnouncement({ id: PEER, port: 4222, network: 0 }), SOURCE);
  assert.deepEqual(
    queries().map(({ to }) => to),
    [SOURCE],
  );
  await node.close();
  assert.deepEqual(closed, ['datagrams', 'discovery']);
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

test('a name that is not found is looked up again', async () => {
  let isKnown = false;
  const { pass, turn, queries, node } = await alone(
    {},
    {
      resolve: () =>
        isKnown ? Promise.resolve([SOURCE.address]) : Promise.reject(new Error('no')),
    },
  );
  await node.bootstrap([NAME]);
  assert.deepEqual(queries(), []);
  assert.deepEqual(await node.get(KEY), [], 'nobody waits for it');
  isKnown = true;
  pass(5000);
  await turn();
  assert.deepEqual(
    queries().map(({ to }) => to),
    [SOURCE],
  );
});

test('call() asks an address at once', async () => {
  const { node, queries, wakes } = await alone();
  node.call(SOURCE);
  assert.deepEqual(
    queries().map(({ to }) => to),
    [SOURCE],
  );
  assert.ok(
    [...wakes].some(({ waitMs }) => waitMs <= 2500),
    'and again if it does not answer',
  );
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
    signValue(identity, 8n, content('of another id'), 99),
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
  assert.equal(await next(node.listen(KEY)), 'over', 'what is stored here is not told either');
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
