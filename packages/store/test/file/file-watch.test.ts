// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { OperatingError } from '@sentrypeer/kernel';
import { FileWatch } from '../../src/file/file-watch.ts';
import { FILE_LOOK_MS } from '../../src/limits.ts';
import { Store } from '../../src/store.ts';
import { distinctBatch, TestClock, TestDirectory, TestDisk, TestLogger } from '../fixtures.ts';

test('FileWatch notices when the database, its log or its index is another file, or none', () => {
  using directory = new TestDirectory();
  const path = directory.file('x.db');
  let nowMs = 0;
  for (const ending of ['', '-wal', '-shm']) {
    for (const end of ['', '-wal', '-shm']) writeFileSync(`${path}${end}`, 'x');
    const watch = new FileWatch(path);
    const look = (): string | undefined => {
      nowMs += FILE_LOOK_MS;
      return watch.failure(nowMs)?.message;
    };
    assert.equal(look(), undefined);
    truncateSync(`${path}${ending}`);
    assert.equal(look(), undefined);
    renameSync(`${path}${ending}`, `${path}.aside`);
    assert.match(look() ?? '', new RegExp(`x\\.db${ending}\\b.*was deleted or replaced`));
    writeFileSync(`${path}${ending}`, 'x');
    assert.match(look() ?? '', /was deleted or replaced/);
    renameSync(`${path}.aside`, `${path}${ending}`);
    assert.equal(look(), undefined);
  }
});

test('FileWatch waits for companions that are not there yet', () => {
  using directory = new TestDirectory();
  const path = directory.file('x.db');
  writeFileSync(path, 'x');
  const watch = new FileWatch(path);
  assert.equal(watch.failure(0), undefined);
  writeFileSync(`${path}-wal`, 'x');
  assert.equal(watch.failure(FILE_LOOK_MS), undefined);
  rmSync(`${path}-wal`);
  assert.match(watch.failure(2 * FILE_LOOK_MS)?.message ?? '', /x\.db-wal, which belongs/);
});

test('FileWatch does not throw if the directory is no longer one', () => {
  using directory = new TestDirectory();
  const path = directory.file('folder/x.db');
  const watch = new FileWatch(path);
  writeFileSync(directory.file('folder'), 'x');
  assert.doesNotThrow(() => watch.failure(0));
});

test('a log that is deleted while it is open: what was committed is saved into the database', () => {
  using directory = new TestDirectory();
  const path = directory.file('x.db');
  const clock = new TestClock();
  const logger = new TestLogger();
  {
    using store = Store.open({ clock, logger, disk: new TestDisk() }, { path });
    store.append([distinctBatch(0, 50)]);
    rmSync(`${path}-wal`);
    clock.ms += FILE_LOOK_MS;
    assert.throws(
      () => store.append([distinctBatch(50, 10)]),
      (error) => error instanceof OperatingError && error.code === 'db_gone',
    );
    assert.deepEqual(logger.events(), ['database_gone']);
  }
  using database = new DatabaseSync(path, { readOnly: true });
  assert.equal(database.prepare('SELECT count(*) AS n FROM honey').get()?.['n'], 50);
});

test('a disk that cannot be asked is trouble with the database, not an error of ours', () => {
  using directory = new TestDirectory();
  const disk = new TestDisk();
  const ports = { clock: new TestClock(), logger: new TestLogger(), disk };
  using store = Store.open(ports, { path: directory.file('x.db') });
  disk.read = () => {
    throw Object.assign(new Error('gone'), { code: 'ENOENT' });
  };
  ports.clock.ms += 3_600_000;
  for (const work of [() => store.append([distinctBatch(0, 1)]), () => store.maintain()]) {
    ports.clock.ms += 60_000;
    assert.throws(
      work,
      (error) =>
        error instanceof OperatingError && /cannot be reached \(ENOENT\)/.test(error.message),
    );
  }
});
