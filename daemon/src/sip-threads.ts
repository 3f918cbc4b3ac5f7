// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { EnginePorts } from './engine.ts';
import { blocksCountMax } from './services/block-pool.ts';
import { sumSipCounters, type SipCounters } from './services/sip-counters.ts';
import type { SipLocals, SipServiceOptions } from './services/sip-service.ts';
import type { SipWorkerData, SipWorkerInput, SipWorkerOutput } from './workers/messages.ts';
import { Thread } from './workers/thread.ts';

/** A thread that loads its code, and opens its ports when it is told which. */
interface LoadingThread {
  readonly options: MessagePort;
  readonly thread: Promise<Thread<SipWorkerInput>>;
  /** Once it is started. */
  locals: SipLocals;
}

/**
 * The threads that receive. The first of them loads its code while the store's thread does the same, which brings the
 * first answer forward by a tenth (bench/start.ts); nothing is opened before the database is.
 */
export class SipThreads {
  /** The store's ends of the threads' ways to it. */
  readonly storePorts: readonly MessagePort[];
  readonly #ports: EnginePorts;
  /** The threads' own ends. */
  readonly #ways: readonly MessagePort[];
  readonly #counters = new Map<MessagePort, SipCounters>();
  readonly #open: Thread<SipWorkerInput>[] = [];
  readonly #first: LoadingThread | undefined;
  #isStopped = false;

  constructor(ports: EnginePorts, count: number) {
    this.#ports = ports;
    const channels = Array.from({ length: count }, () => new MessageChannel());
    this.storePorts = channels.map(({ port1 }) => port1);
    this.#ways = channels.map(({ port2 }) => port2);
    const [way] = this.#ways;
    this.#first = way === undefined ? undefined : this.#load(way);
  }

  get counters(): SipCounters {
    return sumSipCounters([...this.#counters.values()]);
  }

  /** Opens the SIP ports in the first thread, and lets the others share them; throws `OperatingError`. */
  async open(options: SipServiceOptions): Promise<SipLocals> {
    let locals: SipLocals = { udp: [], tcp: [], tls: [] };
    // Without a shared port one thread receives, and the others do not start.
    for (const way of options.reusePort ? this.#ways : this.#ways.slice(0, 1)) {
      const isFirst = this.#open.length === 0;
      const loading = (isFirst ? this.#first : undefined) ?? this.#load(way);
      loading.options.postMessage(isFirst ? options : onPortsOf(options, locals));
      this.#open.push(await loading.thread);
      loading.options.close();
      ({ locals } = loading);
    }
    return locals;
  }

  /** Has them close their ports, and tell the store that nothing follows. Idempotent. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    for (const thread of this.#open) thread.send({ kind: 'stop' });
    if (this.#open.length === 0) this.#first?.options.close();
    for (const way of this.#ways.slice(Math.max(this.#open.length, 1))) way.close(); // Of threads that never were.
  }

  async ended(): Promise<void> {
    await Promise.all(this.#open.map((thread) => thread.ended()));
  }

  #load(way: MessagePort): LoadingThread {
    const { port1, port2 } = new MessageChannel();
    const data: SipWorkerData = {
      options: port2,
      blocks: way,
      blocksCountMax: blocksCountMax(this.#ways.length),
    };
    const thread = Thread.start<SipWorkerInput, SipWorkerOutput>('sip-worker', data, [port2, way], {
      logger: this.#ports.logger,
      onFailed: this.#ports.onFailed,
      onMessage: (message) => {
        if (message.kind === 'ready') loading.locals = message.locals;
        else if (message.kind === 'counters') this.#counters.set(way, message.counters);
        else for (const each of this.#open) each.send(message);
      },
    });
    thread.catch(() => undefined); // Who opens it is told.
    const loading: LoadingThread = {
      options: port1,
      thread,
      locals: { udp: [], tcp: [], tls: [] },
    };
    return loading;
  }
}

/** What the first thread opened, the others share, and it counts for them; its ports were free ones where 0 was asked for. */
function onPortsOf(options: SipServiceOptions, { udp, tcp, tls }: SipLocals): SipServiceOptions {
  const udpPort = udp[0]?.port ?? options.udpPort;
  return { ...options, udpPort, tcp, tls, countsKernelDrops: false };
}
