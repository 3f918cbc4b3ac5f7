// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Endpoint } from '@sentrypeer/ip';
import type { Logger } from '@sentrypeer/kernel';
import { hasSocketTables, KernelDrops } from '@sentrypeer/net';
import { KernelDropWatch } from './kernel-drop-watch.ts';

/** Counts what the kernel drops at sockets other than those of SIP: the DHT's and the agent's. */
export class SocketDrops implements AsyncDisposable {
  readonly #logger: Logger;
  readonly #watches = new Map<string, KernelDropWatch>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** @param name Constant; the label of the metric. */
  watch(name: string, locals: readonly Endpoint[]): void {
    if (locals.length === 0 || !hasSocketTables()) return;
    const drops = new KernelDrops();
    const watch = new KernelDropWatch({
      logger: this.#logger,
      socket: name,
      take: () => drops.take(locals),
      onDropped: () => undefined,
    });
    this.#watches.set(name, watch);
  }

  /** Datagrams dropped since the start, by name; none if the system does not report them. */
  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#watches].map(([name, { count }]) => [name, count]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#watches.values()].map((watch) => watch[Symbol.asyncDispose]()));
  }
}
