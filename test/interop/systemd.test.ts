// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What systemd is told, by the real systemd-notify, at a real socket; and the shipped unit, by systemd's own checks. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DaemonProcess, TemporaryFolder, until } from '../e2e/daemon-process.ts';
import { peer } from './peer.ts';
import { runTool } from './tool.ts';

const UNITS = join(import.meta.dirname, '../../packaging/systemd');

test('systemd is told of start, readiness, signs of life, reload and stop', async (t) => {
  const python = peer('python3', t);
  if (python === undefined || peer('systemd-notify', t) === undefined) return;
  using folder = new TemporaryFolder();
  const socket = join(folder.path, 'notify');
  const listener = spawn(python, [join(import.meta.dirname, 'sd-listen.py'), socket], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  using closing = new DisposableStack();
  closing.defer(() => listener.kill('SIGKILL'));
  let heard = '';
  listener.stdout.setEncoding('utf8').on('data', (text: string) => (heard += text));
  await once(listener.stdout, 'data'); // It is bound.
  const messages = (): readonly string[] =>
    heard
      .split('\n')
      .slice(0, -1)
      .flatMap((line) => JSON.parse(line) as string[]);
  const count = (text: string): number => messages().filter((line) => line === text).length;

  await using daemon = await DaemonProcess.start(['-j'], {
    env: { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '3000000' },
  });
  await until('signs of life', () => count('WATCHDOG=1') >= 2);
  assert.deepEqual(messages().slice(0, 2), ['STATUS=starting', 'EXTEND_TIMEOUT_USEC=30000000']);
  assert.equal(count('READY=1'), 1);
  assert.ok(messages().includes('STATUS=recording; 0 events so far'));
  daemon.signal('SIGHUP');
  await until('the end of the reload', () => count('READY=1') === 2);
  const reloading = messages().indexOf('RELOADING=1');
  assert.match(messages()[reloading + 1] ?? '', /^MONOTONIC_USEC=\d+$/);
  await daemon.stop();
  assert.equal(count('STOPPING=1'), 1);
  assert.doesNotMatch(daemon.stderr, /supervisor_unreachable/);
});

test('without systemd-notify the daemon runs, and says once what is missing', async () => {
  await using daemon = await DaemonProcess.start([], {
    env: { NOTIFY_SOCKET: '/nowhere', WATCHDOG_USEC: '300000', PATH: '/nowhere' },
  });
  await until('the warning', () => daemon.stderr.includes('supervisor_unreachable'));
  await daemon.stop();
  assert.equal(daemon.stderr.split('supervisor_unreachable').length, 2);
});

for (const name of [
  'sentrypeer.service',
  'sentrypeer-firewall.service',
  'sentrypeer-bgp.service',
]) {
  test(`${name}, which is shipped, passes systemd-analyze, with little exposure`, async (t) => {
    if (peer('systemd-analyze', t) === undefined) return;
    using folder = new TemporaryFolder();
    const unit = join(folder.path, name);
    // The program is not installed here; its place is changed.
    const text = readFileSync(join(UNITS, name), 'utf8');
    writeFileSync(unit, text.replace(/^ExecStart=\S+/mu, 'ExecStart=/bin/true'));
    const options = { folder: folder.path };
    const verified = await runTool('systemd-analyze', ['verify', '--man=no', unit], options);
    assert.equal(verified.status, 0, verified.output);
    assert.ok(!verified.output.includes(name), verified.output);
    const asked = ['security', '--offline=true', unit];
    const { output } = await runTool('systemd-analyze', asked, options);
    const exposure = Number(/exposure level for \S+: ([\d.]+)/u.exec(output)?.[1]);
    assert.ok(exposure <= 2, output.slice(-300));
  });
}
