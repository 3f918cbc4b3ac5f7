// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { StoreReader } from '@sentrypeer/store';
import { SNAPSHOT_MS } from '../limits.ts';

/**
 * One state of the database for all questions of some milliseconds: to begin a transaction costs more than to look
 * up a number. It ends at once when something was committed, so that what was recorded is found.
 */
export class Snapshot implements Disposable {
  readonly #reader: StoreReader;
  #held: Disposable | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param reader Used through this snapshot alone. */
  constructor(reader: StoreReader) {
    this.#reader = reader;
  }

  read<T>(question: () => T): T {
    if (this.#held === undefined) {
      this.#held = this.#reader.hold();
      this.#timer = setTimeout(() => this.end(), SNAPSHOT_MS);
    }
    return question();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#held?.[Symbol.dispose]();
    this.#held = undefined;
  }

  [Symbol.dispose](): void {
    this.end();
  }
}
