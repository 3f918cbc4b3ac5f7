// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { familyOf, type Endpoint, type Family } from '@sentrypeer/ip';
import { assert, openOrClose, OperatingError } from '@sentrypeer/kernel';
import { FAMILIES } from '../address.ts';
import { BootstrapHosts } from './bootstrap-hosts.ts';
import { Chance } from '../engine/chance.ts';
import type { Counters } from '../engine/counters.ts';
import { DhtEngine } from '../engine/engine.ts';
import { EventQueue } from './event-queue.ts';
import type { InfoHash } from '../info-hash.ts';
import { LISTEN_EVENTS_MAX, WAKE_MS_MAX } from '../limits.ts';
import type { ListenEvent } from './listen-operation.ts';
import type { DatagramPort, DhtPorts } from '../ports.ts';
import { signValue, type Identity } from '../values/signature.ts';
import type { DhtState } from '../engine/state.ts';
import type { DhtStatus } from '../engine/status.ts';
import { sameOctets, unsignedValue, type Value, type ValueContent } from '../values/value.ts';
import { Field, type Condition } from '../wire/message.ts';

const CONNECTED_POLL_MS = 50;

export interface DhtOptions {
  /** Networks with different ids do not see each other; 0 is the public one. @default 0 */
  readonly network?: number;
  /** Signs values, and gives the node its id. */
  readonly identity?: Identity | undefined;
  /** The result of `exportState`: the node keeps its id and rejoins without a bootstrap node. */
  readonly state?: unknown;
  /** `host` or `host:port` of nodes that are asked first, as in `bootstrap`. */
  readonly bootstrap?: readonly string[];
  /** Look for nodes on the local network by multicast, and be found. @default false */
  readonly peerDiscovery?: boolean;
  /** Use the network without serving it. @default false */
  readonly client?: boolean;
}

export interface PutOptions {
  /** 1 to 2^64 - 1. @default random */
  readonly id?: bigint;
  /** Announce it repeatedly until it is cancelled or the node is closed. @default false */
  readonly permanent?: boolean;
  /** When the value was made, Unix milliseconds; its life counts from then. @default now */
  readonly createdEpochMs?: number;
}

/** The outcome of a put. */
export interface PutResult {
  readonly id: bigint;
  /** The closest nodes confirmed it. This is not proof: they also confirm values that they drop (PROTOCOL 4.5). */
  readonly announced: boolean;
  /** Nodes that confirmed. */
  readonly nodesCount: number;
}

export interface ReadOptions {
  /** Only values that meet all of these conditions. @default none */
  readonly where?: readonly Condition[];
  readonly signal?: AbortSignal;
}

/** A running node of the OpenDHT network: its sockets are open until `close`. */
export class DhtNode implements AsyncDisposable {
  readonly #ports: DhtPorts;
  readonly #options: DhtOptions;
  readonly #chance: Chance;
  readonly #listens = new Set<EventQueue<ListenEvent>>();
  /** Ends gets and waits when the node is closed. */
  readonly #closing = new AbortController();
  readonly #bootstrapHosts: BootstrapHosts;
  #engine: DhtEngine | undefined;
  #datagrams: DatagramPort | undefined;
  #discovery: DatagramPort | undefined;
  #cancelWake: () => void = () => undefined;
  /** When the engine must be called next. */
  #wakeAtMs: number | undefined;
  #closed: Promise<void> | undefined;

  private constructor(ports: DhtPorts, options: DhtOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#chance = new Chance(ports.random);
    this.#bootstrapHosts = new BootstrapHosts(ports, (host) => void this.#bootstrapHost(host));
  }

  /** Resolves when the sockets are bound; throws `OperatingError` with nothing left open. */
  static async open(ports: DhtPorts, options: DhtOptions = {}): Promise<DhtNode> {
    const node = new DhtNode(ports, options);
    await openOrClose(node, () => node.#open());
    void node.bootstrap(options.bootstrap ?? []);
    return node;
  }

  get id(): InfoHash {
    return this.#running.id;
  }

  /** Where the node is bound, one endpoint for each family. */
  get locals(): readonly Endpoint[] {
    return this.#datagrams?.locals ?? [];
  }

  /** Whether a node of any family answers. */
  get isConnected(): boolean {
    return FAMILIES.some((family) => this.#running.connectivity(family) === 'connected');
  }

  /**
   * Asks nodes whose ids are not known: `host`, `host:port` or `[IPv6]:port`; the default port is 4222. Resolves when
   * they were asked, not when they answered. A name that is not found is logged, and looked up again until it is found.
   * A name that is found is looked up again while no node answers.
   */
  async bootstrap(hosts: readonly string[]): Promise<void> {
    for (const host of hosts) this.#bootstrapHosts.add(host);
    await Promise.all(hosts.map((host) => this.#bootstrapHost(host)));
  }

  /** Asks a node at an address that was learned elsewhere, like a bootstrap node. */
  call(endpoint: Endpoint): void {
    this.#use((engine) => engine.bootstrap([endpoint]));
  }

  /** Resolves when a node answers; rejects with the signal's reason, or when the node is closed. */
  async connected(signal?: AbortSignal): Promise<void> {
    while (!this.isConnected) {
      this.#throwIfOver(signal);
      await new Promise<void>((resolve) => this.#ports.wakeAfter(CONNECTED_POLL_MS, resolve));
    }
  }

  /**
   * Puts an unsigned value. Resolves when the closest nodes have confirmed it or none can be reached; listeners and
   * gets of this node see it at once. Throws `OperatingError` if too many values are announced.
   */
  put(key: InfoHash, content: ValueContent, options: PutOptions = {}): Promise<PutResult> {
    return this.#put(key, unsignedValue(options.id ?? this.#chance.valueId(), content), options);
  }

  /** As `put`, signed with this node's identity; an earlier version of the same id is replaced (PROTOCOL 7.2). */
  async putSigned(
    key: InfoHash,
    content: ValueContent,
    options: PutOptions = {},
  ): Promise<PutResult> {
    const { identity } = this.#options;
    assert(identity !== undefined, 'dht_identity');
    const id = options.id ?? this.#chance.valueId();
    const announced = this.#running.announced(key, id);
    let sequence = announced === undefined ? 0 : announced.sequence + 1;
    for (const stored of await this.get(key, { where: [{ field: Field.id, id }] }))
      if (sameOctets(stored.owner, identity.owner))
        sequence = Math.max(sequence, stored.sequence + 1);
    return this.#put(key, signValue(identity, id, content, sequence), options);
  }

  /** Stops announcing a permanent value; the copies at other nodes expire. `false`: there is no such value. */
  cancel(key: InfoHash, id: bigint): boolean {
    return this.#use((engine) => engine.cancelPut(key, id));
  }

  /** All values that the closest nodes have; each content of an id once. Rejects with the signal's reason. */
  async get(key: InfoHash, options: ReadOptions = {}): Promise<readonly Value[]> {
    this.#throwIfOver(options.signal);
    const values: Value[] = [];
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const signals = [
      this.#closing.signal,
      ...(options.signal === undefined ? [] : [options.signal]),
    ];
    const over = AbortSignal.any(signals);
    const onAbort = (): void => reject(over.reason as Error);
    over.addEventListener('abort', onAbort, { once: true });
    this.#use((engine) =>
      engine.get(key, options.where ?? [], {
        onValue: (value) => values.push(value),
        onDone: () => resolve(undefined),
      }),
    );
    try {
      await promise;
    } finally {
      over.removeEventListener('abort', onAbort);
    }
    return values;
  }

  /**
   * Values as they arrive, those already stored first, and reports of their ends. Continues until the loop over it is
   * left, the signal is aborted or the node is closed. A slow reader loses the oldest events beyond
   * `LISTEN_EVENTS_MAX`.
   */
  listen(key: InfoHash, options: ReadOptions = {}): EventQueue<ListenEvent> {
    const { signal, where = [] } = options;
    let stop: () => void = () => undefined;
    const onAbort = (): void => queue.close();
    const queue = new EventQueue<ListenEvent>(
      LISTEN_EVENTS_MAX,
      () => (this.#running.counters.listenEventsDropped += 1),
      () => {
        signal?.removeEventListener('abort', onAbort);
        this.#listens.delete(queue);
        stop();
        this.#rearm();
      },
    );
    if (signal?.aborted === true || this.#closed !== undefined) {
      queue.close();
      return queue;
    }
    this.#listens.add(queue);
    stop = this.#use((engine) => engine.listen(key, where, (event) => queue.push(event)));
    signal?.addEventListener('abort', onAbort, { once: true });
    return queue;
  }

  /** What a later `open` needs to join again: plain data, fit for JSON. */
  exportState(): DhtState {
    return this.#running.exportState();
  }

  /** A readable dump. */
  status(): DhtStatus {
    return this.#running.status();
  }

  /** What happened since the start. */
  counters(): Readonly<Counters> {
    return { ...this.#running.counters };
  }

  /** The machine's addresses have changed. */
  connectivityChanged(): void {
    this.#use((engine) => engine.connectivityChanged());
  }

  /** Ends listens, gets and puts, and resolves when nothing is open. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #running(): DhtEngine {
    assert(this.#engine !== undefined, 'dht_node_open');
    return this.#engine;
  }

  async #open(): Promise<void> {
    const { clock, random } = this.#ports;
    const datagrams = await this.#ports.openDatagrams((octets, source) => {
      this.#engine?.receive(octets, source);
      this.#rearm();
    });
    this.#datagrams = datagrams;
    const families = datagrams.locals.map(({ address }) => familyOf(address));
    const { peerDiscovery = false, identity, network, client, state } = this.#options;
    if (peerDiscovery) this.#discovery = await this.#openDiscovery(families);
    const discovery = this.#discovery;
    this.#engine = new DhtEngine(
      {
        clock,
        random,
        send: (octets, to) => datagrams.send(octets, to),
        onBootstrapDue: () => void this.bootstrap(this.#bootstrapHosts.names()),
        ...(discovery === undefined
          ? {}
          : {
              discovery: {
                portOf: (family: Family) =>
                  datagrams.locals.find(({ address }) => familyOf(address) === family)?.port,
                send: (octets: Uint8Array, to: Endpoint) => discovery.send(octets, to),
              },
            }),
      },
      {
        families,
        nodeId: identity?.nodeId,
        state,
        ...(network === undefined ? {} : { network }),
        ...(client === undefined ? {} : { client }),
      },
    );
    this.#rearm();
  }

  #openDiscovery(families: readonly Family[]): Promise<DatagramPort> {
    return this.#ports.openDiscovery(families, (octets, source) => {
      this.#engine?.receiveDiscovery(octets, source);
      this.#rearm();
    });
  }

  async #bootstrapHost(text: string): Promise<void> {
    const looked = this.#use((engine) => engine.expectBootstrap());
    try {
      const endpoints = await this.#bootstrapHosts.resolve(text);
      if (this.#closed === undefined) this.#use((engine) => engine.bootstrap(endpoints));
    } finally {
      if (this.#closed === undefined) this.#use(looked);
    }
  }

  #put(key: InfoHash, value: Value, options: PutOptions): Promise<PutResult> {
    this.#throwIfOver();
    const { permanent = false, createdEpochMs } = options;
    const nowMs = this.#ports.clock.epochUs() / 1000;
    const created = Math.floor((createdEpochMs ?? nowMs) / 1000);
    const { promise, resolve } = Promise.withResolvers<PutResult>();
    const onSettled = (announced: boolean, nodesCount: number): void =>
      resolve({ id: value.id, announced, nodesCount });
    if (!this.#use((engine) => engine.put(key, value, { permanent, created, onSettled })))
      throw new OperatingError(
        'dht_puts_full',
        'This node announces as many values as it may. Cancel some, or put new values without permanent.',
      );
    return promise;
  }

  #use<T>(act: (engine: DhtEngine) => T): T {
    const result = act(this.#running);
    this.#rearm();
    return result;
  }

  /** The engine says when it is due; nothing is due after the close. */
  #rearm(): void {
    const atMs = this.#engine?.nextAtMs;
    if (atMs === this.#wakeAtMs) return;
    this.#cancelWake();
    this.#wakeAtMs = atMs;
    if (atMs === undefined || this.#closed !== undefined) return;
    const waitMs = Math.min(WAKE_MS_MAX, Math.max(0, atMs - this.#ports.clock.nowMs()));
    this.#cancelWake = this.#ports.wakeAfter(waitMs, () => {
      this.#wakeAtMs = undefined;
      this.#engine?.advance();
      this.#rearm();
    });
  }

  #throwIfOver(signal?: AbortSignal): void {
    signal?.throwIfAborted();
    this.#closing.signal.throwIfAborted();
  }

  async #close(): Promise<void> {
    this.#bootstrapHosts.close();
    this.#closing.abort(new OperatingError('dht_closed', 'The DHT node was closed.'));
    for (const listen of this.#listens) listen.close();
    this.#engine?.close();
    this.#cancelWake();
    await Promise.all([this.#datagrams?.close(), this.#discovery?.close()]);
  }
}
