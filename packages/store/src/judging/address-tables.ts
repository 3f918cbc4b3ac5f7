// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { isIpv6, sourceKey } from '@sentrypeer/ip';

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

/** The /64 of an IPv6 address, as evidence is bounded by it; `undefined` for IPv4. */
export function subscriberOf(address: string): string | undefined {
  return isIpv6(address) ? sourceKey(address) : undefined;
}

/** `network` is the /64 of an IPv6 address, of which only a bounded number of addresses is kept. */
export const TABLES_OF_VERSION_11 = `
  ALTER TABLE address_evidence ADD COLUMN network TEXT;
  UPDATE address_evidence SET network = subscriber_of(address) WHERE instr(address, ':') > 0;
  CREATE INDEX address_evidence_network_index ON address_evidence (network) WHERE network IS NOT NULL;`;
