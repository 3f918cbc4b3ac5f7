// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* A UDP source may be forged: what does the real owner of that address receive? */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Endpoint } from '@sentrypeer/ip';
import { divergingAt, infoHash } from '../src/info-hash.ts';
import {
  UNPROVED_OCTETS_PER_HOUR,
  UNPROVED_OCTETS_PER_HOUR_NETWORK,
  UNPROVED_RATIO_MAX,
} from '../src/engine/limits.ts';
import { encodeQuery, type OutgoingArguments } from '../src/wire/encode-message.ts';
import { fragment } from '../src/wire/fragment.ts';
import { Field, WANT_IPV4, WANT_IPV6, type QueryName } from '../src/wire/message.ts';
import { encodeValue } from '../src/wire/value-codec.ts';
import { TestDht, textOf, textValue, type TestNode } from './engines.ts';
import { Stranger } from './stranger.ts';

const KEY = infoHash('bad_actors');
const MINUTE_MS = 60_000;
const TOKEN = new Uint8Array(32).fill(1);
const VICTIM: Endpoint = { address: '192.0.2.1', port: 4222 };

type Question = readonly [QueryName, Omit<OutgoingArguments, 'id'>];

/** A query of each type, and of each form that is answered differently. */
const QUESTIONS: Readonly<Record<string, Question>> = {
  ping: ['ping', {}],
  'find of both families': ['find', { target: KEY, want: [WANT_IPV4, WANT_IPV6] }],
  find: ['find', { target: KEY }],
  'get of all values': ['get', { key: KEY }],
  'get of all ids': ['get', { key: KEY, filter: { select: [Field.id], where: [] } }],
  'get of one value': [
    'get',
    { key: KEY, filter: { select: [], where: [{ field: Field.id, id: 1n }] } },
  ],
  'get of a key without values': ['get', { key: infoHash('nothing') }],
  'get without a key': ['get', {}],
  'listen without a token': ['listen', { key: KEY, version: 1, socketId: 1 }],
  'listen with a wrong token': ['listen', { key: KEY, version: 1, socketId: 1, token: TOKEN }],
  'listen without a key': ['listen', {}],
  'put of nothing': ['put', { key: KEY }],
  'put of many values': [
    'put',
    {
      key: KEY,
      token: TOKEN,
      values: Array.from({ length: 40 }, (_, id) => encodeValue(textValue(BigInt(id), 'x'))),
    },
  ],
  'refresh with a wrong token': ['refresh', { key: KEY, valueId: 1n, token: TOKEN }],
  'refresh without anything': ['refresh', {}],
  update: ['update', { key: KEY, version: 1, socketId: 1 }],
  'update of ids': ['update', { socketId: 1, token: TOKEN, refreshed: [1n, 2n] }],
};

/** Some nodes, and 60 values at each of them. */
function full(): { dht: TestDht; a: TestNode; b: TestNode } {
  const dht = TestDht.of(3);
  const [a, b] = dht.nodes;
  assert.ok(a !== undefined && b !== undefined);
  for (let id = 1n; id <= 60n; id += 1n) {
    const options = { permanent: true, created: 0, onSettled: () => undefined };
    dht.use(a, (engine) => engine.put(KEY, textValue(id, 'x'.repeat(500)), options));
  }
  dht.network.run(MINUTE_MS);
  return { dht, a, b };
}

/** What a node sends to an address. */
function watch(dht: TestDht, isVictim: (to: Endpoint) => boolean) {
  const heard = { datagrams: 0, octets: 0 };
  dht.network.onDatagram = (octets, _from, to) => {
    if (isVictim(to)) {
      heard.datagrams += 1;
      heard.octets += octets.length;
    }
    return true;
  };
  return heard;
}

test('a forged question of any type brings its victim at most one datagram of 1.2 times its octets', () => {
  const { dht, a, b } = full();
  const heard = watch(dht, ({ address }) => address === VICTIM.address);
  const sum = { asked: 0, heard: 0 };
  // Ids that are new, that the node would like to know, and that it knows to be elsewhere.
  const near = divergingAt(KEY, 150, new Uint8Array(20));
  for (const agent of ['o2', undefined])
    for (const [what, [name, args]] of Object.entries(QUESTIONS))
      for (const id of [infoHash(`${what} ${agent}`), near, b.engine.id]) {
        Object.assign(heard, { datagrams: 0, octets: 0 });
        const envelope = { network: 0, client: false, agent };
        const question = encodeQuery(envelope, name, 1, { ...args, id });
        dht.network.send(question, VICTIM, a.at);
        dht.network.run(10_000);
        if (id === near) dht.get(a, KEY);
        assert.ok(heard.datagrams <= 1, `${what}: ${heard.datagrams} datagrams`);
        assert.ok(
          heard.octets <= question.length * UNPROVED_RATIO_MAX,
          `${what}: ${heard.octets} for ${question.length}`,
        );
        sum.asked += question.length;
        sum.heard += heard.octets;
      }
  assert.ok(sum.heard > 0 && sum.heard < sum.asked, JSON.stringify(sum));
});

test('forged questions over IPv6 bring no more, though addresses are longer there', () => {
  const dht = new TestDht();
  const node = dht.add({ families: [6], at: { address: '2001:db8::1', port: 4222 } });
  const victim = { address: '2001:db8:1::1', port: 4222 };
  const heard = watch(dht, ({ address }) => address === victim.address);
  for (const agent of ['o2', undefined])
    for (const [name, args] of Object.values(QUESTIONS)) {
      Object.assign(heard, { datagrams: 0, octets: 0 });
      const id = infoHash(`${name} ${agent}`);
      const question = encodeQuery({ network: 0, client: false, agent }, name, 1, { ...args, id });
      dht.network.send(question, victim, node.at);
      dht.network.run(MINUTE_MS);
      assert.ok(heard.datagrams <= 1 && heard.octets <= question.length * UNPROVED_RATIO_MAX, name);
    }
});

test('a put in parts from a forged source is answered with one ping', () => {
  const { dht, a } = full();
  const heard = watch(dht, ({ address }) => address === VICTIM.address);
  const packed = [encodeValue(textValue(7n, 'y'.repeat(3000)))];
  const args = { key: KEY, token: TOKEN, id: infoHash('new') };
  const envelope = { network: 0, client: false, agent: 'o2' };
  const datagrams = fragment(packed, { network: 0, tid: 1 }, (values) =>
    encodeQuery(envelope, 'put', 1, { ...args, values }),
  );
  for (const octets of datagrams) dht.network.send(octets, VICTIM, a.at);
  dht.network.run(MINUTE_MS);
  assert.ok(heard.datagrams <= 1 && heard.octets < 100, String(heard.octets));
});

test('who forges for hours brings an address, and its network, so much an hour', () => {
  const dht = new TestDht();
  const a = dht.add();
  const one = watch(dht, ({ address }) => address === VICTIM.address);
  const hours = 2;
  const flood = (address: (index: number) => string): void => {
    for (let index = 0; index < hours * 360; index += 1) {
      for (const [name, args] of Object.values(QUESTIONS).slice(0, 6)) {
        const id = infoHash(`${index} ${name}`);
        const question = encodeQuery({ network: 0, client: false, agent: 'o2' }, name, 1, {
          ...args,
          id,
        });
        dht.network.send(question, { address: address(index), port: 1 + (index % 60_000) }, a.at);
      }
      dht.network.run(10_000);
    }
  };
  flood(() => VICTIM.address);
  assert.ok(
    one.octets > 0 && one.octets <= (hours + 1) * UNPROVED_OCTETS_PER_HOUR,
    String(one.octets),
  );
  const network = watch(dht, ({ address }) => address.startsWith('198.51.100.'));
  flood((index) => `198.51.100.${index % 256}`);
  assert.ok(
    network.octets > 0 && network.octets <= (hours + 1) * UNPROVED_OCTETS_PER_HOUR_NETWORK,
    String(network.octets),
  );
});

test('a listener cannot have its pushes sent to another by writing from there', () => {
  const { dht, a } = full();
  const listener = new Stranger(dht, '192.0.2.2');
  const token = listener.token(a.at);
  listener.query(a.at, 'listen', { key: KEY, version: 1, socketId: 1, token });
  dht.network.run(1000);
  const heard = watch(dht, ({ address }) => address === VICTIM.address);
  // It goes silent, and before each new value a message in its name comes from the victim's address.
  for (let id = 300n; id < 330n; id += 1n) {
    listener.query(a.at, 'ping', {}, VICTIM);
    dht.use(a, (engine) =>
      engine.put(KEY, textValue(id, 'z'.repeat(1000)), {
        permanent: false,
        created: 0,
        onSettled: () => undefined,
      }),
    );
    dht.network.run(20_000);
  }
  assert.ok(heard.datagrams <= 30, String(heard.datagrams));
  assert.ok(heard.octets <= 30 * 70, String(heard.octets));
});

test('who sees some transaction ids of a node does not know the next', () => {
  const { dht, a } = full();
  const stranger = new Stranger(dht, '192.0.2.2');
  const tids: number[] = [];
  stranger.onQuery = ({ tid }, from) => {
    tids.push(tid);
    stranger.reply(from, tid, { token: TOKEN });
  };
  stranger.query(a.at, 'find', { target: KEY });
  dht.network.run(1000);
  for (let index = 0; index < 5; index += 1) dht.get(a, KEY);
  dht.network.run(MINUTE_MS);
  assert.ok(tids.length >= 5, String(tids.length));
  const steps = tids.slice(1).map((tid, index) => Math.abs(tid - (tids[index] ?? 0)));
  assert.ok(Math.min(...steps) > 1000, tids.join(' '));
});

test('who hears our ping gets its answer in the second round trip, and from then on in the first', () => {
  const dht = new TestDht({ latencyMs: [50, 50] });
  const a = dht.add();
  for (let id = 1n; id <= 60n; id += 1n) dht.put(a, KEY, textValue(id, 'x'.repeat(500)));
  const newcomer = new Stranger(dht, '192.0.2.1');
  newcomer.onQuery = ({ tid }, from) => newcomer.reply(from, tid, { token: TOKEN });
  const ask = (): number => {
    const tid = newcomer.query(a.at, 'get', { key: KEY });
    const startMs = dht.network.clock.nowMs();
    dht.network.runUntil(() => newcomer.repliesTo(tid).length > 0);
    return dht.network.clock.nowMs() - startMs;
  };
  assert.equal(ask(), 200);
  assert.equal(ask(), 100);
  assert.equal(a.engine.counters.questionsReleased, 1);
});

test('a new node gets all values of its first get', () => {
  const { dht } = full();
  const late = dht.add();
  dht.network.run(1000);
  assert.equal(dht.get(late, KEY).map(textOf).length, 60);
});
