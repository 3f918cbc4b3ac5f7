// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { SipLocals } from './services/sip-listeners.ts';
import type { EnginePorts } from './engine.ts';
import { blocksCountMax } from './services/block-pool.ts';
import { sumSipCounters, type SipCounters } from './services/sip-counters.ts';
import type { SipServiceOptions } from './services/sip-service.ts';
import type { SipWorkerData, SipWorkerInput, SipWorkerOutput } from './workers/messages.ts';
import { Thread } from './workers/thread.ts';

/**
 * The threads that receive. The first of them loads its code while the store's thread does the same, which brings the
 * first answer forward by a tenth (bench/start.ts); nothing is opened before the database.
 */
export class SipThreads {
  /** The store's ends of its channels to the threads. */
  readonly storePorts: readonly MessagePort[];
  readonly #ports: EnginePorts;
  /** The other ends, for threads that are not loaded yet. */
  readonly #ways: MessagePort[];
  readonly #countMax: number;
  readonly #threads: Thread<SipWorkerInput>[] = [];
  readonly #counters: SipCounters[] = [];
  /** One for each thread. */
  readonly #hushed: PromiseWithResolvers<void>[] = [];
  #locals: SipLocals = { udp: [], tcp: [], tls: [] };
  #isStopped = false;

  constructor(ports: EnginePorts, countMax: number) {
    this.#ports = ports;
    this.#countMax = countMax;
    const channels = Array.from({ length: countMax }, () => new MessageChannel());
    this.storePorts = channels.map(({ port1 }) => port1);
    this.#ways = channels.map(({ port2 }) => port2);
    this.#load();
  }

  get counters(): SipCounters {
    return sumSipCounters(this.#counters);
  }

  /** Opens the SIP ports in the first thread and has the others share them; throws `OperatingError`. */
  async open(options: SipServiceOptions): Promise<SipLocals> {
    const [first] = this.#threads;
    await openIn(first, options);
    // Without shared ports one thread receives, and the others do not start.
    while (options.reusePort && this.#ways.length > 0) {
      await openIn(this.#load(), onPortsOf(options, this.#locals));
    }
    return this.#locals;
  }

  /**
   * Stops them so that every datagram is accounted for: first none accepts anything more, then the first thread looks
   * for the last time at the kernel's drops at all sockets, then the others close theirs.
   */
  async drain(): Promise<void> {
    if (this.#isStopped) return;
    for (const thread of this.#threads) thread.send({ kind: 'hush' });
    // A thread that failed, such as one that could not open its ports, answers nothing more.
    await Promise.all(
      this.#threads.map((thread, n) => Promise.race([this.#hushed[n]?.promise, thread.ended()])),
    );
    const [first] = this.#threads;
    first?.send({ kind: 'stop' });
    await first?.ended();
    this.stop();
  }

  /** Whether one of them hangs. */
  get areStuck(): boolean {
    return this.#threads.some((thread) => thread.isStuck);
  }

  /** Has them close their ports, and tell the store that nothing follows. Idempotent. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    for (const thread of this.#threads) thread.send({ kind: 'stop' });
    for (const way of this.#ways) way.close();
  }

  async ended(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.ended()));
  }

  /** The next thread, if another one is allowed. */
  #load(): Thread<SipWorkerInput> | undefined {
    const blocks = this.#ways.shift();
    if (blocks === undefined) return undefined;
    const data: SipWorkerData = { blocks, blocksCountMax: blocksCountMax(this.#countMax) };
    const index = this.#threads.length;
    const hushed = Promise.withResolvers<void>();
    this.#hushed.push(hushed);
    const thread = Thread.load<SipWorkerInput, SipWorkerOutput>('sip-worker', data, [blocks], {
      logger: this.#ports.logger,
      onFailed: this.#ports.onFailed,
      onMessage: (message) => {
        if (message.kind === 'ready') this.#locals = message.locals;
        else if (message.kind === 'counters') this.#counters[index] = message.counters;
        else if (message.kind === 'hushed') hushed.resolve();
        else for (const each of this.#threads) each.send(message);
      },
    });
    this.#threads.push(thread);
    return thread;
  }
}

async function openIn(
  thread: Thread<SipWorkerInput> | undefined,
  options: SipServiceOptions,
): Promise<void> {
  thread?.send({ kind: 'open', options });
  await thread?.ready();
}

/**
 * The other threads share what the first one opened, and it counts for them; if port 0 was asked for, these are now
 * real ports.
 */
function onPortsOf(options: SipServiceOptions, { udp, tcp, tls }: SipLocals): SipServiceOptions {
  const udpPorts = udp.length === 0 ? options.udpPorts : [...new Set(udp.map(({ port }) => port))];
  return { ...options, udpPorts, tcp, tls, countsKernelDrops: false };
}
