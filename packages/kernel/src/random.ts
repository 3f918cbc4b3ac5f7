// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** Unpredictable octets; tests pass a seeded source. */
export interface Random {
  /** Fills the whole of `octets` and returns it. */
  fill(octets: Uint8Array): Uint8Array;
}
