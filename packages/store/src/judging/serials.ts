// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { randomInt } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { SERIAL_BEGIN_MAX, SERIAL_STEP } from '../limits.ts';

/**
 * Moves the serial of the feed on at each start of the judge, by chance and further than any change reaches that was told and then
 * lost: with a loss of power, with a backup that was put back, or with the file. So no serial ever means two different
 * changes, and a follower that knows one which this database never made begins with a snapshot.
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
