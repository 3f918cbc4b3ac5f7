// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** Prepared texts: those that `String()` makes of numbers survive many garbage collections. */
const THREE_DIGITS = Array.from({ length: 1000 }, (_, number) => String(number).padStart(3, '0'));

/** An event timestamp up to its seconds; each zero stands for any digit. */
const SHAPE = '0000-00-00 00:00:00';
const FRACTION_DIGITS_MAX = 9;
const MICROSECONDS_END = SHAPE.length + 7;
/** Kiribati is 14 hours ahead of UTC. */
const ZONE_HOURS_MAX = 14;
const MS_PER_MINUTE = 60_000;

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

/**
 * Wall-clock microseconds of an event timestamp, or `undefined` if the text is not one. The fraction may have fewer
 * digits, and other programs may have written a zone after it: `Z`, `UTC` or an offset such as `+02:00`, perhaps after
 * a space. Without one the time is taken for UTC.
 */
export function parseEventTimestamp(text: string): number | undefined {
  for (let index = 0; index < SHAPE.length; index += 1) {
    const wanted = SHAPE.charAt(index);
    if (wanted === '0' ? !isDigit(text, index) : text.charAt(index) !== wanted) return undefined;
  }
  const ms = Date.parse(`${text.slice(0, 10)}T${text.slice(11, SHAPE.length)}Z`);
  if (Number.isNaN(ms)) return undefined;
  let end = SHAPE.length;
  if (text.charAt(end) === '.') {
    end += 1;
    while (isDigit(text, end)) end += 1;
    const digits = end - SHAPE.length - 1;
    if (digits === 0 || digits > FRACTION_DIGITS_MAX) return undefined;
  }
  const minutes = end === text.length ? 0 : offsetMinutes(text.slice(end));
  if (minutes === undefined) return undefined;
  const fraction = Number(
    text.slice(SHAPE.length + 1, Math.min(end, MICROSECONDS_END)).padEnd(6, '0'),
  );
  return (ms - minutes * MS_PER_MINUTE) * 1000 + fraction;
}

/** How far a zone is ahead of UTC; `undefined` if the text is not a zone. */
function offsetMinutes(text: string): number | undefined {
  const zone = text.startsWith(' ') ? text.slice(1) : text;
  if (zone === 'Z' || zone === 'UTC') return 0;
  const sign = zone.charAt(0);
  const digits = zone.charAt(3) === ':' ? zone.slice(1, 3) + zone.slice(4) : zone.slice(1);
  const isRight = digits.length === 4 || zone.length === 3;
  if ((sign !== '+' && sign !== '-') || !isRight) return undefined;
  for (let index = 0; index < digits.length; index += 1)
    if (!isDigit(digits, index)) return undefined;
  const [hours, minutes] = [Number(digits.slice(0, 2)), Number(digits.slice(2))];
  if (hours > ZONE_HOURS_MAX || minutes > 59) return undefined;
  return (sign === '-' ? -1 : 1) * (hours * 60 + minutes);
}

function isDigit(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return code >= 48 && code <= 57;
}
