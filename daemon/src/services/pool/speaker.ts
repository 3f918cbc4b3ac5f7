// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { randomFillSync } from 'node:crypto';
import { judgedNetwork, networksOf } from '@sentrypeer/ip';
import { TokenBucket } from '@sentrypeer/kernel';
import type { NumberingPlans } from '@sentrypeer/numbers';
import {
  Author,
  composePages,
  statedHours,
  withdrawPages,
  type Met,
  type PageClaim,
  type PoolSubject,
} from '@sentrypeer/pool/pages';
import type { OwnFacts, PoolPage, PoolReader, StoreReader } from '@sentrypeer/store';
import { policyOf } from '@sentrypeer/verdict';
import type { Identity } from '../../identity.ts';
import {
  OWN_EVIDENCE_DAYS,
  OWN_EVIDENCE_ROWS,
  OWN_PAGES_BURST,
  OWN_PAGES_PER_HOUR,
} from './limits.ts';
import { ownPages, signedPages } from './check-page.ts';
import type { judgeOver, JudgeOptions } from '../open-judging.ts';

const HOUR_S = 3600;
const HOUR_US = 3_600_000_000;
const DAY_US = 24 * HOUR_US;

export interface SpeakerPorts {
  readonly pool: PoolReader;
  readonly evidence: StoreReader['evidence'];
  readonly identity: Identity;
  readonly judges: ReturnType<typeof judgeOver>;
  readonly plans: NumberingPlans;
  readonly policy: JudgeOptions['policy'];
  /** Longest wait, in seconds, for statements that few nodes make. */
  readonly waitSMax: number;
}

/** Says in the pool what this node has met. */
export class Speaker {
  readonly #ports: SpeakerPorts;
  readonly #author: Author;
  /** Up to which time evidence was read, in wall-clock microseconds. */
  #readUs: Readonly<Record<'addresses' | 'numbers', number>>;
  /** Serial of this node's newest page, as far as it is known here. */
  #serial: number;
  /** When it was read last, in wall-clock microseconds. */
  #nowUs: number;
  /** The hour that is stated of each subject, up to the page of this serial. */
  #stated: { readonly serial: number; readonly hours: ReadonlyMap<string, number> } | undefined;
  readonly #confidenceMin: number;
  readonly #rate: TokenBucket;
  #decisionsCount = -1;

  /** @param nowUs Wall-clock microseconds. */
  constructor(ports: SpeakerPorts, nowUs: number) {
    this.#ports = ports;
    const { pool, identity } = ports;
    this.#author = new Author(
      {
        random: { fill: (octets) => randomFillSync(octets) },
        othersCount: (subject, hour) => pool.othersCount(subject, hour),
      },
      ports.waitSMax,
    );
    const rate = { burst: OWN_PAGES_BURST, perSecond: OWN_PAGES_PER_HOUR / HOUR_S };
    this.#rate = new TokenBucket(rate, nowUs / 1000);
    const policy = policyOf(new Map(ports.policy.map(({ name, value }) => [name, value])));
    this.#confidenceMin = policy['number-confidence'];
    this.#serial = pool.ownSerial(identity.nodeId);
    this.#nowUs = nowUs;
    this.#readUs = readFrom(nowUs);
  }

  /** Reads some of what was met since. @returns Whether there is more. */
  listen(nowUs: number): boolean {
    const { pool } = this.#ports;
    if (this.#isReadAnew(nowUs)) this.#readUs = readFrom(nowUs);
    const addresses = pool.ownAddresses(this.#readUs.addresses, OWN_EVIDENCE_ROWS);
    const numbers = pool.ownNumbers(this.#readUs.numbers, OWN_EVIDENCE_ROWS);
    this.#readUs = {
      addresses: readUpTo(addresses, nowUs) ?? this.#readUs.addresses,
      numbers: readUpTo(numbers, nowUs) ?? this.#readUs.numbers,
    };
    const met = [...addresses, ...numbers].filter((one) => this.#maySay(one, nowUs));
    if (met.length > 0) {
      this.#author.hear(met, this.#statedHours(), Math.floor(nowUs / 1e6));
    }
    return [addresses, numbers].some(({ length }) => length === OWN_EVIDENCE_ROWS);
  }

  /** Read again when there is a newer page: a node that is being attacked meets somebody every second. */
  #statedHours(): ReadonlyMap<string, number> {
    const { pool, identity } = this.#ports;
    if (this.#stated?.serial !== this.#serial) {
      const hours = statedHours(ownPages(pool, identity.nodeId));
      this.#stated = { serial: this.#serial, hours };
    }
    return this.#stated.hours;
  }

  /** Pages with what is due to be said. @param everything Includes what would otherwise wait. */
  speak(networkId: number, nowUs: number, everything = false): readonly PoolPage[] {
    const { pool, identity } = this.#ports;
    const nowS = Math.floor(nowUs / 1e6);
    // Other nodes accept only a limited number of pages of one author, so a node with much to say gathers it.
    if (!everything && !this.#rate.has(1, nowUs / 1000)) return [];
    const statements = this.#author
      .take(nowS, everything)
      .filter(({ claim }) => !this.#isTakenBack(claim, nowUs));
    if (statements.length === 0) return [];
    const options = { networkId, nowS };
    const pages = composePages(ownPages(pool, identity.nodeId), statements, identity, options);
    if (pages.length > 0) this.#rate.spend(pages.length, nowUs / 1000);
    return this.#signed(pages);
  }

  /** Pages that take back what the operator has allowed or delisted since it was said. */
  takeBack(networkId: number, nowUs: number): readonly PoolPage[] {
    const { pool, identity, evidence } = this.#ports;
    const decisionsCount = evidence.decisionsCount();
    if (decisionsCount === this.#decisionsCount) return [];
    const own = ownPages(pool, identity.nodeId);
    const wrong = own.flatMap(({ claims }) =>
      claims.filter((claim) => this.#isTakenBack(claim, nowUs)),
    );
    this.#decisionsCount = decisionsCount;
    const subjects = new Set(wrong.map(({ subject }) => subject.value));
    const options = { networkId, nowS: Math.floor(nowUs / 1e6) };
    return this.#signed(withdrawPages(own, subjects, identity, options));
  }

  #signed(octets: readonly Uint8Array[]): readonly PoolPage[] {
    const pages = signedPages(octets);
    this.#serial = pages.at(-1)?.serial ?? this.#serial;
    return pages;
  }

  /**
   * Whether some of what was read may not be said any more: the clock was put back, or the newest page is not the one that
   * was written last, because pages of a clock that was ahead were removed, or because one of this key came from elsewhere.
   */
  #isReadAnew(nowUs: number): boolean {
    const wasAhead = nowUs < this.#nowUs - HOUR_US;
    this.#nowUs = nowUs;
    const { pool, identity } = this.#ports;
    const serial = pool.ownSerial(identity.nodeId);
    const isOther = serial !== this.#serial;
    this.#serial = serial;
    return wasAhead || isOther;
  }

  /** @param claim What was said, or would be. */
  #isTakenBack({ subject, lastHour }: PageClaim, nowUs: number): boolean {
    if (this.#guardOf(subject, nowUs) !== undefined) return true;
    const { kind, value } = subject;
    const entries = networksOf(value)?.map(({ text }) => text) ?? [value];
    // Events in the hour of the delisting may have come after it; then they are said again in the next hour.
    return entries.some((entry) => {
      const delisting = this.#ports.evidence.delisting({ kind, value: entry });
      return delisting !== undefined && lastHour * HOUR_US <= delisting.atEpochUs;
    });
  }

  #guardOf({ kind, value }: PoolSubject, nowUs: number): string | undefined {
    const never = this.#ports.judges.decided.never();
    if (kind === 'number') return never.e164(value, nowUs);
    const network = judgedNetwork(value);
    return network ? never.network(network, nowUs) : never.address(value, nowUs);
  }

  /** What the operator protects is not published, and digits that may mean another number would accuse that one. */
  #maySay(one: OwnFacts, nowUs: number): one is OwnFacts & Met {
    const { subject, confidence } = one;
    if (subject.kind === 'range') return false;
    const isSure = confidence * 100 >= this.#confidenceMin;
    if (subject.kind === 'number' && !(isSure && this.#ports.plans.read(subject.value)))
      return false;
    return this.#guardOf({ kind: subject.kind, value: subject.value }, nowUs) === undefined;
  }
}

function readFrom(nowUs: number): Readonly<Record<'addresses' | 'numbers', number>> {
  const sinceUs = nowUs - OWN_EVIDENCE_DAYS * DAY_US;
  return { addresses: sinceUs, numbers: sinceUs };
}

/** What a clock that was ahead dated later hides nothing of what is met now. */
function readUpTo(met: readonly OwnFacts[], nowUs: number): number | undefined {
  const last = met.at(-1)?.lastEpochUs;
  return last === undefined ? undefined : Math.min(last, nowUs);
}
