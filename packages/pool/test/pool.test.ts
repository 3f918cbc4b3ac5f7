// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DhtNode } from '@sentrypeer/dht';
import { formatEventTimestamp, REGISTERED_METHODS, UNSIGNED_ORIGINS } from '@sentrypeer/event';
import { sharedUuid } from '../src/disclosure.ts';
import { NETWORK_ORIGINS_BURST, ORIGIN_EVENTS_BURST, PERMANENT_VALUES_MAX } from '../src/limits.ts';
import { BAD_ACTORS, publicKeyHash, valueIdOf } from '../src/dht-keys.ts';
import { legacyClaim, newSigner, octetsOf, recorded, sharedObject, uuidOf } from './claims.ts';
import { Disk, SimulatedPools, type SharingNode } from './simulated-pool.ts';

/** A bootstrap node, and two that share. */
async function pair(): Promise<{
  pools: SimulatedPools;
  a: SharingNode;
  b: SharingNode;
  third: DhtNode;
}> {
  const pools = new SimulatedPools();
  const { node: third } = await pools.dht();
  const a = await pools.open(new Disk());
  const b = await pools.open(new Disk());
  await pools.until('all to be connected', () =>
    [third, a.dht, b.dht].every((node) => node.isConnected),
  );
  await pools.run(10_000);
  return { pools, a, b, third };
}

function put(node: DhtNode, octets: Uint8Array, id: bigint): void {
  void node.put(BAD_ACTORS, { data: octets, userType: 'text/plain' }, { id, permanent: true });
}

function droppedCount(node: SharingNode): number {
  return Object.values(node.pool.status().received.dropped).reduce((sum, count) => sum + count, 0);
}

test('`Pool` shares an event, signed, and the other one records it with its origin and no grade of its own', async () => {
  const { pools, a, b, third } = await pair();
  const event = pools.event(a.disk);
  a.pool.wake();
  await pools.until('the event at b', () => b.disk.received.length === 1);
  const [received] = b.disk.received;
  assert.equal(received?.event.eventUuid, sharedUuid(a.disk.signer, event.eventUuid));
  assert.equal(received?.event.sourceIp, event.sourceIp);
  assert.equal(received?.event.calledNumber, undefined, 'dialled from one network only');
  assert.equal(received?.event.grade, 'seen');
  assert.equal(received?.event.detailsJson, '{"claimedGrade":"returned"}');
  assert.equal(received?.event.sipMessage, '');
  assert.equal(received?.nodeId, a.disk.signer.nodeId);
  assert.deepEqual(received?.origin.publicKey, a.disk.signer.publicKey);
  assert.match(received?.origin.address ?? '', /^10\.0\.0\.\d$/);
  assert.equal(a.pool.status().received.dropped.own, 1);
  assert.deepEqual(a.disk.received, []);
  await Promise.all([a[Symbol.asyncDispose](), b[Symbol.asyncDispose](), third.close()]);
});

test('`Pool` shares a source, number and method once an hour', async () => {
  const { pools, a, b } = await pair();
  for (let index = 0; index < 20; index += 1) pools.event(a.disk);
  pools.event(a.disk, { sipMethod: 'REGISTER' });
  pools.event(a.disk, { calledNumber: '1' }); // As others know it, the same as the first.
  pools.event(a.disk, { sourceIp: '45.12.3.5' });
  pools.event(a.disk, { sourceIp: '45.12.4.5' });
  a.pool.wake();
  await pools.until('four events at b', () => b.disk.received.length === 4);
  const numbers = b.disk.received.flatMap(({ event }) => event.calledNumber ?? []);
  assert.deepEqual(numbers, ['00442071234567'], 'from the second network');
  const hourLater = formatEventTimestamp(pools.nowUs + 3_600_000_000);
  await pools.run(3_600_000, 1000);
  pools.event(a.disk, { eventTimestamp: hourLater });
  a.pool.wake();
  await pools.until('the next hour', () => b.disk.received.length === 5);
  assert.equal(a.pool.status().published.repeated, 20);
  await Promise.all([a[Symbol.asyncDispose](), b[Symbol.asyncDispose]()]);
});

test('`Pool` shares neither what others said, nor private addresses, nor what is older than six hours', async () => {
  const { pools, a, b } = await pair();
  pools.event(a.disk, { createdByNodeId: uuidOf('another') });
  pools.event(a.disk, { sourceIp: '192.168.1.5' });
  pools.event(a.disk, { sipMethod: 'NOT_FOUND' });
  pools.event(a.disk, { eventTimestamp: formatEventTimestamp(pools.nowUs - 7 * 3_600_000_000) });
  const fit = pools.event(a.disk, { calledNumber: '4711' });
  a.pool.wake();
  await pools.until('the one event', () => b.disk.received.length > 0);
  await pools.run(5000);
  assert.deepEqual(
    b.disk.received.map(({ event }) => event.eventUuid),
    [sharedUuid(a.disk.signer, fit.eventUuid)],
  );
  const { unfit, tooOld } = a.pool.status().published;
  assert.deepEqual({ unfit, tooOld }, { unfit: 2, tooOld: 1 });
  await Promise.all([a[Symbol.asyncDispose](), b[Symbol.asyncDispose]()]);
});

test('`Pool` keeps the newest values alive and lets the others run out', async () => {
  const { pools, a, third } = await pair();
  const count = PERMANENT_VALUES_MAX + 10;
  for (let index = 0; index < count; index += 1)
    pools.event(a.disk, { sourceIp: `45.12.3.${index}` });
  a.pool.wake();
  await pools.until('all to be put', () => a.pool.status().published.values === count);
  assert.equal(a.pool.status().keptValues, PERMANENT_VALUES_MAX);
  await pools.run(11 * 60_000, 500);
  const seen = { count: 0 };
  void third.get(BAD_ACTORS).then((values) => (seen.count = values.length));
  await pools.until('an answer', () => seen.count > 0);
  assert.equal(seen.count, PERMANENT_VALUES_MAX);
  await a[Symbol.asyncDispose]();
});

test('`Pool` does not begin with what was recorded before sharing began', async () => {
  const pools = new SimulatedPools();
  await pools.dht();
  const disk = new Disk();
  for (let index = 0; index < 5; index += 1) pools.event(disk, { sourceIp: `45.12.3.${index}` });
  const first = await pools.open(disk);
  await pools.run(20_000);
  assert.equal(first.pool.status().published.values, 0);
  await first.kill();
  const again = await pools.open(disk);
  await pools.run(20_000);
  assert.equal(again.pool.status().published.values, 0, 'neither after a restart');
  await again[Symbol.asyncDispose]();
});

test('`Pool` killed and started again publishes nothing twice and misses nothing', async () => {
  const { pools, a, b } = await pair();
  for (let index = 0; index < 10; index += 1) pools.event(a.disk, { sourceIp: `45.12.3.${index}` });
  a.pool.wake();
  await pools.until('ten events at b', () => b.disk.received.length === 10);
  const heard = b.pool.status().received.values;
  await a.kill();
  // Recorded, and killed before it was shared; and one like those that were shared in this hour.
  pools.event(a.disk, { sourceIp: '45.12.3.100' });
  pools.event(a.disk, { sourceIp: '45.12.3.1' });
  const again = await pools.open(a.disk);
  await pools.until('the eleventh', () => b.disk.received.length === 11);
  await pools.run(60_000);
  assert.equal(b.disk.received.length, 11);
  assert.equal(b.pool.status().received.values, heard + 1, 'no other value was heard');
  assert.equal(again.pool.status().keptValues, 11);
  assert.equal(again.pool.status().published.repeated, 1);
  await Promise.all([again[Symbol.asyncDispose](), b[Symbol.asyncDispose]()]);
});

test('`Pool` stays within its octets a day, and lets no source use them up', async () => {
  const pools = new SimulatedPools();
  await pools.dht();
  const disk = new Disk();
  disk.cursors.set('pool', 0);
  const budgetOctets = 32_000; // About 60 values; one source may have about four.
  const state = { budget: { day: Math.floor(pools.nowUs / 86_400_000_000), octets: 16_000 } };
  const node = await pools.open(disk, { budgetOctets, state });
  for (const sipMethod of REGISTERED_METHODS) pools.event(disk, { sipMethod });
  for (let index = 0; index < 50; index += 1) pools.event(disk, { sourceIp: `45.12.4.${index}` });
  node.pool.wake();
  await pools.until('all looked at', () => disk.cursors.get('pool') === disk.events.length);
  const { published, budgetSpentOctets } = node.pool.status();
  assert.equal(published.octets + 16_000, budgetSpentOctets);
  assert.ok(budgetSpentOctets <= budgetOctets && budgetSpentOctets > budgetOctets - 1100);
  assert.equal(published.values + published.overBudget, disk.events.length);
  assert.ok(published.overBudget > 0);
  assert.ok(published.values > 25, 'others had their part');
  assert.deepEqual(node.pool.exportState(), {
    budget: { day: state.budget.day, octets: budgetSpentOctets },
  });
  await node[Symbol.asyncDispose]();
});

test('`Pool` takes what nodes of 4.x share, as unsigned', async () => {
  const { pools, a, third } = await pair();
  put(third, legacyClaim({ event_timestamp: formatEventTimestamp(pools.nowUs) }), 5n);
  await pools.until('the event', () => a.disk.received.length === 1);
  assert.equal(a.disk.received[0]?.origin.publicKey, undefined);
  assert.equal(a.disk.received[0]?.nodeId, uuidOf('legacy node'));
  await a[Symbol.asyncDispose]();
});

test('`Pool` refuses forged, replayed and foreign claims, and counts each', async () => {
  const { pools, a, b, third } = await pair();
  const time = formatEventTimestamp(pools.nowUs);
  const honest = pools.event(b.disk);
  b.pool.wake();
  await pools.until('the honest event', () => a.disk.received.length === 1);
  const { eventUuid } = a.disk.received[0]?.event ?? honest;
  const object = sharedObject(b.disk.signer, { ...honest, eventUuid });
  put(third, octetsOf({ ...object, source_ip: '45.99.9.9', event_uuid: uuidOf('f') }), 1n);
  put(third, octetsOf(sharedObject(b.disk.signer, { ...honest, eventUuid: uuidOf('n') }, 0)), 2n);
  put(third, octetsOf({ ...object, app_version: 'replayed' }), 3n);
  const impostor = newSigner();
  const asB = { ...impostor, nodeId: b.disk.signer.nodeId };
  put(
    third,
    octetsOf(
      sharedObject(asB, recorded(b.disk.signer.nodeId, { honeyId: 9, eventTimestamp: time })),
    ),
    4n,
  );
  // Signed with a key that nobody can find.
  put(
    third,
    octetsOf(sharedObject(impostor, recorded(impostor.nodeId, { eventTimestamp: time }))),
    5n,
  );
  put(third, legacyClaim({ created_by_node_id: a.disk.signer.nodeId }), 6n);
  put(third, legacyClaim({ source_ip: '10.0.0.1', event_timestamp: time }), 7n);
  put(third, new TextEncoder().encode('rubbish'), 8n);
  await pools.until('all to be refused', () => droppedCount(a) === 8);
  const { dropped } = a.pool.status().received;
  assert.deepEqual(Object.fromEntries(Object.entries(dropped).filter(([, count]) => count > 0)), {
    forged: 3,
    duplicate: 1,
    key_unknown: 1,
    unsigned: 1,
    special_address: 1,
    not_json: 1,
  });
  assert.equal(a.disk.received.length, 1);
  await Promise.all([a[Symbol.asyncDispose](), b[Symbol.asyncDispose]()]);
});

test('`Pool` is not misled by a wrong key in the place of a key', async () => {
  const { pools, a, third } = await pair();
  const signer = newSigner();
  const content = { data: newSigner().publicKey, userType: 'application/octet-stream' };
  void third.put(publicKeyHash(signer.nodeId), content, { id: valueIdOf(signer.nodeId) });
  const event = recorded(signer.nodeId, { eventTimestamp: formatEventTimestamp(pools.nowUs) });
  put(third, octetsOf(sharedObject(signer, event)), 9n);
  await pools.until('a refusal', () => droppedCount(a) === 1);
  assert.equal(a.pool.status().received.dropped.key_unknown, 1);
  assert.equal(a.disk.received.length, 0);
  await a[Symbol.asyncDispose]();
});

test('`Pool` takes nothing of whom the operator distrusts, nor of all unsigned but those trusted', async () => {
  const { pools, a, third } = await pair();
  const time = formatEventTimestamp(pools.nowUs);
  const [bad, good, other] = ['bad', 'good', 'other'].map(uuidOf);
  assert.ok(bad !== undefined && good !== undefined && other !== undefined);
  const say = (nodeId: string, id: bigint): void =>
    put(
      third,
      legacyClaim({
        created_by_node_id: nodeId,
        event_uuid: uuidOf(`e${id}`),
        event_timestamp: time,
      }),
      id,
    );
  a.disk.origins.set(bad, { trust: 'distrusted', publicKey: undefined, firstSeenEpochUs: 0 });
  a.disk.origins.set(good, { trust: 'trusted', publicKey: undefined, firstSeenEpochUs: 0 });
  say(bad, 1n);
  say(other, 2n);
  await pools.until('one of two', () => a.disk.received.length === 1 && droppedCount(a) === 1);
  a.disk.origins.set(UNSIGNED_ORIGINS, {
    trust: 'distrusted',
    publicKey: undefined,
    firstSeenEpochUs: 0,
  });
  say(other, 3n);
  say(good, 4n);
  await pools.until('the trusted one', () => a.disk.received.length === 2 && droppedCount(a) === 2);
  assert.deepEqual(
    a.disk.received.map(({ nodeId }) => nodeId),
    [other, good],
  );
  assert.equal(a.pool.status().received.dropped.distrusted, 2);
  await a[Symbol.asyncDispose]();
});

test('`Pool` holds its quotas in a flood, keeps what has to wait, and still hears whom it does not know', async () => {
  const { pools, a, b, third } = await pair();
  const time = formatEventTimestamp(pools.nowUs);
  const flood = 1600;
  for (let index = 0; index < flood; index += 1) {
    // Half of it under one name, half under separate names.
    const name = index % 2 === 0 ? 'flood' : `flood ${index}`;
    const claim = legacyClaim({
      created_by_node_id: uuidOf(name),
      event_uuid: uuidOf(`flood event ${index}`),
      event_timestamp: time,
    });
    const options = { id: BigInt(index + 1) };
    void third.put(BAD_ACTORS, { data: claim, userType: 'text/plain' }, options);
  }
  pools.event(b.disk);
  b.pool.wake();
  await pools.until('all of the flood', () => a.pool.status().received.values >= flood + 1);
  await pools.until('the honest event', () =>
    a.disk.received.some(({ nodeId }) => nodeId === b.disk.signer.nodeId),
  );
  const { received, waitingValues } = a.pool.status();
  const entered = ORIGIN_EVENTS_BURST + NETWORK_ORIGINS_BURST;
  assert.ok(
    received.recorded - 1 >= entered - 1 && received.recorded - 1 <= entered + 30,
    String(received.recorded),
  );
  assert.equal(received.recorded + droppedCount(a) + waitingValues, flood + 1);
  assert.equal(droppedCount(a), 0, 'what is too much now is not lost');
  assert.equal(received.recorded, a.disk.received.length);
  const before = a.disk.received.length;
  await pools.run(600_000, 1000);
  assert.ok(a.disk.received.length >= before + 50, 'and is taken by and by');
  await Promise.all([a[Symbol.asyncDispose](), b[Symbol.asyncDispose]()]);
});

test('`Pool` that joins late takes all that one origin keeps, also where its key comes last', async () => {
  const { pools, a, third } = await pair();
  const signer = newSigner();
  const count = 400;
  for (let index = 0; index < count; index += 1) {
    const event = recorded(signer.nodeId, {
      honeyId: index,
      eventTimestamp: formatEventTimestamp(pools.nowUs - 1_000_000),
    });
    put(third, octetsOf(sharedObject(signer, event)), BigInt(index + 1));
  }
  await pools.until('all to wait for the key', () => a.pool.status().waitingValues === count);
  const key = { data: signer.publicKey, userType: 'application/octet-stream' };
  void third.put(publicKeyHash(signer.nodeId), key, { id: valueIdOf(signer.nodeId) });
  await pools.until('all of them', () => a.disk.received.length === count);
  assert.equal(droppedCount(a), 0);
  await a[Symbol.asyncDispose]();
});

test('`Pool` that starts again leaves what its origin may say to what is new', async () => {
  const { pools, a, third } = await pair();
  const say = (index: number): void =>
    put(
      third,
      legacyClaim({
        event_uuid: uuidOf(`event ${index}`),
        event_timestamp: formatEventTimestamp(pools.nowUs),
      }),
      BigInt(index + 1),
    );
  for (let index = 0; index < ORIGIN_EVENTS_BURST; index += 1) say(index);
  await pools.until('the first', () => a.disk.received.length === ORIGIN_EVENTS_BURST);
  await a.kill();
  const again = await pools.open(a.disk);
  for (let index = 0; index < 40; index += 1) say(ORIGIN_EVENTS_BURST + index);
  await pools.until('the new ones', () => a.disk.received.length === ORIGIN_EVENTS_BURST + 40);
  await pools.until(
    'the old ones',
    () => again.pool.status().received.dropped.duplicate >= ORIGIN_EVENTS_BURST,
  );
  assert.equal(again.pool.status().waitingValues, 0);
  await again[Symbol.asyncDispose]();
});

test('`Pool` shares at a time that says nothing of when it was met, and after a restart what it had not yet', async () => {
  const { pools, b, third } = await pair();
  const disk = new Disk();
  const delayMsMax = 60_000;
  const node = await pools.open(disk, { delayMsMax });
  await pools.until('to be connected', () => node.dht.isConnected);
  await pools.run(10_000);
  const met: string[] = [];
  for (let index = 0; index < 30; index += 1) {
    const event = pools.event(disk, { sourceIp: `45.12.${index}.1` });
    met.push(sharedUuid(disk.signer, event.eventUuid));
  }
  node.pool.wake();
  await pools.until('some at b', () => b.disk.received.length >= 5);
  assert.ok(b.disk.received.length < 25, 'not all at once');
  const inOrder = met.filter((uuid) =>
    b.disk.received.some(({ event }) => event.eventUuid === uuid),
  );
  assert.notDeepEqual(
    b.disk.received.map(({ event }) => event.eventUuid),
    inOrder,
    'the order says nothing either',
  );
  await node.kill();
  const again = await pools.open(disk, { delayMsMax });
  await pools.until('all at b', () => b.disk.received.length === 30);
  await Promise.all([again[Symbol.asyncDispose](), b[Symbol.asyncDispose](), third.close()]);
});

test('`Pool` records an event although another origin used its UUID before', async () => {
  const { pools, b, third } = await pair();
  const said = (by: string, source: string): Uint8Array =>
    legacyClaim({
      event_uuid: uuidOf('one event'),
      created_by_node_id: uuidOf(by),
      source_ip: source,
      event_timestamp: formatEventTimestamp(pools.nowUs),
    });
  put(third, said('a copier', '45.12.9.1'), 5n);
  await pools.until('the copy', () => b.disk.received.length === 1);
  put(third, said('who met it', '45.12.9.2'), 6n);
  await pools.until('the event itself', () => b.disk.received.length === 2);
  assert.equal(b.disk.received[1]?.event.sourceIp, '45.12.9.2');
});
