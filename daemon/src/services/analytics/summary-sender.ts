// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { HttpPoster, type ProxyVariables } from '@sentrypeer/delivery';
import { ANALYTICS_SUMMARY_CURSOR } from '@sentrypeer/follow/cursors';
import { Outage, type Clock, type Logger } from '@sentrypeer/kernel';
import type { StoreReader } from '@sentrypeer/store';
import { VERSION } from '../../config/version.ts';
import { formatSummary, lastDay, seenCode } from './day-summary.ts';
import { SUMMARY_CHECK_MS, SUMMARY_TIMEOUT_MS } from './limits.ts';

/** Headers of a summary, except its length. */
export const SUMMARY_HEADERS = {
  'Content-Type': 'application/json',
  'User-Agent': `SentryPeer/${VERSION}`,
} as const;

interface SummarySenderPorts {
  readonly log: Pick<StoreReader, 'rates' | 'cursor'>;
  readonly saveCursor: (name: string, value: number) => Promise<unknown>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Where summaries go. */
export interface SummaryOptions {
  readonly url: URL;
  /** What the operator confirmed (`seenCode`). */
  readonly seen: string | undefined;
  readonly proxies: ProxyVariables;
}

/**
 * Posts the summary of each day once, when the day is over, to the address that the operator chose, if he confirmed
 * what is sent. Earlier missed days are not made up for.
 */
export class SummarySender implements AsyncDisposable {
  readonly #ports: SummarySenderPorts;
  readonly #url: URL;
  readonly #poster: HttpPoster;
  readonly #outage: Outage;
  #timer: NodeJS.Timeout | undefined;
  #work: Promise<void> | undefined;
  #isClosed = false;

  private constructor(ports: SummarySenderPorts, { url, proxies }: SummaryOptions) {
    this.#ports = ports;
    this.#url = url;
    this.#poster = new HttpPoster({
      connectionsMax: 1,
      timeoutMs: SUMMARY_TIMEOUT_MS,
      authorities: undefined,
      proxies,
    });
    const names = { failed: 'analytics_summary_failed', over: 'analytics_summary_again' };
    this.#outage = new Outage(ports.logger, 'warn', names);
    this.#wait(0);
  }

  /** @returns `undefined` if the operator has not confirmed what would be sent to this address; this is logged. */
  static open(ports: SummarySenderPorts, options: SummaryOptions): SummarySender | undefined {
    if (options.seen === seenCode(options.url)) return new SummarySender(ports, options);
    ports.logger.warn('analytics_summary_not_seen', {
      why: 'nothing is sent before you have seen it, in this form and for this address',
      do: 'run sentrypeer analytics preview, and set --analytics-seen as it says',
    });
    return undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#poster.close();
    await this.#work;
  }

  #wait(ms: number): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      this.#work = this.#look().then(() => this.#wait(SUMMARY_CHECK_MS));
    }, ms).unref();
  }

  /** Never rejects. */
  async #look(): Promise<void> {
    const { log, saveCursor, clock, logger } = this.#ports;
    try {
      const day = lastDay(clock.epochUs());
      // A clock that is set back a little repeats no day; one that was years ahead does not end the summaries.
      const sentDay = log.cursor(ANALYTICS_SUMMARY_CURSOR);
      if (sentDay === day || sentDay === day + 1) return;
      const body = new TextEncoder().encode(formatSummary(log.rates, day));
      const posted = await this.#poster.post(this.#url, SUMMARY_HEADERS, body);
      if (this.#isClosed) return;
      if (posted.kind === 'failed') {
        this.#outage.failed({ why: posted.code });
      } else if (posted.status < 200 || posted.status > 299) {
        this.#outage.failed({ why: `HTTP ${posted.status}` });
      } else {
        await saveCursor(ANALYTICS_SUMMARY_CURSOR, day);
        this.#outage.over();
        logger.info('analytics_summary_sent', { octets: body.length, host: this.#url.host });
      }
    } catch (error) {
      this.#outage.failed({ why: error instanceof Error ? error.message : String(error) });
    }
  }
}
