// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Backups, and what a user may not do who may only read. */

import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { backupDatabase, isSameFile } from '../../src/file/backup.ts';
import { openForeign } from '../../src/file/open-database.ts';
import { emptyDatabase, TestDirectory, TestLogger } from '../fixtures.ts';

const NOBODY = 65_534;

/** A database of ours that nobody has open. */
function atRest(directory: TestDirectory): string {
  emptyDatabase(directory).close();
  chmodSync(directory.path, 0o755);
  return directory.file('sentrypeer.db');
}

/** Runs `work` as a user with limited permissions; a superuser may write anything. */
async function asOrdinaryUser(work: () => Promise<void> | void): Promise<void> {
  const isSuperuser = process.geteuid?.() === 0;
  if (isSuperuser) process.seteuid?.(NOBODY);
  try {
    await work();
  } finally {
    if (isSuperuser) process.seteuid?.(0);
  }
}

test('isSameFile() goes by the file, whatever its name', () => {
  using directory = new TestDirectory();
  const [a, b] = [directory.file('a'), directory.file('b')];
  assert.equal(isSameFile(a, b), false);
  writeFileSync(a, '');
  assert.equal(isSameFile(a, b), false);
  assert.equal(isSameFile(b, a), false);
  writeFileSync(b, '');
  assert.equal(isSameFile(a, b), false);
  assert.equal(isSameFile(a, directory.file('./a')), true);
});

test('backupDatabase() shows the copy to its end, and lets read it who may read the database', async () => {
  using directory = new TestDirectory();
  const path = atRest(directory);
  const target = directory.file('copy.db');
  for (const [mode, copied] of [
    [0o644, 0o640],
    [0o600, 0o600],
  ] as const) {
    chmodSync(path, mode);
    const shown: unknown[] = [];
    const progress = (work: string, done: number, total: number): void => {
      shown.push([work, done / total]);
    };
    await backupDatabase(path, target, Object.assign(new TestLogger(), { progress }));
    assert.deepEqual(shown.at(-1), ['backup', 1]);
    assert.equal(statSync(target).mode & 0o777, copied);
  }
  rmSync(target);
  await backupDatabase(path, target, new TestLogger());
  using source = new DatabaseSync(path);
  const mode = source.prepare('PRAGMA journal_mode = DELETE').get()?.['journal_mode'];
  assert.equal(mode, 'delete', 'nobody else has it open');
  assert.deepEqual(
    readdirSync(directory.path).filter((name) => name.startsWith('.')),
    [],
  );
});

test('backupDatabase() says what it refuses', async () => {
  using directory = new TestDirectory();
  const path = atRest(directory);
  await assert.rejects(backupDatabase(path, path), {
    code: 'db_failed',
    message: `${path} is the database itself; name another file`,
  });
  const target = directory.file('copy.db');
  const done = backupDatabase(path, target);
  mkdirSync(target); // Appears while the copy is made.
  await assert.rejects(done, {
    code: 'db_failed',
    message: `the backup ${target} could not be written (EISDIR); name a file in a directory that this user may write, on a disk with room for a copy`,
  });
});

test('backupDatabase() shows how much of the copy is there, and only while it is made', async () => {
  using directory = new TestDirectory();
  const path = atRest(directory);
  const { setInterval: begin, clearInterval: end } = globalThis;
  const timer = begin(() => undefined, 1_000_000);
  let show = (): void => undefined;
  const ended: unknown[] = [];
  const shown: unknown[] = [];
  const progress = (_work: string, done: number, total: number): void => {
    shown.push(done === 0 ? 'nothing' : total - done);
  };
  globalThis.setInterval = ((look: () => void) => {
    show = look;
    show();
    return timer;
  }) as typeof begin;
  globalThis.clearInterval = (ticking) => {
    ended.push(ticking);
    show(); // As if it were due just now.
  };
  try {
    const logger = Object.assign(new TestLogger(), { progress });
    await backupDatabase(path, directory.file('copy.db'), logger);
    assert.deepEqual(shown, ['nothing', 1, 0], 'the end comes last');
    await backupDatabase(path, directory.file('copy.db'), new TestLogger());
  } finally {
    Object.assign(globalThis, { setInterval: begin, clearInterval: end });
    end(timer);
  }
  assert.deepEqual(ended, [timer, timer]);
});

test('backupDatabase() does not trust a copy of a file that somebody opened meanwhile', async () => {
  using directory = new TestDirectory();
  const path = atRest(directory);
  chmodSync(path, 0o644);
  chmodSync(directory.path, 0o555);
  using others = new TestDirectory();
  chmodSync(others.path, 0o777);
  const target = others.file('copy.db');
  const progress = (_work: string, done: number, total: number): void => {
    if (done < total) return;
    if (process.getuid?.() === 0) process.seteuid?.(0);
    chmodSync(directory.path, 0o755);
    for (const end of ['-wal', '-shm']) writeFileSync(`${path}${end}`, '');
  };
  await asOrdinaryUser(() =>
    assert.rejects(backupDatabase(path, target, Object.assign(new TestLogger(), { progress })), {
      code: 'db_failed',
      message: `another program opened ${path} while it was copied, so ${target} was not written; run it again`,
    }),
  );
  assert.equal(existsSync(target), false);
});

test('backupDatabase() names a directory that this user may not write', async () => {
  using directory = new TestDirectory();
  const path = atRest(directory);
  chmodSync(path, 0o644);
  chmodSync(directory.path, 0o555);
  const target = directory.file('copy.db');
  await asOrdinaryUser(() =>
    assert.rejects(backupDatabase(path, target), {
      code: 'db_failed',
      message: new RegExp(`^the backup ${target} could not be written \\(EACCES\\); name a file`),
    }),
  );
  chmodSync(directory.path, 0o755);
});

test('openForeign() reads a file at rest where this user may only read, and leaves nothing there', async () => {
  using directory = new TestDirectory();
  const path = atRest(directory);
  chmodSync(path, 0o644);
  chmodSync(directory.path, 0o555);
  await asOrdinaryUser(() => {
    using database = openForeign(path);
    assert.deepEqual(database.prepare('SELECT 1 FROM honey').all(), []);
  });
  assert.deepEqual(readdirSync(directory.path), ['sentrypeer.db']);
  chmodSync(directory.path, 0o755);
});
