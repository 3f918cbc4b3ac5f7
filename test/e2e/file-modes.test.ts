// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Files contain credentials that attackers tried: who may read them. */

import assert from 'node:assert/strict';
import { chmodSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DaemonProcess, until } from './daemon-process.ts';
import { sipRequest, UdpPeer } from './sip-peers.ts';

const NAMES = [
  'sentrypeer.db',
  'sentrypeer.db-wal',
  'sentrypeer.db-shm',
  'sentrypeer_json.log',
  'sentrypeer.db-running.json', // Without it `status` knows nothing of the daemon.
];

async function modes(daemon: DaemonProcess): Promise<readonly string[]> {
  using peer = await UdpPeer.open();
  await peer.send(sipRequest(), daemon.ports.udp);
  await daemon.recorded(1);
  const log = join(daemon.folder, 'sentrypeer_json.log');
  await until('a line', () => statSync(log).size > 0);
  const copy = join(daemon.folder, 'copy.db');
  await DaemonProcess.run(['backup', copy, '-f', daemon.dbFile]);
  return [...NAMES, 'copy.db'].map((name) =>
    (statSync(join(daemon.folder, name)).mode & 0o777).toString(8),
  );
}

test('database, companions, JSON log and backup are only for their owner', async () => {
  await using daemon = await DaemonProcess.start(['-j']);
  assert.deepEqual(await modes(daemon), Array<string>(6).fill('600'));
});

test('--group-readable lets the group read them', async () => {
  await using daemon = await DaemonProcess.start(['-j', '--group-readable']);
  assert.deepEqual(await modes(daemon), Array<string>(6).fill('640'));
});

test('a database that everybody may read keeps its mode and is named in a warning', async () => {
  await using first = await DaemonProcess.start();
  await first.stop();
  chmodSync(first.dbFile, 0o644);
  await using again = await DaemonProcess.start([], { folder: first.folder });
  assert.match(again.stderr, /file_open_to_all file=\S*sentrypeer\.db why=".*chmod o-rwx/);
  assert.equal(statSync(first.dbFile).mode & 0o777, 0o644);
});
