// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What is shipped: one folder that runs wherever it is put, needing only Node. */

import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { QUIET_LOOK_MS } from '../../daemon/src/limits.ts';
import { ROOT } from '../../tools/sources.ts';
import { runTool } from '../interop/tool.ts';
import { DaemonProcess, TemporaryFolder, until } from './daemon-process.ts';
import { sipRequest, UdpPeer } from './sip-peers.ts';

test('the bundled program runs from any folder, records, knows countries, and has its dashboard', async () => {
  using folder = new TemporaryFolder();
  const bundled = await runTool(process.execPath, [join(ROOT, 'tools/bundle.ts')], {
    folder: folder.path,
  });
  assert.equal(bundled.status, 0, bundled.output);
  cpSync(join(ROOT, 'dist'), join(folder.path, 'shipped'), { recursive: true });
  const main = join(folder.path, 'shipped', 'main.js');
  await using daemon = await DaemonProcess.start([], { folder: folder.path, main });
  using peer = await UdpPeer.open();
  await peer.send(sipRequest({ method: 'INVITE', user: '004670123456' }), daemon.ports.udp);
  await daemon.recorded(1);
  const base = `http://127.0.0.1:${daemon.ports.api}`;
  await until('the number to be known', async () => {
    return (await fetch(`${base}/numbers/004670123456`)).status === 200;
  });
  const check = await fetch(`${base}/v1/check?address=193.0.6.139`);
  assert.equal(((await check.json()) as { country: unknown }).country, 'NL');
  const page = await (await fetch(base, { headers: { accept: 'text/html' } })).text();
  const script = /src="(\/dashboard\/app-[^"]+\.js)"/.exec(page)?.[1] ?? '';
  assert.equal((await fetch(base + script)).status, 200, page);
  await daemon.stop();
  await withoutCompilers(main);
});

/**
 * With `--profile small` V8 compiles once there is load; if it may not compile at all, that must not end the process.
 */
async function withoutCompilers(main: string): Promise<void> {
  await using daemon = await DaemonProcess.start(['--profile=small'], {
    main,
    env: { NODE_OPTIONS: '--jitless' },
  });
  using peer = await UdpPeer.open();
  const endMs = performance.now() + 2.5 * QUIET_LOOK_MS;
  for (let count = 0; performance.now() < endMs && !daemon.hasEnded; count += 1) {
    await peer.send(sipRequest({ user: String(count), callId: String(count) }), daemon.ports.udp);
  }
  assert.equal((await fetch(`http://127.0.0.1:${daemon.ports.api}/livez`)).status, 200);
  await daemon.stop();
}
