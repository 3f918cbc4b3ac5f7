// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The words after the name of a command: each of them is read or refused. */

import { LATEST_EPOCH_US, readTime, TIMES_RIGHT, type TimeReading } from '@sentrypeer/kernel';
import type { CommandFlagName } from '../config/command-flags.ts';
import { quoted, refusal } from '../config/refusal.ts';
import { countType, STANDARD_OUTPUT_FILE } from '../config/value-types.ts';
import { COMMENT_CHARACTERS_MAX } from '../limits.ts';
import { isPartOfTime, isTimeInside } from './unread-times.ts';

/** How long something holds: always, for some seconds from now, or up to a moment in wall-clock microseconds. */
export type HoldTime =
  | { readonly kind: 'always' }
  | { readonly kind: 'duration'; readonly seconds: number }
  | { readonly kind: 'moment'; readonly epochUs: number };

export function needed(word: string | undefined, form: string): string {
  if (word !== undefined && word !== '') return word;
  throw refusal(`a word is missing: write ${form}`);
}

/**
 * The path of a file. `-` is refused: it would be a file of that name, but people who write it mean standard input or
 * output.
 */
export function neededFile(word: string | undefined, form: string): string {
  const path = needed(word?.trim() === '' ? '' : word, form);
  if (path !== STANDARD_OUTPUT_FILE) return path;
  throw refusal(`"-" is not the path of a file: write ${form} with one (./- if it is called that)`);
}

export function refuseMore([first]: readonly string[], form: string): void {
  if (first !== undefined) throw refusal(`${quoted(first)} is one word too many: write ${form}`);
}

/**
 * `[TIME] [COMMENT]`; without a time it holds always. Words that look like a time are never part of the comment:
 * `customer 30d` means thirty days.
 */
export function timeAndComment(
  words: readonly string[],
  flags: ReadonlyMap<CommandFlagName, string>,
): { readonly time: HoldTime; readonly comment: string } {
  const reading = readQuotedTime(words) ?? readTimeOf(words);
  if (reading.kind === 'refused') {
    throw refusal(`${reading.why}; a comment that begins so is written with --comment`);
  }
  const time: HoldTime = reading.kind === 'none' ? { kind: 'always' } : reading;
  const rest = reading.kind === 'none' ? words : words.slice(reading.wordsCount);
  const after = readTime(rest);
  if (reading.kind !== 'none' && after.kind !== 'none') {
    throw refusal(
      `${quoted(rest[0] ?? '')} follows a time and looks like another: leave one out, or write the comment with --comment`,
    );
  }
  if (isPartOfTime(time.kind, rest)) {
    throw refusal(
      `${quoted(rest[0] ?? '')} follows a time but is not read: write a time in UTC or with its offset, ` +
        'such as 2027-01-31T18:00:00+01:00, or write the comment with --comment',
    );
  }
  return { time, comment: commentOf(rest, flags) };
}

/** Like `readTime`, which knows only ASCII digits; other digits are meant as a time as well. */
function readTimeOf(words: readonly string[]): TimeReading {
  const reading = readTime(words);
  const [first = ''] = words;
  if (reading.kind !== 'none' || !/^[^\p{Letter}\p{Number}#]*\p{Number}/u.test(first))
    return reading;
  return { kind: 'refused', why: `${quoted(first)} is not ${TIMES_RIGHT}` };
}

/** A time of several words in quotes, such as `"2 weeks"`. */
function readQuotedTime([first = '']: readonly string[]): TimeReading | undefined {
  const words = first.split(' ').filter((word) => word !== '');
  if (words.length < 2) return undefined;
  const reading = readTime(words);
  const isWhole = 'wordsCount' in reading && reading.wordsCount === words.length;
  return isWhole ? { ...reading, wordsCount: 1 } : undefined;
}

/** `[COMMENT]`, or what `--comment` says; never a time. */
export function commentOf(
  words: readonly string[],
  flags: ReadonlyMap<CommandFlagName, string>,
): string {
  const index = words.findIndex((_, place) => isTimeInside(words.slice(place)));
  if (index >= 0) {
    throw refusal(
      `${quoted(words.slice(index).join(' '))} looks like a time in the middle of a comment: ` +
        'a time goes before the comment, if the command takes one; or write the comment with --comment',
    );
  }
  const given = flags.get('comment');
  if (given !== undefined && words.length > 0) {
    throw refusal(`${quoted(words.join(' '))} and --comment are two comments: leave one out`);
  }
  const comment = (given ?? words.join(' ')).trim();
  if (comment.length <= COMMENT_CHARACTERS_MAX) return comment;
  throw refusal(`a comment has at most ${COMMENT_CHARACTERS_MAX} characters`);
}

/** Wall-clock microseconds until which it holds; `undefined` if always. Refuses the past. */
export function untilOf(time: HoldTime, nowEpochUs: number): number | undefined {
  if (time.kind === 'always') return undefined;
  const epochUs = time.kind === 'moment' ? time.epochUs : nowEpochUs + time.seconds * 1e6;
  if (epochUs > nowEpochUs && epochUs <= LATEST_EPOCH_US) return epochUs;
  const iso = new Date(epochUs / 1000).toISOString();
  throw refusal(`${iso} is ${epochUs > nowEpochUs ? 'too far away' : 'in the past'}`);
}

/** For commands whose effect lasts until further notice, where a time would be misunderstood. */
export function refuseTime(words: readonly string[]): void {
  const { kind } = readTimeOf(words);
  if (kind === 'none') return;
  throw refusal(
    `${quoted(words[0] ?? '')} looks like a time, and this takes none: allow add WHAT TIME does; a comment that begins so is written with --comment`,
  );
}

/** A whole number from 1 to `max` given by a flag; `undefined` if it is not given. */
export function wholeFlag(
  flags: ReadonlyMap<CommandFlagName, string>,
  name: 'lines' | 'count',
  max: number,
): number | undefined {
  const text = flags.get(name);
  if (text === undefined) return undefined;
  const value = countType('COUNT', 1, max).parse(text);
  if (value !== undefined) return value;
  throw refusal(`--${name}: ${quoted(text)} is not a whole number from 1 to ${max}`);
}
