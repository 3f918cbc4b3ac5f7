// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { BoundedTable } from './bounded-table.ts';
import { PROOF_MS, SOURCE_LIFETIME_MS, SOURCES_MAX } from './limits.ts';

/** What is remembered of one source address. */
export interface Source {
  /** Monotonic time until which the source counts as proved. */
  provedUntilMs: number;
  /** Passwords tried under a nonce of ours. */
  guessesCount: number;
  /** Distinct numbers whose calls were refused. */
  readonly refusedNumbers: string[];
  /** Calls to a number that was refused before. */
  insistedCount: number;
  /** Beginning of the numbers whose calls are taken from now on. */
  acceptedPrefix: string | undefined;
}

/** The sources a thread remembers; forged ones cannot push out those that proved themselves. */
export class Sources {
  readonly #table = new BoundedTable<Source>({
    entriesMax: SOURCES_MAX,
    lifetimeMs: SOURCE_LIFETIME_MS,
  });

  isProved(address: string, nowMs: number): boolean {
    const source = this.#table.get(address, nowMs);
    return source !== undefined && source.provedUntilMs > nowMs;
  }

  /** Notes that this source gave back what only a receiver of our reply can know. */
  prove(address: string, nowMs: number): void {
    const source = this.#table.get(address, nowMs) ?? newSource();
    source.provedUntilMs = nowMs + PROOF_MS;
    this.#table.set(address, source, true, nowMs);
  }

  /** The entry of a source, made where there is none. */
  of(address: string, nowMs: number): Source {
    const source = this.#table.get(address, nowMs) ?? newSource();
    this.#table.set(address, source, source.provedUntilMs > nowMs, nowMs);
    return source;
  }
}

function newSource(): Source {
  return {
    provedUntilMs: Number.NEGATIVE_INFINITY,
    guessesCount: 0,
    refusedNumbers: [],
    insistedCount: 0,
    acceptedPrefix: undefined,
  };
}
