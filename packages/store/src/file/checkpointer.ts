// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { Outage, type Clock, type Logger, formatMebibytes } from '@sentrypeer/kernel';
import type { DiskGuard } from './disk-guard.ts';
import {
  CHECKPOINT_INTERVAL_MS,
  MAINTAIN_INTERVAL_MS,
  WAL_OCTETS_LOW_DISK_MAX,
  WAL_OCTETS_MAX,
} from '../limits.ts';
import type { ContentWatch } from './content-watch.ts';
import type { Pages } from './pages.ts';

/** The log may grow to this many times its limit before it is reported that a reader holds it. */
const HELD_FACTOR = 4;

interface CheckpointerPorts {
  readonly database: DatabaseSync;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly guard: DiskGuard;
  readonly pages: Pages;
  readonly content: Pick<ContentWatch, 'whileWriting'>;
}

/**
 * Copies the write-ahead log into the database: when it is large, so that it is bounded, and now and then, so that a
 * power failure loses seconds at most.
 */
export class Checkpointer {
  readonly #ports: CheckpointerPorts;
  readonly #carryOver: StatementSync;
  readonly #carryOverAndTruncate: StatementSync;
  #lastAtMs: number;
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  readonly #held: Outage;

  constructor(ports: CheckpointerPorts) {
    this.#ports = ports;
    const names = { failed: 'database_log_held_by_reader', over: 'database_log_free_again' };
    this.#held = new Outage(ports.logger, 'warn', names);
    this.#carryOver = ports.database.prepare('PRAGMA wal_checkpoint(PASSIVE)');
    this.#carryOverAndTruncate = ports.database.prepare('PRAGMA wal_checkpoint(TRUNCATE)');
    this.#lastAtMs = ports.clock.nowMs();
  }

  /** @returns Whether a checkpoint was due. */
  step(): boolean {
    const { clock, guard, pages, content } = this.#ports;
    const nowMs = clock.nowMs();
    if (nowMs < this.#notBeforeMs) return false;
    const low = guard.isLow();
    const { octets, waitingOctets } = pages.readWal();
    const large = octets >= (low ? WAL_OCTETS_LOW_DISK_MAX : WAL_OCTETS_MAX);
    const late = nowMs - this.#lastAtMs >= CHECKPOINT_INTERVAL_MS;
    // On a nearly full disk, even a log that is already copied takes up room.
    if (!(large || late) || (waitingOctets === 0 && !(low && large))) return false;
    const write = low ? this.#carryOverAndTruncate : this.#carryOver;
    if (!content.whileWriting(() => write.get())) return false;
    this.#lastAtMs = nowMs;
    // A reader of an old state stops a checkpoint half-way; trying again at once is of no use.
    this.#notBeforeMs = pages.readWal().waitingOctets === 0 ? nowMs : nowMs + MAINTAIN_INTERVAL_MS;
    this.#tellWhetherHeld(octets);
    return true;
  }

  #tellWhetherHeld(octets: number): void {
    const held = octets > HELD_FACTOR * WAL_OCTETS_MAX;
    const size = formatMebibytes(octets);
    if (!held) this.#held.over({ size });
    else
      this.#held.failed({
        size,
        why: 'a program that reads the database has had a query open for long; let it end',
      });
  }
}
