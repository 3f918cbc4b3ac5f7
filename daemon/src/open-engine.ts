// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { webhookCursor } from '@sentrypeer/follow/cursors';
import type { Config } from './config/config.ts';
import type { Engine, EnginePorts } from './engine.ts';
import type { JudgeOptions } from './services/judge.ts';
import type { StoreServiceOptions } from './services/store-service.ts';

/** How the judge is to judge, for the thread that follows the log and for the one that answers. */
export function judgeOptions(config: Config): JudgeOptions {
  const { homeCountry, ownNumbers = [], ownAddresses = [], policy = [] } = config;
  return { homeCountry, ownNumbers, ownAddresses, policy };
}

/** Opens the database, and makes the threads' ways to it; throws `OperatingError`. */
export async function openEngine(ports: EnginePorts, config: Config): Promise<Engine> {
  const store: StoreServiceOptions = {
    path: config.dbFile,
    retentionDays: config.retentionDays,
    sizeMaxOctets: config.dbSizeMaxOctets,
    diskFreeMinOctets: config.dbFreeMinOctets,
    owedCursors: config.webhooks.map(({ name }) => webhookCursor(name)),
    owedMaxOctets: config.webhookBacklogOctets,
    judge: judgeOptions(config),
  };
  // Each way loads only what it needs: a thread's memory is mostly the code in it.
  if (config.threads === 1) {
    const { openOneThread } = await import('./engine-one-thread.ts');
    return openOneThread(ports, store);
  }
  const { openThreads } = await import('./engine-threads.ts');
  return openThreads(ports, store, config.noSip ? 0 : config.threads - 1); // One of them stores.
}
