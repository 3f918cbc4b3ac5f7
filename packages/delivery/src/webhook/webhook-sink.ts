// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { RecordedEvent } from '@sentrypeer/event';
import type { Sink } from '@sentrypeer/follow';
import { WEBHOOK_BATCH_CHARACTERS_MAX } from '../limits.ts';
import type { Deliverer, Parcel } from './deliverer.ts';
import { formatBody, isChosen, type EventChoice } from './event-body.ts';

export interface WebhookSinkOptions {
  readonly choice: EventChoice;
  readonly appVersion: string;
  /** This node's id. */
  readonly nodeId: string;
  /** Events of one request, 1 and above. */
  readonly batchEventsMax: number;
  /** Requests at a time, 1 and above; above 1 they may arrive out of order. */
  readonly parallel: number;
}

/** A request that was begun. */
interface Sent {
  /** The last event in it. */
  readonly honeyId: number;
  isDone: boolean;
  /** Settles when it is done or failed, and never rejects. */
  readonly settled: Promise<void>;
}

/** Gathers events into requests, and keeps at most the allowed number of them in flight. */
export class WebhookSink implements Sink<RecordedEvent> {
  readonly #deliverer: Pick<Deliverer, 'deliver'>;
  readonly #options: WebhookSinkOptions;
  readonly #onClose: () => Promise<void>;
  #gathered: Parcel[] = [];
  #gatheredCharacters = 0;
  #gatheredHoneyId = 0;
  /** In the order in which they were started; finished ones are removed from the front. */
  #sent: Sent[] = [];
  /** The endpoint has all events up to this one, and may have later ones. */
  #takenHoneyId = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor(
    ports: {
      readonly deliverer: Pick<Deliverer, 'deliver'>;
      readonly onClose: () => Promise<void>;
    },
    options: WebhookSinkOptions,
  ) {
    this.#deliverer = ports.deliverer;
    this.#onClose = ports.onClose;
    this.#options = options;
  }

  async resume(settledHoneyId: number): Promise<number> {
    await Promise.all(this.#sent.map(({ settled }) => settled));
    const taken = Math.max(settledHoneyId, this.#takenHoneyId);
    this.#sent = [];
    this.#forgetGathered();
    this.#failure = undefined;
    this.#takenHoneyId = taken;
    return taken;
  }

  async write(events: readonly RecordedEvent[]): Promise<void> {
    const { choice, nodeId, appVersion, batchEventsMax } = this.#options;
    const [first] = events;
    // The log was emptied and its ids started over.
    if (first !== undefined && first.honeyId <= this.#takenHoneyId) this.#takenHoneyId = 0;
    for (const event of events) {
      if (!isChosen(event, choice, nodeId)) continue;
      const body = formatBody(event, choice, appVersion);
      const isRoom = this.#gatheredCharacters + body.length < WEBHOOK_BATCH_CHARACTERS_MAX;
      if (this.#gathered.length > 0 && !isRoom) await this.#send();
      this.#gathered.push({ eventUuid: event.eventUuid, body });
      this.#gatheredCharacters += body.length;
      this.#gatheredHoneyId = event.honeyId;
      if (this.#gathered.length >= batchEventsMax) await this.#send();
    }
    this.#throwFailure();
  }

  async settle(): Promise<void> {
    if (this.#gathered.length > 0) await this.#send();
    await Promise.all(this.#sent.map(({ settled }) => settled));
    this.#throwFailure();
  }

  close(): Promise<void> {
    return this.#onClose();
  }

  /** Resolves when the request is under way. */
  async #send(): Promise<void> {
    while (this.#sent.length >= this.#options.parallel) {
      await Promise.race(this.#sent.filter(({ isDone }) => !isDone).map(({ settled }) => settled));
      this.#throwFailure();
    }
    const parcels = this.#gathered;
    const sent: Sent = {
      honeyId: this.#gatheredHoneyId,
      isDone: false,
      settled: this.#deliverer.deliver(parcels).then(
        () => {
          sent.isDone = true;
          this.#takeOffDone();
        },
        (error: unknown) => {
          this.#failure ??= { error };
        },
      ),
    };
    this.#sent.push(sent);
    this.#forgetGathered();
  }

  #takeOffDone(): void {
    for (let first = this.#sent[0]; first?.isDone === true; first = this.#sent[0]) {
      this.#takenHoneyId = first.honeyId;
      this.#sent.shift();
    }
  }

  #forgetGathered(): void {
    this.#gathered = [];
    this.#gatheredCharacters = 0;
  }

  /** Programming errors rise as well. */
  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
