// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The words behind the name of a command: all of them are read, or refused. */

import { quoted, refusal } from '../config/refusal.ts';
import { COMMENT_CHARACTERS_MAX } from '../limits.ts';

const SECONDS: ReadonlyMap<string, number> = new Map([
  ['s', 1],
  ['m', 60],
  ['h', 3600],
  ['d', 86_400],
]);

export function needed(word: string | undefined, form: string): string {
  if (word !== undefined && word !== '') return word;
  throw refusal(`there is a word missing: write ${form}`);
}

export function refuseMore([first]: readonly string[], form: string): void {
  if (first !== undefined) throw refusal(`${quoted(first)} is too much: write ${form}`);
}

/** `[TIME] [COMMENT]`; without a time it holds always. */
export function timeAndComment(words: readonly string[]): {
  readonly seconds: number | undefined;
  readonly comment: string;
} {
  const [time = '', ...comment] = words;
  const seconds = secondsOf(time);
  const isTime = seconds !== undefined || time === 'always';
  return { seconds, comment: commentOf(isTime ? comment : words) };
}

export function commentOf(words: readonly string[]): string {
  const comment = words.join(' ').trim();
  if (comment.length <= COMMENT_CHARACTERS_MAX) return comment;
  throw refusal(`a comment has at most ${COMMENT_CHARACTERS_MAX} characters`);
}

/** Of `90s`, `30m`, `24h`, `7d`. */
function secondsOf(text: string): number | undefined {
  const unit = SECONDS.get(text.slice(-1));
  const digits = text.slice(0, -1);
  if (unit === undefined || digits === '' || digits.length > 6) return undefined;
  for (const digit of digits) if (digit < '0' || digit > '9') return undefined;
  return Number(digits) * unit;
}
