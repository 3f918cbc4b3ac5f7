// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { assert, type Clock } from '@sentrypeer/kernel';
import type { FleetAddress } from '../address.ts';
import { FleetConnection, type OnSilent } from '../connection.ts';
import { COPY_CHUNK_OCTETS, PREPARED_DAYS } from '../limits.ts';
import { ClockOffset, NOW_US } from '../listings/clock-offset.ts';
import { roleTrouble } from '../role.ts';
import { fleetVersions } from '../schema/migrations.ts';
import { copyFrom } from './copy-from.ts';
import { CopyRows, type ColumnKind, type Value } from './copy-rows.ts';
import type { Marks, Place, Pushed, Slice } from './log.ts';

/** The column kinds of `fleet.event` and `fleet.repeat`; all others are texts. */
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

/** SQLSTATE of `fleet.push` if the mark is not the one that the node knows. */
export const MARK_MOVED = 'FL001';

/** This node's identity for the fleet. */
export interface FleetSelf {
  readonly nodeId: string;
  readonly version: string;
}

/** The result of one push. */
export interface PushCounts {
  readonly events: number;
  readonly repeats: number;
  /** Events that were removed before they could be read. */
  readonly missing: number;
}

/** Pushes over one connection. All errors are `OperatingError`; the connection must not be used afterwards. */
export class FleetWriter implements AsyncDisposable {
  readonly #connection: FleetConnection;
  readonly #clock: Pick<Clock, 'epochUs'>;
  readonly #offset = new ClockOffset();

  private constructor(connection: FleetConnection, clock: Pick<Clock, 'epochUs'>) {
    this.#connection = connection;
    this.#clock = clock;
  }

  /** Connects, and sees that there is a fleet with partitions for the next days. */
  static async open(
    address: FleetAddress,
    clock: Pick<Clock, 'epochUs'>,
    onSilent?: OnSilent,
  ): Promise<FleetWriter> {
    const connection = await FleetConnection.open(address, 'push', onSilent);
    try {
      const trouble = await roleTrouble(connection, address, 'sensor');
      if (trouble !== undefined) throw trouble;
      await fleetVersions(connection);
      const writer = new FleetWriter(connection, clock);
      const [row] = await connection.rows(`SELECT fleet.prepare_days($1), ${NOW_US}`, [
        PREPARED_DAYS,
      ]);
      writer.#look(row?.['now_us']);
      return writer;
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  /** Says which log this is and how far it was pushed; the answer is where to continue. */
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

  /**
   * Moves the mark and adds the rows, both or neither. Rows are in the order of their columns. A push of a few events
   * is one question to the server, so that distance costs no more time than it must.
   */
  async push(marks: Marks, pushed: Pushed): Promise<PushCounts> {
    const counts = { events: 0, repeats: pushed.repeats.length, missing: 0 };
    const { slices, rowsCount } = begun(pushed.events);
    const events = countedRows(slices, counts);
    const copies: Copy[] = [];
    if (rowsCount !== 0)
      copies.push({ table: 'event', columns: pushed.eventColumns, slices: events });
    else for (const _ of events); // Only what is missing is counted.
    if (counts.repeats > 0) {
      copies.push({ table: 'repeat', columns: pushed.repeatColumns, slices: [pushed.repeats] });
    }
    const last = copies.at(-1);
    let before = `BEGIN; ${moveSql(marks, rowsCount ?? 0)}; `;
    for (const copy of copies) {
      const isWhole = copy === last && rowsCount !== undefined;
      await this.#copy(before, copy, marks.epoch, isWhole ? '; COMMIT' : '');
      before = '';
    }
    if (last === undefined) await this.#connection.run(`${before}COMMIT`);
    // Of many rows the number is known once they have been read; the mark stays where it was set.
    if (rowsCount === undefined) {
      await this.#connection.run(`${countSql(marks, counts.events)}; COMMIT`);
    }
    return counts;
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

  /** @param before Statements that precede it in the same question, @param after and that follow it. */
  async #copy(
    before: string,
    { table, columns, slices }: Copy,
    epoch: number,
    after: string,
  ): Promise<void> {
    const kinds = columns.map((name) => KINDS.get(name) ?? 'text');
    const names = ['epoch', ...columns].join(', ');
    const rows = new CopyRows(kinds, epoch, this.#offset.us);
    const stream = this.#connection.copy(
      copyFrom(
        `${before}COPY fleet.${table} (${names}) FROM STDIN (FORMAT binary)${after}`,
        ([, nowUs]) => this.#look(nowUs),
      ),
    );
    try {
      await this.#connection.answered(pipeline(Readable.from(chunksOf(rows, slices)), stream));
    } catch (error) {
      throw this.#connection.failure(error);
    }
  }

  /** The server's time, by which the next push goes. */
  #look(nowUs: unknown): void {
    this.#offset.look(Number(nowUs), this.#clock.epochUs());
  }
}

/** Rows for one table. */
interface Copy {
  readonly table: 'event' | 'repeat';
  readonly columns: readonly string[];
  readonly slices: Iterable<readonly (readonly Value[])[]>;
}

/** The statement that sets the mark: the first one, so that two pushes of one log wait for each other. */
function moveSql(marks: Marks, rows: number): string {
  const { pushed, pushing, repeatsPushed, repeatsPushing } = marks;
  return pushSql(marks, [pushed, pushing, repeatsPushed, repeatsPushing], rows);
}

/** The statement that counts rows, after the mark was set in the same transaction. */
function countSql(marks: Marks, rows: number): string {
  const { pushing, repeatsPushing } = marks;
  return pushSql(marks, [pushing, pushing, repeatsPushing, repeatsPushing], rows);
}

function pushSql(marks: Marks, fromTo: readonly number[], rows: number): string {
  const { logId, epoch, pushing, lastHoneyId } = marks;
  const numbers = [epoch, ...fromTo, rows, Math.max(0, lastHoneyId - pushing)];
  assert(numbers.every(Number.isSafeInteger), 'marks are whole numbers');
  return `SELECT fleet.push('${logId}', ${numbers.join(', ')}), ${NOW_US}`;
}

/** Reads the beginning. @returns The number of rows if that was all of it, and everything from the beginning on. */
function begun(events: Iterable<Slice>): {
  readonly slices: Iterable<Slice>;
  readonly rowsCount: number | undefined;
} {
  const rest = events[Symbol.iterator]();
  const [first, second] = [rest.next(), rest.next()];
  if (first.done === true) return { slices: [], rowsCount: 0 };
  if (second.done === true) return { slices: [first.value], rowsCount: first.value.rows.length };
  return { slices: withRest([first.value, second.value], rest), rowsCount: undefined };
}

function* withRest(slices: readonly Slice[], rest: Iterator<Slice, unknown>): Generator<Slice> {
  yield* slices;
  for (let next = rest.next(); next.done !== true; next = rest.next()) yield next.value;
}

/** Counts what passes. */
function* countedRows(
  slices: Iterable<Slice>,
  counts: { events: number; missing: number },
): Generator<Slice['rows']> {
  for (const { rows, missing } of slices) {
    counts.events += rows.length;
    counts.missing += missing;
    yield rows;
  }
}

/** The server starts with the first rows while the next ones are read and written. */
function* chunksOf(
  copy: CopyRows,
  slices: Iterable<readonly (readonly Value[])[]>,
): Generator<Uint8Array> {
  for (const rows of slices) {
    for (const row of rows) {
      copy.add(row);
      if (copy.size >= COPY_CHUNK_OCTETS) yield copy.take();
    }
  }
  yield copy.finish();
}
