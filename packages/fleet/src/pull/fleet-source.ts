// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { FleetAddress } from '../address.ts';
import { FleetConnection, type Row } from '../connection.ts';

/** A log in the fleet: up to `mark` all of its rows can be read. */
export interface FleetLog {
  readonly node: string;
  readonly epoch: number;
  /** `honey_id`; no bound for an epoch that is over. */
  readonly mark: number;
}

/** What a hub takes of an event. */
const COLUMNS = `honey_id, (extract(epoch FROM event_time) * 1000000)::bigint AS event_us, event_uuid::text, collected_method,
  host(source_ip) AS source_ip, source_port, host(destination_ip) AS destination_ip, destination_port, transport_type,
  message_kind, method, called_number, called_number_source, user_agent, request_uri, to_uri, to_user, from_uri, from_user,
  grade, anomalies, details, created_by_node_id, sip_message`;

/** Reads the events that others pushed; for the role `hub`. Whatever fails rises as `OperatingError`. */
export class FleetSource implements AsyncDisposable {
  readonly #connection: FleetConnection;

  private constructor(connection: FleetConnection) {
    this.#connection = connection;
  }

  static async open(address: FleetAddress): Promise<FleetSource> {
    return new FleetSource(await FleetConnection.open(address, 'pull'));
  }

  /**
   * The newest epoch of each log but our own. A mark moves in the transaction that brings its rows, so that no row of a slow
   * transaction is passed over, as it would be by an id of the whole table.
   */
  async logs(): Promise<readonly FleetLog[]> {
    const rows = await this.#connection.rows(
      'SELECT node, epoch, mark FROM fleet.node WHERE node <> session_user ORDER BY node',
    );
    return rows.map((row) => ({
      node: String(row['node']),
      epoch: Number(row['epoch']),
      mark: Number(row['mark']),
    }));
  }

  /** Rows of a log after one of them, in order. */
  events({ node, epoch, mark }: FleetLog, after: number, limit: number): Promise<readonly Row[]> {
    const upTo = Math.min(mark, Number.MAX_SAFE_INTEGER);
    return this.#connection.rows(
      `SELECT ${COLUMNS} FROM fleet.event WHERE node = $1 AND epoch = $2 AND honey_id > $3 AND honey_id <= $4
        ORDER BY honey_id LIMIT $5`,
      [node, epoch, after, upTo, limit],
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
