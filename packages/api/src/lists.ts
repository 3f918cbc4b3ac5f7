// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { Readable } from 'node:stream';
import { LIST_MS_MAX, LISTS_COUNT_MAX } from './limits.ts';

/** Lists on their way to clients, which may be slow or go away. */
export class Lists {
  readonly #onFailure: (error: Error) => void;
  #count = 0;

  /** @param onFailure Told when the data can't be read; the client gets 500 or a broken connection. */
  constructor(onFailure: (error: Error) => void) {
    this.#onFailure = onFailure;
  }

  /** The text of a list, made as it is read; `undefined` if too many are on their way. */
  open(text: () => AsyncIterable<string>): Readable | undefined {
    if (this.#count >= LISTS_COUNT_MAX) return undefined;
    const list = Readable.from(text(), { highWaterMark: 1 });
    const deadline = setTimeout(() => list.destroy(), LIST_MS_MAX);
    this.#count += 1;
    list.on('error', this.#onFailure);
    list.on('close', () => {
      clearTimeout(deadline);
      this.#count -= 1;
    });
    return list;
  }
}
