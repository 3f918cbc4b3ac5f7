// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/**
 * Text of anybody's as one line that is safe on a terminal and in a log: control characters, line breaks
 * and what turns the direction of writing are written as escapes, and a backslash as two, so that no
 * text can look like another's escape. Cut to `charactersMax`, with the count of what was left out.
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

/** C0 and C1 controls (ISO 6429), DEL, backslash, and Unicode's line breaks, directions and invisible characters. */
function isUnsafe(code: number): boolean {
  if (code < 0x20 || code === BACKSLASH) return true;
  if (code < 0x7f) return false;
  if (code <= 0x9f) return true;
  if (code < 0x061c) return false;
  return (
    code === 0x061c || // Arabic letter mark
    (code >= 0x200b && code <= 0x200f) || // zero width and direction marks
    (code >= 0x2028 && code <= 0x202e) || // line and paragraph separator, embeddings, overrides
    (code >= 0x2060 && code <= 0x206f) || // invisible operators, isolates
    code === 0xfeff
  );
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
