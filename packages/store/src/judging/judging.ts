// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync } from 'node:sqlite';
import type { Clock } from '@sentrypeer/kernel';
import { Counters } from '../totals/counters.ts';
import type { DiskGuard } from '../file/disk-guard.ts';
import { DueWork } from './due-work.ts';
import { EventLanes } from './event-lanes.ts';
import type { EvidenceReader, ListedSubject } from './evidence-reader.ts';
import { EvidenceWriter, type DialledReader } from './evidence-writer.ts';
import { NetworkListings } from './network-listings.ts';
import { JUDGE_ROWS, JUDGE_STEP_MS, LISTINGS_CHECK_MS, PROVED_STEPS_MAX } from '../limits.ts';
import { Listings, type ListingVerdict } from './listings.ts';
import { advanceSerial } from './serials.ts';
import { ALL, Sweep, type Reach } from './sweep.ts';
import { inTransaction } from '../file/transaction.ts';
import { Admissions } from '../pool/admissions.ts';
import type { Said } from '../pool/said-reader.ts';
import { Voters } from '../pool/voters.ts';

/** The parts that understand numbers and that judge; the store only keeps. */
export interface JudgingPorts {
  readonly numbers: DialledReader;
  /** The attack tool that a User-Agent names. */
  readonly toolOf: (userAgent: string) => string | undefined;
  /** Whether a call from an address of one site (loopback, private, link-local) proves something against a number. */
  readonly countsLocalCallers: boolean;
  /** Subjects are judged together from now on: until the next call nothing changes but their listings. */
  readonly begin: () => void;
  /** The verdict from what was stored at that time. */
  readonly verdict: (subject: ListedSubject, nowEpochUs: number) => ListingVerdict;
  /** What the operator's blocks put on lists within an IPv6 network, narrower than itself. */
  readonly blockedWithin: (network: string, nowEpochUs: number) => readonly ListedSubject[];
  /** Number of listed parts of an IPv6 network below which it is never listed. @param length Its bits, 48 or 56. */
  readonly partsNeeded: (length: number) => number;
  /** What an entry of the allowlist concerns; `undefined` if that is unknown. */
  readonly reachOf: (value: string) => Reach | undefined;
  /** Some subjects whose verdict changes for a reason other than themselves; each is named once. */
  readonly changed: () => readonly ListedSubject[];
  /** Whether enough voters of the pool name it. */
  readonly hasQuorum: (said: Said, nowEpochUs: number) => boolean;
  /** Different if the judge decides by other options, 0 to 2^53 - 1. */
  readonly optionsHash: number;
  /** The feed has a change with this serial, and it is committed. */
  readonly onChanged: (serial: number) => void;
}

/** What is left to do. */
export interface JudgingLeft {
  /** What followers wait for: proved events, and whatever an operator or the time changed. */
  readonly urgent: boolean;
  readonly rest: boolean;
}

interface JudgingParts {
  readonly database: DatabaseSync;
  readonly clock: Clock;
  readonly guard: DiskGuard;
  /** Decisions that ended until then may be removed, wall-clock microseconds. */
  readonly endedUs: () => number;
  readonly evidence: EvidenceReader;
  /** The most changes of listings that are kept. */
  readonly changesCountMax: number;
  /** The most rows of evidence against addresses that are kept. */
  readonly evidenceCountMax: number;
}

const NOTHING: JudgingLeft = { urgent: false, rest: false };
const URGENT: JudgingLeft = { urgent: true, rest: true };

/**
 * The owner of what is listed. It sums up evidence against addresses and numbers, and keeps listings and the stream of
 * their changes. Each step commits its evidence, its changes and its place in the log together, so however the program
 * ends, nothing is counted twice or left out. It works in small steps, after recording.
 */
export class Judging {
  readonly #parts: JudgingParts;
  readonly #ports: JudgingPorts;
  readonly #listings: Listings;
  readonly #networks: NetworkListings;
  readonly #lanes: EventLanes;
  readonly #due: DueWork;
  readonly #counters: Counters;
  readonly #admissions: Admissions;
  /** At the start: over all listings, and after a change of the options over all evidence. */
  #sweep: Sweep | undefined;
  /** Of the sweep, and of what changed: each is named once, so it is kept until its transaction has been committed. */
  #swept: readonly ListedSubject[] = [];
  #changed: readonly ListedSubject[] = [];
  #checkAtMs = Number.NEGATIVE_INFINITY;
  #isEventsTurn = true;
  /** Steps through proved events since the last look at what decisions and the time changed. */
  #provedSteps = 0;
  #toldSerial: number;

  constructor(parts: JudgingParts, ports: JudgingPorts) {
    const { database, changesCountMax } = parts;
    this.#parts = parts;
    this.#ports = ports;
    const counters = new Counters(database);
    this.#counters = counters;
    this.#admissions = new Admissions(database, ports.hasQuorum);
    advanceSerial(database);
    this.#listings = new Listings(database, counters, changesCountMax);
    const { evidence } = parts;
    const listings = this.#listings;
    this.#networks = new NetworkListings({
      ...ports,
      database,
      listings,
      evidence,
      judgeWithin: (network, isSaid) => {
        this.#due.addWithin(network, isSaid);
        this.#checkAtMs = Number.NEGATIVE_INFINITY;
      },
      waits: (network) => {
        this.#due.addWaiting(network);
        this.#checkAtMs = Number.NEGATIVE_INFINITY;
      },
    });
    this.#toldSerial = this.#listings.serial;
    const apply = (subjects: readonly ListedSubject[], nowUs: number): void =>
      this.#apply(subjects, nowUs);
    const writer = new EvidenceWriter(database, counters, ports.numbers, parts.evidenceCountMax);
    this.#lanes = new EventLanes({ database, writer, counting: ports, apply });
    const { hotNumbersCount } = ports.numbers;
    const resume = (network: string, nowUs: number): boolean =>
      this.#networks.resume(network, () => apply([addressOf(network)], nowUs));
    this.#due = new DueWork({ database, reachOf: ports.reachOf, hotNumbersCount, apply, resume });
    const before = database.prepare("SELECT value FROM counter WHERE name = 'judge_options'").get();
    const isAsBefore = before?.['value'] === ports.optionsHash;
    // What ended according to a clock that was set back since may not have ended.
    const isLater = listings.changedUs() <= parts.clock.epochUs();
    this.#sweep = new Sweep(database, ALL, isAsBefore && isLater ? 'listings' : undefined);
    if (!isAsBefore) inTransaction(database, () => new Voters(database, parts.clock).reconsider());
  }

  /** Some milliseconds of work; what followers wait for comes first. */
  step(): JudgingLeft {
    const { clock, guard } = this.#parts;
    if (guard.isFull()) return NOTHING;
    const startMs = clock.nowMs();
    let left: JudgingLeft = { urgent: true, rest: true };
    while ((left.urgent || left.rest) && clock.nowMs() - startMs < JUDGE_STEP_MS) {
      left = this.#whole(() => this.#some());
    }
    this.#tell();
    return left;
  }

  /** Some milliseconds of work on proved events only. @returns Whether there are more. */
  stepProved(): boolean {
    const { clock, guard } = this.#parts;
    if (guard.isFull()) return false;
    const startMs = clock.nowMs();
    let more = true;
    while (more && clock.nowMs() - startMs < JUDGE_STEP_MS) {
      more = this.#whole(() => this.#lanes.stepProved(clock.epochUs()));
    }
    this.#tell();
    return more;
  }

  #whole<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      this.#networks.rolledBack();
      throw error;
    }
  }

  #some(): JudgingLeft {
    const nowUs = this.#parts.clock.epochUs();
    if (this.#provedSteps < PROVED_STEPS_MAX && this.#lanes.stepProved(nowUs)) {
      this.#provedSteps += 1;
      return URGENT;
    }
    const isStarved = this.#provedSteps === PROVED_STEPS_MAX;
    this.#provedSteps = 0;
    if (isStarved) return this.#stepDue(nowUs) ? URGENT : this.#some();
    if (this.#check(nowUs)) return URGENT;
    // In a flood there are always more events; what must be looked at again continues all the same.
    this.#isEventsTurn = !this.#isEventsTurn;
    if (this.#isEventsTurn) {
      return { urgent: false, rest: this.#lanes.stepRest(nowUs) || this.#stepSweep(nowUs) };
    }
    return { urgent: false, rest: this.#stepSweep(nowUs) || this.#lanes.stepRest(nowUs) };
  }

  /** Checks now and then what decisions, retention and the time changed. @returns Whether there is more. */
  #check(nowUs: number): boolean {
    const { clock } = this.#parts;
    if (clock.nowMs() < this.#checkAtMs) return false;
    if (this.#stepDue(nowUs)) return true;
    this.#checkAtMs = clock.nowMs() + LISTINGS_CHECK_MS;
    return false;
  }

  /** Handles some of it. @returns Whether there is more. */
  #stepDue(nowUs: number): boolean {
    const { database } = this.#parts;
    this.#due.endDecisions(nowUs, this.#parts.endedUs());
    this.#listings.refresh();
    if (this.#changed.length === 0) this.#changed = this.#ports.changed();
    if (this.#changed.length > 0) {
      inTransaction(database, () => this.#apply(this.#changed, nowUs));
      this.#changed = [];
      return true;
    }
    if (this.#due.step(nowUs)) return true;
    const ended = this.#ended(nowUs);
    if (ended.length > 0) inTransaction(database, () => this.#apply(ended, nowUs));
    return ended.length >= JUDGE_ROWS;
  }

  /** Ends what has expired, as much as fits into one transaction. */
  #ended(nowUs: number): readonly ListedSubject[] {
    const networks = this.#networks.ended(nowUs, JUDGE_ROWS);
    const listings = this.#listings.ended(nowUs, JUDGE_ROWS - networks.length);
    return [...networks.map(addressOf), ...listings];
  }

  /** @returns Whether there is more. */
  #stepSweep(nowUs: number): boolean {
    if (this.#sweep === undefined) return false;
    const subjects = this.#swept.length > 0 ? this.#swept : this.#sweep.next();
    if (subjects === undefined) {
      this.#counters.set('judge_options', this.#ports.optionsHash);
      this.#sweep = undefined;
      return false;
    }
    this.#swept = subjects;
    inTransaction(this.#parts.database, () => this.#apply(subjects, nowUs));
    this.#swept = [];
    return true;
  }

  /** Within a transaction. */
  #apply(subjects: readonly ListedSubject[], nowUs: number): void {
    if (subjects.length === 0) return;
    if (this.#admissions.isAny()) {
      for (const { kind, value } of subjects) {
        if (kind !== 'range') this.#admissions.review(value, nowUs);
      }
    }
    this.#ports.begin();
    this.#listings.begin();
    const [networks, others] = [subjects.filter(isNetwork), subjects.filter((s) => !isNetwork(s))];
    if (networks.length > 0) {
      this.#networks.apply(
        networks.map(({ value }) => value),
        nowUs,
      );
    }
    for (const subject of others) {
      const verdict = this.#ports.verdict(subject, nowUs);
      const facts =
        verdict.level === undefined
          ? undefined
          : (verdict.facts ?? this.#parts.evidence.facts(subject));
      this.#listings.apply(subject, verdict, facts, nowUs);
    }
    this.#listings.finish();
  }

  #tell(): void {
    const { serial } = this.#listings;
    if (serial === this.#toldSerial) return;
    this.#toldSerial = serial;
    this.#ports.onChanged(serial);
  }
}

function addressOf(value: string): ListedSubject {
  return { kind: 'address', value };
}

/** IPv6 is listed by network, and narrower ones leave for wider ones. */
function isNetwork({ kind, value }: ListedSubject): boolean {
  return kind === 'address' && value.includes(':');
}
