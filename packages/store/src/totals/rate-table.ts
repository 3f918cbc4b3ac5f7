// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/**
 * Version 23: messages per interval, for graphs. `span` is the length of an interval in minutes, `start` counts
 * intervals since the epoch. The rows of one kind add up to all messages of an interval: names beyond a limit are
 * joined in ''. It starts with the known hours of the last month.
 */
export const TABLES_OF_VERSION_23 = `
  CREATE TABLE rate_total (
    span INTEGER NOT NULL,
    kind TEXT NOT NULL,
    start INTEGER NOT NULL,
    name TEXT NOT NULL,
    seen_count INTEGER NOT NULL,
    PRIMARY KEY (span, kind, start, name)
  ) STRICT, WITHOUT ROWID;
  ${['method', 'transport']
    .map(
      (kind) => `
  INSERT INTO rate_total (span, kind, start, name, seen_count)
    SELECT 60, '${kind}', hour, ${kind}, sum(seen_count) FROM hour_total
    WHERE seen_count > 0 AND hour > (SELECT max(hour) FROM hour_total) - 744 GROUP BY hour, ${kind};`,
    )
    .join('')}`;

/** Minutes of an interval. */
export const MINUTE_SPAN = 1;
export const HOUR_SPAN = 60;
export const MINUTE_US = 60_000_000;

/** Kinds with a few known names. */
export const FIXED_KINDS = ['grade', 'method', 'transport'] as const;

/** Kinds counted only by the hour, whose names attackers choose, or choose among. */
export const NAMED_KINDS = ['tool', 'country', 'network', 'range'] as const;

/** The same, but these name an address or a whole number, so they are never kept for a year. */
export const SUBJECT_KINDS = ['source', 'number'] as const;

export type NamedKind = (typeof NAMED_KINDS)[number] | (typeof SUBJECT_KINDS)[number];
export type RateKind = (typeof FIXED_KINDS)[number] | NamedKind;
