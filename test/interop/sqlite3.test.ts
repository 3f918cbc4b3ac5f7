// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * Another program reads the database while the daemon writes it, as the README shows, and then the daemon is killed.
 * Nothing in this process opens the database: a connection here would hold the lock that the daemon must hold itself.
 */

import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test, type TestContext } from 'node:test';
import { DaemonProcess, TemporaryFolder, until } from '../e2e/daemon-process.ts';
import { sipRequest, UdpPeer } from '../e2e/sip-peers.ts';
import { peer } from './peer.ts';
import { runTool } from './tool.ts';

const ROUNDS_COUNT = 4;
const REQUESTS_PER_ROUND = 60;
const OLD_ROWS_COUNT = 60_000;

/** First octet of the locks of SQLite's readers on the database, https://www.sqlite.org/src/file/src/os.h. */
const SHARED_FIRST = 0x4000_0002;
/** The octet of the `-shm` file that every user of the log locks, https://www.sqlite.org/walformat.html §2.3. */
const DEAD_MAN_SWITCH = 128;

/** Numbers the requests of a test, so that each makes a separate row. */
class Caller implements Disposable {
  sentCount = 0;
  readonly #peer: UdpPeer;

  private constructor(udpPeer: UdpPeer) {
    this.#peer = udpPeer;
  }

  static async open(): Promise<Caller> {
    return new Caller(await UdpPeer.open());
  }

  async send(count: number, port: number): Promise<void> {
    for (let index = 0; index < count; index += 1) {
      await this.#peer.send(sipRequest({ user: `${1000 + this.sentCount}` }), port);
      this.sentCount += 1;
    }
  }

  [Symbol.dispose](): void {
    this.#peer[Symbol.dispose]();
  }
}

/** What `sqlite3` prints for a statement, as typed by a person. */
async function sqlite(program: string, file: string, sql: string): Promise<string> {
  const { output, status } = await runTool(program, ['-cmd', '.timeout 20000', file, sql], {
    folder: dirname(file),
  });
  assert.equal(status, 0, output);
  return output.trim();
}

async function rowsCount(program: string, file: string): Promise<number> {
  return Number(await sqlite(program, file, 'SELECT count(*) FROM honey'));
}

/** First octets of the process's locks on a file. */
function locksOf(pid: number, path: string): readonly number[] {
  const inode = statSync(path).ino;
  return readFileSync('/proc/locks', 'latin1')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((words) => Number(words[4]) === pid && words[5]?.split(':')[2] === String(inode))
    .map((words) => Number(words[6]));
}

function assertLocked(daemon: DaemonProcess): void {
  const { pid, dbFile } = daemon;
  assert.ok(locksOf(pid, dbFile).includes(SHARED_FIRST), 'a lock on the database');
  assert.ok(locksOf(pid, `${dbFile}-shm`).includes(DEAD_MAN_SWITCH), 'a lock on its -shm');
}

interface Scene {
  readonly daemon: DaemonProcess;
  readonly program: string;
  readonly oldRowsCount: number;
  /** What else is done in each round. */
  readonly beside?: () => Promise<void>;
}

/** Writes and reads in turn, then kills the daemon: everything committed stays, and every reader sees it. */
async function survivesReaders({ daemon, program, oldRowsCount, beside }: Scene): Promise<void> {
  const { dbFile } = daemon;
  using caller = await Caller.open();
  let logInode: number | undefined;
  for (let round = 0; round < ROUNDS_COUNT; round += 1) {
    await caller.send(REQUESTS_PER_ROUND, daemon.ports.udp);
    await beside?.();
    const wanted = oldRowsCount + caller.sentCount;
    await until(
      `${wanted} rows for sqlite3`,
      async () => (await rowsCount(program, dbFile)) >= wanted,
    );
    assert.equal(await rowsCount(program, dbFile), wanted);
    assertLocked(daemon);
    logInode ??= statSync(`${dbFile}-wal`).ino;
    assert.equal(statSync(`${dbFile}-wal`).ino, logInode, 'the log is still the same file');
  }
  daemon.signal('SIGKILL');
  await daemon.ended();
  assert.equal(await sqlite(program, dbFile, 'PRAGMA integrity_check'), 'ok');
  assert.equal(await rowsCount(program, dbFile), oldRowsCount + caller.sentCount);
}

function program(t: TestContext): string | undefined {
  if (process.platform === 'linux') return peer('sqlite3', t);
  t.skip('locks are counted in /proc/locks');
  return undefined;
}

for (const [mode, args] of [
  ['several threads', ['--threads=2']],
  ['one thread', ['--threads=1']],
  ['several threads and no API', ['--threads=2', '--api=off']],
  ['one thread and no API', ['--threads=1', '--api=off']],
  ['everything that follows the log', ['--threads=3', '-j', '-v', '-w', 'http://127.0.0.1:9/']],
] as const) {
  test(`sqlite3 reads while a daemon runs with ${mode}, which is then killed: every row is there`, async (t) => {
    const sqlite3 = program(t);
    if (sqlite3 === undefined) return;
    await using daemon = await DaemonProcess.start(args);
    await survivesReaders({ daemon, program: sqlite3, oldRowsCount: 0 });
  });
}

test('sqlite3 reads while a daemon makes lists, backups and decisions: every row is there', async (t) => {
  const sqlite3 = program(t);
  if (sqlite3 === undefined) return;
  await using daemon = await DaemonProcess.start(['--threads=2']);
  const { folder, dbFile, ports } = daemon;
  let round = 0;
  const command = async (...words: readonly string[]): Promise<void> => {
    const { status, stderr } = await DaemonProcess.run(['-f', dbFile, ...words], { folder });
    assert.equal(status, 0, stderr);
  };
  const beside = async (): Promise<void> => {
    round += 1;
    await (await fetch(`http://127.0.0.1:${ports.api}/ip-addresses`)).text();
    await command('backup', join(folder, 'copy.db'));
    await command('allow', 'add', `198.51.100.${round}`);
    const allowed = await sqlite(sqlite3, dbFile, 'SELECT count(*) FROM allowance');
    assert.equal(allowed, String(round));
  };
  await survivesReaders({ daemon, program: sqlite3, oldRowsCount: 0, beside });
  assert.equal(await sqlite(sqlite3, join(folder, 'copy.db'), 'PRAGMA integrity_check'), 'ok');
});

test('sqlite3 reads while an old database is migrated and after it: every row is there', async (t) => {
  const sqlite3 = program(t);
  if (sqlite3 === undefined) return;
  using folder = new TemporaryFolder();
  const file = join(folder.path, 'sentrypeer.db');
  makeOldDatabase(file);
  const stop = new AbortController();
  const reading = (async () => {
    while (!stop.signal.aborted) assert.equal(await rowsCount(sqlite3, file), OLD_ROWS_COUNT);
  })();
  await using daemon = await DaemonProcess.start([], { folder: folder.path });
  stop.abort();
  await reading;
  await survivesReaders({ daemon, program: sqlite3, oldRowsCount: OLD_ROWS_COUNT });
});

/** As SentryPeer 4.x leaves it; the connection is closed before the daemon starts. */
function makeOldDatabase(path: string): void {
  const database = new DatabaseSync(path);
  database.exec(`
    CREATE TABLE honey (honey_id INTEGER PRIMARY KEY, event_timestamp TEXT, event_uuid TEXT,
      collected_method TEXT, source_ip TEXT, called_number TEXT, transport_type TEXT, method TEXT,
      user_agent TEXT, sip_message TEXT, created_by_node_id TEXT,
      created_at DATETIME DEFAULT(STRFTIME('%Y-%m-%d %H:%M:%f','NOW')));
    CREATE INDEX source_ip_index ON honey (source_ip);
    CREATE INDEX called_number_index ON honey (called_number);
    CREATE INDEX event_uuid_index ON honey (event_uuid);
    WITH RECURSIVE series (value) AS
      (SELECT 1 UNION ALL SELECT value + 1 FROM series WHERE value < ${OLD_ROWS_COUNT})
    INSERT INTO honey (event_timestamp, event_uuid, collected_method, source_ip, called_number,
      transport_type, method, user_agent, sip_message, created_by_node_id)
    SELECT '2026-02-01 13:00:00.5123456', format('00000000-0000-4000-8000-%012d', value), 'passive',
      format('203.0.113.%d', value % 250), format('0044%d', value % 5000), 'UDP', 'OPTIONS',
      'friendly-scanner', 'OPTIONS sip:a SIP/2.0', 'c-node' FROM series;`);
  database.close();
}
