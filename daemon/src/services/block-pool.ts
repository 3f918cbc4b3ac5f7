// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { EVENT_BATCH_OCTETS_MIN, type EventBlocks } from '@sentrypeer/event';
import { assert } from '@sentrypeer/kernel';
import {
  BACKLOG_BLOCKS_COUNT,
  BLOCKS_PER_THREAD_MIN,
  IDLE_BLOCKS_COUNT_MAX,
  WAITING_OCTETS_MAX,
} from '../limits.ts';

/**
 * The blocks that one receiving thread may have on their way to the store. Their number is bounded: when all are out,
 * the thread counts what it drops instead of growing.
 */
export class BlockPool implements EventBlocks {
  readonly #postBatch: (batch: Uint8Array) => void;
  readonly #blocksCountMax: number;
  readonly #idle: ArrayBuffer[] = [];
  #outCount = 0;

  /** @param options.blocksCountMax Blocks of {@link EVENT_BATCH_OCTETS_MIN} octets, at least 2. */
  constructor(
    ports: { readonly post: (batch: Uint8Array) => void },
    options: { readonly blocksCountMax: number },
  ) {
    assert(options.blocksCountMax >= 2, 'one_block_fills_while_one_is_stored');
    this.#postBatch = ports.post;
    this.#blocksCountMax = options.blocksCountMax;
  }

  get backlog(): boolean {
    return this.#outCount > BACKLOG_BLOCKS_COUNT;
  }

  get exhausted(): boolean {
    return this.#outCount >= this.#blocksCountMax;
  }

  take(): Uint8Array | undefined {
    if (this.exhausted) return undefined;
    this.#outCount += 1;
    return new Uint8Array(this.#idle.pop() ?? new ArrayBuffer(EVENT_BATCH_OCTETS_MIN));
  }

  takeLast(): Uint8Array {
    this.#outCount += 1;
    return new Uint8Array(EVENT_BATCH_OCTETS_MIN);
  }

  post(batch: Uint8Array): void {
    this.#postBatch(batch);
  }

  /** Takes back the memory of a batch that the store has processed. */
  giveBack(block: ArrayBuffer): void {
    this.#outCount -= 1;
    if (this.#idle.length < IDLE_BLOCKS_COUNT_MAX) this.#idle.push(block);
  }
}

/** Number of blocks that each of this many receiving threads may have out. */
export function blocksCountMax(threadsCount: number): number {
  const share = Math.floor(WAITING_OCTETS_MAX / EVENT_BATCH_OCTETS_MIN / threadsCount);
  return Math.max(BLOCKS_PER_THREAD_MIN, share);
}
