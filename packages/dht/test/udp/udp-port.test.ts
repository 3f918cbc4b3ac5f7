// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { EventEmitter, once } from 'node:events';
import { test } from 'node:test';
import type { Endpoint } from '@sentrypeer/ip';
import { OperatingError } from '@sentrypeer/kernel';
import {
  UDP_RECEIVE_BUFFER_OCTETS,
  UDP_RECEIVE_BUFFER_OCTETS_MIN,
  UDP_SEND_QUEUE_OCTETS_MAX,
} from '../../src/limits.ts';
import { bindSocket, UdpPort } from '../../src/udp/udp-port.ts';

const OCTETS = Uint8Array.of(1, 2, 3);

/** What a socket is asked for, in place of a socket. */
class NotedSocket extends EventEmitter {
  readonly asked: string[] = [];
  /** The largest receive buffer that the system grants. */
  bufferMax = Infinity;
  queued = 0;
  readonly #local: Endpoint;

  constructor(local: Endpoint) {
    super();
    this.#local = local;
  }

  address(): Endpoint {
    return this.#local;
  }

  setRecvBufferSize(size: number): void {
    this.asked.push(`buffer ${size}`);
    if (size > this.bufferMax) throw new Error('ENOBUFS');
  }

  getSendQueueSize(): number {
    return this.queued;
  }

  send(octets: Uint8Array, port: number, address: string, over: () => void): void {
    this.asked.push(`${octets.length} octets to ${address} ${port}`);
    over();
  }

  close(): void {
    this.asked.push('close');
    queueMicrotask(() => this.emit('close'));
  }
}

function noted(local: Endpoint = { address: '127.0.0.1', port: 1 }) {
  const socket = new NotedSocket(local);
  return { socket, given: socket as unknown as Socket };
}

test('datagrams go out of the socket of their family, and nowhere without one', () => {
  const four = noted();
  const six = noted({ address: '::1', port: 2 });
  const port = new UdpPort([four.given, six.given], () => undefined);
  assert.deepEqual(port.locals, [
    { address: '127.0.0.1', port: 1 },
    { address: '::1', port: 2 },
  ]);
  for (const { socket } of [four, six]) socket.asked.length = 0;
  port.send(OCTETS, { address: '192.0.2.1', port: 5 });
  port.send(OCTETS, { address: '2001:db8::1', port: 6 });
  assert.deepEqual(four.socket.asked, ['3 octets to 192.0.2.1 5']);
  assert.deepEqual(six.socket.asked, ['3 octets to 2001:db8::1 6']);
  const only = noted();
  new UdpPort([only.given], () => undefined).send(OCTETS, { address: '::1', port: 6 });
  assert.equal(only.socket.asked.length, 1);
});

test('what would wait behind too much is dropped', () => {
  const { socket, given } = noted();
  const port = new UdpPort([given], () => undefined);
  socket.asked.length = 0;
  socket.queued = UDP_SEND_QUEUE_OCTETS_MAX - OCTETS.length + 1;
  port.send(OCTETS, { address: '192.0.2.1', port: 5 });
  assert.deepEqual(socket.asked, []);
  socket.queued -= 1;
  port.send(OCTETS, { address: '192.0.2.1', port: 5 });
  assert.equal(socket.asked.length, 1);
});

test('the largest receive buffer that the system grants is asked for, down to the smallest', () => {
  const sizes = (bufferMax: number): readonly number[] => {
    const { socket, given } = noted();
    socket.bufferMax = bufferMax;
    assert.equal(new UdpPort([given], () => undefined).locals.length, 1);
    return socket.asked.map((asked) => Number(asked.split(' ')[1]));
  };
  const [most, least] = [UDP_RECEIVE_BUFFER_OCTETS, UDP_RECEIVE_BUFFER_OCTETS_MIN];
  assert.deepEqual(sizes(Infinity), [most]);
  assert.deepEqual(sizes(most / 4), [most, most / 2, most / 4]);
  assert.equal(sizes(0).at(-1), least);
});

test('an error about a datagram that was sent ends nothing', () => {
  const { socket, given } = noted();
  const heard: Endpoint[] = [];
  const port = new UdpPort([given], (_octets, source) => heard.push(source));
  socket.emit('error', new Error('ECONNREFUSED'));
  socket.emit('message', OCTETS, { address: '192.0.2.1', port: 5 });
  assert.deepEqual(heard, [{ address: '192.0.2.1', port: 5 }]);
  assert.equal(port.locals.length, 1);
});

test('after close() nothing is delivered or sent, and it is over when the sockets are closed', async () => {
  const four = noted();
  const six = noted({ address: '::1', port: 2 });
  let heardCount = 0;
  const port = new UdpPort([four.given, six.given], () => (heardCount += 1));
  let isOver = false;
  const closing = port.close().then(() => (isOver = true));
  four.socket.emit('message', OCTETS, { address: '192.0.2.1', port: 5 });
  port.send(OCTETS, { address: '192.0.2.1', port: 5 });
  assert.deepEqual([heardCount, isOver], [0, false]);
  await closing;
  for (const { socket } of [four, six]) assert.deepEqual(socket.asked.slice(1), ['close']);
  await port.close();
  assert.equal(four.socket.asked.length, 2, 'once');
});

test('two ports on this machine hear each other', async () => {
  const sockets = [0, 1].map(() => bindSocket({ address: '127.0.0.1', port: 0 }));
  const [first, second] = await Promise.all(sockets);
  assert.ok(first !== undefined && second !== undefined);
  const { promise, resolve } = Promise.withResolvers<readonly [number, Endpoint]>();
  const sender = new UdpPort([first], () => undefined);
  const receiver = new UdpPort([second], (octets, source) => resolve([octets.length, source]));
  const [to] = receiver.locals;
  assert.ok(to !== undefined);
  sender.send(OCTETS, to);
  assert.deepEqual(await promise, [3, sender.locals[0]]);
  await Promise.all([sender.close(), receiver.close()]);
});

test('bindSocket() says why an address cannot be bound', async () => {
  const taken = createSocket('udp4').bind(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address();
  taken.unref();
  const refusal = async (address: string, number: number): Promise<readonly unknown[]> => {
    const error: unknown = await bindSocket({ address, port: number }).catch(
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof OperatingError && error.cause instanceof Error, address);
    return [error.code, error.message];
  };
  assert.deepEqual(await refusal('127.0.0.1', port), [
    'port_taken',
    `UDP port ${port} on 127.0.0.1 is taken by another program.`,
  ]);
  taken.close();
  assert.deepEqual(await refusal('192.0.2.1', 5), [
    'address_unknown',
    'UDP port 5 on 192.0.2.1: the machine has no such address.',
  ]);
  assert.equal((await refusal('fe80::1%none', 0))[0], 'address_unknown');
  assert.deepEqual(await refusal('nonsense', 5), [
    'port_unusable',
    'UDP port 5 on nonsense cannot be opened: TypeError: not an address of this family',
  ]);
});
