// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { FleetAddress } from '../address.ts';
import { FleetConnection, type OnSilent, type Row } from '../connection.ts';
import { NOW_US } from './clock-offset.ts';
import { roleTrouble } from '../role.ts';
import { fleetVersions } from '../schema/migrations.ts';
import { LISTINGS_VERSION } from '../schema/version-5.ts';

/** How far the fleet's listings have come. */
export interface ListingMark {
  readonly life: string;
  readonly last: number;
  /** Whoever knows less than this has missed removals. */
  readonly forgotten: number;
  /** The database's time. */
  readonly nowEpochUs: number;
  /** For how long it has heard nothing of its primary, if it is a standby. */
  readonly behindSeconds: number | undefined;
}

/** A standby answers as if all were well, however old what it has may be. */
const BEHIND = `
  CASE WHEN pg_is_in_recovery() THEN floor(extract(epoch FROM clock_timestamp() -
    coalesce(pg_last_xact_replay_timestamp(), pg_postmaster_start_time())))::integer END AS behind`;

/** Reads what the hubs list; for the role `follower`, which sensors and hubs have, too. */
export class ListingSource implements AsyncDisposable {
  readonly #connection: FleetConnection;

  private constructor(connection: FleetConnection) {
    this.#connection = connection;
  }

  /** `undefined` if the fleet's database is too old. All errors are `OperatingError`. */
  static async open(
    address: FleetAddress,
    onSilent?: OnSilent,
  ): Promise<ListingSource | undefined> {
    const connection = await FleetConnection.open(address, 'follow', onSilent);
    try {
      const trouble = await roleTrouble(connection, address, 'follower');
      if (trouble !== undefined) throw trouble;
      const { version } = await fleetVersions(connection);
      if (version >= LISTINGS_VERSION) return new ListingSource(connection);
    } catch (error) {
      await connection.close();
      throw error;
    }
    await connection.close();
    return undefined;
  }

  async mark(): Promise<ListingMark> {
    const [row] = await this.#connection.rows(`
      SELECT life, last, forgotten, ${NOW_US}, ${BEHIND} FROM fleet.listing_mark`);
    return {
      life: String(row?.['life']),
      last: Number(row?.['last']),
      forgotten: Number(row?.['forgotten']),
      nowEpochUs: Number(row?.['now_us']),
      behindSeconds: typeof row?.['behind'] === 'number' ? row['behind'] : undefined,
    };
  }

  /** The changes after a serial, in order. @param which Only what is refused, and what is no longer listed. */
  changes(after: number, limit: number, which: 'all' | 'refused' = 'all'): Promise<readonly Row[]> {
    const condition = which === 'refused' ? "AND level <> 'watch'" : '';
    return this.#connection.rows(
      `SELECT kind, value, serial, level, score, grade, reasons, since_us, until_us, first_us, last_us, events, is_blocked,
        is_delisted FROM fleet.listing WHERE serial > $1 ${condition} ORDER BY serial LIMIT $2`,
      [after, limit],
    );
  }

  destroy(): void {
    this.#connection.destroy();
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
