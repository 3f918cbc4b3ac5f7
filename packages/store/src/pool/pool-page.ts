// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** A page of the pool whose signature was checked. Times are seconds since 1970. */
export interface PoolPage {
  readonly nodeId: string;
  /** Raw Ed25519 key, from which the node id is made. */
  readonly key: Uint8Array;
  readonly serial: number;
  /** Pages of the key from this serial up to its own are void. */
  readonly replaces: number;
  readonly madeEpochS: number;
  /** From then on nobody keeps it. */
  readonly endEpochS: number;
  readonly isRetired: boolean;
  /** The whole page, as it was signed. */
  readonly octets: Uint8Array;
  readonly claims: readonly PoolPageClaim[];
}

interface PoolPageClaim {
  /** As lists name it. */
  readonly subject: string;
  readonly lastHour: number;
  readonly endEpochS: number;
  /** As `packFacts()` writes them. */
  readonly facts: number;
}

/**
 * The outcome for a page: taken, known already, replaced by a later one, ignored because of its author (distrusted,
 * retired, caught lying), the proof that its author lies, or too much.
 */
export type PageOutcome =
  | 'taken'
  | 'known'
  | 'replaced'
  | 'distrusted'
  | 'retired'
  | 'liar'
  | 'caught_lying'
  | 'too_many_pages'
  | 'too_many_claims'
  | 'too_many_authors'
  | 'no_room';

/** How much an author's claims count; the order is part of the schema. */
const STANDINGS = ['stranger', 'known', 'voter', 'self'] as const;
export type Standing = (typeof STANDINGS)[number];

export function standingRank(standing: Standing): number {
  return STANDINGS.indexOf(standing);
}
