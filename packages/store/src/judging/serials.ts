// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { randomInt } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { SERIAL_BEGIN_MAX, SERIAL_STEP } from '../limits.ts';

/**
 * Advances the serial of the feed at each start of the judge by a random step, larger than the number of changes that
 * can have been issued and then lost: by a power failure, by restoring a backup, or with the file. So no serial ever
 * means two different changes, and a follower whose serial this database never issued starts with a snapshot.
 */
export function advanceSerial(database: DatabaseSync): void {
  const row = database
    .prepare("SELECT seq FROM sqlite_sequence WHERE name = 'listing_change'")
    .get();
  const serial =
    row === undefined
      ? randomInt(SERIAL_BEGIN_MAX)
      : Number(row['seq']) + SERIAL_STEP + randomInt(SERIAL_STEP);
  const write =
    row === undefined
      ? "INSERT INTO sqlite_sequence (seq, name) VALUES (?, 'listing_change')"
      : "UPDATE sqlite_sequence SET seq = ? WHERE name = 'listing_change'";
  database.prepare(write).run(serial);
}
