// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { randomFillSync } from 'node:crypto';
import type { DhtNode, DhtStatus } from '@sentrypeer/dht';
import { zonedAddress } from '@sentrypeer/ip';
import type { Clock, Logger } from '@sentrypeer/kernel';
import type { Neighbours, NeighboursCounters, Pool, PoolStatus } from '@sentrypeer/pool';
import type { StoreReader } from '@sentrypeer/store';
import type { LinksStatus, PoolLinks } from './pool/pool-links.ts';
import type { Config } from '../config/config.ts';
import { formatHostPort } from '../config/pool-types.ts';
import type { ListenAddress } from '../config/value-types.ts';
import { VERSION } from '../config/version.ts';
import type { Engine } from '../engine.ts';
import type { Identity } from '../identity.ts';
import { DHT_STATE_MS } from '../limits.ts';
import { readDhtState, writeDhtState } from './dht-state-file.ts';
import { cursorSink } from './writer-commands.ts';

export interface PoolServicePorts {
  readonly engine: Engine;
  readonly log: StoreReader;
  readonly identity: Identity;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A part of it failed while running. */
  readonly onFailed: (error: unknown) => void;
}

/** The state of sharing. */
export interface SharingStatus {
  readonly pool: PoolStatus;
  readonly dht: DhtStatus;
  /** Values that came too fast to be looked at. */
  readonly missedValues: number;
  /** Links with nodes of the pool. */
  readonly links: LinksStatus;
  /** `undefined` if none are looked for. */
  readonly neighbours: (NeighboursCounters & { readonly count: number }) | undefined;
}

/** Sharing with other nodes: the DHT node, what is shared over it, neighbours, and the file with known nodes. */
export class PoolService implements AsyncDisposable {
  readonly #scope: AsyncDisposableStack;
  readonly #dht: DhtNode;
  readonly #pool: Pool;
  readonly #links: PoolLinks;
  readonly #neighbours: Neighbours | undefined;

  private constructor(
    scope: AsyncDisposableStack,
    parts: {
      readonly dht: DhtNode;
      pool: Pool;
      links: PoolLinks;
      neighbours: Neighbours | undefined;
    },
  ) {
    this.#scope = scope;
    this.#dht = parts.dht;
    this.#pool = parts.pool;
    this.#links = parts.links;
    this.#neighbours = parts.neighbours;
  }

  /** Throws `OperatingError` with nothing left open. */
  static async open(ports: PoolServicePorts, config: Config): Promise<PoolService> {
    return PoolService.#open(ports, config).catch(async (error: unknown) => {
      const { dhtPortFailure } = await import('./pool/dht-port-failure.ts');
      throw await dhtPortFailure(error, config);
    });
  }

  static async #open(ports: PoolServicePorts, config: Config): Promise<PoolService> {
    // Not loaded unless wanted: a small device has better uses for the memory.
    const { openDht } = await import('@sentrypeer/dht/udp');
    const { Pool } = await import('@sentrypeer/pool');
    const { logger, log, engine, identity, clock } = ports;
    await using scope = new AsyncDisposableStack();
    const state = await readDhtState(config.dhtStateFile, logger);
    const dht = await openDht({
      port: config.dhtPort,
      ...(config.dhtAddresses !== 'all' && { addresses: config.dhtAddresses }),
      network: config.dhtNetwork,
      state: state.dht,
      bootstrap: config.bootstrapNodes.map(formatHostPort),
      peerDiscovery: config.neighbours !== 'off',
      logger,
    });
    scope.use(dht);
    const pool = new Pool(
      {
        network: dht,
        log,
        cursors: cursorSink(engine),
        origins: log.origins,
        isRecorded: (nodeId, eventUuid) => log.origins.isRecorded(nodeId, eventUuid),
        record: (events) => engine.write('deliver', events),
        signer: identity,
        clock,
        random: { fill: (octets) => randomFillSync(octets) },
        logger,
        wakeAfter,
      },
      {
        networkId: config.dhtNetwork,
        appVersion: VERSION,
        budgetOctets:
          config.shareBudgetOctets === 0 ? Number.MAX_SAFE_INTEGER : config.shareBudgetOctets,
        delayMsMax: config.shareDelaySeconds * 1000,
        state: state.pool,
      },
    );
    scope.use(pool);
    pool.running.catch(ports.onFailed);
    const { PoolLinks } = await import('./pool/pool-links.ts');
    const surroundings = {
      nodes: () => dht.exportState().nodes,
      seenAt: () => dht.status().reportedAddresses,
    };
    const links = scope.use(
      await PoolLinks.open(
        { ...ports, rendezvousNetwork: dht, surroundings, wakeAfter },
        config,
        dht.locals,
      ),
    );
    const neighbours =
      config.neighbours === 'off'
        ? undefined
        : await openNeighbours(ports, {
            config,
            scope: config.neighbours,
            dht,
            pool,
            links,
            owner: scope,
          });
    scope.defer(saveNowAndThen(config.dhtStateFile, { dht, pool, logger }));
    return new PoolService(scope.move(), { dht, pool, links, neighbours });
  }

  /** Where the DHT node is bound. */
  get locals(): readonly ListenAddress[] {
    return this.#dht.locals.map(({ address, port }) => ({ address, port }));
  }

  /** New events were committed. */
  wake(): void {
    this.#pool.wake();
  }

  status(): SharingStatus {
    const neighbours = this.#neighbours;
    return {
      pool: this.#pool.status(),
      dht: this.#dht.status(),
      links: this.#links.status(),
      missedValues: this.#dht.counters().listenEventsDropped,
      neighbours:
        neighbours === undefined ? undefined : { ...neighbours.counters, count: neighbours.count },
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#scope.disposeAsync();
  }
}

/** @returns Ends it after saving once more. */
function saveNowAndThen(
  path: string,
  { dht, pool, logger }: { readonly dht: DhtNode; readonly pool: Pool; readonly logger: Logger },
): () => Promise<void> {
  const save = (): Promise<void> =>
    writeDhtState(path, { dht: dht.exportState(), pool: pool.exportState() }, logger);
  const timer = setInterval(() => void save(), DHT_STATE_MS);
  return async () => {
    clearInterval(timer);
    await save();
  };
}

async function openNeighbours(
  { identity, clock, logger }: PoolServicePorts,
  parts: {
    readonly config: Config;
    readonly scope: Exclude<Config['neighbours'], 'off'>;
    readonly dht: DhtNode;
    readonly pool: Pool;
    readonly links: PoolLinks;
    /** Closes what is opened here. */
    readonly owner: AsyncDisposableStack;
  },
): Promise<Neighbours> {
  const { config, scope, dht, pool, links, owner } = parts;
  const { Neighbours } = await import('@sentrypeer/pool');
  const { openMulticast } = await import('@sentrypeer/pool/udp');
  const multicast = owner.use(
    await openMulticast({ logger }, scope, (octets, source) => neighbours.receive(octets, source)),
  );
  const neighbours: Neighbours = new Neighbours(
    {
      clock,
      wakeAfter,
      signer: identity,
      send: (octets) => multicast.send(octets),
      isConnected: () => dht.isConnected,
      call: (endpoint) => {
        dht.call(endpoint);
        links.meet(zonedAddress(endpoint), endpoint.port);
      },
      learnKey: (nodeId, publicKey) => pool.learnKey(nodeId, publicKey),
    },
    {
      dhtPort: dht.locals[0]?.port ?? config.dhtPort,
      networkId: config.dhtNetwork,
      version: VERSION,
    },
  );
  owner.defer(() => neighbours.close());
  return neighbours;
}

function wakeAfter(waitMs: number, run: () => void): () => void {
  const timeout = setTimeout(run, Math.ceil(waitMs));
  return () => clearTimeout(timeout);
}
