// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What a node answers to each query (PROTOCOL 4), as one asker sees it. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressOctets } from '../../src/address.ts';
import { infoHash } from '../../src/info-hash.ts';
import { ANSWER_VALUES_COUNT_MAX, VALUES_PER_PUT_MAX } from '../../src/limits.ts';
import { decodeMessage } from '../../src/wire/decode-message.ts';
import { encodeQuery, type OutgoingArguments } from '../../src/wire/encode-message.ts';
import {
  Field,
  WANT_IPV4,
  WANT_IPV6,
  type Arguments,
  type Condition,
  type Message,
  type QueryName,
} from '../../src/wire/message.ts';
import { encodeValue } from '../../src/wire/value-codec.ts';
import { TestDht, textOf, textValue, type TestNode } from '../engines.ts';
import { Stranger } from '../stranger.ts';

const KEY = infoHash('key');
const MINUTE_MS = 60_000;

type Given = Omit<OutgoingArguments, 'id'>;

/** One node alone, and a stranger with its token, who has shown that it hears the node. */
function made() {
  const dht = new TestDht({ latencyMs: [1, 1] });
  const node = dht.add();
  const asker = new Stranger(dht, '192.0.2.1');
  const token = asker.token(node.at);
  const ask = (name: QueryName, args: Given): readonly Message[] => {
    const tid = asker.query(node.at, name, args);
    dht.network.run(100);
    return asker.repliesTo(tid);
  };
  /** The arguments of the one reply. */
  const reply = (name: QueryName, args: Given): Arguments => {
    const answers = ask(name, args).filter(({ kind }) => kind !== 'part');
    const [only] = answers;
    assert.ok(only?.kind === 'reply' && answers.length === 1, `${name} ${only?.kind}`);
    return only.args;
  };
  const code = (name: QueryName, args: Given): string => {
    const [only] = ask(name, args);
    return only?.kind === 'error' ? `${only.code} ${only.text}` : String(only?.kind);
  };
  const put = (id: bigint, text: string): void => {
    reply('put', { key: KEY, token, values: [encodeValue(textValue(id, text))] });
  };
  return { dht, node, asker, token, ask, reply, code, put };
}

/** Ids that a get with this filter finds. */
function idsOf({ slots }: Arguments): readonly bigint[] {
  return (slots ?? [])
    .map((slot) => ('value' in slot ? slot.value.id : 0n))
    .toSorted((a, b) => Number(a - b));
}

function answers(node: TestNode): number {
  return node.engine.counters.queriesAnswered;
}

test('a ping and an update are answered with nothing but the address that asked', () => {
  const { node, asker, reply } = made();
  const before = answers(node);
  for (const args of [reply('ping', {}), reply('update', { socketId: 3, expired: [1n] })]) {
    assert.equal(args.id, node.engine.id);
    assert.deepEqual(args.seenAddress, addressOctets(asker.at.address));
    assert.deepEqual([args.token, args.n4, args.slots], [undefined, undefined, undefined]);
  }
  assert.equal(answers(node), before + 2);
});

test('a find is answered with a token and the nodes of the families it wants', () => {
  const { node, asker, reply, ask, token } = made();
  const known = { id: asker.id, endpoint: asker.at };
  for (const [want, n4] of [
    [undefined, [known]],
    [[WANT_IPV4], [known]],
    [[WANT_IPV4, WANT_IPV6], [known]],
    [[WANT_IPV6], undefined],
    [[], undefined],
  ] as const) {
    const args = reply('find', { target: KEY, want });
    assert.deepEqual(args.token, token);
    assert.deepEqual(args.n4, n4);
    assert.equal(args.n6, undefined);
  }
  assert.deepEqual(ask('find', {}), [], 'without a target');
  assert.equal(node.engine.connectivity(4), 'connected');
});

test('a get is answered with values, the selected fields, or nodes and a token alone', () => {
  const { reply, put, token, asker } = made();
  const nothing = reply('get', { key: KEY });
  assert.deepEqual([nothing.slots, nothing.fields], [undefined, undefined]);
  put(1n, 'a');
  put(2n, 'b');
  const all = reply('get', { key: KEY });
  assert.deepEqual(idsOf(all), [1n, 2n]);
  assert.deepEqual(all.token, token);
  assert.deepEqual(all.n4, [{ id: asker.id, endpoint: asker.at }]);
  const find = (select: readonly Field[], ...where: readonly Condition[]): Arguments =>
    reply('get', { key: KEY, filter: { select, where } });
  assert.deepEqual(find([Field.id]).fields?.rows, [[1n], [2n]]);
  assert.equal(find([Field.id]).slots, undefined);
  assert.deepEqual(idsOf(find([], { field: Field.id, id: 2n })), [2n]);
  assert.deepEqual(find([Field.id], { field: Field.id, id: 2n }).fields?.rows, [[2n]]);
  assert.equal(find([], { field: Field.id, id: 3n }).slots, undefined);
  const both = [
    { field: Field.id, id: 2n },
    { field: Field.type, type: 5 },
  ] as const;
  assert.equal(find([], ...both).slots, undefined, 'every condition');
  const text = { field: Field.userType, userType: 'text/plain' } as const;
  assert.deepEqual(idsOf(find([], text)), [1n, 2n]);
});

test('a get brings 1,024 values at most, in parts', () => {
  const { dht, node, asker, token } = made();
  let id = 1n;
  for (let round = 0; round < 18; round += 1) {
    const values = Array.from({ length: 64 }, () => encodeValue(textValue(id++, '')));
    asker.send(
      encodeQuery({ network: 0, client: false, agent: undefined }, 'put', 7, {
        id: asker.id,
        key: KEY,
        token,
        values,
      }),
      node.at,
    );
  }
  dht.network.run(1000);
  assert.equal(node.engine.status().storedValues, 18 * 64);
  const tid = asker.query(node.at, 'get', { key: KEY });
  dht.network.run(1000);
  const [header, ...parts] = asker.repliesTo(tid);
  assert.ok(header?.kind === 'reply');
  assert.equal(header.args.slots?.length, ANSWER_VALUES_COUNT_MAX);
  assert.equal(parts.length, ANSWER_VALUES_COUNT_MAX);
});

test('queries that lack something get the code and the text of real nodes (PROTOCOL 4.9)', () => {
  const { node, code, token, put } = made();
  const wrong = new Uint8Array(32).fill(1);
  const values = [encodeValue(textValue(1n, 'x'))];
  assert.equal(code('get', {}), '203 Get_values with no info_hash');
  assert.equal(code('listen', { token }), '203 Listen with no info_hash');
  assert.equal(code('put', { token, values }), '203 Put with no info_hash');
  const zero = [encodeValue(textValue(0n, 'x'))];
  assert.equal(code('put', { key: KEY, token, values: zero }), '203 Put with invalid id');
  const before = node.engine.counters.tokensRefused;
  for (const given of [undefined, wrong]) {
    assert.equal(code('put', { key: KEY, token: given, values }), '401 Put with wrong token');
    const listen = { key: KEY, token: given, socketId: 1, version: 1 };
    assert.equal(code('listen', listen), '401 Listen with wrong token');
    const refresh = { key: KEY, token: given, valueId: 1n };
    assert.equal(code('refresh', refresh), '401 Access with wrong token');
  }
  assert.equal(node.engine.counters.tokensRefused, before + 6);
  assert.equal(node.engine.status().storedValues, 0);
  assert.equal(node.engine.status().subscriptions, 0);
  const unknown = '404 Access operation for unknown storage';
  assert.equal(code('refresh', { key: KEY, token, valueId: 1n }), unknown);
  put(1n, 'x');
  assert.equal(code('refresh', { token, valueId: 1n }), unknown);
  assert.equal(code('refresh', { key: KEY, token }), unknown);
  assert.equal(code('refresh', { key: infoHash('other'), token, valueId: 1n }), unknown);
});

test('a refresh restarts the life of a value', () => {
  const { dht, node, reply, token, put } = made();
  put(1n, 'x');
  dht.network.run(9 * MINUTE_MS);
  assert.equal(reply('refresh', { key: KEY, token, valueId: 1n }).valueId, 1n);
  dht.network.run(9 * MINUTE_MS);
  assert.equal(node.engine.status().storedValues, 1);
  dht.network.run(MINUTE_MS);
  assert.equal(node.engine.status().storedValues, 0);
});

test('a put is confirmed value by value, 64 of them, and those without id are refused', () => {
  const { node, ask, token } = made();
  const values = [0n, ...Array.from({ length: 64 }, (_, index) => BigInt(index + 1))];
  const sent = values.map((id) => encodeValue(textValue(id, '')));
  const parts = ask('put', { key: KEY, token, values: sent });
  const kinds = parts.map((answer) =>
    answer.kind === 'reply' ? String(answer.args.valueId) : answer.kind,
  );
  const confirmed = values.slice(1, VALUES_PER_PUT_MAX).map(String);
  assert.deepEqual(kinds.toSorted(), ['error', ...confirmed].toSorted());
  assert.equal(node.engine.status().storedValues, VALUES_PER_PUT_MAX - 1);
});

test('a put by who has a token shows that its address hears us', () => {
  const { dht, node, asker, reply, token } = made();
  dht.network.run(11 * MINUTE_MS);
  asker.received.length = 0;
  reply('put', { key: KEY, token, values: [encodeValue(textValue(1n, 'x'))] });
  assert.deepEqual(idsOf(reply('get', { key: KEY })), [1n]);
  assert.equal(node.engine.counters.questionsHeld, 1, 'the first of all, before its token');
});

test('a listen brings what is stored, then what comes; without version or socket it brings nothing', () => {
  const { node, asker, reply, token, put } = made();
  const told = (): readonly string[] =>
    asker.received.splice(0).flatMap((message) => {
      if (message.kind !== 'query' || message.name !== 'update') return [];
      asker.reply(node.at, message.tid, {});
      const { socketId, slots = [] } = message.args;
      return slots.map((slot) => ('value' in slot ? `${socketId} ${textOf(slot.value)}` : ''));
    });
  put(1n, 'before');
  told();
  for (const args of [
    { key: KEY, token, socketId: 4 },
    { key: KEY, token, socketId: 5, version: 0 },
    { key: KEY, token, version: 1 },
  ])
    assert.deepEqual(reply('listen', args).token, token);
  assert.equal(node.engine.status().subscriptions, 0);
  assert.deepEqual(told(), []);
  assert.deepEqual(reply('listen', { key: KEY, token, socketId: 7, version: 1 }).token, token);
  const other = { select: [], where: [{ field: Field.id, id: 9n }] } as const;
  reply('listen', { key: KEY, token, socketId: 8, version: 1, filter: other });
  assert.equal(node.engine.status().subscriptions, 2);
  assert.deepEqual(told(), ['7 before']);
  put(2n, 'after');
  assert.deepEqual(told(), ['7 after']);
  put(9n, 'both');
  assert.deepEqual(told(), ['7 both', '8 both']);
});

test('who has not shown that it hears us is pinged first, and then answered', () => {
  const { dht, node } = made();
  const asker = new Stranger(dht, '198.51.100.1');
  const { counters } = node.engine;
  const before = [counters.questionsHeld, counters.questionsReleased];
  const tid = asker.query(node.at, 'get', { key: KEY });
  dht.network.run(100);
  assert.deepEqual(
    asker.received.map((message) => message.kind === 'query' && message.name),
    ['ping'],
  );
  const [ping] = asker.received;
  assert.ok(ping?.kind === 'query');
  asker.reply(node.at, ping.tid, {});
  dht.network.run(100);
  assert.equal(asker.repliesTo(tid).length, 1);
  const after = [counters.questionsHeld, counters.questionsReleased];
  assert.deepEqual(
    after.map((count, index) => count - (before[index] ?? 0)),
    [1, 1],
  );
});

test('a ping of who has not shown that it hears us is answered as long as it allows', () => {
  for (const [agent, seen, ours] of [
    ['x'.repeat(40), true, 'o2'],
    ['xxxxx', true, undefined],
    [undefined, false, undefined],
  ] as const) {
    const dht = new TestDht();
    const node = dht.add({ families: [4, 6] });
    const asker = new Stranger(dht, '2001:db8::1');
    const ping = encodeQuery({ network: 0, client: false, agent }, 'ping', 5, { id: asker.id });
    asker.send(ping, node.at);
    dht.network.run(100);
    const [pong] = asker.repliesTo(5);
    assert.ok(pong?.kind === 'reply', agent ?? 'none');
    assert.equal(pong.args.id, node.engine.id);
    assert.equal(pong.args.seenAddress !== undefined, seen, agent ?? 'none');
    assert.equal(pong.agent, ours);
    assert.ok(asker.receivedOctets <= ping.length * 1.2);
  }
});

test('what is too short for a real node gets no ping', () => {
  const { dht, node } = made();
  const asker = new Stranger(dht, '198.51.100.1');
  const octets = encodeQuery({ network: 0, client: false, agent: undefined }, 'get', 5, {
    id: asker.id,
  });
  assert.ok(decodeMessage(octets).ok);
  assert.ok(octets.length * 1.2 < 68, String(octets.length));
  asker.send(octets, node.at);
  dht.network.run(1000);
  assert.equal(asker.received.length, 0);
});
