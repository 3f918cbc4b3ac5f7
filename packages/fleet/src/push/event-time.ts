// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

const ZERO = 0x30;
/** `YYYY-MM-DD HH:MM:SS`. */
const SECONDS_CHARACTERS = 19;
const FRACTION_DIGITS = 6;

/**
 * Wall-clock microseconds of a time in the log's format, `YYYY-MM-DD HH:MM:SS.nnnnnnnnn` in UTC with any number of
 * digits after the point; `undefined` for any other text.
 */
export function epochUsOf(text: string): number | undefined {
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 7);
  const day = digits(text, 8, 10);
  const hour = digits(text, 11, 13);
  const minute = digits(text, 14, 16);
  const second = digits(text, 17, SECONDS_CHARACTERS);
  const epochMs = Date.UTC(year, month - 1, day, hour, minute, second);
  const isTime = month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour < 24 && minute < 60;
  if (!isTime || !(second <= 60) || !Number.isSafeInteger(epochMs)) return undefined;
  return epochMs * 1000 + fractionUs(text);
}

/** `NaN` if there is any other character among them. */
function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let index = from; index < to; index += 1) {
    const digit = text.charCodeAt(index) - ZERO;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

function fractionUs(text: string): number {
  let value = 0;
  for (let index = 0; index < FRACTION_DIGITS; index += 1) {
    const digit = text.charCodeAt(SECONDS_CHARACTERS + 1 + index) - ZERO;
    value = value * 10 + (digit >= 0 && digit <= 9 ? digit : 0);
  }
  return value;
}
