// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unsignedValue, type InfoHash, type Value } from '@sentrypeer/dht';
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
