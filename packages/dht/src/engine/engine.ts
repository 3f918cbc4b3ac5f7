// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { familyOf, type Endpoint, type Family } from '@sentrypeer/ip';
import { assert, type Clock, type Random } from '@sentrypeer/kernel';
import { FAMILIES } from '../address.ts';
import { Admission } from './admission.ts';
import { Chance } from './chance.ts';
import type { Core } from './core.ts';
import { newCounters, type Counters } from './counters.ts';
import { Discovery } from '../routing/discovery.ts';
import { matches } from '../values/filter.ts';
import type { InfoHash } from '../info-hash.ts';
import { ANNOUNCED_VALUES_MAX, CLEANUP_MS, STATE_NODES_MAX } from '../limits.ts';
import { ListenOperation, type ListenEvent } from '../node/listen-operation.ts';
import { GetOperation, PutOperation } from '../node/operations.ts';
import { Outbox, type SendDatagram } from './outbox.ts';
import { Overlay, type Connectivity } from '../routing/overlay.ts';
import { Receiver } from './receiver.ts';
import { ReportedAddresses } from '../routing/reported-addresses.ts';
import { Server } from '../serving/server.ts';
import { nodeIdOfState, nodesOfState, type DhtState } from './state.ts';
import { describe, type DhtStatus } from './status.ts';
import { Storage } from '../serving/storage.ts';
import { Subscriptions } from '../serving/subscriptions.ts';
import { Timers } from './timers.ts';
import { Tokens } from '../serving/tokens.ts';
import type { Value } from '../values/value.ts';
import { lifetimeMs } from '../values/value-types.ts';
import type { Condition, NodeRecord } from '../wire/message.ts';
import { encodeValue } from '../wire/value-codec.ts';

/** Our user agent. Real nodes send `RNG1` (2.4) or `o2` (2.6 and later) and ignore the agent of others. */
const AGENT = 'o2';

export interface EnginePorts {
  readonly clock: Clock;
  readonly random: Random;
  /** Sends one datagram; the protocol repeats lost ones. */
  readonly send: SendDatagram;
  /** The multicast groups of the local network, in which nodes search for each other; absent: no search. */
  readonly discovery?: {
    readonly portOf: (family: Family) => number | undefined;
    readonly send: SendDatagram;
  };
  /** Nobody answers: look up the names of bootstrap nodes again. */
  readonly onBootstrapDue?: () => void;
}

export interface EngineOptions {
  /** Families that `send` reaches. */
  readonly families: readonly Family[];
  /** @default random, or that of `state` */
  readonly nodeId?: InfoHash | undefined;
  /** 0 is the public network. @default 0 */
  readonly network?: number;
  /** Use the network without being listed or storing values; 2.4 does not support this. @default false */
  readonly client?: boolean;
  /** The result of `exportState`, perhaps read from a file: every part of it is checked. */
  readonly state?: unknown;
}

export interface EnginePutOptions {
  readonly permanent: boolean;
  /** Unix seconds. */
  readonly created: number;
  readonly onSettled: (ok: boolean, confirmedCount: number) => void;
}

/**
 * An OpenDHT node without sockets and clocks: datagrams and time go in, datagrams come out through `send`, and
 * `nextAtMs` says when to call `advance` at the latest. All calls are synchronous; callbacks run inside them.
 */
export class DhtEngine {
  readonly id: InfoHash;
  readonly counters: Counters = newCounters();
  readonly #core: Core;
  readonly #storage: Storage;
  readonly #subscriptions: Subscriptions;
  readonly #overlays: ReadonlyMap<Family, Overlay>;
  readonly #receiver: Receiver;
  readonly #discovery: Discovery | undefined;
  readonly #reported = new ReportedAddresses();
  readonly #puts = new Map<string, PutOperation>();
  readonly #listens = new Map<InfoHash, Set<ListenOperation>>();
  #turning = false;

  constructor(ports: EnginePorts, options: EngineOptions) {
    assert(options.families.length > 0, 'dht_families');
    const { clock, random } = ports;
    const chance = new Chance(random);
    const timers = new Timers();
    this.id = options.nodeId ?? nodeIdOfState(options.state) ?? chance.infoHash();
    const admission = new Admission();
    const outbox = new Outbox(clock, timers, this.counters, admission, ports.send);
    const envelope = {
      network: options.network ?? 0,
      client: options.client ?? false,
      agent: AGENT,
    };
    this.#core = { id: this.id, envelope, clock, chance, timers, counters: this.counters, outbox };
    const core = this.#core;
    const tokens = new Tokens(chance, clock.nowMs());
    const overlayOf = (family: Family): Overlay | undefined => this.#overlays.get(family);
    this.#storage = new Storage(core, (change, stored) => {
      this.#subscriptions.announce(change, stored);
      for (const listen of this.#listens.get(stored.key) ?? []) {
        if (change === 'refreshed') continue; // Our own storage reports the end itself.
        if (change === 'expired') listen.expire(this.#storage, [stored.value.id]);
        else listen.receive(this.#storage, stored.value, -Infinity, stored.from);
      }
    });
    this.#subscriptions = new Subscriptions(core, tokens, (node) => {
      const overlay = overlayOf(node.family);
      assert(overlay !== undefined, 'dht_family');
      return overlay.requests;
    });
    const families = FAMILIES.filter((family) => options.families.includes(family));
    const overlayPorts = {
      core,
      admission,
      families,
      learn: (records: readonly NodeRecord[], from: { readonly endpoint: Endpoint }) => {
        for (const record of records)
          overlayOf(familyOf(record.endpoint.address))?.learn(record, from.endpoint);
      },
      onBootstrapDue: ports.onBootstrapDue ?? (() => undefined),
    };
    this.#overlays = new Map(families.map((family) => [family, new Overlay(overlayPorts, family)]));
    const storage = this.#storage;
    const subscriptions = this.#subscriptions;
    const server = new Server({ core, admission, tokens, storage, subscriptions, overlayOf });
    this.#receiver = new Receiver({ core, admission, server, reported: this.#reported, overlayOf });
    this.#discovery =
      ports.discovery === undefined
        ? undefined
        : new Discovery({
            ...ports.discovery,
            core,
            admission,
            learn: (id, endpoint) => this.learn({ id, endpoint }),
            isDisconnected: () =>
              families.every((family) => this.connectivity(family) === 'disconnected'),
          });
    this.#start(options.state);
  }

  /** When `advance` is due, in the clock's milliseconds. */
  get nextAtMs(): number | undefined {
    return this.#core.timers.nextAtMs;
  }

  /** @param octets Borrowed for the duration of the call. */
  receive(octets: Uint8Array, source: Endpoint): void {
    this.#receiver.receive(octets, source);
    this.advance();
  }

  /** A datagram that came to a group of the local network, or to its port. */
  receiveDiscovery(octets: Uint8Array, source: Endpoint): void {
    this.#discovery?.receive(octets, source);
    this.advance();
  }

  /** Runs everything that is due. */
  advance(): void {
    if (this.#turning) return; // Called from a callback: the current turn handles it.
    this.#turning = true;
    this.#core.timers.runDue(this.#core.clock.nowMs());
    this.#turning = false;
  }

  /** Pings addresses whose node ids are not known; repeated while nobody answers. */
  bootstrap(endpoints: readonly Endpoint[]): void {
    for (const overlay of this.#overlays.values())
      overlay.bootstrap.add(
        endpoints.filter(({ address }) => familyOf(address) === overlay.family),
      );
    this.advance();
  }

  /**
   * Call this while names are looked up for a later `bootstrap`: puts, gets and listens wait. Call the returned
   * function when the look-up is over.
   */
  expectBootstrap(): () => void {
    const ends = [...this.#overlays.values()].map((overlay) => overlay.bootstrap.expect());
    return () => {
      for (const end of ends) end();
      this.advance();
    };
  }

  /** Adds a node that was mentioned somewhere, for example on the local network. */
  learn(record: NodeRecord): void {
    const overlay = this.#overlays.get(familyOf(record.endpoint.address));
    overlay?.learn(record, undefined);
    const node = overlay?.cache.get(record.id);
    if (node !== undefined && node.repliedAtMs === -Infinity && node.requests.size === 0)
      overlay?.ping(node);
    this.advance();
  }

  /** The machine's addresses changed (PROTOCOL 14.3). */
  connectivityChanged(): void {
    this.#reported.clear();
    for (const overlay of this.#overlays.values()) overlay.connectivityChanged();
    this.advance();
  }

  connectivity(family: Family): Connectivity {
    return this.#overlays.get(family)?.connectivity() ?? 'disconnected';
  }

  /** Announces a value. `false`: this node already announces as many values as it may. */
  put(key: InfoHash, value: Value, options: EnginePutOptions): boolean {
    const { permanent, created, onSettled } = options;
    const name = putName(key, value.id);
    if (this.#puts.size >= ANNOUNCED_VALUES_MAX && !this.#puts.has(name)) return false;
    this.#puts.get(name)?.cancel();
    const families = [...this.#overlays.keys()];
    const content = { key, value, packed: encodeValue(value), permanent, created };
    const operation = new PutOperation(content, families, (ok) => {
      if (!permanent && this.#puts.get(name) === operation) this.#puts.delete(name);
      onSettled(ok, operation.confirmedCount);
    });
    this.#puts.set(name, operation);
    const { clock } = this.#core;
    const ageMs = Math.max(0, clock.epochUs() / 1000 - created * 1000);
    const life = lifetimeMs(value.type);
    const expiresAtMs = permanent ? Infinity : clock.nowMs() + life - Math.min(life, ageMs);
    this.#storage.putLocal(key, value, expiresAtMs);
    for (const overlay of this.#overlays.values())
      overlay.whenSettled(() => {
        if (!operation.cancelled) overlay.search(key).addPut(operation);
      });
    this.advance();
    return true;
  }

  /** Stops announcing; the copies of others expire. `false`: nothing with this id is announced. */
  cancelPut(key: InfoHash, id: bigint): boolean {
    const operation = this.#puts.get(putName(key, id));
    if (operation === undefined) return false;
    this.#puts.delete(putName(key, id));
    operation.cancel();
    for (const overlay of this.#overlays.values()) overlay.searches.get(key)?.cancelPut(operation);
    this.#storage.release(key, id, this.#core.clock.nowMs());
    this.advance();
    return true;
  }

  /** The value of this id that this node announces. */
  announced(key: InfoHash, id: bigint): Value | undefined {
    return this.#puts.get(putName(key, id))?.value;
  }

  get(
    key: InfoHash,
    where: readonly Condition[],
    callbacks: { readonly onValue: (value: Value) => void; readonly onDone: () => void },
  ): void {
    const operation = new GetOperation(key, where, [...this.#overlays.keys()], callbacks);
    for (const { value } of this.#storage.values(key).values())
      if (matches(value, where)) operation.report(value);
    for (const overlay of this.#overlays.values())
      overlay.whenSettled(() => overlay.search(key).addGet(operation));
    this.advance();
  }

  /** Returns a function that ends the listen. */
  listen(
    key: InfoHash,
    where: readonly Condition[],
    onEvent: (event: ListenEvent) => void,
  ): () => void {
    const operation = new ListenOperation(this.#core, key, where, onEvent);
    const ofKey = this.#listens.get(key) ?? new Set();
    this.#listens.set(key, ofKey);
    ofKey.add(operation);
    for (const { value, from } of this.#storage.values(key).values())
      operation.receive(this.#storage, value, -Infinity, from);
    for (const overlay of this.#overlays.values())
      overlay.whenSettled(() => {
        if (!operation.closed) overlay.search(key).addListen(operation);
      });
    this.advance();
    return () => {
      operation.closed = true;
      ofKey.delete(operation);
      if (ofKey.size === 0) this.#listens.delete(key);
      for (const overlay of this.#overlays.values())
        overlay.searches.get(key)?.removeListen(operation);
      this.advance();
    };
  }

  exportState(): DhtState {
    const nowMs = this.#core.clock.nowMs();
    // Including nodes that are silent now: this node may be stopping because its network is down.
    const nodes = [...this.#overlays.values()].flatMap(({ table }) =>
      table
        .nodes()
        .filter((node) => node.repliedAtMs !== -Infinity)
        .toSorted((a, b) => Number(b.isGood(nowMs)) - Number(a.isGood(nowMs)))
        .slice(0, STATE_NODES_MAX),
    );
    return {
      version: 1,
      nodeId: this.id,
      nodes: nodes.map(({ id, endpoint }) => ({
        id,
        address: endpoint.address,
        port: endpoint.port,
      })),
    };
  }

  status(): DhtStatus {
    return describe({
      id: this.id,
      network: this.#core.envelope.network,
      nowMs: this.#core.clock.nowMs(),
      overlays: [...this.#overlays.values()],
      storage: this.#storage,
      subscriptionsCount: this.#subscriptions.count,
      announcedCount: this.#puts.size,
      reported: this.#reported,
    });
  }

  /** After this no callback runs except those of puts, which end. */
  close(): void {
    for (const listen of [...this.#listens.values()].flatMap((ofKey) => [...ofKey]))
      listen.closed = true;
    for (const overlay of this.#overlays.values()) overlay.close();
    for (const operation of this.#puts.values()) operation.cancel();
    this.#puts.clear();
  }

  #start(state: unknown): void {
    const { clock, chance, timers } = this.#core;
    for (const overlay of this.#overlays.values()) {
      overlay.maintenance.other = [...this.#overlays.values()].find((each) => each !== overlay);
      overlay.maintenance.start();
    }
    // Nodes of an earlier run serve as bootstrap nodes.
    const known = nodesOfState(state);
    for (const record of known)
      this.#overlays.get(familyOf(record.endpoint.address))?.learn(record, undefined);
    this.bootstrap(known.map(({ endpoint }) => endpoint));
    this.#discovery?.start();
    const cleanup = (): void => {
      this.#subscriptions.expire();
      timers.arm(clock.nowMs() + chance.between(CLEANUP_MS), cleanup);
    };
    timers.arm(clock.nowMs() + chance.between(CLEANUP_MS), cleanup);
  }
}

function putName(key: InfoHash, id: bigint): string {
  return `${key} ${id}`;
}
