// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { BOUNCER_RENEWAL_MS, BOUNCERS_COUNT_MAX } from '../limits.ts';

/** A client that pulls decisions, and its position. Bouncers do not send a position, so it is kept here. */
interface Bouncer {
  /** Name of its key. */
  readonly key: string;
  readonly address: string;
  /** Its User-Agent. */
  readonly userAgent: string;
  /** Wall-clock microseconds of its newest pull that was answered. */
  pulledEpochUs: number;
  /**
   * Serials of the last two answers; `undefined` before the first, or if the first one after our start was not a full
   * one.
   */
  last: number;
  beforeLast: number;
  /** Monotonic milliseconds at which it was last sent all entries. */
  allToldAtMs: number;
}

export type BouncerState = Pick<Bouncer, 'key' | 'address' | 'userAgent' | 'pulledEpochUs'> & {
  readonly serial: number;
};

type Identity = Pick<Bouncer, 'key' | 'address' | 'userAgent'> & {
  /** What it asks for: two programs with one key on one machine may ask for different things. */
  readonly query: string;
};

interface Told {
  readonly serial: number;
  readonly nowMs: number;
  readonly nowEpochUs: number;
  readonly isAll: boolean;
}

/** Positions of bouncers, only in memory: an unknown one is sent everything. */
export class Bouncers {
  /** By identity; the one whose last pull is oldest comes first. */
  readonly #known = new Map<string, Bouncer>();

  /**
   * The serial after which to send changes; `undefined` if it is to be sent everything. Each answer repeats the
   * previous one, because bouncers do not confirm its arrival; repeats do no harm.
   */
  after(identity: Identity, nowMs: number): number | undefined {
    const known = this.#known.get(keyOf(identity));
    // Entries that last longer than a list can express are sent again in time.
    if (known === undefined || nowMs - known.allToldAtMs >= BOUNCER_RENEWAL_MS) return undefined;
    return known.beforeLast;
  }

  /** An answer was sent completely. */
  told(identity: Identity, { serial, nowMs, nowEpochUs, isAll }: Told): void {
    const key = keyOf(identity);
    const known = this.#known.get(key);
    this.#known.delete(key);
    const [oldest] = this.#known.keys();
    if (oldest !== undefined && this.#known.size >= BOUNCERS_COUNT_MAX) this.#known.delete(oldest);
    const { key: name, address, userAgent } = identity;
    this.#known.set(key, {
      key: name,
      address,
      userAgent,
      pulledEpochUs: nowEpochUs,
      last: serial,
      beforeLast: isAll || known === undefined ? serial : known.last,
      allToldAtMs: isAll || known === undefined ? nowMs : known.allToldAtMs,
    });
  }

  /** The most recent puller comes first. */
  states(): readonly BouncerState[] {
    return [...this.#known.values()]
      .map(({ key, address, userAgent, pulledEpochUs, last }) => ({
        key,
        address,
        userAgent,
        pulledEpochUs,
        serial: last,
      }))
      .toReversed();
  }
}

function keyOf({ key, address, userAgent, query }: Identity): string {
  return JSON.stringify([key, address, userAgent, query]);
}
