// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rename, rm, symlink, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { formatEventJson } from '@sentrypeer/event';
import { JsonLog } from '../src/index.ts';
import { makeEvent, MemoryEventLog } from './memory-event-log.ts';

let folder = '';
let path = '';
let log = new MemoryEventLog();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'json-log-'));
  path = join(folder, 'sentrypeer_json.log');
  log = new MemoryEventLog();
});
afterEach(() => rm(folder, { recursive: true }));

const open = (options = {}): Promise<JsonLog> =>
  JsonLog.open(log.ports, { path, appVersion: '1.2.3', settleMs: 1, retryMsMin: 2, ...options });

/** The UUIDs of a file's lines, each of which must be a JSON object that ends in a line feed. */
function uuidsIn(file: string): readonly string[] {
  const text = readFileSync(file, 'utf8');
  assert.ok(text === '' || text.endsWith('\n'), 'the last line is whole');
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as { event_uuid: string }).event_uuid);
}

/** Complete lines, even while the file is written. */
const lineCount = (file: string): number => readFileSync(file, 'utf8').split('\n').length - 1;

async function until(isSo: () => boolean): Promise<void> {
  const deadline = AbortSignal.timeout(10_000);
  while (!isSo()) {
    assert.ok(!deadline.aborted, 'not in time');
    await nextTurn();
  }
}

test('JsonLog starts a new cursor at the end of the log and writes what comes after', async () => {
  log.append(3);
  await using jsonLog = await open();
  assert.equal(log.cursors.get('json-log'), 3);
  log.append(2);
  jsonLog.wake();
  await log.settled('json-log');
  assert.deepEqual(uuidsIn(path), log.uuids().slice(3));
  assert.equal(readFileSync(path, 'utf8').split('\n')[0], formatEventJson(makeEvent(4), '1.2.3'));
});

test('JsonLog makes the file readable by owner and group only', async () => {
  await using _jsonLog = await open();
  assert.equal(statSync(path).mode & 0o137, 0);
  assert.equal(statSync(path).mode & 0o600, 0o600);
});

test('JsonLog goes on at an existing cursor', async () => {
  log.append(500);
  log.cursors.set('json-log', 100);
  await using _jsonLog = await open();
  await log.settled('json-log');
  assert.deepEqual(uuidsIn(path), log.uuids().slice(100));
});

test('JsonLog writes messages of any octets and size as one line each', async () => {
  await using jsonLog = await open();
  const everyOctet = Array.from({ length: 256 }, (_, octet) => String.fromCharCode(octet)).join('');
  log.append(1, { sipMessage: everyOctet, userAgent: 'a\n{"\u2028\ud800' });
  log.append(100, { sipMessage: '\u0001'.repeat(98_304) });
  log.append(1);
  jsonLog.wake();
  await log.settled('json-log');
  assert.deepEqual(uuidsIn(path), log.uuids());
});

test('JsonLog reopen() goes on in a new file without loss or repetition', async () => {
  await using jsonLog = await open({ settleMs: 60_000 });
  const files: string[] = [];
  for (let round = 0; round < 5; round += 1) {
    log.append(300);
    jsonLog.wake();
    files.push(`${path}.${round}`);
    await rename(path, `${path}.${round}`);
    await jsonLog.reopen();
  }
  log.append(1);
  await jsonLog.close();
  assert.deepEqual([...files, path].flatMap(uuidsIn), log.uuids());
});

test('JsonLog goes on in the file that was moved until it is told to reopen, and repeats nothing', async () => {
  const bounds = { freeOctetsMin: 1, sizeOctetsMax: 0, keptCount: 1 };
  await using jsonLog = await open({ settleMs: 60_000, bounds });
  log.append(10);
  jsonLog.wake();
  await until(() => lineCount(path) === 10);
  await rename(path, `${path}.1`);
  log.append(10);
  jsonLog.wake();
  await until(() => lineCount(`${path}.1`) === 20);
  await jsonLog.reopen();
  assert.equal(log.count('delivery_failed'), 0);
  log.append(10);
  await jsonLog.close();
  assert.deepEqual([`${path}.1`, path].flatMap(uuidsIn), log.uuids());
});

test('JsonLog repeats nothing when it fails after its file was moved', async () => {
  const disk = { freeOctets: 10, totalOctets: 100 };
  const bounds = { freeOctetsMin: 1, sizeOctetsMax: 0, keptCount: 1, disk: async () => disk };
  await using jsonLog = await open({ settleMs: 60_000, bounds });
  log.append(10);
  jsonLog.wake();
  await until(() => lineCount(path) === 10);
  await rename(path, `${path}.1`);
  disk.freeOctets = 0;
  log.append(10);
  jsonLog.wake();
  await log.logged('delivery_failed');
  disk.freeOctets = 10;
  await log.logged('delivery_resumed');
  await jsonLog.close();
  assert.deepEqual([`${path}.1`, path].flatMap(uuidsIn), log.uuids());
});

test('JsonLog moves itself aside at its size, keeps as many files as it is told, and loses nothing of what is kept', async () => {
  const bounds = { freeOctetsMin: 0, sizeOctetsMax: 20_000, keptCount: 3 };
  await using jsonLog = await open({ settleMs: 1, bounds });
  for (let round = 0; round < 6; round += 1) {
    log.append(100);
    jsonLog.wake();
    await log.settled('json-log');
  }
  await jsonLog.close();
  const files = [`${path}.3`, `${path}.2`, `${path}.1`, path];
  const kept = files.flatMap(uuidsIn);
  for (const moved of files.slice(0, -1)) assert.ok(statSync(moved).size >= 20_000, moved);
  assert.deepEqual(kept, log.uuids().slice(-kept.length));
  assert.ok(!existsSync(`${path}.4`));
});

test('JsonLog leaves the reserve of its disk alone, says so once, and goes on by itself', async () => {
  const disk = { freeOctets: 10 * 1_048_576, totalOctets: 1_000_000 * 1_048_576 };
  const bounds = {
    freeOctetsMin: 256 * 1_048_576,
    sizeOctetsMax: 0,
    keptCount: 1,
    disk: async () => disk,
  };
  await using jsonLog = await open({ bounds, retryMsMin: 1 });
  log.append(10);
  jsonLog.wake();
  await log.logged('delivery_failed');
  assert.deepEqual(uuidsIn(path), []);
  const { code, message } = log.messages[0]?.fields ?? {};
  assert.equal(code, 'json_log_disk_low');
  assert.match(
    String(message),
    /^JSON log \S+: its disk has 10 MiB free, of which 256 MiB are kept free/,
  );
  disk.freeOctets = 300 * 1_048_576;
  await log.logged('delivery_resumed');
  await log.settled('json-log');
  assert.deepEqual(uuidsIn(path), log.uuids());
  assert.equal(log.count('delivery_failed'), 1);
});

test('JsonLog reopen() of the same file repeats nothing', async () => {
  await using jsonLog = await open();
  log.append(10);
  jsonLog.wake();
  await Promise.all([jsonLog.reopen(), jsonLog.reopen()]);
  await jsonLog.reopen();
  await jsonLog.close();
  await jsonLog.reopen();
  assert.deepEqual(uuidsIn(path), log.uuids());
});

test('JsonLog close() writes what is committed and saves the cursor', async () => {
  const jsonLog = await open({ settleMs: 60_000 });
  log.append(1000);
  await Promise.all([jsonLog.close(), jsonLog.close()]);
  assert.equal(log.cursors.get('json-log'), 1000);
  assert.deepEqual(uuidsIn(path), log.uuids());
});

test('JsonLog writes nothing twice after the cursor fell behind the file', async () => {
  log.append(200);
  writeFileSync(
    path,
    log.events
      .slice(0, 150)
      .map((event) => `${formatEventJson(event, '')}\n`)
      .join(''),
  );
  log.cursors.set('json-log', 20);
  const jsonLog = await open();
  await jsonLog.close();
  assert.deepEqual(uuidsIn(path), log.uuids());
});

test('JsonLog cuts off the part of a line that a crash left and writes its event again', async () => {
  log.append(4);
  const lines = log.events.map((event) => `${formatEventJson(event, '')}\n`);
  log.cursors.set('json-log', 1);
  for (const cut of [1, 5, 300, (lines[2] ?? '').length - 2]) {
    writeFileSync(path, `${lines[0]}${lines[1]}${(lines[2] ?? '').slice(0, cut)}`);
    const jsonLog = await open();
    await jsonLog.close();
    assert.deepEqual(uuidsIn(path), log.uuids(), `cut at ${cut}`);
    log.cursors.set('json-log', 1);
  }
});

test('JsonLog ends a whole last line that lacks its line feed', async () => {
  log.append(2);
  log.cursors.set('json-log', 0);
  writeFileSync(path, formatEventJson(makeEvent(1), ''));
  const jsonLog = await open();
  await jsonLog.close();
  assert.deepEqual(uuidsIn(path), log.uuids());
});

test('JsonLog leaves the text of others in the file untouched', async () => {
  log.cursors.set('json-log', 0);
  log.append(1);
  writeFileSync(path, 'precious\nnotes');
  const jsonLog = await open();
  await jsonLog.close();
  assert.equal(
    readFileSync(path, 'utf8'),
    `precious\nnotes\n${formatEventJson(makeEvent(1), '1.2.3')}\n`,
  );
});

test('JsonLog survives kill -9 amid writing with every event once', async () => {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'json-log-child.ts'), path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data'); // Some thousand events are on their way.
  child.kill('SIGKILL');
  await once(child, 'close');
  const before = readFileSync(path, 'utf8').split('\n').length;
  assert.ok(before > 1);
  log.append(20_000);
  log.cursors.set('json-log', 0);
  const jsonLog = await open();
  await log.settled('json-log');
  await jsonLog.close();
  assert.deepEqual(uuidsIn(path), log.uuids());
});

test('JsonLog.open() refuses a missing directory, and what is not a file', async () => {
  await assert.rejects(open({ path: join(folder, 'missing', 'x.log') }), {
    name: 'OperatingError',
    code: 'json_log_directory_missing',
  });
  await assert.rejects(open({ path: folder }), { code: 'json_log_not_writable' });
  await assert.rejects(JsonLog.open(log.ports, { path, appVersion: '' }, AbortSignal.abort()), {
    name: 'AbortError',
  });
});

test('JsonLog says once that the disk is full, keeps the cursor and goes on by itself', async () => {
  await symlink('/dev/full', path);
  await using jsonLog = await open();
  log.append(100);
  jsonLog.wake();
  await log.logged('delivery_failed');
  log.append(100);
  jsonLog.wake();
  await log.read(3); // As many tries.
  assert.equal(log.cursors.get('json-log'), 0);
  const target = join(folder, 'elsewhere');
  await unlink(path);
  await symlink(target, path);
  await log.logged('delivery_resumed');
  await log.settled('json-log');
  assert.deepEqual(uuidsIn(target), log.uuids());
  assert.equal(log.count('delivery_failed'), 1);
  const { code, message } = log.messages[0]?.fields ?? {};
  assert.equal(code, 'json_log_failed');
  assert.ok(
    String(message).startsWith(`JSON log ${path}: its disk is full; free some space`),
    String(message),
  );
});

test('JsonLog begins a new file if the one in use is deleted or replaced, and says so', async (t) => {
  if (process.platform === 'win32') return t.skip('Windows deletes no open file');
  await using jsonLog = await open();
  const write = async (): Promise<void> => {
    log.append(2);
    jsonLog.wake();
    await log.settled('json-log');
  };
  await write();
  await unlink(path);
  await write();
  assert.deepEqual(uuidsIn(path), log.uuids().slice(2));
  await rename(path, join(folder, 'moved')); // As logrotate does, before it sends SIGHUP.
  await write();
  assert.deepEqual(uuidsIn(join(folder, 'moved')), log.uuids().slice(2));
  await unlink(join(folder, 'moved'));
  writeFileSync(path, '');
  await write();
  assert.deepEqual(uuidsIn(path), log.uuids().slice(6));
  assert.equal(log.count('delivery_failed'), 2);
  assert.match(String(log.messages[0]?.fields['message']), /was deleted or replaced while/);
});

test('JsonLog hears a wake after an outage in which nothing was to be written', async () => {
  await using jsonLog = await open();
  log.failure = Object.assign(new Error('database is locked'), { code: 'ERR_SQLITE_ERROR' });
  jsonLog.wake();
  await log.logged('delivery_failed');
  log.failure = undefined;
  await log.read(1);
  await nextTurn(); // It is waiting now.
  log.append(1);
  jsonLog.wake();
  await log.settled('json-log');
});

test('JsonLog close() ends also when the disk is full and says what is left', async () => {
  await symlink('/dev/full', path);
  const jsonLog = await open({ retryMsMin: 60_000 });
  log.append(7);
  jsonLog.wake();
  await log.logged('delivery_failed');
  await jsonLog.close();
  assert.equal(log.cursors.get('json-log'), 0);
  assert.deepEqual(log.messages.at(-1), {
    event: 'delivery_left_for_next_start',
    fields: { consumer: 'json-log', events: 7 },
  });
});

test('JsonLog waits and goes on when the event log cannot be read for a while', async () => {
  await using jsonLog = await open();
  log.append(1);
  log.failure = Object.assign(new Error('database is locked'), { code: 'ERR_SQLITE_ERROR' });
  jsonLog.wake();
  await log.logged('delivery_failed');
  log.failure = undefined;
  await log.settled('json-log');
  assert.deepEqual(uuidsIn(path), log.uuids());
});

test('JsonLog follows the log when it was emptied and its numbers began anew', async () => {
  log.append(10);
  await using jsonLog = await open();
  log.events = [];
  log.append(2, { userAgent: 'anew' });
  jsonLog.wake();
  await log.settled('json-log');
  assert.deepEqual(uuidsIn(path), log.uuids());
});

test('JsonLog says how many events expired before it could write them', async () => {
  log.append(10);
  log.cursors.set('json-log', 2);
  log.events = log.events.slice(5);
  await using _jsonLog = await open();
  await log.settled('json-log');
  assert.deepEqual(log.messages[0], {
    event: 'delivery_events_expired',
    fields: { consumer: 'json-log', events: 3 },
  });
});

test('JsonLog leaves out what other nodes shared', async () => {
  log.cursors.set('json-log', 0);
  log.append(1);
  log.append(2, { createdByNodeId: 'another', isHearsay: true });
  log.append(1);
  await using _jsonLog = await open();
  await log.settled('json-log');
  assert.deepEqual(uuidsIn(path), [log.uuids()[0], log.uuids()[3]]);
});
