// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** What messages are counted by in each interval; the counts of each kind add up to all messages. */
export type SeriesKind = 'grade' | 'method' | 'transport';

/** What hours are counted by in addition. */
export type TopKind = 'tool' | 'country' | 'network' | 'range' | 'method' | 'source' | 'number';

/** Messages over time, as the routes read them. Times are wall-clock microseconds. */
export interface RateEvidence {
  /**
   * Intervals without messages are left out. @param minutes Length of an interval: a part of an hour, or whole hours.
   */
  series(
    minutes: number,
    sinceEpochUs: number,
    untilEpochUs: number,
  ): readonly {
    readonly startEpochUs: number;
    readonly kind: string;
    readonly name: string;
    readonly seenCount: number;
  }[];
  /** Those with the most messages in these hours, with the count of the same number of hours before. */
  tops(
    kind: TopKind,
    sinceEpochUs: number,
    untilEpochUs: number,
    limit: number,
  ): readonly {
    /** Empty for all that are not counted by name. */
    readonly name: string;
    /** The name of a network, if it is known. */
    readonly label?: string;
    readonly seenCount: number;
    readonly beforeCount: number;
  }[];
  /** Whether all hours of a kind since then are known, so that counts can be compared with earlier ones. */
  isKnownSince(kind: TopKind, epochUs: number): boolean;
}
