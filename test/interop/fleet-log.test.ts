// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What happens to a log in a fleet if an acknowledgement is lost, a file goes back in time, or a row is refused. */

import assert from 'node:assert/strict';
import { copyFileSync, readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { test, type TestContext } from 'node:test';
import { Pusher, type PushedLog } from '@sentrypeer/fleet';
import { readFleetAddress } from '@sentrypeer/fleet/address';
import { OperatingError, systemClock, type Clock } from '@sentrypeer/kernel';
import {
  backupDatabase,
  FLEET_EVENT_COLUMNS,
  FLEET_REPEAT_COLUMNS,
  FleetReader,
  Store,
} from '@sentrypeer/store';
import {
  batchOf,
  TestDirectory,
  TestLogger,
  uuidOf,
  type TestEvent,
} from '../../packages/store/test/fixtures.ts';
import { until } from '../e2e/daemon-process.ts';
import { FleetWorld } from './fleet-world.ts';

/** A node without SIP: a database, and the push of its log. */
class Node implements AsyncDisposable {
  readonly path: string;
  readonly store: Store;
  readonly reader: FleetReader;
  readonly logger = new TestLogger();
  readonly pusher: Pusher;
  /** As if the process ended after the fleet had a push, and before the node knew. */
  losesAcknowledgement = false;

  constructor(path: string, file: string, clock: Clock = systemClock) {
    this.path = path;
    this.store = Store.open({ logger: this.logger, clock: systemClock }, { path });
    this.reader = FleetReader.open(path);
    const reading = readFleetAddress(readFileSync(file, 'utf8'));
    assert.ok('address' in reading);
    this.pusher = new Pusher(
      { log: this.#log(), logger: this.logger, clock, random: () => 0 },
      { address: reading.address, self: { nodeId: 'a', version: '1' }, hasMessages: false },
    );
  }

  /** Records events that are numbered from `first` on. */
  record(first: number, count: number, more: Partial<TestEvent> = {}): void {
    const events = Array.from({ length: count }, (_, index) => ({
      eventUuid: uuidOf(first + index),
      ...more,
    }));
    this.store.append([batchOf(events)]);
    this.pusher.wake();
  }

  /** Counts messages on events, by their numbers. */
  async repeat(counts: Readonly<Record<number, number>>): Promise<void> {
    const lastEpochUs = systemClock.epochUs();
    const repeats = Object.entries(counts).map(([index, count]) => ({
      eventUuid: uuidOf(Number(index)),
      count,
      lastEpochUs,
    }));
    this.store.append([batchOf([], repeats)]);
    await until('counts on their rows', () => {
      this.store.maintain();
      return !this.hasPending();
    });
  }

  hasPending(): boolean {
    using database = new DatabaseSync(this.path, { readOnly: true });
    return database.prepare('SELECT 1 FROM pending_repeat').get() !== undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pusher.close(5000);
    this.reader.close();
    this.store.close();
  }

  #log(): PushedLog {
    return {
      open: async () => this.store.openFleet(),
      resume: async (place) => this.store.resumeFleet(place),
      next: async (share, hasArrived) => {
        if (hasArrived && this.losesAcknowledgement) {
          this.losesAcknowledgement = false;
          throw new OperatingError('db_locked', 'as if it had not heard');
        }
        return this.store.nextForFleet(share, hasArrived);
      },
      hasMore: (marks) => this.reader.hasMore(marks),
      rows: (marks) => ({
        ...this.reader.batch(marks),
        eventColumns: FLEET_EVENT_COLUMNS,
        repeatColumns: FLEET_REPEAT_COLUMNS,
      }),
    };
  }
}

async function pushed(world: FleetWorld, count: number, node = 'berlin'): Promise<void> {
  const events = `SELECT count(*) FROM fleet.event WHERE node = '${node}'`;
  await until(`${count} events of ${node}`, async () => (await world.number(events)) >= count);
  assert.equal(await world.number(events), count);
}

async function uuids(world: FleetWorld): Promise<readonly string[]> {
  const rows = await world.rows(`
    SELECT node || ' ' || epoch || ' ' || right(event_uuid::text, 3) AS row FROM fleet.event ORDER BY node, epoch, honey_id`);
  return rows.map((row) => String(row['row']));
}

/** A case, and how it is made up for. */
type Case = readonly [what: string, run: (world: FleetWorld) => Promise<void>];

const CASES: readonly Case[] = [
  [
    'a lost acknowledgement is made up for, and nothing is pushed twice',
    async (world) => {
      using directory = new TestDirectory();
      await using node = new Node(directory.file('a.db'), await world.join('berlin'));
      node.losesAcknowledgement = true;
      node.record(1, 3);
      await pushed(world, 3);
      await until('the loss', () => !node.losesAcknowledgement);
      node.record(4, 2);
      await node.repeat({ 2: 5 });
      await pushed(world, 5);
      await until(
        'the repeat',
        async () => (await world.number('SELECT sum(added) FROM fleet.repeat')) === 5,
      );
      assert.deepEqual(
        await uuids(world),
        ['001', '002', '003', '004', '005'].map((id) => `berlin 1 ${id}`),
      );
      assert.ok(!node.logger.events().includes('fleet_epoch_began'));
    },
  ],
  [
    'a restored and a cloned database file begin another epoch, so that ids never mean two things',
    async (world) => {
      using directory = new TestDirectory();
      const [path, backup, clone] = ['a.db', 'backup.db', 'clone.db'].map((name) =>
        directory.file(name),
      );
      assert.ok(path !== undefined && backup !== undefined && clone !== undefined);
      const file = await world.join('berlin');
      {
        await using node = new Node(path, file);
        node.record(1, 2);
        await pushed(world, 2);
        await until('the node knows', () => node.store.openFleet().pushed === 2);
        await backupDatabase(path, backup);
        copyFileSync(backup, clone);
        node.record(3, 2);
        await pushed(world, 4);
      }
      {
        await using restored = new Node(backup, file);
        restored.record(11, 1); // The id of event 3 means another event now.
        await pushed(world, 5);
        assert.ok(restored.logger.events().includes('fleet_epoch_began'));
      }
      {
        await using copy = new Node(clone, await world.join('oslo'));
        copy.record(21, 1);
        await pushed(world, 1, 'oslo'); // What the copy contained is already in the fleet.
      }
      assert.deepEqual(await uuids(world), [
        'berlin 1 001',
        'berlin 1 002',
        'berlin 1 003',
        'berlin 1 004',
        'berlin 2 011',
        'oslo 1 021',
      ]);
    },
  ],
  [
    'a fleet that was restored gets again what it lost, in the same epoch',
    async (world) => {
      using directory = new TestDirectory();
      await using node = new Node(directory.file('a.db'), await world.join('berlin'));
      node.record(1, 4);
      await pushed(world, 4);
      await until('the node knows', () => node.store.openFleet().pushed === 4);
      // Like a replica that took over without the last transaction.
      await world.rows(
        'DELETE FROM fleet.event WHERE honey_id > 2; UPDATE fleet.node SET mark = 2',
      );
      node.record(5, 1);
      await pushed(world, 5);
      assert.deepEqual(
        await uuids(world),
        ['001', '002', '003', '004', '005'].map((id) => `berlin 1 ${id}`),
      );
    },
  ],
  [
    'a count that comes while its row is pushed is counted once',
    async (world) => {
      using directory = new TestDirectory();
      const file = await world.join('berlin');
      await world.postgres.kill();
      await using node = new Node(directory.file('a.db'), file);
      node.record(1, 3);
      // Frozen for a push that does not arrive: from now on counts of these rows are separate entries.
      const marks = node.store.openFleet();
      assert.equal(node.store.nextForFleet({ events: 2, repeats: 10 }, false).pushing, 2);
      await node.repeat({ 1: 7, 3: 2 });
      assert.deepEqual(
        [...node.reader.batch({ ...marks, pushing: 3 }).events].flatMap(({ rows }) =>
          rows.map((row) => row.at(-1)),
        ),
        [1, 1, 3],
      );
      await world.postgres.begin();
      await pushed(world, 3);
      const total = `SELECT (SELECT sum(seen_count) FROM fleet.event) + coalesce((SELECT sum(added) FROM fleet.repeat), 0)`;
      await until('all counts', async () => (await world.number(total)) >= 12);
      await node.repeat({ 1: 1 });
      await until('one more', async () => (await world.number(total)) >= 13);
      assert.equal(await world.number(total), 13);
    },
  ],
  [
    'a row that the fleet refuses holds up no other, and is named in the log',
    async (world) => {
      using directory = new TestDirectory();
      const file = await world.join('berlin');
      await world.rows("ALTER TABLE fleet.event ADD CONSTRAINT odd CHECK (method <> 'ODD')");
      await using node = new Node(directory.file('a.db'), file);
      node.record(1, 20);
      node.record(21, 1, { sipMethod: 'ODD' });
      node.record(22, 20);
      await pushed(world, 40);
      assert.ok(!(await uuids(world)).includes('berlin 1 021'));
      const line = node.logger.lines.find(({ event }) => event === 'fleet_event_refused');
      assert.equal(line?.fields['honey_id'], 21);
      await until('the state', () => node.pusher.state.trouble === undefined);
      assert.equal(node.pusher.state.refusedEvents, 1);
    },
  ],
  [
    'two followers under one name never push the same, and the log says so',
    async (world) => {
      using directory = new TestDirectory();
      const file = await world.join('berlin');
      await using first = new Node(directory.file('a.db'), file);
      first.record(1, 1);
      await pushed(world, 1);
      await using second = new Node(directory.file('b.db'), file);
      second.record(101, 1);
      await pushed(world, 2);
      first.record(2, 1);
      await pushed(world, 3);
      second.record(102, 1);
      await pushed(world, 4);
      const rows = await uuids(world);
      assert.equal(new Set(rows.map((row) => row.slice(-3))).size, 4, rows.join());
      const lines = [...first.logger.events(), ...second.logger.events()];
      assert.ok(
        lines.includes('fleet_mark_moved') && lines.includes('fleet_epoch_began'),
        lines.join(),
      );
    },
  ],
  [
    'an event after a pause waits for no time to pass',
    async (world) => {
      using directory = new TestDirectory();
      const clock = { ...systemClock, nowMs: () => 1000 };
      await using node = new Node(directory.file('a.db'), await world.join('berlin'), clock);
      await until('the node to be idle', () => node.pusher.state.isConnected);
      node.record(1, 1);
      await pushed(world, 1);
      node.record(2, 1); // While the next ones are collected.
      await pushed(world, 2);
    },
  ],
  [
    'a push of a few events is one question, and of many it is two',
    async (world) => {
      using directory = new TestDirectory();
      const file = await world.join('berlin');
      await world.rows("ALTER ROLE berlin SET log_statement = 'all'");
      const before = world.postgres.log.length;
      await using node = new Node(directory.file('a.db'), file);
      const questions = (): readonly string[] =>
        (world.postgres.log.slice(before).match(/statement: .*(?:BEGIN|COMMIT|COPY).*/g) ?? []).map(
          (line) => (line.match(/BEGIN|fleet\.push|COPY|COMMIT/g) ?? []).join(' '),
        );
      node.record(1, 3);
      await pushed(world, 3);
      node.record(4, 2000);
      await pushed(world, 2003);
      const few = 'BEGIN fleet.push COPY COMMIT';
      const many = ['BEGIN fleet.push COPY', 'fleet.push COMMIT'];
      await until('the log to have them', () => questions().length >= 3);
      assert.deepEqual(questions().slice(0, 3), [few, ...many]);
      const [row] = await world.rows('SELECT rows_total::integer AS rows FROM fleet.node');
      assert.deepEqual(row, { rows: 2003 });
    },
  ],
];

test('a log and a fleet that lose something', async (t: TestContext) => {
  await using world = await FleetWorld.open(t);
  if (world === undefined) return;
  for (const [what, run] of CASES) {
    await t.test(what, async () => {
      await run(world);
      await world.rows('TRUNCATE fleet.event, fleet.repeat, fleet.node');
    });
  }
});
