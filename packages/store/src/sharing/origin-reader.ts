// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { guarded } from '../file/database-error.ts';
import { ORIGIN_COLUMNS, originOf, type Origin } from './origins.ts';
import type { Page, PageEnd } from '../page.ts';

const BEGINNING: PageEnd = {
  lastSeenEpochUs: Number.MAX_SAFE_INTEGER,
  totalId: Number.MAX_SAFE_INTEGER,
};

/** Reads which nodes shared events or were judged. */
export class OriginReader {
  readonly #path: string;
  readonly #page: StatementSync;
  readonly #byNodeId: StatementSync;
  readonly #counts: StatementSync;
  readonly #recorded: StatementSync;

  constructor(database: DatabaseSync, path: string) {
    this.#path = path;
    this.#page = database.prepare(`
      SELECT ${ORIGIN_COLUMNS} FROM origin WHERE (last_seen_us, origin_id) < (?, ?)
      ORDER BY last_seen_us DESC, origin_id DESC LIMIT ? + 0`);
    this.#byNodeId = database.prepare(`SELECT ${ORIGIN_COLUMNS} FROM origin WHERE node_id = ?`);
    this.#recorded = database.prepare(
      'SELECT 1 FROM honey WHERE event_uuid = ? AND created_by_node_id = ? LIMIT 1',
    );
    this.#counts = database.prepare(`
      SELECT (SELECT value FROM counter WHERE name = 'origins') AS origins,
        (SELECT value FROM counter WHERE name = 'shared_events') AS events`);
  }

  /** Most recently seen first. */
  page(limit: number, after: PageEnd = BEGINNING): Page<Origin> {
    const items = guarded(this.#path, () =>
      this.#page.all(after.lastSeenEpochUs, after.totalId, limit).map(originOf),
    );
    return { items, next: items.length < limit ? undefined : items.at(-1) };
  }

  /** @param nodeId A node's, or `UNSIGNED_ORIGINS`. */
  origin(nodeId: string): Origin | undefined {
    const row = guarded(this.#path, () => this.#byNodeId.get(nodeId));
    return row === undefined ? undefined : originOf(row);
  }

  /** Whether this node's event is in the log. */
  isRecorded(nodeId: string, eventUuid: string): boolean {
    return guarded(this.#path, () => this.#recorded.get(eventUuid, nodeId)) !== undefined;
  }

  /** Number of origins, and of their events in the log. */
  counts(): { readonly origins: number; readonly events: number } {
    const row = guarded(this.#path, () => this.#counts.get());
    return { origins: Number(row?.['origins']), events: Number(row?.['events']) };
  }
}
