// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DEADLINE_MS, DaemonProcess, PROGRAM, TemporaryFolder } from './daemon-process.ts';
import { assertAnswers } from './sip-peers.ts';

test('an unknown flag ends with status 2 and one line that says what would be right', async () => {
  const { status, stdout, stderr } = await DaemonProcess.run(['--responsiv']);
  assert.equal(status, 2);
  assert.equal(stdout, '');
  assert.match(stderr, /^sentrypeer: .*--responsiv.*--responsive.*\n$/);
});

test('a flag without its value ends with status 2', async () => {
  const { status, stderr } = await DaemonProcess.run(['--retention-days']);
  assert.equal(status, 2);
  assert.match(stderr, /^sentrypeer: .*--retention-days.*\n$/);
});

test('-h and --help print to standard output with status 0', async () => {
  const short = await DaemonProcess.run(['-h']);
  assert.equal(short.status, 0);
  assert.equal(short.stderr, '');
  assert.match(short.stdout, /--responsive/);
  assert.equal((await DaemonProcess.run(['--help'])).stdout, short.stdout);
});

test('-V and --version print name and version to standard output with status 0', async () => {
  for (const flag of ['-V', '--version']) {
    const { status, stdout, stderr } = await DaemonProcess.run([flag]);
    assert.equal(status, 0);
    assert.equal(stderr, '');
    assert.match(stdout, /^sentrypeer \d+\.\d+\.\d+\n$/);
  }
});

test('a variable that says 0 turns its switch off, which SentryPeer 4.x takes for on', async () => {
  await using daemon = await DaemonProcess.start([], {
    env: { SENTRYPEER_SIP_RESPONSIVE: '0', SENTRYPEER_JSON_LOG: 'no', SENTRYPEER_VERBOSE: '' },
  });
  assert.match(daemon.stdout, /^ {2}SIP +passive/m);
  assert.doesNotMatch(daemon.stdout, /JSON log/);
  assert.equal(daemon.stderr, '');
});

test('flag, variable and file are obeyed in this order', async () => {
  using folder = new TemporaryFolder();
  const file = join(folder.path, 'sentrypeer.toml');
  writeFileSync(file, 'responsive = true\npersona = "asterisk-pjsip"\nfold_window = 5\n');
  const { status, stderr } = await DaemonProcess.run(['-g', file, '--persona', 'nobody']);
  assert.equal(status, 2);
  assert.match(stderr, /nobody/);
  writeFileSync(file, 'responsive = false\nretention_days = 7\n');
  await using daemon = await DaemonProcess.start(['-g', file], {
    env: { SENTRYPEER_SIP_RESPONSIVE: 'yes' },
  });
  assert.match(daemon.stdout, /^ {2}SIP +responsive/m);
  await assertAnswers(daemon);
});

test('a missing directory of the database is refused at start', async () => {
  const { status, stderr } = await DaemonProcess.run(['-f', '/nowhere/at/all/sentrypeer.db']);
  assert.equal(status, 2);
  assert.match(stderr, /\/nowhere\/at\/all/);
});

test('a working directory that was removed is told in one line', () => {
  using folder = new TemporaryFolder();
  for (const [words, expected] of [
    ['-r', 2],
    ['pool join key node.example.org', 1],
  ] as const) {
    const script = `mkdir gone && cd gone && rmdir ../gone && exec '${process.execPath}' '${PROGRAM}' ${words}`;
    const { status, stderr } = spawnSync('sh', ['-c', script], {
      cwd: folder.path,
      env: { HOME: folder.path, PATH: process.env['PATH'] },
      encoding: 'utf8',
      timeout: DEADLINE_MS,
    });
    assert.equal(status, expected, stderr);
    assert.match(
      stderr,
      /^sentrypeer: [^\n]*working directory[^\n]* removed: change to another\n$/,
    );
  }
});

test('NO_COLOR counts, whatever else is set, and Node has nothing to say about it', async (t) => {
  const env = { NO_COLOR: '1', FORCE_COLOR: '3' };
  const { stderr } = await DaemonProcess.run(['nonsense'], { env });
  assert.match(stderr, /^sentrypeer: unknown command .*\n$/);
  if (process.platform !== 'linux') return t.skip('script takes no command there');
  const words = `'${process.execPath}' '${PROGRAM}' demo --fast`;
  const shown = spawnSync('script', ['-qec', words, '/dev/null'], {
    encoding: 'utf8',
    env: { ...process.env, ...env, TERM: 'xterm' },
  });
  assert.match(shown.stdout, /sentrypeer explain /);
  assert.ok(!shown.stdout.includes('\u001b['), shown.stdout);
});

test('an empty HOME is none: the working directory has no configuration of the user', async () => {
  using folder = new TemporaryFolder();
  const inside = join(folder.path, '.config/sentrypeer');
  mkdirSync(inside, { recursive: true });
  writeFileSync(join(inside, 'default-config.toml'), 'nonsense = 1');
  const args = ['check-config'];
  const { status, stderr } = await DaemonProcess.run(args, {
    folder: folder.path,
    env: { HOME: '' },
  });
  assert.deepEqual([status, stderr], [0, 'The configuration is right.\n']);
});
