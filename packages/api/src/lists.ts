// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { Readable } from 'node:stream';
import { FairRoom, type RoomClient } from './fair-room.ts';
import { LIST_MS_MAX, LISTS_COUNT_MAX } from './limits.ts';

/** Lists being sent to clients, which may be slow or go away. */
export class Lists {
  readonly #onFailure: (error: Error) => void;
  readonly #room = new FairRoom(LISTS_COUNT_MAX);

  /** @param onFailure Called when the data cannot be read; the client gets 500 or a broken connection. */
  constructor(onFailure: (error: Error) => void) {
    this.#onFailure = onFailure;
  }

  /** The text of a list, made as it is read; `undefined` if too many are on their way, and this client has its share. */
  open(text: () => AsyncIterable<string | Uint8Array>, client: RoomClient): Readable | undefined {
    if (!this.#room.makeFor(client)) return undefined;
    const list = Readable.from(text(), { highWaterMark: 1 });
    const deadline = setTimeout(() => list.destroy(), LIST_MS_MAX);
    this.#room.add(client, list);
    list.on('error', this.#onFailure);
    list.on('close', () => clearTimeout(deadline));
    return list;
  }
}
