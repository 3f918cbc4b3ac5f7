// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Unexpected signals, readers that are gone, disks that are full: none of them ends the daemon. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DaemonProcess, PROGRAM, TemporaryFolder, until } from './daemon-process.ts';
import { assertAnswers, sipRequest, UdpPeer } from './sip-peers.ts';

test('SIGUSR1 and SIGUSR2 do nothing, and no debugger listens', async () => {
  await using daemon = await DaemonProcess.start(['-r']);
  for (const name of ['SIGUSR1', 'SIGUSR2'] as const) daemon.signal(name);
  await assertAnswers(daemon);
  assert.doesNotMatch(daemon.stderr, /[Dd]ebugger/);
  await daemon.stop();
});

/**
 * Waits until the process catches SIGHUP (the lowest bit of SigCgt), and notes whether it has opened its database by
 * then.
 */
const ONCE_CAUGHT =
  'until grep -q "^SigCgt:.*[13579bdf]$" /proc/$$/status; do sleep 0.01; done; test -e sentrypeer.db || touch before-database';

for (const afterMs of [0, 150, 500]) {
  test(`SIGHUP, SIGUSR1 and SIGUSR2 ${afterMs} ms after they are caught first, before anything opens, end nothing`, async () => {
    using folder = new TemporaryFolder();
    const starting = DaemonProcess.start(['-rj'], {
      folder: folder.path,
      // The shell sends the signals to the process that becomes the program.
      under: [
        'sh',
        '-c',
        `(${ONCE_CAUGHT}; sleep ${afterMs / 1000}; for name in HUP USR1 USR2; do kill -$name $$; done) & exec "$@"`,
        'sh',
      ],
    });
    await using daemon = await starting;
    await assertAnswers(daemon);
    assert.ok(existsSync(join(folder.path, 'before-database')));
    assert.doesNotMatch(daemon.stderr, /[Dd]ebugger/);
    await daemon.stop();
  });
}

/** Runs the program with its output redirected by a shell; stops it in order. */
async function underShell(redirection: string, args: readonly string[]): Promise<void> {
  using folder = new TemporaryFolder();
  await using daemon = await DaemonProcess.start([], { folder: folder.path });
  await daemon.stop(); // The database and the identity exist now.
  const pidFile = join(folder.path, 'pid');
  const line = `{ echo $BASHPID > ${pidFile}; exec ${process.execPath} ${PROGRAM} "$@"; } ${redirection}`;
  const child = spawn(
    'bash',
    ['-c', line, 'bash', '-vr', '-N', '-f', daemon.dbFile, '--threads=2', ...args],
    { cwd: folder.path, stdio: 'ignore' },
  );
  const ended = once(child, 'close');
  using peer = await UdpPeer.open('127.8.1.1');
  const port = Number(args.find((arg) => arg.startsWith('--sip-port='))?.split('=')[1]);
  for (const user of ['1', '2', '3']) {
    const before = peer.received.length;
    await until('an answer', async () => {
      await peer.send(sipRequest({ user, callId: user }), port);
      return peer.received.length > before;
    });
  }
  await until('the rows', () => daemon.number('SELECT count(*) FROM honey') === 3);
  process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGTERM');
  await ended;
  assert.equal(daemon.rows('PRAGMA integrity_check').length, 1);
}

test('-v goes on when the reader of its pipe is gone', () =>
  underShell('2>&1 | head -1', ['--sip-address=127.0.0.1', '--sip-port=25371']));

test('-v goes on when standard error and output are full', () =>
  underShell('>/dev/full 2>/dev/full', ['--sip-address=127.0.0.1', '--sip-port=25372']));

test('-l - writes the events to standard output, and nothing else', async () => {
  await using daemon = await DaemonProcess.start(['-l', '-'], { bannerOn: 'stderr' });
  using peer = await UdpPeer.open('127.8.1.2');
  await peer.send(sipRequest({ user: '00441234' }), daemon.ports.udp);
  await until('the line', () => daemon.stdout.endsWith('\n'));
  const event = JSON.parse(daemon.stdout) as Record<string, string>;
  assert.equal(event['called_number'], '00441234');
  assert.ok(!existsSync(join(daemon.folder, '-')));
  await daemon.stop();
});

test('-f - is refused: there is no database on standard output', async () => {
  const { status, stderr } = await DaemonProcess.run(['-f', '-']);
  assert.equal(status, 2);
  assert.match(stderr, /^sentrypeer: -f: .*the path of a file.*\n$/);
});

test('a command whose answer finds a full disk says so, and one whose reader is gone is quiet', async () => {
  using folder = new TemporaryFolder();
  const run = async (tail: string, words = '--help'): Promise<readonly [number, string]> => {
    const child = spawn(
      'bash',
      ['-o', 'pipefail', '-c', `${process.execPath} ${PROGRAM} ${words} ${tail}`],
      {
        cwd: folder.path,
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    let text = '';
    child.stderr.setEncoding('utf8').on('data', (more: string) => (text += more));
    const [status] = (await once(child, 'close')) as [number];
    return [status, text];
  };
  const [full, said] = await run('>/dev/full');
  assert.equal(full, 1);
  assert.match(said, /^sentrypeer: the answer could not be written.*ENOSPC.*\n$/);
  assert.deepEqual(await run('| true'), [0, '']);
  const right = [0, 'The configuration is right.\n'] as const;
  assert.deepEqual(await run('>/dev/full', 'check-config'), right, 'there is nothing to write');
});

/** Makes standard output one that nobody reads, then becomes the program. */
const UNREAD_OUTPUTS = {
  'a full disk': 'exec "$@" >/dev/full',
  'a closed one': 'exec "$@" >&-',
  'the null device': 'exec "$@" >/dev/null',
  'a pipe without a reader': 'exec 3> >(exit 0); wait $!; exec "$@" >&3',
} as const;

test('keys add leaves no key that nobody has seen', async () => {
  await using daemon = await DaemonProcess.start();
  const { dbFile, folder } = daemon;
  for (const flags of [[], ['--json']]) {
    for (const [name, script] of Object.entries(UNREAD_OUTPUTS)) {
      const { status, stderr } = await DaemonProcess.run(
        [`--db-file=${dbFile}`, 'keys', 'add', 'pbx', 'read', ...flags],
        { folder, under: ['bash', '-c', script, 'bash'] },
      );
      assert.equal(status, 1, name);
      assert.match(
        stderr,
        /^sentrypeer: the answer could not be written to standard output \(.+\): nobody has seen the key pbx, so it is revoked again\n$/,
        name,
      );
      assert.equal(daemon.number('SELECT count(*) FROM api_key'), 0, name);
    }
  }
  const file = join(folder, 'pbx.key');
  const { status } = await DaemonProcess.run(
    [`--db-file=${dbFile}`, 'keys', 'add', 'pbx', 'read'],
    { folder, under: ['bash', '-c', `exec "$@" >${file}`, 'bash'] },
  );
  assert.equal(status, 0);
  assert.match(readFileSync(file, 'utf8'), /^sentrypeer_\S+\n$/);
});
