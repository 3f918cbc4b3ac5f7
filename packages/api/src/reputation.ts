// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Allowance, Judge, NumberEvidence, Subject } from '@sentrypeer/verdict';

/** What the operator may say beside the evidence. */
export type Decision =
  | {
      readonly kind: 'allow';
      readonly value: string;
      readonly comment: string;
      readonly untilEpochUs: number | undefined;
    }
  | { readonly kind: 'disallow'; readonly value: string }
  | { readonly kind: 'delist'; readonly subject: Subject; readonly comment: string };

/** The judge, what it knows, and what the operator told it. */
export interface Reputation {
  readonly judge: Pick<Judge, 'judge' | 'numberStanding' | 'addressStanding'>;
  /** Calls of a number of E.164, without its plus, in whichever form. */
  number(e164: string): NumberEvidence | undefined;
  allowances(): readonly Allowance[];
  /** Whether the text can stand on the allowlist. */
  isAllowable(value: string): boolean;
  /** Whether what can be allowed takes in so much that it was probably not meant. */
  isWide(value: string): boolean;
  /** Resolves when it is written; rejects with `OperatingError`. */
  decide(decision: Decision): Promise<void>;
}
