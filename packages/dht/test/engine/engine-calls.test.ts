// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What each call of an engine does at once, and what it leaves undone. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Endpoint } from '@sentrypeer/ip';
import { infoHash, type InfoHash } from '../../src/info-hash.ts';
import { encodeAnnouncement, encodeDiscoveryQuery } from '../../src/routing/discovery.ts';
import { unsignedValue } from '../../src/values/value.ts';
import { Field } from '../../src/wire/message.ts';
import { encodeValue } from '../../src/wire/value-codec.ts';
import { textValue } from '../engines.ts';
import { KEY, PEER, SOURCE } from '../parts.ts';
import { oneEngine } from './one-engine.ts';

const ELSEWHERE: Endpoint = { address: '192.0.2.2', port: 4222 };
const SIX: Endpoint = { address: '2001:db8::1', port: 4222 };
const LIFE_MS = 600_000;
const MINUTE_MS = 60_000;

/** A query of discovery, and the announcement of a node at port 4222. */
function heard(id: InfoHash): readonly [Uint8Array, Uint8Array] {
  return [encodeDiscoveryQuery(), encodeAnnouncement({ id, port: 4222, network: 0 })];
}

test('an engine without a family is a mistake', () => {
  assert.throws(() => oneEngine({ families: [] }), /dht_families/);
});

test('an engine says its network, that it is a client, and its software in each datagram', () => {
  for (const [options, expected] of [
    [{}, [0, false]],
    [{ network: 7, client: true }, [7, true]],
  ] as const) {
    const { engine, queries } = oneEngine(options);
    engine.bootstrap([SOURCE]);
    const [ping] = queries();
    assert.deepEqual([ping?.message.network, ping?.message.client], expected);
    assert.equal(ping?.message.agent, 'o2');
  }
});

test('the id is the one given, or that of the state, or drawn', () => {
  const state = { nodeId: infoHash('of the state') };
  assert.equal(oneEngine({ nodeId: KEY, state }).engine.id, KEY);
  assert.equal(oneEngine({ state }).engine.id, infoHash('of the state'));
  assert.match(oneEngine().engine.id, /^[0-9a-f]{40}$/);
});

test('get, listen and put ask the known nodes at once', () => {
  for (const [name, act] of [
    ['get', ({ get }) => void get()],
    ['find', ({ listen }) => void listen()],
    ['find', ({ put }) => void put(textValue(1n, 'x'))],
  ] as readonly (readonly [string, (all: ReturnType<typeof oneEngine>) => void])[]) {
    const all = oneEngine();
    all.connect();
    all.asked();
    act(all);
    assert.deepEqual(all.asked(), [name]);
  }
});

test('get, listen and put wait for bootstrap, and go on with its answer', () => {
  const { engine, get, listen, put, asked, answer } = oneEngine();
  engine.bootstrap([SOURCE]);
  get();
  listen();
  put(textValue(1n, 'x'));
  assert.deepEqual(asked(), ['ping']);
  engine.bootstrap([ELSEWHERE]);
  answer({}, ELSEWHERE);
  assert.deepEqual(asked(), ['get']);
});

test('expectBootstrap() makes them wait for a look-up that is not over', () => {
  const { engine, get } = oneEngine();
  const over = engine.expectBootstrap();
  assert.equal(engine.connectivity(4), 'connecting');
  const told = get();
  assert.deepEqual(told, []);
  over();
  assert.deepEqual(told, ['done']);
});

test('what is called inside a callback is done after it', () => {
  const { engine, connect, settle, asked } = oneEngine();
  connect();
  const inside: (readonly string[])[] = [];
  engine.get(KEY, [], {
    onValue: () => undefined,
    onDone: () => {
      asked();
      engine.get(infoHash('another'), [], { onValue: () => undefined, onDone: () => undefined });
      inside.push(asked());
    },
  });
  settle();
  assert.deepEqual(inside, [[]]);
});

test('bootstrap pings addresses of the families that it runs, and no others', () => {
  const { engine, queries } = oneEngine();
  engine.bootstrap([SOURCE, SIX]);
  assert.deepEqual(
    queries().map(({ to }) => to),
    [SOURCE],
  );
  assert.equal(engine.connectivity(6), 'disconnected');
});

test('learn() pings a node that has never answered, unless it is being asked', () => {
  const { engine, queries, asked, answer, pass } = oneEngine();
  engine.learn({ id: PEER, endpoint: SIX });
  assert.deepEqual(asked(), []);
  engine.learn({ id: PEER, endpoint: SOURCE });
  engine.learn({ id: PEER, endpoint: SOURCE });
  const pings = queries();
  assert.deepEqual(
    pings.map(({ message, to }) => [message.name, to]),
    [['ping', SOURCE]],
  );
  pass(60_000);
  asked();
  engine.learn({ id: PEER, endpoint: SOURCE });
  answer();
  engine.learn({ id: PEER, endpoint: SOURCE });
  assert.deepEqual(asked(), []);
});

test('nodes of a state are pinged at the start, if their family is run', () => {
  const nodes = [SOURCE, SIX].map((endpoint, index) => ({ id: infoHash(`${index}`), ...endpoint }));
  const { engine, queries } = oneEngine({ state: { nodes } });
  assert.deepEqual(
    queries().map(({ to }) => to),
    [SOURCE],
  );
  assert.equal(engine.status().families[0]?.knownNodes, 1);
});

test('node lists of an answer are learnt as far as their family is run', () => {
  const { engine, connect, get, answer } = oneEngine();
  connect();
  get();
  answer({
    n4: [{ id: infoHash('4'), endpoint: ELSEWHERE }],
    n6: [{ id: infoHash('6'), endpoint: SIX }],
  });
  assert.equal(engine.status().families[0]?.knownNodes, 2);
});

test('a change of addresses forgets what others said about us, and pings at once', () => {
  const { engine, answer, asked, queries } = oneEngine();
  engine.bootstrap([SOURCE]);
  answer({ seenAddress: Uint8Array.of(203, 0, 113, 5) });
  assert.equal(engine.status().reportedAddresses.length, 1);
  queries();
  engine.connectivityChanged();
  assert.deepEqual(engine.status().reportedAddresses, []);
  assert.deepEqual(asked(), ['ping']);
});

test('a listen tells what is put here, once, and its end, whatever our own clock says', () => {
  const { listen, put, engine, pass } = oneEngine();
  const { told } = listen();
  put(textValue(1n, 'one'), true);
  put(textValue(1n, 'two'), true);
  put(textValue(1n, 'two'), true);
  assert.deepEqual(told, ['one', 'two']);
  pass(2 * LIFE_MS);
  assert.equal(told.length, 2);
  engine.cancelPut(KEY, 1n);
  pass(LIFE_MS - 1);
  assert.equal(told.length, 2);
  pass(1);
  assert.deepEqual(told.slice(2), ['end of 1']);
});

test('a listen begins with what is stored here', () => {
  const { listen, put, get } = oneEngine();
  put(textValue(1n, 'one'), true);
  put(unsignedValue(2n, { data: new TextEncoder().encode('two'), type: 3 }), true);
  assert.deepEqual(listen().told, ['one', 'two']);
  const where = [{ field: Field.type, type: 3 }] as const;
  assert.deepEqual(listen(where).told, ['two']);
  assert.deepEqual(get(where), ['two', 'done']);
  assert.deepEqual(get(), ['one', 'two', 'done']);
});

test('of two listens of a key one may end, and the other goes on', () => {
  const { listen, put } = oneEngine();
  const [first, second] = [listen(), listen()];
  first.stop();
  put(textValue(1n, 'one'), true);
  assert.deepEqual([first.told, second.told], [[], ['one']]);
  second.stop();
  put(textValue(2n, 'two'), true);
  assert.deepEqual(second.told, ['one']);
  assert.deepEqual(listen().told, ['one', 'two']);
});

test('what ended before bootstrap did is not begun', () => {
  const { engine, listen, put, answer, asked } = oneEngine();
  engine.bootstrap([SOURCE]);
  listen().stop();
  put(textValue(1n, 'x'), true);
  assert.ok(engine.cancelPut(KEY, 1n));
  answer();
  assert.deepEqual(asked(), []);
  assert.deepEqual(engine.status().families[0]?.searches, []);
});

test('a listen that is stopped subscribes no more', () => {
  const { connect, listen, settle, pass, asked, engine } = oneEngine();
  connect();
  const { stop } = listen();
  settle();
  assert.equal(engine.status().families[0]?.searches[0]?.listens, 1);
  stop();
  assert.equal(engine.status().families[0]?.searches[0]?.listens, 0);
  pass(MINUTE_MS);
  assert.ok(!asked().includes('listen'));
});

test('a put is told by whom it was confirmed, and is forgotten unless it is permanent', () => {
  for (const permanent of [false, true]) {
    const { connect, put, settle, engine } = oneEngine();
    connect();
    const { settled, isTaken } = put(textValue(1n, 'x'), permanent);
    assert.ok(isTaken);
    assert.equal(engine.announced(KEY, 1n)?.id, 1n);
    settle({ valueId: 1n });
    assert.deepEqual(settled, ['true 1']);
    assert.equal(engine.announced(KEY, 1n)?.id, permanent ? 1n : undefined);
    assert.equal(engine.status().announcedValues, permanent ? 1 : 0);
  }
});

test('a put replaces an earlier one of its id, whose end does not end it', () => {
  const { connect, put, engine } = oneEngine();
  connect();
  const first = put(textValue(1n, 'first'));
  const second = put(textValue(1n, 'second'));
  put(textValue(2n, 'other'));
  assert.deepEqual([first.settled, second.settled], [['false 0'], []]);
  assert.deepEqual(engine.announced(KEY, 1n), textValue(1n, 'second'));
  assert.equal(engine.announced(infoHash('another'), 1n), undefined);
  assert.equal(engine.status().announcedValues, 2);
});

test('cancelPut() ends a put once, and its own copy lives on for its time', () => {
  const { connect, put, engine, get } = oneEngine();
  connect();
  const { settled } = put(textValue(1n, 'x'), true);
  assert.equal(engine.cancelPut(KEY, 2n), false);
  assert.equal(engine.cancelPut(KEY, 1n), true);
  assert.deepEqual(settled, ['false 0']);
  assert.equal(engine.cancelPut(KEY, 1n), false);
  assert.equal(engine.status().families[0]?.searches[0]?.puts, 0);
  assert.deepEqual(get(), ['x']);
});

test('the life of a value that is put here is counted from when it was made; the future is now', () => {
  for (const [ageS, lifeMs] of [
    [0, LIFE_MS],
    [590, 10_000],
    [-86_400, LIFE_MS],
    [86_400, 0],
  ] as const) {
    const { put, listen, pass, clock } = oneEngine();
    const { told } = listen();
    put(textValue(1n, 'x'), false, clock.epochUs() / 1_000_000 - ageS);
    if (lifeMs > 0) {
      pass(lifeMs - 1);
      assert.deepEqual(told, ['x'], String(ageS));
    }
    pass(1);
    assert.deepEqual(told, ['x', 'end of 1'], String(ageS));
  }
});

test('values of others are pushed to those who listen here, and forgotten when they do not return', () => {
  const { engine, connect, tell, queries, pass, put, answer } = oneEngine();
  connect();
  const found = tell('find', { target: KEY });
  assert.ok(found?.kind === 'reply');
  queries();
  const { token } = found.args;
  tell('listen', { key: KEY, token, socketId: 5, version: 1 });
  assert.equal(engine.status().subscriptions, 1);
  put(textValue(1n, 'x'), true);
  const push = queries().find(({ message }) => message.name === 'update');
  assert.equal(push?.message.args.socketId, 5);
  for (let minute = 0; minute < 17; minute += 1) {
    pass(MINUTE_MS);
    answer();
  }
  assert.equal(engine.status().subscriptions, 0);
});

test('a value of another is told with the address it came from', () => {
  const { engine, connect, tell, queries } = oneEngine();
  connect();
  const found = tell('find', { target: KEY });
  assert.ok(found?.kind === 'reply');
  queries();
  const from: (string | undefined)[] = [];
  engine.listen(KEY, [], (event) => from.push(event.kind === 'value' ? event.from : 'end'));
  tell('put', { key: KEY, token: found.args.token, values: [encodeValue(textValue(1n, 'x'))] });
  assert.deepEqual(from, [SOURCE.address]);
});

test('exportState() has who ever answered, the good ones first', () => {
  const { engine, connect, pass, answer, get } = oneEngine();
  connect(ELSEWHERE, infoHash('good'));
  connect();
  get();
  for (let second = 0; second < 20; second += 1) {
    answer({}, ELSEWHERE, infoHash('good'));
    pass(1000);
  }
  assert.deepEqual(engine.status().families[0]?.expiredNodes, 1);
  engine.learn({ id: infoHash('never'), endpoint: { address: '192.0.2.3', port: 1 } });
  const { nodes, ...rest } = engine.exportState();
  assert.deepEqual(rest, { version: 1, nodeId: engine.id });
  assert.deepEqual(nodes, [
    { id: infoHash('good'), ...ELSEWHERE },
    { id: PEER, ...SOURCE },
  ]);
});

test('close() ends puts, and no listen tells anything after it', () => {
  const { engine, connect, put, listen, asked, pass, tell, queries } = oneEngine();
  connect();
  const found = tell('find', { target: KEY });
  assert.ok(found?.kind === 'reply');
  queries();
  const { told } = listen();
  const { settled } = put(textValue(1n, 'x'), true);
  engine.close();
  assert.deepEqual(settled, ['false 0']);
  assert.deepEqual(engine.status().announcedValues, 0);
  assert.deepEqual(engine.status().families[0]?.searches, []);
  asked();
  tell('put', { key: KEY, token: found.args.token, values: [encodeValue(textValue(2n, 'y'))] });
  assert.deepEqual(told, ['x']);
  pass(1000);
  assert.ok(!asked().includes('listen'));
});

test('discovery finds nodes on the local network while nobody answers', () => {
  const groups: Endpoint[] = [];
  const discovery = {
    portOf: () => 4222,
    send: (_octets: Uint8Array, to: Endpoint) => groups.push(to),
  };
  const { engine, pass, asked, answer, connect } = oneEngine({ families: [4, 6] }, { discovery });
  assert.equal(groups.length, 4, 'a query and an announcement in each family');
  const [, announcement] = heard(PEER);
  engine.receiveDiscovery(announcement, SOURCE);
  assert.deepEqual(asked(), ['ping']);
  pass(20_000);
  assert.ok(groups.length > 4);
  answer();
  connect(ELSEWHERE);
  const { length } = groups;
  for (let second = 0; second < 60; second += 1) {
    answer({}, ELSEWHERE);
    pass(1000);
  }
  assert.equal(groups.length, length, 'one family is connected');
});

test('an engine without discovery does not mind its datagrams', () => {
  const { engine, asked } = oneEngine();
  const [query, announcement] = heard(PEER);
  engine.receiveDiscovery(query, SOURCE);
  engine.receiveDiscovery(announcement, SOURCE);
  assert.deepEqual(asked(), []);
});
