// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** A queue between a producer of events and a reader; beyond `countMax` the oldest events are dropped. */
export class EventQueue<T> implements AsyncIterableIterator<T> {
  readonly #countMax: number;
  readonly #onDropped: () => void;
  readonly #onClosed: () => void;
  #events: T[] = [];
  /** Index of the first event not read yet. */
  #first = 0;
  readonly #readers: ((result: IteratorResult<T>) => void)[] = [];
  #closed = false;

  constructor(countMax: number, onDropped: () => void, onClosed: () => void) {
    this.#countMax = countMax;
    this.#onDropped = onDropped;
    this.#onClosed = onClosed;
  }

  push(event: T): void {
    if (this.#closed) return;
    const reader = this.#readers.shift();
    if (reader !== undefined) {
      reader({ done: false, value: event });
      return;
    }
    this.#events.push(event);
    if (this.#events.length - this.#first <= this.#countMax) return;
    this.#take();
    this.#onDropped();
  }

  next(): Promise<IteratorResult<T>> {
    const event = this.#take();
    if (event !== undefined) return Promise.resolve({ done: false, value: event });
    if (this.#closed) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.#readers.push(resolve));
  }

  /** Ends the queue; waiting events can still be read. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const reader of this.#readers.splice(0)) reader({ done: true, value: undefined });
    this.#onClosed();
  }

  return(): Promise<IteratorResult<T>> {
    this.close();
    this.#events = [];
    this.#first = 0;
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  #take(): T | undefined {
    const event = this.#events[this.#first];
    if (event === undefined) return undefined;
    this.#first += 1;
    if (this.#first * 2 >= this.#events.length) {
      this.#events = this.#events.slice(this.#first);
      this.#first = 0;
    }
    return event;
  }
}
