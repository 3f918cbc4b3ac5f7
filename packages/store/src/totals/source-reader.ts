// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { guarded } from '../file/database-error.ts';
import type { Row } from '../log/event-row.ts';
import type { Page, PageEnd } from '../page.ts';
import { mergedByTime } from './graded-rows.ts';
import { addressTotal, type SourceTotal } from './total-rows.ts';

const FROM = 'address_total LEFT JOIN source_total USING (source)';
/** The address that represents its /64: the newest of those that something came from, otherwise of all. */
const NEWEST_OF_SOURCE = `
  SELECT total_id FROM address_total AS one WHERE one.source = address_total.source
  ORDER BY one.seen_count > 0 DESC, one.last_seen_us DESC, one.total_id DESC LIMIT 1`;
const COLUMNS = `total_id, last_seen_us, coalesce(source, address) AS address,
  coalesce(source_total.first_seen_us, address_total.first_seen_us) AS first_seen_us,
  coalesce(source_total.seen_count, address_total.seen_count) AS seen_count,
  coalesce(source_total.shared_count, address_total.shared_count) AS shared_count,
  coalesce(best_grade, grade) AS grade, coalesce(addresses, 1) AS addresses`;

/** Reads totals of sources: of IPv4 addresses, and of all addresses of an IPv6 /64 together. */
export class SourceReader {
  readonly #path: string;
  readonly #page: StatementSync;
  readonly #source: StatementSync;

  /** @param path For messages. */
  constructor(database: DatabaseSync, path: string) {
    this.#path = path;
    this.#page = database.prepare(
      mergedByTime(
        `${COLUMNS}, source IS NULL OR total_id = (${NEWEST_OF_SOURCE}) AS is_newest`,
        FROM,
        '(last_seen_us, total_id) < (?1, ?2)',
        'ORDER BY last_seen_us DESC, total_id DESC LIMIT ?3 + 0',
      ),
    );
    this.#source = database.prepare(`
      SELECT ${COLUMNS} FROM ${FROM}
      WHERE source = ? AND total_id = (${NEWEST_OF_SOURCE})`);
  }

  /**
   * A page of sources, most recently seen first. It looks at `limit` addresses, so it has fewer sources if several of
   * them are in one /64.
   *
   * @param after Where the previous page ended.
   */
  page(limit: number, after?: PageEnd): Page<SourceTotal> {
    const { lastSeenEpochUs = Number.MAX_SAFE_INTEGER, totalId = 0 } = after ?? {};
    const rows = guarded(this.#path, () => this.#page.all(lastSeenEpochUs, totalId, limit));
    const items = rows.filter((row) => row['is_newest'] === 1).map(sourceTotal);
    const last = rows.length < limit ? undefined : rows.at(-1);
    if (last === undefined) return { items, next: undefined };
    const next = {
      lastSeenEpochUs: Number(last['last_seen_us']),
      totalId: Number(last['total_id']),
    };
    return { items, next };
  }

  /** What is known about an IPv6 /64. @param source In the form `2001:db8:1:2::/64`. */
  source(source: string): SourceTotal | undefined {
    const row = guarded(this.#path, () => this.#source.get(source));
    return row === undefined ? undefined : sourceTotal(row);
  }
}

function sourceTotal(row: Row): SourceTotal {
  return { ...addressTotal(row), addressesCount: Number(row['addresses']) };
}
