// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { NUMBER_CHARACTERS_MAX } from './limits.ts';

const NUMBER_CHARACTERS = '0123456789*#';

/**
 * The target as a path with its query (RFC 9112 §3.2.1). A `#` never stands in a target but clients send
 * feature codes with it; it is part of the number, not the start of a fragment.
 */
export function originForm(target: string): string {
  const path = pathAndQuery(target);
  return path.includes('#') ? path.replaceAll('#', '%23') : path;
}

/** "A server MUST accept the absolute-form in requests" (RFC 9112 §3.2.2). */
function pathAndQuery(target: string): string {
  if (target.startsWith('/')) return target;
  const scheme = target.indexOf('://');
  const slash = scheme < 0 ? -1 : target.indexOf('/', scheme + 3);
  return slash < 0 ? '/' : target.slice(slash);
}

/** The text after the second slash of a path, decoded; `undefined` if an escape is broken. */
export function lastSegment(target: string): string | undefined {
  const query = target.indexOf('?');
  const path = query < 0 ? target : target.slice(0, query);
  try {
    return decodeURIComponent(path.slice(path.indexOf('/', 1) + 1)).trim();
  } catch {
    return undefined; // A client's nonsense; the only way this function has to say so.
  }
}

/** A number as dialled, an optional `+` before digits, `*` and `#`; `undefined` if the text is not one. */
export function parseNumber(text: string): string | undefined {
  const digits = text.startsWith('+') ? text.slice(1) : text;
  if (digits === '' || text.length > NUMBER_CHARACTERS_MAX) return undefined;
  for (const digit of digits) if (!NUMBER_CHARACTERS.includes(digit)) return undefined;
  return text;
}
