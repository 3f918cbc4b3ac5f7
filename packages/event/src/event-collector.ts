// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Random } from '@sentrypeer/kernel';
import type { CollectedMethod, Observation } from './bad-actor-event.ts';
import { EventBatchWriter, type EventRepeat } from './event-batch.ts';
import { EventFolder, foldKey } from './event-folder.ts';
import { EventUuids } from './event-uuid.ts';

/** Takes full batches, and provides the empty blocks that they are written to. */
export interface EventBlocks {
  /** The store has not finished what it was given; another batch would only wait there. */
  readonly backlog: boolean;
  /** `take()` would answer `undefined`. */
  readonly exhausted: boolean;
  /** An empty block, or `undefined` while the most that may exist are on their way to the store. */
  take(): Uint8Array | undefined;
  /** One block beyond the limit, for the last report. */
  takeLast(): Uint8Array;
  /** Hands a batch over; its memory belongs to the receiver from then on. */
  post(batch: Uint8Array): void;
}

export interface CollectorOptions {
  readonly nodeId: string;
  readonly collectedMethod: CollectedMethod;
  /** How long repeats are folded into one event, in milliseconds; 0 keeps every message apart. */
  readonly foldWindowMs: number;
}

/**
 * Gathers what one thread observes into batches for the store: folds repeats, numbers the rest. While the
 * store takes nothing, observations are dropped, counted exactly, and the count goes out with the next batch.
 */
export class EventCollector {
  readonly #blocks: EventBlocks;
  readonly #options: CollectorOptions;
  readonly #uuids: EventUuids;
  readonly #folder: EventFolder;
  #writer: EventBatchWriter | undefined;
  #droppedCount = 0;
  #foldedCount = 0;
  #isLast = false;

  constructor(
    ports: { readonly random: Random; readonly blocks: EventBlocks },
    options: CollectorOptions,
  ) {
    this.#blocks = ports.blocks;
    this.#options = options;
    this.#uuids = new EventUuids(ports);
    this.#folder = new EventFolder({ windowMs: options.foldWindowMs });
  }

  /** No block is left: messages that are not folded are only counted as dropped. */
  get isFull(): boolean {
    return this.#writer === undefined && this.#blocks.exhausted;
  }

  /** Counts messages that were not even looked at. */
  drop(count: number): void {
    this.#droppedCount += count;
  }

  /** Whether something waits for `flush()`. */
  get pending(): boolean {
    return this.#writer !== undefined || this.#foldedCount > 0 || this.#droppedCount > 0;
  }

  /**
   * Takes one observation. Its octets are copied, so nothing stays borrowed.
   *
   * @param nowMs Monotonic milliseconds.
   */
  record(observation: Observation, nowMs: number): void {
    const key = this.#options.foldWindowMs === 0 ? '' : foldKey(observation);
    if (key !== '' && this.#folder.fold(key, observation.eventEpochUs, nowMs)) {
      this.#foldedCount += 1;
      return;
    }
    const eventUuid = this.#uuids.next(observation.eventEpochUs);
    if (!this.#add(eventUuid, observation)) {
      this.#droppedCount += 1;
      return;
    }
    if (key !== '') this.#folder.remember(key, eventUuid, observation, nowMs);
  }

  /**
   * Hands over the current batch. While the store is behind, it keeps filling the block instead, so that the blocks
   * that wait are full of events. Messages that find no block stay counted as dropped.
   */
  flush(): void {
    if (!this.#blocks.backlog) this.#handOver();
  }

  /** Hands over the current batch unconditionally; nothing follows it. */
  finish(): void {
    this.#isLast = true;
    this.#handOver();
  }

  #handOver(): void {
    if (this.#foldedCount > 0) this.#addRepeats();
    if (this.#droppedCount > 0) this.#reserve();
    this.#post();
  }

  #add(eventUuid: string, observation: Observation): boolean {
    if (this.#reserve()?.addEvent(eventUuid, observation) === true) return true;
    this.#post();
    return this.#reserve()?.addEvent(eventUuid, observation) === true;
  }

  #addRepeats(): void {
    if (this.#reserve() === undefined) return;
    this.#foldedCount = 0;
    this.#folder.takeRepeats(this.#addRepeat);
  }

  readonly #addRepeat = (repeat: EventRepeat): void => {
    if (this.#reserve()?.addRepeat(repeat) === true) return;
    this.#post();
    if (this.#reserve()?.addRepeat(repeat) !== true) this.#droppedCount += repeat.count;
  };

  #reserve(): EventBatchWriter | undefined {
    if (this.#writer !== undefined) return this.#writer;
    const block = this.#blocks.take() ?? (this.#isLast ? this.#blocks.takeLast() : undefined);
    if (block === undefined) return undefined;
    const { nodeId, collectedMethod } = this.#options;
    this.#writer = new EventBatchWriter(block, nodeId, collectedMethod);
    return this.#writer;
  }

  #post(): void {
    const writer = this.#writer;
    if (writer === undefined) return;
    // The count of drops goes out with the next record, so that a sudden end loses little of it. There is always room
    // for it after a record, because the largest size of a record is rounded up.
    if (this.#droppedCount > 0 && writer.addDropped(this.#droppedCount)) this.#droppedCount = 0;
    this.#writer = undefined;
    this.#blocks.post(writer.finish());
  }
}
