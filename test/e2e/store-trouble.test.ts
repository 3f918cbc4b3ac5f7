// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The database accepts nothing: the daemon says so, continues to answer, and catches up on its own. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { DaemonProcess, TemporaryFolder, until } from './daemon-process.ts';
import { assertAnswers, sipRequest, UdpPeer } from './sip-peers.ts';

const REQUESTS_COUNT = 200;
let sendersCount = 0;

/** Sends distinct requests and waits until each was answered, so that none is left in the kernel. */
async function sendAnswered(daemon: DaemonProcess, count: number, body = ''): Promise<void> {
  // A separate network for each: it gets a thousand answers at once.
  sendersCount += 1;
  using peer = await UdpPeer.open(`127.6.${sendersCount}.1`);
  const { udp } = daemon.ports;
  for (let index = 0; index < count; index += 1) {
    const number = `${sendersCount}000${index}`;
    await peer.send(sipRequest({ user: number, callId: number, body }), udp);
    if (index % 10 === 9 || index === count - 1) {
      await until('the answers', () => peer.received.length === index + 1);
    }
  }
}

test('a database that another program locks: events wait, and recording resumes', async () => {
  await using daemon = await DaemonProcess.start(['-rv', '--reply-burst=1000']);
  await sendAnswered(daemon, 10);
  await daemon.recorded(10);
  {
    using _lock = daemon.lockDatabase();
    await sendAnswered(daemon, REQUESTS_COUNT);
    await until('the message', () => daemon.stderr.includes('recording_stalled'));
    assert.match(
      daemon.stderr,
      /recording_stalled code=db_locked why=".*is locked by another program/,
    );
    assert.equal(daemon.accounted(), 10);
  }
  await daemon.recorded(10 + REQUESTS_COUNT);
  await until('the end of it', () => daemon.stderr.includes('recording_resumed'));
  assert.equal(daemon.accounted(), 10 + REQUESTS_COUNT);
  assert.equal(daemon.number(`SELECT value FROM counter WHERE name = 'dropped_messages'`), 0);
});

test('a stop while the database is locked keeps what waits next to it, and import takes it', async () => {
  using folder = new TemporaryFolder();
  await using daemon = await DaemonProcess.start(['-r'], { folder: folder.path });
  const rescued = join(folder.path, 'sentrypeer-rescued.db');
  {
    using _lock = daemon.lockDatabase();
    await sendAnswered(daemon, 20);
    await daemon.stop();
    assert.match(daemon.stderr, /events_saved_at_stop file=\S+ messages=20 .*why=".*locked/);
    assert.ok(daemon.stderr.includes(rescued), daemon.stderr);
    assert.equal(daemon.accounted(), 0);
  }
  const { status, stdout, stderr } = await DaemonProcess.run(
    ['-f', daemon.dbFile, 'import', rescued],
    { folder: folder.path },
  );
  assert.equal(status, 0, stderr);
  assert.match(stdout, /20 events of .* added/);
  assert.equal(daemon.accounted(), 20);
});

test('a stop while nothing can be written anywhere says how much is lost', async () => {
  using folder = new TemporaryFolder();
  await using daemon = await DaemonProcess.start(['-r'], { folder: folder.path });
  using _lock = daemon.lockDatabase();
  writeFileSync(join(folder.path, 'sentrypeer-rescued.db'), 'Dear diary,\n');
  await sendAnswered(daemon, 20);
  await daemon.stop();
  assert.match(
    daemon.stderr,
    /events_lost_at_stop messages=20 why=".*locked.*" not_saved=".*is not a SentryPeer database/,
  );
});

test('another database copied over the open one: not ready, and no event is lost at the stop', async () => {
  using folder = new TemporaryFolder();
  const other = join(folder.path, 'other.db');
  {
    await using first = await DaemonProcess.start(['-r', '-f', other], { folder: folder.path });
    await first.stop();
  }
  await using daemon = await DaemonProcess.start(['-r'], { folder: folder.path });
  await sendAnswered(daemon, 10);
  // This process must not keep it open: its log would outlive the daemon.
  await until('the rows', () => {
    using database = new DatabaseSync(daemon.dbFile, { readOnly: true });
    return database.prepare('SELECT count(*) AS n FROM honey').get()?.['n'] === 10;
  });
  copyFileSync(other, daemon.dbFile);
  const ready = async (): Promise<Response> =>
    await fetch(`http://127.0.0.1:${daemon.ports.api}/readyz`);
  await until('the reason', async () => {
    const answer = await ready();
    return (await answer.text()).includes('another file was copied over it');
  });
  assert.equal((await ready()).status, 503);
  assert.match(daemon.stderr, /database_overwritten why=".*" rescued=10 file=/);
  await sendAnswered(daemon, 10);
  await until('the stall', () => daemon.stderr.includes('recording_stalled'));
  await daemon.stop();
  assert.deepEqual(readFileSync(daemon.dbFile), readFileSync(other));
  const { stdout, stderr } = await DaemonProcess.run(
    ['-f', daemon.dbFile, 'import', join(folder.path, 'sentrypeer-rescued.db')],
    { folder: folder.path },
  );
  assert.match(stdout, /20 events of .* added/, stderr);
});

test('a file that may not grow: drops are counted exactly, and recording resumes', async (t) => {
  if (process.platform !== 'linux') return t.skip('prlimit is a program of Linux');
  await using daemon = await DaemonProcess.start([
    '-r',
    '--threads=1',
    '--reply-burst=1000',
    '--reply-bandwidth=0',
  ]);
  await sendAnswered(daemon, 10);
  await daemon.recorded(10);
  // Does to a write what a full disk or a quota does, without filling a disk.
  const limit = (soft: string): unknown =>
    execFileSync('prlimit', ['--pid', String(daemon.pid), `--fsize=${soft}:`]);
  limit(String(statSync(`${daemon.dbFile}-wal`).size));
  await sendAnswered(daemon, 1);
  await until('the message', () => daemon.stderr.includes('recording_stalled'));
  // More than may wait: 16 MiB in the store and as much in blocks on their way.
  const count = 1000;
  await sendAnswered(daemon, count, 'x'.repeat(50_000));
  await assertAnswers(daemon);
  limit('unlimited');
  await daemon.recorded(10 + 1 + count + 1);
  assert.equal(daemon.accounted(), 10 + 1 + count + 1);
  const dropped = daemon.number(`SELECT value FROM counter WHERE name = 'dropped_messages'`);
  t.diagnostic(`${dropped} of ${count} dropped and counted`);
  assert.ok(dropped > 0 && dropped < count, String(dropped));
  await sendAnswered(daemon, 10);
  await daemon.recorded(10 + 1 + count + 1 + 10);
  assert.deepEqual(daemon.rows('PRAGMA integrity_check'), [{ integrity_check: 'ok' }]);
});

test('a file of something else is refused and left as it is', async () => {
  using folder = new TemporaryFolder();
  const file = join(folder.path, 'sentrypeer.db');
  writeFileSync(file, 'Dear diary,\n'.repeat(100));
  const { status, stderr } = await DaemonProcess.run([], { folder: folder.path });
  assert.equal(status, 1);
  assert.match(stderr, /^sentrypeer: .*sentrypeer\.db is not a SentryPeer database: .*\n$/m);
  assert.equal(readFileSync(file, 'utf8'), 'Dear diary,\n'.repeat(100));
});

test('a database of another program is refused and left as it is', async () => {
  using folder = new TemporaryFolder();
  const file = join(folder.path, 'sentrypeer.db');
  const other = new DatabaseSync(file);
  other.exec('CREATE TABLE bookmarks (url TEXT)');
  other.close();
  const before = readFileSync(file);
  const { status, stderr } = await DaemonProcess.run([], { folder: folder.path });
  assert.equal(status, 1);
  assert.match(stderr, /is not a SentryPeer database: it has no table honey/);
  assert.deepEqual(readFileSync(file), before);
});

/** Root ignores permissions until these two capabilities are gone. */
const AS_ORDINARY_USER =
  process.getuid?.() === 0
    ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search', '--']
    : [];

test('a folder that may not be written is refused', async () => {
  using folder = new TemporaryFolder();
  chmodSync(folder.path, 0o500);
  const { status, stderr } = await DaemonProcess.run([], {
    folder: folder.path,
    under: AS_ORDINARY_USER,
  });
  chmodSync(folder.path, 0o700);
  assert.equal(status, 1, stderr);
  assert.match(stderr, /^sentrypeer: .*cannot be written.*\n$/);
  assert.ok(stderr.includes(folder.path), stderr);
});

test('a database that may not be written is refused', async () => {
  using folder = new TemporaryFolder();
  const options = { folder: folder.path, under: AS_ORDINARY_USER };
  await using daemon = await DaemonProcess.start([], options);
  await daemon.stop();
  chmodSync(daemon.dbFile, 0o400);
  const { status, stderr } = await DaemonProcess.run([], options);
  assert.equal(status, 1, stderr);
  assert.match(stderr, /^sentrypeer: .*sentrypeer\.db cannot be written.*\n$/);
  for (const list of ['allow', 'block']) {
    const read = await DaemonProcess.run(['-f', daemon.dbFile, list, 'list'], options);
    assert.equal(read.status, 0, read.stderr);
  }
});

for (const trouble of ['deleted', 'replaced'] as const) {
  test(`a database that is ${trouble} while it is open makes the daemon not ready within 5 s, and back`, async () => {
    await using daemon = await DaemonProcess.start(['--threads=2']);
    using peer = await UdpPeer.open();
    await peer.send(sipRequest(), daemon.ports.udp);
    await daemon.recorded(1);
    const aside = `${daemon.dbFile}.aside`;
    renameSync(daemon.dbFile, aside);
    if (trouble === 'replaced') writeFileSync(daemon.dbFile, '');
    const ready = async (): Promise<number> =>
      (await fetch(`http://127.0.0.1:${daemon.ports.api}/readyz`)).status;
    await until('not ready', async () => (await ready()) === 503, 5000);
    await until(
      'the error',
      () => /database_gone .*was deleted or replaced/.test(daemon.stderr),
      5000,
    );
    await peer.send(sipRequest({ user: 'later' }), daemon.ports.udp);
    await until('the stall', () => daemon.stderr.includes('recording_stalled'));
    renameSync(aside, daemon.dbFile);
    await until('ready again', async () => (await ready()) === 200);
    await daemon.recorded(2);
    await until('the all-clear', () => daemon.stderr.includes('database_is_back'));
  });
}

test('a database whose directory is moved away: not ready, no end, and all is recorded once it is back', async () => {
  using parent = new TemporaryFolder();
  const folder = join(parent.path, 'db');
  mkdirSync(folder);
  const dbFile = join(folder, 'sentrypeer.db');
  await using daemon = await DaemonProcess.start(['-r', '-f', dbFile]);
  const count = (): unknown => {
    using database = new DatabaseSync(dbFile, { readOnly: true });
    return database.prepare('SELECT count(*) AS n FROM honey').get()?.['n'];
  };
  const ready = async (): Promise<number> =>
    (await fetch(`http://127.0.0.1:${daemon.ports.api}/readyz`)).status;
  await sendAnswered(daemon, 10);
  await until('the rows', () => count() === 10);
  renameSync(folder, `${folder}.aside`);
  await until('not ready', async () => (await ready()) === 503);
  // The writer looks by itself; until then it records into the file where it is now.
  await until('the error', () => daemon.stderr.includes('database_gone'));
  await sendAnswered(daemon, 10);
  await until('the stall', () => daemon.stderr.includes('recording_stalled code=db_gone'));
  renameSync(`${folder}.aside`, folder);
  await until('ready again', async () => (await ready()) === 200);
  await until('all rows', () => count() === 20);
});

test('a database behind a link: commands see the newest events, and trouble with its log is noticed', async (t) => {
  if (process.platform === 'win32') return t.skip('Windows deletes no open file');
  using folder = new TemporaryFolder();
  const file = join(folder.path, 'disk', 'real.db');
  mkdirSync(join(folder.path, 'disk'));
  symlinkSync('disk/real.db', join(folder.path, 'sentrypeer.db')); // Nothing is there yet.
  await using daemon = await DaemonProcess.start(['-r'], { folder: folder.path });
  using _reader = new DatabaseSync(file, { readOnly: true }); // So that the log is not emptied.
  for (const count of [10, 20]) {
    await sendAnswered(daemon, 10);
    await daemon.recorded(count);
    const command = ['-f', daemon.dbFile, 'status', '--json'];
    const { stdout, stderr } = await DaemonProcess.run(command, { folder: folder.path });
    const { running, events } = JSON.parse(stdout) as Readonly<Record<string, unknown>>;
    assert.deepEqual({ running, events }, { running: true, events: count }, stderr);
  }
  unlinkSync(`${file}-wal`);
  await until('the error', () => /database_gone .*real\.db-wal/.test(daemon.stderr));
});
