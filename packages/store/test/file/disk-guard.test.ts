// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The disk keeps what others need, and low comes before full. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DiskGuard } from '../../src/file/disk-guard.ts';
import { DISK_CHECK_INTERVAL_MS, WAL_OCTETS_MAX } from '../../src/limits.ts';
import { TestClock, TestDisk, TestLogger } from '../fixtures.ts';

const MIB = 1_048_576;

class Bench {
  readonly clock = new TestClock();
  readonly logger = new TestLogger();
  readonly disk = new TestDisk();
  readonly asked: string[] = [];
  waitingOctets = 0;
  readonly guard: DiskGuard;

  constructor(freeOctetsMin = 100 * MIB) {
    this.clock.ms = 1000;
    const disk = {
      read: (directory: string) => {
        this.asked.push(directory);
        return this.disk.read();
      },
    };
    const pages = {
      readWal: () => ({ waitingOctets: this.waitingOctets }),
    } as ConstructorParameters<typeof DiskGuard>[0]['pages'];
    this.guard = new DiskGuard(
      { clock: this.clock, logger: this.logger, disk, pages },
      { path: '/data/x.db', freeOctetsMin },
    );
  }

  /** Whether it is low and full with so much free. */
  with(freeOctets: number): readonly [isLow: boolean, isFull: boolean] {
    this.disk.freeOctets = freeOctets;
    this.clock.ms += DISK_CHECK_INTERVAL_MS;
    return [this.guard.isLow(), this.guard.isFull()];
  }
}

test('DiskGuard is low a log before it is full, and until there is room for a whole log again', () => {
  const bench = new Bench();
  const low = 100 * MIB + WAL_OCTETS_MAX;
  assert.deepEqual(bench.with(low), [false, false]);
  assert.equal(bench.guard.trouble, undefined);
  assert.deepEqual(bench.with(low - 1), [true, false]);
  assert.match(bench.guard.trouble ?? '', /^the disk of database \/data\/x\.db is nearly full/);
  assert.deepEqual(bench.with(100 * MIB), [true, false]);
  assert.deepEqual(bench.with(100 * MIB - 1), [true, true]);
  assert.deepEqual(bench.with(low), [true, false], 'it does not flap');
  assert.deepEqual(bench.with(low + WAL_OCTETS_MAX - 1), [true, false]);
  assert.deepEqual(bench.with(low + WAL_OCTETS_MAX), [false, false]);
  assert.equal(bench.guard.trouble, undefined);
  assert.deepEqual(bench.logger.lines, [
    {
      event: 'disk_low',
      fields: {
        file: '/data/x.db',
        why: 'its disk has 132 MiB free, of which 100 MiB are kept free (--db-free-min); free some space on it, or lower --db-free-min or --db-size-max',
      },
    },
    {
      event: 'disk_free_again',
      fields: {
        file: '/data/x.db',
        why: 'its disk has 164 MiB free, of which 100 MiB are kept free (--db-free-min)',
      },
    },
  ]);
});

test('DiskGuard takes what waits in the log for used', () => {
  const bench = new Bench();
  bench.waitingOctets = 1;
  assert.deepEqual(bench.with(100 * MIB + WAL_OCTETS_MAX), [true, false]);
  assert.deepEqual(bench.with(100 * MIB), [true, true]);
});

test('DiskGuard keeps at most a tenth of a disk free, and a small margin where little is kept', () => {
  const bench = new Bench(50 * 1024 * MIB);
  assert.deepEqual(bench.with(10 * 1024 * MIB), [true, false]);
  assert.deepEqual(bench.with(10 * 1024 * MIB - 1), [true, true]);
  const small = new Bench(MIB);
  assert.deepEqual(small.with(2 * MIB), [false, false]);
  assert.deepEqual(small.with(2 * MIB - 1), [true, false]);
});

test('DiskGuard looks at the disk of the directory, now and then', () => {
  const bench = new Bench();
  bench.disk.freeOctets = 0;
  assert.equal(bench.guard.isFull(), true, 'at the first question');
  bench.disk.freeOctets = 1024 * MIB;
  bench.clock.ms += DISK_CHECK_INTERVAL_MS - 1;
  assert.equal(bench.guard.isFull(), true);
  assert.deepEqual(bench.asked, ['/data']);
  bench.clock.ms += 1;
  assert.equal(bench.guard.isFull(), false);
  assert.deepEqual(bench.asked, ['/data', '/data']);
});

test('DiskGuard names the database if its directory cannot be reached', () => {
  const bench = new Bench();
  for (const [fault, why] of [
    [Object.assign(new Error('x'), { code: 'EIO' }), 'EIO'],
    [new Error('x'), 'unknown reason'],
  ] as const) {
    bench.disk.read = () => {
      throw fault;
    };
    assert.throws(() => bench.with(0), {
      code: 'db_gone',
      cause: fault,
      message: `the directory of database /data/x.db cannot be reached (${why}); put it back, or restart the daemon`,
    });
  }
});
