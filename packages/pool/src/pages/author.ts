// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { ClaimFacts } from '@sentrypeer/event';
import type { Random } from '@sentrypeer/kernel';
import {
  ENOUGH_VOICES,
  HELD_STATEMENTS_MAX,
  RESTATE_HOURS,
  SPEAK_LATER_S_MAX,
  SPEAK_LATER_S_MIN,
  SPEAK_S_MAX,
  VOICES_HURRIED,
} from '../limits.ts';
import type { Statement } from './compose.ts';
import { encodeSubject, type PoolSubject } from './subject.ts';
import type { Page, PageClaim } from './page.ts';
import { claimEndS } from './page-age.ts';

/** What this node knows about a subject from its own evidence. */
export interface Met {
  readonly subject: PoolSubject;
  /** Wall-clock microseconds. */
  readonly lastEpochUs: number;
  readonly facts: ClaimFacts;
  /** Independent networks of callers that proved to be there. */
  readonly networksCount: number;
}

export interface AuthorPorts {
  readonly random: Random;
  /** Number of others that claim the subject with a contact in this hour or later. */
  readonly othersCount: (subject: string, hour: number) => number;
}

const HOUR_US = 3_600_000_000;
const HOUR_S = 3600;
const DAY_HOURS = 24;

interface Held {
  readonly claim: PageClaim;
  readonly atS: number;
}

/**
 * Decides what this node says in the pool, and when: what few nodes say soon, what some say later, and what enough say
 * (RFC 6206 in spirit) only to its followers.
 */
export class Author {
  readonly #ports: AuthorPorts;
  readonly #waitSMax: number;
  readonly #held = new Map<string, Held>();
  readonly #drawn = new Uint8Array(4);

  /** @param waitSMax Longest wait, in seconds, for what few nodes say; with 0 everything is said at once. */
  constructor(ports: AuthorPorts, waitSMax: number) {
    this.#ports = ports;
    this.#waitSMax = waitSMax;
  }

  /** Number of statements waiting for their turn. */
  get heldCount(): number {
    return this.#held.size;
  }

  /** Takes what was met. Nothing that may not be said is kept. @param stated `statedHours()` of its pages. */
  hear(met: readonly Met[], stated: ReadonlyMap<string, number>, nowS: number): void {
    for (const each of met) {
      const claim = claimOf(each);
      const { value } = each.subject;
      if (claim === undefined || claimEndS(claim) <= nowS) continue;
      const before = stated.get(value);
      if (before !== undefined && claim.lastHour - before < RESTATE_HOURS) continue;
      const held = this.#held.get(value);
      if (held === undefined && this.#held.size >= HELD_STATEMENTS_MAX) continue;
      this.#held.set(value, { claim, atS: held?.atS ?? nowS + this.#waitS(value, nowS) });
    }
  }

  /** Takes what is to be said now. @param everything Includes what would otherwise wait. */
  take(nowS: number, everything = false): readonly Statement[] {
    const statements: Statement[] = [];
    for (const [value, { claim, atS }] of this.#held) {
      // A clock that was ahead may have set a time that is years away.
      const isWaiting = atS > nowS && atS <= nowS + SPEAK_LATER_S_MAX;
      if (isWaiting && !everything) continue;
      this.#held.delete(value);
      if (claimEndS(claim) <= nowS) continue;
      statements.push({ claim, isQuiet: this.#voices(value, nowS) >= ENOUGH_VOICES });
    }
    return statements;
  }

  #voices(subject: string, nowS: number): number {
    return this.#ports.othersCount(subject, Math.floor(nowS / HOUR_S) - DAY_HOURS);
  }

  /** The time of a statement could reveal who was met when, so it is random. */
  #waitS(subject: string, nowS: number): number {
    this.#ports.random.fill(this.#drawn);
    const share = new DataView(this.#drawn.buffer).getUint32(0) / 2 ** 32;
    const voices = this.#voices(subject, nowS);
    if (this.#waitSMax === 0) return 0;
    if (voices < VOICES_HURRIED) return Math.min(SPEAK_S_MAX, this.#waitSMax) * share;
    return SPEAK_LATER_S_MIN + (SPEAK_LATER_S_MAX - SPEAK_LATER_S_MIN) * share;
  }
}

/** The hour in each claim of the pages, by subject. */
export function statedHours(own: readonly Page[]): ReadonlyMap<string, number> {
  const hours = new Map<string, number>();
  for (const { claims } of own) {
    for (const { subject, lastHour } of claims) hours.set(subject.value, lastHour);
  }
  return hours;
}

/**
 * What may be said: addresses that proved to be there; numbers that came from two networks or on two days, because an
 * attacker who dials another number at each address would read in the pool which addresses are honeypots.
 */
function claimOf({ subject, lastEpochUs, facts, networksCount }: Met): PageClaim | undefined {
  const isSaid =
    subject.kind === 'address' ? facts.grade !== 'seen' : networksCount > 1 || facts.daysCount > 1;
  if (!isSaid || encodeSubject(subject) === undefined) return undefined;
  return { subject, lastHour: Math.floor(lastEpochUs / HOUR_US), facts };
}
