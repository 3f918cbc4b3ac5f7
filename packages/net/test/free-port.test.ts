// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { assertPortFree, reusePortWorks } from '@sentrypeer/net';
import { bindFailure } from '../src/bind-failure.ts';

const LOOPBACKS = ['127.0.0.1', '::1'];

/** A UDP port held by this test. */
async function holdUdp(address: string, reusePort = false, port = 0) {
  const socket = createSocket({
    type: address.includes(':') ? 'udp6' : 'udp4',
    ipv6Only: address.includes(':'),
    reusePort,
  });
  socket.bind({ address, port, exclusive: true });
  await once(socket, 'listening');
  return { port: socket.address().port, [Symbol.dispose]: () => void socket.close() };
}

/** A TCP port held by this test. */
async function holdTcp(host: string, reusePort = false) {
  const server = createServer();
  server.listen({ host, port: 0, reusePort, ipv6Only: host.includes(':') });
  await once(server, 'listening');
  const bound = server.address();
  assert.ok(bound !== null && typeof bound === 'object');
  return { port: bound.port, [Symbol.dispose]: () => void server.close() };
}

/** Refused as taken, naming the place and, on Linux, this very process. */
async function assertTaken(transport: 'UDP' | 'TCP', address: string, port: number): Promise<void> {
  await assert.rejects(assertPortFree({ transport, address, port }), (error) => {
    assert.ok(error instanceof Error && 'code' in error);
    assert.equal(error.code, 'port_taken');
    const holder = existsSync('/proc/net/udp') ? `(process ${process.pid})` : 'another program';
    assert.ok(error.message.startsWith(`${transport} port ${port} on ${address} is taken by`));
    assert.ok(error.message.includes(holder), error.message);
    return true;
  });
}

for (const address of LOOPBACKS) {
  test(`assertPortFree() finds a taken UDP port on ${address}`, async () => {
    using held = await holdUdp(address);
    await assertTaken('UDP', address, held.port);
  });

  test(`assertPortFree() finds a taken TCP port on ${address}`, async () => {
    using held = await holdTcp(address);
    await assertTaken('TCP', address, held.port);
  });

  test(`assertPortFree() leaves a free port on ${address} free`, async () => {
    const { port } = await (async () => {
      using held = await holdUdp(address);
      return held;
    })();
    await assertPortFree({ transport: 'UDP', address, port });
    await assertPortFree({ transport: 'UDP', address, port });
    await assertPortFree({ transport: 'TCP', address, port: 0 });
  });
}

test('assertPortFree() finds a port that others would share', async () => {
  using udp = await holdUdp('127.0.0.1', true);
  await assertTaken('UDP', '127.0.0.1', udp.port);
  using tcp = await holdTcp('127.0.0.1', true);
  await assertTaken('TCP', '127.0.0.1', tcp.port);
});

test('assertPortFree() finds a port held on all addresses, and all addresses where one is held', async () => {
  using all = await holdUdp('0.0.0.0');
  await assertTaken('UDP', '127.0.0.1', all.port);
  using one = await holdUdp('127.0.0.1');
  await assertTaken('UDP', '0.0.0.0', one.port);
  await assertPortFree({ transport: 'UDP', address: '::', port: all.port }); // Families do not share.
  using all6 = await holdTcp('::');
  await assertTaken('TCP', '::1', all6.port);
});

test('assertPortFree() refuses an address that the machine does not have', async () => {
  for (const address of ['203.0.113.1', '2001:db8::1'])
    await assert.rejects(assertPortFree({ transport: 'TCP', address, port: 0 }), {
      name: 'OperatingError',
      code: 'address_unknown',
    });
});

test('bindFailure() says what a forbidden port needs, and keeps the cause', async () => {
  const cause = Object.assign(new Error('bind EACCES'), { code: 'EACCES' });
  const failure = await bindFailure(cause, { transport: 'UDP', address: '0.0.0.0', port: 500 });
  assert.equal(failure.code, 'port_forbidden');
  assert.equal(failure.cause, cause);
  assert.match(failure.message, /^UDP port 500 on 0\.0\.0\.0 .*CAP_NET_BIND_SERVICE/);
});

test('bindFailure() passes on what it does not know', async () => {
  const cause = Object.assign(new Error('bind ENOBUFS'), { code: 'ENOBUFS' });
  const failure = await bindFailure(cause, { transport: 'TCP', address: '::1', port: 5060 });
  assert.equal(failure.code, 'port_unusable');
  assert.match(failure.message, /^TCP \[::1\]:5060 .*ENOBUFS/);
});

test('reusePortWorks() agrees with two sockets on one port', async () => {
  const works = await reusePortWorks();
  if (process.platform === 'linux') assert.equal(works, true);
  using first = await holdUdp('127.0.0.1', works);
  const second = holdUdp('127.0.0.1', works, first.port);
  if (works) (await second)[Symbol.dispose]();
  else await assert.rejects(second);
});
