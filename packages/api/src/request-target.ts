// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { NUMBER_CHARACTERS_MAX } from './limits.ts';

const NUMBER_CHARACTERS = '0123456789*#';

/**
 * The target as a path with its query (RFC 9112 §3.2.1). A `#` never appears in a valid target, but clients send
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

/**
 * The authority in a target of the absolute form; `undefined` for others. "When an origin server receives a request
 * with an absolute-form of request-target, the origin server MUST ignore the received Host header field (if any) and
 * instead use the host information of the request-target" (RFC 9112 §3.2.2).
 */
export function authorityOf(target: string): string | undefined {
  const scheme = target.startsWith('/') ? -1 : target.indexOf('://');
  if (scheme < 0) return undefined;
  const rest = target.slice(scheme + 3);
  let end = 0;
  while (end < rest.length && !'/?#'.includes(rest.charAt(end))) end += 1;
  return rest.slice(0, end);
}

/** The text after the second slash of a path, decoded; `undefined` if an escape is broken. */
export function lastSegment(target: string): string | undefined {
  const query = target.indexOf('?');
  const path = query < 0 ? target : target.slice(0, query);
  try {
    return decodeURIComponent(path.slice(path.indexOf('/', 1) + 1)).trim();
  } catch {
    return undefined; // Malformed input; decodeURIComponent reports it only by throwing.
  }
}

/** A number as dialled, an optional `+` before digits, `*` and `#`; `undefined` if the text is not one. */
export function parseNumber(text: string): string | undefined {
  const digits = text.startsWith('+') ? text.slice(1) : text;
  if (digits === '' || text.length > NUMBER_CHARACTERS_MAX) return undefined;
  for (const digit of digits) if (!NUMBER_CHARACTERS.includes(digit)) return undefined;
  return text;
}
