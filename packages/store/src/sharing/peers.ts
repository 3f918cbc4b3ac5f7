// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync } from 'node:sqlite';
import type { Trust } from '@sentrypeer/event';
import { OperatingError, type Clock, type Logger } from '@sentrypeer/kernel';
import { fromSqlite } from '../file/database-error.ts';
import { OPEN_LOCK_WAIT_MS, ORIGINS_MAX } from '../limits.ts';
import { openForWriting } from '../file/open-database.ts';
import { AuthorList, type ListedAuthor } from '../pool/author-list.ts';
import { ORIGIN_COLUMNS, originOf, OriginWriter, type Origin } from './origins.ts';

/** Lists and judges other nodes, also while a daemon uses the database. */
export class Peers {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #origins: OriginWriter;

  private constructor(path: string, clock: Clock, database: DatabaseSync) {
    this.#path = path;
    this.#database = database;
    this.#origins = new OriginWriter(database, clock);
  }

  /** Makes or migrates the database where that is due. Throws `OperatingError`. */
  static open(ports: { readonly clock: Clock; readonly logger: Logger }, path: string): Peers {
    const database = openForWriting(path, ports);
    database.exec(`PRAGMA busy_timeout = ${OPEN_LOCK_WAIT_MS}`);
    return new Peers(path, ports.clock, database);
  }

  /** The one seen last first. */
  list(): readonly Origin[] {
    return this.#guarded(() =>
      this.#database
        .prepare(`SELECT ${ORIGIN_COLUMNS} FROM origin ORDER BY last_seen_us DESC LIMIT ?`)
        .all(ORIGINS_MAX)
        .map(originOf),
    );
  }

  /** Who wrote pages of the pool, voters first. */
  authors(): readonly ListedAuthor[] {
    return this.#guarded(() => new AuthorList(this.#database).all());
  }

  find(nodeId: string): Origin | undefined {
    return this.#guarded(() => {
      const row = this.#database
        .prepare(`SELECT ${ORIGIN_COLUMNS} FROM origin WHERE node_id = ?`)
        .get(nodeId);
      return row === undefined ? undefined : originOf(row);
    });
  }

  /** Nodes that have a vote. */
  votersCount(): number {
    const row = this.#database.prepare('SELECT count(*) AS voters FROM origin WHERE is_voter');
    return Number(this.#guarded(() => row.get())?.['voters']);
  }

  /** @param name What the operator calls it. @returns Events that were withdrawn: all of its own where it is distrusted. */
  setTrust(nodeId: string, trust: Trust, name?: string): number {
    return this.#guarded(() => {
      const before = this.#eventsCount();
      this.#origins.setTrust(nodeId, trust, name);
      while (this.#origins.step());
      return Math.max(0, before - this.#eventsCount());
    });
  }

  /** Throws `OperatingError` if there is none. */
  forget(nodeId: string): void {
    if (this.#guarded(() => this.#origins.forget(nodeId))) return;
    throw unknownOrigin(nodeId);
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #eventsCount(): number {
    const row = this.#database.prepare("SELECT value FROM counter WHERE name = 'shared_events'");
    return Number(row.get()?.['value']);
  }

  #guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw fromSqlite(error, this.#path);
    }
  }
}

export function unknownOrigin(nodeId: string): OperatingError {
  return new OperatingError(
    'origin_unknown',
    `the node ${nodeId} is not known; peers list shows known nodes`,
  );
}
