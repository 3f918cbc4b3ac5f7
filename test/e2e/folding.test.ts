// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DaemonProcess, until } from './daemon-process.ts';
import { sipRequest, UdpPeer } from './sip-peers.ts';

const REQUESTS_COUNT = 10_000;
/** Datagrams per burst; the smallest usual receive buffer holds two bursts. */
const BURST_COUNT = 125;

async function sendPaced(
  daemon: DaemonProcess,
  peer: UdpPeer,
  message: (index: number) => string,
): Promise<void> {
  // Repeats are committed at once, and added to their totals a second later.
  const recorded = (): number =>
    daemon.number(`SELECT (SELECT coalesce(sum(seen_count), 0) FROM address_total) +
      (SELECT coalesce(sum(repeat_count), 0) FROM pending_repeat)`);
  for (let sent = 0; sent < REQUESTS_COUNT; sent += BURST_COUNT) {
    await until('the window', () => recorded() >= sent - BURST_COUNT);
    const burst = Array.from({ length: BURST_COUNT }, (_, index) => message(sent + index));
    await Promise.all(burst.map((text) => peer.send(text, daemon.ports.udp)));
  }
  await daemon.recorded(REQUESTS_COUNT);
}

async function seenCount(daemon: DaemonProcess, path: string): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${daemon.ports.api}${path}`);
  return ((await response.json()) as { readonly seen_count: number }).seen_count;
}

test('10,000 equal requests are one row that counts 10,000, also in the API', async () => {
  await using daemon = await DaemonProcess.start();
  using peer = await UdpPeer.open('127.3.0.1');
  await sendPaced(daemon, peer, () => sipRequest({ user: '00441234' }));
  assert.deepEqual(daemon.rows('SELECT source_ip, seen_count FROM honey'), [
    { source_ip: '127.3.0.1', seen_count: REQUESTS_COUNT },
  ]);
  for (const path of ['/v1/addresses/127.3.0.1', '/v1/numbers/00441234']) {
    assert.equal(await seenCount(daemon, path), REQUESTS_COUNT, path);
  }
});

test('10,000 distinct requests are 10,000 rows', async () => {
  await using daemon = await DaemonProcess.start();
  using peer = await UdpPeer.open('127.3.0.2');
  await sendPaced(daemon, peer, (index) => sipRequest({ user: `0044${index}` }));
  assert.equal(
    daemon.number('SELECT count(DISTINCT called_number) FROM honey WHERE seen_count = 1'),
    REQUESTS_COUNT,
  );
  assert.equal(daemon.number('SELECT count(DISTINCT event_uuid) FROM honey'), REQUESTS_COUNT);
});
