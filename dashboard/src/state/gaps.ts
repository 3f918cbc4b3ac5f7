// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { EVENTS_COUNT_MAX, GAPS_COUNT_MAX } from '../limits.ts';

/** A stretch of the log of which the node left out events; the members are those of its stream. */
export interface Gap {
  /** Number of events that the page does not have. */
  readonly count: number;
  /** All ids are above this one. */
  readonly after: number;
  /** The highest id. */
  readonly until: number;
}

/** Things with an ascending id, newest first. */
type Known = readonly { readonly id: number }[];

/** Adds a gap after all others. Gaps older than the events that the page keeps are dropped, and old ones are merged. */
export function addGap(gaps: readonly Gap[], gap: Gap, known: Known): readonly Gap[] {
  const oldest = oldestOf(known);
  const [added] = fillGaps([gap], known, []);
  const all = [
    ...gaps.filter(({ until }) => until > oldest),
    ...(added === undefined ? [] : [added]),
  ];
  const [first, second, ...others] = all;
  if (all.length <= GAPS_COUNT_MAX || first === undefined || second === undefined) return all;
  return [{ ...second, after: first.after, count: first.count + second.count }, ...others];
}

/** The gaps that remain after some events were read; `known` are the events from before. */
export function fillGaps(gaps: readonly Gap[], read: Known, known: Known): readonly Gap[] {
  if (gaps.length === 0) return gaps;
  const before = new Set(known.map(({ id }) => id));
  const come = read.filter(({ id }) => !before.has(id));
  return gaps.map((gap) => {
    const found = come.filter(({ id }) => id > gap.after && id <= gap.until).length;
    return found === 0 ? gap : { ...gap, count: Math.max(0, gap.count - found) };
  });
}

/** Id at which the events on the page begin; until it has dropped any, the point where it was opened. */
function oldestOf(known: Known): number {
  return known.length < EVENTS_COUNT_MAX ? 0 : (known.at(-1)?.id ?? 0);
}

/** Number of missing events between those that the page has. */
export function leftOut(gaps: readonly Gap[], known: Known): number {
  const oldest = oldestOf(known);
  return gaps.reduce((sum, { count, until }) => (until > oldest ? sum + count : sum), 0);
}
