// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* A hub continues, whatever somebody with a sensor's password puts into the fleet. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Puller, type PulledEvent, type PullState } from '@sentrypeer/fleet';
import { readFleetAddress } from '@sentrypeer/fleet/address';
import type { FleetListing, Subject } from '@sentrypeer/event';
import { LATEST_EPOCH_US, silentLogger, systemClock } from '@sentrypeer/kernel';
import { readFileSync } from 'node:fs';
import pg from 'pg';
import { until } from '../e2e/daemon-process.ts';
import { FleetWorld } from './fleet-world.ts';

const LOG = '00000000-0000-7000-8000-00000000000';
const HUB_ID = '00000000-0000-4000-8000-0000000000aa';
/** Epochs that somebody creates: more than a hub should walk through one by one. */
const EPOCHS = 2000;
/** Rows that a hub reads from one log at a time. */
const PULL_PART = 500;
/** Rows of a log that is far behind, and those at its end that proved their sender. */
const BACKLOG = 25_000;
const PROVED = 700;

interface Place {
  readonly epoch: number;
  readonly honeyId: number;
}

interface Also {
  readonly taken?: (count: number, hub: Hub) => Promise<void>;
  /** What was listed and not told yet. */
  readonly listed?: Subject[];
}

/** A listing without end. */
function listingOf(subject: Subject): FleetListing {
  return {
    ...subject,
    level: 'listed',
    score: 60,
    grade: 'handshake',
    reasons: [],
    sinceEpochUs: 0,
    untilEpochUs: LATEST_EPOCH_US,
    firstSeenEpochUs: 0,
    lastSeenEpochUs: 0,
    eventsCount: 1,
    isBlocked: false,
    isDelisted: false,
  };
}

/** A hub's store: what came, by UUID, and how far. */
class Hub {
  readonly events = new Map<string, PulledEvent['event']>();
  /** Whose event it is, by UUID. */
  readonly nodes = new Map<string, string>();
  /** UUIDs in the order in which they came first. */
  get order(): readonly string[] {
    return [...this.events.keys()];
  }
  /** Number of times that events came. */
  takes = 0;
  readonly places: Map<string, Place>;
  readonly #puller: Puller;

  /** @param also What else happens with each part that is taken, and what is listed here. */
  constructor(path: string, places = new Map<string, Place>(), also: Also = {}) {
    this.places = places;
    const reading = readFleetAddress(readFileSync(path, 'utf8'));
    assert.ok('address' in reading);
    const sink = {
      place: (node: string) => places.get(node) ?? { epoch: 0, honeyId: 0 },
      take: async (
        events: readonly PulledEvent[],
        reached: readonly { readonly node: string; readonly mark: Place }[],
      ) => {
        for (const { event, nodeId } of events) {
          this.events.set(event.eventUuid, event);
          this.nodes.set(event.eventUuid, nodeId);
        }
        for (const { node, mark } of reached) places.set(node, mark);
        if (events.length > 0) await also.taken?.((this.takes += 1), this);
      },
    };
    const decisions = {
      waiting: () => [],
      sent: async () => undefined,
      mark: () => 0,
      take: async () => [],
      isAllowable: () => false,
    };
    const listings = {
      follow: () => ({
        next: () => {
          const subjects = also.listed?.splice(0) ?? [];
          return subjects.length === 0 ? undefined : { subjects, isBegin: false, isEnd: false };
        },
      }),
      listing: (subject: Subject) => listingOf(subject),
      isDelisted: () => false,
      hasJudged: () => false,
      lastHoneyId: () => 0,
    };
    const ports = {
      sink,
      decisions,
      listings,
      clock: systemClock,
      logger: silentLogger,
      random: () => 0.5,
    };
    this.#puller = new Puller(ports, reading.address, HUB_ID);
  }

  get state(): PullState {
    return this.#puller.state;
  }

  get isLeading(): boolean {
    return this.#puller.publishing.isLeading;
  }

  /** Its judge listed something. */
  wake(): void {
    this.#puller.wake();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#puller.close(5000);
    await this.#puller.running;
  }
}

/** A node's connection, for any statements. */
async function login(world: FleetWorld, name: string): Promise<pg.Client> {
  const client = world.login(name);
  await client.connect();
  return client;
}

const uuid = (id: number): string => `00000000-0000-7000-8000-${String(id).padStart(12, '0')}`;

/** A row as a node of ours pushes it, with some columns replaced. */
function insert(epoch: number, id: number, more: Readonly<Record<string, string>> = {}): string {
  const columns: Readonly<Record<string, string>> = {
    epoch: String(epoch),
    honey_id: String(id),
    event_time: "'2026-11-01 10:00:00+00'",
    event_uuid: `'${uuid(id)}'`,
    source_ip: "'203.0.113.5'",
    grade: "'handshake'",
    created_by_node_id: "'00000000-0000-4000-8000-000000000001'",
    seen_count: '1',
    ...more,
  };
  return `INSERT INTO fleet.event (${Object.keys(columns).join(', ')}) VALUES (${Object.values(columns).join(', ')})`;
}

/** Many rows of one log; those after `seenTo` proved their sender. */
function insertMany(count: number, seenTo: number, from = 0): string {
  return `INSERT INTO fleet.event (epoch, honey_id, event_time, event_uuid, source_ip, grade, created_by_node_id, seen_count)
    SELECT 1, i, now(), ('00000000-0000-7000-8000-' || lpad((${from} + i)::text, 12, '0'))::uuid, '203.0.113.5',
      CASE WHEN i > ${seenTo} THEN 'handshake' ELSE 'seen' END, '00000000-0000-4000-8000-000000000001', 1
    FROM generate_series(1, ${count}) AS i`;
}

const opened = (log: number, epoch: number, pushed = 0, nodeId = 'n'): string =>
  `SELECT * FROM fleet.open_log('${nodeId}', '${LOG}${log}', ${epoch}, ${pushed}, ${pushed}, 0, 0, '5')`;
const pushed = (log: number, epoch: number, from: number, to: number): string =>
  `SELECT fleet.push('${LOG}${log}', ${epoch}, ${from}, ${to}, 0, 0, 1, 0)`;

test('times, texts, ports and names that no node of ours pushes are cut or left out, and what follows them comes', async (t) => {
  await using world = await FleetWorld.open(t);
  if (world === undefined) return;
  await world.join('berlin-1');
  const file = await world.join('hub-1', 'hub');
  const sensor = await login(world, 'berlin-1');
  const rows = [
    insert(1, 1, { event_time: "'infinity'" }),
    insert(1, 2, { event_time: "'-infinity'" }),
    insert(1, 3, { event_time: "'4713-01-01 BC'" }),
    insert(1, 4, { event_time: "'294276-12-31'" }),
    insert(1, 5, { source_port: '-1', destination_port: '2147483647' }),
    insert(1, 6, { source_ip: "'::ffff:203.0.113.6'", destination_ip: "'2001:DB8::/32'" }),
    insert(1, 7, { created_by_node_id: `'${HUB_ID}'` }),
    insert(1, 8, {
      sip_message: "repeat('é', 3000000)",
      user_agent: "repeat('x', 3000000)",
      details: "repeat('{', 3000000)",
      called_number: "repeat('1', 600)",
    }),
    insert(1, 9, { grade: "'proved'" }),
    insert(1, 10, { honey_id: '9223372036854775807', event_uuid: 'gen_random_uuid()' }),
    insert(1, 11),
  ];
  for (const sql of [opened(1, 0), ...rows, pushed(1, 1, 0, 11)]) await sensor.query(sql);
  await using hub = new Hub(file);
  await until('the last event', () => hub.events.has(uuid(11)));
  const came = (id: number): PulledEvent['event'] | undefined => hub.events.get(uuid(id));
  assert.deepEqual(
    [...hub.events.keys()].toSorted(),
    [1, 4, 5, 6, 8, 11].map(uuid).toSorted(),
    'and none without a time, under our own name, or without a grade',
  );
  for (const id of [1, 4]) {
    const us = came(id)?.eventEpochUs ?? 0;
    assert.ok(Math.abs(us / 1000 - Date.now()) < 60_000, 'none is later than it came');
  }
  assert.deepEqual([came(5)?.sourcePort, came(5)?.destinationPort], [0, 0]);
  assert.equal(came(6)?.sourceIp, '203.0.113.6');
  assert.equal(came(6)?.destinationIp, '2001:db8::');
  assert.equal(came(8)?.sipMessage.length, 65_535);
  assert.deepEqual(
    [came(8)?.userAgent?.length, came(8)?.detailsJson?.length, came(8)?.calledNumber?.length],
    [512, 4096, 512],
  );
  await until('what proves nothing', () => hub.state.leftOut === 4);
  await until('nothing to be behind', () => hub.state.behind === 0);
  assert.equal(hub.state.trouble, undefined);

  // A mark above all numbers, and one that never comes after it.
  await sensor.query(pushed(1, 1, 11, Number.MAX_SAFE_INTEGER));
  await sensor.query(opened(2, 0));
  await sensor.query(insert(2, 12));
  await sensor.query(pushed(2, 2, 0, 12));
  await until('the next epoch', () => hub.events.has(uuid(12)));
  await sensor.end();
});

test('a log of which no row can be read holds up no other, and is named', async (t) => {
  await using world = await FleetWorld.open(t);
  if (world === undefined) return;
  for (const name of ['berlin-1', 'oslo-1']) {
    await world.join(name);
    const sensor = await login(world, name);
    const id = name === 'berlin-1' ? 1 : 2;
    for (const sql of [opened(id, 0), insert(1, id), pushed(id, 1, 0, id)]) await sensor.query(sql);
    await sensor.end();
  }
  const file = await world.join('hub-1', 'hub');
  await world.rows('ALTER TABLE fleet.event ENABLE ROW LEVEL SECURITY');
  await world.rows(`CREATE POLICY broken ON fleet.event FOR SELECT
    USING (CASE WHEN node = 'berlin-1' THEN 1 / (honey_id - honey_id) > 0 ELSE true END)`);
  await using hub = new Hub(file);
  await until('the other log', () => hub.events.has(uuid(2)));
  await until('the trouble', () => hub.state.trouble !== undefined);
  assert.match(hub.state.trouble ?? '', /log of berlin-1: .*division by zero \(SQLSTATE 22012\)/);
  await world.rows('DROP POLICY broken ON fleet.event');
  await world.rows('ALTER TABLE fleet.event DISABLE ROW LEVEL SECURITY');
  await until('the broken log', () => hub.events.has(uuid(1)));
  await until('the end of the trouble', () => hub.state.trouble === undefined);
});

test('epochs without end cost a hub nothing, and a fleet made anew is taken from its beginning', async (t) => {
  await using world = await FleetWorld.open(t);
  if (world === undefined) return;
  await world.join('berlin-1');
  const file = await world.join('hub-1', 'hub');
  const sensor = await login(world, 'berlin-1');
  for (const sql of [opened(1, 0), insert(1, 1), pushed(1, 1, 0, 1)]) await sensor.query(sql);
  // Each new log starts an epoch.
  await sensor.query(`DO $$ BEGIN FOR i IN 1..${EPOCHS} LOOP
    PERFORM fleet.open_log('n', gen_random_uuid(), 0, 0, 0, 0, 0, '5'); END LOOP; END $$`);
  await sensor.query(opened(2, 0));
  const epoch = EPOCHS + 2;
  await sensor.query(insert(epoch, 2));
  await sensor.query(pushed(2, epoch, 0, 2));
  const places = new Map<string, Place>();
  {
    await using hub = new Hub(file, places);
    await until('both events', () => hub.events.size === 2);
    await until('the place', () => places.get('berlin-1')?.epoch === epoch);
    assert.deepEqual(places, new Map([['berlin-1', { epoch, honeyId: 2 }]]));
  }
  await world.rows('UPDATE fleet.node SET epoch = 1, mark = 1');
  await using hub = new Hub(file, places);
  await until('what there is', () => places.get('berlin-1')?.epoch === 1);
  assert.deepEqual([...hub.events.keys()], [uuid(1)]);
  await sensor.end();
});

test('an event is of the node whose password wrote it, whatever id it states', async (t) => {
  await using world = await FleetWorld.open(t);
  if (world === undefined) return;
  for (const name of ['berlin-1', 'oslo-1', 'thief-1']) await world.join(name);
  const file = await world.join('hub-1', 'hub');
  const stated = (id: string) => ({ created_by_node_id: `'${id}'` });
  const write = async (name: string, nodeId: string, rows: readonly string[]): Promise<void> => {
    const client = await login(world, name);
    await client.query(opened(1, 0, 0, nodeId));
    for (const row of rows) await client.query(row);
    await client.query(pushed(1, 1, 0, 9));
    await client.end();
  };
  await write('berlin-1', 'b', [insert(1, 1, stated('b'))]);
  await write('oslo-1', 'o', [insert(1, 2, stated('o')), insert(1, 3, stated('o-before'))]);
  await write('thief-1', 't', [insert(1, 4, stated('b')), insert(1, 5, stated('somebody'))]);
  await using hub = new Hub(file);
  await until('all events', () => hub.nodes.size === 5);
  const whose = (id: number): string | undefined => hub.nodes.get(uuid(id));
  assert.deepEqual([1, 2, 3, 4, 5].map(whose), ['b', 'o', 'oslo-1', 'thief-1', 'thief-1']);

  // Who gives himself the id of another is not taken for him either.
  const thief = await login(world, 'thief-1');
  await thief.query(opened(1, 1, 9, 'b'));
  await thief.query(insert(1, 10, stated('b')));
  await thief.query(pushed(1, 1, 9, 10));
  await thief.end();
  await until('the forged event', () => hub.nodes.size === 6);
  assert.equal(whose(10), 'thief-1');
});

test('what proved its sender does not wait behind a backlog, and comes once', async (t) => {
  await using world = await FleetWorld.open(t);
  if (world === undefined) return;
  await world.join('berlin-1');
  const file = await world.join('hub-1', 'hub');
  const sensor = await login(world, 'berlin-1');
  await sensor.query(opened(1, 0));
  await sensor.query(insertMany(BACKLOG, BACKLOG - PROVED));
  await sensor.query(pushed(1, 1, 0, BACKLOG));
  await using hub = new Hub(file);
  await until('all events', () => hub.events.size === BACKLOG);
  const first = Array.from({ length: PROVED }, (_, index) => uuid(BACKLOG - PROVED + 1 + index));
  assert.deepEqual(hub.order.slice(0, PULL_PART), first.slice(0, PULL_PART), 'a full part of them');
  const places = first.map((one) => hub.order.indexOf(one));
  assert.ok(Math.max(...places) < PROVED + PULL_PART, 'and the rest after one part of the others');
  await until('the mark', () => hub.places.get('berlin-1')?.honeyId === BACKLOG);
  await until('the count', () => hub.state.pulledEvents === BACKLOG);
  assert.equal(hub.state.behind, 0);

  // Another one, while nothing is behind.
  await sensor.query(insert(1, BACKLOG + 1));
  await sensor.query(pushed(1, 1, BACKLOG, BACKLOG + 1));
  await until('one more', () => hub.events.has(uuid(BACKLOG + 1)));
  await sensor.end();
});

test('what is listed meanwhile is published before the logs of all nodes are read', async (t) => {
  await using world = await FleetWorld.open(t);
  if (world === undefined) return;
  const file = await world.join('hub-1', 'hub');
  const names = ['berlin-1', 'berlin-2', 'berlin-3'];
  for (const name of names) await world.join(name);
  const listed: Subject[] = [];
  const count = 'SELECT count(*) FROM fleet.listing';
  const taken = async (part: number, hub: Hub): Promise<void> => {
    if (part === 1) {
      listed.push({ kind: 'number', value: '881612345601' });
      hub.wake();
    } else if (part === 2) {
      await until('the listing', async () => (await world.number(count)) === 1);
    }
  };
  await using hub = new Hub(file, new Map(), { taken, listed });
  await until('it to lead', () => hub.isLeading);
  const many = 2 * PULL_PART;
  for (const [index, name] of names.entries()) {
    const sensor = await login(world, name);
    await sensor.query(opened(index + 1, 0));
    await sensor.query(insertMany(many, many, index * many));
    await sensor.end();
  }
  await world.rows(`UPDATE fleet.node SET mark = ${many} WHERE node LIKE 'berlin-%'`); // All at once.
  await until('all events', () => hub.events.size === names.length * many);
  assert.equal(await world.number(count), 1);
});
