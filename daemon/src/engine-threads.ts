// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { OperatingError } from '@sentrypeer/kernel';
import type { Engine, EnginePorts } from './engine.ts';
import { blocksCountMax } from './services/block-pool.ts';
import { sumSipCounters, type SipCounters } from './services/sip-counters.ts';
import type { SipLocals, SipServiceOptions } from './services/sip-service.ts';
import type { StoreServiceOptions } from './services/store-service.ts';
import type {
  FailedMessage,
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
  const counters = new Map<MessagePort, SipCounters>();
  let stall: string | undefined;
  const deliveries = new Deliveries();
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
        else if (message.kind === 'stall') stall = message.why;
        else if (message.kind === 'drained') drained.resolve();
        else if (message.kind === 'delivered') deliveries.settle(message.delivery, message);
      },
    },
  );
  const sips: Thread<SipWorkerInput>[] = [];

  return {
    deliver: (events) =>
      deliveries.begin((delivery) => store.send({ kind: 'deliver', delivery, events })),
    changeEndpoint: async (change) => {
      await deliveries.begin((delivery) =>
        store.send({ kind: 'change-endpoint', delivery, change }),
      );
    },
    decide: async (decision) => {
      await deliveries.begin((delivery) => store.send({ kind: 'decide', delivery, decision }));
    },
    setTrust: async (nodeId, trust) => {
      const known = await deliveries.begin((delivery) =>
        store.send({ kind: 'set-trust', delivery, nodeId, trust }),
      );
      return known > 0;
    },
    saveCursor: (name, honeyId) => store.send({ kind: 'save-cursor', name, honeyId }),
    place: async (places, progress) => {
      await deliveries.begin((delivery) =>
        store.send({ kind: 'place', delivery, places, progress }),
      );
    },
    sipCounters: () => sumSipCounters([...counters.values()]),
    stall: () => stall,
    openSip: (sipOptions) => openSipThreads(ports, sipOptions, { channels, counters, sips }),
    drain: async () => {
      for (const sip of sips) sip.send({ kind: 'stop' });
      for (const { port2 } of channels.slice(sips.length)) port2.close(); // Threads that never were.
      store.send({ kind: 'drain' });
      await drained.promise;
    },
    close: async () => {
      // Where the start failed before there was anything to drain.
      for (const { port2 } of channels.slice(sips.length)) port2.close();
      store.send({ kind: 'stop' });
      await Promise.all([store, ...sips].map((thread) => thread.ended()));
    },
  };
}

/** Ways to the store, one for each receiving thread; those threads that run, and what they last reported. */
interface SipThreads {
  readonly channels: readonly MessageChannel[];
  readonly sips: Thread<SipWorkerInput>[];
  readonly counters: Map<MessagePort, SipCounters>;
}

/** Opens the SIP ports in the first of them, and lets the others share them. */
async function openSipThreads(
  { logger, onFailed }: EnginePorts,
  sipOptions: SipServiceOptions,
  threads: SipThreads,
): Promise<SipLocals> {
  const { channels, counters, sips } = threads;
  let locals: SipLocals = { udp: [], tcp: [], tls: [] };
  // Without a shared port one thread receives, and the others do not start.
  const used = sipOptions.reusePort ? channels : channels.slice(0, 1);
  for (const { port2: blocks } of used) {
    const data: SipWorkerData = {
      options: sips.length === 0 ? sipOptions : onPortsOf(sipOptions, locals),
      blocks,
      blocksCountMax: blocksCountMax(channels.length),
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
          else if (message.kind === 'counters') counters.set(blocks, message.counters);
          else for (const sip of sips) sip.send(message);
        },
      },
    );
    sips.push(thread);
  }
  return locals;
}

/** What is on its way to the store thread and back. */
class Deliveries {
  readonly #waiting = new Map<number, PromiseWithResolvers<number>>();
  #last = 0;

  begin(send: (delivery: number) => void): Promise<number> {
    this.#last += 1;
    const settled = Promise.withResolvers<number>();
    this.#waiting.set(this.#last, settled);
    send(this.#last);
    return settled.promise;
  }

  settle(
    delivery: number,
    { failure, count }: { readonly failure: FailedMessage | undefined; readonly count: number },
  ): void {
    const settled = this.#waiting.get(delivery);
    this.#waiting.delete(delivery);
    if (failure === undefined) settled?.resolve(count);
    else settled?.reject(new OperatingError(failure.code, failure.message));
  }
}

/** What the first thread opened, the others share, and it counts for them; its ports were free ones where 0 was asked for. */
function onPortsOf(options: SipServiceOptions, { udp, tcp, tls }: SipLocals): SipServiceOptions {
  const udpPort = udp[0]?.port ?? options.udpPort;
  return { ...options, udpPort, tcp, tls, countsKernelDrops: false };
}
