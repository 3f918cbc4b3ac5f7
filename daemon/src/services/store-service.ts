// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Decision, FleetListing, Trust } from '@sentrypeer/event';
import type { Clock, Logger } from '@sentrypeer/kernel';
import type { NodePlace } from '@sentrypeer/ip';
import { OperatingError, Outage } from '@sentrypeer/kernel';
import {
  NO_AGE_LIMIT_DAYS,
  RATE_DAYS_DEFAULT,
  RATE_DAYS_LONG,
  Recorder,
  rescueBatches,
  Store,
  type CursorPlace,
  type DeliveredEvent,
  type EndpointChange,
  type PageOutcome,
  type FleetDecision,
  type FleetMarks,
  type FleetPlace,
  type FleetShare,
  type FollowedTaken,
  type PlacedAddress,
  type PlacesProgress,
  type PoolPage,
  type ProvedNetwork,
} from '@sentrypeer/store';
import type { StoreTrouble } from '../engine.ts';
import { JudgeService } from './judge-service.ts';
import type { JudgeOptions } from './open-judging.ts';
import type { WriterCommands } from './writer-commands.ts';

/** As the operator configured it; plain data, so that it can be sent to a thread as a message. */
export interface StoreServiceOptions {
  readonly path: string;
  /** 0 removes nothing because of its age. */
  readonly retentionDays: number;
  /** Whether hourly sums are kept for a year. */
  readonly hasYearOfRates: boolean;
  /** 0 sets no limit. */
  readonly sizeMaxOctets: number;
  readonly diskFreeMinOctets: number;
  /** Cursors of endpoints; events after them are not removed, up to `owedMaxOctets`. */
  readonly owedCursors: readonly string[];
  readonly owedMaxOctets: number;
  /** Whether memory matters more than time. */
  readonly isSmall: boolean;
  readonly judge: JudgeOptions;
}

export interface StoreServicePorts {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Events up to this one can be read. */
  readonly onCommitted: (lastHoneyId: number) => void;
  /** The feed of listings has changes up to this serial. */
  readonly onListed: (serial: number) => void;
}

/** The storing thread: the database's only writer, and the timer for its group commits. */
export class StoreService implements WriterCommands {
  readonly #ports: StoreServicePorts;
  readonly #options: StoreServiceOptions;
  readonly #store: Store;
  readonly #recorder: Recorder;
  readonly #judge: JudgeService;
  readonly #releases = new Map<Uint8Array, () => void>();
  readonly #cursors: Outage;
  #timer: NodeJS.Timeout | undefined;
  #timerAtMs = Infinity;

  private constructor(ports: StoreServicePorts, store: Store, options: StoreServiceOptions) {
    this.#ports = ports;
    this.#options = options;
    const names = { failed: 'cursor_not_saved', over: 'cursors_saved_again' };
    this.#cursors = new Outage(ports.logger, 'warn', names);
    this.#store = store;
    this.#recorder = new Recorder({
      store,
      logger: ports.logger,
      listener: {
        onCommitted: (lastHoneyId) => {
          ports.onCommitted(lastHoneyId);
          this.#judge.wake();
        },
        onReleased: (batches) => {
          for (const batch of batches) {
            this.#releases.get(batch)?.();
            this.#releases.delete(batch);
          }
        },
      },
    });
    this.#judge = new JudgeService(
      {
        clock: ports.clock,
        logger: ports.logger,
        store,
        isBusy: () => this.#releases.size > 0,
        isSaturated: () => this.#recorder.isSaturated,
        onChanged: ports.onListed,
      },
      options.judge,
    );
    this.#step();
  }

  /** Opens, creates or migrates the database; throws `OperatingError` with nothing left open. */
  static open(ports: StoreServicePorts, options: StoreServiceOptions): StoreService {
    const store = Store.open(
      { ...ports, onAdded: ports.onCommitted },
      {
        path: options.path,
        retentionDays: options.retentionDays === 0 ? NO_AGE_LIMIT_DAYS : options.retentionDays,
        rateDays: rateDays(options),
        databaseOctetsMax: options.sizeMaxOctets === 0 ? Infinity : options.sizeMaxOctets,
        diskFreeOctetsMin: options.diskFreeMinOctets,
        owedCursors: options.owedCursors,
        owedOctetsMax: options.owedMaxOctets,
        isSmall: options.isSmall,
      },
    );
    return new StoreService(ports, store, options);
  }

  /** Why nothing is recorded at present, for a person; `undefined` while all is well. */
  get stall(): string | undefined {
    return this.#recorder.stall?.message;
  }

  /** What fails although recording works, for a person; `undefined` while all is well. */
  get trouble(): StoreTrouble | undefined {
    const failure = this.#recorder.maintenanceFailure ?? this.#judge.failure;
    if (failure === undefined) {
      const why = this.#store.diskTrouble;
      return why === undefined ? undefined : { why, isDamaged: false };
    }
    const isDamaged = failure.code === 'db_damaged' || failure.code === 'db_overwritten';
    return { why: failure.message, isDamaged };
  }

  /** Takes a batch; `release` is called when its memory may be used again. */
  offer(batch: Uint8Array, release: () => void): void {
    this.#releases.set(batch, release);
    this.#recorder.offer(batch);
    this.#step();
  }

  /** Records events of other nodes and returns how many were new; throws `OperatingError` if that is impossible now. */
  deliver(events: readonly DeliveredEvent[], cursors?: readonly CursorPlace[]): number {
    const { lastHoneyId, events: newCount } = this.#store.deliver(events, cursors);
    this.#ports.onCommitted(lastHoneyId);
    this.#judge.wake();
    return newCount;
  }

  /** Keeps what the operator thinks of another node or a network, or removes it. @returns Whether it is known. */
  setTrust(nodeId: string, trust: Trust | 'forgotten'): boolean {
    if (trust === 'forgotten') return this.#store.forget(nodeId);
    this.#store.setTrust(nodeId, trust);
    return true;
  }

  /** Keeps pages of the pool; throws `OperatingError` if that is impossible now. */
  addPages(pages: readonly PoolPage[], asSelf: boolean, told?: NodePlace): readonly PageOutcome[] {
    const outcomes = this.#store.addPages(pages, asSelf, told);
    this.#judge.wake();
    return outcomes;
  }

  /** Remembers in which networks nodes are; throws `OperatingError`. */
  proveNetworks(proved: readonly ProvedNetwork[]): void {
    this.#store.proveNetworks(proved);
    this.#judge.wake();
  }

  /** Writes what the operator decided; throws `OperatingError`. */
  decide(decision: Decision): void {
    this.#store.decide(decision);
    this.#judge.wake();
  }

  /** Adds places to the totals of countries and networks; throws `OperatingError` if that is impossible now. */
  place(places: readonly PlacedAddress[], progress: PlacesProgress): void {
    this.#store.place(places, progress);
  }

  /** Remembers the position of a consumer. If it cannot be written now, it is written with the next one. */
  saveCursor(name: string, honeyId: number): void {
    try {
      this.#store.saveCursor(name, honeyId);
      this.#cursors.over();
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error;
      this.#cursors.failed({ name, code: error.code, why: error.message });
    }
  }

  /** Records the results of deliveries; throws `OperatingError`. */
  changeEndpoint(change: EndpointChange): void {
    this.#store.changeEndpoint(change);
  }

  openFleet(isHub?: boolean): FleetMarks {
    return this.#store.openFleet(isHub);
  }

  resumeFleet(place: FleetPlace): FleetMarks {
    return this.#store.resumeFleet(place);
  }

  nextForFleet(share: FleetShare, hasArrived: boolean): FleetMarks {
    return this.#store.nextForFleet(share, hasArrived);
  }

  decisionsSent(id: number): void {
    this.#store.decisionsSent(id);
  }

  takeDecisions(decisions: readonly FleetDecision[], mark: number): readonly FleetDecision[] {
    const left = this.#store.takeDecisions(decisions, mark);
    this.#judge.wake();
    return left;
  }

  beginFollowing(life: string): void {
    this.#store.followed.begin(life);
  }

  takeListings(listings: readonly FleetListing[], serial: number): FollowedTaken {
    const taken = this.#store.followed.take(listings, serial);
    this.#judge.wake();
    return taken;
  }

  sweepListings(isAll: boolean): boolean {
    const isMore = this.#store.followed.sweep(isAll);
    this.#judge.wake();
    return isMore;
  }

  /** Records everything that was offered: in the database or, if it takes nothing, next to it; or logs what is lost. */
  drain(): void {
    const { clock, logger } = this.#ports;
    if (this.#recorder.flush(clock.nowMs())) return;
    const { waitingMessages = 0, droppedMessages = 0, message } = this.#recorder.stall ?? {};
    const { path, diskFreeMinOctets } = this.#options;
    try {
      const batches = this.#recorder.takeLeftOver();
      const options = { path, diskFreeOctetsMin: diskFreeMinOctets };
      const file = rescueBatches({ clock, logger }, options, batches);
      logger.error('events_saved_at_stop', {
        file,
        messages: waitingMessages,
        dropped_messages: droppedMessages,
        why: message,
        help: 'once the database is in order again, sentrypeer import takes them from that file',
      });
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error;
      const messages = waitingMessages + droppedMessages;
      logger.error('events_lost_at_stop', { messages, why: message, not_saved: error.message });
    }
  }

  /** Releases memory that only makes the next commit faster. */
  releaseMemory(): void {
    this.#store.releaseMemory();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#judge.close();
    this.#store.close();
  }

  readonly #step = (): void => {
    const nowMs = this.#ports.clock.nowMs();
    const nextAtMs = this.#recorder.step(nowMs);
    if (this.#timer !== undefined && nextAtMs === this.#timerAtMs) return;
    clearTimeout(this.#timer);
    this.#timerAtMs = nextAtMs;
    this.#timer = setTimeout(this.#onTimer, Math.max(0, nextAtMs - nowMs));
  };

  readonly #onTimer = (): void => {
    this.#timer = undefined;
    this.#step();
  };
}

/** Days for which hourly sums are kept: no longer than the events, unless the operator wants a year. */
function rateDays({ hasYearOfRates, retentionDays }: StoreServiceOptions): number {
  if (hasYearOfRates) return RATE_DAYS_LONG;
  return retentionDays === 0 ? RATE_DAYS_DEFAULT : Math.min(retentionDays, RATE_DAYS_DEFAULT);
}
