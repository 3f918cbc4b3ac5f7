// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectTcp, createServer } from 'node:net';
import { test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { setTimeout as after } from 'node:timers/promises';
import { silentLogger, systemClock } from '@sentrypeer/kernel';
import { HANDSHAKES_OPEN_MAX } from '../../src/limits.ts';
import { encodeFrame, FrameType, pageFrames } from '../../src/link/frames.ts';
import { nodeCertificate } from '../../src/tls/certificate.ts';
import { LinkDoor, type LinkDoorOptions } from '../../src/tls/link-door.ts';
import { authorOf, claimOf, NOW_S, pageOf } from '../pages/pages.ts';
import { SimulatedNode, type Time } from '../link/simulated-links.ts';

const REAL: Time = {
  nowMs: () => systemClock.nowMs(),
  epochUs: () => systemClock.epochUs(),
  wakeAfter: (waitMs, run) => {
    const timeout = setTimeout(run, waitMs);
    return () => clearTimeout(timeout);
  },
};

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** Whatever ends it. */
async function ended(socket: TLSSocket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.once('close', () => resolve());
  await promise;
}

async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = AbortSignal.timeout(20_000);
  while (!condition()) {
    assert.ok(!deadline.aborted, `not in time: ${what}`);
    await after(5);
  }
}

interface Opened extends AsyncDisposable {
  readonly node: SimulatedNode;
  readonly door: LinkDoor;
  readonly port: number;
}

async function open(name: string, options: Partial<LinkDoorOptions> = {}): Promise<Opened> {
  const node = new SimulatedNode(REAL, name);
  const port = await freePort();
  const door = await LinkDoor.open(
    { clock: systemClock, logger: silentLogger, exchange: node.exchange },
    {
      signer: node.signer,
      privateKeyPem: node.signer.pem,
      locals: [{ address: '127.0.0.1', port }],
      ...options,
    },
  );
  const dispose = async (): Promise<void> => {
    node.exchange.close();
    await door[Symbol.asyncDispose]();
  };
  return { node, door, port, [Symbol.asyncDispose]: dispose };
}

const at = ({ port, node }: Opened) => ({ host: '127.0.0.1', port, key: node.key });

test('`nodeCertificate()` is signed by the key that it holds, for all time', () => {
  const signer = authorOf('alice');
  const certificate = new X509Certificate(nodeCertificate(signer));
  assert.equal(certificate.verify(certificate.publicKey), true);
  const { x = '' } = certificate.publicKey.export({ format: 'jwk' });
  assert.deepEqual(Uint8Array.fromBase64(x, { alphabet: 'base64url' }), signer.publicKey);
  assert.match(certificate.validTo, /9999/);
});

test('nodes link over TLS 1.3, know each other by key, and pages go both ways', async () => {
  await using a = await open('a');
  await using b = await open('b');
  a.node.say('45.0.0.1');
  b.node.say('45.0.0.2');
  assert.equal((await a.door.call(at(b))).kind, 'linked');
  await until('the pages', () => a.node.subjects().length === 2 && b.node.subjects().length === 2);
  assert.deepEqual(
    b.node.exchange.links.map(({ key, address, isOutward }) => [key, address, isOutward]),
    [[a.node.key, '127.0.0.1', false]],
  );
  assert.equal((await a.door.call(at(b))).kind, 'failed', 'there is a link already');
});

test('a call fails if another key answers, nobody does, or it is not such a door', async () => {
  await using a = await open('a');
  await using b = await open('b');
  const wrong = await a.door.call({ ...at(b), key: authorOf('carol').publicKey.toHex() });
  assert.deepEqual(wrong, {
    kind: 'failed',
    why: 'another key than the expected one answers',
  });
  const port = await freePort();
  const silent = await a.door.call({ host: '127.0.0.1', port, key: undefined });
  assert.deepEqual(silent, { kind: 'failed', why: 'ECONNREFUSED' });
  const self = await a.door.call({ ...at(a), key: undefined });
  assert.equal(self.kind, 'failed');
  assert.equal(a.node.exchange.links.length, 0);
});

test('a call of somebody who accepts and says nothing ends in time', async () => {
  await using a = await open('a', { helloMs: 200 });
  let isClosed = false;
  await using silent = createServer((socket) => {
    socket.resume().once('close', () => (isClosed = true));
  }).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as { readonly port: number };
  const called = await a.door.call({ host: '127.0.0.1', port, key: undefined });
  assert.deepEqual(called, { kind: 'failed', why: 'no answer in time' });
  await until('the end of the connection', () => isClosed);
});

test('a link that ends does not wait for an end that reads nothing and stays', async () => {
  await using a = await open('a', { lingerMs: 200 });
  const signer = authorOf('stays');
  const socket = connect({
    host: '127.0.0.1',
    port: a.port,
    rejectUnauthorized: false,
    cert: nodeCertificate(signer),
    key: signer.pem,
    ALPNProtocols: ['sentrypeer-pool/1'],
  });
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  socket.pause();
  await until('the connection to be gone', () => {
    socket.write(encodeFrame(FrameType.prune)); // That is no hello.
    return socket.destroyed;
  });
});

/** A connection over which a test says what it likes. */
async function connectTo({ port }: Opened, name: string): Promise<TLSSocket> {
  const signer = authorOf(name);
  const socket = connect({
    host: '127.0.0.1',
    port,
    rejectUnauthorized: false,
    cert: nodeCertificate(signer),
    key: signer.pem,
    ALPNProtocols: ['sentrypeer-pool/1'],
  });
  socket.on('error', () => undefined);
  socket.setNoDelay(true);
  socket.resume();
  await once(socket, 'secureConnect');
  return socket;
}

const HELLO = encodeFrame(FrameType.hello, new Uint8Array([1, 0, 0, 0, 0]), new Uint8Array(32));

test('frames are understood wherever TLS records cut them, and a cut page is not kept', async () => {
  await using a = await open('a');
  const page = (subject: string, serial: number): Uint8Array =>
    pageOf(authorOf('told'), { serial, claims: [claimOf(subject)] });
  const whole = pageFrames([page('45.0.0.1', NOW_S), page('45.0.0.2', NOW_S + 1)]);
  const socket = await connectTo(a, 'one by one');
  for (const octet of Buffer.concat([HELLO, ...whole])) {
    await new Promise<void>((done) => {
      socket.write(Uint8Array.of(octet), () => done());
    });
  }
  await until('both pages', () => a.node.subjects().length === 2);
  const [cut = HELLO] = pageFrames([page('45.0.0.3', NOW_S + 2)]);
  socket.end(cut.subarray(0, -1));
  await until('the end of the link', () => a.node.exchange.peers.length === 0);
  assert.deepEqual(a.node.subjects(), ['45.0.0.1', '45.0.0.2']);
  assert.deepEqual(
    Object.values(a.node.exchange.linksLeft).filter((count) => count > 0),
    [],
    'it is no fault of the other end',
  );
});

test('a closed pool takes only who knows its key', async () => {
  const key = new Uint8Array(32).fill(5);
  await using a = await open('a', { poolKey: key });
  await using b = await open('b', { poolKey: key });
  await using stranger = await open('c', { poolKey: new Uint8Array(32).fill(6) });
  await using open1 = await open('d');
  a.node.say('45.0.0.1');
  for (const other of [stranger, open1]) {
    const called = await other.door.call(at(a));
    assert.equal(called.kind === 'linked' && (await called.ended), false);
    assert.deepEqual(other.node.subjects(), []);
    assert.deepEqual(a.node.exchange.links, []);
  }
  const called = await b.door.call(at(a));
  await until('the page', () => b.node.subjects().length === 1);
  await a.door[Symbol.asyncDispose]();
  assert.equal(called.kind === 'linked' && (await called.ended), true);
});

test('who shows no key of a node is not let in', async () => {
  await using a = await open('a');
  const options = { host: '127.0.0.1', port: a.port, rejectUnauthorized: false };
  const bare = connect({ ...options, ALPNProtocols: ['sentrypeer-pool/1'] });
  bare.on('error', () => undefined);
  await ended(bare);
  const old = connect({ ...options, maxVersion: 'TLSv1.2' });
  old.on('error', () => undefined);
  await ended(old);
  assert.deepEqual(a.node.exchange.links, []);
});

test('a limited number of connections that prove nothing is open at once', async () => {
  await using a = await open('a');
  const sockets = Array.from({ length: HANDSHAKES_OPEN_MAX + 4 }, () =>
    connectTcp({ host: '127.0.0.1', port: a.port }).on('error', () => undefined),
  );
  let closed = 0;
  for (const socket of sockets) socket.once('close', () => (closed += 1));
  await until('the last ones to be refused', () => closed >= 4);
  for (const socket of sockets) socket.destroy();
  assert.equal(a.node.exchange.links.length, 0);
});

test('a port that is taken is said', async () => {
  await using a = await open('a');
  const node = new SimulatedNode(REAL, 'b');
  const { signer } = node;
  const ports = { clock: systemClock, logger: silentLogger, exchange: node.exchange };
  const locals = [{ address: '127.0.0.1', port: a.port }];
  const options = { signer, privateKeyPem: signer.pem, locals };
  await assert.rejects(LinkDoor.open(ports, options), {
    code: 'pool_port_taken',
    message: /\(EADDRINUSE\).*--dht-port/,
  });
  node.exchange.close();
});
