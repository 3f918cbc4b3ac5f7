// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What `npm run release` makes, installed by the real npm as a user would. */

import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../../tools/sources.ts';
import { DaemonProcess, TemporaryFolder } from '../e2e/daemon-process.ts';
import { sipRequest, UdpPeer } from '../e2e/sip-peers.ts';
import { peer } from '../interop/peer.ts';
import { runTool } from '../interop/tool.ts';
import { runInRoot } from './run-in-root.ts';

const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly version: string;
};
const PATH = `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`;

test('the release has all files, checksums, a bill of materials, and an archive for npm that runs', async (t) => {
  const npm = peer('npm', t);
  if (npm === undefined) return;
  using folder = new TemporaryFolder();
  runInRoot(npm, ['run', 'release'], { HOME: folder.path });
  const out = join(ROOT, 'out');
  for (const pattern of [
    `sentrypeer-${version}-*.tar.gz`,
    `sentrypeer_${version}_*.deb`,
    `sentrypeer-${version}-*.rpm`,
  ])
    assert.equal(globSync(pattern, { cwd: out }).length, 1, pattern);
  const sums = await runTool('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { folder: out });
  assert.equal(sums.status, 0, sums.output);

  const bill = JSON.parse(readFileSync(join(out, 'sentrypeer.cdx.json'), 'utf8')) as {
    readonly components: readonly { readonly name: string }[];
  };
  const named = bill.components.map(({ name }) => name);
  const licences = readFileSync(join(ROOT, 'dist/LICENCES.txt'), 'utf8');
  const inside = [...licences.matchAll(/^ {2}(\S+) \S+: /gmu)].map((match) => match[1] ?? '');
  assert.ok(inside.includes('fastify') && inside.includes('libphonenumber-js'));
  // A scoped name may appear without its scope.
  const missing = inside.filter((name) => !named.some((other) => name.endsWith(other)));
  assert.deepEqual(missing, []);

  const archive = join(out, `sentrypeer-${version}.tgz`);
  const options = { folder: folder.path };
  const flags = ['--offline', '--no-audit', '--no-fund', `--prefix=${folder.path}`];
  const installed = await runTool(npm, ['install', '--global', ...flags, archive], options);
  assert.equal(installed.status, 0, installed.output);
  const program = join(folder.path, 'bin/sentrypeer');
  const asked = await runTool('env', [`PATH=${PATH}`, program, '--version'], options);
  assert.equal(asked.stdout, `sentrypeer ${version}\n`);
  const main = join(folder.path, 'lib/node_modules/sentrypeer/sentrypeer.js');
  {
    await using daemon = await DaemonProcess.start([], { main });
    using caller = await UdpPeer.open();
    await caller.send(sipRequest({ method: 'INVITE', user: '100' }), daemon.ports.udp);
    await daemon.recorded(1);
  }
  const npx = ['exec', '--offline', '--yes', `--package=${archive}`, '--', 'sentrypeer', '-V'];
  const once = await runTool('env', [`PATH=${PATH}`, npm, ...npx], options);
  assert.equal(once.stdout, `sentrypeer ${version}\n`, once.output);
});

test('an older Node.js says what it lacks', async (t) => {
  const nodejs = peer('nodejs', t);
  if (nodejs === undefined) return;
  const [program = ''] = globSync(join(ROOT, 'dist/sentrypeer.js'));
  assert.ok(existsSync(program));
  const run = await runTool(nodejs, [program], { folder: ROOT });
  assert.equal(run.status, 1);
  assert.match(run.output, /needs Node\.js 26 or newer/u);
});
