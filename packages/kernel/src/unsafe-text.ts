// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/**
 * Whether a UTF-16 code could change what a terminal shows or where a line ends: C0 and C1 controls (ISO 6429), DEL, and
 * Unicode's line breaks, directions and invisible characters.
 */
export function isUnsafeCode(code: number): boolean {
  if (code < 0x20) return true;
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

/**
 * The same JSON (RFC 8259 §7), with all characters escaped for which {@link isUnsafeCode} is true; `JSON.stringify`
 * escapes only C0.
 */
export function terminalSafeJson(json: string): string {
  let safe = '';
  let copiedTo = 0;
  for (let index = 0; index < json.length; index += 1) {
    const code = json.charCodeAt(index);
    if (code < 0x7f || !isUnsafeCode(code)) continue;
    safe += `${json.slice(copiedTo, index)}\\u${code.toString(16).padStart(4, '0')}`;
    copiedTo = index + 1;
  }
  return copiedTo === 0 ? json : safe + json.slice(copiedTo);
}
