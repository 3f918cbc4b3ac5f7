// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** What messages are counted by in each interval; each adds up to all of them. */
export type SeriesKind = 'grade' | 'method' | 'transport';

/** What hours are counted by besides. */
export type TopKind = 'tool' | 'country' | 'network' | 'range';

/** Messages over time, as the routes read them. Times are wall-clock microseconds. */
export interface RateEvidence {
  /** Intervals without messages are left out. @param minutes Of an interval: below an hour, or whole hours. */
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
  /** Those with the most messages in these hours, and in as many hours before. */
  tops(
    kind: TopKind,
    sinceEpochUs: number,
    untilEpochUs: number,
    limit: number,
  ): readonly {
    /** Empty for all that are not counted by name. */
    readonly name: string;
    /** What a network is called, where it is known. */
    readonly label?: string;
    readonly seenCount: number;
    readonly beforeCount: number;
  }[];
}
