// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DaemonProcess, until } from './daemon-process.ts';
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
  });
  await peer.send(sipRequest({ user: 'own' }), daemon.ports.udp);
  await daemon.recorded(COUNT + 1);
  const own = join(daemon.folder, 'sentrypeer_json.log');
  await until('the own event in the log', () => readFileSync(own, 'utf8').includes('"own"'));
  assert.equal(readFileSync(own, 'utf8').split('\n').length, 2, 'imported events are no news');
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
