// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The write-ahead log is copied when it is large, and now and then. */

import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { Checkpointer } from '../../src/file/checkpointer.ts';
import {
  CHECKPOINT_INTERVAL_MS,
  MAINTAIN_INTERVAL_MS,
  WAL_OCTETS_LOW_DISK_MAX,
  WAL_OCTETS_MAX,
} from '../../src/limits.ts';
import { TestClock, TestDirectory, TestLogger } from '../fixtures.ts';

type Ports = ConstructorParameters<typeof Checkpointer>[0];

class Bench implements Disposable {
  readonly directory = new TestDirectory();
  readonly path = this.directory.file('x.db');
  readonly database = new DatabaseSync(this.path);
  readonly clock = new TestClock();
  readonly logger = new TestLogger();
  octets = 0;
  waitingOctets = 0;
  /** What waits after a checkpoint. */
  leftOctets = 0;
  isLow = false;
  isWriting = true;
  written = 0;
  readonly checkpointer: Checkpointer;

  constructor() {
    this.database.exec('PRAGMA journal_mode = WAL; CREATE TABLE a (b); INSERT INTO a VALUES (1)');
    this.clock.ms = 1000;
    this.checkpointer = new Checkpointer({
      database: this.database,
      clock: this.clock,
      logger: this.logger,
      guard: { isLow: () => this.isLow } as Ports['guard'],
      pages: {
        readWal: () => ({ octets: this.octets, waitingOctets: this.waitingOctets }),
      } as Ports['pages'],
      content: {
        whileWriting: (write) => {
          if (!this.isWriting) return false;
          write();
          this.written += 1;
          this.waitingOctets = this.leftOctets;
          return true;
        },
      },
    });
  }

  /** A step with a log of this size. */
  step(octets: number, waitingOctets = octets): boolean {
    this.octets = octets;
    this.waitingOctets = waitingOctets;
    return this.checkpointer.step();
  }

  /** Frames of the real log, and those of them that are copied. */
  wal(): readonly unknown[] {
    const row = this.database.prepare('PRAGMA wal_checkpoint(NOOP)').get();
    return [row?.['log'], row?.['checkpointed']];
  }

  [Symbol.dispose](): void {
    this.database.close();
    this.directory[Symbol.dispose]();
  }
}

test('Checkpointer.step() copies a large log at once, a small one after a while, an empty one never', () => {
  using bench = new Bench();
  assert.equal(bench.step(WAL_OCTETS_MAX - 1), false);
  assert.equal(bench.step(WAL_OCTETS_MAX), true);
  bench.clock.ms += CHECKPOINT_INTERVAL_MS - 1;
  assert.equal(bench.step(1), false);
  bench.clock.ms += 1;
  assert.equal(bench.step(WAL_OCTETS_MAX, 0), false, 'all of it is copied');
  assert.equal(bench.step(1), true);
  assert.equal(bench.step(1), false, 'it was copied just now');
  assert.equal(bench.written, 2);
  const [frames, copied] = bench.wal();
  assert.equal(frames, copied);
  assert.notEqual(frames, 0, 'the log keeps its size');
});

test('Checkpointer.step() counts from its beginning', () => {
  using bench = new Bench();
  bench.clock.ms += CHECKPOINT_INTERVAL_MS - 1;
  assert.equal(bench.step(1), false);
  bench.clock.ms += 1;
  assert.equal(bench.step(1), true);
});

test('Checkpointer.step() keeps the log small on a low disk, and cuts what is copied', () => {
  using bench = new Bench();
  bench.isLow = true;
  assert.equal(bench.step(WAL_OCTETS_LOW_DISK_MAX - 1, 0), false);
  assert.equal(bench.step(WAL_OCTETS_LOW_DISK_MAX, 0), true);
  assert.deepEqual(bench.wal(), [0, 0]);
  bench.clock.ms += CHECKPOINT_INTERVAL_MS;
  assert.equal(bench.step(WAL_OCTETS_LOW_DISK_MAX - 1, 0), false, 'a small one may stay');
});

test('Checkpointer.step() waits a little where a reader stops it, or the file may be another one', () => {
  using bench = new Bench();
  bench.leftOctets = 1;
  assert.equal(bench.step(WAL_OCTETS_MAX), true);
  bench.clock.ms += MAINTAIN_INTERVAL_MS - 1;
  assert.equal(bench.step(WAL_OCTETS_MAX), false);
  bench.clock.ms += 1;
  bench.leftOctets = 0;
  assert.equal(bench.step(WAL_OCTETS_MAX), true);
  assert.equal(bench.step(WAL_OCTETS_MAX), true, 'and not afterwards');
  bench.isWriting = false;
  assert.equal(bench.step(WAL_OCTETS_MAX), false);
  bench.isWriting = true;
  assert.equal(bench.step(WAL_OCTETS_MAX), true);
});

test('Checkpointer says once that a reader holds the log, and that it is over', () => {
  using bench = new Bench();
  bench.step(4 * WAL_OCTETS_MAX);
  assert.deepEqual(bench.logger.lines, []);
  bench.step(4 * WAL_OCTETS_MAX + 1);
  bench.step(5 * WAL_OCTETS_MAX);
  bench.step(WAL_OCTETS_MAX);
  bench.step(WAL_OCTETS_MAX);
  assert.deepEqual(bench.logger.lines, [
    {
      event: 'database_log_held_by_reader',
      fields: {
        size: '128 MiB',
        why: 'a program that reads the database has had a query open for long; let it end',
      },
    },
    { event: 'database_log_free_again', fields: { size: '32 MiB' } },
  ]);
});
