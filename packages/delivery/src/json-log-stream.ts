// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { formatEventJson, type RecordedEvent } from '@sentrypeer/event';
import type { Sink } from '@sentrypeer/follow';
import { JSON_PORTION_CHARACTERS } from './limits.ts';

/** A stream that takes the lines, such as standard output; it repairs nothing and keeps nothing. */
export interface LineStream {
  /** Resolves when the text was taken; rejects with the system's error if it was not. */
  deliver(text: string): Promise<void>;
}

/** The JSON log as a stream: what its reader has taken is settled. */
export class JsonLogStream implements Sink<RecordedEvent> {
  readonly #stream: LineStream;
  readonly #appVersion: string;

  constructor(stream: LineStream, appVersion: string) {
    this.#stream = stream;
    this.#appVersion = appVersion;
  }

  async resume(settledHoneyId: number): Promise<number> {
    return settledHoneyId;
  }

  async write(events: readonly RecordedEvent[]): Promise<void> {
    let lines = '';
    for (const event of events) {
      if (event.isHearsay === true) continue; // Not seen by this node: readers of the log would think it was.
      lines += `${formatEventJson(event, this.#appVersion)}\n`;
      if (lines.length < JSON_PORTION_CHARACTERS) continue;
      await this.#stream.deliver(lines);
      lines = '';
    }
    if (lines !== '') await this.#stream.deliver(lines);
  }

  async settle(): Promise<void> {
    return undefined;
  }

  /** The stream belongs to the process and stays open. */
  async close(): Promise<void> {
    return undefined;
  }
}
