// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { LogFields, Logger } from './logger.ts';

/**
 * Logs once that something fails, and once that it works again, both at the same level: a reader who sees the outage
 * must also see its end.
 */
export class Outage {
  readonly #say: Logger['warn'];
  readonly #failed: string;
  readonly #over: string;
  #isOn = false;
  #reason: string | undefined;

  /** @param names Constant event names. */
  constructor(
    logger: Logger,
    level: 'warn' | 'error',
    names: { readonly failed: string; readonly over: string },
  ) {
    this.#say = (event, fields) => logger[level](event, fields);
    this.#failed = names.failed;
    this.#over = names.over;
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  /**
   * It failed; logged if it worked before, or failed for another reason.
   *
   * @param reason One of a few words, such as a code of an error. @default all reasons are the same
   */
  failed(fields?: LogFields, reason?: string): void {
    if (this.#isOn && reason === this.#reason) return;
    this.#isOn = true;
    this.#reason = reason;
    this.#say(this.#failed, fields);
  }

  /** It works; logged if it failed before. */
  over(fields?: LogFields): void {
    if (!this.#isOn) return;
    this.#isOn = false;
    this.#say(this.#over, fields);
  }
}
