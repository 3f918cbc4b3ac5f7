// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** How much of the database file and of its write-ahead log is in use. */
export class Pages {
  readonly #pageOctets: number;
  readonly #counts: StatementSync;
  readonly #wal: StatementSync;

  constructor(database: DatabaseSync) {
    this.#pageOctets = Number(database.prepare('PRAGMA page_size').get()?.['page_size']);
    this.#counts = database.prepare(
      'SELECT page_count AS pages, freelist_count AS free FROM pragma_page_count, pragma_freelist_count',
    );
    this.#wal = database.prepare('PRAGMA wal_checkpoint(NOOP)');
  }

  /** Octets of pages with content, and of pages that are free for use within the file. */
  read(): { readonly liveOctets: number; readonly freeOctets: number } {
    const row = this.#counts.get();
    const free = Number(row?.['free']);
    return {
      liveOctets: (Number(row?.['pages']) - free) * this.#pageOctets,
      freeOctets: free * this.#pageOctets,
    };
  }

  /** Octets of the write-ahead log, and those of them not yet copied into the database. */
  readWal(): {
    readonly octets: number;
    readonly waitingOctets: number;
    readonly frames: number;
    readonly pageOctets: number;
  } {
    const row = this.#wal.get();
    const pageOctets = this.#pageOctets;
    const frames = Math.max(0, Number(row?.['log']));
    const octets = frames * pageOctets;
    const doneOctets = Math.max(0, Number(row?.['checkpointed'])) * pageOctets;
    return { octets, waitingOctets: octets - doneOctets, frames, pageOctets };
  }
}
