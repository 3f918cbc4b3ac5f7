// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { dirname } from 'node:path';
import type { Clock, Logger } from '@sentrypeer/kernel';
import type { DiskSpace } from './disk-space.ts';
import { DISK_CHECK_INTERVAL_MS, DISK_FREE_SHARE_MAX, WAL_OCTETS_MAX } from '../limits.ts';
import type { Pages } from './pages.ts';

/** Watches that enough of the disk stays free for others. */
export class DiskGuard {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #disk: DiskSpace;
  readonly #pages: Pages;
  readonly #directory: string;
  readonly #freeOctetsMin: number;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #low = false;
  #full = false;

  constructor(
    ports: {
      readonly clock: Clock;
      readonly logger: Logger;
      readonly disk: DiskSpace;
      readonly pages: Pages;
    },
    options: { readonly path: string; readonly freeOctetsMin: number },
  ) {
    this.#clock = ports.clock;
    this.#logger = ports.logger;
    this.#disk = ports.disk;
    this.#pages = ports.pages;
    this.#directory = dirname(options.path);
    this.#freeOctetsMin = options.freeOctetsMin;
  }

  /** Less is soon free than shall stay free: time to make room within the database. */
  isLow(): boolean {
    this.#read();
    return this.#low;
  }

  /** Less is free than shall stay free: the database must not grow. */
  isFull(): boolean {
    this.#read();
    return this.#full;
  }

  /** Looks at the disk, unless it did so a moment ago. Not within a transaction. */
  #read(): void {
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#readAtMs < DISK_CHECK_INTERVAL_MS) return;
    this.#readAtMs = nowMs;
    const disk = this.#disk.read(this.#directory);
    // What waits in the log makes the database grow when it is carried over.
    const freeOctets = disk.freeOctets - this.#pages.readWal().waitingOctets;
    const minOctets = Math.min(this.#freeOctetsMin, disk.totalOctets * DISK_FREE_SHARE_MAX);
    const marginOctets = Math.min(WAL_OCTETS_MAX, minOctets);
    // Low comes before full, and a whole log must be free before it ends, or it would flutter with each log.
    const lowOctets = minOctets + marginOctets + (this.#low ? WAL_OCTETS_MAX : 0);
    const low = freeOctets < lowOctets;
    this.#full = freeOctets < minOctets;
    if (low !== this.#low) {
      const fields = { directory: this.#directory, free_octets: freeOctets, min_octets: minOctets };
      if (low) this.#logger.warn('disk_low', fields);
      else this.#logger.info('disk_free_again', fields);
    }
    this.#low = low;
  }
}
