// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isUnsafeCode } from '@sentrypeer/kernel';
import { COUNTS_LOCAL, DaemonProcess, PROGRAM, TemporaryFolder, until } from './daemon-process.ts';
import { sipRequest, StreamPeer, UdpPeer } from './sip-peers.ts';

const NUMBERS = ['+46701234567', '0046701234568', '+442071234567'];
/** A satellite number, called by somebody who proved to be there: that alone lists it. */
const LISTED = '+881612345678';

async function command(daemon: DaemonProcess, ...words: readonly string[]) {
  return DaemonProcess.run(['-f', daemon.dbFile, ...words], { folder: daemon.folder });
}

async function json<T>(daemon: DaemonProcess, ...words: readonly string[]): Promise<T> {
  const run = await command(daemon, ...words, '--json');
  assert.equal(run.status, 0, run.stderr);
  return JSON.parse(run.stdout) as T;
}

async function attacked(): Promise<DaemonProcess> {
  const daemon = await DaemonProcess.start(['-r', '-v', '--threads=1', COUNTS_LOCAL]);
  using peer = await UdpPeer.open();
  for (const [index, user] of NUMBERS.entries()) {
    await peer.send(
      sipRequest({ method: 'INVITE', user, callId: `call-${index}` }),
      daemon.ports.udp,
    );
  }
  await daemon.recorded(NUMBERS.length);
  return daemon;
}

test('the commands of the day after say what a running daemon has', async () => {
  await using daemon = await attacked();
  using caller = await StreamPeer.open(daemon.ports.tcp);
  await caller.send(sipRequest({ method: 'INVITE', user: LISTED, callId: 'call-tcp' }));
  await until('the judge', () => {
    const sql = "SELECT count(*) FROM listing WHERE level = 'listed' AND kind = 'number'";
    return daemon.number(sql) === 1;
  });

  const status = await json<Record<string, unknown>>(daemon, 'status');
  assert.deepEqual(
    [status['running'], status['ready'], status['today'], status['process_id']],
    [true, true, { INVITE: 4 }, daemon.pid],
  );
  assert.deepEqual(status['listed'], { ...(status['listed'] as object), address: 0, number: 1 });
  const screen = await command(daemon, 'status');
  assert.match(screen.stdout, /^ {2}UDP +127\.0\.0\.1:\d+\n[^]* {2}Today +4 messages: INVITE 4/m);
  assert.ok(screen.stdout.split('\n').length <= 24, 'one screen');

  const lines = await command(daemon, 'tail', '--once');
  assert.equal(lines.stdout.trimEnd().split('\n').length, NUMBERS.length + 1);
  const one = await command(daemon, 'tail', '--once', '--json', '--number', '442071234567');
  assert.equal((JSON.parse(one.stdout) as Record<string, string>)['called_number'], NUMBERS[2]);
  const numbered = await command(daemon, 'tail', '--once', '--number', '+46 70 123 45 67');
  assert.match(numbered.stdout, /^\S.* INVITE +\S*46701234567 .*\n$/);
  for (const [address, count] of [
    ['127.0.0.0/8', NUMBERS.length + 1],
    ['::1', 0],
  ] as const) {
    const from = await command(daemon, 'tail', '--once', '--address', address);
    assert.equal(from.stdout.split('\n').length - 1, count, address);
  }
  const wrong = await command(daemon, 'tail', '--once', '--address', '127.0.0');
  assert.equal(wrong.status, 2);
  assert.match(wrong.stderr, /--address: .127\.0\.0. is neither an address such as/);
  const control = await command(daemon, 'tail', '--number', '+4420\u0007794');
  assert.equal(control.status, 2);
  assert.match(control.stderr, /--number: "\+4420\\x07794" has a control character/);
  const named = await command(daemon, 'tail', '--once', '--number', 'alice');
  assert.deepEqual([named.status, named.stdout], [0, '']);
  const proved = await command(daemon, 'tail', '--once', '--grade', 'handshake');
  assert.match(proved.stdout, /^\S.* INVITE +\+881612345678 .*\n$/);

  assert.deepEqual(
    (await json<{ name: string }[]>(daemon, 'top', 'numbers', '--since', '1d'))
      .map(({ name }) => name)
      .toSorted(),
    ['+442071234567', '+46701234567', '+46701234568', LISTED],
  );
  const future = await command(daemon, 'top', 'numbers', '--since', '2199-01-01');
  assert.deepEqual([future.status, future.stdout], [2, '']);
  assert.match(future.stderr, /--since: "2199-01-01" is in the future/);
  const [range] = await json<Record<string, unknown>[]>(daemon, 'top', 'ranges');
  assert.deepEqual([range?.['name'], range?.['numbers']], ['+46701234xxx', 2]);
  const listed = await json<{ what: string }[]>(daemon, 'listings', 'numbers');
  assert.deepEqual(
    listed.map(({ what }) => what),
    [LISTED],
  );
  assert.deepEqual(await json(daemon, 'listings', 'addresses'), []);

  // -v prints the line that tail prints.
  assert.ok(daemon.stderr.includes(lines.stdout.split('\n')[0] ?? '?'), daemon.stderr);
  await daemon.stop();
  const stopped = await command(daemon, 'status');
  assert.equal(stopped.status, 1);
  assert.match(stopped.stdout, /^No daemon runs/);
  assert.ok(!existsSync(`${daemon.dbFile}-running.json`));
});

test('status says what /readyz calls degraded, each thing once', async () => {
  await using daemon = await DaemonProcess.start([
    '--syslog-target=udp://syslog.invalid:514',
    '--webhook-url=http://hook.invalid/in',
  ]);
  using peer = await UdpPeer.open();
  await peer.send(sipRequest(), daemon.ports.udp);
  const parts = (lines: readonly string[]): readonly string[] =>
    lines.map((line) => line.slice(0, line.indexOf(':'))).toSorted();
  let failing: readonly string[] = [];
  await until('both', async () => {
    failing = (await json<{ failing: readonly string[] }>(daemon, 'status')).failing;
    return failing.length >= 2;
  });
  assert.deepEqual(parts(failing), ['syslog', 'webhook hook.invalid']);
  const screen = await command(daemon, 'status');
  assert.match(screen.stdout, /^ {2}Failing +syslog: syslog server syslog\.invalid port 514: /m);
  assert.match(screen.stdout, /^ {2}Ready +yes$/m);
  assert.equal(screen.status, 0);
});

test('--json prints nothing raw that could change what a terminal shows', async () => {
  await using daemon = await DaemonProcess.start(['-r', '--threads=1', COUNTS_LOCAL]);
  using peer = await UdpPeer.open();
  const user = 'a\u202eb\u2028c\u0085d"e\u001b[31m\u2066';
  const request = sipRequest({ method: 'INVITE', user: 'USER', callId: 'hostile' });
  const octets = new TextEncoder().encode(request.replaceAll('USER', user));
  await peer.send(octets, daemon.ports.udp);
  await daemon.recorded(1);
  for (const words of [
    ['top', 'numbers'],
    ['tail', '--once'],
  ]) {
    const run = await command(daemon, ...words, '--json');
    assert.deepEqual([run.status, run.stderr], [0, '']);
    assert.ok(JSON.stringify(JSON.parse(run.stdout)).includes('\u202e'), 'the value is there');
    const raw = Array.from(run.stdout).filter(
      (one) => one !== '\n' && isUnsafeCode(one.charCodeAt(0)),
    );
    assert.deepEqual(raw, []);
  }
});

test('a second daemon on a database says so, and status finds the first again once it is gone', async () => {
  await using first = await DaemonProcess.start(['--threads=1']);
  const processOf = async (): Promise<unknown> =>
    (await json<Record<string, unknown>>(first, 'status'))['process_id'];
  {
    await using second = await DaemonProcess.start(['--no-sip', `-f`, first.dbFile]);
    assert.match(second.stderr, new RegExp(`database_shared process=${first.pid} `));
    assert.equal(await processOf(), second.pid);
    second.signal('SIGKILL');
    await second.ended();
    assert.equal(await processOf(), first.pid);
  }
  {
    await using third = await DaemonProcess.start(['--no-sip', '-f', first.dbFile]);
    await third.stop();
  }
  assert.equal(await processOf(), first.pid);
});

test('commands that only look leave a stopped database as it is', async () => {
  await using daemon = await DaemonProcess.start(['--threads=1']); // Nobody here has the database open.
  await daemon.stop();
  const files = readdirSync(daemon.folder);
  const before = statSync(daemon.dbFile);
  for (const words of [
    ['status'],
    ['tail', '--once'],
    ['top', 'numbers'],
    ['listings'],
    ['explain', '192.0.2.1'],
    ['keys', 'list'],
    ['allow', 'list'],
    ['block', 'list'],
    ['peers', 'list'],
    ['pool', 'status'],
    ['webhook', 'status'],
    ['prune'],
    ['analytics', 'preview'],
  ]) {
    const { status, stderr } = await command(daemon, ...words);
    assert.equal(status, words[0] === 'status' ? 1 : 0, `${words.join(' ')}: ${stderr}`);
    assert.deepEqual(readdirSync(daemon.folder), files, words.join(' '));
  }
  const { mtimeMs, size } = statSync(daemon.dbFile);
  assert.deepEqual([mtimeMs, size], [before.mtimeMs, before.size]);
});

test('tail that began while nothing ran goes on with the daemon that starts', async () => {
  await using first = await DaemonProcess.start(['-r', '-v', '--threads=1']);
  {
    using peer = await UdpPeer.open();
    await peer.send(sipRequest({ method: 'INVITE', user: '+46701111111' }), first.ports.udp);
    await until('the event', () => first.stderr.includes('+46701111111'));
  }
  await first.stop();
  const words = [PROGRAM, '-f', first.dbFile, 'tail', '--lines', '1'];
  const tail = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  tail.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const ended = once(tail, 'close');
  try {
    await until('the newest line', () => output.includes('+46701111111'));
    await using again = await DaemonProcess.start(['-r', '--threads=1'], { folder: first.folder });
    using peer = await UdpPeer.open();
    await peer.send(
      sipRequest({ method: 'INVITE', user: '+46709999999', callId: 'later' }),
      again.ports.udp,
    );
    await until('the line of the second daemon', () => output.includes('+46709999999'));
  } finally {
    tail.kill();
    await ended;
  }
});

test('tail follows, and ends with status 0 when its reader goes', async () => {
  await using daemon = await attacked();
  using peer = await UdpPeer.open();
  const words = `'${process.execPath}' '${PROGRAM}' -f '${daemon.dbFile}' tail --lines 1`;
  const script = `{ ${words}; echo "status $?" >&2; } | head -n 1`;
  const shell = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [shell.stdout, shell.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const ended = once(shell, 'close');
  let isOver = false;
  void ended.then(() => (isOver = true));
  let sent = 0;
  await until('tail to end', async () => {
    sent += 1; // It finds out when it writes.
    const message = sipRequest({
      method: 'INVITE',
      user: `4420712${sent}`,
      callId: `later-${sent}`,
    });
    await peer.send(message, daemon.ports.udp);
    return isOver;
  });
  assert.match(output, /127\.0\.0\.1:\d+ +UDP +INVITE +\S+ .*\nstatus 0\n/);
});

test('a command never makes a database, and says where it looked', async () => {
  using folder = new TemporaryFolder();
  const file = join(folder.path, 'missing.db');
  for (const words of [
    ['status'],
    ['keys', 'add', 'x', 'read'],
    ['allow', 'list'],
    ['explain', '1.1.1.1'],
    ['backup', join(folder.path, 'copy')],
  ]) {
    const run = await DaemonProcess.run(['-f', file, ...words], { folder: folder.path });
    assert.equal(run.status, 1, words.join(' '));
    assert.match(run.stderr, /there is no database .*missing\.db \(-f\): .*SENTRYPEER_DB_FILE/);
  }
  assert.deepEqual(readdirSync(folder.path), []);
});

test('check-config says what is set where, and what is wrong', async () => {
  using folder = new TemporaryFolder();
  const file = join(folder.path, 'x.toml');
  writeFileSync(file, 'responsive = true\noauth2_client_secret = "hidden"\n');
  const right = await DaemonProcess.run(['-g', file, 'check-config'], { folder: folder.path });
  assert.equal(right.status, 0, right.stderr);
  assert.match(right.stdout, /--responsive +on +responsive in .*x\.toml, line 1\n/);
  assert.ok(!right.stdout.includes('hidden'));
  writeFileSync(file, 'responsiv = true\n');
  const wrong = await DaemonProcess.run(['-g', file, 'check-config'], { folder: folder.path });
  assert.equal(wrong.status, 2);
  assert.match(wrong.stderr, /unknown key "responsiv", did you mean responsive/);
  writeFileSync(file, 'home_country = "AQ"\n');
  const without = await DaemonProcess.run(['-g', file, 'check-config'], { folder: folder.path });
  assert.match(without.stderr, /AQ has no numbering plan; give --home-country the country/);
  assert.ok(without.status !== 0 && !without.stderr.includes('is right'), without.stderr);
});

test('a key stands alone on standard output', async () => {
  await using daemon = await DaemonProcess.start(['--threads=1']);
  const run = await command(daemon, 'keys', 'add', 'pbx', 'read');
  assert.match(run.stdout, /^sentrypeer_\S+\n$/);
  assert.match(run.stderr, /^This is the key pbx \(read\)/);
});

test('the completion for bash completes commands and options', async (t) => {
  using folder = new TemporaryFolder();
  const { stdout } = await DaemonProcess.run(['completion', 'bash'], { folder: folder.path });
  const complete = (line: string): string => {
    const script = `${stdout}\nCOMP_WORDS=(${line} '') COMP_CWORD=$((\${#COMP_WORDS[@]}-1)); _sentrypeer; echo "\${COMPREPLY[*]}"`;
    return execFileSync('bash', ['-c', script], { encoding: 'utf8' }).trim();
  };
  if (!existsSync('/bin/bash')) return t.skip('needs bash');
  assert.match(complete('sentrypeer'), /\bstatus\b.*\btail\b/);
  assert.equal(complete('sentrypeer keys'), 'add list revoke');
  assert.equal(complete('sentrypeer -f /x.db keys'), 'add list revoke');
  assert.match(complete('sentrypeer top'), /addresses numbers/);
});
