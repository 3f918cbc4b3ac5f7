// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { terminalSafeJson } from './unsafe-text.ts';

/** The time that words begin with, and how many words it takes. */
export type TimeReading =
  | { readonly kind: 'always'; readonly wordsCount: number }
  | { readonly kind: 'duration'; readonly seconds: number; readonly wordsCount: number }
  /** A moment; wall-clock microseconds. */
  | { readonly kind: 'moment'; readonly epochUs: number; readonly wordsCount: number }
  /** They begin like a time but are not a valid one; `why` says what would be right. */
  | { readonly kind: 'refused'; readonly why: string }
  /** They are something else. */
  | { readonly kind: 'none' };

/** The end of time, as a number: a moment that microseconds in a double still represent exactly. */
export const LATEST_EPOCH_US = Date.UTC(2200, 0, 1) * 1000;

/** The accepted forms, for messages. */
export const TIMES_RIGHT =
  'a time such as 90s, 30m, 24h, 7d, 2w, 1d12h, "2 weeks", 2027-01-31, 2027-01-31T18:00:00Z, or always';

const HOUR = 3600;
const DAY = 24 * HOUR;
const UNITS: ReadonlyMap<string, number> = new Map(
  Object.entries({
    s: 1,
    sec: 1,
    secs: 1,
    second: 1,
    seconds: 1,
    m: 60,
    min: 60,
    mins: 60,
    minute: 60,
    minutes: 60,
    h: HOUR,
    hr: HOUR,
    hrs: HOUR,
    hour: HOUR,
    hours: HOUR,
    d: DAY,
    day: DAY,
    days: DAY,
    w: 7 * DAY,
    wk: 7 * DAY,
    wks: 7 * DAY,
    week: 7 * DAY,
    weeks: 7 * DAY,
    mo: 30 * DAY,
    month: 30 * DAY,
    months: 30 * DAY,
    y: 365 * DAY,
    yr: 365 * DAY,
    yrs: 365 * DAY,
    year: 365 * DAY,
    years: 365 * DAY,
  }),
);
/** Designators of ISO 8601 durations: those before the T, and those after it. */
const ISO_DATE_UNITS = new Map([
  ['Y', 365 * DAY],
  ['M', 30 * DAY],
  ['W', 7 * DAY],
  ['D', DAY],
]);
const ISO_TIME_UNITS = new Map([
  ['H', HOUR],
  ['M', 60],
  ['S', 1],
]);
const ALWAYS = new Set([
  'always',
  'forever',
  'permanent',
  'permanently',
  'indefinite',
  'indefinitely',
  'unlimited',
  'ever',
]);
/** Words by which people mean a time, but no exact moment. */
const VAGUE = new Set(
  (
    'now never today tonight tomorrow yesterday midnight noon once temporary temporarily ' +
    'monday tuesday wednesday thursday friday saturday sunday weekend fortnight fortnights quarter quarters ' +
    'decade decades century centuries eod eom eoy infinite infinity'
  ).split(' '),
);
const MONTHS =
  'january february march april may june july august september october november december'.split(
    ' ',
  );
/** Before a unit or a day of the week; numbers that are written out are not read. */
const NEXT = new Set(
  (
    'next this few some several many half couple last end rest dozen one two three four five six seven eight nine ten ' +
    'eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy ' +
    'eighty ninety hundred thousand'
  ).split(' '),
);
/** Before a time that is none of the forms: `by friday`, `in two weeks`. */
const PREPOSITIONS = new Set(
  'after at before beginning by during from in on since starting through thru within'.split(' '),
);
/** Words that say nothing about the length. */
const BETWEEN = new Set(['a', 'an', 'the', 'of']);
const ONE = new Set(['a', 'an', 'one']);
/** Stand before a duration, or before a moment. */
const BEFORE_DURATION = new Set(['for']);
const BEFORE_MOMENT = new Set(['until', 'till', 'to', 'til']);
/** Ten digits of seconds are more than 300 years. */
const DIGITS_MAX = 10;

/**
 * Reads the time that words begin with, in the forms that people use: `30d`, `1d12h`, `2 weeks`, `for 30 days`, `P30D`
 * (ISO 8601), `2027-01-31`, `2027-01-31 18:00`, `2027-01-31T18:00:00+01:00` (RFC 3339; without an offset in UTC),
 * `until …`, `always`, `forever`. A month has 30 days, a year 365.
 *
 * A bare number, another date format or an unknown unit is `refused`, and never taken for something else.
 */
export function readTime(words: readonly string[]): TimeReading {
  const [first = ''] = words;
  const word = first.toLowerCase();
  if (ALWAYS.has(word)) return { kind: 'always', wordsCount: 1 };
  if (BEFORE_DURATION.has(word) || BEFORE_MOMENT.has(word)) {
    const reading = readTime(words.slice(1));
    if (reading.kind === 'none') {
      // "for our office" is a comment; "until" has no other sense here.
      return BEFORE_DURATION.has(word) ? reading : refused(words.slice(0, 2).join(' '));
    }
    if (reading.kind === 'refused') return reading;
    return { ...reading, wordsCount: reading.wordsCount + 1 };
  }
  return readMoment(words) ?? readIsoDuration(word) ?? readDuration(words);
}

/** Seconds of a duration in one text, such as `90s` or `1d12h`; `undefined` if it is not a duration. */
export function readDurationText(text: string): number | undefined {
  const words = text.split(' ').filter((word) => word !== '');
  const reading = readTime(words);
  const isAll = reading.kind === 'duration' && reading.wordsCount === words.length;
  return isAll ? reading.seconds : undefined;
}

/**
 * Wall-clock microseconds of a date or a time of RFC 3339, in UTC if no offset is given; `undefined` if the text is not
 * a time, or its day does not exist.
 */
export function readMomentText(text: string): number | undefined {
  const upper = text.toUpperCase();
  const middle = upper.includes('T') ? upper.indexOf('T') : upper.length;
  const day = readDay(upper.slice(0, middle));
  if (day === undefined) return undefined;
  if (middle === upper.length) return day;
  const clock = readClock(upper.slice(middle + 1));
  return clock === undefined ? undefined : day + clock;
}

function refused(text: string): TimeReading {
  const quoted = terminalSafeJson(JSON.stringify(text));
  return { kind: 'refused', why: `${quoted} is not ${TIMES_RIGHT}` };
}

/** `2027-01-31`, `2027-01-31T…`, or the date and the time of day as two words. */
function readMoment(words: readonly string[]): TimeReading | undefined {
  const [first = '', second = ''] = words;
  if (!isDigits(first.slice(0, 4)) || first.charAt(4) !== '-') return undefined;
  const alone = readMomentText(first);
  if (alone === undefined) return refused(first);
  if (!first.toUpperCase().includes('T') && second.charAt(2) === ':') {
    const both = readMomentText(`${first}T${second}`);
    return both === undefined
      ? refused(`${first} ${second}`)
      : { kind: 'moment', epochUs: both, wordsCount: 2 };
  }
  return { kind: 'moment', epochUs: alone, wordsCount: 1 };
}

/** `P1DT12H`, ISO 8601-1 §5.5.2. */
function readIsoDuration(word: string): TimeReading | undefined {
  const text = word.toUpperCase();
  if (text.charAt(0) !== 'P' || text.length < 3) return undefined;
  if (text.charAt(1) !== 'T' && !isDigits(text.charAt(1))) return undefined;
  let seconds = 0;
  let digits = '';
  let units = ISO_DATE_UNITS;
  for (const character of text.slice(1)) {
    if (isDigits(character)) {
      digits += character;
      continue;
    }
    if (character === 'T' && digits === '' && units === ISO_DATE_UNITS) {
      units = ISO_TIME_UNITS;
      continue;
    }
    const unit = units.get(character);
    if (unit === undefined || digits === '' || digits.length > DIGITS_MAX) return refused(word);
    seconds += Number(digits) * unit;
    digits = '';
  }
  return digits === '' ? durationOf(seconds, 1, word) : refused(word);
}

/** `30d`, `1d12h`, `2 weeks`, `a day and 12 hours`. */
function readDuration(words: readonly string[]): TimeReading {
  let seconds = 0;
  let index = 0;
  while (index < words.length) {
    const written = trimComma(words[index] ?? '');
    const word = written.toLowerCase();
    const next = trimComma(words[index + 1] ?? '').toLowerCase();
    const unitOfNext = UNITS.get(next);
    if (word === 'and' && index > 0 && isDigits((words[index + 1] ?? '').charAt(0))) {
      index += 1;
    } else if (unitOfNext !== undefined && (ONE.has(word) || isDigits(word))) {
      if (word.length > DIGITS_MAX) return refused(word);
      seconds += (ONE.has(word) ? 1 : Number(word)) * unitOfNext;
      index += 2;
    } else {
      const attached = attachedDuration(written);
      if (attached === undefined) break;
      seconds += attached;
      index += 1;
    }
  }
  if (index > 0) return durationOf(seconds, index, words.slice(0, index).join(' '));
  if (looksLikeTime(words)) return refusedNumber(words);
  const vague =
    vagueTime(words) ??
    (PREPOSITIONS.has((words[0] ?? '').toLowerCase()) ? vagueTime(words.slice(1)) : undefined);
  return vague === undefined ? { kind: 'none' } : refused(vague);
}

/** Of `30d` or `1d12h`: numbers with their units and nothing else. */
function attachedDuration(word: string): number | undefined {
  let seconds = 0;
  let rest = word;
  while (rest !== '') {
    const digits = leadingDigits(rest);
    const letters = leadingLetters(rest.slice(digits.length));
    // Some write M for months, others for minutes.
    const unit = letters === 'M' ? undefined : UNITS.get(letters.toLowerCase());
    if (digits === '' || digits.length > DIGITS_MAX || unit === undefined) return undefined;
    seconds += Number(digits) * unit;
    rest = rest.slice(digits.length + letters.length);
  }
  return word === '' ? undefined : seconds;
}

function durationOf(seconds: number, wordsCount: number, text: string): TimeReading {
  if (seconds < 1 || seconds * 1e6 > LATEST_EPOCH_US) return refused(text);
  return { kind: 'duration', seconds, wordsCount };
}

/** A digit here, after any signs, means that a time is intended. `#4711` is the number of a ticket. */
function looksLikeTime([first = '']: readonly string[]): boolean {
  for (const character of first) {
    if (isDigits(character)) return true;
    const isSign = character < '\u007F' && character.toLowerCase() === character.toUpperCase();
    if (!isSign || character === '#') return false;
  }
  return false;
}

/** Words by which people mean a time, such as `tomorrow`, `a few days` or `Dec 31`. */
function vagueTime(words: readonly string[]): string | undefined {
  const known = words
    .flatMap((word) => word.split('-'))
    .map((word) => trimComma(word).toLowerCase());
  const [word = '', next = ''] = known.filter((each) => !BETWEEN.has(each));
  const isMonth =
    (nameOfMonth(word) && isDigits(next.charAt(0))) ||
    (nameOfMonth(next) && isDigits(word.charAt(0)));
  const isUnit = UNITS.has(word) && (word.length > 2 || known.length === 1);
  const isNext = NEXT.has(word) && [UNITS, VAGUE, NEXT].some((those) => those.has(next));
  if (!VAGUE.has(word) && !isUnit && !isMonth && !isNext) return undefined;
  return words.slice(0, known.indexOf(isMonth || isNext ? next : word) + 1).join(' ');
}

/** `January`, `Jan` or `Sept`, in lower case. */
function nameOfMonth(word: string): boolean {
  return word.length >= 3 && MONTHS.some((month) => month.startsWith(word));
}

function refusedNumber([first = '']: readonly string[]): TimeReading {
  if (!isDigits(first)) return refused(first);
  return {
    kind: 'refused',
    why: `"${first}" has no unit: write ${first}h or ${first}d, or always`,
  };
}

/** A day of the calendar; wall-clock microseconds of its beginning in UTC. */
function readDay(text: string): number | undefined {
  const [year = '', month = '', day = '', ...more] = text.split('-');
  const isDay = [year, month, day].every(isDigits) && more.length === 0;
  if (!isDay || year.length !== 4 || month.length !== 2 || day.length !== 2) return undefined;
  const epochMs = Date.UTC(Number(year), Number(month) - 1, Number(day));
  const date = new Date(epochMs);
  // 2027-02-30 would become the 2nd of March.
  const isKept = date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
  return isKept && epochMs * 1000 <= LATEST_EPOCH_US ? epochMs * 1000 : undefined;
}

/** `18:00`, `18:00:00`, `18:00:00.5`, each alone, with Z or with an offset; microseconds from midnight UTC. */
function readClock(text: string): number | undefined {
  const zoneAt = Array.from(text).findIndex((character) => 'Z+-'.includes(character));
  const time = zoneAt < 0 ? text : text.slice(0, zoneAt);
  const zone = zoneAt < 0 ? 'Z' : text.slice(zoneAt);
  const [hours = '', minutes = '', secondsText = '00', ...more] = time.split(':');
  const [seconds = '', fraction = '0', ...dots] = secondsText.split('.');
  if (more.length > 0 || dots.length > 0 || !isDigits(fraction) || fraction.length > 9)
    return undefined;
  const parts = [within(hours, 23), within(minutes, 59), within(seconds, 59)];
  const [h, m, s] = parts;
  const offset = readOffset(zone);
  if (h === undefined || m === undefined || s === undefined || offset === undefined)
    return undefined;
  return (h * HOUR + m * 60 + s - offset) * 1e6 + Math.floor(Number(`0.${fraction}`) * 1e6);
}

/** Seconds east of Greenwich. */
function readOffset(zone: string): number | undefined {
  if (zone === 'Z') return 0;
  const [hours = '', minutes = '', ...more] = zone.slice(1).split(':');
  const h = within(hours, 23);
  const m = within(minutes, 59);
  if (h === undefined || m === undefined || more.length > 0) return undefined;
  return (zone.charAt(0) === '-' ? -1 : 1) * (h * HOUR + m * 60);
}

function within(text: string, max: number): number | undefined {
  return text.length === 2 && isDigits(text) && Number(text) <= max ? Number(text) : undefined;
}

function trimComma(word: string): string {
  return word.endsWith(',') ? word.slice(0, -1) : word;
}

function leadingDigits(text: string): string {
  let index = 0;
  while (index < text.length && isDigits(text.charAt(index))) index += 1;
  return text.slice(0, index);
}

function leadingLetters(text: string): string {
  let index = 0;
  while (index < text.length && !isDigits(text.charAt(index))) index += 1;
  return text.slice(0, index);
}

function isDigits(text: string): boolean {
  if (text === '') return false;
  for (const character of text) if (character < '0' || character > '9') return false;
  return true;
}
