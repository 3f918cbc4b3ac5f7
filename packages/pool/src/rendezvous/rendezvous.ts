// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { createHash } from 'node:crypto';
import { Field, infoHash, type DhtNode, type InfoHash } from '@sentrypeer/dht';
import { nodeIdOfKey } from '@sentrypeer/event';
import { independentNetwork } from '@sentrypeer/ip';
import { OperatingError, type Clock, type Random } from '@sentrypeer/kernel';
import type { Signer } from '../ed25519.ts';
import {
  CONTACT_AGE_S_MAX,
  CONTACT_FUTURE_S_MAX,
  CONTACT_RENEWED_S,
  CONTACTS_CHECKED_MAX,
  CONTACTS_FOUND_MAX,
  CONTACTS_OF_KEY_CHECKED_MAX,
  CONTACTS_OF_NETWORK_MAX,
  SHARDS_AT_ONCE,
} from '../limits.ts';
import {
  contactHolds,
  decodeContact,
  encodeContact,
  type ContactEndpoint,
  type NodeContact,
} from './contact.ts';

export interface RendezvousPorts {
  readonly network: Pick<DhtNode, 'put' | 'cancel' | 'get'>;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly random: Random;
}

export interface FindOptions {
  /** Aborts the look-up. */
  readonly signal: AbortSignal;
  /** Whether this node may dial there. */
  readonly isFit: (endpoint: ContactEndpoint) => boolean;
}

const USER_TYPE = 'sentrypeer-contact';
/** Number of keys over which contacts are spread, by the first bits of nodes' ids. */
const SHARDS = 64;

function contactsHash(networkId: number, shard: number): InfoHash {
  return infoHash(`sentrypeer peers 1 ${networkId} ${shard}`);
}

function shardOf(nodeId: string): number {
  return Number.parseInt(nodeId.slice(0, 2), 16) >> 2;
}

interface FoundContact {
  readonly octets: Uint8Array;
  readonly contact: NodeContact;
}

/**
 * Where nodes of a pool find each other in the DHT: each keeps its signed contact under one of 64 keys. Anybody can
 * write there, so what is found is checked, and only a few are taken from one network.
 */
export class Rendezvous {
  readonly #ports: RendezvousPorts;
  readonly #networkId: number;
  readonly #hash: InfoHash;
  /** Keys that are still to be looked under. */
  #shards: number[] = [];
  readonly #drawn = new Uint8Array(4);
  #announced:
    | { readonly id: bigint; readonly text: string; readonly madeEpochS: number }
    | undefined;

  constructor(ports: RendezvousPorts, networkId: number) {
    this.#ports = ports;
    this.#networkId = networkId;
    this.#hash = contactsHash(networkId, shardOf(ports.signer.nodeId));
  }

  /**
   * Publishes where this node is, as long as the DHT node runs and until something else is published; nothing if it has
   * no address.
   */
  async announce(endpoints: readonly ContactEndpoint[]): Promise<void> {
    const { network, signer } = this.#ports;
    const text = JSON.stringify(endpoints);
    const madeEpochS = this.#nowS();
    const before = this.#announced;
    const isNew = before !== undefined && madeEpochS - before.madeEpochS < CONTACT_RENEWED_S;
    if (isNew && before.text === text) return;
    if (before !== undefined) network.cancel(this.#hash, before.id);
    this.#announced = undefined;
    if (endpoints.length === 0) return;
    const data = encodeContact({ networkId: this.#networkId, madeEpochS, endpoints }, signer);
    // Nobody can occupy this id with another value beforehand.
    const id = createHash('sha256').update(data).digest().readBigUInt64BE() || 1n;
    this.#announced = { id, text, madeEpochS };
    try {
      await network.put(this.#hash, { data, userType: USER_TYPE }, { id, permanent: true });
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error;
      this.#announced = undefined; // There is no room for it now.
    }
  }

  /** Where a node is, according to its own latest contact. Never rejects. */
  async find(nodeId: string, options: FindOptions): Promise<NodeContact | undefined> {
    const found = (await this.#contacts(shardOf(nodeId), options)).filter(
      ({ contact }) => nodeIdOfKey(contact.key) === nodeId,
    );
    // Anybody may put there what this node did not sign.
    return this.#shuffled(found)
      .slice(0, CONTACTS_OF_KEY_CHECKED_MAX)
      .toSorted((a, b) => b.contact.madeEpochS - a.contact.madeEpochS)
      .find(({ octets, contact }) => contactHolds(octets, contact))?.contact;
  }

  /** Some other nodes at random, few from one network; each call looks under the next keys. Never rejects. */
  async some(options: FindOptions): Promise<readonly NodeContact[]> {
    if (this.#shards.length === 0) {
      this.#shards = [...this.#shuffled(Array.from({ length: SHARDS }, (_, shard) => shard))];
    }
    // In a large pool there are many under each key, in a small one there are some under few keys.
    for (const count of [1, SHARDS_AT_ONCE - 1]) {
      const shards = this.#shards.splice(0, count);
      const found = await Promise.all(shards.map((shard) => this.#contacts(shard, options)));
      const contacts = this.#chosen(found.flat());
      if (contacts.length > 0) return contacts;
    }
    return [];
  }

  /** Whether {@link some} has looked under all keys. */
  get isThrough(): boolean {
    return this.#shards.length === 0;
  }

  #chosen(found: readonly FoundContact[]): readonly NodeContact[] {
    const perNetwork = new Map<string, number>();
    const contacts: NodeContact[] = [];
    let checkedCount = 0;
    for (const { octets, contact } of this.#shuffled(found)) {
      if (contacts.length >= CONTACTS_FOUND_MAX || checkedCount >= CONTACTS_CHECKED_MAX) break;
      const network = independentNetwork(contact.endpoints[0]?.address ?? '') ?? '';
      const count = perNetwork.get(network) ?? 0;
      const isOwn = nodeIdOfKey(contact.key) === this.#ports.signer.nodeId;
      if (isOwn || count >= CONTACTS_OF_NETWORK_MAX) continue;
      checkedCount += 1;
      if (!contactHolds(octets, contact)) continue;
      perNetwork.set(network, count + 1);
      contacts.push(contact);
    }
    return contacts;
  }

  /** Contacts of this pool under a key that are not too old, with their signatures not checked. */
  async #contacts(shard: number, { signal, isFit }: FindOptions): Promise<readonly FoundContact[]> {
    const nowS = this.#nowS();
    const where = [{ field: Field.userType, userType: USER_TYPE }] as const;
    try {
      const hash = contactsHash(this.#networkId, shard);
      const values = await this.#ports.network.get(hash, { where, signal });
      return values.flatMap(({ data }) => {
        const read = decodeContact(data);
        const ageS = nowS - (read?.madeEpochS ?? 0);
        if (read === undefined || read.networkId !== this.#networkId) return [];
        if (ageS > CONTACT_AGE_S_MAX || ageS < -CONTACT_FUTURE_S_MAX) return [];
        const endpoints = read.endpoints.filter(isFit);
        return endpoints.length === 0 ? [] : [{ octets: data, contact: { ...read, endpoints } }];
      });
    } catch (error) {
      // Too late, or the DHT node is closed: treated as if nobody were there.
      if (signal.aborted || error instanceof OperatingError) return [];
      throw error;
    }
  }

  /** In random order. */
  #shuffled<T>(items: readonly T[]): readonly T[] {
    const view = new DataView(this.#drawn.buffer);
    return items
      .map((item) => {
        this.#ports.random.fill(this.#drawn);
        return { item, by: view.getUint32(0) };
      })
      .toSorted((a, b) => a.by - b.by)
      .map(({ item }) => item);
  }

  #nowS(): number {
    return Math.floor(this.#ports.clock.epochUs() / 1e6);
  }
}
