// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

const LAST_C0 = 0x1f;
const DELETE = 0x7f;
const LAST_C1 = 0x9f;
/**
 * Line and paragraph separators, and characters that change the direction of writing: with them a reader would see
 * another text.
 */
const DECEIVING: readonly (readonly [number, number])[] = [
  [0x061c, 0x061c],
  [0x200e, 0x200f],
  [0x2028, 0x202e],
  [0x2066, 0x2069],
  [0xfeff, 0xfeff],
];
const LINE_CODES: ReadonlySet<number> = new Set([0x09, 0x0a, 0x0d]);
/** `token`, RFC 3261 §25.1, without letters and digits. */
const TOKEN_MARKS = "-.!%*_+`'~";

/** Whether a text holds only characters that can do no harm on a terminal or in a log, and is well formed. */
export function isClean(text: string): boolean {
  return text.isWellFormed() && !someCode(text, isHarmful);
}

/** The same for a message, which has lines. */
export function isCleanLines(text: string): boolean {
  return text.isWellFormed() && !someCode(text, (code) => isHarmful(code) && !LINE_CODES.has(code));
}

/** The text with every harmful character replaced by a blank. */
export function cleaned(text: string): string {
  if (isClean(text)) return text;
  let clean = '';
  for (const character of text.toWellFormed())
    clean += isHarmful(character.charCodeAt(0)) ? ' ' : character;
  return clean;
}

export function isToken(text: string): boolean {
  return text !== '' && !someCode(text, (code) => !isTokenCode(code));
}

function someCode(text: string, holds: (code: number) => boolean): boolean {
  for (let index = 0; index < text.length; index += 1)
    if (holds(text.charCodeAt(index))) return true;
  return false;
}

function isHarmful(code: number): boolean {
  if (code <= LAST_C0 || (code >= DELETE && code <= LAST_C1)) return true;
  return code > LAST_C1 && DECEIVING.some(([from, to]) => code >= from && code <= to);
}

function isTokenCode(code: number): boolean {
  return (
    (code >= 0x30 && code <= 0x39) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x61 && code <= 0x7a) ||
    TOKEN_MARKS.includes(String.fromCharCode(code))
  );
}
