// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import {
  formatEventTimestamp,
  NOT_FOUND,
  type BatchedEvent,
  type CollectedMethod,
  type EventBatchVisitor,
  type EventRepeat,
} from '@sentrypeer/event';
import { isPlausible } from '../clock/plausible.ts';
import { Counters } from '../totals/counters.ts';
import { gradeRank } from './grades.ts';
import { LAST_HONEY_ID } from './honey-ids.ts';
import type { Repeats } from './repeats.ts';
import { ForeignRowsFinder } from './foreign-rows.ts';
import { RowInserts } from './row-inserts.ts';
import { Rates } from '../totals/rates.ts';
import { Totals } from '../totals/totals.ts';

/** U+2400, "symbol for null": SQLite's text functions and C readers end a text at octet 0. */
const NUL_SYMBOL = '\u2400';

/** The result of one transaction. */
export interface Appended {
  /** Id of the newest row, this transaction's or an earlier one's. */
  readonly lastHoneyId: number;
  /** Rows added. */
  readonly events: number;
  /** Messages that were counted on earlier rows. */
  readonly repeats: number;
  /** Messages of which only the count is known. */
  readonly dropped: number;
}

/**
 * Turns the records of batches into rows and totals, within the caller's transaction: `begin()`, visits, `finish()`.
 */
export class EventAppender implements EventBatchVisitor {
  readonly #inserts: RowInserts;
  readonly #foreign: ForeignRowsFinder;
  readonly #repeatCounts: Repeats;
  readonly #lastHoneyId: StatementSync;
  readonly #counters: Counters;
  readonly #totals: Totals;
  readonly #rates: Rates;
  #createdAt = '';
  #nowUs = 0;
  #honeyId = 0;
  #events = 0;
  #repeats = 0;
  #dropped = 0;

  constructor(database: DatabaseSync, repeatCounts: Repeats) {
    this.#inserts = new RowInserts(database);
    this.#foreign = new ForeignRowsFinder(database);
    this.#repeatCounts = repeatCounts;
    this.#lastHoneyId = database.prepare(`SELECT ${LAST_HONEY_ID} AS id`);
    this.#counters = new Counters(database);
    this.#totals = new Totals(database, this.#counters);
    this.#rates = new Rates(database);
  }

  /** @param epochUs Wall-clock microseconds, for `created_at`. */
  begin(epochUs: number): void {
    this.#nowUs = epochUs;
    this.#createdAt = formatEventTimestamp(epochUs).slice(0, 23); // Milliseconds, as SQLite writes them.
    this.#foreign.note();
    this.#honeyId = Number(this.#lastHoneyId.get()?.['id']);
    this.#events = 0;
    this.#repeats = 0;
    this.#dropped = 0;
    this.#totals.clear();
    this.#rates.begin(epochUs);
  }

  finish(): Appended {
    this.#totals.flush();
    this.#rates.flush();
    this.#counters.set('last_honey_id', this.#honeyId);
    this.#counters.add('dropped_messages', this.#dropped);
    return {
      lastHoneyId: this.#honeyId,
      events: this.#events,
      repeats: this.#repeats,
      dropped: this.#dropped,
    };
  }

  /**
   * @param isHearsay Another node reported it: nothing here proves the source, so the row has no grade.
   * @returns The row's id.
   */
  event(
    event: BatchedEvent,
    nodeId: string,
    collectedMethod: CollectedMethod,
    isHearsay = false,
  ): number {
    const number = withoutNul(event.calledNumber);
    const userAgent = withoutNul(event.userAgent);
    const { transportType, messageKind, calledNumberSource } = event;
    const grade = isHearsay ? null : event.grade;
    const words = { collectedMethod, transportType, messageKind, calledNumberSource, grade };
    this.#honeyId += 1;
    this.#inserts
      .of(words)
      .run(
        this.#honeyId,
        formatEventTimestamp(event.eventEpochUs),
        event.eventUuid,
        event.sourceIp,
        number ?? NOT_FOUND,
        withoutNul(event.sipMethod) ?? NOT_FOUND,
        userAgent ?? NOT_FOUND,
        event.sipMessage,
        nodeId,
        this.#createdAt,
        event.sourcePort,
        event.destinationIp,
        event.destinationPort,
        withoutNul(event.requestUri),
        withoutNul(event.toUri),
        withoutNul(event.toUser),
        withoutNul(event.fromUri),
        withoutNul(event.fromUser),
        event.anomalies,
        event.detailsJson ?? null,
      );
    this.#events += 1;
    const rank = grade === null ? 0 : gradeRank(grade);
    // An impossible time is ignored, whether it comes from another node's clock or from ours a moment ago.
    const { eventEpochUs } = event;
    const seenUs = isPlausible(eventEpochUs, this.#nowUs) ? eventEpochUs : this.#nowUs;
    this.#totals.addAddress(event.sourceIp, seenUs, 1, rank, isHearsay);
    if (number !== null) this.#totals.addNumber(number, seenUs, 1, rank, isHearsay);
    if (userAgent !== null) this.#totals.addUserAgent(userAgent, seenUs, 1, rank, isHearsay);
    this.#totals.addHour(event.sipMethod, event.transportType, seenUs, 1, isHearsay);
    if (grade !== null) {
      this.#rates.addMessages(event.sipMethod, event.transportType, grade, seenUs, 1);
      if (userAgent !== null) this.#rates.addNamed('tool', userAgent, seenUs, 1);
    }
    return this.#honeyId;
  }

  repeat(repeat: EventRepeat): void {
    this.#repeatCounts.add(repeat);
    this.#repeats += repeat.count;
  }

  dropped(count: number): void {
    this.#dropped += count;
  }
}

function withoutNul(text: string | undefined): string | null {
  if (text === undefined) return null;
  return text.includes('\0') ? text.replaceAll('\0', NUL_SYMBOL) : text;
}
