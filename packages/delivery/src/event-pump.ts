// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RecordedEvent } from '@sentrypeer/event';
import { OperatingError, type Clock, type Logger } from '@sentrypeer/kernel';
import { settlesWithin } from './deadline.ts';
import type { CursorSink, EventLog } from './event-log.ts';
import {
  BATCH_EVENTS_MAX,
  CLOSE_MS_MAX,
  CLOSE_SINK_MS_MAX,
  RETRY_MS_MAX,
  RETRY_MS_MIN,
} from './limits.ts';

/** Where a pump delivers to. It is never called again before its promise has settled, but for `close`. */
export interface EventSink {
  /**
   * Opens what is closed, after letting go of what is broken, and answers behind which event to go on: the
   * given one, or a later one where the sink finds that it holds more.
   */
  resume(settledHoneyId: number): Promise<number>;
  /** Takes the events in order. Where it rejects, any of them may have been taken. */
  write(events: readonly RecordedEvent[]): Promise<void>;
  /** Resolves when all that was written is where it belongs. */
  settle(): Promise<void>;
  /** Lets go of everything, also amid a call. */
  close(): Promise<void>;
}

export interface PumpPorts {
  readonly log: EventLog;
  readonly cursors: CursorSink;
  readonly logger: Logger;
  readonly clock: Clock;
}

export interface PumpOptions {
  /** The cursor's name, and the consumer's in our own log. */
  readonly name: string;
  /** Milliseconds after which what was written is settled. */
  readonly settleMs: number;
  /** Events after which it is settled at the latest. */
  readonly settleEventsMax: number;
  /** @default RETRY_MS_MIN */
  readonly retryMsMin?: number;
  /** @default CLOSE_MS_MAX */
  readonly closeMsMax?: number;
  /** Milliseconds to wait after so many failures on end. @default doubled each time, up to RETRY_MS_MAX */
  readonly backOffMs?: (failuresCount: number) => number;
  /** Events were removed from the log before the sink got them. */
  readonly onExpired?: (count: number) => void;
}

/**
 * Carries events from the log to one sink: small batches, one in flight, the rest of the program between
 * them. The cursor is saved only when the sink has settled; after a failure it goes on from there.
 */
export class EventPump {
  readonly #ports: PumpPorts;
  readonly #sink: EventSink;
  readonly #options: PumpOptions;
  /** All events up to this one are where they belong; what the saved cursor says. */
  #settledHoneyId: number;
  /** The last event written, or `undefined` where the sink has to resume first. */
  #position: number | undefined;
  #unsettledCount = 0;
  #unsettledSinceMs = 0;
  #failuresCount = 0;
  #restart: PromiseWithResolvers<void> | undefined;
  #endPause: (() => void) | undefined;
  #backingOff = false;
  #woken = false;
  #closing: Promise<void> | undefined;
  #lastTries = 1;
  #abandoned = false;
  readonly #running: Promise<void>;

  /** Starts at the saved cursor; a new one starts at the end of the log. */
  constructor(ports: PumpPorts, sink: EventSink, options: PumpOptions) {
    this.#ports = ports;
    this.#sink = sink;
    this.#options = options;
    const saved = ports.log.cursor(options.name);
    this.#settledHoneyId = saved ?? ports.log.lastHoneyId();
    if (saved === undefined) ports.cursors.saveCursor(options.name, this.#settledHoneyId);
    this.#running = this.#run();
  }

  /** New events were committed. */
  wake(): void {
    this.#woken = true;
    if (!this.#backingOff) this.#endPause?.();
  }

  /** Settles what was written and lets the sink open anew; resolves when that was tried. */
  async restart(): Promise<void> {
    if (this.#closing !== undefined) return;
    this.#restart ??= Promise.withResolvers<void>();
    this.#endPause?.();
    await this.#restart.promise;
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
    const { log, logger } = this.#ports;
    if (this.#settledHoneyId < log.lastHoneyId()) {
      logger.warn('delivery_left_for_next_start', {
        consumer: this.#options.name,
        events: log.lastHoneyId() - this.#settledHoneyId,
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

  /** Answers whether the pump is closing and everything is delivered. */
  async #step(): Promise<boolean> {
    if (this.#restart !== undefined) await this.#beginAnew();
    const position = this.#position ?? (await this.#resume());
    this.#woken = false;
    const events = this.#eventsAfter(position);
    if (events.length > 0) await this.#write(events);
    if (this.#mustSettle(events.length === 0)) await this.#settle();
    if (events.length > 0) await nextTurn();
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
      this.#position = await this.#sink.resume(this.#settledHoneyId);
    } finally {
      restart?.resolve();
    }
    if (this.#position !== this.#settledHoneyId) {
      this.#countUnsettled(1);
      await this.#settle();
    }
    return this.#position;
  }

  #eventsAfter(position: number): readonly RecordedEvent[] {
    const { log, logger } = this.#ports;
    const events = log.eventsAfter(position, BATCH_EVENTS_MAX);
    const first = events[0];
    if (first === undefined) {
      // The log was emptied, so its numbers began anew.
      if (log.lastHoneyId() >= position) return events;
      this.#settledHoneyId = 0;
      this.#position = 0;
      return log.eventsAfter(0, BATCH_EVENTS_MAX);
    }
    if (position > 0 && first.honeyId > position + 1) {
      const missing = first.honeyId - position - 1;
      logger.warn('delivery_events_expired', { consumer: this.#options.name, events: missing });
      this.#options.onExpired?.(missing);
    }
    return events;
  }

  async #write(events: readonly RecordedEvent[]): Promise<void> {
    await this.#sink.write(events);
    if (this.#abandoned) return;
    this.#position = events.at(-1)?.honeyId;
    this.#countUnsettled(events.length);
  }

  #countUnsettled(count: number): void {
    if (this.#unsettledCount === 0) this.#unsettledSinceMs = this.#ports.clock.nowMs();
    this.#unsettledCount += count;
  }

  #mustSettle(idle: boolean): boolean {
    if (this.#abandoned || this.#unsettledCount === 0) return false;
    if (idle && this.#closing !== undefined) return true;
    return this.#unsettledCount >= this.#options.settleEventsMax || this.#settleInMs() === 0;
  }

  /** Milliseconds until what was written is due to be settled, `undefined` where nothing is. */
  #settleInMs(): number | undefined {
    if (this.#unsettledCount === 0) return undefined;
    const dueMs = this.#unsettledSinceMs + this.#options.settleMs;
    return Math.max(0, Math.ceil(dueMs - this.#ports.clock.nowMs()));
  }

  async #settle(): Promise<void> {
    await this.#sink.settle();
    if (this.#abandoned) return;
    this.#unsettledCount = 0;
    this.#settledHoneyId = this.#position ?? this.#settledHoneyId;
    this.#ports.cursors.saveCursor(this.#options.name, this.#settledHoneyId);
    if (this.#failuresCount === 0) return;
    this.#ports.logger.info('delivery_resumed', { consumer: this.#options.name });
    this.#failuresCount = 0;
  }

  #fail(error: Error): void {
    this.#position = undefined;
    this.#unsettledCount = 0;
    this.#failuresCount += 1;
    if (this.#failuresCount > 1) return; // Said once an outage.
    this.#ports.logger.error('delivery_failed', {
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

  /** Ends after so many milliseconds if given, or earlier by a call of `#endPause`. */
  async #pause(ms: number | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#endPause = resolve;
    const timer = ms === undefined ? undefined : setTimeout(resolve, ms);
    await promise;
    clearTimeout(timer);
    this.#endPause = undefined;
  }
}

/** Milliseconds to wait after so many failures on end, 1 and above: doubled each time, up to a minute. */
export function doubledMs(failuresCount: number, retryMsMin = RETRY_MS_MIN): number {
  return Math.min(retryMsMin * 2 ** (failuresCount - 1), RETRY_MS_MAX);
}

/** The world failed us; anything else is a programmer's error and must rise. */
function isOperating(error: unknown): error is Error {
  return error instanceof OperatingError || errorCode(error) !== undefined;
}

/** The stable code of our own errors and of the system's, `undefined` where there is none. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}
