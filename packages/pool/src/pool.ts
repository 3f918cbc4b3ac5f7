// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { BudgetState } from './day-budget.ts';
import { KeyRing } from './key-ring.ts';
import type { PoolOptions, PoolPorts } from './ports.ts';
import { Publisher, type PublisherCounters } from './publisher.ts';
import { Receiver, type ReceiverCounters } from './receiver.ts';

/** What a later run needs to continue: plain data, fit for JSON. */
export interface PoolState {
  readonly budget: BudgetState;
}

/** The state of sharing, for people and for monitoring. */
export interface PoolStatus {
  readonly isConnected: boolean;
  readonly published: Readonly<PublisherCounters>;
  readonly received: Readonly<ReceiverCounters>;
  /** Values of others that wait until a quota has room, or a key is found. */
  readonly waitingValues: number;
  /** Octets shared today (UTC), and the limit. */
  readonly budgetSpentOctets: number;
  readonly budgetOctets: number;
  /** Own values that are kept alive. */
  readonly keptValues: number;
}

/** Shares this node's events with others and takes theirs, both or neither. */
export class Pool implements AsyncDisposable {
  readonly #ports: PoolPorts;
  readonly #options: PoolOptions;
  readonly #keys: KeyRing;
  readonly #publisher: Publisher;
  readonly #receiver: Receiver;
  readonly #running: Promise<unknown>;

  /** Runs from now on, until `close()`. */
  constructor(ports: PoolPorts, options: PoolOptions) {
    const { state } = options;
    const budgetState =
      typeof state === 'object' && state !== null && 'budget' in state ? state.budget : undefined;
    this.#ports = ports;
    this.#options = options;
    this.#keys = new KeyRing(ports);
    this.#publisher = new Publisher(ports, options, budgetState);
    this.#receiver = new Receiver(ports, options, this.#keys);
    this.#running = Promise.all([this.#publisher.running, this.#receiver.run()]);
  }

  /** Rejects if an essential part fails. */
  get running(): Promise<unknown> {
    return this.#running;
  }

  /** New events were committed. */
  wake(): void {
    this.#publisher.wake();
  }

  /** A neighbour has announced its key. */
  learnKey(nodeId: string, publicKey: Uint8Array): void {
    this.#keys.learn(nodeId, publicKey);
  }

  status(): PoolStatus {
    return {
      isConnected: this.#ports.network.isConnected,
      published: this.#publisher.counters,
      received: this.#receiver.counters,
      waitingValues: this.#receiver.waitingCount,
      budgetSpentOctets: this.#publisher.budgetState.octets,
      budgetOctets: this.#options.budgetOctets,
      keptValues: this.#publisher.keptCount,
    };
  }

  exportState(): PoolState {
    return { budget: this.#publisher.budgetState };
  }

  /** Resolves when nothing is running any more. Must be called before the DHT node is closed. Idempotent. */
  async close(): Promise<void> {
    this.#receiver.close();
    this.#keys.close();
    await this.#publisher.stop();
    await this.#running;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
