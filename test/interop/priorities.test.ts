// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DaemonProcess, PROGRAM } from '../e2e/daemon-process.ts';
import { sipRequest, UdpPeer } from '../e2e/sip-peers.ts';
import { peer } from './peer.ts';

test('a search is answered where a sandbox forbids priorities, as the systemd unit does', async (t) => {
  const strace = peer('strace', t);
  if (strace === undefined) return;
  const forbidding = ['-e', 'trace=setpriority', '-e', 'inject=setpriority:error=EPERM'];
  await using daemon = await DaemonProcess.start([], {
    under: [
      strace,
      '-D',
      '-f',
      '--seccomp-bpf',
      '-qq',
      '-o',
      '/dev/null',
      ...forbidding,
      process.execPath,
    ],
    executable: PROGRAM,
  });
  using caller = await UdpPeer.open();
  await caller.send(sipRequest({ method: 'INVITE', user: '004670123456' }), daemon.ports.udp);
  await daemon.recorded(1);
  const base = `http://127.0.0.1:${daemon.ports.api}`;
  const found = await fetch(`${base}/v1/events?method=INVITE`);
  const { items } = (await found.json()) as { readonly items: readonly object[] };
  assert.equal(items.length, 1);
  await daemon.stop();
});
