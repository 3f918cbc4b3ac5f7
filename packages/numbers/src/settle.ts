// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Candidate } from './reading.ts';

/** A reading that the other dialled forms support. */
export interface Settled {
  readonly candidate: Candidate;
  /** 0 to 1. */
  readonly confidence: number;
}

/** A candidate is dropped if another suffix was seen in more than this many times as many forms. */
const FORMS_RATIO = 2;

/**
 * Chooses the number that was meant. Attackers try one number after many prefixes, so the suffix that many different
 * dialled forms share is the number. A longer suffix contains part of a prefix and is seen in few forms; a shorter one
 * is seen in no more forms than the number itself. So the choice is, among the candidates that the most forms share,
 * the likeliest by its prefix, then the longest.
 *
 * @param candidates As returned by `readNumber()`, the likeliest first.
 * @param formsOf Number of distinct dialled forms in which the number was seen, 0 and above.
 */
export function settle(
  candidates: readonly Candidate[],
  formsOf: (e164: string) => number,
): Settled | undefined {
  const forms = candidates.map(({ e164 }) => Math.max(1, formsOf(e164)));
  const most = Math.max(...forms);
  const index = forms.findIndex((count) => count * FORMS_RATIO >= most);
  const candidate = candidates[index];
  if (candidate === undefined) return undefined;
  const doubt = (1 - candidate.confidence) / (forms[index] ?? 1);
  return { candidate, confidence: 1 - doubt };
}
