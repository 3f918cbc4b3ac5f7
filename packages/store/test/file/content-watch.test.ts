// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import {
  copyFileSync,
  existsSync,
  readFileSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { OperatingError } from '@sentrypeer/kernel';
import { CHECKPOINT_INTERVAL_MS, FILE_LOOK_MS } from '../../src/limits.ts';
import { rescueBatches } from '../../src/rescue-batches.ts';
import { Store } from '../../src/store.ts';
import { distinctBatch, TestClock, TestDirectory, TestDisk, TestLogger } from '../fixtures.ts';

/** A store with 50 events in the file itself and 10 more in its log. */
class Trial implements Disposable {
  readonly directory = new TestDirectory();
  readonly path = this.directory.file('x.db');
  readonly rescued = this.directory.file('x-rescued.db');
  readonly clock = new TestClock();
  readonly logger = new TestLogger();
  readonly store = Store.open(
    { clock: this.clock, logger: this.logger, disk: new TestDisk() },
    { path: this.path },
  );

  constructor() {
    this.store.append([distinctBatch(0, 50)]);
    this.checkpoint();
    this.store.append([distinctBatch(50, 10)]);
  }

  checkpoint(): void {
    this.clock.ms += CHECKPOINT_INTERVAL_MS;
    while (this.store.maintain());
  }

  look(): OperatingError | undefined {
    return noticedBy(this.store, this.clock);
  }

  [Symbol.dispose](): void {
    this.store.close();
    this.directory[Symbol.dispose]();
  }
}

/** Maintenance for as long as it may take to notice something. @returns What was noticed. */
function noticedBy(store: Store, clock: TestClock): OperatingError | undefined {
  for (let step = 0; step < 4; step += 1) {
    clock.ms += FILE_LOOK_MS / 2;
    try {
      while (store.maintain());
    } catch (error) {
      assert.ok(error instanceof OperatingError, String(error));
      return error;
    }
  }
  return undefined;
}

function eventsIn(path: string): number {
  using database = new DatabaseSync(path, { readOnly: true });
  assert.deepEqual(
    database
      .prepare('PRAGMA integrity_check')
      .all()
      .map((row) => row['integrity_check']),
    ['ok'],
  );
  return Number(database.prepare('SELECT count(*) AS n FROM honey').get()?.['n']);
}

/** Another, smaller database. */
function otherDatabase(directory: TestDirectory, events: number): string {
  const path = directory.file('other.db');
  const ports = { clock: new TestClock(), logger: new TestLogger(), disk: new TestDisk() };
  using store = Store.open(ports, { path });
  store.append([distinctBatch(1000, events)]);
  return path;
}

test('a log that is emptied or cut: refused at once, rescued, and never copied into the database', () => {
  for (const size of [0, 40, 5000]) {
    using trial = new Trial();
    const { path, store, rescued } = trial;
    truncateSync(`${path}-wal`, size);
    assert.throws(
      () => store.append([distinctBatch(60, 1)]),
      (error) => error instanceof OperatingError && error.code === 'db_overwritten',
    );
    assert.equal(trial.look()?.code, 'db_overwritten');
    assert.deepEqual(
      trial.logger.events().filter((event) => event !== 'database_created'),
      ['database_overwritten'],
    );
    store.close();
    assert.equal(eventsIn(path), 50, `cut to ${size}`);
    assert.equal(eventsIn(rescued), 10, `cut to ${size}`);
  }
});

for (const [what, change] of [
  ['emptied', (path: string): void => truncateSync(path)],
  ['cut', (path: string): void => truncateSync(path, 8192)],
  [
    'copied over with a smaller one',
    (path: string, directory: TestDirectory): void =>
      copyFileSync(otherDatabase(directory, 5), path),
  ],
  [
    'copied over with one of more rows',
    (path: string, directory: TestDirectory): void =>
      copyFileSync(otherDatabase(directory, 90), path),
  ],
] as const) {
  test(`a database that is ${what} in place is reported, and what it is now stays as it is`, () => {
    using trial = new Trial();
    const { path, store, rescued, clock } = trial;
    change(path, trial.directory);
    const now = readFileSync(path);
    clock.ms += CHECKPOINT_INTERVAL_MS; // A checkpoint is due.
    assert.match(trial.look()?.message ?? '', /x\.db was emptied, or another file was copied/);
    assert.throws(() => store.append([distinctBatch(60, 1)]), /was emptied, or another/);
    store.close();
    assert.deepEqual(readFileSync(path), now);
    assert.equal(eventsIn(rescued), 10);
  });
}

test('a date, a checkpoint by another program, and its VACUUM are no replacement', () => {
  using trial = new Trial();
  const { path, store, clock } = trial;
  utimesSync(path, 1, 1);
  assert.equal(trial.look(), undefined);
  {
    using other = new DatabaseSync(path);
    other.exec("INSERT INTO cursor VALUES ('x', 1); PRAGMA wal_checkpoint(TRUNCATE)");
    assert.equal(trial.look(), undefined);
    other.exec('DELETE FROM honey WHERE honey_id < 40; VACUUM; PRAGMA wal_checkpoint(TRUNCATE)');
  }
  assert.equal(trial.look(), undefined);
  store.append([distinctBatch(60, 10)]);
  trial.checkpoint();
  assert.equal(trial.look(), undefined);
  clock.ms += CHECKPOINT_INTERVAL_MS;
  store.close();
  assert.equal(eventsIn(path), 70 - 39);
  assert.equal(existsSync(trial.rescued), false);
});

test('rescueBatches() adds to what was rescued before', () => {
  using trial = new Trial();
  const { path, store, rescued, clock, logger } = trial;
  truncateSync(`${path}-wal`);
  assert.equal(trial.look()?.code, 'db_overwritten');
  const ports = { clock, logger, disk: new TestDisk() };
  assert.equal(rescueBatches(ports, { path }, [distinctBatch(60, 7)]), rescued);
  assert.equal(rescueBatches(ports, { path }, [distinctBatch(67, 1)]), rescued);
  store.close();
  assert.equal(eventsIn(rescued), 18);
});

test('a checkpoint that fails half-way, ours or that of another program, is no replacement', () => {
  using trial = new Trial();
  const { path, store } = trial;
  // Such a file is damaged without its log: pages of the log are in it, others are not yet.
  const file = readFileSync(path);
  file.fill(0xff, 4096 * 3);
  writeFileSync(path, file);
  assert.equal(trial.look(), undefined);
  store.append([distinctBatch(60, 10)]);
  assert.equal(existsSync(trial.rescued), false);
});

test('a database that is copied over together with its log and index is reported', () => {
  using directory = new TestDirectory();
  const [path, other] = [directory.file('x.db'), directory.file('other.db')];
  const clock = new TestClock();
  const ports = { clock, logger: new TestLogger(), disk: new TestDisk() };
  using store = Store.open(ports, { path });
  store.append([distinctBatch(0, 50)]); // All of it is in the log alone.
  using copied = Store.open(ports, { path: other });
  copied.append([distinctBatch(1000, 20)]);
  for (const ending of ['', '-wal', '-shm']) copyFileSync(other + ending, path + ending);
  assert.equal(noticedBy(store, clock)?.code, 'db_overwritten');
  store.close();
  using rescued = new DatabaseSync(directory.file('x-rescued.db'), { readOnly: true });
  assert.equal(rescued.prepare('SELECT count(*) AS n FROM honey').get()?.['n'], 20);
});
