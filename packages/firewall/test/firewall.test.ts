// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'node:test';
import { parsePrefix } from '@sentrypeer/ip';
import { silentLogger, type Logger } from '@sentrypeer/kernel';
import type { SparedNetwork } from '@sentrypeer/listings';
import { Firewall } from '../src/firewall.ts';
import type { FirewallOptions } from '../src/options.ts';
import { LOOK_MS } from '../src/limits.ts';
import { MemoryTable } from './memory-table.ts';

const HOUR_MS = 3_600_000;
const START_EPOCH_MS = Date.UTC(2026, 10, 28);

/** A firewall over a table in memory, whose time stands still until it is moved. */
class Trial implements AsyncDisposable {
  readonly table = new MemoryTable();
  readonly said: string[] = [];
  nowMs = 0;
  spared: readonly SparedNetwork[] = [];
  restarts = 0;
  readonly firewall: Firewall;
  readonly #stop = new AbortController();
  readonly #run: Promise<void>;

  constructor(options: Partial<FirewallOptions> = {}) {
    const say = (event: string): number => this.said.push(event);
    const logger: Logger = { ...silentLogger, warn: say, error: say };
    this.firewall = new Firewall(
      {
        clock: {
          nowMs: () => this.nowMs,
          epochUs: () => (START_EPOCH_MS + this.nowMs) * 1000,
        },
        logger,
        table: this.table,
        spared: () => this.spared,
        restartFeed: () => (this.restarts += 1),
      },
      {
        entriesMax: 100,
        additionsPerMinuteMax: 60,
        confirmWithinMs: undefined,
        keepsEntries: false,
        ...options,
      },
    );
    this.#run = this.firewall.run(this.#stop.signal);
  }

  get untilEpochMs(): number {
    return START_EPOCH_MS + this.nowMs + HOUR_MS;
  }

  /** A snapshot of these. */
  async snapshot(...values: readonly string[]): Promise<void> {
    this.firewall.begin();
    for (const value of values) this.firewall.entry(value, this.untilEpochMs);
    this.firewall.end();
    await settled();
  }

  async list(...values: readonly string[]): Promise<void> {
    for (const value of values) this.firewall.change(value, this.untilEpochMs);
    await settled();
  }

  async unlist(value: string): Promise<void> {
    this.firewall.change(value, undefined);
    await settled();
  }

  /** Lets time pass; the firewall is woken by a change that concerns nobody. */
  async pass(ms: number): Promise<void> {
    this.nowMs += ms;
    await this.list('45.99.99.99');
    await this.unlist('45.99.99.99');
  }

  get there(): readonly string[] {
    return [...this.table.entries.keys()].toSorted();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#run;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.table.before = () => undefined;
    await this.stop();
  }
}

async function settled(): Promise<void> {
  for (let index = 0; index < 40; index += 1) await turn();
}

function network(text: string, why: string): SparedNetwork {
  const prefix = parsePrefix(text);
  assert.ok(prefix !== undefined);
  return { prefix, why };
}

test('Firewall loads a snapshot when it is complete, then makes each change', async () => {
  await using trial = new Trial();
  trial.firewall.begin();
  trial.firewall.entry('45.1.2.3', trial.untilEpochMs);
  await settled();
  assert.equal(trial.table.loads, 0, 'half a snapshot is nothing');
  assert.equal(trial.firewall.status().state, 'starting');
  await trial.snapshot('45.1.2.3', '2a00:1:2:3::/64');
  assert.deepEqual(trial.there, ['2a00:1:2:3::', '45.1.2.3']);
  assert.deepEqual(trial.firewall.status().entries, { ipv4: 1, ipv6: 1 });
  // An hour, and an hour more that it may last without news.
  assert.equal(trial.table.entries.get('45.1.2.3'), 7200);
  await trial.list('45.1.2.4');
  await trial.unlist('45.1.2.3');
  assert.deepEqual(trial.there, ['2a00:1:2:3::', '45.1.2.4']);
  await trial.snapshot('45.1.2.5');
  assert.deepEqual(trial.there, ['45.1.2.5'], 'what a snapshot does not have is let in');
  await trial.stop();
  assert.deepEqual([trial.there, trial.table.removals], [[], 1]);
});

test('Firewall leaves its table there at a stop where it is told to', async () => {
  await using trial = new Trial({ keepsEntries: true });
  await trial.snapshot('45.1.2.3');
  await trial.stop();
  assert.deepEqual([trial.there, trial.table.removals], [['45.1.2.3'], 0]);
});

test('Firewall never puts in what is spared, and takes it out when it becomes so', async () => {
  await using trial = new Trial();
  trial.spared = [network('45.1.2.3', 'it is a gateway')];
  await trial.snapshot('45.1.2.3', '45.1.2.0/24', '45.1.2.4', '127.0.0.1', '10.1.1.1');
  assert.deepEqual(trial.there, ['45.1.2.4']);
  assert.deepEqual(trial.table.spared, ['45.1.2.3']);
  assert.equal(trial.firewall.status().leftOutCount, 4);
  await trial.list('45.1.2.3');
  assert.deepEqual(trial.there, ['45.1.2.4']);
  trial.spared = [network('45.1.2.4', 'an SSH session comes from it')];
  await trial.pass(LOOK_MS);
  assert.deepEqual(trial.there, ['45.1.2.3']);
  assert.deepEqual(trial.table.spared, ['45.1.2.4']);
  assert.ok(trial.said.includes('firewall_left_out'));
});

test('Firewall makes a change that comes while nft works on an earlier one of the same address', async () => {
  await using trial = new Trial();
  await trial.snapshot();
  const { promise, resolve } = Promise.withResolvers<void>();
  trial.table.before = () => promise;
  await trial.list('45.1.2.3');
  await trial.unlist('45.1.2.3');
  trial.table.before = () => undefined;
  resolve();
  await settled();
  assert.deepEqual(trial.there, []);
});

test('Firewall loads all again after a change that failed, and says so once', async () => {
  await using trial = new Trial();
  await trial.snapshot('45.1.2.3');
  trial.table.before = () => {
    throw new Error('nft is gone');
  };
  await trial.list('45.1.2.4');
  assert.deepEqual(trial.said, ['firewall_changes_failed']);
  assert.deepEqual(trial.firewall.status().alarms, ['changes fail: the log says why']);
  trial.table.before = () => undefined;
  trial.nowMs += 60_000;
  await new Promise((resolve) => setTimeout(resolve, 600)); // Its own pause after a failure.
  await settled();
  assert.deepEqual(trial.there, ['45.1.2.3', '45.1.2.4']);
  assert.deepEqual(trial.said, ['firewall_changes_failed', 'firewall_changes_work']);
  assert.equal(trial.firewall.status().failures, 1);
});

test('Firewall undoes what somebody else did to its table, and keeps counting', async () => {
  await using trial = new Trial();
  await trial.snapshot('45.1.2.3');
  trial.table.packets = 7;
  await trial.pass(LOOK_MS);
  trial.table.difference = 'entries were taken out';
  trial.table.packets = 9;
  trial.table.entries.clear();
  await trial.pass(LOOK_MS);
  assert.deepEqual(trial.there, ['45.1.2.3']);
  const { repairs, refusedPackets, refusedOctets } = trial.firewall.status();
  assert.deepEqual([repairs, refusedPackets, refusedOctets], [1, 9, 900]);
  assert.ok(trial.said.includes('firewall_table_changed_by_others'));
});

test('Firewall sees one entry that was taken out, and no change of its own, when all are compared', async () => {
  await using trial = new Trial();
  await trial.snapshot('45.1.2.3', '45.1.2.4');
  const { promise, resolve } = Promise.withResolvers<Map<string, Set<string>>>();
  trial.table.listing = promise;
  await trial.pass(LOOK_MS);
  // The kernel lists while these are added and removed, and no change waits for it.
  await trial.list('45.1.2.5');
  await trial.unlist('45.1.2.4');
  assert.deepEqual(trial.there, ['45.1.2.3', '45.1.2.5']);
  resolve(new Map([['ipv4_32', new Set(['45.1.2.3', '45.1.2.4'])]]));
  await settled();
  assert.equal(trial.firewall.status().repairs, 0);
  trial.table.listing = Promise.resolve(new Map([['ipv4_32', new Set(['45.1.2.3'])]]));
  await trial.pass(LOOK_MS);
  assert.equal(trial.firewall.status().repairs, 1, '45.1.2.5 was taken out');
  trial.table.listing = Promise.resolve(
    new Map([['ipv4_32', new Set(['45.1.2.3', '45.1.2.5', '45.1.2.6'])]]),
  );
  await trial.pass(LOOK_MS);
  assert.equal(trial.firewall.status().repairs, 2, '45.1.2.6 was put in');
});

test('Firewall holds back new entries beyond what a minute may bring, and never what is let in again', async () => {
  await using trial = new Trial({ additionsPerMinuteMax: 3 });
  await trial.snapshot('45.1.2.1');
  await trial.list('45.1.2.2', '45.1.2.3', '45.1.2.4', '45.1.2.5', '45.1.2.6');
  assert.equal(trial.there.length, 4);
  assert.match(
    trial.firewall.status().alarms[0] ?? '',
    /^new entries that wait: 2; --firewall-changes-max allows/,
  );
  await trial.unlist('45.1.2.1');
  assert.ok(!trial.there.includes('45.1.2.1'));
  trial.nowMs += 60_000;
  await trial.unlist('45.1.2.2');
  assert.deepEqual(trial.there, ['45.1.2.3', '45.1.2.4', '45.1.2.5', '45.1.2.6']);
  assert.deepEqual(trial.firewall.status().alarms, []);
  assert.deepEqual(trial.said, ['firewall_too_many_changes', 'firewall_changes_fit']);
});

test('Firewall lets through what is beyond its bound, and asks again when there is room', async () => {
  await using trial = new Trial({ entriesMax: 3 });
  await trial.snapshot('45.1.2.1', '45.1.2.2', '45.1.2.3', '45.1.2.4');
  assert.equal(trial.there.length, 3);
  assert.match(trial.firewall.status().alarms[0] ?? '', /--firewall-entries-max, 3/);
  await trial.list('45.1.2.5');
  assert.equal(trial.there.length, 3);
  await trial.unlist('45.1.2.1');
  trial.nowMs += LOOK_MS;
  await trial.unlist('45.1.2.2');
  assert.equal(trial.restarts, 1);
});

test('Firewall takes everything out when nobody confirms, and the kernel would without it', async () => {
  await using trial = new Trial({ confirmWithinMs: 60_000 });
  await trial.snapshot('45.1.2.3');
  assert.equal(trial.firewall.status().state, 'unconfirmed');
  assert.equal(trial.table.entries.get('45.1.2.3'), 60);
  await trial.pass(30_000);
  await trial.list('45.1.2.4');
  assert.equal(trial.table.entries.get('45.1.2.4'), 30);
  await trial.pass(30_000);
  assert.deepEqual([trial.there, trial.firewall.status().state], [[], 'taken out']);
  await trial.list('45.1.2.5');
  await trial.snapshot('45.1.2.6');
  assert.deepEqual(trial.there, [], 'it stays out, whatever the feed says');
  trial.firewall.confirm();
  await settled();
  assert.deepEqual([trial.there, trial.firewall.status().state], [['45.1.2.6'], 'in force']);
  assert.equal(trial.table.entries.get('45.1.2.6'), 7200);
});

test('Firewall stays in force when it is confirmed in time', async () => {
  await using trial = new Trial({ confirmWithinMs: 60_000 });
  await trial.snapshot('45.1.2.3');
  trial.firewall.confirm();
  await settled();
  await trial.pass(120_000);
  assert.deepEqual([trial.there, trial.firewall.status().state], [['45.1.2.3'], 'in force']);
  assert.equal(trial.table.entries.get('45.1.2.3'), 7200);
});

test('Firewall takes everything out when an operator says so, also before the first snapshot', async () => {
  await using trial = new Trial();
  trial.firewall.takeOut('an operator took it out');
  await settled();
  await trial.snapshot('45.1.2.3');
  assert.deepEqual(trial.there, []);
  assert.equal(trial.firewall.status().why, 'an operator took it out');
  trial.firewall.confirm();
  await settled();
  assert.deepEqual(trial.there, ['45.1.2.3']);
});

test('Firewall puts in nothing that has ended, or that says no end', async () => {
  await using trial = new Trial();
  await trial.snapshot();
  trial.firewall.change('45.1.2.3', START_EPOCH_MS - 1);
  trial.firewall.change('45.1.2.4', Number.NaN);
  trial.firewall.change('no address', trial.untilEpochMs);
  trial.firewall.change('0.0.0.0/0', trial.untilEpochMs);
  await settled();
  assert.deepEqual(trial.there, []);
});
