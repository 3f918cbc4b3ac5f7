// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** Wall-clock microseconds as `2026-11-24T16:00:00.000001Z` (RFC 3339). */
export function rfc3339(epochUs: number): string {
  const micros = String(epochUs % 1e6).padStart(6, '0');
  return `${new Date(Math.floor(epochUs / 1000)).toISOString().slice(0, 19)}.${micros}Z`;
}

/**
 * The same of `YYYY-MM-DD HH:MM:SS.fff…`, UTC, whose fraction may have any length. `null` if it is anything else: rows
 * of SentryPeer 4.x, and those written by hand, may contain anything.
 */
export function rfc3339OfText(text: string): string | null {
  return isTime(text) ? `${text.slice(0, 10)}T${text.slice(11, 26)}Z` : null;
}

const ZERO = 48;
/**
 * What separates the numbers of a time, and their largest values; compared by hand, because a page has 1,000 events.
 */
const SEPARATORS: readonly (readonly [at: number, text: string])[] = [
  [4, '-'],
  [7, '-'],
  [10, ' '],
  [13, ':'],
  [16, ':'],
];
const PARTS: readonly (readonly [at: number, min: number, max: number])[] = [
  [5, 1, 12],
  [8, 1, 31],
  [11, 0, 23],
  [14, 0, 59],
  [17, 0, 59],
];

function isTime(text: string): boolean {
  return (
    areDigits(text, 0, 4) &&
    SEPARATORS.every(([at, separator]) => text.charAt(at) === separator) &&
    PARTS.every(([at, min, max]) => isPart(text, at, min, max)) &&
    (text.length === 19 ||
      (text.length > 20 && text.charAt(19) === '.' && areDigits(text, 20, text.length)))
  );
}

function isPart(text: string, at: number, min: number, max: number): boolean {
  const number = (text.charCodeAt(at) - ZERO) * 10 + text.charCodeAt(at + 1) - ZERO;
  return areDigits(text, at, at + 2) && number >= min && number <= max;
}

function areDigits(text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) {
    const digit = text.charCodeAt(at) - ZERO;
    if (!(digit >= 0 && digit <= 9)) return false; // Past the end there is NaN.
  }
  return true;
}
