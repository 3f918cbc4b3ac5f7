// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* A port that cannot be opened ends the start, with what an operator needs to know. */

import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { DaemonProcess } from './daemon-process.ts';
import { assertAnswers } from './sip-peers.ts';

/** On Linux the holder of a port can be found. */
const KNOWS_HOLDER = process.platform === 'linux';

async function takeTcp(open: AsyncDisposableStack): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.defer(() => void server.close());
  return (server.address() as AddressInfo).port;
}

async function takeUdp(open: AsyncDisposableStack): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  open.defer(() => void socket.close());
  return socket.address().port;
}

/** The start fails with one line that names port and holder. */
async function refuses(args: readonly string[], what: string, pid: number): Promise<void> {
  const { status, stdout, stderr } = await DaemonProcess.run(args);
  assert.equal(status, 1, stderr);
  assert.equal(stdout, '');
  assert.equal(stderr.split('\n').length, 2, stderr);
  assert.ok(stderr.includes(what), stderr);
  if (KNOWS_HOLDER) assert.ok(stderr.includes(`(process ${pid})`), stderr);
}

test('a UDP port that is taken ends the start and is named', async () => {
  await using open = new AsyncDisposableStack();
  const port = await takeUdp(open);
  await refuses([`--sip-port=${port}`], `UDP port ${port} on 127.0.0.1 is taken`, process.pid);
});

test('a TCP port that is taken ends the start and is named', async () => {
  await using open = new AsyncDisposableStack();
  const port = await takeTcp(open);
  await refuses([`--sip-port=${port}`], `TCP port ${port} on 127.0.0.1 is taken`, process.pid);
});

test('a TLS port that is taken ends the start and is named', async () => {
  await using open = new AsyncDisposableStack();
  const port = await takeTcp(open);
  await refuses(['-z', `127.0.0.1:${port}`], `TCP port ${port} on 127.0.0.1`, process.pid);
});

test('an API port that is taken ends the start and is named', async () => {
  await using open = new AsyncDisposableStack();
  const port = await takeTcp(open);
  await refuses([`--api-port=${port}`], String(port), process.pid);
});

test('a port of the DHT, or of its links, that is taken ends the start and is named', async () => {
  for (const [take, transport] of [
    [takeUdp, 'UDP'],
    [takeTcp, 'TCP'],
  ] as const) {
    await using open = new AsyncDisposableStack();
    const port = await take(open);
    const args = ['-p', '-b', 'none', '--neighbours=off', '--dht-address=127.0.0.1'];
    const what = `${transport} port ${port} on 127.0.0.1 is taken`;
    await refuses([...args, `--dht-port=${port}`], what, process.pid);
  }
});

test('a second daemon does not share the ports of the first', async () => {
  await using first = await DaemonProcess.start(['-r', '-z', '127.0.0.1:0']);
  const { udp, tcp, tls, api } = first.ports;
  await refuses([`--sip-port=${udp}`], `UDP port ${udp} on 127.0.0.1 is taken`, first.pid);
  await refuses([`--sip-port=${tcp}`], `TCP port ${tcp} on 127.0.0.1 is taken`, first.pid);
  await refuses(['-z', `127.0.0.1:${tls}`], `TCP port ${tls} on 127.0.0.1`, first.pid);
  await refuses([`--api-port=${api}`], String(api), first.pid);
  await assertAnswers(first);
});

test('an address that this machine does not have ends the start and is named', async () => {
  const { status, stderr } = await DaemonProcess.run(['--sip-address=192.0.2.1']);
  assert.equal(status, 1);
  assert.match(stderr, /192\.0\.2\.1/);
  assert.match(stderr, /does not have the address/);
});
