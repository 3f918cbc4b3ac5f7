// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { RecordedEvent } from '@sentrypeer/event';
import { doubledMs, followedEvents, Pump, type EventLog } from '@sentrypeer/follow';
import { webhookCursor } from '@sentrypeer/follow/cursors';
import { WEBHOOK_PARALLEL_SETTLE_MS, WEBHOOK_SETTLE_EVENTS_MAX } from '../limits.ts';
import type { DeliveryPorts } from '../ports.ts';
import { DeadLetterSender, type DeadLetterLog } from './dead-letter-sender.ts';
import { Deliverer, type DeliveryFailure } from './deliverer.ts';
import { formatBody, type EventChoice } from './event-body.ts';
import { HttpPoster, type ProxyVariables } from './http-poster.ts';
import { StatusKeeper, type ChangeEndpoint, type WebhookStatus } from './status.ts';
import type { TokenOptions, TokenSource } from './token-source.ts';
import { WebhookSink } from './webhook-sink.ts';

interface WebhookLog extends EventLog, DeadLetterLog {
  readonly endpoints: DeadLetterLog['endpoints'] & {
    status(endpoint: string): WebhookStatus | undefined;
  };
}

export interface WebhookPorts extends DeliveryPorts {
  readonly log: WebhookLog;
  readonly changeEndpoint: ChangeEndpoint;
  /** From 0 to below 1. */
  readonly random: () => number;
}

/** One endpoint, as the operator configured it. */
export interface WebhookOptions {
  /** Its name; its cursor in the log is `webhook:` and this. */
  readonly name: string;
  readonly url: URL;
  /** Added to each request; may hold secrets. */
  readonly headers: Readonly<Record<string, string>>;
  readonly choice: EventChoice;
  /** Events of one request, 1 and above; above 1 each carries an array. */
  readonly batchEventsMax: number;
  /** Milliseconds to wait for a batch to fill, 0 and above. */
  readonly batchWaitMs: number;
  readonly gzip: boolean;
  /** See `signature()`; without it, none is sent. */
  readonly signingSecret: string | undefined;
  /** Milliseconds for a request and its answer. */
  readonly timeoutMs: number;
  /** Requests at a time, 1 and above; above 1 their order is not kept. */
  readonly parallel: number;
  /** Certificates trusted in addition to the system's, PEM. */
  readonly authorities: string | undefined;
  readonly oauth2: TokenOptions | undefined;
}

/** What all endpoints have in common. */
export interface SenderFacts {
  readonly appVersion: string;
  readonly nodeId: string;
  readonly proxies: ProxyVariables;
  /** @default RETRY_MS_MIN */
  readonly retryMsMin?: number;
  /** @default DEAD_LETTERS_LOOK_MS */
  readonly lookMs?: number;
}

/** The state of an endpoint for monitoring. */
export interface WebhookReport {
  readonly name: string;
  readonly status: WebhookStatus;
  /** Wall-clock microseconds of the next attempt; `undefined` if nothing failed. */
  readonly nextTryEpochUs: number | undefined;
}

/** One endpoint: a cursor on the event log that advances when the endpoint has accepted or refused events. */
export class Webhook {
  readonly #ports: WebhookPorts;
  readonly #name: string;
  readonly #retryMsMin: number | undefined;
  readonly #status: StatusKeeper;
  readonly #poster: HttpPoster;
  readonly #letters: DeadLetterSender;
  readonly #pump: Pump<RecordedEvent>;
  #retryAfterMs: number | undefined;
  #nextTryEpochUs: number | undefined;

  /** Throws `OperatingError` if a proxy variable is not a URL. */
  constructor(
    ports: WebhookPorts,
    options: WebhookOptions,
    facts: SenderFacts,
    tokens: TokenSource | undefined,
  ) {
    const { name, choice, batchEventsMax, parallel } = options;
    const { appVersion, nodeId } = facts;
    this.#ports = ports;
    this.#name = name;
    this.#retryMsMin = facts.retryMsMin;
    this.#status = new StatusKeeper(ports, name, ports.log.endpoints.status(name));
    this.#poster = new HttpPoster({
      connectionsMax: parallel + 1, // One for dead letters.
      timeoutMs: options.timeoutMs,
      authorities: options.authorities,
      proxies: facts.proxies,
    });
    const deliverer = new Deliverer(
      {
        ...ports,
        poster: this.#poster,
        tokens,
        status: this.#status,
        onFailure: (failure) => this.#onFailure(failure),
      },
      { ...options, userAgent: `SentryPeer/${appVersion}`, isBatched: batchEventsMax > 1 },
    );
    this.#letters = new DeadLetterSender(
      { ...ports, deliverer },
      {
        name,
        format: (event: RecordedEvent) => formatBody(event, choice, appVersion),
        ...(facts.lookMs !== undefined && { lookMs: facts.lookMs }),
      },
    );
    const sink = new WebhookSink(
      { deliverer, onClose: () => this.#closeSink() },
      { choice, appVersion, nodeId, batchEventsMax, parallel },
    );
    this.#pump = new Pump({ ...ports, log: followedEvents(ports.log) }, sink, {
      name: webhookCursor(name),
      settleMs: settleMs(options),
      settleEntriesMax: WEBHOOK_SETTLE_EVENTS_MAX,
      backOffMs: (failuresCount) => this.#backOffMs(failuresCount),
      onExpired: (count) => this.#status.add('expired', count),
    });
  }

  get report(): WebhookReport {
    const nextTryEpochUs = this.#nextTryEpochUs;
    const isWaiting = nextTryEpochUs !== undefined && nextTryEpochUs > this.#ports.clock.epochUs();
    return {
      name: this.#name,
      status: this.#status.status,
      nextTryEpochUs: isWaiting ? nextTryEpochUs : undefined,
    };
  }

  /** New events were committed. */
  wake(): void {
    this.#pump.wake();
  }

  /** Delivers what is committed, within a deadline; the rest waits for the next start. */
  close(): Promise<void> {
    return this.#pump.close();
  }

  async #closeSink(): Promise<void> {
    // Failures from here on are our own; they do not count as the endpoint's.
    const saved = this.#status.close();
    this.#poster.close();
    await Promise.all([saved, this.#letters.close()]);
  }

  #onFailure(failure: DeliveryFailure): void {
    if (failure.retryAfterMs !== undefined) this.#retryAfterMs = failure.retryAfterMs;
  }

  /**
   * Half of the wait is random, so that nodes that lost an endpoint at the same time do not return at the same time.
   */
  #backOffMs(failuresCount: number): number {
    const { random, clock } = this.#ports;
    const ownMs = doubledMs(failuresCount, this.#retryMsMin) * (0.5 + random() / 2);
    const askedMs = (this.#retryAfterMs ?? 0) * (1 + random() / 10);
    this.#retryAfterMs = undefined;
    const waitMs = Math.max(ownMs, askedMs);
    this.#nextTryEpochUs = clock.epochUs() + Math.round(waitMs * 1000);
    return waitMs;
  }
}

/** A single request is confirmed at once; a batch gets time to fill. */
function settleMs({ batchEventsMax, batchWaitMs, parallel }: WebhookOptions): number {
  if (batchEventsMax > 1) return batchWaitMs;
  return parallel > 1 ? WEBHOOK_PARALLEL_SETTLE_MS : 0;
}
