// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { systemClock, type Logger } from '@sentrypeer/kernel';
import type { ConnectionLimit } from '@sentrypeer/net';
import { REFUSALS_LOG_MS } from '../limits.ts';

const HELP: Readonly<Record<ConnectionLimit, string>> = {
  connections_all: 'connections without a message for the longest time are closed to make room',
  connections_source: 'more connections from one source are refused and recorded',
};

/** Says in the log that a limit on TCP and TLS connections is reached: the first time, and then once in a while. */
export class ConnectionLimitReport {
  readonly #logger: Logger;
  readonly #names: Readonly<Record<ConnectionLimit, string>>;
  readonly #silentUntilMs = { connections_all: 0, connections_source: 0 };

  /** @param names What each limit is called where an operator can look it up. */
  constructor(logger: Logger, names: Readonly<Record<ConnectionLimit, string>>) {
    this.#logger = logger;
    this.#names = names;
  }

  /** @param address That of the connection that was one too many. */
  exceeded(limit: ConnectionLimit, address: string): void {
    const nowMs = systemClock.nowMs();
    if (nowMs < this.#silentUntilMs[limit]) return;
    this.#silentUntilMs[limit] = nowMs + REFUSALS_LOG_MS;
    this.#logger.warn('sip_connections_full', {
      limit: this.#names[limit],
      // For all together, whoever came last says nothing about who has the others.
      ...(limit === 'connections_source' && { source: address }),
      help: HELP[limit],
    });
  }
}
