// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unsignedValue, type InfoHash, type Value } from '@sentrypeer/dht';
import { OperatingError } from '@sentrypeer/kernel';
import { encodeContact } from '../../src/rendezvous/contact.ts';
import { Rendezvous, type FindOptions } from '../../src/rendezvous/rendezvous.ts';
import { authorOf, NOW_S } from '../pages/pages.ts';

const OPTIONS: FindOptions = { signal: new AbortController().signal, isFit: () => true };
const DAY_S = 86_400;

/** A DHT that forgets nothing. */
class Network {
  readonly values = new Map<InfoHash, Value[]>();
  nowS = NOW_S;
  getsCount = 0;
  #seed = 1;

  node(name: string, networkId = 0): Rendezvous {
    const ports = {
      network: {
        put: async (
          hash: InfoHash,
          content: Parameters<typeof unsignedValue>[1],
          { id = 1n } = {},
        ) => {
          this.values.set(hash, [...(this.values.get(hash) ?? []), unsignedValue(id, content)]);
          return { id, announced: true, nodesCount: 8 };
        },
        cancel: (hash: InfoHash, id: bigint) => {
          const kept = this.values.get(hash) ?? [];
          this.values.set(
            hash,
            kept.filter((value) => value.id !== id),
          );
          return true;
        },
        get: async (hash: InfoHash) => {
          this.getsCount += 1;
          return this.values.get(hash) ?? [];
        },
      },
      signer: authorOf(name),
      clock: { nowMs: () => 0, epochUs: () => this.nowS * 1e6 },
      random: {
        fill: (octets: Uint8Array) => {
          for (const at of octets.keys()) {
            this.#seed = (Math.imul(this.#seed, 1_103_515_245) + 12_345) | 0;
            octets[at] = this.#seed >>> 16;
          }
          return octets;
        },
      },
    };
    return new Rendezvous(ports, networkId);
  }

  /** Puts it where a node's contact is. */
  junk(name: string, data: Uint8Array): void {
    const at = [...this.values].find(([, values]) =>
      values.some((value) => value.data.toHex().includes(authorOf(name).publicKey.toHex())),
    );
    assert.ok(at !== undefined);
    at[1].push(unsignedValue(BigInt(at[1].length + 1000), { data }));
  }

  get valuesCount(): number {
    return [...this.values.values()].reduce((sum, { length }) => sum + length, 0);
  }
}

function at(address: string, port = 4222) {
  return [{ address, port }];
}

test('a node is found by its id, where it says that it is', async () => {
  const network = new Network();
  const bob = network.node('Bob');
  assert.equal(await bob.find(authorOf('Alice').nodeId, OPTIONS), undefined);
  await network.node('Alice').announce(at('45.12.3.4'));
  const found = await bob.find(authorOf('Alice').nodeId, OPTIONS);
  assert.deepEqual(found?.endpoints, at('45.12.3.4'));
  assert.deepEqual(found?.key, authorOf('Alice').publicKey);
  const elsewhere = { ...OPTIONS, isFit: () => false };
  assert.equal(await bob.find(authorOf('Alice').nodeId, elsewhere), undefined);
  assert.equal(await network.node('Bob', 7).find(authorOf('Alice').nodeId, OPTIONS), undefined);
});

test('what a node did not sign, and what is too old or of the future, is not its contact', async () => {
  const network = new Network();
  const alice = authorOf('Alice');
  await network.node('Alice').announce(at('45.12.3.4'));
  const said = { networkId: 0, endpoints: at('46.1.2.3') };
  const forged = encodeContact({ ...said, madeEpochS: NOW_S + 60 }, alice);
  forged.set(authorOf('Mallory').sign(forged), forged.length - 64);
  network.junk('Alice', forged);
  network.junk('Alice', encodeContact({ ...said, madeEpochS: NOW_S + 301 }, alice));
  network.junk('Alice', encodeContact({ ...said, networkId: 7, madeEpochS: NOW_S + 60 }, alice));
  network.junk('Alice', new Uint8Array(500));
  const bob = network.node('Bob');
  assert.deepEqual((await bob.find(alice.nodeId, OPTIONS))?.endpoints, at('45.12.3.4'));
  network.nowS += DAY_S + 302;
  assert.equal(await bob.find(alice.nodeId, OPTIONS), undefined);
});

test('a contact is made anew after half a day and where it changes, and there is one at a time', async () => {
  const network = new Network();
  const alice = network.node('Alice');
  const dataOf = () => [...network.values.values()].flat().map(({ data }) => data.toHex());
  await alice.announce(at('45.12.3.4'));
  const [first] = dataOf();
  network.nowS += DAY_S / 2 - 1;
  await alice.announce(at('45.12.3.4'));
  assert.deepEqual(dataOf(), [first]);
  network.nowS += 1;
  await alice.announce(at('45.12.3.4'));
  const [second] = dataOf();
  assert.notEqual(second, first);
  await alice.announce(at('45.12.3.5'));
  assert.equal(network.valuesCount, 1);
  assert.notDeepEqual(dataOf(), [second]);
  await alice.announce([]);
  assert.equal(network.valuesCount, 0);
});

test('the only other node of a pool is found by looking under all keys, each once', async () => {
  const network = new Network();
  const alice = network.node('Alice');
  await alice.announce(at('45.12.3.4'));
  const bob = network.node('Bob');
  await bob.announce(at('46.1.2.3'));
  const found = [];
  do {
    found.push(...(await bob.some(OPTIONS)));
  } while (!bob.isThrough);
  assert.equal(network.getsCount, 64);
  assert.deepEqual(
    found.map(({ key }) => key),
    [authorOf('Alice').publicKey],
    'and not itself',
  );
});

test('many contacts of one network, and junk, leave room for others', async () => {
  const network = new Network();
  const names = Array.from({ length: 400 }, (_, index) => `node ${index}`);
  for (const [index, name] of names.entries()) {
    const isSybil = index % 10 !== 0;
    await network
      .node(name)
      .announce(at(isSybil ? `45.66.0.${index % 256}` : `${50 + index / 10}.1.0.1`));
  }
  for (const values of network.values.values()) {
    values.push(...[1n, 2n, 3n].map((id) => unsignedValue(id, { data: new Uint8Array(132) })));
  }
  const bob = network.node('Bob');
  const networks = new Set<string>();
  do {
    const some = await bob.some(OPTIONS);
    assert.ok(some.length <= 16);
    const addresses = some.map(({ endpoints }) => endpoints[0]?.address ?? '');
    assert.ok(addresses.filter((address) => address.startsWith('45.66.')).length <= 2);
    for (const address of addresses) networks.add(address.split('.', 2).join('.'));
  } while (!bob.isThrough);
  assert.ok(networks.size >= 35, `${networks.size} networks`);
});

test('a look-up that fails or takes too long finds nobody', async () => {
  const network = new Network();
  const late = AbortSignal.abort();
  const bob = network.node('Bob');
  network.values.get = () => {
    throw new Error('late');
  };
  assert.deepEqual(await bob.some({ ...OPTIONS, signal: late }), []);
  await assert.rejects(bob.find(authorOf('Alice').nodeId, OPTIONS), /late/, 'a bug is one');
});

/** A node whose DHT answers as told, and whose random order is the one in which contacts come. */
function nodeOf(found: () => readonly Uint8Array[], put: () => void = () => undefined) {
  const calls = { gets: 0, puts: 0, permanent: 0, filters: new Set<string>() };
  const node = new Rendezvous(
    {
      network: {
        put: async (_hash, _content, options) => {
          calls.puts += 1;
          if (options?.permanent === true) calls.permanent += 1;
          put();
          return { id: options?.id ?? 0n, announced: true, nodesCount: 8 };
        },
        cancel: () => true,
        get: async (_hash, options) => {
          calls.gets += 1;
          calls.filters.add(JSON.stringify(options?.where));
          return found().map((data, index) => unsignedValue(BigInt(index + 1), { data }));
        },
      },
      signer: authorOf('Bob'),
      clock: { nowMs: () => 0, epochUs: () => NOW_S * 1e6 },
      random: { fill: (octets: Uint8Array) => octets.fill(0) },
    },
    0,
  );
  return { node, calls };
}

function contactOf(name: string, address: string, madeEpochS = NOW_S): Uint8Array {
  return encodeContact({ networkId: 0, madeEpochS, endpoints: at(address) }, authorOf(name));
}

/** The same with a signature that is not its key's. */
function forgedOf(name: string, address: string, madeEpochS = NOW_S): Uint8Array {
  const octets = contactOf(name, address, madeEpochS);
  octets[octets.length - 1] = (octets.at(-1) ?? 0) ^ 1;
  return octets;
}

test('a contact that found no room in the DHT is published at the next occasion, and stays there', async () => {
  let isFull = true;
  const { node, calls } = nodeOf(
    () => [],
    () => {
      if (isFull) throw new OperatingError('no_room', 'the DHT node is full');
    },
  );
  await node.announce(at('45.12.3.4'));
  isFull = false;
  await node.announce(at('45.12.3.4'));
  await node.announce(at('45.12.3.4'));
  assert.equal(calls.puts, 2);
  assert.equal(calls.permanent, 2);
  const other = nodeOf(
    () => [],
    () => {
      throw new Error('a bug');
    },
  );
  await assert.rejects(other.node.announce(at('45.12.3.4')), /a bug/);
});

test('of several contacts of a node the latest counts that it signed, and nobody else is taken for it', async () => {
  const { node, calls } = nodeOf(() => [
    contactOf('Alice', '45.0.0.1', NOW_S - 100),
    contactOf('Carol', '45.0.0.4', NOW_S),
    forgedOf('Alice', '45.0.0.3', NOW_S + 1),
    contactOf('Alice', '45.0.0.2', NOW_S - 50),
    contactOf('Alice', '45.0.0.5', NOW_S - 80),
  ]);
  const found = await node.find(authorOf('Alice').nodeId, OPTIONS);
  assert.deepEqual(found?.endpoints, at('45.0.0.2'));
  assert.match([...calls.filters].join(), /sentrypeer-contact/, 'only such values are asked for');
});

test('a contact counts for a day, and from five minutes before its time', async () => {
  const foundOf = async (madeEpochS: number) => {
    const { node } = nodeOf(() => [contactOf('Alice', '45.0.0.1', madeEpochS)]);
    return (await node.find(authorOf('Alice').nodeId, OPTIONS)) !== undefined;
  };
  assert.equal(await foundOf(NOW_S - DAY_S), true);
  assert.equal(await foundOf(NOW_S - DAY_S - 1), false);
  assert.equal(await foundOf(NOW_S + 300), true);
  assert.equal(await foundOf(NOW_S + 301), false);
});

test('a look-up returns sixteen contacts at most, and checks few signatures for them', async () => {
  const many = Array.from({ length: 20 }, (_, index) =>
    contactOf(`node ${index}`, `${50 + index}.1.0.1`),
  );
  assert.equal((await nodeOf(() => many).node.some(OPTIONS)).length, 16);
  const forged = Array.from({ length: 64 }, (_, index) =>
    forgedOf(`node ${index}`, `${50 + index}.1.0.1`),
  );
  const honest = contactOf('Alice', '45.1.0.1');
  assert.deepEqual(await nodeOf(() => [...forged, honest]).node.some(OPTIONS), []);
  const [found] = await nodeOf(() => [...forged.slice(1), honest]).node.some(OPTIONS);
  assert.deepEqual(found?.key, authorOf('Alice').publicKey);
});

test('a look-up looks under one key, and under seven more if there is nobody', async () => {
  const crowded = nodeOf(() => [contactOf('Alice', '45.1.0.1')]);
  await crowded.node.some(OPTIONS);
  assert.equal(crowded.calls.gets, 1);
  const empty = nodeOf(() => []);
  await empty.node.some(OPTIONS);
  assert.equal(empty.calls.gets, 8);
});

test('nodes look under the keys in an order of their own', async () => {
  const orders = new Set<string>();
  for (const name of ['Alice', 'Bob']) {
    const network = new Network();
    const keys: InfoHash[] = [];
    network.values.get = (hash) => void keys.push(hash);
    // Each has drawn other numbers before.
    const node = network.node('Bob');
    if (name === 'Bob') {
      do {
        await node.some(OPTIONS);
      } while (!node.isThrough);
      keys.length = 0;
    }
    do {
      await node.some(OPTIONS);
    } while (!node.isThrough);
    assert.equal(new Set(keys).size, 64);
    orders.add(keys.join());
    assert.notDeepEqual(keys, keys.toSorted());
  }
  assert.equal(orders.size, 2);
});
