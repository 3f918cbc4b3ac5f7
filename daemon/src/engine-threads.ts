// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Engine, EnginePorts } from './engine.ts';
import { blocksCountMax } from './services/block-pool.ts';
import type { SipLocals, SipServiceOptions } from './services/sip-service.ts';
import type { StoreServiceOptions } from './services/store-service.ts';
import type {
  SipWorkerData,
  SipWorkerInput,
  SipWorkerOutput,
  StoreWorkerData,
  StoreWorkerInput,
  StoreWorkerOutput,
} from './workers/messages.ts';
import { Thread } from './workers/thread.ts';

/** One thread that stores, and some that receive. */
export async function openThreads(
  ports: EnginePorts,
  options: StoreServiceOptions,
  sipThreadsCount: number,
): Promise<Engine> {
  const { logger, onFailed } = ports;
  const channels = Array.from({ length: sipThreadsCount }, () => new MessageChannel());
  const sipPorts = channels.map(({ port1 }) => port1);
  const drained = Promise.withResolvers<void>();
  const store = await Thread.start<StoreWorkerInput, StoreWorkerOutput>(
    'store-worker',
    { options, sipPorts } satisfies StoreWorkerData,
    sipPorts,
    {
      logger,
      onFailed,
      onMessage: (message) => {
        if (message.kind === 'committed') ports.onCommitted(message.lastHoneyId);
        else if (message.kind === 'drained') drained.resolve();
      },
    },
  );
  const sips: Thread<SipWorkerInput>[] = [];
  let locals: SipLocals = { udp: [], tcp: [], tls: [] };

  return {
    saveCursor: (name, honeyId) => store.send({ kind: 'save-cursor', name, honeyId }),
    openSip: async (sipOptions) => {
      // Without a shared port one thread receives, and the others do not start.
      const used = sipOptions.reusePort ? channels : channels.slice(0, 1);
      for (const { port2: blocks } of used) {
        const data: SipWorkerData = {
          options: sips.length === 0 ? sipOptions : onPortsOf(sipOptions, locals),
          blocks,
          blocksCountMax: blocksCountMax(sipThreadsCount),
        };
        const thread = await Thread.start<SipWorkerInput, SipWorkerOutput>(
          'sip-worker',
          data,
          [blocks],
          {
            logger,
            onFailed,
            onMessage: (message) => {
              if (message.kind === 'ready') locals = message.locals;
              else for (const sip of sips) sip.send(message);
            },
          },
        );
        sips.push(thread);
      }
      return locals;
    },
    drain: async () => {
      for (const sip of sips) sip.send({ kind: 'stop' });
      for (const { port2 } of channels.slice(sips.length)) port2.close(); // Threads that never were.
      store.send({ kind: 'drain' });
      await drained.promise;
    },
    close: async () => {
      store.send({ kind: 'stop' });
      await Promise.all([store, ...sips].map((thread) => thread.ended()));
    },
  };
}

/** What the first thread opened, the others share; its ports were free ones where 0 was asked for. */
function onPortsOf(options: SipServiceOptions, { udp, tcp, tls }: SipLocals): SipServiceOptions {
  return { ...options, udpPort: udp[0]?.port ?? options.udpPort, tcp, tls };
}
