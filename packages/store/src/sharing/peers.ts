// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Trust } from '@sentrypeer/event';
import { OperatingError, type Clock, type Logger } from '@sentrypeer/kernel';
import { OwnConnection, type Purpose } from '../file/own-connection.ts';
import { ORIGINS_MAX } from '../limits.ts';
import { AuthorList, type ListedAuthor } from '../pool/author-list.ts';
import { ORIGIN_COLUMNS, originOf, OriginWriter, type Origin } from './origins.ts';

/** Lists and judges other nodes, even while a daemon uses the database. */
export class Peers {
  readonly #connection: OwnConnection;
  readonly #origins: OriginWriter;

  private constructor(connection: OwnConnection, clock: Clock) {
    this.#connection = connection;
    this.#origins = new OriginWriter(connection.database, clock);
  }

  /** For a change, creates or migrates the database if necessary. Throws `OperatingError`. */
  static open(
    ports: { readonly clock: Clock; readonly logger: Logger },
    path: string,
    purpose: Purpose = 'change',
  ): Peers {
    const use = (connection: OwnConnection): Peers => new Peers(connection, ports.clock);
    return OwnConnection.open(ports, path, use, purpose);
  }

  /** Most recently seen first. */
  list(): readonly Origin[] {
    return this.#connection.run(() =>
      this.#connection.database
        .prepare(`SELECT ${ORIGIN_COLUMNS} FROM origin ORDER BY last_seen_us DESC LIMIT ? + 0`)
        .all(ORIGINS_MAX)
        .map(originOf),
    );
  }

  /** Authors of pages of the pool, voters first. */
  authors(): readonly ListedAuthor[] {
    return this.#connection.run(() => new AuthorList(this.#connection.database).all());
  }

  find(nodeId: string): Origin | undefined {
    return this.#connection.run(() => {
      const row = this.#connection.database
        .prepare(`SELECT ${ORIGIN_COLUMNS} FROM origin WHERE node_id = ?`)
        .get(nodeId);
      return row === undefined ? undefined : originOf(row);
    });
  }

  /** Whether a link proved a network of the node that is not distrusted. */
  isProved(nodeId: string): boolean {
    const sql = 'SELECT 1 FROM pool_network WHERE node_id = ? AND NOT is_out LIMIT 1';
    return this.#connection.run(
      () => this.#connection.database.prepare(sql).get(nodeId) !== undefined,
    );
  }

  /** Nodes that have a vote. */
  votersCount(): number {
    const sql = 'SELECT count(*) AS voters FROM origin WHERE is_voter';
    const row = this.#connection.run(() => this.#connection.database.prepare(sql).get());
    return Number(row?.['voters']);
  }

  /**
   * @param name The operator's name for it.
   * @param publicKey Its raw Ed25519 key, if the operator gave that. @returns Events that were withdrawn: all of its own
   *   if it is distrusted.
   */
  setTrust(nodeId: string, trust: Trust, name?: string, publicKey?: Uint8Array): number {
    return this.#connection.run(() => {
      const before = this.#eventsCount();
      this.#origins.setTrust(nodeId, trust, name, publicKey);
      while (this.#origins.step(0)); // What has ended is removed by the daemon, which knows whether the clock is right.
      return Math.max(0, before - this.#eventsCount());
    });
  }

  /** Throws `OperatingError` if there is none. */
  forget(nodeId: string): void {
    if (this.#connection.run(() => this.#origins.forget(nodeId))) return;
    throw unknownOrigin(nodeId);
  }

  close(): void {
    this.#connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #eventsCount(): number {
    const row = this.#connection.database.prepare(
      "SELECT value FROM counter WHERE name = 'shared_events'",
    );
    return Number(row.get()?.['value']);
  }
}

export function unknownOrigin(nodeId: string): OperatingError {
  return new OperatingError(
    'origin_unknown',
    `the node ${nodeId} is not known; peers list shows known nodes`,
  );
}
