// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { Readable } from 'node:stream';
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { systemClock } from '@sentrypeer/kernel';
import { FairRoom, type RoomClient } from '../fair-room.ts';
import { STREAM_BEAT_MS } from '../limits.ts';

interface StreamedPage {
  /** Whole messages, UTF-8 where it is octets; empty if there are none. */
  readonly messages: string | Uint8Array;
  /** There may be more after them. */
  readonly more: boolean;
}

export interface EventStreamOptions {
  /** The next events, at most a page, and whether there may be more after them. */
  readonly read: () => StreamedPage | Promise<StreamedPage>;
  /** Milliseconds from one page that had messages to the next. @default 0 */
  readonly everyMs?: number;
  /** Whether its client may still read; otherwise the stream ends. @default it may */
  readonly mayRead?: () => boolean;
}

/**
 * Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) read from where they are stored,
 * so that a client that was away gets what it missed, and a slow one holds nothing in memory.
 */
export class EventStreams {
  readonly #streams = new Set<EventStream>();
  readonly #room: FairRoom;

  /** @param countMax Streams at a time. */
  constructor(countMax: number) {
    this.#room = new FairRoom(countMax);
  }

  /** `undefined` if too many are open and this client has its share of them. */
  open(options: EventStreamOptions, client: RoomClient): Readable | undefined {
    if (!this.#room.makeFor(client)) return undefined;
    const stream = new EventStream(options);
    this.#streams.add(stream);
    this.#room.add(client, stream);
    stream.on('close', () => this.#streams.delete(stream));
    return stream;
  }

  /** There is more to read. */
  wake(): void {
    for (const stream of this.#streams) stream.wake();
  }

  close(): void {
    for (const stream of this.#streams) stream.finish();
  }
}

class EventStream extends Readable {
  readonly #options: EventStreamOptions;
  readonly #beat: NodeJS.Timeout;
  /** Whether the client has room, and there was nothing to send. */
  #isWaiting = false;
  /** Whether there is more than when the reading began. */
  #wasWoken = false;
  #isOver = false;
  /** When the next page may be read. */
  #dueAtMs = 0;

  constructor(options: EventStreamOptions) {
    super();
    this.#options = options;
    this.#beat = setInterval(() => {
      if (this.#isWaiting) this.push(':\n\n');
    }, STREAM_BEAT_MS);
    this.push('retry: 1000\n\n'); // Also tells a proxy that the answer has begun.
  }

  override _read(): void {
    this.#isWaiting = false;
    void this.#readOn();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearInterval(this.#beat);
    done(error);
  }

  wake(): void {
    if (this.#isWaiting && !this.destroyed) this._read();
    else this.#wasWoken = true;
  }

  finish(): void {
    this.#isOver = true;
    this.push(null);
  }

  /** Pushes the next events, or waits if there are none. */
  async #readOn(): Promise<void> {
    try {
      while (!this.destroyed) {
        const restMs = this.#dueAtMs - systemClock.nowMs();
        if (restMs > 0) await wait(restMs, undefined, { ref: false });
        this.#wasWoken = false;
        const { messages, more } = await this.#options.read();
        if (this.#isOver) return;
        if (this.#options.mayRead?.() === false) return this.finish();
        if (messages.length > 0) {
          this.#dueAtMs = systemClock.nowMs() + (this.#options.everyMs ?? 0);
          return void this.push(messages);
        }
        if (more) await nextTurn();
        else if (!this.#wasWoken) {
          this.#isWaiting = true;
          return;
        }
      }
    } catch (error) {
      this.destroy(error as Error); // The client comes back with Last-Event-ID.
    }
  }
}
