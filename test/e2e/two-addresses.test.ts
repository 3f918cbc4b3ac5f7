// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DaemonProcess } from './daemon-process.ts';
import { sipRequest, UdpPeer } from './sip-peers.ts';

test('each local address is recorded as the destination, and answers leave from it', async () => {
  await using daemon = await DaemonProcess.start([
    '-r',
    '--sip-address=127.0.0.1',
    '--sip-address=127.0.0.2',
  ]);
  const { udp } = daemon.ports;
  for (const address of ['127.0.0.1', '127.0.0.2']) {
    using peer = await UdpPeer.open('127.0.0.3');
    await peer.send(sipRequest({ user: address.slice(-1), callId: address }), udp, address);
    await peer.heard('SIP/2.0 ');
    assert.deepEqual(peer.senders, [`${address}:${udp}`]);
  }
  await daemon.recorded(2);
  assert.deepEqual(
    daemon.rows('SELECT source_ip, destination_ip, destination_port FROM honey ORDER BY honey_id'),
    ['127.0.0.1', '127.0.0.2'].map((destination_ip) => ({
      source_ip: '127.0.0.3',
      destination_ip,
      destination_port: udp,
    })),
  );
});
