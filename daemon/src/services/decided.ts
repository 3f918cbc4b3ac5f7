// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Subject } from '@sentrypeer/event';
import type { Clock } from '@sentrypeer/kernel';
import { readQuestion, type HomePlan, type NumberingPlans } from '@sentrypeer/numbers';
import type { KeptBlock, StoreReader } from '@sentrypeer/store';
import { Blocked, NeverListed } from '@sentrypeer/verdict';
import type { OwnAddresses } from './own-addresses.ts';

export interface DecidedPorts {
  readonly clock: Clock;
  readonly plans: NumberingPlans;
  readonly home: HomePlan | undefined;
  readonly evidence: Pick<
    StoreReader['evidence'],
    'decisionsCount' | 'allowances' | 'blocks' | 'fleetBlocks' | 'followedKinds' | 'isPoolHeard'
  >;
  /** Of this machine. */
  readonly own: OwnAddresses;
}

export interface DecidedOptions {
  readonly ownNumbers: readonly string[];
  /** In addition to those of this machine. */
  readonly ownAddresses: readonly string[];
  /** @default false */
  readonly listsDocumentation?: boolean;
}

/**
 * What the operator allowed and blocked, and whether hubs of a fleet or the pool say anything, kept up to date as it
 * changes.
 */
export class Decided {
  readonly #ports: DecidedPorts;
  readonly #options: DecidedOptions;
  #never: NeverListed | undefined;
  #blocked: Blocked | undefined;
  #blockedDigits: readonly BlockedDigits[] = [];
  #decisionsCount = -1;
  #followedKinds: ReadonlySet<Subject['kind']> = new Set();
  #isPoolHeard = false;
  /** Wall-clock microseconds at which the next allowance or block ends. */
  #endsAtUs = Infinity;
  /** Before that time, to which the clock may be set back, decisions were in force that have ended since. */
  #readAtUs = Infinity;
  #ownAtThatTime: readonly string[] = [];
  #askedAtMs = -1;

  constructor(ports: DecidedPorts, options: DecidedOptions) {
    this.#ports = ports;
    this.#options = options;
  }

  readonly never = (): NeverListed => this.#now().never;
  readonly blocked = (): Blocked => this.#now().blocked;
  /** Blocked digits that no plan knows and that mean another number where a home country is set. */
  readonly blockedDigits = (): readonly BlockedDigits[] => {
    this.#now();
    return this.#blockedDigits;
  };
  /** Of these what means the number. @param e164 Without its plus. */
  readonly blockedDigitsOf = (e164: string): readonly string[] =>
    this.blockedDigits().flatMap((one) => (one.e164 === e164 ? [one.digits] : []));
  /** What the digits mean at home, if they are among these. */
  readonly meaningOfBlocked = (digits: string): string | undefined =>
    this.blockedDigits().find((one) => one.digits === digits)?.e164;
  /** Hubs need not be asked about each subject of a kind of which they list none. */
  readonly isFollowed = (kind: Subject['kind']): boolean => {
    this.#now();
    return this.#followedKinds.has(kind);
  };
  /** If it is not, the pool need not be asked about each subject. */
  readonly isPoolHeard = (): boolean => {
    this.#now();
    return this.#isPoolHeard;
  };

  /** What is kept may have changed within this millisecond. */
  lookAgain(): void {
    this.#askedAtMs = -1;
  }

  #now(): { readonly never: NeverListed; readonly blocked: Blocked } {
    const { clock, plans, home, evidence, own } = this.#ports;
    let [never, blocked] = [this.#never, this.#blocked];
    const nowMs = Math.floor(clock.nowMs());
    // At most once per millisecond: a step of judging asks some hundred times.
    if (never !== undefined && blocked !== undefined && nowMs === this.#askedAtMs) {
      return { never, blocked };
    }
    this.#askedAtMs = nowMs;
    const count = evidence.decisionsCount();
    this.#followedKinds = evidence.followedKinds();
    this.#isPoolHeard = evidence.isPoolHeard();
    const ownNow = own.get();
    const nowUs = clock.epochUs();
    const isSame =
      count === this.#decisionsCount &&
      ownNow === this.#ownAtThatTime &&
      nowUs < this.#endsAtUs &&
      nowUs >= this.#readAtUs;
    if (never === undefined || blocked === undefined || !isSame) {
      const { ownAddresses, ownNumbers, listsDocumentation = false } = this.#options;
      const allowances = evidence.allowances().filter((one) => isInForce(one, nowUs));
      const blocks = blocksInForce(evidence, nowUs);
      never = new NeverListed(
        { plans, home },
        {
          ownAddresses: [...ownNow, ...ownAddresses],
          ownNumbers,
          listsDocumentation,
          allowances,
        },
      );
      blocked = new Blocked(blocks, never.networks());
      this.#never = never;
      this.#blocked = blocked;
      this.#blockedDigits = this.#readDigits(blocked);
      this.#decisionsCount = count;
      // What an ended decision covered may now be covered by another.
      this.#endsAtUs = Math.min(...[...allowances, ...blocks].map(endOf));
      this.#readAtUs = nowUs;
      this.#ownAtThatTime = ownNow;
    }
    return { never, blocked };
  }

  #readDigits(blocked: Blocked): readonly BlockedDigits[] {
    const { plans, home } = this.#ports;
    if (home === undefined) return [];
    return blocked.subjects().flatMap(({ kind, value }) => {
      if (kind !== 'number' || plans.read(value) !== undefined) return [];
      const [best] = readQuestion(plans, value, home).candidates;
      return best === undefined ? [] : [{ digits: value, e164: best.e164 }];
    });
  }
}

/** Digits that are blocked as they are dialled, and what telephones at home mean by them. */
export interface BlockedDigits {
  readonly digits: string;
  /** Without its plus. */
  readonly e164: string;
}

/** The operator's own decision takes precedence over the fleet's, as long as it holds. */
function blocksInForce(evidence: DecidedPorts['evidence'], nowUs: number): readonly KeptBlock[] {
  const own = evidence.blocks().filter((one) => isInForce(one, nowUs));
  const known = new Set(own.map(({ subject }) => `${subject.kind} ${subject.value}`));
  const ofFleet = evidence
    .fleetBlocks()
    .filter((one) => isInForce(one, nowUs))
    .filter(({ subject }) => !known.has(`${subject.kind} ${subject.value}`));
  return [...own, ...ofFleet];
}

interface Ending {
  readonly untilEpochUs: number | undefined;
}

function endOf({ untilEpochUs }: Ending): number {
  return untilEpochUs ?? Infinity;
}

/** What has ended is kept for a time, because a clock that is ahead may be put back. */
export function isInForce(word: Ending, nowUs: number): boolean {
  return nowUs < endOf(word);
}
