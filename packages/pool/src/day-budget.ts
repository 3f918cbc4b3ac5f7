// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { BUDGET_SHARE_PER_SOURCE, BUDGET_SOURCES_MAX } from './limits.ts';

const DAY_US = 86_400_000_000;

/** How many octets were used on which day: plain data, fit for JSON. */
export interface BudgetState {
  /** Days since the epoch, UTC. */
  readonly day: number;
  readonly octets: number;
}

/** Octets that may be shared in a day, in total and by contacts of one source: an IPv4 address, an IPv6 /64. */
export class DayBudget {
  readonly #octetsMax: number;
  readonly #bySource = new Map<string, number>();
  #day = 0;
  #octets = 0;

  /** @param state Of an earlier run; an invalid state counts as nothing used. */
  constructor(octetsMax: number, state: unknown) {
    this.#octetsMax = octetsMax;
    if (typeof state !== 'object' || state === null) return;
    const { day, octets } = state as Readonly<Record<string, unknown>>;
    if (!Number.isSafeInteger(day) || !Number.isSafeInteger(octets)) return;
    this.#day = Number(day);
    this.#octets = Math.max(0, Number(octets));
  }

  state(nowEpochUs: number): BudgetState {
    this.#turn(nowEpochUs);
    return { day: this.#day, octets: this.#octets };
  }

  /** Spends them; returns `false` if fewer are left. */
  take(source: string, octets: number, nowEpochUs: number): boolean {
    this.#turn(nowEpochUs);
    const ofSource = (this.#bySource.get(source) ?? 0) + octets;
    if (this.#octets + octets > this.#octetsMax) return false;
    if (ofSource > this.#octetsMax * BUDGET_SHARE_PER_SOURCE) return false;
    if (this.#bySource.size >= BUDGET_SOURCES_MAX && !this.#bySource.has(source)) return false;
    this.#octets += octets;
    this.#bySource.set(source, ofSource);
    return true;
  }

  #turn(nowEpochUs: number): void {
    const day = Math.floor(nowEpochUs / DAY_US);
    if (day === this.#day) return;
    this.#day = day;
    this.#octets = 0;
    this.#bySource.clear();
  }
}
