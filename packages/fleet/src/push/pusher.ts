// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { settlesWithin } from '@sentrypeer/follow';
import { assert, OperatingError, type Clock, type Logger } from '@sentrypeer/kernel';
import type { FleetAddress } from '../address.ts';
import { sqlState, STATEMENT_TIMEOUT } from '../connection.ts';
import { FleetOutage } from '../fleet-outage.ts';
import {
  EXPIRED_SAID_MS,
  PUSH_ALIVE_MS,
  PUSH_CAREFUL_EVENTS,
  PUSH_EVENTS_MAX,
  PUSH_GATHER_MS,
  PUSH_IDLE_MS,
  PUSH_LOOK_MS,
  PUSH_MESSAGES_MAX,
  PUSH_MS_MAX,
  PUSH_REJOIN_MS,
  PUSH_REPEATS_MAX,
} from '../limits.ts';
import { Silence } from '../silence.ts';
import { FleetWriter, MARK_MOVED, type FleetSelf } from './fleet-writer.ts';
import type { Marks, PushedLog } from './log.ts';
import { Pause } from './pause.ts';
import { isRowRefused, retryMs } from './push-failure.ts';

export interface PusherPorts {
  readonly log: PushedLog;
  readonly logger: Logger;
  readonly clock: Clock;
  /** From 0 to below 1. */
  readonly random: () => number;
}

export interface PusherOptions {
  readonly address: FleetAddress;
  readonly self: FleetSelf;
  /** Whether rows have their raw message, which may be long. */
  readonly hasMessages: boolean;
}

/** The state of pushing. */
export interface PushState {
  /** Why nothing is pushed at present, for a person. */
  readonly trouble: string | undefined;
  readonly isConnected: boolean;
  readonly pushedEvents: number;
  readonly pushedRepeats: number;
  readonly failures: number;
  /** Events that the fleet did not accept, and that were left out. */
  readonly refusedEvents: number;
  /** Counts the lives of this log. */
  readonly epoch: number;
  /** Wall-clock microseconds; `undefined` before the first. */
  readonly pushedEpochUs: number | undefined;
}

/**
 * Follows a log and pushes it to a fleet, in batches, each exactly once; whatever happens to the fleet, it continues.
 */
export class Pusher {
  readonly #ports: PusherPorts;
  readonly #options: PusherOptions;
  readonly #outage: FleetOutage;
  readonly #pause = new Pause();
  #writer: FleetWriter | undefined;
  #marks: Marks | undefined;
  #state: PushState = {
    trouble: undefined,
    isConnected: false,
    pushedEvents: 0,
    pushedRepeats: 0,
    failures: 0,
    refusedEvents: 0,
    epoch: 0,
    pushedEpochUs: undefined,
  };
  readonly #silence = new Silence();
  #eventsMax: number;
  #joinedAtMs = Number.NEGATIVE_INFINITY;
  /** When the last push began, monotonic, and whether it had all that fits into one. */
  #beganAtMs = Number.NEGATIVE_INFINITY;
  #isFull = false;
  /** Whether only its mark moved: a hub pushes none of what it takes from others. */
  #isEmpty = false;
  /** Whether a push took longer than a statement may take: then they grow slowly. */
  #isCareful = false;
  #failuresInRow = 0;
  /** The next push is a single event that the fleet refuses: only the mark moves. */
  #isSkipping = false;
  #expiredCount = 0;
  #expiredSaidMs = Number.NEGATIVE_INFINITY;
  #isClosing = false;
  #wakeAtMs = Number.POSITIVE_INFINITY;
  readonly #running: Promise<void>;

  constructor(ports: PusherPorts, options: PusherOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#eventsMax = this.#shareMax;
    const names = { failed: 'fleet_push_failed', over: 'fleet_push_resumed' };
    this.#outage = new FleetOutage(ports.logger, options.address, names);
    this.#running = this.#run();
  }

  get state(): PushState {
    return this.#state;
  }

  /** Rejects if a bug ended it. */
  get running(): Promise<void> {
    return this.#running;
  }

  /** The log has new events. */
  wake(): void {
    this.#wakeAtMs = this.#ports.clock.nowMs();
    this.#pause.wake();
  }

  /** Pushes what there is, within a deadline; the rest waits for the next start. */
  async close(ms: number): Promise<void> {
    this.#isClosing = true;
    this.#pause.end();
    if (!(await settlesWithin(this.#running, ms))) this.#writer?.destroy();
    await this.#leave();
  }

  get #shareMax(): number {
    return this.#options.hasMessages ? PUSH_MESSAGES_MAX : PUSH_EVENTS_MAX;
  }

  async #run(): Promise<void> {
    let hasArrived = false;
    for (;;) {
      try {
        const marks = await this.#step(hasArrived);
        hasArrived = marks !== undefined;
        if (marks === undefined && this.#isClosing) return;
        if (marks === undefined) await this.#idle();
        else await this.#gather();
      } catch (error) {
        if (!(error instanceof OperatingError)) throw error;
        hasArrived = false; // The fleet will tell.
        await this.#failed(error);
        if (this.#isClosing) return;
      }
    }
  }

  /** @returns What was pushed; `undefined` if there was nothing. */
  async #step(hasArrived: boolean): Promise<Marks | undefined> {
    const { log, clock } = this.#ports;
    // A node that is never quiet also makes partitions, and notices that the fleet became too new for it.
    if (clock.nowMs() > this.#joinedAtMs + PUSH_REJOIN_MS) await this.#leave();
    const writer = this.#writer ?? (await this.#silence.during(() => this.#join()));
    this.#wakeAtMs = Number.POSITIVE_INFINITY;
    this.#beganAtMs = clock.nowMs();
    const share = { events: this.#eventsMax, repeats: PUSH_REPEATS_MAX };
    const marks = await log.next(share, hasArrived);
    this.#marks = marks;
    if (marks.pushing === marks.pushed && marks.repeatsPushing === marks.repeatsPushed) {
      this.#silence.ends();
      this.#succeeded();
      return undefined;
    }
    const found = log.rows(marks);
    const rows = this.#isSkipping ? { ...found, events: [] } : found;
    const { events, repeats, missing } = await this.#silence.during(() =>
      this.#inTime(writer, writer.push(marks, rows)),
    );
    this.#isFull = events >= share.events || repeats >= share.repeats;
    this.#isEmpty = events + repeats === 0 && !this.#isSkipping;
    this.#isSkipping = false;
    this.#expired(marks, missing);
    const { pushedEvents, pushedRepeats } = this.#state;
    this.#change({
      pushedEvents: pushedEvents + events,
      pushedRepeats: pushedRepeats + repeats,
      pushedEpochUs: this.#ports.clock.epochUs(),
    });
    const grown = this.#isCareful ? this.#eventsMax + PUSH_CAREFUL_EVENTS : this.#eventsMax * 2;
    this.#eventsMax = Math.min(grown, this.#shareMax);
    if (grown >= this.#shareMax) this.#isCareful = false;
    this.#succeeded();
    return marks;
  }

  /** Connects, and learns where to continue. */
  async #join(): Promise<FleetWriter> {
    const { log, logger } = this.#ports;
    const { address, self } = this.#options;
    const writer = await FleetWriter.open(address, this.#ports.clock, (error) =>
      this.#fellSilent(error),
    );
    try {
      const known = await log.open();
      const place = await this.#inTime(writer, writer.openLog(known, self));
      await log.resume(place);
      if (known.epoch > 0 && place.epoch !== known.epoch) {
        logger.warn('fleet_epoch_began', {
          epoch: place.epoch,
          why: 'the database file was restored or copied, or another node works under this name',
        });
      } else if (place.mark < known.pushed) {
        logger.warn('fleet_went_back', { from: known.pushed, to: place.mark });
      }
      this.#writer = writer;
      this.#joinedAtMs = this.#ports.clock.nowMs();
      this.#change({ isConnected: true, epoch: place.epoch });
      return writer;
    } catch (error) {
      await writer.close();
      throw error;
    }
  }

  /**
   * The first event after a pause is pushed at once. Those that arrive next are collected, so that a push has more of
   * them; nothing is collected while more waits than fits into one. If a push only moved the mark, the next one takes
   * its time: what a hub takes from others wakes it ten times a second.
   */
  async #gather(): Promise<void> {
    const gatherMs = this.#isEmpty ? PUSH_LOOK_MS : PUSH_GATHER_MS;
    const leftMs = this.#beganAtMs + gatherMs - this.#ports.clock.nowMs();
    if (!this.#isFull && leftMs > 0) await this.#pause.patiently(leftMs);
  }

  /** Waits for events. If it is quiet, leaves the server and comes back to show that it is alive. */
  async #idle(): Promise<void> {
    const { clock, log } = this.#ports;
    const sinceMs = clock.nowMs();
    let lookAtMs = sinceMs + PUSH_LOOK_MS;
    for (;;) {
      const nowMs = clock.nowMs();
      if (this.#isClosing || nowMs >= this.#wakeAtMs) return;
      // Nothing wakes us if only a count was added to a row.
      if (nowMs >= lookAtMs) {
        if (this.#marks !== undefined && log.hasMore(this.#marks)) return;
        lookAtMs = nowMs + PUSH_LOOK_MS;
      }
      const leaveInMs = sinceMs + PUSH_IDLE_MS - nowMs;
      if (leaveInMs <= 0) await this.#leave();
      const aliveInMs = sinceMs + PUSH_ALIVE_MS - nowMs;
      if (aliveInMs <= 0) return; // Without a connection, the next step joins again.
      const waits = [this.#wakeAtMs - nowMs, lookAtMs - nowMs, aliveInMs];
      await this.#pause.for(Math.min(...waits));
    }
  }

  async #failed(error: OperatingError): Promise<void> {
    const { logger, random } = this.#ports;
    const state = sqlState(error);
    await this.#leave();
    this.#failuresInRow += 1;
    this.#change({ failures: this.#state.failures + 1, trouble: error.message });
    if (state === MARK_MOVED) {
      logger.warn('fleet_mark_moved', {
        why: 'another program pushes under the name of this node',
      });
    } else if (isRowRefused(state) && this.#isPushing()) {
      this.#around(error);
      return;
    } else {
      if (state === STATEMENT_TIMEOUT && this.#isPushing()) {
        this.#halve();
        this.#isCareful = true;
      }
      this.#outage.failed(error);
    }
    if (!this.#isClosing) await this.#pause.patiently(retryMs(this.#failuresInRow, random()));
  }

  #isPushing(): boolean {
    const marks = this.#marks;
    return marks !== undefined && marks.pushing > marks.pushed;
  }

  /**
   * The server refuses a row, which must not hold up the others: halves the push until one is left, and leaves that
   * out.
   */
  #around(error: OperatingError): void {
    const { logger } = this.#ports;
    const marks = this.#marks;
    assert(marks !== undefined, 'something was being pushed');
    if (this.#eventsMax > 1) {
      this.#halve();
      return;
    }
    logger.error('fleet_event_refused', { honey_id: marks.pushing, why: error.message });
    this.#change({ refusedEvents: this.#state.refusedEvents + 1 });
    this.#isSkipping = true;
  }

  /** The next push has half of what this one has. */
  #halve(): void {
    const { pushing = 0, pushed = 0 } = this.#marks ?? {};
    this.#eventsMax = Math.max(1, Math.floor(Math.min(pushing - pushed, this.#eventsMax) / 2));
  }

  /** It is still waited for, but whoever looks at this node is told. */
  #fellSilent(error: OperatingError): void {
    this.#silence.begins();
    this.#change({ trouble: error.message });
    this.#outage.failed(error);
  }

  /** Events were removed before they were pushed. Before the first push that is only what the log had lost long ago. */
  #expired({ pushed }: Marks, count: number): void {
    if (pushed > 0) this.#expiredCount += count;
    const nowMs = this.#ports.clock.nowMs();
    if (this.#expiredCount === 0 || nowMs < this.#expiredSaidMs + EXPIRED_SAID_MS) return;
    this.#ports.logger.warn('fleet_events_expired', { events: this.#expiredCount });
    this.#expiredCount = 0;
    this.#expiredSaidMs = nowMs;
  }

  #succeeded(): void {
    this.#failuresInRow = 0;
    if (this.#silence.isOn) return;
    if (this.#state.trouble !== undefined) this.#change({ trouble: undefined });
    this.#outage.over();
  }

  async #inTime<T>(writer: FleetWriter, work: Promise<T>): Promise<T> {
    const timer = setTimeout(() => writer.destroy(), PUSH_MS_MAX);
    try {
      return await work;
    } finally {
      clearTimeout(timer);
    }
  }

  async #leave(): Promise<void> {
    const writer = this.#writer;
    this.#writer = undefined;
    if (this.#state.isConnected) this.#change({ isConnected: false });
    await writer?.close();
  }

  #change(change: Partial<PushState>): void {
    this.#state = { ...this.#state, ...change };
  }
}
