// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Times among the words of a comment: they were probably not meant as a part of it. */

import { readTime, type TimeReading } from '@sentrypeer/kernel';

/** Abbreviations of zones other than UTC, which is what a time without an offset is in. */
const ZONES: ReadonlySet<string> = new Set(
  (
    'cet cest met mest eet eest wet west bst ist msk trt est edt cst cdt mst mdt pst pdt akst akdt hst ' +
    'brt art clt jst kst hkt sgt pht wib pkt gst sast wat cat eat aest aedt acst awst nzst nzdt local'
  ).split(' '),
);
/** The last ones may stand before a number without a blank. */
const BEFORE = new Set(['until', 'till', 'til', 'for']);
/** With the year first or last, and not an address such as 10.1.20.3. */
const DATE =
  /^(\p{N}{4}([-./])\p{N}{1,2}\2\p{N}{1,2}|\p{N}{1,2}([-./])\p{N}{1,2}\3(\p{N}{4}|\p{N}{2}))(?![.\p{N}])/u;
const CLOCK = /^\p{N}{1,2}(:\p{N}{2}|[ap]m$)/iu;
const LENGTH =
  /^\p{N}[\p{N}.,]*(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|wks?|weeks?|mo|months?|y|yrs?|years?)$/iu;

/** Whether words begin with a time, even one that cannot be read: `(30d)`, `until=2027-01-31`, `31.12.2027`. */
export function isTimeInside([first = '', ...more]: readonly string[]): boolean {
  if (first.includes(' ')) return false; // A comment in quotes.
  const { kind } = readTime([first, ...more]);
  if (kind === 'duration' || kind === 'moment') return true;
  if (BEFORE.has(first.toLowerCase())) {
    const isNumber = /^\p{N}/u.test(more[0] ?? '');
    return !isNumber && ['refused', 'always'].includes(readTime(more).kind);
  }
  const word = withoutSigns(first);
  if (DATE.test(word) || CLOCK.test(word) || LENGTH.test(word)) return true;
  const inside = readTime([word]).kind;
  return word !== first && (inside === 'duration' || inside === 'moment');
}

/** Whether words behind a time change it: `30d ago`, `1d and a half`, `2027-01-31 18:00 CET`. */
export function isPartOfTime(kind: TimeReading['kind'], words: readonly string[]): boolean {
  const [first = '', ...more] = words.map((word) => word.toLowerCase());
  if (kind !== 'duration' && kind !== 'moment') return false;
  const [last] = first === 'and' ? more.filter((word) => word !== 'a') : [first];
  if (first === 'ago' || last === 'half') return true;
  return kind === 'moment' && (first === 'at' || ['am', 'pm'].includes(first) || isZone(first));
}

function isZone(word: string): boolean {
  if (ZONES.has(word) || /^(utc|gmt)[+-]/u.test(word)) return true;
  if (!word.includes('/')) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: word }).resolvedOptions().timeZone !== '';
  } catch {
    return false; // A RangeError: there is no such zone.
  }
}

/** Without what stands around a word, such as brackets, or before it, such as `until:`. */
function withoutSigns(word: string): string {
  return word
    .replace(/^\p{L}+[=:]+/u, '')
    .replace(/^(until|till|til|for)(?=\p{N})/iu, '')
    .replace(/^[^\p{L}\p{N}]+/u, '')
    .replace(/[^\p{L}\p{N}]+$/u, '');
}
