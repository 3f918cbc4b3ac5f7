// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { randomFillSync } from 'node:crypto';
import type { Engine, EnginePorts } from './engine.ts';
import { BlockPool, blocksCountMax } from './services/block-pool.ts';
import { sumSipCounters } from './services/sip-counters.ts';
import { SipService } from './services/sip-service.ts';
import { StoreService, type StoreServiceOptions } from './services/store-service.ts';
import { perform } from './services/writer-commands.ts';

/** Everything in this thread, for small devices. */
export function openOneThread(ports: EnginePorts, options: StoreServiceOptions): Engine {
  const { stage } = ports;
  const store = StoreService.open(ports, options);
  let sip: SipService | undefined;
  return {
    write: async (command, ...args) => perform(store, command, args),
    sipCounters: () => sumSipCounters(sip === undefined ? [] : [sip.counters]),
    stall: () => store.stall,
    trouble: () => store.trouble,
    stuck: () => undefined, // If this can be called, the thread is running.
    openSip: async (sipOptions) => {
      const blocks: BlockPool = new BlockPool(
        { post: (batch) => store.offer(batch, () => blocks.giveBack(batch.buffer as ArrayBuffer)) },
        { blocksCountMax: blocksCountMax(1) },
      );
      const random = { fill: (octets: Uint8Array) => randomFillSync(octets) };
      sip = await SipService.open(
        { ...ports, random, blocks, ...(stage && { disguise: stage.disguise }) },
        sipOptions,
      );
      return sip.locals;
    },
    releaseMemory: () => store.releaseMemory(),
    drain: async () => {
      await sip?.close();
      store.drain();
    },
    close: async () => store.close(),
  };
}
