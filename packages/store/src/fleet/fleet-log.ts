// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { randomUUID } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { FLEET_CURSOR, FLEET_DECISIONS_CURSOR } from '@sentrypeer/follow/cursors';
import { inTransaction } from '../file/transaction.ts';
import { HONEY_ID_MAX } from '../log/honey-ids.ts';
import { FLEET_REPEATS_MAX } from '../limits.ts';
import type { FleetMarks, FleetPlace, FleetShare } from './fleet-marks.ts';

/** The writer's data about the fleet: how far the log was pushed, and repeats on pushed rows. */
export class FleetLog {
  readonly #database: DatabaseSync;
  readonly #marks: StatementSync;
  readonly #begin: StatementSync;
  readonly #set: StatementSync;
  readonly #saveCursor: StatementSync;
  readonly #beginDecisions: StatementSync;
  readonly #nextEvent: StatementSync;
  readonly #nextRepeat: StatementSync;
  readonly #removeRepeats: StatementSync;
  readonly #addRepeat: StatementSync;
  readonly #newRepeat: StatementSync;
  readonly #dropOldest: StatementSync;
  #pushing: { readonly events: number; readonly repeats: number } | undefined;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#marks = database.prepare(`
      SELECT log_id, epoch, pushed, pushing, repeats_pushed, repeats_pushing,
        (SELECT value FROM counter WHERE name = 'last_honey_id') AS last_honey_id FROM fleet_log`);
    this.#begin = database.prepare('INSERT INTO fleet_log VALUES (?, 0, 0, 0, 0, 0)');
    this.#set = database.prepare(
      'UPDATE fleet_log SET epoch = ?, pushed = ?, pushing = ?, repeats_pushed = ?, repeats_pushing = ?',
    );
    this.#saveCursor = database.prepare(`
      INSERT INTO cursor (name, honey_id) VALUES ('${FLEET_CURSOR}', ?)
      ON CONFLICT (name) DO UPDATE SET honey_id = excluded.honey_id`);
    this.#beginDecisions = database.prepare(
      `INSERT OR IGNORE INTO cursor (name, honey_id) VALUES ('${FLEET_DECISIONS_CURSOR}', 0)`,
    );
    // That many ids, not that many rows: to count rows the writer would have to walk over them.
    this.#nextEvent = database.prepare(`
      SELECT min((SELECT min(honey_id) FROM honey WHERE honey_id > ? AND honey_id <= ${HONEY_ID_MAX}) + ? - 1,
        (SELECT max(honey_id) FROM honey WHERE honey_id <= ${HONEY_ID_MAX})) AS id`);
    this.#nextRepeat = database.prepare(`
      SELECT min((SELECT min(repeat_id) FROM fleet_repeat WHERE repeat_id > ?) + ? - 1,
        (SELECT max(repeat_id) FROM fleet_repeat)) AS id`);
    this.#removeRepeats = database.prepare('DELETE FROM fleet_repeat WHERE repeat_id <= ?');
    // An entry that is being pushed does not change any more: a later count gets a separate entry. If that push failed,
    // there are two, and the count belongs to one of them.
    this.#addRepeat = database.prepare(`
      UPDATE fleet_repeat SET added = added + ?, last_seen_us = max(last_seen_us, ?)
      WHERE repeat_id = (SELECT max(repeat_id) FROM fleet_repeat WHERE honey_id = ? AND repeat_id > ?)`);
    this.#newRepeat = database.prepare(
      'INSERT INTO fleet_repeat (honey_id, added, last_seen_us) VALUES (?, ?, ?)',
    );
    this.#dropOldest = database.prepare(`
      DELETE FROM fleet_repeat WHERE repeat_id <= (SELECT max(repeat_id) FROM fleet_repeat) - ${FLEET_REPEATS_MAX}`);
  }

  /** Becomes a part of a fleet if it is not one yet; from the oldest row on. */
  open(isHub: boolean): FleetMarks {
    return inTransaction(this.#database, () => {
      if (isHub) this.#beginDecisions.run();
      if (this.#marks.get() === undefined) this.#begin.run(randomUUID());
      const marks = this.#read();
      this.#saveCursor.run(marks.pushed);
      return marks;
    });
  }

  /**
   * Continues where the fleet says that the log is: after what was pushed, or after what was being pushed and has
   * arrived.
   */
  resume({ epoch, mark, repeatMark }: FleetPlace): FleetMarks {
    return inTransaction(this.#database, () => {
      this.#write({ epoch, pushed: mark, repeatsPushed: repeatMark }, mark, repeatMark);
      return this.#read();
    });
  }

  /**
   * Returns what to push next.
   *
   * @param hasArrived Whether what was being pushed is in the fleet.
   */
  next(share: FleetShare, hasArrived: boolean): FleetMarks {
    return inTransaction(this.#database, () => {
      const known = this.#read();
      const pushed = hasArrived ? known.pushing : known.pushed;
      const repeatsPushed = hasArrived ? known.repeatsPushing : known.repeatsPushed;
      const pushing = this.#nextEvent.get(pushed, share.events)?.['id'] ?? pushed;
      const repeats = this.#nextRepeat.get(repeatsPushed, share.repeats)?.['id'] ?? repeatsPushed;
      const isIdle = pushing === known.pushing && repeats === known.repeatsPushing && !hasArrived;
      if (!isIdle) {
        const { epoch } = known;
        this.#write({ epoch, pushed, repeatsPushed }, Number(pushing), Number(repeats));
      }
      return this.#read();
    });
  }

  /** Messages were counted on a row. Within the caller's transaction. */
  repeated(honeyId: number, count: number, lastSeenUs: number): void {
    const pushing = this.#pushing;
    // The count of a row that has not been read for the fleet yet is pushed with the row.
    if (pushing === undefined || honeyId > pushing.events) return;
    const { changes } = this.#addRepeat.run(count, lastSeenUs, honeyId, pushing.repeats);
    if (changes === 0) this.#newRepeat.run(honeyId, count, lastSeenUs);
  }

  /** Must be called before counts are added. Within the caller's transaction. */
  beginRepeats(): void {
    const row = this.#marks.get();
    this.#pushing =
      row === undefined
        ? undefined
        : { events: Number(row['pushing']), repeats: Number(row['repeats_pushing']) };
    if (row !== undefined) this.#dropOldest.run();
  }

  #write(
    { epoch, pushed, repeatsPushed }: Pick<FleetMarks, 'epoch' | 'pushed' | 'repeatsPushed'>,
    pushing: number,
    repeatsPushing: number,
  ): void {
    this.#set.run(epoch, pushed, pushing, repeatsPushed, repeatsPushing);
    this.#saveCursor.run(pushed);
    this.#removeRepeats.run(repeatsPushed);
  }

  #read(): FleetMarks {
    const row = this.#marks.get();
    const number = (name: string): number => Number(row?.[name]);
    return {
      logId: String(row?.['log_id']),
      epoch: number('epoch'),
      pushed: number('pushed'),
      pushing: number('pushing'),
      repeatsPushed: number('repeats_pushed'),
      repeatsPushing: number('repeats_pushing'),
      lastHoneyId: number('last_honey_id'),
    };
  }
}
