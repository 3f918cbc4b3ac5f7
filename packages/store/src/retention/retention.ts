// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Clock, Logger } from '@sentrypeer/kernel';
import { OwnConnection, type Purpose } from '../file/own-connection.ts';
import { RECORDED } from '../file/schema.ts';
import { inTransaction } from '../file/transaction.ts';
import { NO_AGE_LIMIT_DAYS } from '../limits.ts';
import { expiry, keepNothing, readKept, type KeptReport } from './kept.ts';

/** What is kept despite the limits, and how many events are older than they allow. */
export interface KeptDetail extends KeptReport {
  readonly eventsExpired: number;
}

/** Shows what is kept despite the limits and releases it, even while a daemon uses the database. */
export class Retention {
  readonly #connection: OwnConnection;
  readonly #clock: Clock;

  private constructor(connection: OwnConnection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
  }

  /** Throws `OperatingError`. */
  static open(
    ports: { readonly clock: Clock; readonly logger: Logger },
    path: string,
    purpose: Purpose = 'change',
  ): Retention {
    const use = (connection: OwnConnection): Retention => new Retention(connection, ports.clock);
    return OwnConnection.open(ports, path, use, purpose);
  }

  /** `undefined` if nothing is kept. Counts rows, which takes some seconds for millions of them. */
  kept(): KeptDetail | undefined {
    return this.#connection.run(() => {
      const nowUs = this.#clock.epochUs();
      const kept = readKept(this.#connection.database, nowUs);
      if (kept === undefined) return undefined;
      const count = this.#connection.database
        .prepare(`SELECT count(*) AS n FROM honey WHERE ${RECORDED} < ?`)
        .get(expiry(kept.retentionDays ?? NO_AGE_LIMIT_DAYS, nowUs));
      return { ...kept, eventsExpired: Number(count?.['n']) };
    });
  }

  /** From now on, or from its next start, the daemon removes what is beyond its limits. */
  release(): void {
    this.#connection.run(() =>
      inTransaction(this.#connection.database, () => keepNothing(this.#connection.database)),
    );
  }

  close(): void {
    this.#connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
