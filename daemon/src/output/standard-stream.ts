// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { STANDARD_STREAM_WAITING_OCTETS_MAX } from '../limits.ts';

/** The part of `process.stdout` and `process.stderr` that is used. */
export interface OutputStream {
  readonly writableLength: number;
  readonly destroyed: boolean;
  write(text: string, done: (error?: Error | null) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/**
 * Standard output or error of a daemon. Whatever happens to it (its reader is gone or stuck, its disk is full, its
 * console was closed), the program continues: what cannot be written is lost, counted, and reported when there is room
 * again.
 */
export class StandardStream {
  readonly #stream: OutputStream;
  #lostCount = 0;

  constructor(stream: OutputStream) {
    this.#stream = stream;
    stream.on('error', () => undefined); // The callback of each write counts it.
  }

  /** Texts that were lost since the start of the outage. */
  get lostCount(): number {
    return this.#lostCount;
  }

  /** Never throws, never waits. */
  write(text: string): void {
    const stream = this.#stream;
    if (stream.destroyed || stream.writableLength > STANDARD_STREAM_WAITING_OCTETS_MAX) {
      this.#lostCount += 1;
      return;
    }
    const lostCount = this.#lostCount;
    this.#lostCount = 0;
    const notice =
      lostCount === 0 ? '' : `warn log_lost count=${lostCount} why="could not be written"\n`;
    stream.write(notice + text, (error) => {
      if (error instanceof Error) this.#lostCount += lostCount + 1;
    });
  }

  /** Resolves when the text was taken; otherwise rejects with the system's error. */
  async deliver(text: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#stream.write(text, (error) => (error instanceof Error ? reject(error) : resolve()));
    await promise;
  }
}
