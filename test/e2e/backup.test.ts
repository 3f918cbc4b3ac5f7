// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { setTimeout as after } from 'node:timers/promises';
import { DaemonProcess } from './daemon-process.ts';
import { sipRequest, UdpPeer } from './sip-peers.ts';

test('backup copies the database while the daemon records', async () => {
  await using daemon = await DaemonProcess.start();
  using peer = await UdpPeer.open();
  const stop = new AbortController();
  let sentCount = 0;
  const load = (async () => {
    while (!stop.signal.aborted) {
      for (let count = 0; count < 10; count += 1) {
        await peer.send(sipRequest({ user: `${sentCount}` }), daemon.ports.udp);
        sentCount += 1;
      }
      await after(5); // The pace of the load.
    }
  })();
  await daemon.recorded(100);
  const copy = join(daemon.folder, 'copy.db');
  const before = daemon.accounted();
  const { status, stdout, stderr } = await DaemonProcess.run(
    ['-f', daemon.dbFile, 'backup', copy],
    { folder: daemon.folder },
  );
  stop.abort();
  await load;
  assert.equal(status, 0, stderr);
  assert.match(stdout, /copied to .*copy\.db/);
  const database = new DatabaseSync(copy, { readOnly: true });
  const one = (sql: string): unknown => Object.values(database.prepare(sql).get() ?? {})[0];
  const copied = Number(one('SELECT count(*) FROM honey'));
  assert.equal(one('PRAGMA integrity_check'), 'ok');
  assert.equal(one('SELECT sum(seen_count) FROM address_total'), copied);
  database.close();
  assert.ok(copied >= before, `${copied} of ${before}`);
  assert.ok(copied < sentCount, 'it went on recording');
  await daemon.recorded(sentCount);
  assert.equal(daemon.accounted(), sentCount);
});
