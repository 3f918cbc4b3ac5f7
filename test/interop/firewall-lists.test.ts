// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The lists of addresses are loaded, twice, by the programs they are made for, in a network of their own. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DaemonProcess } from '../e2e/daemon-process.ts';
import { sipRequest, StreamPeer, UdpPeer } from '../e2e/sip-peers.ts';
import { peer } from './peer.ts';
import { runTool } from './tool.ts';

/** One source that set up a connection; the other one's address may be forged. */
async function attackedDaemon(): Promise<DaemonProcess> {
  const daemon = await DaemonProcess.start(['--threads=1']);
  using stream = await StreamPeer.open(daemon.ports.tcp);
  await stream.send(sipRequest({ user: '1' }));
  await daemon.recorded(1);
  using datagrams = await UdpPeer.open('127.0.0.9');
  await datagrams.send(sipRequest({ user: '2' }), daemon.ports.udp);
  await daemon.recorded(2);
  return daemon;
}

async function list(daemon: DaemonProcess, path: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${daemon.ports.api}${path}`);
  assert.equal(response.status, 200);
  return response.text();
}

test('ipset restores /ip-addresses/ipset, again over itself', async (t) => {
  const ipset = peer('ipset', t);
  if (ipset === undefined) return;
  await using daemon = await attackedDaemon();
  const input = await list(daemon, '/ip-addresses/ipset');
  const script = `text=$(cat); for _ in 1 2; do printf '%s\\n' "$text" | ${ipset} restore || exit 1; done; ${ipset} save`;
  const run = await runTool('unshare', ['-rn', 'sh', '-c', script], {
    folder: daemon.folder,
    input,
  });
  assert.equal(run.status, 0, run.output);
  assert.deepEqual(
    run.stdout.split('\n').filter((line) => line.startsWith('add ')),
    ['add sentrypeer4 127.0.0.1'],
  );
});

test('nft loads /v1/lists/ip-addresses.nft, again over itself', async (t) => {
  const nft = peer('nft', t);
  if (nft === undefined) return;
  await using daemon = await attackedDaemon();
  const input = await list(daemon, '/v1/lists/ip-addresses.nft');
  const script = `text=$(cat); for _ in 1 2; do printf '%s\\n' "$text" | ${nft} -f - || exit 1; done; ${nft} list ruleset`;
  const run = await runTool('unshare', ['-rn', 'sh', '-c', script], {
    folder: daemon.folder,
    input,
  });
  assert.equal(run.status, 0, run.output);
  assert.match(run.stdout, /set bad4 \{\s+type ipv4_addr\s+elements = \{ 127\.0\.0\.1 \}/);
});
