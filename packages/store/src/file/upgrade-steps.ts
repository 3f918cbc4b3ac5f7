// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync } from 'node:sqlite';
import type { Logger } from '@sentrypeer/kernel';
import { UPGRADE_TICK_ROWS } from '../limits.ts';

const WORK = 'database upgrade';
/** Number of parts in which a unit of weight is reported. */
const PARTS = 1000;

/** One part of an upgrade. */
export interface UpgradeStep {
  /** Its share of the time relative to the other steps, as measured with 600,000 rows of 4.x. */
  readonly weight: number;
  /** @param told Receives how much of the step is done, 0 to 1, if it knows. */
  readonly run: (told: (share: number) => void) => void;
}

/** Runs the steps and reports overall progress, so that it never stays at 100 % while indexes are built. */
export function runSteps(steps: readonly UpgradeStep[], logger: Logger): void {
  const total = steps.reduce((sum, { weight }) => sum + weight, 0) * PARTS;
  const tell = (done: number): void => logger.progress?.(WORK, Math.min(done, total - 1), total);
  let done = 0;
  tell(0);
  for (const { weight, run } of steps) {
    run((share) => tell(Math.floor(done + weight * PARTS * share)));
    done += weight * PARTS;
    tell(done);
  }
}

/** The transaction is committed, so the work is over. */
export function endSteps(logger: Logger): void {
  logger.progress?.(WORK, 1, 1);
}

/** A condition that is always true and reports how far a scan of `honey` is, at negligible cost. */
export const TICK = `((honey_id % ${UPGRADE_TICK_ROWS}) <> 0 OR upgrade_tick(honey_id))`;

/** Runs SQL whose scans report their place by {@link TICK}, one after the other. @param scans How many there are. */
export function execTicking(
  database: DatabaseSync,
  sql: string,
  scans: number,
  told: (share: number) => void,
): void {
  const row = database.prepare('SELECT coalesce(max(honey_id), 1) AS last FROM honey').get();
  const last = Number(row?.['last']);
  let [scan, before] = [0, 0];
  database.function('upgrade_tick', (honeyId) => {
    const share = Math.min(1, Number(honeyId) / last);
    if (share < before) scan += 1;
    before = share;
    told(Math.min(1, (scan + share) / scans));
    return 1;
  });
  database.exec(sql);
}
