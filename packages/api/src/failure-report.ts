// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { systemClock, type Logger } from '@sentrypeer/kernel';
import { REPORT_MS_MIN } from './limits.ts';

/** Logs that requests fail, at a rate that clients cannot set. */
export class FailureReport {
  readonly #logger: Logger;
  #silentUntilMs = 0;
  #count = 0;
  #hostSilentUntilMs = 0;
  #roomSilentUntilMs = 0;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  add(error: Error): void {
    this.#count += 1;
    const nowMs = systemClock.nowMs();
    if (nowMs < this.#silentUntilMs) return;
    this.#logger.error('api_request_failed', { message: error.message, failures: this.#count });
    this.#silentUntilMs = nowMs + REPORT_MS_MIN;
    this.#count = 0;
  }

  /** Somebody asked under a name that is not ours: a page that rebinds its name, or a missing option. */
  strangeHost(host: string): void {
    const nowMs = systemClock.nowMs();
    if (nowMs < this.#hostSilentUntilMs) return;
    this.#logger.warn('api_host_unknown', { host, help: '--api-host NAME makes it known' });
    this.#hostSilentUntilMs = nowMs + REPORT_MS_MIN;
  }

  /**
   * A connection was closed for another one. @param source The address or network that had too many, if there was one.
   */
  connectionsFull(source: string | undefined): void {
    const nowMs = systemClock.nowMs();
    if (nowMs < this.#roomSilentUntilMs) return;
    const help =
      source === undefined
        ? 'no address has many of them: those without a request for the longest time are closed first'
        : 'connections of that address are closed first; keep it away from the API if it is a stranger';
    this.#logger.warn('api_connections_full', {
      ...(source !== undefined && { most_from: source }),
      help,
    });
    this.#roomSilentUntilMs = nowMs + REPORT_MS_MIN;
  }
}
