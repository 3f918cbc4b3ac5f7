// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The one executable, alone in a folder: it starts its threads, records, and knows countries and licences. */

import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../../tools/sources.ts';
import { DaemonProcess, TemporaryFolder, until } from '../e2e/daemon-process.ts';
import { sipRequest, UdpPeer } from '../e2e/sip-peers.ts';
import { runTool } from '../interop/tool.ts';
import { runInRoot } from './run-in-root.ts';

test('the executable runs alone: threads, dashboard, countries, SIP agent and licences are inside', async () => {
  runInRoot(process.execPath, ['tools/executable.ts']);
  using folder = new TemporaryFolder();
  const executable = join(folder.path, 'sentrypeer');
  copyFileSync(join(ROOT, 'out/sentrypeer'), executable);

  const printed = await runTool(executable, ['--version', '--licences'], { folder: folder.path });
  assert.equal(printed.status, 0, printed.output);
  assert.match(printed.stdout, /^sentrypeer \d+\.\d+\.\d+: GPL-2\.0-only OR GPL-3\.0-only\n/u);
  assert.match(printed.stdout, /^ {2}fastify \S+: MIT$/mu);
  assert.match(printed.stdout, /^ {2}Node\.js \S+, with what it contains: MIT and others$/mu);

  await using daemon = await DaemonProcess.start(['--sip-agent=127.0.0.1:0'], { executable });
  using caller = await UdpPeer.open();
  await caller.send(sipRequest({ method: 'INVITE', user: '004670123456' }), daemon.ports.udp);
  await daemon.recorded(1);
  const base = `http://127.0.0.1:${daemon.ports.api}`;
  await until('the number', async () => (await fetch(`${base}/numbers/004670123456`)).ok);
  const page = await (await fetch(`${base}/`, { headers: { Accept: 'text/html' } })).text();
  const [, script = ''] = /src="(\/dashboard\/[^"]+\.js)"/u.exec(page) ?? [];
  assert.equal((await fetch(`${base}${script}`)).status, 200, page);
  const check = await fetch(`${base}/v1/check?address=193.0.6.139`);
  assert.equal(((await check.json()) as { country: unknown }).country, 'NL');
});
