// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Readable } from 'node:stream';

/**
 * Room for a number of answers that take long. Where it is full, the client that has most of them loses its oldest to one
 * that has fewer, so that no client keeps the others out.
 */
export class FairRoom {
  readonly #countMax: number;
  /** The oldest of each client comes first. */
  readonly #clients = new Map<string, Set<Readable>>();
  #count = 0;

  /** @param countMax Answers at a time, 1 and above. */
  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  /** Makes room for one more answer to this client if there is none; `false` if it has its share. */
  makeFor(client: string): boolean {
    if (this.#count < this.#countMax) return true;
    const own = this.#clients.get(client)?.size ?? 0;
    let most: readonly [client: string, answers: ReadonlySet<Readable>] | undefined;
    for (const one of this.#clients) if (one[1].size > (most?.[1].size ?? own + 1)) most = one;
    if (most === undefined) return false;
    const [oldest] = most[1];
    if (oldest === undefined) return false;
    this.#remove(most[0], oldest);
    oldest.destroy();
    return true;
  }

  /** Counts an answer until it is closed. */
  add(client: string, answer: Readable): void {
    this.#clients.getOrInsertComputed(client, () => new Set()).add(answer);
    this.#count += 1;
    answer.once('close', () => this.#remove(client, answer));
  }

  #remove(client: string, answer: Readable): void {
    const answers = this.#clients.get(client);
    if (answers?.delete(answer) !== true) return;
    this.#count -= 1;
    if (answers.size === 0) this.#clients.delete(client);
  }
}
