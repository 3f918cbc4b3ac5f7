// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* With whom a door links, what it tells its owner of the other end, and what becomes of a connection. */

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectTcp, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { setTimeout as after } from 'node:timers/promises';
import { silentLogger } from '@sentrypeer/kernel';
import { HANDSHAKES_OPEN_MAX, LINKS_IN_MAX } from '../../src/limits.ts';
import type { Exchange } from '../../src/link/exchange.ts';
import type { LinkPeer, Wire } from '../../src/link/link-parts.ts';
import { nodeCertificate } from '../../src/tls/certificate.ts';
import { LinkDoor, type LinkDoorOptions, type LinkTarget } from '../../src/tls/link-door.ts';
import { authorOf } from '../pages/pages.ts';

async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = AbortSignal.timeout(20_000);
  while (!condition()) {
    assert.ok(!deadline.aborted, `not in time: ${what}`);
    await after(1);
  }
}

/** A link, and what its connection told it. */
interface Added {
  readonly peer: LinkPeer;
  readonly wire: Wire;
  readonly proof: Uint8Array;
  readonly expected: Uint8Array;
  /** In hexadecimal. */
  received: string;
  drained: number;
  ended: number;
}

/** A door whose exchange writes down what it is given. */
async function open(name: string, options: Partial<LinkDoorOptions> = {}) {
  const signer = authorOf(name);
  const links: Added[] = [];
  const asked: unknown[] = [];
  const state = {
    distrusts: (() => false) as (peer: Pick<LinkPeer, 'nodeId' | 'address'>) => boolean,
    accepts: true,
    peers: [] as Pick<LinkPeer, 'address' | 'isOutward'>[],
    nowMs: 0,
  };
  const exchange = {
    get peers() {
      return state.peers;
    },
    isDistrusted: (peer: Pick<LinkPeer, 'nodeId' | 'address'>) => {
      asked.push(peer);
      return state.distrusts(peer);
    },
    add: (peer: LinkPeer, wire: Wire, proof: Uint8Array, expected: Uint8Array) => {
      const link: Added = { peer, wire, proof, expected, received: '', drained: 0, ended: 0 };
      links.push(link);
      if (!state.accepts) return undefined;
      return {
        receive: (octets: Uint8Array) => (link.received += octets.toHex()),
        drained: () => (link.drained += 1),
        ended: () => (link.ended += 1),
        wasReady: true,
      };
    },
  } as unknown as Exchange;
  const port = await freePort();
  const clock = { nowMs: () => state.nowMs, epochUs: () => 42 };
  const door = await LinkDoor.open(
    { clock, logger: silentLogger, exchange },
    {
      signer,
      privateKeyPem: signer.pem,
      locals: [{ address: '127.0.0.1', port }],
      ...options,
    },
  );
  const target = { host: '127.0.0.1', port, key: signer.publicKey.toHex() };
  const close = (): Promise<void> => door[Symbol.asyncDispose]();
  return { door, signer, links, asked, state, port, target, [Symbol.asyncDispose]: close };
}

async function freePort(address = '127.0.0.1'): Promise<number> {
  const server = createServer().listen(0, address);
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  server.close();
  await once(server, 'close');
  return port;
}

type Opened = Awaited<ReturnType<typeof open>>;

/** Both ends of a link. */
async function linked(a: Opened, b: Opened): Promise<readonly [Added, Added]> {
  assert.equal((await a.door.call(b.target)).kind, 'linked');
  await until('both ends', () => b.links.length > 0);
  const [here, there] = [a.links.at(-1), b.links.at(-1)];
  assert.ok(here !== undefined && there !== undefined);
  return [here, there];
}

/** Waits until a connection is gone, whatever ends it. */
async function gone(socket: Socket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.once('close', () => resolve());
  await promise;
}

/** Makes one more link, and waits until it is the only one of those that came in. */
async function onlyOneStays(a: Opened, b: Opened, target: LinkTarget = b.target): Promise<void> {
  assert.equal((await a.door.call(target)).kind, 'linked');
  a.links.at(-1)?.wire.send(Uint8Array.of(7));
  await until('its octet', () => b.links.some(({ received }) => received === '07'));
  await until(
    'the others to be gone',
    () => b.links.filter(({ ended }) => ended === 0).length === 1,
  );
}

/** A connection of a node to a door, over which a test says what it likes. */
function dial({ port }: Opened, name: string, protocols = ['sentrypeer-pool/1']): TLSSocket {
  const signer = authorOf(name);
  const socket = connect({
    host: '127.0.0.1',
    port,
    rejectUnauthorized: false,
    cert: nodeCertificate(signer),
    key: signer.pem,
    ALPNProtocols: protocols,
  });
  socket.on('error', () => undefined);
  socket.resume();
  return socket;
}

test('`nodeCertificate()` tells nothing but the key, in lines that every reader of PEM takes', () => {
  const signer = authorOf('alice');
  const pem = nodeCertificate(signer);
  const certificate = new X509Certificate(pem);
  assert.equal(certificate.subject, 'CN=sentrypeer');
  assert.equal(certificate.issuer, 'CN=sentrypeer');
  assert.equal(certificate.serialNumber, '01');
  assert.equal(certificate.validFromDate.toISOString(), '2020-01-01T00:00:00.000Z');
  assert.equal(certificate.validToDate.toISOString(), '9999-12-31T23:59:59.000Z');
  assert.ok(certificate.verify(certificate.publicKey));
  const [begin, ...lines] = pem.split('\n');
  assert.equal(begin, '-----BEGIN CERTIFICATE-----');
  assert.deepEqual(lines.splice(-2), ['-----END CERTIFICATE-----', '']);
  assert.ok(lines.slice(0, -1).every(({ length }) => length === 64));
  assert.ok(isDer(Uint8Array.fromBase64(lines.join(''))));
});

/** Whether each length is in its shortest form and fits, ITU-T X.690 §10.1. */
function isDer(octets: Uint8Array): boolean {
  let rest = octets;
  while (rest.length > 0) {
    const [tag = 0, first = 0, second = 0] = rest;
    const [size, head] = first < 0x80 ? [first, 2] : [second, 3];
    if (first > 0x81 || (first === 0x81 && second < 0x80) || rest.length < head + size)
      return false;
    // Of the constructed ones, what is in them.
    if ((tag & 0x20) !== 0 && !isDer(rest.subarray(head, head + size))) return false;
    rest = rest.subarray(head + size);
  }
  return true;
}

test('`isListening` says whether others can dial this node', async () => {
  await using a = await open('a');
  await using b = await open('b', { locals: [] });
  assert.deepEqual([a.door.isListening, b.door.isListening], [true, false]);
});

test('each end of a link knows the key, the node, the address and the direction of the other', async () => {
  await using a = await open('a');
  await using b = await open('b');
  const ends = await linked(a, b);
  const peerOf = ({ signer }: Opened, isOutward: boolean): LinkPeer => ({
    key: signer.publicKey.toHex(),
    nodeId: signer.nodeId,
    address: '127.0.0.1',
    isOutward,
    sinceEpochUs: 42,
  });
  assert.deepEqual(
    ends.map(({ peer }) => peer),
    [peerOf(b, true), peerOf(a, false)],
  );
});

test('in an open pool nothing is proved, in a closed one each end expects what the other one sends', async () => {
  await using a = await open('a');
  await using b = await open('b');
  const zeros = new Uint8Array(32);
  for (const { proof, expected } of await linked(a, b)) {
    assert.deepEqual([proof, expected], [zeros, zeros]);
  }
  const poolKey = new Uint8Array(32).fill(5);
  await using c = await open('c', { poolKey });
  await using d = await open('d', { poolKey });
  const [here, there] = await linked(c, d);
  assert.deepEqual([here.proof, here.expected], [there.expected, there.proof]);
  assert.notDeepEqual(here.proof, here.expected, 'nobody can send back what was sent');
  assert.equal(here.proof.length, 32);
  const [again] = await linked(d, c);
  assert.notDeepEqual(again.proof, here.proof, 'each connection has its own');
});

test('octets go from one end to the other, and the end of a link is told at both', async () => {
  await using a = await open('a');
  await using b = await open('b');
  const called = await a.door.call(b.target);
  await until('both ends', () => b.links.length === 1);
  const [[here], [there]] = [a.links, b.links];
  assert.ok(here !== undefined && there !== undefined);
  here.wire.send(Uint8Array.of(1, 2));
  there.wire.send(Uint8Array.of(3));
  await until('the octets', () => here.received.length === 2 && there.received.length === 4);
  here.wire.close();
  await until('the ends', () => here.ended === 1 && there.ended === 1);
  assert.equal(called.kind === 'linked' && (await called.ended), true);
  here.wire.send(Uint8Array.of(4)); // Nobody reads it, and it does no harm.
  assert.deepEqual([here.received, there.received], ['03', '0102']);
});

test('a link is told when its connection has room again, and how much it has not taken', async () => {
  await using a = await open('a');
  await using b = await open('b');
  const [here, there] = await linked(a, b);
  assert.equal(here.wire.unsentOctets, 0);
  here.wire.send(new Uint8Array(1_000_000));
  assert.ok(here.wire.unsentOctets > 0);
  await until('room', () => here.drained > 0);
  await until('all of it', () => there.received.length === 2_000_000);
  assert.equal(here.wire.unsentOctets, 0);
});

test('a link that the exchange refuses is closed at once', async () => {
  await using a = await open('a');
  await using b = await open('b');
  a.state.accepts = false;
  assert.deepEqual(await a.door.call(b.target), {
    kind: 'failed',
    why: 'there is such a link already',
  });
  await gone(dial(a, 'c'));
  assert.deepEqual(
    a.links.map(({ peer: { isOutward } }) => isOutward),
    [true, false],
  );
  a.state.accepts = true;
  await onlyOneStays(a, b);
});

test('a door that is closed calls nobody, hears nobody, and ends its links', async () => {
  const a = await open('a');
  await using b = await open('b');
  const [here, there] = await linked(a, b);
  await a.door[Symbol.asyncDispose]();
  await until('the ends', () => here.ended === 1 && there.ended === 1);
  assert.deepEqual(await a.door.call(b.target), { kind: 'failed', why: 'this node stops' });
  assert.deepEqual(await b.door.call(a.target), { kind: 'failed', why: 'ECONNREFUSED' });
  await a.door[Symbol.asyncDispose]();
});

test('a distrusted address is not dialled; whom a name leads to is seen only then', async () => {
  await using a = await open('a');
  await using b = await open('b');
  a.state.distrusts = ({ address }) => address === '127.0.0.1';
  assert.deepEqual(await a.door.call(b.target), {
    kind: 'failed',
    why: 'its network is distrusted',
  });
  assert.deepEqual([a.asked, b.asked], [[{ nodeId: '', address: '127.0.0.1' }], []]);
  const named = { ...b.target, host: '127.1' }; // As the resolver takes it, which is no canonical address.
  assert.deepEqual(await a.door.call(named), {
    kind: 'failed',
    why: 'it is distrusted, or its network is',
  });
  assert.deepEqual(a.asked.slice(1), [{ nodeId: b.signer.nodeId, address: '127.0.0.1' }]);
  a.state.distrusts = () => false;
  await onlyOneStays(a, b);
});

test('a distrusted node is left when it has proved its key, and a distrusted address before', async () => {
  await using a = await open('a');
  await using b = await open('b');
  a.state.distrusts = ({ nodeId }) => nodeId === b.signer.nodeId;
  assert.deepEqual(await a.door.call(b.target), {
    kind: 'failed',
    why: 'it is distrusted, or its network is',
  });
  assert.deepEqual(a.links, []);
  b.asked.length = 0;
  b.state.distrusts = () => true;
  const socket = connectTcp({ host: '127.0.0.1', port: b.port }).on('error', () => undefined);
  await gone(socket);
  assert.deepEqual(b.asked, [{ nodeId: '', address: '127.0.0.1' }]);
});

test('a call with another key than the expected one fails, one without a key is linked', async () => {
  await using a = await open('a');
  await using b = await open('b');
  assert.deepEqual(await a.door.call({ ...b.target, key: a.target.key }), {
    kind: 'failed',
    why: 'another key than the expected one answers',
  });
  assert.deepEqual(a.links, []);
  await onlyOneStays(a, b, { ...b.target, key: undefined });
});

test('a call goes to the address that was named', async () => {
  await using a = await open('a');
  const port = await freePort('127.0.0.3');
  await using b = await open('b', { locals: [{ address: '127.0.0.3', port }] });
  const called = await a.door.call({ ...b.target, host: '127.0.0.3', port });
  assert.equal(called.kind, 'linked');
});

test('a door that is closed waits neither for whom it calls nor for who calls it', async () => {
  const a = await open('a', { helloMs: 600_000 });
  await using silent = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as { readonly port: number };
  const called = a.door.call({ ...a.target, port });
  const inward = connectTcp({ host: '127.0.0.1', port: a.port });
  await until('the connection', () => a.asked.length === 2);
  await Promise.all([a.door[Symbol.asyncDispose](), gone(inward)]);
  assert.deepEqual(await called, { kind: 'failed', why: 'this node stops' });
});

test('a call comes from the local address that was chosen for its family', async () => {
  await using b = await open('b');
  await using a = await open('a', { callsFrom: ['::1', '127.0.0.2'] });
  const [, there] = await linked(a, b);
  assert.equal(there.peer.address, '127.0.0.2');
  await using c = await open('c', { callsFrom: ['::1'] });
  assert.deepEqual(await c.door.call(b.target), {
    kind: 'failed',
    why: 'no local address of its family is to be dialled from',
  });
  // A name that cannot exist: a part of it is too long.
  const unknown = await c.door.call({ ...b.target, host: 'a'.repeat(64) });
  assert.deepEqual(unknown, { kind: 'failed', why: 'ENOTFOUND' });
});

test('who names another protocol, or none, gets no link', async () => {
  await using a = await open('a');
  for (const protocols of [['h2'], []]) await gone(dial(a, 'b', protocols));
  assert.deepEqual(a.links, []);
});

test('a door that has as many links as it may have takes no more', async () => {
  await using a = await open('a');
  const peer = { address: '127.0.0.1', isOutward: false };
  a.state.peers = Array.from({ length: LINKS_IN_MAX }, () => peer);
  await gone(dial(a, 'b'));
  assert.deepEqual(a.links, []);
  a.state.peers.pop();
  dial(a, 'c');
  await until('the link', () => a.links.length === 1);
});

test('a connection that proved its key, or is gone, leaves its place to others', async () => {
  await using a = await open('a');
  // As many at once, with time to begin them.
  const silent = Array.from({ length: HANDSHAKES_OPEN_MAX }, () =>
    connectTcp({ host: '127.0.0.1', port: a.port }).on('error', () => undefined),
  );
  await until('all of them', () => a.asked.length === HANDSHAKES_OPEN_MAX);
  a.state.nowMs = 3_600_000;
  await gone(dial(a, 'b'));
  for (const socket of silent) socket.destroy();
  for (let count = 1; count <= HANDSHAKES_OPEN_MAX + 1; count += 1) {
    a.state.nowMs += 3_600_000;
    let socket: Socket | undefined;
    await until('one more link', () => {
      // Those that are gone are noticed by and by.
      if (socket === undefined || socket.destroyed) socket = dial(a, `node ${count}`);
      return a.links.length === count;
    });
  }
});

test('a link that ends is gone although the other end stays', async () => {
  await using a = await open('a', { lingerMs: 20 });
  const socket = connectTcp({ host: '127.0.0.1', port: a.port, allowHalfOpen: true });
  const secure = connect({
    socket,
    rejectUnauthorized: false,
    cert: nodeCertificate(authorOf('b')),
    key: authorOf('b').pem,
    ALPNProtocols: ['sentrypeer-pool/1'],
  });
  for (const one of [socket, secure]) one.on('error', () => undefined);
  await until('the link', () => a.links.length === 1);
  secure.pause();
  a.links[0]?.wire.close();
  await until('its end', () => a.links[0]?.ended === 1);
  socket.destroy();
});
