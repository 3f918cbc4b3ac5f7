// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { OperatingError } from '@sentrypeer/kernel';
import type { Engine, EnginePorts, StoreTrouble } from './engine.ts';
import type { StoreServiceOptions } from './services/store-service.ts';
import type { CommandAnswer, WriterCommand } from './services/writer-commands.ts';
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
  let trouble: StoreTrouble | undefined;
  const calls = new Calls();
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
        else if (message.kind === 'listed') ports.onListed(message.serial);
        else if (message.kind === 'stall') ({ why: stall, trouble } = message);
        else if (message.kind === 'drained') drained.resolve();
        else if (message.kind === 'answered') calls.settle(message.call, message);
      },
    },
  );
  starting.catch(() => sips.stop());
  const store = await starting;

  return {
    write: (command, ...args) =>
      calls.begin((call) => store.send({ kind: 'call', call, command, args })),
    sipCounters: () => sips.counters,
    stall: () => stall,
    trouble: () => trouble,
    stuck: () => (store.isStuck ? 'store' : sips.areStuck ? 'sip' : undefined),
    openSip: (sipOptions) => sips.open(sipOptions),
    releaseMemory: () => undefined,
    drain: async () => {
      await sips.drain();
      store.send({ kind: 'drain' });
      await Promise.race([drained.promise, store.ended()]);
    },
    close: async () => {
      sips.stop(); // If the start failed before there was anything to drain.
      store.send({ kind: 'stop' });
      await Promise.all([store.ended(), sips.ended()]);
    },
  };
}

/** Commands on their way to the store thread, and their answers on the way back. */
class Calls {
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #last = 0;

  begin<C extends WriterCommand>(send: (call: number) => void): Promise<CommandAnswer<C>> {
    this.#last += 1;
    const settled = Promise.withResolvers<unknown>();
    this.#waiting.set(this.#last, settled);
    send(this.#last);
    return settled.promise as Promise<CommandAnswer<C>>; // The writer answers by the same map of commands.
  }

  settle(
    call: number,
    { failure, answer }: { readonly failure: FailedMessage | undefined; readonly answer: unknown },
  ): void {
    const settled = this.#waiting.get(call);
    this.#waiting.delete(call);
    if (failure === undefined) settled?.resolve(answer);
    else settled?.reject(new OperatingError(failure.code, failure.message));
  }
}
