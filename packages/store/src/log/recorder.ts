// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { EVENT_BATCH_OCTETS_MIN, EventBatchWriter, visitEventBatch } from '@sentrypeer/event';
import { OperatingError, type Logger, Outage } from '@sentrypeer/kernel';
import {
  COMMIT_DELAY_MS,
  COMMIT_OCTETS_ENOUGH,
  COMMIT_OCTETS_MAX,
  MAINTAIN_INTERVAL_MS,
  MAINTENANCE_LOCKED_MS,
  RETRY_FIRST_MS,
  RETRY_LAST_MS,
  WAITING_OCTETS_MAX,
} from '../limits.ts';
import type { Store } from '../store.ts';

/** What the recorder reports to its owner. */
export interface RecorderListener {
  /** Rows up to `lastHoneyId` can be read: consumers may be woken. */
  onCommitted(lastHoneyId: number): void;
  /** The recorder is done with these batches: their blocks may go back to the threads that fill them. */
  onReleased(batches: readonly Uint8Array[]): void;
}

/** Why nothing is recorded at present. */
export interface Stall {
  /** Code of the `OperatingError`. */
  readonly code: string;
  /** What is wrong and what would be right, for a person. */
  readonly message: string;
  /** Messages that wait in memory. */
  readonly waitingMessages: number;
  /** Messages that had to be dropped since the stall began; recorded as a count when it ends. */
  readonly droppedMessages: number;
}

interface Waiting {
  readonly octets: Uint8Array;
  /** Whether it is a copy of ours; otherwise the block goes back to its owner afterwards. */
  readonly copied: boolean;
}

/**
 * Group commit: gathers batches and records them together, at most {@link COMMIT_DELAY_MS} after the first. When the
 * database accepts nothing, batches wait in order within a limit; beyond it the newest are dropped first, and counted
 * exactly; recording resumes on its own.
 *
 * A machine: the owner calls `step()` after each `offer()` and at the time that the last `step()` named.
 */
export class Recorder {
  readonly #store: Pick<Store, 'append' | 'maintain'>;
  readonly #logger: Logger;
  readonly #listener: RecorderListener;
  #waiting: Waiting[] = [];
  #waitingOctets = 0;
  #commitAtMs: number | undefined;
  #maintainAtMs = Number.NEGATIVE_INFINITY;
  readonly #maintenance: Outage;
  #failure: OperatingError | undefined;
  #maintenanceFailure: OperatingError | undefined;
  /** Since when maintenance has found the database locked by another program. */
  #lockedFromMs: number | undefined;
  #retryMs = RETRY_FIRST_MS;
  /** Since the stall began: messages that had to wait, and messages that were dropped. */
  #stalledMessages = 0;
  #droppedMessages = 0;

  constructor(ports: {
    readonly store: Pick<Store, 'append' | 'maintain'>;
    readonly logger: Logger;
    readonly listener: RecorderListener;
  }) {
    this.#store = ports.store;
    this.#logger = ports.logger;
    this.#listener = ports.listener;
    const names = { failed: 'maintenance_failed', over: 'maintenance_resumed' };
    this.#maintenance = new Outage(ports.logger, 'warn', names);
  }

  /** Why nothing is recorded at present, or `undefined` while all is well. */
  get stall(): Stall | undefined {
    if (this.#failure === undefined) return undefined;
    return {
      code: this.#failure.code,
      message: this.#failure.message,
      waitingMessages: this.#stalledMessages,
      droppedMessages: this.#droppedMessages,
    };
  }

  /** Why maintenance fails, or `undefined` while it works. */
  get maintenanceFailure(): OperatingError | undefined {
    return this.#maintenanceFailure;
  }

  /** So much waits that one commit is full: recording needs all the time there is. */
  get isSaturated(): boolean {
    return this.#failure === undefined && this.#waitingOctets >= COMMIT_OCTETS_ENOUGH;
  }

  /** Takes a batch of `EventBatchWriter`; its octets belong to the recorder until they are released. */
  offer(batch: Uint8Array): void {
    if (this.#failure === undefined) {
      this.#waiting.push({ octets: batch, copied: false });
      this.#waitingOctets += batch.length;
      return;
    }
    this.#keep(batch);
    this.#listener.onReleased([batch]);
  }

  /**
   * Commits what is due, otherwise lets the store do a step of maintenance.
   *
   * @param nowMs Monotonic milliseconds.
   * @returns When to call again, on the same clock; a time that is not in the future means at once, after other work.
   */
  step(nowMs: number): number {
    if (this.#waiting.length > 0) {
      this.#commitAtMs ??= nowMs + COMMIT_DELAY_MS;
      const enough = this.#failure === undefined && this.#waitingOctets >= COMMIT_OCTETS_ENOUGH;
      if (enough || nowMs >= this.#commitAtMs) this.#commit(nowMs);
    }
    if (nowMs >= this.#maintainAtMs) this.#maintain(nowMs);
    return Math.min(this.#commitAtMs ?? Number.POSITIVE_INFINITY, this.#maintainAtMs);
  }

  /**
   * Commits everything that waits, now; for an orderly end.
   *
   * @returns Whether everything is recorded. If not, `stall` says why and how much is about to be lost.
   */
  flush(nowMs: number): boolean {
    while (this.#waiting.length > 0) if (!this.#commit(nowMs)) return false;
    return true;
  }

  /** What could not be recorded, for a last place to keep it; the recorder is of no use afterwards. */
  takeLeftOver(): readonly Uint8Array[] {
    const batches = this.#waiting.map(({ octets }) => octets);
    if (this.#droppedMessages > 0) batches.push(droppedBatch(this.#droppedMessages));
    return batches;
  }

  #commit(nowMs: number): boolean {
    const taken = this.#take();
    const batches = taken.map((waiting) => waiting.octets);
    if (this.#droppedMessages > 0) batches.push(droppedBatch(this.#droppedMessages));
    let lastHoneyId: number;
    try {
      lastHoneyId = this.#store.append(batches).lastHoneyId;
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error;
      this.#stalled(error, nowMs);
      return false;
    }
    this.#waiting.splice(0, taken.length);
    for (const { octets } of taken) this.#waitingOctets -= octets.length;
    this.#commitAtMs = this.#waiting.length > 0 ? nowMs : undefined;
    if (this.#failure !== undefined) this.#resumed();
    this.#listener.onCommitted(lastHoneyId);
    this.#release(taken);
    return true;
  }

  /** The oldest batches, as many as fit into one transaction, and at least one. */
  #take(): readonly Waiting[] {
    let octets = 0;
    const end = this.#waiting.findIndex((waiting, index) => {
      octets += waiting.octets.length;
      return index > 0 && octets > COMMIT_OCTETS_MAX;
    });
    return end < 0 ? [...this.#waiting] : this.#waiting.slice(0, end);
  }

  #stalled(error: OperatingError, nowMs: number): void {
    if (this.#failure?.code !== error.code) {
      this.#logger.error('recording_stalled', { code: error.code, why: error.message });
    }
    const first = this.#failure === undefined;
    this.#failure = error;
    this.#commitAtMs = nowMs + this.#retryMs;
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_LAST_MS);
    if (!first) return;
    // Blocks are large and few, and the threads need them back; copies are as long as their contents.
    const blocks = this.#waiting.filter((waiting) => !waiting.copied);
    const before = this.#waiting;
    this.#waiting = [];
    this.#waitingOctets = 0;
    for (const { octets } of before) this.#keep(octets);
    this.#release(blocks);
  }

  #resumed(): void {
    this.#logger.error('recording_resumed', {
      waited_messages: this.#stalledMessages,
      dropped_messages: this.#droppedMessages,
    });
    this.#failure = undefined;
    this.#retryMs = RETRY_FIRST_MS;
    this.#stalledMessages = 0;
    this.#droppedMessages = 0;
  }

  /** Keeps a copy if there is room, otherwise only the count of its messages. */
  #keep(batch: Uint8Array): void {
    const count = countMessages(batch);
    // Once something was dropped, everything after it is too, so that what is kept has no gaps.
    if (this.#droppedMessages > 0 || this.#waitingOctets + batch.length > WAITING_OCTETS_MAX) {
      this.#droppedMessages += count;
      return;
    }
    this.#waiting.push({ octets: new Uint8Array(batch), copied: true });
    this.#waitingOctets += batch.length;
    this.#stalledMessages += count;
  }

  #release(done: readonly Waiting[]): void {
    const blocks = done.filter((waiting) => !waiting.copied).map((waiting) => waiting.octets);
    if (blocks.length > 0) this.#listener.onReleased(blocks);
  }

  #maintain(nowMs: number): void {
    try {
      const isMore = this.#store.maintain();
      this.#lockedFromMs = undefined;
      this.#maintainAtMs = isMore ? nowMs : nowMs + MAINTAIN_INTERVAL_MS;
      if (isMore) return; // What failed before may come only after this.
      this.#maintenanceFailure = undefined;
      this.#maintenance.over();
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error;
      this.#maintainAtMs = nowMs + RETRY_LAST_MS;
      if (this.#isBusy(error, nowMs)) return;
      this.#maintenanceFailure = error;
      this.#maintenance.failed({ code: error.code, why: error.message }, error.code);
    }
  }

  /** Another program has the database, but not for long yet: a command that writes much is no failure. */
  #isBusy(error: OperatingError, nowMs: number): boolean {
    if (error.code !== 'db_locked') {
      this.#lockedFromMs = undefined;
      return false;
    }
    this.#lockedFromMs ??= nowMs;
    return nowMs - this.#lockedFromMs < MAINTENANCE_LOCKED_MS;
  }
}

function droppedBatch(count: number): Uint8Array {
  const writer = new EventBatchWriter(new Uint8Array(EVENT_BATCH_OCTETS_MIN), '', 'passive');
  writer.addDropped(count);
  return writer.finish();
}

function countMessages(batch: Uint8Array): number {
  let count = 0;
  visitEventBatch(batch, {
    event: () => {
      count += 1;
    },
    repeat: (repeat) => {
      count += repeat.count;
    },
    dropped: (droppedCount) => {
      count += droppedCount;
    },
  });
  return count;
}
