// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { OperatingError, type Clock, type Logger } from '@sentrypeer/kernel';
import { STATUS_SAVE_MS } from '../limits.ts';

/** What happened between this node and an endpoint, since it was first configured. */
export interface WebhookStatus {
  readonly endpoint: string;
  /** Requests made, including failed ones. */
  readonly requests: number;
  /** Events that the endpoint took. */
  readonly accepted: number;
  /** Events that it refused for good. */
  readonly refused: number;
  /** Events that retention removed before it took them. */
  readonly expired: number;
  /** Attempts that failed and are repeated. */
  readonly failures: number;
  /** Wall-clock microseconds; `undefined` before the first. */
  readonly acceptedEpochUs: number | undefined;
  /** The newest failure or refusal. */
  readonly error: WebhookError | undefined;
}

interface WebhookError {
  readonly code: string;
  readonly message: string;
  readonly epochUs: number;
}

/** What a webhook saves in the store in addition to its cursor. */
export type EndpointChange =
  | { readonly kind: 'status'; readonly status: WebhookStatus }
  | {
      readonly kind: 'refused';
      readonly endpoint: string;
      readonly letters: readonly { readonly eventUuid: string; readonly reason: string }[];
      readonly epochUs: number;
    }
  | { readonly kind: 'taken'; readonly endpoint: string; readonly eventUuids: readonly string[] };

/** Resolves when it is recorded; rejects with `OperatingError`. */
export type ChangeEndpoint = (change: EndpointChange) => Promise<void>;

interface StatusPorts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly changeEndpoint: ChangeEndpoint;
}

type Counter = 'requests' | 'accepted' | 'refused' | 'expired' | 'failures';

/** Counts, and has the counts saved soon after they change. */
export class StatusKeeper {
  readonly #ports: StatusPorts;
  #status: WebhookStatus;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(ports: StatusPorts, endpoint: string, saved: WebhookStatus | undefined) {
    this.#ports = ports;
    this.#status = saved ?? {
      endpoint,
      requests: 0,
      accepted: 0,
      refused: 0,
      expired: 0,
      failures: 0,
      acceptedEpochUs: undefined,
      error: undefined,
    };
    if (saved === undefined) this.#change({}); // It is shown in the status.
  }

  get status(): WebhookStatus {
    return this.#status;
  }

  add(counter: Counter, count = 1): void {
    const acceptedEpochUs =
      counter === 'accepted' ? this.#ports.clock.epochUs() : this.#status.acceptedEpochUs;
    this.#change({ [counter]: this.#status[counter] + count, acceptedEpochUs });
  }

  failed({ code, message }: OperatingError): void {
    this.#change({
      failures: this.#status.failures + 1,
      error: { code, message, epochUs: this.#ports.clock.epochUs() },
    });
  }

  refused(count: number, reason: string): void {
    this.#change({
      refused: this.#status.refused + count,
      error: {
        code: 'refused',
        message: `it refused an event for good: ${reason}`,
        epochUs: this.#ports.clock.epochUs(),
      },
    });
  }

  /** Saves what is not saved yet; nothing changes after this. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#save();
  }

  #change(changes: Partial<WebhookStatus>): void {
    if (this.#isClosed) return;
    this.#status = { ...this.#status, ...changes };
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#save();
    }, STATUS_SAVE_MS);
  }

  async #save(): Promise<void> {
    const { logger, changeEndpoint } = this.#ports;
    try {
      await changeEndpoint({ kind: 'status', status: this.#status });
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error;
      // The next change saves these counts as well.
      logger.debug('webhook_status_not_saved', { code: error.code, why: error.message });
    }
  }
}
