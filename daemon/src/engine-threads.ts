// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { OperatingError } from '@sentrypeer/kernel';
import type { Engine, EnginePorts } from './engine.ts';
import type { StoreServiceOptions } from './services/store-service.ts';
import { SipThreads } from './sip-threads.ts';
import type {
  FailedMessage,
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
  const sips = new SipThreads(ports, sipThreadsCount);
  let stall: string | undefined;
  const deliveries = new Deliveries();
  const drained = Promise.withResolvers<void>();
  const starting = Thread.start<StoreWorkerInput, StoreWorkerOutput>(
    'store-worker',
    { options, sipPorts: sips.storePorts } satisfies StoreWorkerData,
    sips.storePorts,
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
  starting.catch(() => sips.stop());
  const store = await starting;

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
    sipCounters: () => sips.counters,
    stall: () => stall,
    openSip: (sipOptions) => sips.open(sipOptions),
    drain: async () => {
      sips.stop();
      store.send({ kind: 'drain' });
      await drained.promise;
    },
    close: async () => {
      sips.stop(); // Where the start failed before there was anything to drain.
      store.send({ kind: 'stop' });
      await Promise.all([store.ended(), sips.ended()]);
    },
  };
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
