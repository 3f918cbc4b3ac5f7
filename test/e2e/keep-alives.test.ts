// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What a scanner learns from a TCP connection before it asks anything. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DaemonProcess, until } from './daemon-process.ts';
import { sipRequest, StreamPeer } from './sip-peers.ts';

for (const [persona, pong] of [
  ['kamailio', '\r\n'],
  ['asterisk', ''],
] as const) {
  test(`${persona} answers keep-alives on a connection as the product does`, async () => {
    await using daemon = await DaemonProcess.start(['-r', `--persona=${persona}`]);
    using peer = await StreamPeer.open(daemon.ports.tcp);
    // What answers the request came after what answers the keep-alive.
    await peer.send(`\r\n\r\n${sipRequest()}`);
    await peer.heard('\r\n\r\n');
    assert.equal(peer.received.slice(0, peer.received.indexOf('SIP/2.0 ')), pong);
    using other = await StreamPeer.open(daemon.ports.tcp);
    await other.send('hello\r\n\r\n');
    await until('the connection to end', () => other.ended);
    assert.equal(other.received, '');
  });
}
