// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { StoreReader } from '@sentrypeer/store';
import { SNAPSHOT_MS } from '../limits.ts';

/**
 * One state of the database for all questions within some milliseconds: starting a transaction costs more than looking
 * up a number. It ends as soon as something is committed, so that new records are found.
 */
export class Snapshot implements Disposable {
  readonly #reader: StoreReader;
  #held: Disposable | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param reader Used only through this snapshot. */
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
