// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** Wall-clock microseconds as `2026-11-24T16:00:00.000001Z` (RFC 3339). */
export function rfc3339(epochUs: number): string {
  const micros = String(epochUs % 1e6).padStart(6, '0');
  return `${new Date(Math.floor(epochUs / 1000)).toISOString().slice(0, 19)}.${micros}Z`;
}

/** The same of `YYYY-MM-DD HH:MM:SS.fff…`, UTC, whose fraction may have any length. */
export function rfc3339OfText(text: string): string {
  return `${text.slice(0, 10)}T${text.slice(11, 26)}Z`;
}
