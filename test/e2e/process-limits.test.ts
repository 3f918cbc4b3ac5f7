// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Limits of the system for one process or user: too low, they end the start with what to do, and nothing later. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { DaemonProcess, until } from './daemon-process.ts';

const LINUX = { skip: process.platform !== 'linux' && 'prlimit is a program of Linux' };

/** The start ends by itself, and every line it prints is one of ours. */
async function refused(limit: string, args: readonly string[]): Promise<string> {
  const ended = await DaemonProcess.run(args, { under: ['prlimit', limit, '--'] });
  const { status, stdout, stderr } = ended;
  assert.equal(status, 1, `${limit}: ${stderr}`);
  assert.equal(stdout, '');
  for (const line of stderr.trimEnd().split('\n'))
    assert.match(line, /^(sentrypeer: |warn )/, limit);
  assert.doesNotMatch(stderr, /stop_took_too_long/);
  return stderr;
}

test(
  'a start that may not open enough files ends and says which limit to raise',
  LINUX,
  async () => {
    for (let limit = 26; limit < 40; limit += 4) {
      const args = ['-r', '--sip-agent=127.0.0.1:0', '-z', '127.0.0.1:0'];
      assert.match(await refused(`--nofile=${limit}:${limit}`, args), /ulimit -n/);
    }
  },
);

test('a start with too little address space for its threads ends and says so', LINUX, async () => {
  const stderr = await refused(`--as=${2048 * 1024 * 1024}`, ['-r']);
  assert.match(stderr, /2048 MiB of address space .*ulimit -v.*--threads=1/);
});

test('one thread needs less address space', LINUX, async () => {
  const under = ['prlimit', `--as=${2048 * 1024 * 1024}`, '--'];
  await using daemon = await DaemonProcess.start(['-r', '--threads=1'], { under });
  await daemon.stop();
});

test(
  'a thread for a long answer that may not open files does not end the daemon',
  LINUX,
  async () => {
    await using daemon = await DaemonProcess.start(['--max-connections-per-source=1000'], {
      under: ['prlimit', '--nofile=128:128', '--'],
    });
    await using open = new AsyncDisposableStack();
    const sockets: Socket[] = [];
    // Kept by an HTTP connection that is there before the files are used up.
    const agent = await keptAlive(daemon.ports.api);
    open.defer(() => void agent.destroy());
    for (let n = 0; n < 150; n += 1) {
      const socket = connect(daemon.ports.tcp, '127.0.0.1').on('error', () => undefined);
      open.defer(() => void socket.destroy());
      sockets.push(socket);
    }
    await until('every connection to be taken or closed', () =>
      sockets.every((socket) => socket.readyState !== 'opening'),
    );
    agent.write('GET /v1/events?limit=1 HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const [answer] = (await once(agent, 'data')) as [Buffer];
    assert.match(String(answer), /^HTTP\/1\.1 (200|5\d\d) /);
    for (const socket of sockets) socket.destroy();
    await until('answers again', async () => {
      const again = await fetch(`http://127.0.0.1:${daemon.ports.api}/v1/events?limit=1`).catch(
        () => undefined,
      );
      return again?.status === 200;
    });
    await daemon.stop();
  },
);

async function keptAlive(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write('GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await once(socket, 'data');
  return socket;
}
