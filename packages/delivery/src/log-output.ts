// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { RecordedEvent } from '@sentrypeer/event';
import type { Pump } from '@sentrypeer/follow';

/** An output that a pump fills with events, as its owner sees it. */
export class LogOutput {
  readonly #pump: Pump<RecordedEvent>;

  protected constructor(pump: Pump<RecordedEvent>) {
    this.#pump = pump;
  }

  /** Why nothing is written at present, for a person. */
  get trouble(): string | undefined {
    return this.#pump.trouble;
  }

  /** New events were committed. */
  wake(): void {
    this.#pump.wake();
  }

  /** Goes on in the file that has the path now, after logrotate moved the old one; or with a new channel. */
  reopen(): Promise<void> {
    return this.#pump.restart();
  }

  /** Writes what is committed, within a deadline, and closes. */
  close(): Promise<void> {
    return this.#pump.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
