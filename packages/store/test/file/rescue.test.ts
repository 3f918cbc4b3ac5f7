// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What is saved where the file was changed under the writer, and what is said about it. */

import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { OperatingError } from '@sentrypeer/kernel';
import type { ContentWatch } from '../../src/file/content-watch.ts';
import { databaseError } from '../../src/file/database-error.ts';
import { FileWatch } from '../../src/file/file-watch.ts';
import { OpenFile } from '../../src/file/open-file.ts';
import { rescueFileOf, rescueRows } from '../../src/file/rescue.ts';
import { FILE_LOOK_MS } from '../../src/limits.ts';
import { emptyDatabase, TestClock, TestDirectory, TestLogger } from '../fixtures.ts';

class Bench implements Disposable {
  readonly directory = new TestDirectory();
  readonly path = this.directory.file('sentrypeer.db');
  readonly rescued = this.directory.file('sentrypeer-rescued.db');
  readonly database = emptyDatabase(this.directory);
  readonly clock = new TestClock();
  readonly logger = new TestLogger();
  /** What the watch says. */
  failure: OperatingError | undefined;
  safeHoneyId = 0;

  constructor(rows = 0) {
    this.database.exec('PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0');
    for (let id = 1; id <= rows; id += 1) {
      this.database.exec(
        `INSERT INTO honey (honey_id, source_ip, seen_count) VALUES (${id}, 'a${id}', ${id})`,
      );
    }
  }

  open(): OpenFile {
    const content: Pick<ContentWatch, 'failure' | 'safeHoneyId'> = {
      failure: () => this.failure,
      safeHoneyId: this.safeHoneyId,
    };
    const { database, clock, logger } = this;
    return new OpenFile({ database, clock, logger, content: content as ContentWatch }, this.path);
  }

  rows(): readonly unknown[] {
    using database = new DatabaseSync(this.rescued, { readOnly: true });
    return database
      .prepare('SELECT honey_id, source_ip, seen_count FROM honey ORDER BY honey_id')
      .all()
      .map((row) => Object.values(row));
  }

  [Symbol.dispose](): void {
    this.database.close();
    this.directory[Symbol.dispose]();
  }
}

const OVERWRITTEN = databaseError('db_overwritten', 'it was overwritten');

test('rescueFileOf() is next to the database', () => {
  assert.equal(rescueFileOf('/data/x.db'), '/data/x-rescued.db');
  assert.equal(rescueFileOf('/data/x'), '/data/x-rescued.db');
  assert.equal(rescueFileOf('/data/x.db.old'), '/data/x.db.old-rescued.db');
});

test('rescueRows() saves the rows after an id, behind those that are there, and makes no file for none', () => {
  using bench = new Bench(5);
  assert.equal(rescueRows(bench, bench.path, 5), 0);
  assert.equal(existsSync(bench.rescued), false);
  assert.equal(rescueRows(bench, bench.path, 3), 2);
  assert.equal(rescueRows(bench, bench.path, 4), 1);
  assert.equal(existsSync(`${bench.rescued}-wal`), false, 'it is closed');
  assert.deepEqual(bench.rows(), [
    [1, 'a4', 4],
    [2, 'a5', 5],
    [3, 'a5', 5],
  ]);
  using rescue = new DatabaseSync(bench.rescued);
  const counter = rescue.prepare("SELECT value FROM counter WHERE name = 'last_honey_id'");
  assert.equal(counter.get()?.['value'], 3);
});

test('rescueRows() names the rescue file if that does not take the rows, and leaves it as it was', () => {
  using bench = new Bench(1);
  rescueRows(bench, bench.path, 0);
  bench.database.exec('ALTER TABLE honey ADD COLUMN own TEXT');
  assert.throws(() => rescueRows(bench, bench.path, 0), {
    code: 'db_failed',
    message: /sentrypeer-rescued\.db has other tables/,
  });
  assert.equal(bench.rows().length, 1);
});

test('OpenFile says that the file is gone once, and once that it is back', () => {
  using bench = new Bench(1);
  const file = bench.open();
  file.refuseWhereGone();
  const aside = bench.directory.file('aside.db');
  renameSync(bench.path, aside);
  for (let look = 0; look < 2; look += 1) {
    bench.clock.ms += FILE_LOOK_MS;
    assert.throws(() => file.refuseWhereGone(), { code: 'db_gone' });
  }
  renameSync(aside, bench.path);
  for (let look = 0; look < 2; look += 1) {
    bench.clock.ms += FILE_LOOK_MS;
    file.refuseWhereGone();
  }
  const [gone, back, ...none] = bench.logger.lines;
  assert.equal(gone?.event, 'database_gone');
  assert.match(String(gone.fields['why']), /sentrypeer\.db was deleted or replaced/);
  assert.deepEqual(back, { event: 'database_is_back', fields: { path: bench.path } });
  assert.deepEqual(none, []);
  assert.equal(existsSync(bench.rescued), false);
});

test('OpenFile copies the log into a database of which only the log is gone', () => {
  using bench = new Bench(3);
  const file = bench.open();
  rmSync(`${bench.path}-wal`);
  bench.clock.ms += FILE_LOOK_MS;
  assert.throws(() => file.refuseWhereGone(), { code: 'db_gone' });
  using other = new DatabaseSync(new URL(`file://${bench.path}?immutable=1`), { readOnly: true });
  assert.equal(other.prepare('SELECT count(*) AS n FROM honey').get()?.['n'], 3);
});

test('OpenFile does without a database that it cannot write any more', () => {
  using bench = new Bench(3);
  const file = bench.open();
  rmSync(bench.path);
  bench.database.exec('BEGIN'); // Then no checkpoint is possible.
  bench.clock.ms += FILE_LOOK_MS;
  assert.throws(() => file.refuseWhereGone(), { code: 'db_gone' });
  bench.database.exec('ROLLBACK');
});

test('OpenFile rescues what may be in an overwritten log alone, once, and puts the log aside', () => {
  using bench = new Bench(3);
  bench.safeHoneyId = 1;
  const file = bench.open();
  const log = readFileSync(`${bench.path}-wal`);
  bench.failure = OVERWRITTEN;
  for (let look = 0; look < 2; look += 1) {
    assert.throws(
      () => file.refuseWhereGone(),
      (error) => error === OVERWRITTEN,
    );
  }
  assert.deepEqual(bench.rows(), [
    [1, 'a2', 2],
    [2, 'a3', 3],
  ]);
  assert.ok(readFileSync(`${bench.rescued}.old-wal`).equals(log));
  assert.equal(statSync(`${bench.path}-wal`).size, 0);
  assert.deepEqual(bench.logger.lines, [
    {
      event: 'database_overwritten',
      fields: {
        why: 'it was overwritten',
        rescued: 2,
        file: bench.rescued,
        help: 'sentrypeer import FILE takes the rescued events, once the daemon is restarted',
      },
    },
  ]);
});

test('OpenFile names no rescue file where there was nothing to rescue, and no empty log is put aside', () => {
  using bench = new Bench(1);
  bench.safeHoneyId = 1;
  const file = bench.open();
  bench.database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  bench.failure = OVERWRITTEN;
  assert.throws(() => file.refuseWhereGone());
  assert.equal(existsSync(`${bench.rescued}.old-wal`), false);
  assert.deepEqual(bench.logger.lines, [
    { event: 'database_overwritten', fields: { why: 'it was overwritten' } },
  ]);
});

test('OpenFile says what it could not rescue', () => {
  using bench = new Bench(1);
  const file = bench.open();
  mkdirSync(bench.rescued);
  rmSync(`${bench.path}-wal`);
  bench.failure = OVERWRITTEN;
  assert.throws(
    () => file.refuseWhereGone(),
    (error) => error === OVERWRITTEN,
  );
  const [rows, log, told, ...none] = bench.logger.lines;
  assert.equal(rows?.event, 'rescue_failed');
  assert.equal(rows.fields['code'], 'db_not_a_database');
  assert.match(String(rows.fields['why']), /sentrypeer-rescued\.db is not a SentryPeer database/);
  assert.deepEqual(log, {
    event: 'rescue_failed',
    fields: { why: `${bench.path}-wal cannot be put aside (ENOENT)` },
  });
  assert.deepEqual(told, {
    event: 'database_overwritten',
    fields: { why: 'it was overwritten' },
  });
  assert.deepEqual(none, []);
});

test('FileWatch looks at the names now and then', () => {
  using directory = new TestDirectory();
  const path = directory.file('x.db');
  writeFileSync(path, 'x');
  const watch = new FileWatch(path);
  assert.equal(watch.failure(1000), undefined);
  renameSync(path, `${path}.aside`);
  assert.equal(watch.failure(1000 + FILE_LOOK_MS - 1), undefined);
  const gone = `database ${path} was deleted or replaced while it was in use; put the file back, or restart the daemon, which then goes on with what is there`;
  assert.deepEqual(
    [watch.failure(1000 + FILE_LOOK_MS)].map((error) => [error?.code, error?.message]),
    [['db_gone', gone]],
  );
  writeFileSync(path, 'another one');
  assert.notEqual(watch.failure(1000 + 2 * FILE_LOOK_MS), undefined);
  assert.notEqual(watch.failure(1000 + 3 * FILE_LOOK_MS), undefined, 'it stays another one');
  renameSync(`${path}.aside`, path);
  assert.notEqual(watch.failure(1000 + 4 * FILE_LOOK_MS - 1), undefined);
  assert.equal(watch.failure(1000 + 4 * FILE_LOOK_MS), undefined);
});

test('FileWatch names the first file that is another one', () => {
  using directory = new TestDirectory();
  const path = directory.file('folder/x.db');
  mkdirSync(directory.file('folder'));
  for (const end of ['', '-wal', '-shm']) writeFileSync(`${path}${end}`, 'x');
  const watch = new FileWatch(path);
  rmSync(`${path}-shm`);
  assert.equal(
    watch.failure(0)?.message,
    `${path}-shm, which belongs to the database, was deleted or replaced while it was in use; restart the daemon, which goes on with what the database has`,
  );
  rmSync(`${path}-wal`);
  assert.match(watch.failure(FILE_LOOK_MS)?.message ?? '', /x\.db-wal, which belongs/);
  rmSync(directory.file('folder'), { recursive: true });
  writeFileSync(directory.file('folder'), 'no directory any more');
  assert.match(watch.failure(2 * FILE_LOOK_MS)?.message ?? '', /^database .*x\.db was deleted/);
});
