// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/**
 * What addresses did, as far as it tells attackers from callers who dialled wrong: `costly_count` are calls to numbers
 * that cost or are abroad, `attempts_count` events that asked for more than an OPTIONS does, `target_set` the distinct
 * names and numbers these were for (`DistinctSet`). Earlier evidence does not contain this: its calls count as
 * attempts, and three or more as costly calls.
 */
export const TABLES_OF_VERSION_10 = `
  ALTER TABLE address_evidence ADD COLUMN costly_count INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE address_evidence ADD COLUMN attempts_count INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE address_evidence ADD COLUMN target_set INTEGER NOT NULL DEFAULT 0;
  UPDATE address_evidence SET attempts_count = calls_count + credentials_count,
    costly_count = iif(calls_count >= 3, calls_count, 0);
  UPDATE counter SET value = 0 WHERE name = 'judge_options';`;

/** `network` was the /64 of an IPv6 address. It stays empty here, because version 14 puts another one in its place. */
export const TABLES_OF_VERSION_11 = `
  ALTER TABLE address_evidence ADD COLUMN network TEXT;
  CREATE INDEX address_evidence_network_index ON address_evidence (network) WHERE network IS NOT NULL;`;
