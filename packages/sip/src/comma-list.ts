// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { BACKSLASH, COMMA, GREATER_THAN, LESS_THAN, QUOTE, sliceTrimmed } from './characters.ts';

/** Index of the comma outside quotes and angle brackets that ends the value beginning at `start`, or the end. */
export function listValueEnd(text: string, start: number): number {
  if (!text.includes(',', start)) return text.length; // Nearly always the case, and ten times as fast.
  let quoted = false;
  let bracketed = false;
  for (let index = start; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === COMMA && !quoted && !bracketed) return index;
    if (code === QUOTE && !bracketed) quoted = !quoted;
    else if (code === BACKSLASH && quoted) index += 1;
    else if (code === LESS_THAN && !quoted) bracketed = true;
    else if (code === GREATER_THAN && !quoted) bracketed = false;
  }
  return text.length;
}

/** The values of a comma-separated header (RFC 3261 §7.3.1), trimmed, empty ones left out. */
export function splitCommaList(text: string, countMax: number): readonly string[] {
  const values: string[] = [];
  let start = 0;
  while (start < text.length && values.length < countMax) {
    const end = listValueEnd(text, start);
    const value = sliceTrimmed(text, start, end);
    if (value !== '') values.push(value);
    start = end + 1;
  }
  return values;
}
