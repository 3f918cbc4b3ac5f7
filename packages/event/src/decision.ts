// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** One thing that can be listed. */
export interface Subject {
  readonly kind: 'address' | 'number' | 'range';
  /**
   * An address of IPv4 or a network of IPv6; a number of E.164 without its plus, or the digits, if they are not such a
   * number; a block such as `46850780xx`.
   */
  readonly value: string;
}

/** What the operator says beside the evidence. What it names was checked by whoever makes it. */
export type Decision =
  /** Never list it; said again it takes the place of what was said before. */
  | {
      readonly kind: 'allow';
      readonly value: string;
      /** The same as an older version kept it, in other words; these go. */
      readonly alike?: readonly string[];
      readonly comment: string;
      /** Wall-clock microseconds; `undefined` holds always. */
      readonly untilEpochUs: number | undefined;
    }
  /** It may be listed again. */
  | { readonly kind: 'disallow'; readonly value: string; readonly alike?: readonly string[] }
  /** List it, whatever is known of it; said again it takes the place of what was said before. */
  | {
      readonly kind: 'block';
      readonly subject: Subject;
      readonly comment: string;
      /** Wall-clock microseconds; `undefined` holds always. */
      readonly untilEpochUs: number | undefined;
    }
  /** What is known of it decides again. */
  | { readonly kind: 'unblock'; readonly subject: Subject }
  /** What is known until now does not count any more: of the entry that it is listed by, which may be a network around it. */
  | { readonly kind: 'delist'; readonly subject: Subject; readonly comment: string };
