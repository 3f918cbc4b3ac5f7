// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What malicious or broken peers do. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { divergingAt, infoHash } from '../src/info-hash.ts';
import {
  GET_VALUES_MAX,
  NODES_KNOWN_MAX,
  PUSHED_OCTETS_PER_NODE_MAX,
  QUERIES_PER_SOURCE_PER_SECOND_MAX,
  SUBSCRIPTIONS_PER_NODE_AND_KEY_MAX,
} from '../src/limits.ts';
import { decodeMessage } from '../src/wire/decode-message.ts';
import { encodeQuery } from '../src/wire/encode-message.ts';
import { Field, type QueryMessage } from '../src/wire/message.ts';
import { encodeValue } from '../src/wire/value-codec.ts';
import { TestDht, textOf, textValue, type TestNode } from './engines.ts';
import { Stranger } from './stranger.ts';
import { DATAGRAMS, octetsOf } from './wire/vectors.ts';

const KEY = infoHash('bad_actors');
const TOKEN = new Uint8Array(32).fill(1);
const MINUTE_MS = 60_000;

function pair(): { dht: TestDht; a: TestNode; b: TestNode } {
  const dht = TestDht.of(2);
  const [a, b] = dht.nodes;
  assert.ok(a !== undefined && b !== undefined);
  return { dht, a, b };
}

function packed(id: bigint, text: string): Uint8Array {
  return encodeValue(textValue(id, text));
}

test('changed datagrams of real nodes never make an engine throw', () => {
  const { dht, a } = pair();
  const change = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 });
  fc.assert(
    fc.property(fc.constantFrom(...DATAGRAMS), change, fc.nat(255), (vector, changes, host) => {
      const octets = new Uint8Array(octetsOf(vector.payload_hex));
      for (const [at, octet] of changes) octets[at % octets.length] = octet;
      a.engine.receive(octets, { address: `192.0.2.${host}`, port: 1 + host });
      a.engine.receiveDiscovery(octets, { address: '192.0.2.1', port: 8888 });
    }),
    { numRuns: 5000 },
  );
  dht.network.touch(a.at);
  dht.network.run(MINUTE_MS);
});

test('an address where no node can be is not answered', () => {
  const { dht, a } = pair();
  const { sentCount } = dht.network;
  const ping = encodeQuery({ network: 0, client: false, agent: undefined }, 'ping', 1, {
    id: infoHash('x'),
  });
  for (const source of [
    { address: '0.0.0.0', port: 1 },
    { address: '224.0.0.1', port: 1 },
    { address: '10.0.0.1', port: 0 },
    { address: 'ff02::1', port: 1 },
  ])
    a.engine.receive(ping, source);
  assert.equal(dht.network.sentCount, sentCount);
  assert.equal(a.engine.counters.badSource, 4);
});

test('a reply counts only from the address that was asked', () => {
  const { dht, a } = pair();
  const victim = new Stranger(dht, '192.0.2.1');
  const forger = new Stranger(dht, '192.0.2.2', victim.id);
  // The forger sees every query to the victim and answers from elsewhere, with the right ids.
  victim.onQuery = (query, from) => forger.reply(from, query.tid, { token: TOKEN });
  victim.query(a.at, 'find', { target: KEY });
  dht.network.run(5000);
  dht.get(a, KEY);
  assert.ok(
    victim.received.some((message) => message.kind === 'query'),
    'the victim was asked',
  );
  assert.ok(a.engine.counters.repliesUnmatched > 0);
  assert.ok(!a.engine.exportState().nodes.some(({ id }) => id === victim.id));
});

test('a token serves the address and port it was given to, and no other', () => {
  const { dht, a } = pair();
  const owner = new Stranger(dht, '192.0.2.1');
  const thief = new Stranger(dht, '192.0.2.2');
  thief.onQuery = ({ tid }, from) => thief.reply(from, tid, {});
  const token = owner.token(a.at);
  assert.equal(token.length, 32);
  const attempts = [
    thief.query(a.at, 'put', { key: KEY, token, values: [packed(1n, 'stolen')] }),
    thief.query(a.at, 'put', { key: KEY, token: new Uint8Array(32), values: [packed(1n, 'none')] }),
    thief.query(a.at, 'put', { key: KEY, values: [packed(1n, 'missing')] }),
    thief.query(a.at, 'listen', { key: KEY, token, socketId: 1, version: 1 }),
    thief.query(a.at, 'refresh', { key: KEY, token, valueId: 1n }),
  ];
  dht.network.run(1000);
  for (const tid of attempts) {
    const [answer] = thief.repliesTo(tid);
    assert.ok(answer?.kind === 'error' && answer.code === 401, String(tid));
  }
  assert.equal(a.engine.status().storedValues, 0);
  assert.equal(a.engine.counters.tokensRefused, 5);
  const tid = owner.query(a.at, 'put', { key: KEY, token, values: [packed(1n, 'own')] });
  dht.network.run(1000);
  assert.equal(owner.repliesTo(tid)[0]?.kind, 'reply');
  assert.equal(a.engine.status().storedValues, 1);
});

test('a token runs out with the secrets it was made with', () => {
  const { dht, a } = pair();
  const owner = new Stranger(dht, '192.0.2.1');
  const token = owner.token(a.at);
  owner.pretend(TOKEN);
  dht.network.run(14 * MINUTE_MS);
  owner.query(a.at, 'put', { key: KEY, token, values: [packed(1n, 'in time')] });
  dht.network.run(1000);
  assert.equal(a.engine.status().storedValues, 1);
  dht.network.run(95 * MINUTE_MS);
  owner.query(a.at, 'put', { key: KEY, token, values: [packed(2n, 'late')] });
  dht.network.run(1000);
  assert.equal(a.engine.counters.tokensRefused, 1);
});

test('who floods is answered 1,024 times a second, and others all the same', () => {
  const { dht, a, b } = pair();
  const flooder = new Stranger(dht, '192.0.2.1');
  for (let index = 0; index < 5000; index += 1) flooder.query(a.at, 'ping', {});
  dht.network.run(900);
  const answers = flooder.received.filter((message) => message.kind === 'reply').length;
  assert.ok(answers <= 2 * QUERIES_PER_SOURCE_PER_SECOND_MAX, String(answers));
  assert.ok(a.engine.counters.rateLimited >= 5000 - 2 * QUERIES_PER_SOURCE_PER_SECOND_MAX);
  assert.ok(dht.put(b, KEY, textValue(1n, 'honest')));
});

test('a datagram that claims the id of a node that answers does not move it', () => {
  const { dht, a, b } = pair();
  const forger = new Stranger(dht, '192.0.2.1', b.engine.id);
  // The forger has even seen which subscription the node has there.
  let socketId: number | undefined;
  dht.network.onDatagram = (octets) => {
    const decoded = decodeMessage(octets);
    if (decoded.ok && decoded.message.kind === 'query' && decoded.message.name === 'listen')
      ({ socketId } = decoded.message.args);
    return true;
  };
  const { events } = dht.listen(a, KEY);
  dht.network.run(5000);
  assert.ok(socketId !== undefined);
  const args = { key: KEY, socketId, version: 1, values: [packed(1n, 'forged')] };
  forger.query(a.at, 'update', args);
  dht.network.run(10_000);
  const [known] = a.engine.exportState().nodes;
  assert.equal(known?.address, b.at.address);
  assert.ok(dht.put(b, KEY, textValue(2n, 'true')));
  dht.network.run(1000);
  assert.deepEqual(
    events.map((event) => (event.kind === 'value' ? textOf(event.value) : '')),
    ['true'],
  );
});

test('a pong of a bootstrap node counts only from its address', () => {
  const dht = new TestDht();
  const a = dht.add();
  const real = new Stranger(dht, '192.0.2.1');
  const forger = new Stranger(dht, '192.0.2.2');
  real.onQuery = (query, from) => forger.reply(from, query.tid, {});
  dht.use(a, (engine) => engine.bootstrap([real.at]));
  dht.network.run(5000);
  assert.equal(a.engine.connectivity(4), 'connecting');
  assert.ok(a.engine.counters.repliesUnmatched > 0);
});

test('a storer that lists another id than was asked for gets the value', () => {
  const dht = new TestDht();
  const a = dht.add();
  const storer = new Stranger(dht, '192.0.2.1');
  const fields = { fields: [Field.id, Field.sequence], rows: [[77n, 0n]] };
  storer.onQuery = (query, from) =>
    storer.reply(from, query.tid, {
      token: TOKEN,
      fields: query.name === 'get' ? fields : undefined,
      valueId: query.args.valueId ?? 1n,
    });
  dht.use(a, (engine) => engine.bootstrap([storer.at]));
  dht.network.run(1000);
  assert.ok(dht.put(a, KEY, textValue(1n, 'x'), true));
  const names = storer.received.flatMap((message) =>
    message.kind === 'query' ? [message.name] : [],
  );
  assert.ok(names.includes('put') && !names.includes('refresh'), names.join(' '));
});

test('a node that really moves is followed', () => {
  const { dht, a, b } = pair();
  const state = b.engine.exportState();
  dht.kill(b);
  const moved = dht.add({ state, at: { address: '10.9.9.9', port: 4333 } });
  dht.network.run(20_000);
  assert.equal(moved.engine.id, b.engine.id);
  const [known] = a.engine.exportState().nodes;
  assert.deepEqual([known?.address, known?.port], ['10.9.9.9', 4333]);
});

test('a node that answers a search without a token is never talked to again', () => {
  const { dht, a } = pair();
  const broken = new Stranger(dht, '192.0.2.1');
  broken.onQuery = (query, from) => broken.reply(from, query.tid, {});
  broken.query(a.at, 'find', { target: KEY });
  dht.network.run(1000);
  dht.get(a, KEY);
  const { length } = broken.received;
  const tid = broken.query(a.at, 'ping', {});
  dht.network.run(MINUTE_MS);
  assert.equal(broken.repliesTo(tid).length, 0);
  assert.equal(broken.received.length, length);
});

test('ids without number neither fill the memory nor hide honest nodes', () => {
  const dht = TestDht.of(10);
  const [a, b] = dht.nodes;
  assert.ok(a !== undefined && b !== undefined);
  dht.put(b, KEY, textValue(1n, 'honest'));
  for (let round = 0; round < 20; round += 1) {
    for (let index = 0; index < 1000; index += 1) {
      const id = infoHash(`sybil ${round} ${index}`);
      a.engine.receive(
        encodeQuery({ network: 0, client: false, agent: undefined }, 'ping', 1, { id }),
        { address: '192.0.2.1', port: 1 + index },
      );
    }
    dht.network.touch(a.at);
    dht.network.run(1100);
  }
  const [family] = a.engine.status().families;
  assert.ok((family?.knownNodes ?? 0) <= NODES_KNOWN_MAX);
  assert.ok((family?.goodNodes ?? 0) >= 5, String(family?.goodNodes));
  assert.deepEqual(dht.get(a, KEY).map(textOf), ['honest']);
});

test('names of nodes that do not exist, all close to the key, hide no honest node', () => {
  const { dht, a, b } = pair();
  dht.put(b, KEY, textValue(1n, 'honest'));
  const liar = new Stranger(dht, '192.0.2.1', divergingAt(KEY, 150, new Uint8Array(20)));
  let count = 0;
  liar.onQuery = (query, from) => {
    // Forty ghosts, closer than any honest node can be, before the liar has nothing more to say.
    const n4 = Array.from({ length: count < 40 ? 8 : 0 }, () => {
      count += 1;
      const id = divergingAt(KEY, 100 + count, new Uint8Array(20));
      return { id, endpoint: { address: `198.51.100.${count}`, port: 4222 } };
    });
    liar.reply(from, query.tid, { token: TOKEN, n4, fields: undefined });
  };
  liar.query(a.at, 'find', { target: KEY });
  dht.network.run(2000);
  const late = dht.add();
  dht.use(late, (engine) => engine.bootstrap([liar.at]));
  dht.network.run(2000);
  for (const node of [a, late]) {
    const startMs = dht.network.clock.nowMs();
    assert.deepEqual(dht.get(node, KEY).map(textOf), ['honest']);
    assert.ok(dht.network.clock.nowMs() - startMs < 2 * MINUTE_MS);
  }
  assert.ok(count >= 40, 'the ghosts were listed');
});

test('a wrong copy does not hide the right one', () => {
  const { dht, a, b } = pair();
  const liar = new Stranger(dht, '192.0.2.1');
  liar.onQuery = (query, from) => {
    const values = query.args.filter?.select.length === 0 ? [packed(1n, 'wrong')] : undefined;
    const fields = values === undefined ? { fields: [Field.id], rows: [[1n]] } : undefined;
    liar.reply(from, query.tid, { token: TOKEN, values, fields });
  };
  dht.put(b, KEY, textValue(1n, 'right'));
  liar.query(a.at, 'find', { target: KEY });
  dht.network.run(2000);
  const client = dht.add();
  dht.network.run(20_000);
  assert.deepEqual(dht.get(client, KEY).map(textOf).toSorted(), ['right', 'wrong']);
});

test('lists of ids without end are fetched up to a limit', () => {
  const dht = new TestDht();
  const a = dht.add();
  let fetchedCount = 0;
  let id = 0n;
  const liars = ['192.0.2.1', '192.0.2.2', '192.0.2.3'].map(
    (address) => new Stranger(dht, address),
  );
  for (const liar of liars)
    liar.onQuery = (query, from) => {
      const select = query.args.filter?.select;
      if (select?.length === 0) fetchedCount += 1;
      const rows = select?.length === 1 ? Array.from({ length: 7000 }, () => [(id += 1n)]) : [];
      const fields = select?.length === 1 ? { fields: [Field.id], rows } : undefined;
      liar.reply(from, query.tid, { token: TOKEN, fields });
    };
  dht.use(a, (engine) => engine.bootstrap(liars.map(({ at }) => at)));
  dht.network.run(1000);
  assert.deepEqual(dht.get(a, KEY), []);
  assert.equal(fetchedCount, GET_VALUES_MAX);
});

test('a storer that always says 401 is not asked in a loop', () => {
  const dht = new TestDht();
  const a = dht.add();
  const refuser = new Stranger(dht, '192.0.2.1');
  refuser.onQuery = (query, from) => {
    if (query.name === 'put' || query.name === 'listen') refuser.refuse(from, query.tid, 401);
    else refuser.reply(from, query.tid, { token: TOKEN });
  };
  dht.use(a, (engine) => engine.bootstrap([refuser.at]));
  dht.network.run(1000);
  dht.listen(a, KEY);
  dht.use(a, (engine) =>
    engine.put(KEY, textValue(1n, 'x'), {
      permanent: true,
      created: 0,
      onSettled: () => undefined,
    }),
  );
  const { length } = refuser.received;
  dht.network.run(MINUTE_MS);
  const perSecond = (refuser.received.length - length) / 60;
  assert.ok(perSecond < 10, String(perSecond));
});

test('a listener that answers nothing takes bounded memory and holds nobody up', () => {
  const { dht, a, b } = pair();
  const silent = new Stranger(dht, '192.0.2.1');
  const token = silent.token(a.at);
  for (let socketId = 1; socketId <= 100; socketId += 1)
    silent.query(a.at, 'listen', { key: KEY, token, socketId, version: 1 });
  const { events } = dht.listen(b, KEY);
  dht.network.run(5000);
  assert.equal(a.engine.status().subscriptions, SUBSCRIPTIONS_PER_NODE_AND_KEY_MAX + 1);
  assert.equal(a.engine.counters.subscriptionsRefused, 100 - SUBSCRIPTIONS_PER_NODE_AND_KEY_MAX);
  silent.receivedOctets = 0;
  for (let id = 1n; id <= 100n; id += 1n)
    dht.use(a, (engine) =>
      engine.put(KEY, textValue(id, 'x'.repeat(60_000)), {
        permanent: false,
        created: 1_700_000_000,
        onSettled: () => undefined,
      }),
    );
  dht.network.run(MINUTE_MS);
  assert.equal(events.length, 100, 'the honest listener hears all');
  assert.ok(a.engine.counters.pushesDropped > 0);
  // Each push is tried three times at most, and no more octets than the limit wait at once.
  assert.ok(
    silent.receivedOctets <= 3 * PUSHED_OCTETS_PER_NODE_MAX * 1.1,
    String(silent.receivedOctets),
  );
});

test('every update is answered, even of a subscription that never was', () => {
  const { dht, a } = pair();
  const storer = new Stranger(dht, '192.0.2.1');
  const tid = storer.query(a.at, 'update', {
    key: KEY,
    socketId: 9,
    version: 1,
    values: [packed(1n, 'x')],
  });
  const ids = storer.query(a.at, 'update', { socketId: 9, token: TOKEN, expired: [1n] });
  dht.network.run(1000);
  for (const each of [tid, ids]) assert.equal(storer.repliesTo(each)[0]?.kind, 'reply');
});

test('queries without a key are refused with their code, and every error has an id', () => {
  const { dht, a } = pair();
  const asker = new Stranger(dht, '192.0.2.1');
  const token = asker.token(a.at);
  const cases: readonly (readonly [number, number])[] = [
    [asker.query(a.at, 'get', {}), 203],
    [asker.query(a.at, 'put', { token, values: [] }), 203],
    [asker.query(a.at, 'listen', { token, socketId: 1, version: 1 }), 203],
    [asker.query(a.at, 'put', { key: KEY, token, values: [packed(0n, 'id 0')] }), 203],
    [asker.query(a.at, 'refresh', { key: KEY, token, valueId: 1n }), 404],
  ];
  dht.network.run(1000);
  for (const [tid, code] of cases) {
    const [answer] = asker.repliesTo(tid);
    assert.ok(answer?.kind === 'error', String(code));
    assert.equal(answer.code, code);
    assert.equal(answer.args.id, a.engine.id);
  }
});

test('a value far from the node is confirmed and not kept', () => {
  const dht = TestDht.of(40);
  dht.network.run(10 * MINUTE_MS);
  const byDistance = dht.nodes.toSorted((x, y) => (x.engine.id < y.engine.id ? -1 : 1));
  const near = byDistance[0];
  const far = byDistance.at(-1);
  assert.ok(near !== undefined && far !== undefined);
  const putter = new Stranger(dht, '192.0.2.1');
  const token = putter.token(far.at);
  const tid = putter.query(far.at, 'put', {
    key: near.engine.id,
    token,
    values: [packed(1n, 'far')],
  });
  dht.network.run(1000);
  const [answer] = putter.repliesTo(tid);
  assert.ok(answer?.kind === 'reply' && answer.args.valueId === 1n);
  assert.equal(far.engine.status().storedValues, 0);
});

test('creation times: the future is now, and what is past its life is confirmed and dropped', () => {
  const { dht, a } = pair();
  const putter = new Stranger(dht, '192.0.2.1');
  const token = putter.token(a.at);
  const now = Math.floor(dht.network.clock.epochUs() / 1_000_000);
  for (const [id, created] of [
    [1n, now + 9999],
    [2n, now - 601],
    [3n, now - 590],
  ] as const)
    putter.query(a.at, 'put', { key: KEY, token, created, values: [packed(id, 'x')] });
  dht.network.run(1000);
  assert.equal(
    putter.received.filter((message: { kind: string }) => message.kind === 'reply').length,
    4,
  );
  assert.equal(a.engine.status().storedValues, 2);
  dht.network.run(15_000);
  assert.equal(a.engine.status().storedValues, 1);
  dht.network.run(10 * MINUTE_MS);
  assert.equal(a.engine.status().storedValues, 0);
});

test('requests are sent three times, as real nodes do, and then the node is given up', () => {
  const { dht, a } = pair();
  const silent = new Stranger(dht, '192.0.2.1');
  const atMs: number[] = [];
  silent.onQuery = (_query: QueryMessage) => atMs.push(dht.network.clock.nowMs());
  dht.use(a, (engine) => engine.bootstrap([silent.at]));
  dht.network.run(9999);
  assert.equal(atMs.length, 3);
  const [first = 0, second = 0, third = 0] = atMs;
  assert.ok(second - first >= 950 && second - first <= 1300, String(second - first));
  assert.ok(third - second >= 1950 && third - second <= 2800, String(third - second));
});
