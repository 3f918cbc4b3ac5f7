// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { randomInt } from 'node:crypto';
import { independentNetwork, isLocalAddress, isPublicAddress } from '@sentrypeer/ip';
import type { Clock } from '@sentrypeer/kernel';
import type { LinkPeer } from '@sentrypeer/pool/link';
import type { ContactEndpoint, NodeContact, Rendezvous } from '@sentrypeer/pool/rendezvous';
import type { LinkDoor, LinkTarget } from '@sentrypeer/pool/tls';
import {
  CONTACTS_LOOK_MS,
  CONTACTS_PASS_MS,
  FIND_MS_MAX,
  LINKS_OUT,
  PROVED_VOTER_LOOK_MS,
  SEEN_AT_MIN,
  VOTER_LOOK_MS,
  VOTERS_SOUGHT_MAX,
} from './limits.ts';
import { Tried } from './tried.ts';

/** What the DHT node knows. */
export interface Surroundings {
  /** Nodes of the DHT, which may also be nodes of the pool: they use the same port. */
  readonly nodes: () => readonly { readonly address: string; readonly port: number }[];
  /** Addresses at which other nodes see this one, with the number of nodes that said so, most first. */
  readonly seenAt: () => readonly { readonly address: string; readonly votes: number }[];
}

export interface SeekerPorts {
  readonly clock: Clock;
  readonly door: Pick<LinkDoor, 'call'>;
  readonly rendezvous: Pick<Rendezvous, 'announce' | 'find' | 'some' | 'isThrough'>;
  readonly surroundings: Surroundings;
  readonly links: () => readonly LinkPeer[];
  /** Voters, and whether a link recently proved their network; first those that are needed most. */
  readonly voters: () => readonly { readonly nodeId: string; readonly isProved: boolean }[];
  readonly signal: AbortSignal;
}

export interface SeekerOptions {
  /** Where others should dial; `auto` is where other DHT nodes see this one. */
  readonly ownEndpoints: readonly ContactEndpoint[] | 'auto';
  /** Where this node listens; `undefined` if it does not. */
  readonly port: number | undefined;
}

/** Finds nodes to link with: voters first, then any node in a network without a link. */
export class Seeker {
  readonly #ports: SeekerPorts;
  readonly #options: SeekerOptions;
  readonly #tried = new Tried();
  /** When each voter was last looked for, monotonic milliseconds. */
  readonly #soughtAtMs = new Map<string, number>();
  #found: readonly NodeContact[] = [];
  /** When to look for random nodes next, monotonic milliseconds. */
  #lookAtMs = 0;
  #looksCount = 0;
  /** Consecutive passes through all keys that ended without any link. */
  #passesAlone = 0;

  constructor(ports: SeekerPorts, options: SeekerOptions) {
    this.#ports = ports;
    this.#options = options;
  }

  /**
   * Publishes where this node is, looks for a voter, and for one more link if there are too few. @returns Whether to
   * continue soon.
   */
  async step(): Promise<boolean> {
    const { rendezvous, links } = this.#ports;
    void rendezvous.announce(this.#ownEndpoints());
    const wasVoter = await this.#seekVoter();
    const outwardCount = links().filter(({ isOutward }) => isOutward).length;
    if (outwardCount >= LINKS_OUT) return wasVoter;
    // In turns, so that junk in one place does not block the other.
    this.#looksCount += 1;
    await (this.#looksCount % 2 === 1 ? this.#dialContact() : this.#dialDhtNode());
    return wasVoter || links().length === 0;
  }

  #ownEndpoints(): readonly ContactEndpoint[] {
    const { ownEndpoints, port } = this.#options;
    if (ownEndpoints !== 'auto') return ownEndpoints;
    if (port === undefined) return [];
    const seen = this.#ports.surroundings.seenAt();
    return [true, false].flatMap((isIpv6) => {
      const [best, ...others] = seen.filter(({ address }) => address.includes(':') === isIpv6);
      // An address reported by only one node, or against the majority, may be a lie.
      const otherVotes = others.reduce((sum, { votes }) => sum + votes, 0);
      return best === undefined || best.votes < SEEN_AT_MIN || best.votes <= otherVotes
        ? []
        : [{ address: best.address, port }];
    });
  }

  /** @returns Whether there was one to look for. */
  async #seekVoter(): Promise<boolean> {
    const { clock, rendezvous, voters } = this.#ports;
    const nowMs = clock.nowMs();
    const linked = new Set(this.#ports.links().map(({ nodeId }) => nodeId));
    const sought = voters().find(({ nodeId, isProved }) => {
      const waitMs = isProved ? PROVED_VOTER_LOOK_MS : VOTER_LOOK_MS;
      return !linked.has(nodeId) && nowMs - (this.#soughtAtMs.get(nodeId) ?? -Infinity) >= waitMs;
    });
    if (sought === undefined) return false;
    const { nodeId } = sought;
    this.#soughtAtMs.delete(nodeId);
    this.#soughtAtMs.set(nodeId, nowMs);
    const [oldest] = this.#soughtAtMs.keys();
    if (this.#soughtAtMs.size > VOTERS_SOUGHT_MAX && oldest !== undefined) {
      this.#soughtAtMs.delete(oldest);
    }
    const contact = await rendezvous.find(nodeId, this.#look());
    for (const { address, port } of contact?.endpoints ?? []) {
      if (await this.#call({ host: address, port, key: contact?.key.toHex() })) break;
    }
    return true;
  }

  async #dialContact(): Promise<void> {
    const { clock, rendezvous } = this.#ports;
    const nowMs = clock.nowMs();
    if (this.#candidates().length === 0 && nowMs >= this.#lookAtMs) {
      this.#found = await rendezvous.some(this.#look());
      const waitMs = rendezvous.isThrough ? this.#passMs() : CONTACTS_LOOK_MS;
      if (this.#found.length > 0 || rendezvous.isThrough) this.#lookAtMs = nowMs + waitMs;
    }
    const [first] = this.#candidates();
    if (first !== undefined) await this.#try(first);
  }

  /**
   * Milliseconds until all keys are looked up again. A node without links looks sooner at first: others may be starting
   * at the same time.
   */
  #passMs(): number {
    if (this.#ports.links().length > 0) this.#passesAlone = 0;
    else this.#passesAlone += 1;
    if (this.#passesAlone === 0) return CONTACTS_PASS_MS;
    return Math.min(CONTACTS_PASS_MS, CONTACTS_LOOK_MS * 2 ** (this.#passesAlone - 1));
  }

  /** Of the contacts found, those in networks where a link is missing. */
  #candidates(): readonly LinkTarget[] {
    const keys = new Set(this.#ports.links().map(({ key }) => key));
    return this.#found.flatMap(({ key, endpoints }) => {
      const hex = key.toHex();
      const at = endpoints.find(({ address }) => this.#isWanted(address));
      return at === undefined || keys.has(hex)
        ? []
        : [{ host: at.address, port: at.port, key: hex }];
    });
  }

  async #dialDhtNode(): Promise<void> {
    const free = this.#ports.surroundings
      .nodes()
      .filter(({ address }) => isPublicAddress(address) && this.#isWanted(address));
    const node = free[free.length === 0 ? 0 : randomInt(free.length)];
    if (node !== undefined) {
      await this.#try({ host: node.address, port: node.port, key: undefined });
    }
  }

  /** Not dialled in the last hour, and in a network without a link. */
  #isWanted(address: string): boolean {
    const network = networkOf(address);
    return (
      this.#tried.may(address, this.#ports.clock.nowMs()) &&
      this.#ports.links().every((link) => networkOf(link.address) !== network)
    );
  }

  async #try(target: LinkTarget): Promise<void> {
    this.#tried.add(target.host, this.#ports.clock.nowMs());
    if (await this.#call(target)) this.#tried.forget(target.host);
  }

  async #call(target: LinkTarget): Promise<boolean> {
    return (await this.#ports.door.call(target)).kind === 'linked';
  }

  #look(): Parameters<Rendezvous['some']>[0] {
    const signal = AbortSignal.any([this.#ports.signal, AbortSignal.timeout(FIND_MS_MAX)]);
    // Nobody on the Internet can make this node dial into its own site.
    const isLocal = this.#ownEndpoints().some(({ address }) => isLocalAddress(address));
    return {
      signal,
      isFit: ({ address }) => isPublicAddress(address) || (isLocal && isLocalAddress(address)),
    };
  }
}

function networkOf(address: string): string {
  return independentNetwork(address) ?? address;
}
