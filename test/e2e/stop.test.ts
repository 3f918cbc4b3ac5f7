// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DaemonProcess } from './daemon-process.ts';
import { sipRequest, StreamPeer, UdpPeer } from './sip-peers.ts';

const REQUESTS_COUNT = 1000;
/** Milliseconds that an orderly stop may take. */
const STOP_MS_MAX = 2000;

async function losesNothing(signal: NodeJS.Signals, threads: string): Promise<void> {
  await using daemon = await DaemonProcess.start([threads, '-r']);
  using peer = await UdpPeer.open();
  using idle = await StreamPeer.open(daemon.ports.tcp); // It must not delay the stop.
  for (let index = 0; index < REQUESTS_COUNT; index += 1) {
    await peer.send(sipRequest({ user: String(index) }), daemon.ports.udp);
    if (index % 100 === 99) await daemon.recorded(index - 99);
  }
  // At once, with the newest still in the kernel's buffer.
  daemon.signal(signal);
  const signalledAtMs = performance.now();
  assert.deepEqual(await daemon.ended(), { status: 0, signal: null });
  const ms = performance.now() - signalledAtMs;
  assert.ok(ms <= STOP_MS_MAX, `${ms.toFixed(0)} ms`);
  assert.deepEqual(
    daemon.rows(
      'SELECT transport_type AS via, sum(seen_count) AS n FROM honey GROUP BY via ORDER BY via DESC',
    ),
    [
      { via: 'UDP', n: REQUESTS_COUNT },
      { via: 'TCP', n: 1 }, // The contact that said nothing.
    ],
  );
  assert.equal(idle.received, '');
  assert.deepEqual(daemon.rows('PRAGMA integrity_check'), [{ integrity_check: 'ok' }]);
}

test('SIGTERM stops in order, within two seconds, with nothing lost', () =>
  losesNothing('SIGTERM', '--threads=2'));

test('SIGINT stops in order, within two seconds, with nothing lost, with one thread', () =>
  losesNothing('SIGINT', '--threads=1'));

test('a second signal ends the daemon at once', async () => {
  await using daemon = await DaemonProcess.start();
  // Both arrive at the same moment, so that the first cannot have taken effect before.
  for (const name of ['SIGSTOP', 'SIGINT', 'SIGTERM', 'SIGCONT'] as const) daemon.signal(name);
  assert.deepEqual(await daemon.ended(), { status: 130, signal: null });
  assert.deepEqual(daemon.rows('PRAGMA integrity_check'), [{ integrity_check: 'ok' }]);
});
