// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { FleetListing, Subject } from '@sentrypeer/event';
import type { Clock, Logger } from '@sentrypeer/kernel';
import { sqlState } from '../connection.ts';
import { LEAD_MS, LISTING_SAY_MS, LISTINGS_COMPARE_MS, LISTINGS_MAX } from '../limits.ts';
import type { FleetSource, Lead, LeadPlace, PublishedPlace } from '../pull/fleet-source.ts';
import { NOT_LEADING } from '../schema/version-5.ts';
import { ClockOffset } from './clock-offset.ts';
import { listingEntry } from './listing-row.ts';

/** What this hub lists. */
export interface ListedHere {
  /** Starts to follow it, from the beginning. @param which Only what is refused, and what is no longer refused. */
  follow(which: 'all' | 'refused'): ListingPages;
  /** The entry for exactly this; `undefined` if there is none. */
  listing(subject: Subject): FleetListing | undefined;
  /** Whether the operator took it off the lists. */
  isDelisted(subject: Subject): boolean;
  /** Whether the judge has seen everything that was recorded when this was first asked. */
  hasJudged(honeyId: number): boolean;
  /** The newest recorded event. */
  lastHoneyId(): number;
}

/** The next page: the entries that it names, and whether everything has now been named. */
export interface ListingPage {
  readonly subjects: readonly Subject[];
  readonly isEnd: boolean;
  readonly isBegin: boolean;
}

interface ListingPages {
  /** `undefined` if there is nothing new. */
  next(limit: number): ListingPage | undefined;
}

/** The state of publishing. */
export interface PublishState {
  /** Whether this is the hub that decides at present. */
  readonly isLeading: boolean;
  /** The hub that decides; `undefined` before it is known, or if the database has no listings. */
  readonly leader: string | undefined;
  /** Whether this hub has compared everything in the fleet with what it lists. */
  readonly isWhole: boolean;
  /** Entries published since the start, including those that were no news. */
  readonly saidListings: number;
}

type Source = Pick<FleetSource, 'hasListings' | 'lead' | 'publish' | 'published'>;

const BEGIN: PublishedPlace = { kind: '', value: '' };

/** One turn as the hub that says what is listed. */
interface Turn {
  readonly term: number;
  readonly life: string;
  /**
   * What is refused comes before everything else: whoever dials a million numbers makes hubs watch them, and must not
   * hold up anything.
   */
  readonly refused: ListingPages;
  readonly pages: ListingPages;
  readonly beganMs: number;
  /** Subjects taken from the pages that may not have reached the fleet: they are said again. */
  unsaid: readonly Subject[];
  /** The event that must be judged before anything is removed; `undefined` until this hub has taken all events. */
  honeyId: number | undefined;
  /** Whether everything listed here was said. */
  isSaid: boolean;
  /** How far the fleet's entries were compared; `undefined` when that is done. */
  comparedTo: PublishedPlace | undefined;
}

/**
 * Tells the fleet what this hub lists, while it is the hub that decides. First everything, then each change; what only
 * the fleet has is removed when this hub has judged everything: one that is still catching up knows too little.
 */
export class Publisher {
  readonly #here: ListedHere;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #offset = new ClockOffset();
  #known: LeadPlace | undefined;
  #turn: Turn | undefined;
  #leader: string | undefined;
  #ledAtMs = Number.NEGATIVE_INFINITY;
  #wasCaughtUp = false;
  #saidListings = 0;
  #hasSaidOld = false;

  constructor(here: ListedHere, ports: { readonly logger: Logger; readonly clock: Clock }) {
    this.#here = here;
    this.#logger = ports.logger;
    this.#clock = ports.clock;
  }

  get state(): PublishState {
    const turn = this.#turn;
    return {
      isLeading: turn !== undefined,
      leader: this.#leader,
      isWhole: turn !== undefined && turn.comparedTo === undefined,
      saidListings: this.#saidListings,
    };
  }

  /**
   * Works for some time. @param isCaughtUp Whether this hub has taken all events. @returns Whether there is more.
   * Throws `OperatingError`.
   */
  async step(source: Source, isCaughtUp: boolean): Promise<boolean> {
    if (!source.hasListings) {
      this.#sayOld();
      return false;
    }
    const turn = await this.#lead(source, isCaughtUp);
    if (turn === undefined) return false;
    return this.#whileLeading(async () => {
      const untilMs = this.#clock.nowMs() + LISTING_SAY_MS;
      do {
        const isMore =
          (await this.#sayRefused(source, turn)) ||
          (await this.#say(source, turn)) ||
          (await this.#compare(source, turn));
        if (!isMore) return false;
      } while (this.#clock.nowMs() < untilMs);
      return true;
    });
  }

  /**
   * Publishes the next refused entries, between two steps. If another hub leads, the database is not asked. Throws
   * `OperatingError`.
   */
  async sayRefused(source: Source): Promise<void> {
    const turn = this.#turn;
    if (turn !== undefined) await this.#whileLeading(() => this.#sayRefused(source, turn));
  }

  async #whileLeading(work: () => Promise<boolean>): Promise<boolean> {
    try {
      return await work();
    } catch (error) {
      if (sqlState(error) !== NOT_LEADING) throw error;
      this.#turn = undefined; // Another hub took over at this moment.
      this.#ledAtMs = Number.NEGATIVE_INFINITY;
      return false;
    }
  }

  /**
   * The turn of this hub, if it leads. This is only asked now and then: it holds for longer, and ends with the next
   * publication.
   */
  async #lead(source: Source, isCaughtUp: boolean): Promise<Turn | undefined> {
    const nowMs = this.#clock.nowMs();
    if (nowMs >= this.#ledAtMs + LEAD_MS || isCaughtUp !== this.#wasCaughtUp) {
      await this.#askToLead(source, isCaughtUp);
      this.#ledAtMs = nowMs;
      this.#wasCaughtUp = isCaughtUp;
    }
    if (isCaughtUp && this.#turn !== undefined) {
      this.#turn.honeyId ??= this.#here.lastHoneyId();
    }
    return this.#turn;
  }

  async #askToLead(source: Source, isCaughtUp: boolean): Promise<void> {
    const lead = await source.lead(this.#known, isCaughtUp);
    this.#offset.look(lead.nowEpochUs, this.#clock.epochUs());
    if (lead.hub !== this.#leader) this.#logger.info('fleet_listings_led', { hub: lead.hub });
    this.#leader = lead.hub;
    this.#known = { life: lead.life, last: lead.last };
    if (!lead.isLeading) {
      this.#turn = undefined;
      return;
    }
    if (isNewTurn(this.#turn, lead, this.#clock.nowMs())) {
      this.#turn = {
        term: lead.term,
        life: lead.life,
        refused: this.#here.follow('refused'),
        pages: this.#here.follow('all'),
        beganMs: this.#clock.nowMs(),
        unsaid: [],
        honeyId: undefined,
        isSaid: false,
        comparedTo: BEGIN,
      };
    }
  }

  /** Publishes the next refused entries. @returns Whether there were any. */
  async #sayRefused(source: Source, turn: Turn): Promise<boolean> {
    if (turn.unsaid.length > 0) await this.#sayPage(source, turn, turn.unsaid);
    const page = turn.refused.next(LISTINGS_MAX);
    if (page === undefined) return false;
    await this.#sayPage(source, turn, page.subjects);
    return true;
  }

  /** Publishes the next entries. @returns Whether there were any. */
  async #say(source: Source, turn: Turn): Promise<boolean> {
    const page = turn.pages.next(LISTINGS_MAX);
    if (page === undefined) return false;
    if (page.isBegin) turn.isSaid = false; // It fell behind its own changes: everything comes again.
    if (page.isEnd) {
      turn.isSaid = true;
      turn.comparedTo ??= BEGIN;
    }
    await this.#sayPage(source, turn, page.subjects);
    return true;
  }

  /** A page comes once, so it is kept until the fleet has it: the connection may break in between. */
  async #sayPage(source: Source, turn: Turn, subjects: readonly Subject[]): Promise<void> {
    turn.unsaid = subjects;
    await this.#publish(source, turn, subjects);
    turn.unsaid = [];
  }

  /** Removes what only the fleet has. @returns Whether there may be more. */
  async #compare(source: Source, turn: Turn): Promise<boolean> {
    const { comparedTo, isSaid } = turn;
    if (comparedTo === undefined || !isSaid || !this.#mayTakeOff(turn)) return false;
    const subjects = await source.published(comparedTo, LISTINGS_MAX);
    const gone = subjects.filter((subject) => this.#here.listing(subject) === undefined);
    await this.#publish(source, turn, gone);
    const last = subjects.at(-1);
    turn.comparedTo = subjects.length < LISTINGS_MAX ? undefined : last;
    return turn.comparedTo !== undefined;
  }

  #mayTakeOff({ honeyId }: Turn): boolean {
    return honeyId !== undefined && this.#here.hasJudged(honeyId);
  }

  async #publish(source: Source, turn: Turn, subjects: readonly Subject[]): Promise<void> {
    const mayTakeOff = this.#mayTakeOff(turn);
    const nowUs = this.#clock.epochUs();
    // A statement may change a row only once.
    const once = new Map(subjects.map((subject) => [`${subject.kind} ${subject.value}`, subject]));
    const listings = [...once.values()].flatMap((subject) => {
      const listing = this.#here.listing(subject);
      if (listing !== undefined) return [listing];
      return mayTakeOff ? [this.#takenOff(subject, nowUs)] : [];
    });
    if (listings.length === 0) return;
    const last = await source.publish(
      turn.term,
      listings.map((listing) => listingEntry(listing, this.#offset.us)),
    );
    this.#known = { life: turn.life, last };
    this.#saidListings += listings.length;
  }

  #takenOff(subject: Subject, nowUs: number): FleetListing {
    return {
      ...subject,
      level: 'none',
      score: 0,
      grade: 'seen',
      reasons: [],
      sinceEpochUs: nowUs,
      untilEpochUs: nowUs,
      firstSeenEpochUs: 0,
      lastSeenEpochUs: 0,
      eventsCount: 0,
      isBlocked: false,
      isDelisted: this.#here.isDelisted(subject),
    };
  }

  #sayOld(): void {
    if (this.#hasSaidOld) return;
    this.#hasSaidOld = true;
    this.#logger.warn('fleet_listings_wait', {
      why: 'the database of the fleet is of an older version: run sentrypeer fleet migrate; until then sensors and followers do not hear what is listed',
    });
  }
}

function isNewTurn(turn: Turn | undefined, lead: Lead, nowMs: number): boolean {
  if (turn === undefined || turn.term !== lead.term || turn.life !== lead.life) return true;
  return nowMs - turn.beganMs > LISTINGS_COMPARE_MS && turn.comparedTo === undefined;
}
