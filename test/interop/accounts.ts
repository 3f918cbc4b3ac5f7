// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { until, type DaemonProcess } from '../e2e/daemon-process.ts';
import { sipRequest, UdpPeer } from '../e2e/sip-peers.ts';

const FIRST = 100;
const COUNT = 100;
/** Long enough for a challenge to fit into 1.2 times the request, whatever the persona. */
const USER_AGENT = 'x'.repeat(120);

/** Which of the extensions 100 to 199 this node has, found out quickly; tools take seconds for that. */
export async function accountsOf(daemon: DaemonProcess): Promise<readonly string[]> {
  using udp = await UdpPeer.open();
  for (let account = FIRST; account < FIRST + COUNT; account += 1) {
    const callId = `account-${account}`;
    await udp.send(
      sipRequest({ method: 'REGISTER', user: String(account), callId, userAgent: USER_AGENT }),
      daemon.ports.udp,
    );
  }
  await until('an answer for every account', () => udp.received.length === COUNT);
  const accounts = udp.received
    .filter((answer) => answer.startsWith('SIP/2.0 401 '))
    .map((answer) => /\r\nCall-ID: account-(\d+)\r\n/.exec(answer)?.[1] ?? '');
  assert.ok(accounts.length > 1, 'of a hundred extensions a quarter exists');
  return accounts.toSorted();
}
