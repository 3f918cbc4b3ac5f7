// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import type { RecordedEvent } from '@sentrypeer/event';
import { systemClock, type LogFields, type Logger } from '@sentrypeer/kernel';
import type { DeliveryPorts, EndpointChange } from '../src/index.ts';
import type { WebhookStatus } from '../src/webhook/status.ts';
import type { WebhookPorts } from '../src/webhook/webhook.ts';

/** Milliseconds a test waits for anything. */
const DEADLINE_MS = 10_000;

export const NODE_ID = '0191f6a1-0000-7000-8000-00000000000a';

export function makeEvent(honeyId: number, changes: Partial<RecordedEvent> = {}): RecordedEvent {
  return {
    honeyId,
    eventTimestamp: '2026-11-23 10:00:01.123456000',
    eventUuid: `0191f6a1-0000-7000-8000-${String(honeyId).padStart(12, '0')}`,
    createdByNodeId: NODE_ID,
    collectedMethod: 'responsive',
    transportType: 'UDP',
    sourceIp: '192.0.2.7',
    sourcePort: 5060,
    destinationIp: '198.51.100.1',
    destinationPort: 5060,
    calledNumber: '00442071234567',
    sipMethod: 'INVITE',
    userAgent: 'friendly-scanner',
    grade: 'seen',
    requestUri: 'sip:00442071234567@198.51.100.1',
    sipMessage: 'INVITE sip:00442071234567@198.51.100.1 SIP/2.0\r\n\r\n',
    ...changes,
  };
}

/** What happens, as promises under a deadline. */
class Happenings {
  #checks: (() => void)[] = [];

  happened(): void {
    for (const check of this.#checks) check();
  }

  async until(what: string, condition: () => boolean): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const check = (): void => {
      if (condition()) resolve();
    };
    const timer = setTimeout(() => reject(new Error(`not in time: ${what}`)), DEADLINE_MS);
    this.#checks.push(check);
    try {
      check();
      await promise;
    } finally {
      clearTimeout(timer);
      this.#checks = this.#checks.filter((each) => each !== check);
    }
  }
}

interface Letter {
  reason: string;
  isToSend: boolean;
}

/** An event log in memory with its cursors, and a logger that remembers. */
export class MemoryEventLog {
  readonly #happenings = new Happenings();
  readonly cursors = new Map<string, number>();
  readonly messages: { readonly event: string; readonly fields: LogFields }[] = [];
  events: RecordedEvent[] = [];
  /** What reading throws. */
  failure: Error | undefined;
  /** Dead letters by UUID. */
  readonly letters = new Map<string, Letter>();
  status: WebhookStatus | undefined;
  /** What recording a change throws. */
  changeFailure: Error | undefined;
  #readsCount = 0;

  readonly ports = {
    log: {
      eventsAfter: (honeyId: number, limit: number) => {
        assert.ok(limit >= 1);
        this.#readsCount += 1;
        this.#happenings.happened();
        if (this.failure !== undefined) throw this.failure;
        const first = this.events.findIndex((event) => event.honeyId > honeyId);
        return first < 0 ? [] : this.events.slice(first, first + limit);
      },
      lastHoneyId: () => this.events.at(-1)?.honeyId ?? 0,
      cursor: (name: string) => this.cursors.get(name),
      event: (uuid: string) => this.events.find(({ eventUuid }) => eventUuid === uuid),
      endpoints: {
        status: () => this.status,
        lettersToSend: (_endpoint: string, limit: number) =>
          [...this.letters]
            .filter(([, { isToSend }]) => isToSend)
            .map(([uuid]) => uuid)
            .slice(0, limit),
      },
    },
    random: () => 0,
    changeEndpoint: async (change: EndpointChange) => {
      this.#change(change);
      this.#happenings.happened();
    },
    cursors: {
      saveCursor: (name: string, honeyId: number) => {
        this.cursors.set(name, honeyId);
        this.#happenings.happened();
      },
    },
    logger: this.#makeLogger(),
    clock: systemClock,
  } satisfies DeliveryPorts & WebhookPorts;

  /** Commits this many events. */
  append(count: number, changes: Partial<RecordedEvent> = {}): void {
    for (let index = 0; index < count; index += 1) {
      this.events.push(makeEvent(this.ports.log.lastHoneyId() + 1, changes));
    }
  }

  uuids(): readonly string[] {
    return this.events.map((event) => event.eventUuid);
  }

  /** The cursor is at the end of the log. */
  async settled(name: string): Promise<void> {
    const last = this.ports.log.lastHoneyId();
    await this.#happenings.until(`${name} at ${last}`, () => this.cursors.get(name) === last);
  }

  async logged(event: string): Promise<void> {
    await this.#happenings.until(event, () => this.count(event) > 0);
  }

  /** Waits for something that is reported to a port of this log. */
  until(what: string, condition: () => boolean): Promise<void> {
    return this.#happenings.until(what, condition);
  }

  /** Something happened that the log does not see. */
  happened(): void {
    this.#happenings.happened();
  }

  /** The log was read this many times from now on. */
  async read(count: number): Promise<void> {
    const wanted = this.#readsCount + count;
    await this.#happenings.until(`${count} reads`, () => this.#readsCount >= wanted);
  }

  count(event: string): number {
    return this.messages.filter((message) => message.event === event).length;
  }

  #change(change: EndpointChange): void {
    if (this.changeFailure !== undefined) throw this.changeFailure;
    if (change.kind === 'status') this.status = change.status;
    else if (change.kind === 'taken')
      for (const uuid of change.eventUuids) this.letters.delete(uuid);
    else
      for (const { eventUuid, reason } of change.letters)
        this.letters.set(eventUuid, { reason, isToSend: false });
  }

  #makeLogger(): Logger {
    const log = (event: string, fields: LogFields = {}): void => {
      this.messages.push({ event, fields });
      this.#happenings.happened();
    };
    return { debug: log, info: log, warn: log, error: log };
  }
}
