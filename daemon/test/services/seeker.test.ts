// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeIdOfKey } from '@sentrypeer/event';
import type { LinkPeer } from '@sentrypeer/pool/link';
import type { ContactEndpoint, NodeContact } from '@sentrypeer/pool/rendezvous';
import { Seeker, type SeekerOptions } from '../../src/services/pool/seeker.ts';
import { TestClock } from './test-clock.ts';

type Endpoints = readonly ContactEndpoint[];

function keyOf(seed: number): Uint8Array {
  return new Uint8Array(32).fill(seed);
}

/** The surroundings of a node that looks for others. */
class World {
  readonly clock = new TestClock();
  readonly contacts: NodeContact[] = [];
  dhtNodes: { readonly address: string; readonly port: number }[] = [];
  seenAt: { readonly address: string; readonly votes: number }[] = [];
  voters: string[] = [];
  /** Those whose network was recently proved. */
  readonly proved = new Set<string>();
  links: LinkPeer[] = [];
  /** Hosts that answer. */
  readonly answering = new Set<string>();
  readonly dialled: string[] = [];
  announced: Endpoints = [];
  /** When it looked for random contacts, in milliseconds; whether all keys were looked at. */
  readonly looks: number[] = [];
  isThrough = false;
  readonly seeker: Seeker;

  constructor(options: SeekerOptions = { ownEndpoints: 'auto', port: 4222 }) {
    const isThrough = (): boolean => this.isThrough;
    const fits = (isFit: (one: ContactEndpoint) => boolean): readonly NodeContact[] =>
      this.contacts.flatMap((one) => {
        const endpoints = one.endpoints.filter(isFit);
        return endpoints.length === 0 ? [] : [{ ...one, endpoints }];
      });
    this.seeker = new Seeker(
      {
        clock: this.clock,
        door: {
          call: async ({ host, port, key }) => {
            this.dialled.push(`${host} ${port} ${key?.slice(0, 2) ?? '-'}`);
            return this.answering.has(host)
              ? { kind: 'linked', ended: Promise.resolve(true) }
              : { kind: 'failed', why: 'no answer in time' };
          },
        },
        rendezvous: {
          announce: async (endpoints) => void (this.announced = endpoints),
          find: async (nodeId, { isFit }) =>
            fits(isFit).find(({ key }) => nodeIdOfKey(key) === nodeId),
          some: async ({ isFit }) => {
            this.looks.push(this.clock.ms);
            return fits(isFit);
          },
          get isThrough() {
            return isThrough();
          },
        },
        surroundings: { nodes: () => this.dhtNodes, seenAt: () => this.seenAt },
        links: () => this.links,
        voters: () => this.voters.map((nodeId) => ({ nodeId, isProved: this.proved.has(nodeId) })),
        signal: new AbortController().signal,
      },
      options,
    );
  }

  contact(seed: number, ...endpoints: Endpoints): NodeContact {
    const contact = { networkId: 0, key: keyOf(seed), madeEpochS: 0, endpoints };
    this.contacts.push(contact);
    return contact;
  }

  linkWith(address: string, seed = 99): void {
    this.links.push({
      key: keyOf(seed).toHex(),
      nodeId: nodeIdOfKey(keyOf(seed)),
      address,
      isOutward: true,
      sinceEpochUs: 0,
    });
  }

  async steps(count: number, stepMs = 1000): Promise<void> {
    for (let step = 0; step < count; step += 1) {
      await this.seeker.step();
      this.clock.ms += stepMs;
    }
  }
}

test('a node says the address at which most others see it, of each family', async () => {
  const world = new World();
  world.seenAt = [{ address: '45.12.3.4', votes: 2 }];
  await world.steps(1);
  assert.deepEqual(world.announced, [], 'too few say so');
  world.seenAt = [
    { address: '45.12.3.4', votes: 9 },
    { address: '46.1.2.3', votes: 8 },
    { address: '2a01:4f8::1', votes: 3 },
  ];
  await world.steps(1);
  assert.deepEqual(world.announced, [
    { address: '2a01:4f8::1', port: 4222 },
    { address: '45.12.3.4', port: 4222 },
  ]);
  world.seenAt.push({ address: '46.1.2.4', votes: 1 });
  await world.steps(1);
  assert.deepEqual(world.announced, [{ address: '2a01:4f8::1', port: 4222 }], 'no majority');
  const closed = new World({ ownEndpoints: 'auto', port: undefined });
  closed.seenAt = world.seenAt;
  await closed.steps(1);
  assert.deepEqual(closed.announced, [], 'nobody can dial it');
  const ownEndpoints = [{ address: '47.1.1.1', port: 5000 }];
  const told = new World({ ownEndpoints, port: 4222 });
  told.seenAt = world.seenAt;
  await told.steps(1);
  assert.deepEqual(told.announced, ownEndpoints);
});

test('a voter is dialled where it says that it is, and only its key may answer', async () => {
  const world = new World({ ownEndpoints: [], port: 4222 });
  world.contact(7, { address: '2a01:4f8::1', port: 4300 }, { address: '45.12.3.4', port: 4301 });
  world.voters = [nodeIdOfKey(keyOf(5)), nodeIdOfKey(keyOf(7))];
  for (const at of [1, 2, 3, 4, 5]) world.linkWith(`50.${at}.1.1`, 50 + at);
  await world.steps(2);
  assert.deepEqual(world.dialled, ['2a01:4f8::1 4300 07', '45.12.3.4 4301 07']);
  await world.steps(10);
  assert.equal(world.dialled.length, 2, 'not again for ten minutes');
  world.clock.ms += 600_000;
  world.answering.add('2a01:4f8::1');
  await world.steps(2);
  assert.deepEqual(world.dialled.slice(2), ['2a01:4f8::1 4300 07']);
  world.linkWith('2a01:4f8::1', 7);
  world.clock.ms += 600_000;
  await world.steps(4);
  assert.equal(world.dialled.length, 3, 'it is linked');
});

test('a voter that was linked before is dialled again, but not as often', async () => {
  const world = new World({ ownEndpoints: [], port: 4222 });
  world.contact(7, { address: '45.12.3.4', port: 4301 });
  world.voters = [nodeIdOfKey(keyOf(7))];
  world.proved.add(nodeIdOfKey(keyOf(7)));
  for (const at of [1, 2, 3, 4, 5]) world.linkWith(`50.${at}.1.1`, 50 + at);
  await world.steps(2);
  assert.deepEqual(world.dialled, ['45.12.3.4 4301 07']);
  world.clock.ms += 3_500_000;
  await world.steps(2);
  assert.equal(world.dialled.length, 1, 'not again for an hour');
  world.clock.ms += 100_000;
  await world.steps(2);
  assert.equal(world.dialled.length, 2);
});

test('others are dialled once an hour each and twice in a network, whatever ports they name', async () => {
  const world = new World();
  for (let port = 1024; port < 1044; port += 1)
    world.contact(port % 256, { address: '45.12.3.4', port });
  for (let host = 1; host < 20; host += 1)
    world.contact(host, { address: `46.1.${host}.1`, port: 4222 });
  await world.steps(200);
  const hosts = world.dialled.map((line) => line.split(' ')[0] ?? '');
  assert.equal(hosts.filter((host) => host === '45.12.3.4').length, 1);
  assert.equal(hosts.filter((host) => host.startsWith('46.1.')).length, 2);
  assert.equal(hosts.length, 3);
  world.clock.ms += 3_600_000;
  await world.steps(200);
  assert.equal(world.dialled.length, 6);
});

test('nobody on the Internet makes a node dial into its own site', async () => {
  const world = new World();
  world.seenAt = [{ address: '45.12.3.4', votes: 9 }];
  world.contact(1, { address: '10.0.0.1', port: 6379 });
  world.contact(2, { address: '127.0.0.1', port: 5038 });
  world.contact(3, { address: '169.254.169.254', port: 8080 });
  world.dhtNodes = [{ address: '192.168.1.1', port: 4222 }];
  world.voters = [nodeIdOfKey(keyOf(1))];
  await world.steps(20);
  assert.equal(world.dialled.length, 0);
  world.seenAt = [{ address: '10.0.0.9', votes: 9 }];
  await world.steps(20);
  assert.ok(world.dialled.includes('10.0.0.1 6379 01'), 'in a network of private addresses it may');
});

test('there is one link in a network, and no more are looked for than it takes', async () => {
  const world = new World();
  world.linkWith('45.12.3.4');
  world.contact(1, { address: '45.12.9.9', port: 4222 });
  world.dhtNodes = [
    { address: '45.12.8.8', port: 4222 },
    { address: '47.1.1.1', port: 4222 },
  ];
  await world.steps(20);
  assert.deepEqual(world.dialled, ['47.1.1.1 4222 -']);
  for (const at of [1, 2, 3, 4]) world.linkWith(`50.${at}.1.1`, 50 + at);
  world.dhtNodes.push({ address: '48.1.1.1', port: 4222 });
  await world.steps(20);
  assert.equal(world.dialled.length, 1);
});

test('who has no link looks again soon, and less and less often; who has one looks once an hour', async () => {
  const minute = 60_000;
  const alone = new World();
  alone.isThrough = true;
  await alone.steps(300, minute / 2);
  const waits = alone.looks.map((atMs, index) => (atMs - (alone.looks[index - 1] ?? 0)) / minute);
  assert.deepEqual(waits.slice(1), [1, 2, 4, 8, 16, 32, 60]);
  const linked = new World();
  linked.isThrough = true;
  linked.linkWith('45.12.3.4');
  await linked.steps(400, minute / 2);
  assert.deepEqual(
    linked.looks.map((atMs) => (atMs - (linked.looks[0] ?? 0)) / minute),
    [0, 60, 120, 180],
  );
});
