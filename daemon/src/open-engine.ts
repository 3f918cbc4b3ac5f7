// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { FLEET_CURSOR, webhookCursor } from '@sentrypeer/follow/cursors';
import { assert } from '@sentrypeer/kernel';
import type { Config } from './config/config.ts';
import { isEverybody } from './config/disarming.ts';
import type { Stage } from './demo/stage.ts';
import type { Engine, EnginePorts } from './engine.ts';
import { SMALL_READER_CACHE_OCTETS } from './limits.ts';
import type { JudgeOptions } from './services/open-judging.ts';
import { StartingApi } from './services/starting-api.ts';
import type { StoreServiceOptions } from './services/store-service.ts';

/** How the judge is to judge, for the thread that follows the log and the one that answers. */
export function judgeOptions(config: Config, stage?: Stage): JudgeOptions {
  const {
    homeCountry,
    ownNumbers = [],
    ownAddresses = [],
    policy = [],
    poolQuorum,
    noNetworkCheck,
  } = config;
  const own = [...ownAddresses, ...agentPeers(config)];
  const options = {
    homeCountry,
    ownNumbers,
    ownAddresses: own,
    policy,
    poolQuorum,
    noNetworkCheck,
  };
  return stage === undefined ? options : { ...options, listsDocumentation: true };
}

/**
 * The peers of the SIP agent belong to the operator: if a PBX were listed because somebody called us through it, all
 * its calls would be refused. A peer network that covers everybody protects nobody.
 */
function agentPeers({ sipAgent, sipAgentPeers = [] }: Config): readonly string[] {
  return sipAgent === false ? [] : sipAgentPeers.filter((peer) => !isEverybody(peer));
}

/** Whether events are kept until they are in a fleet. */
export function pushesToFleet({ fleetAddress, fleetFollower }: Config): boolean {
  return fleetAddress !== undefined && !fleetFollower;
}

/** How everything but look-ups reads the database. */
export function readerOptions({ profile }: Config): { readonly cacheOctets?: number } {
  return profile === 'small' ? { cacheOctets: SMALL_READER_CACHE_OCTETS } : {};
}

/** Opens the database, which may have to be migrated first: meanwhile the API's port says so. Throws `OperatingError`. */
export async function openEngine(ports: EnginePorts, config: Config): Promise<Engine> {
  const { api, threads, apiAddress, apiPort } = config;
  // With one thread, the work delays the answer.
  const mayAnswer = api && threads > 1;
  await using starting = new StartingApi(
    ports.logger,
    mayAnswer ? { host: apiAddress, port: apiPort } : undefined,
  );
  return await openAnnounced({ ...ports, logger: starting.logger }, config);
}

async function openAnnounced(ports: EnginePorts, config: Config): Promise<Engine> {
  const store: StoreServiceOptions = {
    path: config.dbFile,
    retentionDays: config.retentionDays,
    hasYearOfRates: config.analytics,
    sizeMaxOctets: config.dbSizeMaxOctets,
    diskFreeMinOctets: config.dbFreeMinOctets,
    owedCursors: [
      ...config.webhooks.map(({ name }) => webhookCursor(name)),
      ...(pushesToFleet(config) ? [FLEET_CURSOR] : []),
    ],
    owedMaxOctets: config.webhookBacklogOctets,
    isSmall: config.profile === 'small',
    judge: judgeOptions(config, ports.stage),
  };
  // Each branch loads only what it needs: a thread's memory is mostly its code.
  if (config.threads === 1) {
    const { openOneThread } = await import('./engine-one-thread.ts');
    return openOneThread(ports, store);
  }
  assert(ports.stage === undefined, 'demo_in_one_thread');
  const { openThreads } = await import('./engine-threads.ts');
  return openThreads(ports, store, config.noSip ? 0 : config.threads - 1); // One of them stores.
}
