// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { setImmediate as turnOfLoop } from 'node:timers/promises';
import type { Endpoint } from '@sentrypeer/ip';
import { silentLogger, type Logger } from '@sentrypeer/kernel';
import {
  assertPortFree,
  isRepliable,
  machineAddresses,
  UdpListener,
  type LocalAddress,
  type UdpOptions,
  type UdpSocket,
} from '@sentrypeer/net';
import { UDP_ADDRESSES_MAX } from '../src/limits.ts';
import { Arrivals, within } from './arrivals.ts';

interface Datagram {
  readonly octets: Uint8Array;
  readonly source: Endpoint;
  readonly socket: UdpSocket;
}

const PORTS = { logger: silentLogger, listAddresses: machineAddresses };

async function listen(options: Partial<UdpOptions>, ports = PORTS) {
  const datagrams = new Arrivals<Datagram>();
  const listener = await UdpListener.open(
    ports,
    { addresses: ['127.0.0.1'], port: 0, reusePort: false, socketsPerAddress: 1, ...options },
    (octets, source, socket) => datagrams.push({ octets: new Uint8Array(octets), source, socket }),
  );
  const [local] = listener.locals();
  assert.ok(local !== undefined);
  return { datagrams, listener, local, [Symbol.asyncDispose]: () => listener.close() };
}

/** A peer with a separate socket. */
async function peerAt(address: string) {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  const arrivals = new Arrivals<{ octets: Uint8Array; from: RemoteInfo }>();
  socket.on('message', (octets, from) => arrivals.push({ octets, from }));
  socket.bind({ address, port: 0 });
  await once(socket, 'listening');
  const { port } = socket.address();
  const send = (octets: Uint8Array, to: Endpoint): Promise<void> =>
    new Promise((resolve, reject) =>
      socket.send(octets, to.port, to.address, (error) =>
        error === null ? resolve() : reject(error),
      ),
    );
  return { address, port, send, arrivals, [Symbol.dispose]: () => void socket.close() };
}

for (const address of ['127.0.0.1', '::1']) {
  test(`UdpListener hears and answers on ${address}`, async () => {
    await using heard = await listen({ addresses: [address] });
    using peer = await peerAt(address);
    await peer.send(Buffer.from('hello'), heard.local);
    const { octets, source, socket } = await heard.datagrams.next();
    assert.equal(Buffer.from(octets).toString(), 'hello');
    assert.equal(source.address, address);
    assert.equal(source.port, peer.port);
    assert.deepEqual(socket.local, { address, port: heard.local.port });
    assert.equal(isRepliable(source, socket.local, socket.own), true);
    assert.equal(isRepliable(socket.local, socket.local, socket.own), false, 'it is ourselves');

    socket.send(Buffer.from('welcome'), source);
    const answer = await peer.arrivals.next();
    assert.equal(Buffer.from(answer.octets).toString(), 'welcome');
    assert.equal(answer.from.address, address);
    assert.equal(answer.from.port, heard.local.port);
    assert.deepEqual(heard.listener.counts(), { sendFailed: 0, sendDropped: 0, receiveFailed: 0 });
  });
}

test('UdpListener passes on datagrams of 0 and of 65,507 octets', async () => {
  await using heard = await listen({});
  using peer = await peerAt('127.0.0.1');
  await peer.send(new Uint8Array(0), heard.local);
  assert.equal((await heard.datagrams.next()).octets.length, 0);
  const large = new Uint8Array(65_507).fill(7);
  await peer.send(large, heard.local);
  assert.deepEqual((await heard.datagrams.next()).octets, large);
});

test('UdpListener knows to which of its addresses a datagram came, and answers from there', async () => {
  await using heard = await listen({ addresses: ['127.0.0.1', '127.0.0.2', '::1'] });
  assert.equal(heard.listener.locals().length, 3);
  using peer = await peerAt('127.0.0.3');
  for (const address of ['127.0.0.2', '127.0.0.1']) {
    await peer.send(Buffer.from('?'), { address, port: heard.local.port });
    const { source, socket } = await heard.datagrams.next();
    assert.equal(socket.local.address, address);
    assert.equal(source.address, '127.0.0.3');
    socket.send(Buffer.from('!'), source);
    assert.equal((await peer.arrivals.next()).from.address, address);
  }
});

test("UdpListener on 'all', or on 0.0.0.0 and ::, has a socket for each of the machine's addresses", async () => {
  const machine = machineAddresses().map(({ address }) => address);
  for (const addresses of ['all', ['0.0.0.0', '::']] as const) {
    await using heard = await listen({ addresses });
    const open = heard.listener.locals();
    assert.deepEqual(open.map(({ address }) => address).toSorted(), machine.toSorted());
    assert.equal(new Set(open.map(({ port }) => port)).size, 1, 'one port for all');
  }
  await using ipv6 = await listen({ addresses: ['::'] });
  assert.ok(ipv6.listener.locals().every(({ address }) => address.includes(':')));
});

test('UdpListener follows addresses as they come and go', async () => {
  let machine: readonly LocalAddress[] = [{ address: '127.0.0.1' }];
  const looks = new Arrivals<undefined>();
  const logged = new Arrivals<string>();
  const log = (event: string, fields: Parameters<Logger['info']>[1]): void =>
    logged.push(`${event} ${fields?.['address']}`);
  const logger: Logger = { ...silentLogger, info: log, warn: log };
  await using heard = await listen(
    { addresses: 'all', followMs: 10 },
    {
      logger,
      listAddresses: () => {
        looks.push(undefined);
        return machine;
      },
    },
  );
  using peer = await peerAt('127.0.0.1');

  machine = [{ address: '127.0.0.1' }, { address: '127.0.0.2' }, { address: '203.0.113.1' }];
  assert.equal(await logged.next(), 'udp_address_new 127.0.0.2');
  assert.equal(await logged.next(), 'udp_address_failed 203.0.113.1');
  await peer.send(Buffer.from('?'), { address: '127.0.0.2', port: heard.local.port });
  const { socket } = await heard.datagrams.next();
  assert.equal(socket.local.address, '127.0.0.2');
  assert.ok(socket.own.addresses.has('203.0.113.1'));

  machine = [{ address: '127.0.0.2' }];
  assert.equal(await logged.next(), 'udp_address_gone 127.0.0.1');
  assert.deepEqual(
    heard.listener.locals().map(({ address }) => address),
    ['127.0.0.2'],
  );
  await assertPortFree({ transport: 'UDP', address: '127.0.0.1', port: heard.local.port });
  machine = [{ address: '127.0.0.2' }, { address: '203.0.113.2' }];
  assert.equal(await logged.next(), 'udp_address_failed 203.0.113.2');
  while (looks.count > 0) await looks.next();
  for (let count = 0; count < 3; count += 1) await looks.next();
  assert.equal(logged.count, 0, 'a failure is logged once, however often it is seen');
});

test('UdpListener goes on with what it has while the addresses cannot be read', async () => {
  let readable = true;
  const logged = new Arrivals<string>();
  const logger: Logger = { ...silentLogger, warn: logged.push };
  const listAddresses = (): readonly LocalAddress[] => {
    if (!readable) throw new Error('hidden');
    return [{ address: '127.0.0.1' }];
  };
  await using heard = await listen({ addresses: 'all', followMs: 10 }, { logger, listAddresses });
  readable = false;
  assert.equal(await logged.next(), 'udp_addresses_unreadable');
  assert.equal(heard.listener.locals().length, 1);
});

test('UdpListener with several sockets on an address hears every flow once', async () => {
  await using heard = await listen({ reusePort: true, socketsPerAddress: 4 });
  assert.equal(heard.listener.locals().length, 1);
  const sockets = new Set<UdpSocket>();
  const ports = new Set<number>();
  for (let index = 0; index < 24; index += 1) {
    using peer = await peerAt('127.0.0.1');
    await peer.send(Buffer.from('?'), heard.local);
    const { socket, source } = await heard.datagrams.next();
    sockets.add(socket);
    ports.add(source.port);
    socket.send(Buffer.from('!'), source);
    assert.equal((await peer.arrivals.next()).from.port, heard.local.port);
  }
  assert.equal(heard.datagrams.count, 0);
  assert.ok(sockets.size > 1, 'the kernel spreads 24 flows over more than one of 4 sockets');
});

test('send() counts what the system refuses and never throws', async () => {
  await using heard = await listen({});
  using peer = await peerAt('127.0.0.1');
  await peer.send(Buffer.from('?'), heard.local);
  const { source, socket } = await heard.datagrams.next();
  const refused: readonly (readonly [Uint8Array, Endpoint])[] = [
    [Buffer.from('!'), { address: '127.0.0.1', port: 0 }],
    [Buffer.from('!'), { address: '255.255.255.255', port: 9 }], // EACCES: no broadcast from us.
    [Buffer.from('!'), { address: '::1', port: 9 }], // Another family.
    [Buffer.from('!'), { address: 'localhost', port: 9 }], // Names are never looked up.
    [new Uint8Array(65_508), source], // EMSGSIZE
  ];
  for (const [octets, to] of refused) socket.send(octets, to);
  socket.send(Buffer.from('!'), source);
  await peer.arrivals.next(); // All were tried before this one.
  await within(new Promise(setImmediate));
  assert.equal(heard.listener.counts().sendFailed, refused.length);
  await heard.listener.close();
  socket.send(Buffer.from('!'), source);
  assert.equal(heard.listener.counts().sendFailed, refused.length + 1);
});

test('open() on a taken port names it, and leaves nothing open', async () => {
  await using first = await listen({ addresses: ['127.0.0.2'] });
  const { port } = first.local;
  await assert.rejects(listen({ addresses: ['127.0.0.1', '127.0.0.2'], port }), {
    code: 'port_taken',
  });
  await assertPortFree({ transport: 'UDP', address: '127.0.0.1', port });
});

test('open() refuses a named address that the machine does not have, and waits for an unnamed one', async () => {
  await assert.rejects(listen({ addresses: ['127.0.0.1', '203.0.113.1'] }), {
    code: 'address_unknown',
  });
  const listAddresses = () => [{ address: '203.0.113.1' }, { address: '127.0.0.1' }];
  await using heard = await listen({ addresses: 'all' }, { logger: silentLogger, listAddresses });
  assert.deepEqual(
    heard.listener.locals().map(({ address }) => address),
    ['127.0.0.1'],
  );
});

test('open() takes no more addresses than the limit, and says so', async () => {
  const machine = Array.from({ length: UDP_ADDRESSES_MAX + 5 }, (_, index) => ({
    address: `127.0.${1 + (index >> 8)}.${index & 255}`,
  }));
  const logged = new Arrivals<string>();
  const logger: Logger = { ...silentLogger, warn: logged.push };
  await using heard = await listen({ addresses: 'all' }, { logger, listAddresses: () => machine });
  assert.equal(await logged.next(), 'udp_addresses_limit');
  assert.equal(heard.listener.locals().length, UDP_ADDRESSES_MAX);
});

test('open() needs a shared port for several sockets', async () => {
  await assert.rejects(listen({ socketsPerAddress: 2 }), { name: 'AssertionError' });
});

test('close() may be called twice, and frees the port', async () => {
  const { listener, local } = await listen({ addresses: ['127.0.0.1', '::1'], followMs: 10 });
  await Promise.all([listener.close(), listener.close()]);
  await listener.close();
  assert.deepEqual(listener.locals(), []);
  await assertPortFree({ transport: 'UDP', address: '127.0.0.1', port: local.port });
  await assertPortFree({ transport: 'UDP', address: '::1', port: local.port });
});

for (const address of ['127.0.0.1', '::1']) {
  test(`takeKernelDrops() tells how many datagrams found no room on ${address}, each once`, async () => {
    await using heard = await listen({ addresses: [address] });
    using peer = await peerAt(address);
    let sentCount = 0;
    let droppedCount = 0;
    for (let round = 0; round < 2; round += 1) {
      // Nothing is read meanwhile, because this thread is busy; this many fit into no buffer.
      await Promise.all(
        Array.from({ length: 20_000 }, () => peer.send(new Uint8Array(1), heard.local)),
      );
      sentCount += 20_000;
      const count = await heard.listener.takeKernelDrops();
      assert.ok(count > 0);
      droppedCount += count;
    }
    assert.equal(await heard.listener.takeKernelDrops(), 0);
    const deadline = AbortSignal.timeout(5000);
    while (heard.datagrams.count + droppedCount < sentCount) {
      assert.ok(!deadline.aborted, `${heard.datagrams.count} and ${droppedCount} of ${sentCount}`);
      await turnOfLoop();
    }
    assert.equal(heard.datagrams.count + droppedCount, sentCount);
  });
}

test('UdpListener lets no more wait than it was told, the oldest first', async () => {
  await using server = await listen({ receiveOctets: 262_144 });
  using peer = await peerAt('127.0.0.1');
  const sent = 3_000;
  // All are sent within one turn of the loop, so that nothing is read meanwhile.
  await Promise.all(
    Array.from({ length: sent }, (_, index) => {
      const octets = new Uint8Array(500);
      new DataView(octets.buffer).setUint32(0, index);
      return peer.send(octets, server.local);
    }),
  );
  for (let turn = 0; turn < 100; turn += 1) await turnOfLoop();
  const { count } = server.datagrams;
  assert.ok(count > 100 && count < 1_000, `${count} of ${sent} waited`);
  for (let index = 0; index < count; index += 1) {
    const { octets } = await server.datagrams.next();
    assert.equal(new DataView(octets.buffer).getUint32(0), index);
  }
});
