// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { infoHash } from '../../src/info-hash.ts';
import { TestDht, textOf, textValue, type TestNode } from '../engines.ts';

const KEY = infoHash('bad_actors');
const MINUTE_MS = 60_000;

function trio(): { dht: TestDht; a: TestNode; b: TestNode; c: TestNode } {
  const dht = TestDht.of(3);
  const [a, b, c] = dht.nodes;
  assert.ok(a !== undefined && b !== undefined && c !== undefined);
  return { dht, a, b, c };
}

test('nodes that bootstrap from one get to know each other', () => {
  const dht = TestDht.of(20);
  dht.network.run(5 * MINUTE_MS);
  for (const { engine } of dht.nodes) {
    assert.equal(engine.connectivity(4), 'connected');
    const [family] = engine.status().families;
    assert.ok((family?.goodNodes ?? 0) >= 8, String(family?.goodNodes));
  }
});

test('a value put at one node is got at another', () => {
  const { dht, a, b } = trio();
  assert.ok(dht.put(a, KEY, textValue(5n, 'hello')));
  assert.deepEqual(dht.get(b, KEY).map(textOf), ['hello']);
});

test('a value of 60,000 octets travels in parts', () => {
  const { dht, a, b } = trio();
  const text = 'x'.repeat(60_000);
  assert.ok(dht.put(a, KEY, textValue(5n, text)));
  assert.deepEqual(dht.get(b, KEY).map(textOf), [text]);
});

test('a value in parts arrives although datagrams are lost', () => {
  const { dht, a, b } = trio();
  dht.network.lossRate = 0.1;
  const text = 'x'.repeat(9000);
  assert.ok(dht.put(a, KEY, textValue(5n, text)));
  dht.network.lossRate = 0;
  assert.deepEqual(dht.get(b, KEY).map(textOf), [text]);
});

test('get() ends with nothing where there is nothing, and at once where nobody is', () => {
  const { dht, a } = trio();
  assert.deepEqual(dht.get(a, KEY), []);
  const alone = new TestDht();
  assert.deepEqual(alone.get(alone.add(), KEY), []);
});

test('listen() tells stored values, pushed values and the end of each, once', () => {
  const { dht, a, b, c } = trio();
  dht.put(a, KEY, textValue(1n, 'before'));
  const { events } = dht.listen(b, KEY);
  dht.network.run(5000);
  dht.put(c, KEY, textValue(2n, 'after'));
  dht.network.run(5000);
  assert.deepEqual(
    events.map((event) => (event.kind === 'value' ? textOf(event.value) : event.id)),
    ['before', 'after'],
  );
  dht.network.run(11 * MINUTE_MS);
  assert.deepEqual(events.slice(2), [
    { kind: 'expired', id: 1n },
    { kind: 'expired', id: 2n },
  ]);
});

test('listen() stopped tells no more', () => {
  const { dht, a, b } = trio();
  const { events, stop } = dht.listen(b, KEY);
  dht.network.run(2000);
  dht.use(b, stop);
  dht.put(a, KEY, textValue(1n, 'late'));
  dht.network.run(2000);
  assert.deepEqual(events, []);
});

test('put() permanent outlives its first announcement, and runs out after cancelPut()', () => {
  const { dht, a, b } = trio();
  dht.put(a, KEY, textValue(7n, 'stays'), true);
  const { events } = dht.listen(b, KEY);
  dht.network.run(60 * MINUTE_MS);
  assert.deepEqual(dht.get(b, KEY).map(textOf), ['stays']);
  assert.equal(events.length, 1, 'refreshes are no news');
  assert.ok(dht.use(a, (engine) => engine.cancelPut(KEY, 7n)));
  dht.network.run(11 * MINUTE_MS);
  assert.deepEqual(dht.get(b, KEY), []);
  assert.deepEqual(events.slice(1), [{ kind: 'expired', id: 7n }]);
});

test('put() that was cancelled is not kept until it would have been announced again', async () => {
  const { dht, a } = trio();
  const created = Math.floor(dht.network.clock.epochUs() / 1_000_000);
  const putAndCancel = (): WeakRef<object> => {
    let isAnnounced = false;
    const onSettled = (): void => void (isAnnounced = true);
    const options = { permanent: true, created, onSettled };
    dht.use(a, (engine) => engine.put(KEY, textValue(7n, 'goes'), options));
    dht.network.runUntil(() => isAnnounced);
    dht.use(a, (engine) => engine.cancelPut(KEY, 7n));
    return new WeakRef(onSettled); // Only the put has it.
  };
  const kept = putAndCancel();
  dht.network.run(MINUTE_MS); // Requests that were under way have ended.
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  assert.equal(kept.deref(), undefined);
});

test('a permanent value reaches a node that comes later', () => {
  const dht = TestDht.of(2);
  const [a] = dht.nodes;
  assert.ok(a !== undefined);
  dht.put(a, KEY, textValue(7n, 'stays'), true);
  const late = dht.add();
  dht.network.run(MINUTE_MS);
  assert.equal(late.engine.status().storedValues, 1);
});

test('values are found although a third of the storers was killed', () => {
  const dht = TestDht.of(12);
  const [first, second] = dht.nodes;
  assert.ok(first !== undefined && second !== undefined);
  dht.put(first, KEY, textValue(9n, 'survives'));
  for (const node of dht.nodes.slice(6, 10)) dht.kill(node);
  assert.deepEqual(dht.get(second, KEY).map(textOf), ['survives']);
});

test('a permanent put before anybody is there is announced once somebody is', () => {
  const dht = new TestDht();
  const early = dht.add();
  dht.put(early, KEY, textValue(1n, 'early'), true);
  dht.network.run(MINUTE_MS);
  const late = dht.add();
  dht.network.run(MINUTE_MS);
  assert.equal(late.engine.status().storedValues, 1);
});

test('nodes of another network are not there', () => {
  const dht = new TestDht();
  const a = dht.add();
  const b = dht.add({ network: 42 });
  dht.network.run(MINUTE_MS);
  assert.equal(b.engine.connectivity(4), 'disconnected');
  assert.ok(a.engine.counters.otherNetwork > 0);
});

test("a client puts, gets and listens, and is in nobody's table", () => {
  const { dht, a, b } = trio();
  const client = dht.add({ client: true });
  dht.network.run(MINUTE_MS);
  const { events } = dht.listen(client, KEY);
  assert.ok(dht.put(client, KEY, textValue(3n, 'by a client')));
  dht.put(a, KEY, textValue(4n, 'for a client'));
  dht.network.run(5000);
  assert.equal(events.length, 2);
  assert.equal(dht.get(b, KEY).length, 2);
  assert.equal(client.engine.status().storedValues, 0);
  for (const { engine } of [a, b])
    assert.ok(!engine.exportState().nodes.some(({ id }) => id === client.engine.id));
});

test('exportState() lets a node join again, with its id, when its bootstrap node is gone', () => {
  const dht = TestDht.of(5);
  const [first, second, third] = dht.nodes;
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  dht.put(third, KEY, textValue(1n, 'kept'));
  const state: unknown = JSON.parse(JSON.stringify(second.engine.exportState()));
  dht.kill(first);
  dht.kill(second);
  const again = dht.add({ at: second.at, state, alone: true });
  assert.equal(again.engine.id, second.engine.id);
  dht.network.run(20_000);
  assert.equal(again.engine.connectivity(4), 'connected');
  assert.deepEqual(dht.get(again, KEY).map(textOf), ['kept']);
});

test('a node that was cut off finds back by itself', () => {
  const { dht, a, b } = trio();
  const { events } = dht.listen(b, KEY);
  dht.put(a, KEY, textValue(2n, 'stays'), true);
  dht.network.run(5000);
  dht.network.lossRate = 1;
  dht.network.run(30 * MINUTE_MS);
  dht.network.lossRate = 0;
  dht.network.run(60 * MINUTE_MS);
  assert.equal(b.engine.connectivity(4), 'connected');
  dht.put(a, KEY, textValue(1n, 'again'));
  dht.network.run(5000);
  assert.deepEqual(dht.get(b, KEY).map(textOf).toSorted(), ['again', 'stays']);
  // The standing listen and the permanent put came back without being asked.
  assert.deepEqual(
    events.map((event) => (event.kind === 'value' ? textOf(event.value) : event.id)),
    ['stays', 2n, 'stays', 'again'],
  );
});

test('a listener gets a dump of 2,000 values', () => {
  const { dht, a, b } = trio();
  for (let id = 1n; id <= 2000n; id += 1n) {
    const options = { permanent: true, created: 0, onSettled: () => undefined };
    dht.use(a, (engine) => engine.put(KEY, textValue(id, 'y'.repeat(460)), options));
  }
  dht.network.run(MINUTE_MS);
  const { events } = dht.listen(b, KEY);
  dht.network.run(MINUTE_MS);
  assert.equal(events.length, 2000);
  assert.equal(dht.get(b, KEY).length, 2000);
});
