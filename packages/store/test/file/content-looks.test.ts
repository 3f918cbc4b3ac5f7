// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* When the watch on the content looks, and what it believes. */

import assert from 'node:assert/strict';
import {
  copyFileSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { ContentWatch } from '../../src/file/content-watch.ts';
import { FILE_LOOK_MS } from '../../src/limits.ts';
import { emptyDatabase, TestClock, TestDirectory } from '../fixtures.ts';

const LOOK_MS = FILE_LOOK_MS / 2;
const LOG_OCTETS = 32 + 2 * (4096 + 24);

class Bench implements Disposable {
  readonly directory = new TestDirectory();
  readonly path = this.directory.file('sentrypeer.db');
  readonly log = `${this.path}-wal`;
  /** What the writer has in memory and in its log: here another file, which nothing happens to. */
  readonly database: DatabaseSync;
  readonly clock = new TestClock();
  /** What the log says: octets that wait, and frames. */
  waitingOctets = 0;
  frames = 2;
  #writes = 0;

  constructor(lastId = 0) {
    this.clock.ms = 1000;
    {
      using file = emptyDatabase(this.directory);
      file.exec(`PRAGMA journal_mode = DELETE;
        UPDATE counter SET value = ${lastId} WHERE name = 'last_honey_id'`);
    }
    const own = this.directory.file('own.db');
    copyFileSync(this.path, own);
    this.database = new DatabaseSync(own);
  }

  watch(): ContentWatch {
    const readWal = (): object => ({
      waitingOctets: this.waitingOctets,
      frames: this.frames,
      pageOctets: 4096,
    });
    const pages = { readWal } as ConstructorParameters<typeof ContentWatch>[0]['pages'];
    return new ContentWatch({ database: this.database, clock: this.clock, pages }, this.path);
  }

  setLastId(id: number): void {
    this.database.exec(`UPDATE counter SET value = ${id} WHERE name = 'last_honey_id'`);
  }

  /** Gives the file another date. */
  touch(): void {
    this.#writes += 1;
    utimesSync(this.path, this.#writes, this.#writes);
  }

  /** Copies another file over the database, without its connection. */
  copyOver(change: (database: DatabaseSync) => void): void {
    const other = this.directory.file('other.db');
    copyFileSync(this.path, other);
    {
      using database = new DatabaseSync(other);
      change(database);
    }
    copyFileSync(other, this.path);
    rmSync(other);
    this.touch();
  }

  identity(): unknown {
    const find = this.database.prepare("SELECT value FROM counter WHERE name = 'identity'");
    return find.get()?.['value'];
  }

  [Symbol.dispose](): void {
    this.database.close();
    this.directory[Symbol.dispose]();
  }
}

/** Looks until a suspicion is certain. */
function looked(bench: Bench, watch: ContentWatch): string | undefined {
  for (let look = 0; look < 3; look += 1) {
    bench.clock.ms += LOOK_MS;
    const failure = watch.failure();
    if (failure !== undefined) return failure.message;
  }
  return undefined;
}

test('ContentWatch gives a database an identity once', () => {
  using bench = new Bench();
  bench.database.exec("DELETE FROM counter WHERE name = 'identity'");
  bench.watch();
  const identity = Number(bench.identity());
  assert.ok(identity >= 0 && identity < 2 ** 47, String(identity));
  bench.watch();
  assert.equal(bench.identity(), identity);
});

test('ContentWatch does without an identity that it cannot write', () => {
  using bench = new Bench(3);
  const forget = "DELETE FROM counter WHERE name = 'identity'";
  bench.copyOver((database) => database.exec(forget));
  bench.database.exec(`${forget}; PRAGMA query_only = ON`);
  const watch = bench.watch();
  assert.equal(bench.identity(), undefined);
  assert.equal(watch.safeHoneyId, 3);
  bench.touch();
  assert.equal(looked(bench, watch), undefined);
});

test('ContentWatch knows which rows are in the file itself', () => {
  using bench = new Bench(3);
  const watch = bench.watch();
  assert.equal(watch.safeHoneyId, 3);
  bench.setLastId(5);
  bench.waitingOctets = 1;
  assert.equal(
    watch.whileWriting(() => undefined),
    true,
  );
  assert.equal(watch.safeHoneyId, 3, 'not all was copied');
  assert.equal(
    watch.whileWriting(() => (bench.waitingOctets = 0)),
    true,
  );
  assert.equal(watch.safeHoneyId, 5);
});

test('ContentWatch knows of no row where the file cannot be read, or is another one', () => {
  using bench = new Bench(3);
  bench.copyOver((database) => database.exec("DELETE FROM counter WHERE name = 'last_honey_id'"));
  assert.equal(bench.watch().safeHoneyId, 0);
});

test('ContentWatch.whileWriting() knows what it wrote, even if that fails half-way', () => {
  using bench = new Bench(3);
  const watch = bench.watch();
  const fault = new RangeError('full');
  assert.throws(
    () =>
      watch.whileWriting(() => {
        bench.copyOver((database) => database.exec('DROP TABLE counter'));
        throw fault;
      }),
    (error) => error === fault,
  );
  assert.equal(looked(bench, watch), undefined);
});

for (const [what, sql] of [
  ['of fewer rows', "UPDATE counter SET value = 2 WHERE name = 'last_honey_id'"],
  ['of more rows', "UPDATE counter SET value = 4 WHERE name = 'last_honey_id'"],
  ['of another identity', "UPDATE counter SET value = value + 1 WHERE name = 'identity'"],
  ['without that counter', "DELETE FROM counter WHERE name = 'last_honey_id'"],
  ['without counters', 'DROP TABLE counter'],
] as const) {
  test(`ContentWatch reports a database ${what} that is copied over, at the second look`, () => {
    using bench = new Bench(3);
    const watch = bench.watch();
    assert.equal(watch.failure(), undefined);
    bench.copyOver((database) => database.exec(sql));
    bench.clock.ms += LOOK_MS - 1;
    assert.equal(watch.failure(), undefined, 'it looks now and then');
    bench.clock.ms += 1;
    assert.equal(watch.failure(), undefined, 'for a moment a checkpoint looks the same');
    let written = false;
    assert.equal(
      watch.whileWriting(() => (written = true)),
      false,
    );
    assert.equal(written, false, 'nothing is written into it');
    bench.clock.ms += LOOK_MS - 1;
    assert.equal(
      watch.whileWriting(() => (written = true)),
      false,
    );
    assert.equal(watch.failure(), undefined);
    bench.clock.ms += LOOK_MS;
    const failure = watch.failure();
    assert.equal(failure?.code, 'db_overwritten');
    assert.match(
      failure.message,
      /^database .*sentrypeer\.db was emptied, or another file was copied over it.*stop the daemon, put the file/,
    );
    assert.equal(watch.failure(), failure, 'it stays wrong');
    assert.equal(
      watch.whileWriting(() => (written = true)),
      false,
    );
    assert.equal(written, false);
  });
}

test('ContentWatch is certain half of a look later', () => {
  using bench = new Bench(3);
  const watch = bench.watch();
  bench.copyOver((database) => database.exec('DROP TABLE counter'));
  bench.clock.ms += LOOK_MS;
  assert.equal(watch.failure(), undefined);
  bench.clock.ms += LOOK_MS;
  assert.equal(watch.failure()?.code, 'db_overwritten');
});

test('ContentWatch believes a copy of itself, also from before it had an identity', () => {
  using bench = new Bench(3);
  const watch = bench.watch();
  for (const sql of ['SELECT 1', "DELETE FROM counter WHERE name = 'identity'"]) {
    bench.copyOver((database) => database.exec(sql));
    assert.equal(looked(bench, watch), undefined);
    assert.equal(
      watch.whileWriting(() => undefined),
      true,
    );
  }
});

test('ContentWatch forgets a suspicion once the file is as it was', () => {
  using bench = new Bench(3);
  const watch = bench.watch();
  const aside = bench.directory.file('aside.db');
  copyFileSync(bench.path, aside);
  bench.copyOver((database) => database.exec('DROP TABLE counter'));
  bench.clock.ms += LOOK_MS;
  assert.equal(watch.failure(), undefined);
  copyFileSync(aside, bench.path);
  bench.touch();
  bench.clock.ms += LOOK_MS;
  assert.equal(watch.failure(), undefined);
  assert.equal(
    watch.whileWriting(() => undefined),
    true,
  );
  assert.equal(looked(bench, watch), undefined);
});

test('ContentWatch leaves a file that has another name to the watch on names', () => {
  using bench = new Bench(3);
  const watch = bench.watch();
  renameSync(bench.path, `${bench.path}.aside`);
  assert.equal(looked(bench, watch), undefined);
  writeFileSync(bench.path, 'another one');
  assert.equal(looked(bench, watch), undefined);
  rmSync(bench.path);
  renameSync(`${bench.path}.aside`, bench.path);
  assert.equal(looked(bench, watch), undefined);
});

test('ContentWatch takes a damaged file for a checkpoint half-way, unless it was cut', () => {
  for (const [change, isOther] of [
    [(path: string): void => damage(path, 4096), false],
    [(path: string): void => damage(path, 0), true],
    [(path: string): void => truncateSync(path, 8192), true],
  ] as const) {
    using bench = new Bench(3);
    const watch = bench.watch();
    change(bench.path);
    bench.touch();
    assert.equal(looked(bench, watch) !== undefined, isOther);
  }
});

/** Overwrites all from an octet on. */
function damage(path: string, from: number): void {
  const octets = readFileSync(path);
  octets.fill(0xff, from);
  writeFileSync(path, octets, { flag: 'r+' });
}

test('ContentWatch reports a log that is shorter than what waits in it, at once', () => {
  using bench = new Bench(3);
  const watch = bench.watch();
  bench.waitingOctets = 8192;
  assert.equal(watch.failure(), undefined, 'no log to be asked');
  writeFileSync(bench.log, Buffer.alloc(LOG_OCTETS));
  assert.equal(watch.failure(), undefined);
  truncateSync(bench.log, LOG_OCTETS - 1);
  bench.waitingOctets = 0;
  assert.equal(watch.failure(), undefined, 'nothing waits');
  bench.waitingOctets = 8192;
  assert.equal(
    watch.whileWriting(() => undefined),
    false,
  );
  const failure = watch.failure();
  assert.equal(failure?.code, 'db_overwritten');
  assert.match(failure.message, /sentrypeer\.db-wal, which holds the newest .* was emptied or cut/);
  assert.match(failure.message, /restart the daemon, which goes on with what the database has$/);
  truncateSync(bench.log, LOG_OCTETS);
  assert.equal(watch.failure(), failure);
});

test('ContentWatch asks again, because a log may have begun anew in between', () => {
  using bench = new Bench(3);
  const watch = bench.watch();
  writeFileSync(bench.log, Buffer.alloc(100));
  let asked = 0;
  Object.defineProperty(bench, 'waitingOctets', {
    get: () => {
      asked += 1;
      return asked === 1 ? 8192 : 0;
    },
  });
  assert.equal(watch.failure(), undefined);
  assert.equal(asked, 2);
});
