// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** How long a test waits for what must come, in milliseconds; reached only when it fails. */
const DEADLINE_MS = 5000;

/** What callbacks tell, to be awaited one by one. */
export class Arrivals<T> {
  readonly #arrived: T[] = [];
  #waiting: ((item: T) => void) | undefined;

  readonly push = (item: T): void => {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) this.#arrived.push(item);
    else waiting(item);
  };

  /** How many arrived that nobody has taken. */
  get count(): number {
    return this.#arrived.length;
  }

  next(): Promise<T> {
    const [first] = this.#arrived.splice(0, 1);
    if (first !== undefined) return Promise.resolve(first);
    return within(new Promise((resolve) => (this.#waiting = resolve)));
  }
}

/** The promise's outcome, or a failure if it takes too long. */
export async function within<T>(promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('nothing came before the deadline')), DEADLINE_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
