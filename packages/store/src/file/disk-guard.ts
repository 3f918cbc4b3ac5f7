// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { dirname } from 'node:path';
import { errorCode, Outage, type Clock, type Logger, formatMebibytes } from '@sentrypeer/kernel';
import { databaseError } from './database-error.ts';
import type { DiskSpace } from './disk-space.ts';
import { DISK_CHECK_INTERVAL_MS, DISK_FREE_SHARE_MAX, WAL_OCTETS_MAX } from '../limits.ts';
import type { Pages } from './pages.ts';

/** Makes sure that enough of the disk stays free for others. */
export class DiskGuard {
  readonly #clock: Clock;
  readonly #disk: DiskSpace;
  readonly #pages: Pages;
  readonly #path: string;
  readonly #outage: Outage;
  readonly #freeOctetsMin: number;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #full = false;
  /** The values at the last look. */
  #freeOctets = Infinity;
  #minOctets = 0;

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
    this.#outage = new Outage(ports.logger, 'warn', {
      failed: 'disk_low',
      over: 'disk_free_again',
    });
    this.#disk = ports.disk;
    this.#pages = ports.pages;
    this.#path = options.path;
    this.#freeOctetsMin = options.freeOctetsMin;
  }

  /** Soon less will be free than should stay free: time to make room within the database. */
  isLow(): boolean {
    this.#read();
    return this.#outage.isOn;
  }

  /** Less is free than should stay free: the database must not grow. */
  isFull(): boolean {
    this.#read();
    return this.#full;
  }

  /** What is lost while it is low, for a person; `undefined` otherwise. The text is the same all the while. */
  get trouble(): string | undefined {
    if (!this.#outage.isOn) return undefined;
    return `the disk of database ${this.#path} is nearly full: the oldest events may be removed to make room; free some space on it`;
  }

  /** How much is free and how much must stay free, as text. */
  get shortage(): string {
    return `${formatMebibytes(this.#freeOctets)} free, of which ${formatMebibytes(this.#minOctets)} are kept free (--db-free-min)`;
  }

  /** Looks at the disk, unless it did so a moment ago. Not within a transaction. */
  #read(): void {
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#readAtMs < DISK_CHECK_INTERVAL_MS) return;
    this.#readAtMs = nowMs;
    const disk = this.#space();
    // What waits in the log makes the database grow when it is copied.
    const freeOctets = disk.freeOctets - this.#pages.readWal().waitingOctets;
    const minOctets = Math.min(this.#freeOctetsMin, disk.totalOctets * DISK_FREE_SHARE_MAX);
    const marginOctets = Math.min(WAL_OCTETS_MAX, minOctets);
    // Low comes before full, and room for a whole log must be free before it ends; otherwise it would flap with each
    // log.
    const lowOctets = minOctets + marginOctets + (this.#outage.isOn ? WAL_OCTETS_MAX : 0);
    this.#full = freeOctets < minOctets;
    this.#freeOctets = freeOctets;
    this.#minOctets = minOctets;
    if (freeOctets < lowOctets) {
      this.#outage.failed({
        file: this.#path,
        why: `its disk has ${this.shortage}; free some space on it, or lower --db-free-min or --db-size-max`,
      });
    } else this.#outage.over({ file: this.#path, why: `its disk has ${this.shortage}` });
  }

  /** Somebody may remove the directory, or the disk. */
  #space(): ReturnType<DiskSpace['read']> {
    try {
      return this.#disk.read(dirname(this.#path));
    } catch (cause) {
      throw databaseError(
        'db_gone',
        `the directory of database ${this.#path} cannot be reached (${errorCode(cause) ?? 'unknown reason'}); put it back, or restart the daemon`,
        cause,
      );
    }
  }
}
