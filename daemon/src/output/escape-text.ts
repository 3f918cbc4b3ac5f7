// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { isUnsafeCode } from '@sentrypeer/kernel';

/**
 * Text from anybody, as one line that is safe on a terminal and in a log: control characters, line breaks and direction
 * marks are written as escapes, and a backslash as two, so that no text can look like another's escape. Cut to
 * `charactersMax`, with the count of what was left out.
 */
export function escapeText(text: string, charactersMax: number): string {
  const kept = text.length > charactersMax ? text.slice(0, charactersMax) : text;
  let escaped = '';
  let copiedTo = 0;
  for (let index = 0; index < kept.length; index += 1) {
    const code = kept.charCodeAt(index);
    if (!isUnsafe(code)) continue;
    escaped += kept.slice(copiedTo, index) + escapeOf(code);
    copiedTo = index + 1;
  }
  escaped += kept.slice(copiedTo);
  const leftOut = text.length - kept.length;
  return leftOut === 0 ? escaped : `${escaped}... (${leftOut} more characters)`;
}

const BACKSLASH = 0x5c;

function isUnsafe(code: number): boolean {
  return code === BACKSLASH || isUnsafeCode(code);
}

function escapeOf(code: number): string {
  switch (code) {
    case BACKSLASH:
      return '\\\\';
    case 0x09:
      return '\\t';
    case 0x0a:
      return '\\n';
    case 0x0d:
      return '\\r';
    default:
      return code <= 0xff
        ? `\\x${code.toString(16).padStart(2, '0')}`
        : `\\u${code.toString(16).padStart(4, '0')}`;
  }
}
