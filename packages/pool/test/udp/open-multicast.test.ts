// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* On which links of a machine the group of neighbours is joined, and what is sent to it. */

import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { NetworkInterfaceInfo } from 'node:os';
import { test } from 'node:test';
import { ANNOUNCEMENT_HOPS_MAX } from '../../src/limits.ts';
import {
  MULTICAST_SCOPES,
  openMulticast,
  type MulticastPort,
  type MulticastScope,
} from '../../src/udp/open-multicast.ts';

const OCTETS = Uint8Array.of(1, 2, 3);

/** An address as the system lists it. */
function addressOf(family: 'IPv4' | 'IPv6', internal = false): NetworkInterfaceInfo {
  return { family, internal } as NetworkInterfaceInfo;
}

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** What the socket was told, by its method; each method throws what the test says. */
class FakeSocket extends EventEmitter {
  readonly calls: unknown[][] = [];
  readonly failures = new Map<string, Error>();
  options: unknown;

  bind(options: unknown): void {
    this.#called('bind', options);
    const failure = this.failures.get('listening');
    process.nextTick(() => (failure ? this.emit('error', failure) : this.emit('listening')));
  }

  setMulticastTTL(hops: number): void {
    this.#called('ttl', hops);
  }

  addMembership(group: string, link: string): void {
    this.#called('join', group, link);
  }

  setMulticastInterface(link: string): void {
    this.#called('interface', link);
  }

  send(octets: Uint8Array, port: number, to: string, done: (error?: Error) => void): void {
    this.#called('send', octets, port, to);
    done(new Error('the network is unreachable'));
  }

  close(): void {
    this.#called('close');
    process.nextTick(() => this.emit('close'));
  }

  of(method: string): readonly unknown[] {
    return this.calls.filter(([name]) => name === method).map((call) => call.slice(1));
  }

  #called(method: string, ...values: readonly unknown[]): void {
    this.calls.push([method, ...values]);
    // Of all links, or of one.
    const failure =
      this.failures.get(method) ?? this.failures.get(`${method} ${String(values.at(-1))}`);
    if (failure !== undefined) throw failure;
  }
}

function machine() {
  const socket = new FakeSocket();
  const links: Record<string, NetworkInterfaceInfo[] | undefined> = { eth0: [addressOf('IPv6')] };
  const logged: unknown[] = [];
  const heard: unknown[] = [];
  const log = (event: string, fields?: unknown): void => void logged.push([event, fields]);
  const open = (scope: MulticastScope = 'link'): Promise<MulticastPort> =>
    openMulticast(
      {
        logger: { debug: log, info: log, warn: log, error: log },
        createSocket: (options: unknown) => {
          socket.options = options;
          return socket as never;
        },
        networkInterfaces: () => links,
      },
      scope,
      (octets, source) => heard.push([octets, source]),
    );
  return { socket, links, logged, heard, open };
}

test('`openMulticast()` shares the port of the group with other programs of the machine, over IPv6', async () => {
  const { socket, open } = machine();
  await open();
  const { type, ipv6Only, reuseAddr } = socket.options as Readonly<Record<string, unknown>>;
  assert.deepEqual(
    { type, ipv6Only, reuseAddr },
    { type: 'udp6', ipv6Only: true, reuseAddr: true },
  );
  assert.deepEqual(socket.of('bind'), [[{ address: '::', port: 8172, exclusive: true }]]);
});

test('`openMulticast()` joins the group of its scope, and goes no further than that', async () => {
  for (const scope of ['link', 'admin', 'site', 'organization'] as const) {
    const { socket, open } = machine();
    await open(scope);
    assert.deepEqual(socket.of('join'), [[`ff0${MULTICAST_SCOPES[scope]}::172`, '::%eth0']]);
    assert.deepEqual(socket.of('ttl'), [[scope === 'link' ? 1 : ANNOUNCEMENT_HOPS_MAX]]);
  }
});

test('`openMulticast()` joins on links with IPv6 that are not of the machine itself', async () => {
  const { socket, links, open } = machine();
  links['lo'] = [addressOf('IPv6', true)];
  links['eth1'] = [addressOf('IPv4')];
  links['eth2'] = [addressOf('IPv4'), addressOf('IPv6')];
  links['eth3'] = undefined;
  await open();
  assert.deepEqual(socket.of('join'), [
    ['ff02::172', '::%eth0'],
    ['ff02::172', '::%eth2'],
  ]);
});

test('`send()` sends on each link, and a datagram that fails does no harm', async () => {
  const { socket, links, open } = machine();
  links['eth1'] = [addressOf('IPv6')];
  const port = await open('site');
  port.send(OCTETS);
  socket.emit('error', new Error('port unreachable'));
  assert.deepEqual(
    socket.calls.filter(([name]) => name === 'interface' || name === 'send'),
    ['eth0', 'eth1'].flatMap((link) => [
      ['interface', `::%${link}`],
      ['send', OCTETS, 8172, `ff05::172%${link}`],
    ]),
  );
});

test('`send()` joins on links that are new or were away, and on each once', async () => {
  const { socket, links, open } = machine();
  const port = await open();
  const joined = (): readonly unknown[] => socket.of('join').slice(-1);
  links['eth1'] = [addressOf('IPv6')];
  port.send(OCTETS);
  port.send(OCTETS);
  assert.deepEqual(joined(), [['ff02::172', '::%eth1']]);
  assert.equal(socket.of('join').length, 2);
  delete links['eth0'];
  socket.calls.length = 0;
  port.send(OCTETS);
  assert.deepEqual(socket.of('send'), [[OCTETS, 8172, 'ff02::172%eth1']]);
  links['eth0'] = [addressOf('IPv6')];
  port.send(OCTETS);
  assert.deepEqual(socket.of('join'), [['ff02::172', '::%eth0']]);
});

test('a link on which the group cannot be joined is logged and left out; one that is a member still is not', async () => {
  const { socket, links, logged, open } = machine();
  for (const name of ['eth1', 'eth2']) links[name] = [addressOf('IPv6')];
  socket.failures.set('join ::%eth0', systemError('EADDRINUSE'));
  socket.failures.set('join ::%eth1', systemError('ENODEV'));
  const port = await open();
  assert.deepEqual(logged, [['neighbours_link_failed', { link: 'eth1', error: 'Error: ENODEV' }]]);
  socket.failures.set('join ::%eth1', new Error('no code'));
  port.send(OCTETS);
  assert.deepEqual(
    socket.of('send'),
    ['eth0', 'eth2'].map((link) => [OCTETS, 8172, `ff02::172%${link}`]),
  );
});

test('a link that is gone when it is its turn is logged, and the others still get it', async () => {
  const { socket, links, logged, open } = machine();
  links['eth1'] = [addressOf('IPv6')];
  const port = await open();
  socket.failures.set('interface ::%eth0', systemError('ENODEV'));
  port.send(OCTETS);
  assert.deepEqual(socket.of('send'), [[OCTETS, 8172, 'ff02::172%eth1']]);
  assert.deepEqual(logged, [['neighbours_link_failed', { link: 'eth0', error: 'Error: ENODEV' }]]);
});

test('`openMulticast()` tells what came, and from where', async () => {
  const { socket, heard, open } = machine();
  await open();
  socket.emit('message', OCTETS, { address: 'fe80::2%eth0', port: 8172 });
  assert.deepEqual(heard, [[OCTETS, { address: 'fe80::2', port: 8172, zone: 'eth0' }]]);
});

test('on a machine where the port cannot be opened that is logged, and nothing is sent', async () => {
  for (const failing of ['listening', 'ttl']) {
    const { socket, logged, open } = machine();
    socket.failures.set(failing, systemError('EAFNOSUPPORT'));
    const port = await open();
    assert.deepEqual(logged, [['neighbours_unreachable', { error: 'Error: EAFNOSUPPORT' }]]);
    port.send(OCTETS);
    await port[Symbol.asyncDispose]();
    assert.deepEqual([socket.of('join'), socket.of('send')], [[], []]);
    assert.equal(socket.of('close').length, 1);
  }
});

test('the port is closed once, and sends nothing from then on', async () => {
  const { socket, open } = machine();
  const port = await open();
  let isGone = false;
  socket.once('close', () => (isGone = true));
  await port[Symbol.asyncDispose]();
  assert.equal(isGone, true);
  await port[Symbol.asyncDispose]();
  assert.equal(socket.of('close').length, 1);
  port.send(OCTETS);
  assert.deepEqual(socket.of('send'), []);
});
