// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { assert } from '@sentrypeer/kernel';
import type { FleetAddress } from '../address.ts';
import { FleetConnection } from '../connection.ts';
import { COPY_CHUNK_OCTETS, PREPARED_DAYS } from '../limits.ts';
import { fleetVersions } from '../schema/migrations.ts';
import { copyFrom } from './copy-from.ts';
import { CopyRows, type ColumnKind, type Value } from './copy-rows.ts';
import type { Marks, Place, Pushed } from './log.ts';

/** How each column of `fleet.event` and `fleet.repeat` is written; all others are texts. */
const KINDS: ReadonlyMap<string, ColumnKind> = new Map<string, ColumnKind>([
  ['honey_id', 'int8'],
  ['event_time', 'time'],
  ['event_uuid', 'uuid'],
  ['source_ip', 'inet'],
  ['source_port', 'int4'],
  ['destination_ip', 'inet'],
  ['destination_port', 'int4'],
  ['seen_count', 'int4'],
  ['added', 'int4'],
  ['last_seen', 'moment'],
]);

/** SQLSTATE of `fleet.push` where the mark is not the one that the node knows. */
export const MARK_MOVED = 'FL001';

/** Who this node is, for the fleet. */
export interface FleetSelf {
  readonly nodeId: string;
  readonly version: string;
}

/** Pushes over one connection. Whatever fails rises as `OperatingError`; the connection is of no use afterwards. */
export class FleetWriter implements AsyncDisposable {
  readonly #connection: FleetConnection;

  private constructor(connection: FleetConnection) {
    this.#connection = connection;
  }

  /** Connects, and sees that there is a fleet with partitions for the next days. */
  static async open(address: FleetAddress): Promise<FleetWriter> {
    const connection = await FleetConnection.open(address, 'push');
    try {
      await fleetVersions(connection);
      await connection.rows('SELECT fleet.prepare_days($1)', [PREPARED_DAYS]);
      return new FleetWriter(connection);
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  /** Says which log this is and how far it was pushed; the answer is where to go on. */
  async openLog(marks: Marks, { nodeId, version }: FleetSelf): Promise<Place> {
    const { logId, epoch, pushed, pushing, repeatsPushed, repeatsPushing } = marks;
    const [row] = await this.#connection.rows(
      'SELECT epoch, mark, repeat_mark FROM fleet.open_log($1, $2, $3, $4, $5, $6, $7, $8)',
      [nodeId, logId, epoch, pushed, pushing, repeatsPushed, repeatsPushing, version],
    );
    return {
      epoch: Number(row?.['epoch']),
      mark: Number(row?.['mark']),
      repeatMark: Number(row?.['repeat_mark']),
    };
  }

  /** Moves the mark and adds the rows, both or neither. Rows are in the order of their columns. */
  async push(marks: Marks, rows: Pushed): Promise<void> {
    const { logId, epoch, pushed, pushing, repeatsPushed, repeatsPushing, lastHoneyId } = marks;
    const numbers = [epoch, pushed, pushing, repeatsPushed, repeatsPushing];
    const counts = [rows.events.length, Math.max(0, lastHoneyId - pushing)];
    assert([...numbers, ...counts].every(Number.isSafeInteger), 'marks are whole numbers');
    await this.#connection.run(
      `BEGIN; SELECT fleet.push('${logId}', ${[...numbers, ...counts].join(', ')})`,
    );
    await this.#copy('event', rows.eventColumns, epoch, rows.events);
    await this.#copy('repeat', rows.repeatColumns, epoch, rows.repeats);
    await this.#connection.run('COMMIT');
  }

  /** Ends the connection at once, whatever it waits for. */
  destroy(): void {
    this.#connection.destroy();
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #copy(
    table: 'event' | 'repeat',
    columns: readonly string[],
    epoch: number,
    rows: readonly (readonly Value[])[],
  ): Promise<void> {
    if (rows.length === 0) return;
    const kinds: readonly ColumnKind[] = [
      'int4',
      ...columns.map((name) => KINDS.get(name) ?? 'text'),
    ];
    const names = ['epoch', ...columns].join(', ');
    const stream = this.#connection.copy(
      copyFrom(`COPY fleet.${table} (${names}) FROM STDIN (FORMAT binary)`),
    );
    try {
      await pipeline(Readable.from(chunksOf(kinds, epoch, rows)), stream);
    } catch (error) {
      throw this.#connection.failure(error);
    }
  }
}

/** The server begins with the first rows while the next ones are written. */
function* chunksOf(
  kinds: readonly ColumnKind[],
  epoch: number,
  rows: readonly (readonly Value[])[],
): Generator<Uint8Array> {
  const copy = new CopyRows(kinds);
  for (const row of rows) {
    copy.add([epoch, ...row]);
    if (copy.size >= COPY_CHUNK_OCTETS) yield copy.take();
  }
  yield copy.finish();
}
