// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { Outage, type Logger } from '@sentrypeer/kernel';
import { KERNEL_DROPS_MS } from '../limits.ts';

export interface KernelDropPorts {
  readonly logger: Logger;
  /** For the log: whose sockets these are. */
  readonly socket: string;
  /** What the kernel dropped since the last call. */
  readonly take: () => Promise<number>;
  readonly onDropped: (count: number) => void;
}

/** Checks every second for datagrams that the kernel dropped before they could be read. */
export class KernelDropWatch implements AsyncDisposable {
  readonly #ports: KernelDropPorts;
  readonly #timer: NodeJS.Timeout;
  #looking: Promise<void> = Promise.resolve();
  readonly #flood: Outage;
  #count = 0;

  constructor(ports: KernelDropPorts) {
    this.#ports = ports;
    this.#flood = new Outage(ports.logger, 'warn', { failed: 'udp_flood', over: 'udp_flood_over' });
    this.#timer = setInterval(() => void this.look(), KERNEL_DROPS_MS);
  }

  /** Datagrams dropped since the start. */
  get count(): number {
    return this.#count;
  }

  /** Checks now; resolves when the result is reported. */
  look(): Promise<void> {
    this.#looking = this.#looking.then(() => this.#look());
    return this.#looking;
  }

  /** Checks for the last time. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.look();
  }

  async #look(): Promise<void> {
    const count = await this.#ports.take();
    this.#count += count;
    const { socket } = this.#ports;
    if (count > 0) this.#flood.failed({ socket, dropped: count });
    else this.#flood.over({ socket, dropped_ever: this.#count });
    if (count > 0) this.#ports.onDropped(count);
  }
}
