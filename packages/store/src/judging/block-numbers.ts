// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';

/**
 * It takes less to list a number if others in its block were called. So when the others become enough for that, or too
 * few, all numbers in the block that proved callers called are judged again.
 */
export class BlockNumbers {
  readonly #numbersCountMin: number;
  readonly #judgeAgain: StatementSync;

  /** @param numbersCountMin Number of other numbers in a block from which less is needed. */
  constructor(database: DatabaseSync, numbersCountMin: number) {
    this.#numbersCountMin = numbersCountMin;
    this.#judgeAgain = database.prepare(`
      INSERT INTO judging_due (kind, value) SELECT 'number', e164 FROM number_evidence
        WHERE e164 BETWEEN replace(?1, 'x', '0') AND replace(?1, 'x', '9') AND length(e164) = length(?1)
        AND proved_events > 0`);
  }

  /** One more number in the block was called. @param numbersCount The new number of them. */
  added(block: string, numbersCount: number): void {
    if (numbersCount === this.#numbersCountMin + 1) this.#judgeAgain.run(block);
  }

  /** Numbers in the block were forgotten. @param numbersCount How many are left. */
  removed(block: string, numbersCount: number): void {
    if (numbersCount <= this.#numbersCountMin) this.#judgeAgain.run(block);
  }
}
