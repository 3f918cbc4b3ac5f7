// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { RecordedEvent } from '@sentrypeer/event';
import { doubledMs } from '@sentrypeer/follow';
import { OperatingError } from '@sentrypeer/kernel';
import { DEAD_LETTERS_LOOK_MS, DEAD_LETTERS_PER_LOOK_MAX } from '../limits.ts';
import type { Deliverer } from './deliverer.ts';
import type { ChangeEndpoint } from './status.ts';

/** Dead letters and their events, as the store has them. */
export interface DeadLetterLog {
  event(eventUuid: string): RecordedEvent | undefined;
  readonly endpoints: {
    /** UUIDs of events that an operator wants to send again. */
    lettersToSend(endpoint: string, limit: number): readonly string[];
  };
}

interface SenderPorts {
  readonly log: DeadLetterLog;
  readonly deliverer: Pick<Deliverer, 'deliver' | 'bury'>;
  readonly changeEndpoint: ChangeEndpoint;
}

interface SenderOptions {
  readonly name: string;
  readonly format: (event: RecordedEvent) => string;
  /** @default DEAD_LETTERS_LOOK_MS */
  readonly lookMs?: number;
}

/** Looks for dead letters that an operator wants to send again, and sends them alongside new events. */
export class DeadLetterSender {
  readonly #ports: SenderPorts;
  readonly #options: SenderOptions;
  #timer: NodeJS.Timeout | undefined;
  #failuresCount = 0;
  #looking: Promise<void> | undefined;
  #isClosed = false;

  constructor(ports: SenderPorts, options: SenderOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#wait();
  }

  /** Requests in flight fail when their connection is closed. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#looking;
  }

  #wait(): void {
    if (this.#isClosed) return;
    const { lookMs = DEAD_LETTERS_LOOK_MS } = this.#options;
    const waitMs = this.#failuresCount === 0 ? lookMs : doubledMs(this.#failuresCount, lookMs);
    this.#timer = setTimeout(() => {
      this.#looking = this.#look().then(() => this.#wait());
    }, waitMs);
  }

  async #look(): Promise<void> {
    const { name } = this.#options;
    try {
      const uuids = this.#ports.log.endpoints.lettersToSend(name, DEAD_LETTERS_PER_LOOK_MAX);
      for (const eventUuid of uuids) {
        if (this.#isClosed) return;
        await this.#send(eventUuid);
      }
      this.#failuresCount = 0;
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error;
      this.#failuresCount += 1; // Counted with the other failures of the endpoint, and tried again.
    }
  }

  async #send(eventUuid: string): Promise<void> {
    const { log, deliverer, changeEndpoint } = this.#ports;
    const { name, format } = this.#options;
    const event = log.event(eventUuid);
    if (event === undefined) {
      await deliverer.bury([{ eventUuid }], 'retention has removed the event');
    } else if (await deliverer.deliver([{ eventUuid, body: format(event) }])) {
      await changeEndpoint({ kind: 'taken', endpoint: name, eventUuids: [eventUuid] });
    }
  }
}
