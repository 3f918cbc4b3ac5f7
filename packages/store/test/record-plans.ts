// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * Imported before the tests of the store, it writes down each statement that the store prepares, with its place and
 * plan.
 */

import { appendFileSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';

/** One prepared statement. */
export interface RecordedPlan {
  /** File and line of the store's sources that prepared it. */
  readonly at: string;
  readonly sql: string;
  /** In the form of `EXPLAIN QUERY PLAN`, one line per step. */
  readonly plan: readonly string[];
}

const path = process.env['RECORDED_PLANS'];
if (path !== undefined) record(path);

function record(file: string): void {
  // The method is called with its own database below.
  // oxlint-disable-next-line typescript/unbound-method
  const { prepare } = DatabaseSync.prototype;
  const known = new Set<string>();
  DatabaseSync.prototype.prepare = function recordAndPrepare(sql: string): StatementSync {
    const statement = prepare.call(this, sql);
    const stack = new Error('where').stack ?? '';
    const at = /packages\/store\/src\/(?!file\/lazy-database)\S+?:\d+/.exec(stack)?.[0];
    if (at !== undefined && !known.has(at + sql)) {
      known.add(at + sql);
      const isPragma = sql.trimStart().startsWith('PRAGMA'); // They have no plan.
      const rows = isPragma ? [] : prepare.call(this, `EXPLAIN QUERY PLAN ${sql}`).all();
      const plan = rows.map((row) => String(row['detail']));
      appendFileSync(file, `${JSON.stringify({ at, sql, plan } satisfies RecordedPlan)}\n`);
    }
    return statement;
  };
}
