// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DaemonProcess, until } from './daemon-process.ts';
import { sipRequest, UdpPeer } from './sip-peers.ts';

/** More than the largest receive buffer that the daemon may ask for. */
const REQUESTS_COUNT = 20_000;
const BURST_COUNT = 500;

/** Sends while the daemon is stopped, as happens when others have the processor. */
async function floodWhileStopped(daemon: DaemonProcess, peer: UdpPeer): Promise<void> {
  daemon.signal('SIGSTOP');
  for (let sent = 0; sent < REQUESTS_COUNT; sent += BURST_COUNT) {
    const burst = Array.from({ length: BURST_COUNT }, (_, index) =>
      sipRequest({ user: String(10_000_000 + sent + index) }),
    );
    await Promise.all(burst.map((text) => peer.send(text, daemon.ports.udp)));
  }
  daemon.signal('SIGCONT');
}

async function kernelDropped(daemon: DaemonProcess): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${daemon.ports.api}/metrics`);
  const line = /^sentrypeer_sip_kernel_dropped_total (\d+)$/mu.exec(await response.text());
  return Number(line?.[1]);
}

for (const args of [
  ['--threads', '1'],
  ['--threads', '2'],
  ['--threads', '3', '-r'],
]) {
  test(`what the kernel drops in a flood is counted (${args.join(' ')})`, async () => {
    await using daemon = await DaemonProcess.start(args);
    using peer = await UdpPeer.open();
    await floodWhileStopped(daemon, peer);
    await daemon.recorded(REQUESTS_COUNT);
    await until('the metric', async () => (await kernelDropped(daemon)) > 0);
    const droppedCount = daemon.number("SELECT value FROM counter WHERE name = 'dropped_messages'");
    assert.ok(droppedCount >= (await kernelDropped(daemon)));
    assert.equal(daemon.accounted(), REQUESTS_COUNT);
    assert.match(daemon.output(), /udp_flood/u);
  });
}
