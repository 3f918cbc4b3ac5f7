// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { makeLegacyDatabase } from '../../packages/store/test/file/legacy-database.ts';
import { DaemonProcess, PROGRAM, TemporaryFolder, until } from './daemon-process.ts';
import { sipRequest, UdpPeer } from './sip-peers.ts';

const COUNT = 30;

test('import takes the JSON log, the CSV and the database of another node, each event once', async () => {
  await using other = await DaemonProcess.start(['-j']);
  using peer = await UdpPeer.open('127.8.0.1');
  for (let index = 0; index < COUNT; index += 1) {
    await peer.send(sipRequest({ user: `=1${index}`, userAgent: 'a "tool", =x' }), other.ports.udp);
  }
  await other.recorded(COUNT);
  const log = join(other.folder, 'sentrypeer_json.log');
  await until('the log', () => readFileSync(log, 'utf8').split('\n').length > COUNT);
  const csv = join(other.folder, 'events.csv');
  const url = `http://127.0.0.1:${other.ports.api}/v1/events.csv`;
  writeFileSync(csv, await (await fetch(url)).text());

  await using daemon = await DaemonProcess.start(['-j']);
  const run = async (file: string, ...flags: readonly string[]): Promise<string> => {
    const words = ['-f', daemon.dbFile, 'import', file, ...flags];
    const { status, stdout, stderr } = await DaemonProcess.run(words, { folder: daemon.folder });
    assert.equal(status, 0, stderr);
    return stdout;
  };
  assert.match(await run(csv), /^30 events of \S+ added, 0 events known before\.\n$/);
  assert.match(await run(log), /^0 events of \S+ added, 30 events known before\.\n$/);
  assert.match(await run(other.dbFile), /^0 events of \S+ added, 30 events known before\.\n$/);
  const numbers = `SELECT group_concat(called_number) FROM (SELECT called_number FROM honey ORDER BY event_uuid)`;
  assert.deepEqual(daemon.rows(numbers), other.rows(numbers));
  assert.equal(daemon.number('SELECT seen_count FROM address_total'), COUNT);

  writeFileSync(join(other.folder, 'half.log'), `${readFileSync(log, 'utf8')}{"half":`);
  assert.deepEqual(JSON.parse(await run(join(other.folder, 'half.log'), '--json')), {
    file: join(other.folder, 'half.log'),
    added: 0,
    known: COUNT,
    unread: 1,
    kept_beyond_limits: false,
    makes_room: false,
    damaged: false,
  });
  await peer.send(sipRequest({ user: 'own' }), daemon.ports.udp);
  await daemon.recorded(COUNT + 1);
  const own = join(daemon.folder, 'sentrypeer_json.log');
  await until('the own event in the log', () => readFileSync(own, 'utf8').includes('"own"'));
  assert.equal(readFileSync(own, 'utf8').split('\n').length, 2, 'imported events are no news');
});

test('import takes what can be read of a damaged database, and says so', async () => {
  using folder = new TemporaryFolder();
  const damaged = join(folder.path, 'damaged.db');
  const rows = Array.from({ length: 500 }, () => ({ sipMessage: 'INVITE '.repeat(100) }));
  makeLegacyDatabase(damaged, rows);
  const file = openSync(damaged, 'r+');
  writeSync(file, new Uint8Array(4096).fill(0xff), 0, 4096, 60 * 4096);
  closeSync(file);
  await using daemon = await DaemonProcess.start();
  const run = () =>
    DaemonProcess.run(['-f', daemon.dbFile, 'import', damaged], { folder: folder.path });
  const { status, stdout, stderr } = await run();
  assert.equal(status, 1);
  const added = daemon.number('SELECT count(*) FROM honey');
  assert.ok(added < 500 && added > 450, `${added} events`);
  assert.equal(stdout, `${added} events of ${damaged} added, 0 events known before.\n`);
  assert.match(
    stderr,
    /^The file is damaged: events in the parts of it that cannot be read are missing/,
  );
  assert.match((await run()).stdout, new RegExp(`^0 events .* ${added} events known before`));
});

test('import refuses what it does not know', async () => {
  await using daemon = await DaemonProcess.start();
  const file = join(daemon.folder, 'letter.txt');
  writeFileSync(file, 'Dear reader,\n');
  const { status, stderr } = await DaemonProcess.run(['-f', daemon.dbFile, 'import', file], {
    folder: daemon.folder,
  });
  assert.equal(status, 1);
  assert.match(stderr, /letter\.txt is neither a database, nor a JSON log/);
});

test('import reads what gzip and zstd packed, to the octet where it was cut', async () => {
  await using daemon = await DaemonProcess.start();
  const log = (first: number, count: number): string =>
    Array.from({ length: count }, (_, index) =>
      JSON.stringify({
        event_timestamp: '2026-11-20 10:00:00.000000000',
        event_uuid: `8c1f6c1e-0000-4000-8000-${String(first + index).padStart(12, '0')}`,
        source_ip: '192.0.2.1',
        // Not to be packed away: the cut must come after some hundred events.
        sip_message: Array.from(
          { length: 40 },
          (__, part) => (first + index) ** 3 % (997 + part),
        ).join(),
      }),
    ).join('\n');
  const run = async (name: string, octets: Uint8Array): Promise<string> => {
    const file = join(daemon.folder, name);
    writeFileSync(file, octets);
    const words = ['-f', daemon.dbFile, 'import', file];
    const { status, stdout, stderr } = await DaemonProcess.run(words, { folder: daemon.folder });
    return `${status}: ${stdout}${stderr}`.replaceAll(`${daemon.folder}/`, '');
  };
  const packed = gzipSync(log(0, 1000));
  const cut = await run('log.1.gz', packed.subarray(0, packed.length / 2));
  assert.match(
    cut,
    /^1: sentrypeer: log\.1\.gz ends in the middle of its gzip data; take a whole copy of it; [3-6]\d\d events were added before that, and another run adds only the rest\n$/,
  );
  const before = daemon.number('SELECT count(*) FROM honey');
  assert.equal(
    await run('log.2.gz', Buffer.concat([packed, gzipSync(`\n${log(1000, 10)}\n`)])),
    `0: ${1010 - before} events of log.2.gz added, ${before} events known before.\n`,
  );
  const zstd = Buffer.concat([
    zstdCompressSync(log(1005, 5)),
    zstdCompressSync(`\n${log(1010, 5)}`),
  ]);
  assert.equal(
    await run('log.3.zst', zstd),
    '0: 5 events of log.3.zst added, 5 events known before.\n',
  );
  const middle = Math.floor(packed.length / 2);
  packed.fill(0xff, middle, middle + 50);
  assert.match(await run('bad.gz', packed), /^1: .*bad\.gz has damaged gzip data \(Z_DATA_ERROR\)/);
  const database = gzipSync(readFileSync(daemon.dbFile));
  assert.match(await run('db.gz', database), /^1: .*db\.gz is a database packed with gzip; unpack/);
  const xz = Buffer.from('fd377a585a000004e6d6b446', 'hex');
  assert.match(
    await run('log.xz', xz),
    /^1: .*log\.xz is packed with xz; unpack it first: unxz -k/,
  );
});

for (const command of [['import'], ['pool', 'import']] as const) {
  test(`${command.join(' ')} ends at a signal while it waits for a pipe`, async (t) => {
    if (process.platform === 'win32') return t.skip('Windows has no such pipes');
    await using daemon = await DaemonProcess.start();
    await daemon.stop();
    const pipe = join(daemon.folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const words = [PROGRAM, '-f', daemon.dbFile, ...command, pipe];
    const reader = spawn(process.execPath, words, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    reader.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    // It can be opened once somebody has opened it for reading.
    const writer = spawn('sh', ['-c', `exec 3>${pipe}; echo open; exec sleep 600`]);
    await once(writer.stdout, 'data');
    reader.kill('SIGTERM');
    const [status] = (await once(reader, 'close')) as [number | null];
    writer.kill('SIGKILL');
    await once(writer, 'close');
    assert.equal(status, 1, said);
    assert.match(said, /pipe (was not read to its end|cannot be read \(interrupted)/);
  });
}

/** Where a link leads; `undefined` if it is gone. */
function targetOf(link: string): string | undefined {
  try {
    return readlinkSync(link);
  } catch {
    return undefined;
  }
}

test('import ends at a signal while a device gives without end', async (t) => {
  if (process.platform !== 'linux') return t.skip('needs /proc');
  await using daemon = await DaemonProcess.start();
  const words = [PROGRAM, '-f', daemon.dbFile, 'import', '/dev/zero'];
  const reader = spawn(process.execPath, words, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  reader.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const folder = `/proc/${reader.pid}/fd`;
  await until('it has opened the device', () =>
    readdirSync(folder).some((name) => targetOf(join(folder, name)) === '/dev/zero'),
  );
  reader.kill('SIGTERM');
  const [status] = (await once(reader, 'close')) as [number | null];
  assert.equal(status, 1, said);
  assert.match(said, /zero was not read to its end/);
});

test('options that name a file say what is wrong with it, and never wait or fill memory', async (t) => {
  if (process.platform === 'win32') return t.skip('Windows has no such files');
  await using daemon = await DaemonProcess.start();
  const pipe = join(daemon.folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  for (const [path, why] of [
    ['/dev/zero', 'it has more than'],
    [daemon.folder, 'it is a directory'],
    [pipe, 'no program writes to this pipe'],
  ] as const) {
    for (const flags of [
      ['-g', path],
      ['--fleet-file', path],
      ['-w', 'https://hub.example/', '--webhook-ca-file', path],
    ]) {
      const { status, stderr } = await DaemonProcess.run([...flags, 'check-config'], {
        folder: daemon.folder,
      });
      assert.equal(status, 2, stderr);
      assert.ok(stderr.includes(why), stderr);
    }
    const pool = await DaemonProcess.run(['-p', '--pool-key', path]);
    assert.equal(pool.status, 1, pool.stderr);
    assert.ok(pool.stderr.includes(why), pool.stderr);
    const key = await DaemonProcess.run(['-t', path, '-k', path]);
    assert.equal(key.status, 1, key.stderr);
    assert.ok(key.stderr.includes(why), key.stderr);
  }
});
