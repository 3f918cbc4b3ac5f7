// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** One thing that can be listed. */
export interface Subject {
  readonly kind: 'address' | 'number' | 'range';
  /**
   * An IPv4 address or an IPv6 network; an E.164 number without its plus, or other digits as they are; a range such as
   * `46850780xx`.
   */
  readonly value: string;
}

/** What the operator says, in addition to the evidence. Whoever makes a decision has checked the values in it. */
export type Decision =
  /** Never list it. Replaces an earlier allowance. */
  | {
      readonly kind: 'allow';
      readonly value: string;
      /** The same value in the spellings of older versions; these are removed. */
      readonly alike?: readonly string[];
      readonly comment: string;
      /** Wall-clock microseconds; `undefined` means for ever. */
      readonly untilEpochUs: number | undefined;
    }
  /** It may be listed again. */
  | { readonly kind: 'disallow'; readonly value: string; readonly alike?: readonly string[] }
  /** List it, whatever the evidence says. Replaces an earlier block. */
  | {
      readonly kind: 'block';
      readonly subject: Subject;
      /** Numbers that mean the same in the digits in which they were named before; these go. */
      readonly alike?: readonly string[];
      readonly comment: string;
      /** Wall-clock microseconds; `undefined` means for ever. */
      readonly untilEpochUs: number | undefined;
    }
  /** The evidence decides again. */
  | { readonly kind: 'unblock'; readonly subject: Subject; readonly alike?: readonly string[] }
  /**
   * Evidence until now no longer counts. Applies to the entry that lists the subject, which may be a network around it.
   */
  | { readonly kind: 'delist'; readonly subject: Subject; readonly comment: string };
