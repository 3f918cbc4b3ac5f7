// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Clock, Logger } from '@sentrypeer/kernel';
import { OwnConnection, type Purpose } from '../file/own-connection.ts';
import { OriginWriter } from '../sharing/origins.ts';
import { Admissions } from './admissions.ts';
import { PoolReader } from './pool-reader.ts';
import type { PageOutcome, PoolPage } from './pool-page.ts';

/** Reads and adds pages of the pool, even while a daemon uses the database. */
export class PoolFile {
  readonly pages: PoolReader;
  readonly #connection: OwnConnection;
  readonly #clock: Clock;
  readonly #origins: OriginWriter;

  private constructor(connection: OwnConnection, path: string, clock: Clock) {
    const { database } = connection;
    this.#connection = connection;
    this.#clock = clock;
    this.#origins = new OriginWriter(database, clock);
    this.pages = new PoolReader(database, path);
  }

  /** For a change, creates or migrates the database if necessary. Throws `OperatingError`. */
  static open(
    ports: { readonly clock: Clock; readonly logger: Logger },
    path: string,
    purpose: Purpose = 'change',
  ): PoolFile {
    const use = (connection: OwnConnection): PoolFile =>
      new PoolFile(connection, path, ports.clock);
    return OwnConnection.open(ports, path, use, purpose);
  }

  /** The outcome for each page, in one transaction. Throws `OperatingError`. @param asSelf They are this node's. */
  add(pages: readonly PoolPage[], asSelf = false): readonly PageOutcome[] {
    return this.#connection.run(() => this.#origins.addPages(pages, asSelf));
  }

  /** Whether new subjects of voters wait, because there are far more than usual. */
  isBraked(): boolean {
    const nowUs = this.#clock.epochUs();
    return this.#connection.run(() =>
      new Admissions(this.#connection.database, () => false).isBraked(nowUs),
    );
  }

  /** Lets through the subjects that wait because voters name far more than usual. Throws `OperatingError`. */
  resume(): void {
    this.#connection.run(() => this.#origins.resumeVotes());
  }

  close(): void {
    this.#connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
