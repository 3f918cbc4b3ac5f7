// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Logger } from '@sentrypeer/kernel';

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
