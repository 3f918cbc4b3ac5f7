// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { FleetListing } from '@sentrypeer/event';
import { settlesWithin } from '@sentrypeer/follow';
import { OperatingError, type Clock, type Logger } from '@sentrypeer/kernel';
import { formatFleetAddress, type FleetAddress } from '../address.ts';
import { FleetOutage } from '../fleet-outage.ts';
import { FOLLOW_MS, FOLLOW_SWEEP_MS, LISTINGS_MAX, STANDBY_SECONDS_MAX } from '../limits.ts';
import { Silence } from '../silence.ts';
import { Pause } from '../push/pause.ts';
import { retryMs } from '../push/push-failure.ts';
import { ClockOffset } from './clock-offset.ts';
import { LeftOut } from './left-out.ts';
import { readListing } from './listing-row.ts';
import { ListingSource, type ListingMark } from './listing-source.ts';

/** How far a node follows. */
export interface FollowPlace {
  readonly life: string;
  readonly serial: number;
}

/** Where a node keeps what the hubs list. */
interface ListingSink {
  /** `undefined` before the first time. */
  place(): FollowPlace | undefined;
  /** Number of listings that are kept; looks at all of them. */
  count(): number;
  /** Everything comes now; what was known before holds until everything was named. */
  begin(life: string): Promise<unknown>;
  /** Takes listings in order. @returns How many had no room, and how many are kept now. */
  take(
    listings: readonly FleetListing[],
    serial: number,
  ): Promise<{ readonly withoutRoom: number; readonly kept: number }>;
  /** Removes some of what was not named, or has ended. @returns Whether there is more. */
  sweep(): Promise<boolean>;
}

/** The state of following. */
export interface FollowState {
  readonly trouble: string | undefined;
  /** Listings of the fleet that this node has. */
  readonly listings: number;
  /** The newest change that was taken; 0 before the first. */
  readonly serial: number;
  /** Changes that were taken since the start. */
  readonly takenChanges: number;
  /** Listings that no hub of ours can have made, or for which there was no room. */
  readonly leftOut: number;
  /** Wall-clock microseconds at which it last knew that there was nothing newer. */
  readonly currentEpochUs: number | undefined;
  readonly failures: number;
}

export interface FollowerPorts {
  readonly sink: ListingSink;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: () => number;
}

/**
 * Takes what the hubs list into a node's own copy, change by change. While the database is away the copy remains valid,
 * each listing until its own end.
 */
export class Follower {
  readonly #ports: FollowerPorts;
  readonly #address: FleetAddress;
  readonly #outage: FleetOutage;
  readonly #pause = new Pause();
  readonly #offset = new ClockOffset();
  readonly #silence = new Silence();
  #place: FollowPlace | undefined;
  /** The serial at which the pass over everything ends; old entries have low serials, and none of them was missed. */
  #passTo = 0;
  /** Up to this serial, what is refused was taken already, ahead of what is only watched. */
  #refusedTo = 0;
  #source: ListingSource | undefined;
  #state: FollowState;
  #failuresInRow = 0;
  #sweepAtMs = Number.NEGATIVE_INFINITY;
  /** Whether the database is a standby that hears nothing of its primary. */
  #isCutOff = false;
  #hasSaidOld = false;
  #hasSaidFull = false;
  readonly #leftOut: LeftOut;
  #isClosing = false;
  readonly #running: Promise<void>;

  constructor(ports: FollowerPorts, address: FleetAddress) {
    this.#ports = ports;
    this.#address = address;
    this.#leftOut = new LeftOut(ports);
    this.#place = ports.sink.place();
    this.#state = {
      trouble: undefined,
      listings: ports.sink.count(),
      serial: this.#place?.serial ?? 0,
      takenChanges: 0,
      leftOut: 0,
      currentEpochUs: undefined,
      failures: 0,
    };
    const names = { failed: 'fleet_follow_failed', over: 'fleet_follow_resumed' };
    this.#outage = new FleetOutage(ports.logger, address, names);
    this.#running = this.#run();
  }

  get state(): FollowState {
    return this.#state;
  }

  /** Rejects if a bug ended it. */
  get running(): Promise<void> {
    return this.#running;
  }

  async close(ms: number): Promise<void> {
    this.#isClosing = true;
    this.#pause.end();
    if (!(await settlesWithin(this.#running, ms))) this.#source?.destroy();
    await this.#source?.close();
  }

  async #run(): Promise<void> {
    while (!this.#isClosing) {
      try {
        const isMore = await this.#silence.during(() => this.#round());
        if (!this.#silence.isOn && this.#source !== undefined && !this.#isCutOff) {
          this.#recovered();
        }
        this.#failuresInRow = 0;
        if (!isMore) await this.#pause.for(FOLLOW_MS);
      } catch (error) {
        if (!(error instanceof OperatingError)) throw error;
        await this.#failed(error);
      }
    }
  }

  /** One page of changes. @returns Whether there is more. */
  async #round(): Promise<boolean> {
    this.#source ??= await ListingSource.open(this.#address, (error) => this.#fellSilent(error));
    if (this.#source === undefined) return this.#waitForMigration();
    const mark = await this.#source.mark();
    this.#offset.look(mark.nowEpochUs, this.#ports.clock.epochUs());
    this.#isCutOff = this.#tellIfCutOff(mark);
    if (this.#isAheadOf(mark)) return false;
    const place = await this.#placeFor(mark);
    const rows =
      mark.last > place.serial ? await this.#source.changes(place.serial, LISTINGS_MAX) : [];
    const last = rows.at(-1);
    const serial = last === undefined ? mark.last : Number(last['serial']);
    if (rows.length === LISTINGS_MAX) await this.#takeRefused(this.#source, mark, serial);
    if (serial > place.serial) await this.#take(rows, serial);
    this.#leftOut.say();
    if (rows.length === LISTINGS_MAX) return true;
    if (!this.#isCutOff) this.#change({ currentEpochUs: this.#ports.clock.epochUs() });
    return this.#sweep();
  }

  async #waitForMigration(): Promise<boolean> {
    const why =
      'the database of the fleet is of an older version: run sentrypeer fleet migrate; until then this node does not hear what the hubs list';
    if (!this.#hasSaidOld) this.#ports.logger.warn('fleet_listings_wait', { why });
    this.#hasSaidOld = true;
    this.#change({ trouble: why });
    await this.#pause.for(retryMs(6, this.#ports.random())); // About 16 s.
    return false;
  }

  /** Where to continue; from the beginning if this node may have missed removals. */
  async #placeFor({ life, last, forgotten }: ListingMark): Promise<FollowPlace> {
    const known = this.#place;
    const isKnown =
      known !== undefined &&
      known.life === life &&
      known.serial <= last &&
      (known.serial >= forgotten || known.serial < this.#passTo);
    if (isKnown) return known;
    await this.#ports.sink.begin(life);
    this.#passTo = last;
    this.#sweepAtMs = Number.NEGATIVE_INFINITY;
    this.#refusedTo = 0;
    this.#place = { life, serial: 0 };
    return this.#place;
  }

  /**
   * Whoever dials a million numbers makes hubs watch them: what is refused, or no longer is, does not wait behind that.
   * Taking it again with the rest does nothing, because there is one row for each subject, as it is now.
   */
  async #takeRefused(source: ListingSource, { last }: ListingMark, after: number): Promise<void> {
    const from = Math.max(this.#refusedTo, after);
    if (from >= last || this.#place === undefined) return;
    const rows = await source.changes(from, LISTINGS_MAX, 'refused');
    const listings = rows.flatMap((row) => readListing(row, this.#offset.us) ?? []);
    if (listings.length > 0) await this.#ports.sink.take(listings, this.#place.serial);
    this.#refusedTo = rows.length < LISTINGS_MAX ? last : Number(rows.at(-1)?.['serial']);
  }

  async #take(rows: readonly Readonly<Record<string, unknown>>[], serial: number): Promise<void> {
    const listings: FleetListing[] = [];
    for (const row of rows) {
      const listing = readListing(row, this.#offset.us);
      if (listing !== undefined) listings.push(listing);
      else this.#leftOut.add(row);
    }
    const { withoutRoom, kept } = await this.#ports.sink.take(listings, serial);
    if (withoutRoom > 0) this.#sayFull();
    if (this.#place !== undefined) this.#place = { ...this.#place, serial };
    const { takenChanges, leftOut } = this.#state;
    this.#change({
      serial,
      listings: kept,
      takenChanges: takenChanges + rows.length,
      leftOut: leftOut + rows.length - listings.length + withoutRoom,
    });
  }

  /** @returns Whether there is more. */
  async #sweep(): Promise<boolean> {
    const nowMs = this.#ports.clock.nowMs();
    if (nowMs < this.#sweepAtMs) return false;
    const isMore = await this.#ports.sink.sweep();
    if (!isMore) {
      this.#sweepAtMs = nowMs + FOLLOW_SWEEP_MS;
      this.#change({ listings: this.#ports.sink.count() });
    }
    return isMore;
  }

  #sayFull(): void {
    if (this.#hasSaidFull) return;
    this.#hasSaidFull = true;
    this.#ports.logger.error('fleet_listings_full', {
      why: 'this node has no room for all that the hubs list: raise --db-size-max, or block whole networks if more than 20,000 are blocked',
    });
  }

  /** Whether this is a standby that lags: its primary has what is known here, so that must not be dropped. */
  #isAheadOf({ behindSeconds, life, last }: ListingMark): boolean {
    const known = this.#place;
    const isStandby = behindSeconds !== undefined;
    return isStandby && known !== undefined && known.life === life && known.serial > last;
  }

  /** What the standby has is still taken, but whoever looks at this node is told. @returns Whether it is cut off. */
  #tellIfCutOff({ behindSeconds = 0 }: ListingMark): boolean {
    if (behindSeconds <= STANDBY_SECONDS_MAX) return false;
    const place = formatFleetAddress(this.#address);
    this.#say(
      new OperatingError(
        'fleet_standby',
        `the fleet's database ${place} is a standby that has heard nothing of its primary for ${behindSeconds} s: what hubs have listed since is unknown here, unless no hub runs`,
      ),
    );
    return true;
  }

  /** It is still waited for, but whoever looks at this node is told. */
  #fellSilent(error: OperatingError): void {
    this.#silence.begins();
    this.#say(error);
  }

  #say(error: OperatingError): void {
    this.#change({ trouble: error.message });
    this.#outage.failed(error);
  }

  #recovered(): void {
    this.#change({ trouble: undefined });
    this.#outage.over();
  }

  async #failed(error: OperatingError): Promise<void> {
    const source = this.#source;
    this.#source = undefined;
    await source?.close();
    this.#failuresInRow += 1;
    this.#change({ failures: this.#state.failures + 1 });
    this.#say(error);
    await this.#pause.for(retryMs(this.#failuresInRow, this.#ports.random()));
  }

  #change(change: Partial<FollowState>): void {
    this.#state = { ...this.#state, ...change };
  }
}
