// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { randomFillSync, randomInt } from 'node:crypto';
import { setTimeout as after } from 'node:timers/promises';
import { nodeIdOfKey } from '@sentrypeer/event';
import type { Places } from '@sentrypeer/geo';
import { independentNetwork, type NodePlace } from '@sentrypeer/ip';
import { OperatingError, type Clock, type Logger } from '@sentrypeer/kernel';
import type { LinkDistrust, LinkPeer } from '@sentrypeer/pool/link';
import { Exchange, type ExchangeCounters, type Taken } from '@sentrypeer/pool/link';
import { Rendezvous, type RendezvousPorts } from '@sentrypeer/pool/rendezvous';
import { LinkDoor, type LinkTarget } from '@sentrypeer/pool/tls';
import type { PageOutcome, PoolPage, ProvedNetwork, StoreReader } from '@sentrypeer/store';
import type { Config } from '../../config/config.ts';
import type { Engine } from '../../engine.ts';
import { keepGarbageBelow } from '../../garbage-collection.ts';
import type { Identity } from '../../identity.ts';
import { LinksNote } from '../../links-note.ts';
import { checkPage } from './check-page.ts';
import {
  DIAL_MS_MAX,
  DIAL_MS_MIN,
  KNOWN_READ_MS,
  LINKS_OUT_LOOK_MS,
  PAGES_TAKEN_AT_ONCE,
  PROVED_AGAIN_MS,
  SMALL_GROWTH_OCTETS,
  SPEAK_MS,
  TARGETS_MAX,
  URGENT_LOOK_MS,
  VOTER_PROVED_DAYS,
} from './limits.ts';
import { OwnVoice, type OwnStatus } from './own-voice.ts';
import { poolNetworkOf, type PoolNetwork } from './pool-key.ts';
import { Seeker, type Surroundings } from './seeker.ts';

export interface PoolLinksPorts {
  readonly engine: Engine;
  readonly log: StoreReader;
  readonly identity: Identity;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A part of it failed while running. */
  readonly onFailed: (error: unknown) => void;
  /** The DHT, in which nodes publish where they are. */
  readonly rendezvousNetwork: RendezvousPorts['network'];
  readonly surroundings: Surroundings;
  readonly wakeAfter: (waitMs: number, run: () => void) => () => void;
}

/** The state of the links. */
export interface LinksStatus extends OwnStatus {
  /** This node. */
  readonly self: Pick<Identity, 'nodeId' | 'publicKey'>;
  readonly links: readonly LinkPeer[];
  readonly pages: number;
  readonly counters: Readonly<ExchangeCounters>;
  /** Links that ended because of a fault, by reason, or because the other end asked for it. */
  readonly left: Exchange['linksLeft'];
}

/** Links with other nodes of the pool, and what this node says over them. */
export class PoolLinks implements AsyncDisposable {
  readonly #ports: PoolLinksPorts;
  readonly #network: PoolNetwork;
  readonly #exchange: Exchange;
  readonly #voice: OwnVoice;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>[] = [];
  /** Neighbours, by host and port. */
  readonly #met = new Set<string>();
  #door: LinkDoor | undefined;
  #note: LinksNote | undefined;
  /** Tells autonomous systems, if there is a file of them. */
  #places: Places | undefined;
  /** Nodes and networks that were proved in the last hour. */
  #proved: ReadonlySet<string> = new Set();
  #provedAtMs: number;
  #known: ReadonlySet<string> = new Set();
  #distrustKnown: ReturnType<StoreReader['pool']['distrust']> | undefined;
  #linkDistrust: LinkDistrust = { covers: () => false };
  #knownAtMs = Number.NEGATIVE_INFINITY;
  /** After pages that a joining node gets by the thousand. */
  readonly #collect: () => void;

  private constructor(
    ports: PoolLinksPorts,
    network: PoolNetwork,
    { profile }: Pick<Config, 'profile'>,
  ) {
    this.#ports = ports;
    this.#collect = profile === 'small' ? keepGarbageBelow(SMALL_GROWTH_OCTETS) : () => undefined;
    this.#network = network;
    const { log, identity, clock, logger, wakeAfter } = ports;
    this.#provedAtMs = clock.nowMs();
    this.#voice = new OwnVoice(ports, network.networkId);
    this.#exchange = new Exchange(
      {
        clock,
        logger,
        wakeAfter,
        random: { fill: (octets) => randomFillSync(octets) },
        pages: {
          changes: () => log.pool.changes(),
          pagesCount: () => log.pool.pagesCount(),
          pageIds: () => log.pool.pageIds(),
          pages: (afterPageId, limit) => log.pool.pages(afterPageId, limit),
          page: (pageId) => log.pool.page(pageId),
        },
        take: (pages, from) => this.#take(pages, from),
        distrust: () => this.#distrust(),
        proof: (key) => log.pool.proofOf(nodeIdOfKey(Uint8Array.fromHex(key))),
        voters: () => log.pool.voterKeys(),
        known: () => this.#knownKeys(),
        onLinks: () => this.#prove(),
      },
      { networkId: network.networkId, key: identity.publicKey.toHex() },
    );
  }

  /** @param locals Where the DHT node is bound. Throws `OperatingError` with nothing left open. */
  static async open(
    ports: PoolLinksPorts,
    config: Config,
    locals: readonly { readonly address: string; readonly port: number }[],
  ): Promise<PoolLinks> {
    const links = new PoolLinks(ports, await poolNetworkOf(config), config);
    try {
      await links.#open(config, locals);
      return links;
    } catch (error) {
      await links[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** A neighbour has announced itself. */
  meet(host: string, port: number): void {
    const name = `${host} ${port}`;
    if (this.#met.has(name) || this.#met.size >= TARGETS_MAX) return;
    this.#met.add(name);
    this.#run(this.#keep({ host, port, key: undefined }));
  }

  status(): LinksStatus {
    const { links, pagesCount, counters, linksLeft: left } = this.#exchange;
    const { identity: self } = this.#ports;
    return {
      self,
      links,
      pages: pagesCount,
      counters,
      left,
      ...this.#voice.status(),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.#exchange.close();
    await this.#door?.[Symbol.asyncDispose]();
    await this.#note?.[Symbol.asyncDispose]();
    await Promise.all(this.#running);
  }

  async #open(
    config: Config,
    locals: readonly { readonly address: string; readonly port: number }[],
  ): Promise<void> {
    const { clock, logger, identity } = this.#ports;
    const { poolKey } = this.#network;
    if (config.networkFile !== undefined) {
      const { Places } = await import('@sentrypeer/geo');
      this.#places = await Places.open(logger, { networkFile: config.networkFile });
    }
    const options = {
      signer: identity,
      privateKeyPem: identity.privateKeyPem,
      ...(poolKey && { poolKey }),
      ...(config.dhtAddresses !== 'all' && { callsFrom: config.dhtAddresses }),
    };
    const ports = { clock, logger, exchange: this.#exchange };
    try {
      this.#door = await LinkDoor.open(ports, { ...options, locals });
    } catch (error) {
      // A port that the system chose for UDP may be taken for TCP; then this node only dials and cannot be dialled.
      if (config.dhtPort !== 0 || !(error instanceof OperatingError)) throw error;
      logger.warn('pool_links', { why: error.message });
      this.#door = await LinkDoor.open(ports, { ...options, locals: [] });
    }
    const links = (): readonly LinkPeer[] => this.#exchange.links;
    const { wakeAfter } = this.#ports;
    this.#note = new LinksNote(config.dbFile, { clock, links, wakeAfter });
    for (const peer of config.poolPeers ?? []) this.#run(this.#keep(peer));
    this.#run(this.#seek(this.#openSeeker(this.#door, config, locals)));
    this.#run(this.#speak(config));
  }

  #openSeeker(
    door: LinkDoor,
    { poolAddress, dhtPort }: Pick<Config, 'poolAddress' | 'dhtPort'>,
    locals: readonly { readonly port: number }[],
  ): Seeker {
    const { clock, identity, log, rendezvousNetwork, surroundings } = this.#ports;
    const { networkId } = this.#network;
    const random = { fill: (octets: Uint8Array) => randomFillSync(octets) };
    const ports = { network: rendezvousNetwork, signer: identity, clock, random };
    const ownPort = locals[0]?.port ?? dhtPort;
    return new Seeker(
      {
        clock,
        door,
        rendezvous: new Rendezvous(ports, networkId),
        surroundings,
        links: () => this.#exchange.links,
        voters: () => log.pool.voters(clock.epochUs() - VOTER_PROVED_DAYS * 86_400_000_000),
        signal: this.#closing.signal,
      },
      {
        ownEndpoints:
          poolAddress === 'auto'
            ? 'auto'
            : poolAddress.map(({ address, port = ownPort }) => ({ address, port })),
        port: door.isListening ? ownPort : undefined,
      },
    );
  }

  /** A failure that is a bug of ours ends the daemon. */
  #run(running: Promise<void>): void {
    this.#running.push(running.catch(this.#ports.onFailed));
  }

  /** Keeps a link with a node, and makes it again whenever it ends. */
  async #keep(target: LinkTarget): Promise<void> {
    let waitMs = DIAL_MS_MIN;
    let whyBefore = '';
    while (!this.#isClosed) {
      const called = await this.#door?.call(target);
      if (called?.kind === 'linked') {
        whyBefore = '';
        // A node of another pool, which takes no hello of ours, is dialled ever less often.
        if (await called.ended) waitMs = DIAL_MS_MIN;
      } else if (called !== undefined && called.why !== whyBefore) {
        whyBefore = called.why;
        const { host, port } = target;
        this.#ports.logger.info('pool_peer_not_linked', { host, port, why: called.why });
      }
      await this.#pause(waitMs + randomInt(waitMs));
      waitMs = Math.min(DIAL_MS_MAX, waitMs * 2);
    }
  }

  /** Keys of authors whose claims were checked; there may be thousands, and they change within hours. */
  #knownKeys(): ReadonlySet<string> {
    const nowMs = this.#ports.clock.nowMs();
    if (nowMs - this.#knownAtMs >= KNOWN_READ_MS) {
      this.#known = this.#ports.log.pool.knownKeys();
      this.#knownAtMs = nowMs;
    }
    return this.#known;
  }

  /**
   * Remembers in which networks the linked nodes are: voters in one network have one vote together. Also remembers the
   * keys of voters that have not said anything yet, so that they are followed.
   */
  #prove(): void {
    const { clock, engine, log, logger } = this.#ports;
    if (this.#isClosed) return;
    this.#note?.changed();
    const nowMs = clock.nowMs();
    if (nowMs - this.#provedAtMs >= PROVED_AGAIN_MS) {
      this.#provedAtMs = nowMs;
      this.#proved = new Set();
    }
    const keyless = log.pool.keylessVoters();
    const proved = this.#exchange.links.map(({ nodeId, key, address }): ProvedNetwork => ({
      nodeId,
      publicKey: Uint8Array.fromHex(key),
      ...this.#placeOf(address),
      prefix: networkOf(address),
    }));
    const nameOf = ({ nodeId, network }: ProvedNetwork): string => `${nodeId} ${network}`;
    const added = proved.filter((one) => !this.#proved.has(nameOf(one)) || keyless.has(one.nodeId));
    this.#proved = new Set(proved.map(nameOf));
    if (added.length === 0) return;
    engine.write('proveNetworks', added).catch((error: unknown) => {
      this.#proved = new Set(); // Repeated within ten seconds.
      logger.debug('pool_networks_not_kept', { why: String(error) });
    });
  }

  #placeOf(address: string): NodePlace {
    const found = this.#places?.placeOf(address).network;
    return { address, network: found?.startsWith('AS') ? found : networkOf(address) };
  }

  /** The nodes that the operator distrusts; the same object until that changes. */
  #distrust(): LinkDistrust {
    const known = this.#ports.log.pool.distrust();
    if (known !== this.#distrustKnown) {
      this.#distrustKnown = known;
      this.#linkDistrust = {
        covers: ({ nodeId, address }) => known.covers({ nodeId, ...this.#placeOf(address) }),
      };
    }
    return this.#linkDistrust;
  }

  /** Looks for voters and for missing links. */
  async #seek(seeker: Seeker): Promise<void> {
    let isUrgent = true;
    while (!this.#isClosed) {
      await this.#pause(isUrgent ? URGENT_LOOK_MS : LINKS_OUT_LOOK_MS);
      if (this.#isClosed) return;
      this.#prove();
      isUrgent = await seeker.step();
    }
  }

  /** Says what this node has met, when it is time for it. */
  async #speak(config: Config): Promise<void> {
    while (!this.#isClosed) {
      await this.#pause(SPEAK_MS);
      if (this.#isClosed) return;
      if (await this.#voice.step(config)) this.#exchange.wake();
    }
  }

  /** Some pages at a time: the claims of a whole frame would take megabytes at once. */
  async #take(octets: readonly Uint8Array[], from: LinkPeer): Promise<readonly Taken[]> {
    const taken: Taken[] = [];
    for (let at = 0; at < octets.length; at += PAGES_TAKEN_AT_ONCE) {
      taken.push(...(await this.#takeSome(octets.slice(at, at + PAGES_TAKEN_AT_ONCE), from)));
      this.#collect();
    }
    return taken;
  }

  async #takeSome(octets: readonly Uint8Array[], from: LinkPeer): Promise<readonly Taken[]> {
    const { engine, identity, clock } = this.#ports;
    const at = {
      networkId: this.#network.networkId,
      nowS: Math.floor(clock.epochUs() / 1e6),
    };
    const checked = octets.map((page) => checkPage(page, at));
    const isOwn = (page: PoolPage): boolean => page.nodeId === identity.nodeId;
    const good = checked.filter((page) => 'claims' in page);
    const outcomes = new Map<PoolPage, PageOutcome>();
    for (const asSelf of [false, true]) {
      const pages = good.filter((page) => isOwn(page) === asSelf);
      if (pages.length === 0) continue;
      const answers = await engine.write('addPages', pages, asSelf, this.#placeOf(from.address));
      for (const [index, page] of pages.entries()) outcomes.set(page, answers[index] ?? 'no_room');
    }
    return checked.map((page) => {
      if ('bad' in page) return page.isForged ? 'forged' : 'refused';
      const outcome = outcomes.get(page);
      if (outcome === 'caught_lying') return 'caught';
      return outcome === 'taken' || outcome === 'known' || outcome === 'liar' ? outcome : 'refused';
    });
  }

  get #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  async #pause(ms: number): Promise<void> {
    try {
      await after(ms, undefined, { signal: this.#closing.signal });
    } catch {
      // Closed: the caller checks.
    }
  }
}

function networkOf(address: string): string {
  return independentNetwork(address) ?? address;
}
