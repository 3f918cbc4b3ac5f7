// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { formatEventTimestamp, NOT_FOUND, type EventRepeat } from '@sentrypeer/event';
import type { Clock } from '@sentrypeer/kernel';
import type { FleetLog } from '../fleet/fleet-log.ts';
import { isPlausible } from '../clock/plausible.ts';
import { Counters } from '../totals/counters.ts';
import { gradeOfText, gradeRank } from './grades.ts';
import { REPEAT_MERGE_INTERVAL_MS, REPEAT_MERGE_ROWS, REPEAT_MERGE_STEP_MS } from '../limits.ts';
import { Rates } from '../totals/rates.ts';
import { Totals } from '../totals/totals.ts';
import { inTransaction } from '../file/transaction.ts';

type Row = Readonly<Record<string, unknown>>;

/**
 * Counts of repeats on their way to the rows they belong to, and to the totals of these. In a flood the same rows are
 * repeated with every commit; rewriting each of them every time would write a hundred times the information. So counts
 * are committed at once in a small separate table, and added to rows and totals now and then.
 */
export class Repeats {
  readonly #database: DatabaseSync;
  readonly #clock: Clock;
  readonly #add: StatementSync;
  readonly #first: StatementSync;
  readonly #update: StatementSync;
  readonly #remove: StatementSync;
  readonly #counters: Counters;
  readonly #totals: Totals;
  readonly #fleet: FleetLog;
  readonly #rates: Rates;
  #nextAtMs = Number.NEGATIVE_INFINITY;

  constructor(database: DatabaseSync, clock: Clock, fleet: FleetLog) {
    this.#database = database;
    this.#clock = clock;
    this.#fleet = fleet;
    this.#add = database.prepare(`
      INSERT INTO pending_repeat (event_uuid, repeat_count, last_seen_us) VALUES (?, ?, ?)
      ON CONFLICT (event_uuid) DO UPDATE SET repeat_count = repeat_count + excluded.repeat_count,
        last_seen_us = max(last_seen_us, excluded.last_seen_us)`);
    this.#first = database.prepare('SELECT * FROM pending_repeat ORDER BY event_uuid LIMIT ? + 0');
    this.#update = database.prepare(`
      UPDATE honey SET seen_count = seen_count + ?, last_seen = max(coalesce(last_seen, ''), ?)
      WHERE event_uuid = ?
        AND NOT EXISTS (SELECT 1 FROM shared_event WHERE shared_event.honey_id = honey.honey_id)
      RETURNING honey_id, method, user_agent, transport_type, source_ip, called_number, grade`);
    this.#counters = new Counters(database);
    this.#totals = new Totals(database, this.#counters);
    this.#rates = new Rates(database);
    this.#remove = database.prepare('DELETE FROM pending_repeat WHERE event_uuid <= ?');
  }

  /** Within the caller's transaction. */
  add({ eventUuid, count, lastEpochUs }: EventRepeat): void {
    this.#add.run(eventUuid, count, lastEpochUs);
  }

  /** Some milliseconds of merging, if due. @returns Whether there is more to do. */
  step(): boolean {
    const startMs = this.#clock.nowMs();
    if (startMs < this.#nextAtMs) return false;
    while (this.#clock.nowMs() - startMs < REPEAT_MERGE_STEP_MS) {
      if (this.#mergeSome()) continue;
      this.#nextAtMs = startMs + REPEAT_MERGE_INTERVAL_MS;
      return false;
    }
    return true;
  }

  /** Merges everything. */
  finish(): void {
    while (this.#mergeSome());
  }

  /** @returns Whether there may be more. */
  #mergeSome(): boolean {
    if (this.#first.get(1) === undefined) return false; // Without the lock that a transaction takes.
    let mergedCount = 0;
    inTransaction(this.#database, () => {
      this.#totals.clear();
      this.#fleet.beginRepeats();
      this.#rates.begin(this.#clock.epochUs());
      let lastUuid = '';
      // One by one: all of them at once would survive many garbage collections.
      for (const pending of this.#first.iterate(REPEAT_MERGE_ROWS)) {
        lastUuid = String(pending['event_uuid']);
        this.#merge(lastUuid, pending);
        mergedCount += 1;
      }
      this.#totals.flush();
      this.#rates.flush();
      this.#remove.run(lastUuid);
    });
    return mergedCount === REPEAT_MERGE_ROWS;
  }

  #merge(eventUuid: string, pending: Row): void {
    const toldUs = Number(pending['last_seen_us']);
    const nowUs = this.#clock.epochUs();
    const lastSeenUs = isPlausible(toldUs, nowUs) ? toldUs : nowUs;
    const count = Number(pending['repeat_count']);
    const lastSeen = formatEventTimestamp(lastSeenUs);
    const row = this.#update.get(count, lastSeen, eventUuid);
    if (row === undefined) {
      this.#counters.add('dropped_messages', count); // Retention removed it, or it could not be recorded.
      return;
    }
    this.#fleet.repeated(Number(row['honey_id']), count, lastSeenUs);
    const grade = gradeOfText(row['grade']) ?? 'seen';
    const rank = gradeRank(grade);
    this.#totals.addAddress(String(row['source_ip']), lastSeenUs, count, rank);
    const number = String(row['called_number']);
    if (number !== NOT_FOUND) this.#totals.addNumber(number, lastSeenUs, count, rank);
    const userAgent = String(row['user_agent']);
    if (userAgent !== NOT_FOUND) this.#totals.addUserAgent(userAgent, lastSeenUs, count, rank);
    const [method, transport] = [String(row['method']), String(row['transport_type'])];
    this.#totals.addHour(method, transport, lastSeenUs, count);
    this.#rates.addMessages(method, transport, grade, lastSeenUs, count);
    if (userAgent !== NOT_FOUND) this.#rates.addNamed('tool', userAgent, lastSeenUs, count);
  }
}
