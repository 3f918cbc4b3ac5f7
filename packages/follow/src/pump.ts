// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { setImmediate as nextTurn } from 'node:timers/promises';
import { errorCode, OperatingError, Outage, type Clock, type Logger } from '@sentrypeer/kernel';
import { doubledMs } from './back-off.ts';
import { settlesWithin } from './deadline.ts';
import { BATCH_ENTRIES_MAX, CLOSE_MS_MAX, CLOSE_SINK_MS_MAX, EXPIRED_SAID_MS } from './limits.ts';
import type { CursorSink, Log } from './log.ts';

/** The destination of a pump. No method except `close` is called before the previous call's promise has settled. */
export interface Sink<Entry> {
  /**
   * Opens what is closed, after releasing what is broken. @returns The id after which to continue: the given one, or a
   * later one if the sink finds that it already has more.
   */
  resume(settledId: number): Promise<number>;
  /** Takes the entries in order. If it rejects, any of them may have been taken. */
  write(entries: readonly Entry[]): Promise<void>;
  /** Resolves when everything written has safely arrived. */
  settle(): Promise<void>;
  /** Releases everything, even during another call. */
  close(): Promise<void>;
}

export interface PumpPorts<Entry> {
  readonly log: Log<Entry>;
  readonly cursors: CursorSink;
  readonly logger: Logger;
  readonly clock: Clock;
}

export interface PumpOptions {
  /** The cursor's name (`cursor-names.ts`), and the follower's in our own log. */
  readonly name: string;
  /** Milliseconds after which written entries are settled. */
  readonly settleMs: number;
  /** Entries after which it is settled at the latest. */
  readonly settleEntriesMax: number;
  /** @default RETRY_MS_MIN */
  readonly retryMsMin?: number;
  /** @default CLOSE_MS_MAX */
  readonly closeMsMax?: number;
  /** Milliseconds to wait after that many consecutive failures. @default doubled each time, up to RETRY_MS_MAX */
  readonly backOffMs?: (failuresCount: number) => number;
  /** Entries were removed from the log before the sink got them. */
  readonly onExpired?: (count: number) => void;
}

/**
 * Carries entries from a log to one sink in small batches, one at a time, so that the rest of the program runs in
 * between. The cursor is saved only when the sink has settled; after a failure it continues from there.
 */
export class Pump<Entry> {
  readonly #ports: PumpPorts<Entry>;
  readonly #sink: Sink<Entry>;
  readonly #options: PumpOptions;
  /** All entries up to this one have safely arrived; the value of the saved cursor. */
  #settledId: number;
  /** The last entry written, or `undefined` if the sink has to resume first. */
  #position: number | undefined;
  #unsettledCount = 0;
  #unsettledSinceMs = 0;
  #failuresCount = 0;
  #trouble: string | undefined;
  readonly #outage: Outage;
  #restart: PromiseWithResolvers<void> | undefined;
  #endPause: (() => void) | undefined;
  #backingOff = false;
  #woken = false;
  /** Entries that were removed before the sink got them, since this was last logged. */
  #expiredCount = 0;
  #expiredSaidMs = -Infinity;
  #closing: Promise<void> | undefined;
  #lastTries = 1;
  #abandoned = false;
  readonly #running: Promise<void>;

  /** Starts at the saved cursor; without one, at the end of the log. */
  constructor(ports: PumpPorts<Entry>, sink: Sink<Entry>, options: PumpOptions) {
    this.#ports = ports;
    this.#sink = sink;
    this.#options = options;
    const names = { failed: 'delivery_failed', over: 'delivery_resumed' };
    this.#outage = new Outage(ports.logger, 'error', names);
    const saved = ports.log.cursor(options.name);
    this.#settledId = saved ?? ports.log.lastId();
    if (saved === undefined) ports.cursors.saveCursor(options.name, this.#settledId);
    this.#running = this.#run();
  }

  /** Why the sink accepts nothing at present, as text for people. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** The log has new entries. */
  wake(): void {
    this.#woken = true;
    if (!this.#backingOff) this.#endPause?.();
  }

  /** Settles what was written and lets the sink open again; resolves after the attempt. */
  async restart(): Promise<void> {
    if (this.#closing !== undefined) return;
    this.#restart ??= Promise.withResolvers<void>();
    this.#endPause?.();
    await this.#restart.promise;
  }

  /** Resolves when the pump has stopped after `close()`; rejects if a bug ended it. */
  get running(): Promise<void> {
    return this.#running;
  }

  /** Delivers what is committed, within a deadline. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.resolve(); // `#closing` is set before the loop looks at it.
    this.#endPause?.();
    if (!(await settlesWithin(this.#running, this.#options.closeMsMax ?? CLOSE_MS_MAX))) {
      this.#abandoned = true;
    }
    await settlesWithin(this.#sink.close(), CLOSE_SINK_MS_MAX);
    this.#restart?.resolve();
    this.#sayExpired();
    const { log, logger } = this.#ports;
    if (this.#settledId < log.lastId()) {
      logger.warn('delivery_left_for_next_start', {
        consumer: this.#options.name,
        events: log.lastId() - this.#settledId,
      });
    }
  }

  async #run(): Promise<void> {
    while (!this.#abandoned) {
      try {
        if (await this.#step()) return;
      } catch (error) {
        if (!isOperating(error)) throw error;
        if (this.#abandoned) return;
        this.#fail(error);
        if (this.#closing === undefined) await this.#backOff();
        else if (this.#lastTries === 0) return;
        else this.#lastTries -= 1;
      }
    }
  }

  /** Returns whether the pump is closing and everything is delivered. */
  async #step(): Promise<boolean> {
    if (this.#restart !== undefined) await this.#beginAnew();
    const position = this.#position ?? (await this.#resume());
    this.#woken = false;
    const entries = this.#entriesAfter(position);
    if (entries.length > 0) await this.#write(entries);
    if (this.#mustSettle(entries.length === 0)) await this.#settle();
    if (entries.length > 0) await nextTurn();
    else if (this.#closing !== undefined) return true;
    else if (!this.#woken && this.#restart === undefined) await this.#pause(this.#settleInMs());
    return false;
  }

  async #beginAnew(): Promise<void> {
    if (this.#position !== undefined && this.#unsettledCount > 0) await this.#settle();
    this.#position = undefined;
  }

  async #resume(): Promise<number> {
    const restart = this.#restart;
    this.#restart = undefined;
    try {
      this.#position = await this.#sink.resume(this.#settledId);
    } finally {
      restart?.resolve();
    }
    if (this.#position !== this.#settledId) {
      this.#countUnsettled(1);
      await this.#settle();
    }
    return this.#position;
  }

  #entriesAfter(position: number): readonly Entry[] {
    const { log } = this.#ports;
    const entries = log.entriesAfter(position, BATCH_ENTRIES_MAX);
    const [first] = entries;
    if (first === undefined) {
      const lastId = log.lastId();
      if (lastId >= position) return entries;
      // The log was emptied, so its ids started over; or a copy of it was put back, which knows how far this had come.
      const saved = log.cursor(this.#options.name) ?? 0;
      this.#settledId = saved <= lastId ? saved : 0;
      this.#position = this.#settledId;
      return log.entriesAfter(this.#position, BATCH_ENTRIES_MAX);
    }
    const firstId = log.idOf(first);
    if (position > 0 && firstId > position + 1) {
      const missing = firstId - position - 1;
      this.#expiredCount += missing;
      this.#options.onExpired?.(missing);
      if (this.#ports.clock.nowMs() >= this.#expiredSaidMs + EXPIRED_SAID_MS) this.#sayExpired();
    }
    return entries;
  }

  /** Removing the weakest entries first makes many small gaps, so they are summed and logged together. */
  #sayExpired(): void {
    if (this.#expiredCount === 0) return;
    const { clock, logger } = this.#ports;
    const fields = { consumer: this.#options.name, events: this.#expiredCount };
    logger.warn('delivery_events_expired', fields);
    this.#expiredSaidMs = clock.nowMs();
    this.#expiredCount = 0;
  }

  async #write(entries: readonly Entry[]): Promise<void> {
    await this.#sink.write(entries);
    if (this.#abandoned) return;
    const last = entries.at(-1);
    if (last !== undefined) this.#position = this.#ports.log.idOf(last);
    this.#countUnsettled(entries.length);
  }

  #countUnsettled(count: number): void {
    if (this.#unsettledCount === 0) this.#unsettledSinceMs = this.#ports.clock.nowMs();
    this.#unsettledCount += count;
  }

  #mustSettle(idle: boolean): boolean {
    if (this.#abandoned || this.#unsettledCount === 0) return false;
    if (idle && this.#closing !== undefined) return true;
    return this.#unsettledCount >= this.#options.settleEntriesMax || this.#settleInMs() === 0;
  }

  /** Milliseconds until written entries are due to be settled; `undefined` if there are none. */
  #settleInMs(): number | undefined {
    if (this.#unsettledCount === 0) return undefined;
    const dueMs = this.#unsettledSinceMs + this.#options.settleMs;
    return Math.max(0, Math.ceil(dueMs - this.#ports.clock.nowMs()));
  }

  async #settle(): Promise<void> {
    await this.#sink.settle();
    if (this.#abandoned) return;
    this.#unsettledCount = 0;
    this.#settledId = this.#position ?? this.#settledId;
    this.#ports.cursors.saveCursor(this.#options.name, this.#settledId);
    this.#failuresCount = 0;
    this.#trouble = undefined;
    this.#outage.over({ consumer: this.#options.name });
  }

  #fail(error: Error): void {
    this.#position = undefined;
    this.#unsettledCount = 0;
    this.#failuresCount += 1;
    this.#trouble = error.message;
    this.#outage.failed({
      consumer: this.#options.name,
      code: errorCode(error),
      message: error.message,
    });
  }

  async #backOff(): Promise<void> {
    if (this.#restart !== undefined) return;
    const { retryMsMin, backOffMs = (count) => doubledMs(count, retryMsMin) } = this.#options;
    this.#backingOff = true;
    await this.#pause(backOffMs(this.#failuresCount));
    this.#backingOff = false;
  }

  /** Ends after that many milliseconds if given, or earlier by a call of `#endPause`. */
  async #pause(ms: number | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#endPause = resolve;
    const timer = ms === undefined ? undefined : setTimeout(resolve, ms);
    await promise;
    clearTimeout(timer);
    this.#endPause = undefined;
  }
}

/** The world failed us; anything else is a programming error and must rise. */
function isOperating(error: unknown): error is Error {
  return error instanceof OperatingError || errorCode(error) !== undefined;
}
