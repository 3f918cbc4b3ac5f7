// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** Prepared texts: those that `String()` makes of numbers survive many garbage collections. */
const THREE_DIGITS = Array.from({ length: 1000 }, (_, number) => String(number).padStart(3, '0'));

let cachedSecond = -1;
let cachedText = '';

/**
 * `YYYY-MM-DD HH:MM:SS.nnnnnnnnn` in UTC, nine digits always; the last three are zeros because the clock counts
 * microseconds.
 *
 * @param epochUs Microseconds since 1970-01-01T00:00:00Z; fractions are cut off.
 */
export function formatEventTimestamp(epochUs: number): string {
  const second = Math.floor(epochUs / 1_000_000);
  if (second !== cachedSecond) {
    cachedSecond = second;
    cachedText = new Date(second * 1000).toISOString().slice(0, 19).replace('T', ' ');
  }
  const fraction = Math.floor(epochUs - second * 1_000_000);
  return `${cachedText}.${THREE_DIGITS[Math.floor(fraction / 1000)]}${THREE_DIGITS[fraction % 1000]}000`;
}

/** Wall-clock microseconds of an event timestamp, or `undefined` if the text is not a timestamp. */
export function parseEventTimestamp(text: string): number | undefined {
  const ms = Date.parse(`${text.slice(0, 10)}T${text.slice(11, 19)}Z`);
  if (Number.isNaN(ms) || text.charAt(10) !== ' ') return undefined;
  const fraction = text.charAt(19) === '.' ? Number(text.slice(20, 26).padEnd(6, '0')) : 0;
  return Number.isInteger(fraction) ? ms * 1000 + fraction : undefined;
}
