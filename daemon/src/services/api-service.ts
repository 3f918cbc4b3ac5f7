// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { hostname } from 'node:os';
import type { DeliveredEvent, HttpApi, HttpApiPorts, WrittenEventSearch } from '@sentrypeer/api';
import type { Webhooks } from '@sentrypeer/delivery';
import type { Places } from '@sentrypeer/geo';
import type { Clock, Logger } from '@sentrypeer/kernel';
import { NumberingPlans } from '@sentrypeer/numbers';
import { assertPortFree } from '@sentrypeer/net';
import { StoreReader, type ListingFeed } from '@sentrypeer/store';
import { judgeOptions } from '../open-engine.ts';
import type { Config } from '../config/config.ts';
import { VERSION } from '../config/version.ts';
import type { Stage } from '../demo/stage.ts';
import { type Engine } from '../engine.ts';
import { LOOK_UP_CACHE_OCTETS } from '../limits.ts';
import type { RunningAgent } from '../open-agent.ts';
import { RequestLog } from '../output/request-log.ts';
import { DashboardFiles } from './dashboard-files.ts';
import { DaemonOperations } from './daemon-operations.ts';
import { EventReader } from './event-reader.ts';
import { placesOptions } from './places-options.ts';
import { PlaceService } from './place-service.ts';
import type { FleetService } from './fleet/fleet-service.ts';
import type { PoolService } from './pool-service.ts';
import { poolView } from './pool/pool-view.ts';
import { openJudges, openReputation } from './reputation.ts';
import { Snapshot } from './snapshot.ts';
import { storeFeed } from './store-feed.ts';
import { storeSearch } from './store-search.ts';
import { storeTotals } from './store-totals.ts';

export interface ApiServicePorts {
  readonly engine: Engine;
  /** Reads for everything except look-ups. */
  readonly log: StoreReader;
  /** `undefined` if nothing is shared. */
  readonly pool: PoolService | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Receives the lines of the request log. */
  readonly write: (text: string) => void;
  /** Names of the consumers of the event log, which are also the names of their cursors. */
  readonly consumers: readonly string[];
  readonly webhooks: Webhooks | undefined;
  /** `undefined` if this node is in no fleet. */
  readonly fleet: FleetService | undefined;
  readonly agent: RunningAgent | undefined;
  /** Where events go apart from webhooks, by name. */
  readonly outputs: Readonly<Record<string, { readonly trouble: string | undefined }>>;
  readonly socketDrops: { counts(): Readonly<Record<string, number>> };
  readonly feed: ListingFeed;
  /** Only in the demo. */
  readonly stage?: Stage | undefined;
}

interface ApiParts {
  readonly api: HttpApi;
  readonly lookUps: StoreReader;
  readonly snapshot: Snapshot;
  readonly operations: DaemonOperations;
  readonly placing: PlaceService;
}

/** The HTTP API over the store, and what the daemon reports about itself through it. */
export class ApiService implements AsyncDisposable {
  readonly #scope: AsyncDisposableStack;
  readonly #api: HttpApi;
  readonly #lookUps: StoreReader;
  readonly #snapshot: Snapshot;
  readonly #operations: DaemonOperations;
  readonly #placing: PlaceService;

  private constructor(scope: AsyncDisposableStack, parts: ApiParts) {
    this.#scope = scope;
    this.#api = parts.api;
    this.#lookUps = parts.lookUps;
    this.#snapshot = parts.snapshot;
    this.#operations = parts.operations;
    this.#placing = parts.placing;
  }

  /** Throws `OperatingError` with nothing left open. */
  static async open(ports: ApiServicePorts, config: Config): Promise<ApiService> {
    // Not loaded unless wanted: a small device has better uses for the memory.
    const { HttpApi } = await import('@sentrypeer/api');
    const { Places } = await import('@sentrypeer/geo');
    // The error names the program that has the port.
    await assertPortFree({ transport: 'TCP', address: config.apiAddress, port: config.apiPort });
    const { log, engine, clock, logger, consumers, agent, feed } = ports;
    const { dbFile } = config;
    await using scope = new AsyncDisposableStack();
    // Small devices, which have one thread, keep SQLite's own 2 MiB.
    const cache = config.threads > 1 ? { cacheOctets: LOOK_UP_CACHE_OCTETS } : {};
    const lookUps = scope.use(StoreReader.open(dbFile, cache));
    const snapshot = scope.use(new Snapshot(lookUps));
    const operations = scope.use(
      new DaemonOperations(
        { ...ports, socketDrops: () => ports.socketDrops.counts() },
        { version: VERSION, dbFile, consumers, followers: config },
      ),
    );
    const places = scope.use(await Places.open(logger, placesOptions(config)));
    const placing = scope.use(new PlaceService({ engine, log, places, logger }));
    const plans = await NumberingPlans.load();
    const judges = openJudges(clock, plans, judgeOptions(config, ports.stage));
    const requestLog = new RequestLog(ports);
    const api = await HttpApi.open(
      {
        totals: storeTotals({ reader: lookUps, snapshot, judges, clock }, dbFile),
        evidence: log,
        eventSearch: await openEventSearch(ports, { config, places }, scope),
        places: {
          placeOf: (address) => places.placeOf(address),
          countries: () => log.places.countries(),
          networks: (limit, after) => log.places.networks(limit, after),
        },
        rates: log.rates,
        reputation: openReputation({ engine, log, clock, judges, plans }),
        feed: storeFeed(log, feed, dbFile),
        deliver: async (events: readonly DeliveredEvent[]) => {
          await engine.write('deliver', events);
        },
        peers: apiPeers(ports, places),
        operations,
        dashboard: new DashboardFiles(logger),
        clock,
        logger,
        ...(agent && { agentDecisions: agent.decisions }),
        ...(config.apiLog && { onAnswered: (request) => requestLog.add(request) }),
      },
      {
        host: config.apiAddress,
        port: config.apiPort,
        version: VERSION,
        hostNames: [hostname(), ...(config.apiHosts ?? [])],
        keyRequired: config.apiKeyRequired,
        ratePerSecond: config.apiRatePerSecond,
        keyRatePerSecond: config.apiKeyRatePerSecond,
        lookUpLevels: config.lookupLevels,
        ...(config.apiCorsOrigin !== undefined && { corsOrigin: config.apiCorsOrigin }),
        ...(config.apiTrustedProxies && { trustedProxies: config.apiTrustedProxies }),
      },
    );
    scope.use(api);
    agent?.decisions.onAdded(() => api.wake());
    scope.defer(feed.onChanged(() => api.wakeFeed()));
    return new ApiService(scope.move(), { api, lookUps, snapshot, operations, placing });
  }

  get address(): HttpApi['address'] {
    return this.#api.address;
  }

  /** New events were committed. */
  wake(): void {
    this.#snapshot.end();
    this.#placing.wake();
    this.#api.wake();
  }

  /** Forgets cached pages of look-ups. */
  releaseMemory(): void {
    this.#lookUps.releaseMemory();
  }

  /** Every port of the daemon is open. */
  opened(): void {
    this.#operations.opened();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#scope.disposeAsync();
  }
}

function apiPeers({ log, engine, pool }: ApiServicePorts, places: Places): HttpApiPorts['peers'] {
  return {
    page: (limit, after) => log.origins.page(limit, after),
    peer: (nodeId) => log.origins.origin(nodeId),
    pool: () => poolView(log, places, pool?.status().links),
    setTrust: (nodeId, trust) => engine.write('setTrust', nodeId, trust),
  };
}

/** A small device has one thread for everything. */
async function openEventSearch(
  { log, logger }: Pick<ApiServicePorts, 'log' | 'logger'>,
  { config, places }: { readonly config: Config; readonly places: Places },
  scope: AsyncDisposableStack,
): Promise<WrittenEventSearch> {
  const { threads, dbFile, countryFile, networkFile } = config;
  if (threads > 1) {
    const data = { dbFile, places: { countryFile, networkFile } };
    return scope.use(new EventReader({ logger }, data));
  }
  const { EventWriter } = await import('@sentrypeer/api/event-writer');
  return new EventWriter(storeSearch(log), places);
}
