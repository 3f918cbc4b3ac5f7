// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* A stop right after a flood: every datagram that the system accepted is a row, a repeat, or counted as dropped. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DaemonProcess } from './daemon-process.ts';
import { sipRequest, UdpPeer } from './sip-peers.ts';

/** More than the receive buffers of one thread hold, and far more than can be looked at during a stop. */
const REQUESTS_COUNT = 40_000;
const BURST_COUNT = 500;
const PEERS_COUNT = 24;

/** Sends as fast as possible. With `stopped` the daemon is stopped meanwhile, so that everything is in its sockets. */
async function flood(daemon: DaemonProcess, stopped: boolean): Promise<void> {
  using open = new DisposableStack();
  const peers: UdpPeer[] = [];
  // The kernel spreads flows over the sockets by their source.
  for (let index = 0; index < PEERS_COUNT; index += 1)
    peers.push(open.use(await UdpPeer.open(`127.9.0.${index + 1}`)));
  if (stopped) daemon.signal('SIGSTOP');
  for (let sent = 0; sent < REQUESTS_COUNT; sent += BURST_COUNT) {
    const burst = Array.from({ length: BURST_COUNT }, async (_, index) => {
      const text = sipRequest({ user: String(10_000_000 + sent + index) });
      await peers[index % PEERS_COUNT]?.send(text, daemon.ports.udp);
    });
    await Promise.all(burst);
  }
  daemon.signal('SIGTERM');
  if (stopped) daemon.signal('SIGCONT');
}

for (const args of [
  ['--threads=1', '-r'],
  ['--threads=3', '-r'],
  ['--threads=3', '--fold-window=0'],
]) {
  for (const stopped of [false, true]) {
    const how = `${args.join(' ')}${stopped ? ', all of it in the sockets' : ''}`;
    test(`SIGTERM right after a flood loses none without a count (${how})`, async (t) => {
      await using daemon = await DaemonProcess.start([...args, '--reply-bandwidth=0']);
      await flood(daemon, stopped);
      const signalledAtMs = performance.now();
      assert.deepEqual(await daemon.ended(), { status: 0, signal: null });
      const dropped = daemon.number("SELECT value FROM counter WHERE name = 'dropped_messages'");
      t.diagnostic(`${dropped} dropped, ${(performance.now() - signalledAtMs).toFixed(0)} ms`);
      assert.equal(daemon.accounted(), REQUESTS_COUNT);
      assert.doesNotMatch(daemon.stderr, /stop_took_too_long/);
    });
  }
}
