// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { StoreReader } from '../../src/store-reader.ts';
import { TestDirectory, uuidOf } from '../fixtures.ts';
import type { AppendingMessage } from './programs/appending.ts';

const PROGRAM = join(import.meta.dirname, 'programs', 'appending.ts');
/** Blocks of 512 octets that a file may have: 6 MiB. */
const FILE_BLOCKS_MAX = 12_288;

interface Waiter {
  readonly wanted: (message: AppendingMessage) => boolean;
  readonly resolve: (message: AppendingMessage) => void;
  readonly reject: (error: Error) => void;
}

/** The program programs/appending.ts in a separate process. */
class Appending {
  readonly child: ChildProcess;
  readonly messages: AppendingMessage[] = [];
  lastHoneyId = 0;
  #waiters: Waiter[] = [];

  constructor(path: string, prefix: readonly string[] = []) {
    const args = [...prefix, process.execPath, PROGRAM, path];
    this.child = spawn(args[0] ?? '', args.slice(1), {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.child.on('message', (message: AppendingMessage) => this.#take(message));
    this.child.on('close', () => {
      for (const waiter of this.#waiters) waiter.reject(new Error('the program has ended'));
    });
  }

  /** Waits for a message that comes from now on; the test's deadline bounds it. */
  until(wanted: (message: AppendingMessage) => boolean): Promise<AppendingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<AppendingMessage>();
    this.#waiters.push({ wanted, resolve, reject });
    return promise;
  }

  #take(message: AppendingMessage): void {
    this.messages.push(message);
    if (message.kind === 'committed') this.lastHoneyId = message.lastHoneyId;
    const done = this.#waiters.filter((waiter) => waiter.wanted(message));
    this.#waiters = this.#waiters.filter((waiter) => !done.includes(waiter));
    for (const waiter of done) waiter.resolve(message);
  }

  async kill(): Promise<void> {
    const ended = once(this.child, 'close');
    this.child.kill('SIGKILL');
    await ended;
  }

  async stop(): Promise<AppendingMessage> {
    const ended = once(this.child, 'exit');
    const closed = this.until((message) => message.kind === 'closed');
    this.child.send('stop');
    await ended;
    return closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) await this.kill();
  }
}

/** The log holds the events 1, 2, 3, … without a gap, and totals that agree with them. */
function assertWhole(path: string): number {
  using database = new DatabaseSync(path);
  assert.equal(database.prepare('PRAGMA integrity_check').get()?.['integrity_check'], 'ok');
  const rows = database.prepare('SELECT honey_id, event_uuid FROM honey ORDER BY honey_id').all();
  rows.forEach((row, index) => {
    assert.equal(row['honey_id'], index + 1);
    assert.equal(row['event_uuid'], uuidOf(index + 1));
  });
  using reader = StoreReader.open(path);
  assert.equal(reader.lastHoneyId(), rows.length);
  assert.equal(reader.address('203.0.113.5')?.seenCount, rows.length);
  assert.equal(reader.numbersCount(), rows.length);
  return rows.length;
}

test(
  'no committed event is lost and the file is intact after kill -9',
  { timeout: 60_000 },
  async () => {
    using directory = new TestDirectory();
    const path = directory.file('sentrypeer.db');
    await using first = new Appending(path);
    await first.until((message) => message.kind === 'committed' && message.lastHoneyId > 4000);
    await first.kill();
    assert.ok(assertWhole(path) >= first.lastHoneyId);
  },
);

test(
  'reading in another process never fails while events are written',
  { timeout: 60_000 },
  async () => {
    using directory = new TestDirectory();
    const path = directory.file('sentrypeer.db');
    await using writer = new Appending(path);
    await writer.until((message) => message.kind === 'committed');
    using reader = StoreReader.open(path);
    let readsCount = 0;
    let honeyId = 0;
    while (honeyId < 20_000) {
      const events = reader.eventsAfter(honeyId, 500);
      honeyId = events.at(-1)?.honeyId ?? honeyId;
      {
        using _held = reader.hold();
        assert.equal(reader.numbersCount(), reader.lastHoneyId());
        assert.equal(reader.address('203.0.113.5')?.seenCount, reader.lastHoneyId());
      }
      assert.ok(reader.numbers(50).items.length === 50);
      readsCount += 1;
      if (events.length < 500) await writer.until((message) => message.kind === 'committed');
    }
    assert.ok(readsCount > 10, `${readsCount} reads`);
    const closed = await writer.stop();
    assert.ok(closed.kind === 'closed' && closed.flushed);
    assert.equal(assertWhole(path), closed.offered);
    assert.equal(writer.messages.filter((message) => message.kind === 'stalled').length, 0);
  },
);

test(
  'recording resumes by itself, with nothing lost, when the file may grow again',
  { timeout: 60_000 },
  async () => {
    using directory = new TestDirectory();
    const path = directory.file('sentrypeer.db');
    const limited = ['sh', '-c', `ulimit -S -f ${FILE_BLOCKS_MAX}; exec "$@"`, 'sh'];
    await using writer = new Appending(path, limited);
    const stalled = await writer.until((message) => message.kind === 'stalled');
    assert.ok(stalled.kind === 'stalled' && stalled.code === 'db_failed', JSON.stringify(stalled));
    assert.ok(writer.lastHoneyId > 0);
    execFileSync('prlimit', ['--pid', String(writer.child.pid), '--fsize=unlimited:']);
    const resumed = await writer.until((message) => message.kind === 'resumed');
    assert.ok(resumed.kind === 'resumed' && resumed.waited > 0);
    const closed = await writer.stop();
    assert.ok(closed.kind === 'closed' && closed.flushed);
    assert.equal(assertWhole(path), closed.offered);
  },
);
