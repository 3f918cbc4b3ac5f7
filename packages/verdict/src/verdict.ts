// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/**
 * What is to be done: `listed` is refused, `watch` is reported and let through. What nobody proved is never more than
 * `watch`.
 */
export type Level = 'none' | 'watch' | 'listed';

/** What is to be done about an address, a number or a range, and why. */
export interface Verdict {
  readonly level: Level;
  /** Whether the level is `listed`. */
  readonly listed: boolean;
  /** 0 to 100, at the time it was asked for. */
  readonly score: number;
  /** In words, for a person; the weightiest first. */
  readonly reasons: readonly string[];
  /** When this level ends unless more evidence arrives, in wall-clock microseconds; `undefined` at `none`. */
  readonly untilEpochUs: number | undefined;
  /**
   * Until when own evidence lists it, whatever votes of the pool, hubs of the fleet or the operator say beside it: that
   * alone says something of the networks around. Wall-clock microseconds; not there where own evidence does not list
   * it.
   */
  readonly ownUntilEpochUs?: number;
}

export const SCORE_MAX = 100;
export const HOUR_US = 3_600_000_000;
export const DAY_US = 24 * HOUR_US;

const LEVELS: readonly Level[] = ['none', 'watch', 'listed'];
/** Beyond it an estimate from a sample of bits says only that it is more. */
const ESTIMATE_MAX = 100;

/** Neither listed nor anything known. */
export function notListed(...reasons: readonly string[]): Verdict {
  return { level: 'none', listed: false, score: 0, reasons, untilEpochUs: undefined };
}

/** Whether the first says more against what was asked for than the second. */
export function isGraver(a: Verdict, b: Verdict): boolean {
  const higher = levelRank(a.level) - levelRank(b.level);
  if (higher !== 0) return higher > 0;
  if (a.score !== b.score) return a.score > b.score;
  return b.reasons.length === 0 && a.reasons.length > 0;
}

export function levelRank(level: Level): number {
  return LEVELS.indexOf(level);
}

export interface Decay {
  readonly threshold: number;
  readonly halfLifeUs: number;
  readonly longestUs: number;
  readonly nowEpochUs: number;
}

/** What is left of points at a time. */
export interface Decayed {
  readonly isActive: boolean;
  readonly score: number;
  /** Wall-clock microseconds from which on it is not active. */
  readonly untilEpochUs: number;
}

/** Lets points fall with age: to a half in each half-life since the last evidence, and to none at the longest. */
export function decay(
  points: number,
  lastEpochUs: number,
  { threshold, halfLifeUs, longestUs, nowEpochUs }: Decay,
): Decayed {
  const ageUs = Math.max(0, nowEpochUs - lastEpochUs);
  const score = ageUs >= longestUs ? 0 : points * 2 ** (-ageUs / halfLifeUs);
  // Whole microseconds, so that a listing ends at the very time it names. An hour of grace, so that what just
  // reaches the threshold is listed at all.
  const decaysUs = Math.floor(halfLifeUs * Math.log2(points / threshold)) + HOUR_US;
  const lastsUs = points < threshold ? 0 : Math.min(longestUs, decaysUs);
  const isActive = ageUs < lastsUs;
  return {
    isActive,
    score: Math.round(isActive ? Math.max(score, threshold) : Math.min(score, threshold - 1)),
    untilEpochUs: lastEpochUs + lastsUs,
  };
}

/** The verdict that lasts as long as the points do. */
export function verdictAt(
  level: Level,
  { score, untilEpochUs }: Decayed,
  reasons: readonly string[],
): Verdict {
  const until = level === 'none' ? undefined : untilEpochUs;
  return { level, listed: level === 'listed', score, reasons, untilEpochUs: until };
}

/** 0 to 1. */
export function share(part: number, whole: number): number {
  return Math.min(1, Math.max(0, part) / whole);
}

export function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

/** `one network`, `about 12 networks`, `more than 100 networks`. */
export function about(count: number, noun: string, plural = `${noun}s`): string {
  if (count === 1) return `one ${noun}`;
  return count > ESTIMATE_MAX ? `more than ${ESTIMATE_MAX} ${plural}` : `about ${count} ${plural}`;
}

/** `1 day`, `3 days`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
