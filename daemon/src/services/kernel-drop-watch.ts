// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Logger } from '@sentrypeer/kernel';
import { KERNEL_DROPS_MS } from '../limits.ts';

export interface KernelDropPorts {
  readonly logger: Logger;
  /** What the kernel dropped since the last call. */
  readonly take: () => Promise<number>;
  readonly onDropped: (count: number) => void;
}

/** Looks every second for datagrams that the kernel dropped before anybody could read them. */
export class KernelDropWatch implements AsyncDisposable {
  readonly #ports: KernelDropPorts;
  readonly #timer: NodeJS.Timeout;
  #looking: Promise<void> = Promise.resolve();
  #isDropping = false;
  #count = 0;

  constructor(ports: KernelDropPorts) {
    this.#ports = ports;
    this.#timer = setInterval(() => void this.look(), KERNEL_DROPS_MS);
  }

  /** Datagrams dropped since the start. */
  get count(): number {
    return this.#count;
  }

  /** Looks now; resolves when what was found is told. */
  look(): Promise<void> {
    this.#looking = this.#looking.then(() => this.#look());
    return this.#looking;
  }

  /** Looks for the last time. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.look();
  }

  async #look(): Promise<void> {
    const count = await this.#ports.take();
    if (count > 0 && !this.#isDropping) this.#ports.logger.warn('udp_flood', { dropped: count });
    this.#isDropping = count > 0;
    this.#count += count;
    if (count > 0) this.#ports.onDropped(count);
  }
}
