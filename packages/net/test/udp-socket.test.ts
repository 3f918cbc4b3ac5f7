// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { silentLogger } from '@sentrypeer/kernel';
import { UDP_RECEIVE_BUFFER_OCTETS, UDP_SEND_QUEUE_OCTETS_MAX } from '../src/limits.ts';
import { UdpListener } from '../src/udp-listener.ts';
import { UdpSocket, type UdpShared } from '../src/udp-socket.ts';

/** A socket whose system side the test can bend. */
async function bent() {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const shared: UdpShared = {
    counts: { sendFailed: 0, sendDropped: 0, receiveFailed: 0 },
    own: { addresses: new Set(), broadcasts: new Set(), udpPorts: new Set() },
  };
  const local = { address: '127.0.0.1', port: socket.address().port };
  const udp = new UdpSocket(socket, local, shared, () => undefined, UDP_RECEIVE_BUFFER_OCTETS);
  return { socket, shared, udp, [Symbol.asyncDispose]: () => udp.close() };
}

test('send() drops and counts what would wait beyond the limit', async () => {
  await using parts = await bent();
  const { socket, shared, udp } = parts;
  let sentCount = 0;
  Object.assign(socket, {
    getSendQueueSize: () => UDP_SEND_QUEUE_OCTETS_MAX - 1,
    send: () => (sentCount += 1),
  });
  udp.send(new Uint8Array(2), udp.local);
  assert.equal(shared.counts.sendDropped, 1);
  assert.equal(sentCount, 0);
  udp.send(new Uint8Array(1), udp.local);
  assert.equal(shared.counts.sendDropped, 1);
  assert.equal(sentCount, 1);
});

test('an error of the system instead of a datagram is counted', async () => {
  await using parts = await bent();
  parts.socket.emit('error', new Error('recvmsg ENOMEM'));
  assert.equal(parts.shared.counts.receiveFailed, 1);
});

for (const address of ['127.0.0.1', '::1']) {
  test(`hush() lets nothing new in, and what the system holds is still told (${address})`, async () => {
    let count = 0;
    await using listener = await UdpListener.open(
      { logger: silentLogger, listAddresses: () => [{ address }] },
      { addresses: [address], port: 0, reusePort: false, socketsPerAddress: 1 },
      () => (count += 1),
    );
    const [{ port } = { port: 0 }] = listener.locals();
    const sender = createSocket(address === '::1' ? 'udp6' : 'udp4');
    using _sender = { [Symbol.dispose]: () => sender.close() };
    sender.on('error', () => undefined); // Refused: the port is closed to it.
    const sent = (text: string): Promise<void> =>
      new Promise((resolve) => sender.send(text, port, address, () => resolve()));
    // The listener's turn comes only when all of them are in its socket.
    const early = Array.from({ length: 100 }, () => sent('early'));
    const hushed = Promise.all(early).then(() => listener.hush());
    assert.equal(await hushed, true);
    for (let index = 0; index < 100; index += 1) await sent('late');
    await once(sender, 'error', { signal: AbortSignal.timeout(50) }).catch(() => undefined);
    assert.equal(count, 100);
  });
}
