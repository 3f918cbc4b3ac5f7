// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { sourceKey } from '@sentrypeer/ip';
import { BoundedTable } from './bounded-table.ts';
import { PROOF_MS, PROVED_FLOWS_MAX, SOURCE_LIFETIME_MS, SOURCES_MAX } from './limits.ts';

interface ProvedFlow {
  readonly address: string;
  readonly port: number;
  untilMs: number;
}

/**
 * What is remembered about one source: an IPv4 address, or an IPv6 /64, within which an attacker changes addresses at
 * will.
 */
export interface Source {
  /** Monotonic time until which some flow of the source counts as proved. */
  provedUntilMs: number;
  /** The addresses and ports from which it proved itself, newest last. */
  readonly provedFlows: ProvedFlow[];
  /** Passwords tried under a nonce of ours. */
  guessesCount: number;
  /** Distinct numbers whose calls were refused. */
  readonly refusedNumbers: string[];
  /** Calls to a number that was refused before. */
  insistedCount: number;
  /** Start of the numbers whose calls are accepted from now on. */
  acceptedPrefix: string | undefined;
}

/** The sources a thread remembers; forged ones cannot push out those that proved themselves. */
export class Sources {
  readonly #table = new BoundedTable<Source>({
    entriesMax: SOURCES_MAX,
    lifetimeMs: SOURCE_LIFETIME_MS,
  });

  /**
   * Whether this address proved itself from this port. Proof from one port does not count for others: otherwise anybody
   * who knows that an address recently proved itself could send in its name.
   */
  isProved(address: string, port: number, nowMs: number): boolean {
    const source = this.#table.get(sourceKey(address), nowMs);
    const isKnown = source?.provedFlows.some(
      (flow) => flow.port === port && flow.address === address && flow.untilMs > nowMs,
    );
    return isKnown === true;
  }

  /** Notes that this source gave back, from this port, what only a receiver of our reply can know. */
  prove(address: string, port: number, nowMs: number): void {
    const key = sourceKey(address);
    const source = this.#table.get(key, nowMs) ?? newSource();
    const untilMs = nowMs + PROOF_MS;
    const flow = source.provedFlows.find((each) => each.port === port && each.address === address);
    if (flow !== undefined) flow.untilMs = untilMs;
    else {
      source.provedFlows.push({ address, port, untilMs });
      if (source.provedFlows.length > PROVED_FLOWS_MAX) source.provedFlows.shift();
    }
    source.provedUntilMs = untilMs;
    this.#table.set(key, source, true, nowMs);
  }

  /** The entry of a source, created if there was none. */
  of(address: string, nowMs: number): Source {
    const key = sourceKey(address);
    const source = this.#table.get(key, nowMs) ?? newSource();
    this.#table.set(key, source, source.provedUntilMs > nowMs, nowMs);
    return source;
  }
}

function newSource(): Source {
  return {
    provedUntilMs: Number.NEGATIVE_INFINITY,
    provedFlows: [],
    guessesCount: 0,
    refusedNumbers: [],
    insistedCount: 0,
    acceptedPrefix: undefined,
  };
}
