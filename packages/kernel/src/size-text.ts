// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

const MEBIBYTE = 1_048_576;

/** A size for people, such as `15.6 MiB`: one decimal below 100. Negative sizes are `0 MiB`. */
export function formatMebibytes(octets: number): string {
  const size = Math.max(0, octets) / MEBIBYTE;
  return `${Number(size < 100 ? size.toFixed(1) : size.toFixed(0))} MiB`;
}
