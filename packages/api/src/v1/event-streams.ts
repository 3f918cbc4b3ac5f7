// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { Readable } from 'node:stream';
import type { EventFilter, Evidence, FoundEvent } from '../evidence.ts';
import { EXPORT_EVENTS, STREAM_BEAT_MS, STREAMS_COUNT_MAX } from '../limits.ts';

export interface EventStreamOptions {
  readonly filter: EventFilter;
  /** Events behind this id are sent. */
  readonly after: number;
  /** One line. */
  readonly dataOf: (event: FoundEvent) => string;
}

/**
 * Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) read from the event log, so
 * that a client which was away gets what it missed, and a slow one holds nothing in memory.
 */
export class EventStreams {
  readonly #evidence: Evidence;
  readonly #streams = new Set<EventStream>();

  constructor(evidence: Evidence) {
    this.#evidence = evidence;
  }

  /** `undefined` where too many are open. */
  open(options: EventStreamOptions): Readable | undefined {
    if (this.#streams.size >= STREAMS_COUNT_MAX) return undefined;
    const stream = new EventStream(this.#evidence, options);
    this.#streams.add(stream);
    stream.on('close', () => this.#streams.delete(stream));
    return stream;
  }

  /** New events were committed. */
  wake(): void {
    for (const stream of this.#streams) stream.wake();
  }

  close(): void {
    for (const stream of this.#streams) stream.push(null);
  }
}

class EventStream extends Readable {
  readonly #evidence: Evidence;
  readonly #options: EventStreamOptions;
  readonly #beat: NodeJS.Timeout;
  #after: number;
  /** The client has room, and there was nothing to send. */
  #isWaiting = false;

  constructor(evidence: Evidence, options: EventStreamOptions) {
    super({ encoding: 'utf8' });
    this.#evidence = evidence;
    this.#options = options;
    this.#after = options.after;
    this.#beat = setInterval(() => {
      if (this.#isWaiting) this.push(':\n\n');
    }, STREAM_BEAT_MS);
    this.push('retry: 1000\n\n'); // Also tells a proxy that the answer has begun.
  }

  override _read(): void {
    this.#isWaiting = false;
    const { filter, dataOf } = this.#options;
    try {
      const newestId = this.#evidence.lastHoneyId();
      const page = this.#evidence.events(filter, 'oldest-first', this.#after, EXPORT_EVENTS);
      this.#after = page.next ?? Math.max(this.#after, newestId);
      const text = page.items
        .map((event) => `id: ${event.honeyId}\nevent: event\ndata: ${dataOf(event)}\n\n`)
        .join('');
      if (text !== '') this.push(text);
      else if (page.next === undefined) this.#isWaiting = true;
      else setImmediate(() => this._read());
    } catch (error) {
      this.destroy(error as Error); // The client comes again with Last-Event-ID.
    }
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearInterval(this.#beat);
    done(error);
  }

  wake(): void {
    if (this.#isWaiting && !this.destroyed) this._read();
  }
}
