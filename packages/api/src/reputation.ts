// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Decision, Subject } from '@sentrypeer/event';
import type { Allowance, Block, Judge, NumberEvidence } from '@sentrypeer/verdict';

/** A subject that may be blocked, or why it may not. */
export type Blockable =
  | {
      readonly kind: 'subject';
      readonly subject: Subject;
      /** Digits that are blocked and that mean the same number. */
      readonly alike: readonly string[];
      readonly isWide: boolean;
      /** Why it is never listed as a whole; `undefined` if it may be. */
      readonly guard: string | undefined;
    }
  | { readonly kind: 'unread'; readonly why: string };

/** The judge, what it knows, and what the operator told it. */
export interface Reputation {
  readonly judge: Pick<Judge, 'judge' | 'blockOn' | 'numberStanding' | 'addressStanding'>;
  /** Calls of an E.164 number, without its plus, in any form. */
  number(e164: string): NumberEvidence | undefined;
  /** As its country writes it: `+44 20 7946 0958`. @param e164 Without its plus. */
  grouped(e164: string): string;
  allowances(): readonly Allowance[];
  blocks(): readonly Block[];
  /** Reads an address, a network, a number or a range of numbers. */
  blockable(text: string): Blockable;
  /** Whether the text can be on the allowlist. */
  isAllowable(value: string): boolean;
  /** How an allowance is stored, and which entries mean the same in other spellings. */
  spellings(text: string): { readonly value: string; readonly alike: readonly string[] };
  /** Whether an allowance covers so much that it was probably not meant. */
  isWide(value: string): boolean;
  /** Resolves when it is written; rejects with `OperatingError`. */
  decide(decision: Decision): Promise<void>;
}
