// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { isDigit } from './characters.ts';

/** `1*DIGIT`, RFC 3261 §20.14; `undefined` for anything else. Capped at 2^53 - 1. */
export function parseContentLength(text: string): number | undefined {
  for (let index = 0; index < text.length; index += 1) {
    if (!isDigit(text.charCodeAt(index))) return undefined;
  }
  return text === '' ? undefined : Math.min(Number(text), Number.MAX_SAFE_INTEGER);
}
