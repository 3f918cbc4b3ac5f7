// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { setTimeout as after } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';
import { DaemonProcess, TemporaryFolder } from './daemon-process.ts';
import { sipRequest, UdpPeer } from './sip-peers.ts';

const REQUESTS_COUNT = 1500;
/**
 * Messages may be missing from this many milliseconds before the kill. The daemon takes 50; the rest is for a busy
 * machine, on which a datagram waits to be read.
 */
const MISSING_MS_MAX = 250;

/** Attempts: a machine that stalls for a moment says nothing about the daemon. */
const ATTEMPTS_MAX = 3;

async function survivesKill(t: TestContext, threads: string): Promise<void> {
  let leastMs = Infinity;
  for (let attempt = 0; attempt < ATTEMPTS_MAX && leastMs > MISSING_MS_MAX; attempt += 1)
    leastMs = Math.min(leastMs, await missingAfterKill(t, threads));
  assert.ok(leastMs <= MISSING_MS_MAX, `what the last ${leastMs.toFixed(0)} ms brought is missing`);
}

/**
 * @returns How many milliseconds before the kill messages begin to be missing. Everything that is stored is complete.
 */
async function missingAfterKill(t: TestContext, threads: string): Promise<number> {
  using folder = new TemporaryFolder();
  const options = { folder: folder.path };
  const sentAtMs: number[] = [];
  using peer = await UdpPeer.open('127.4.0.1');
  await using killed = await DaemonProcess.start([threads], options);
  while (sentAtMs.length < REQUESTS_COUNT) {
    for (let count = 0; count < 5; count += 1) {
      await peer.send(sipRequest({ user: String(sentAtMs.length) }), killed.ports.udp);
      sentAtMs.push(performance.now());
    }
    await after(1); // The pace of the load: some thousands a second.
  }
  killed.signal('SIGKILL');
  const killedAtMs = performance.now();
  assert.equal((await killed.ended()).signal, 'SIGKILL');

  await using daemon = await DaemonProcess.start([threads], options);
  assert.deepEqual(daemon.rows('PRAGMA integrity_check'), [{ integrity_check: 'ok' }]);
  const stored = daemon
    .rows('SELECT called_number FROM honey ORDER BY honey_id')
    .map((row) => Number(row['called_number']));
  assert.deepEqual(stored, [...stored.keys()], 'one source, in order, without gaps');
  const firstMissingAtMs = sentAtMs[stored.length] ?? killedAtMs;
  const missing = `${REQUESTS_COUNT - stored.length} of the last ${(killedAtMs - firstMissingAtMs).toFixed(0)} ms missing`;
  t.diagnostic(missing);

  // Totals were written in the same transactions, and continue.
  await peer.send(sipRequest({ user: '7' }), daemon.ports.udp);
  await daemon.recorded(stored.length + 1);
  assert.deepEqual(daemon.rows('SELECT seen_count FROM address_total'), [
    { seen_count: stored.length + 1 },
  ]);
  assert.equal(daemon.number(`SELECT seen_count FROM number_total WHERE number = '7'`), 2);
  assert.equal(daemon.number('SELECT max(honey_id) FROM honey'), stored.length + 1);
  return killedAtMs - firstMissingAtMs;
}

test('kill -9 under load costs at most the newest batch, with one thread', (t) =>
  survivesKill(t, '--threads=1'));

test('kill -9 under load costs at most the newest batch, with two receiving threads', (t) =>
  survivesKill(t, '--threads=2'));
