// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { guarded } from '../file/database-error.ts';
import { FIXED_KINDS, HOUR_SPAN, MINUTE_SPAN, MINUTE_US, type RateKind } from './rate-table.ts';

/** Messages of one interval that have one name. */
export interface RatePart {
  /** Wall-clock microseconds of the beginning of the interval. */
  readonly startEpochUs: number;
  readonly kind: RateKind;
  readonly name: string;
  readonly seenCount: number;
}

/** Messages under one name, and how many there were before. */
export interface RateTop {
  /** Empty for all that are not counted by name. */
  readonly name: string;
  /** The name of a network; empty if it is not known. */
  readonly label: string;
  readonly seenCount: number;
  readonly beforeCount: number;
}

/** Reads messages per interval. */
export class RateReader {
  readonly #path: string;
  readonly #series: StatementSync;
  readonly #tops: StatementSync;
  readonly #network: StatementSync;
  readonly #oldest: StatementSync;

  constructor(database: DatabaseSync, path: string) {
    this.#path = path;
    const kinds = FIXED_KINDS.map((kind) => `'${kind}'`).join(', ');
    this.#series = database.prepare(`
      SELECT start / CAST(?1 AS INTEGER) AS slot, kind, name, sum(seen_count) AS count FROM rate_total
      WHERE span = ?2 AND kind IN (${kinds}) AND start >= ?3 AND start < ?4 GROUP BY kind, slot, name`);
    this.#tops = database.prepare(`
      SELECT name, sum(iif(start >= ?3, seen_count, 0)) AS count, sum(iif(start < ?3, seen_count, 0)) AS before
      FROM rate_total WHERE span = ${HOUR_SPAN} AND kind = ?1 AND start >= ?2 AND start < ?4
      GROUP BY name HAVING count > 0 ORDER BY count DESC, name LIMIT ?5 + 0`);
    this.#network = database.prepare('SELECT name FROM network_total WHERE network = ?');
    this.#oldest = database.prepare(
      `SELECT min(start) AS oldest FROM rate_total WHERE span = ${HOUR_SPAN} AND kind = ?`,
    );
  }

  /**
   * By grade, method and transport, each of which adds up to all messages; intervals without any are left out.
   *
   * @param minutes Length of an interval: below an hour from what is kept by the minute, otherwise whole hours.
   * @param sinceEpochUs Wall-clock microseconds of the beginning of the first interval; `untilEpochUs` of the end of
   * the last.
   */
  series(minutes: number, sinceEpochUs: number, untilEpochUs: number): readonly RatePart[] {
    const span = minutes < HOUR_SPAN ? MINUTE_SPAN : HOUR_SPAN;
    const spanUs = span * MINUTE_US;
    const rows = guarded(this.#path, () =>
      this.#series.all(
        minutes / span,
        span,
        Math.floor(sinceEpochUs / spanUs),
        Math.ceil(untilEpochUs / spanUs),
      ),
    );
    return rows.map((row) => ({
      startEpochUs: Number(row['slot']) * minutes * MINUTE_US,
      kind: String(row['kind']) as RateKind,
      name: String(row['name']),
      seenCount: Number(row['count']),
    }));
  }

  /**
   * Those with the most messages from an hour on, and their count in the same number of hours before.
   *
   * @param sinceEpochUs Wall-clock microseconds; whole hours are counted.
   */
  tops(
    kind: RateKind,
    sinceEpochUs: number,
    untilEpochUs: number,
    limit: number,
  ): readonly RateTop[] {
    const hourUs = HOUR_SPAN * MINUTE_US;
    const since = Math.floor(sinceEpochUs / hourUs);
    const until = Math.ceil(untilEpochUs / hourUs);
    const rows = guarded(this.#path, () =>
      this.#tops.all(kind, since - (until - since), since, until, limit),
    );
    return rows.map((row) => ({
      name: String(row['name']),
      label: kind === 'network' ? this.#labelOf(String(row['name'])) : '',
      seenCount: Number(row['count']),
      beforeCount: Number(row['before']),
    }));
  }

  /** Whether all hours of a kind since then are known, wall-clock microseconds. */
  isKnownSince(kind: RateKind, epochUs: number): boolean {
    const oldest = guarded(this.#path, () => this.#oldest.get(kind))?.['oldest'] ?? null;
    return oldest !== null && Number(oldest) * HOUR_SPAN * MINUTE_US <= epochUs;
  }

  #labelOf(network: string): string {
    return String(guarded(this.#path, () => this.#network.get(network))?.['name'] ?? '');
  }
}
