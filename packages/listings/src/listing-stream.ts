// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { setTimeout as wait } from 'node:timers/promises';
import { Outage, type Logger } from '@sentrypeer/kernel';
import { ANSWER_MS_MAX, EVENT_CHARACTERS_MAX, SILENCE_MS_MAX } from './limits.ts';
import { retryMs } from './retry.ts';

/** What an entry is based on: the grade of its evidence, or the decision of the node's operator. */
export type Grounds = 'seen' | 'returned' | 'handshake' | 'operator';

/** Receives what the feed of listings says about addresses (docs/api.md). */
export interface ListingSink {
  /** All entries so far are forgotten when the snapshot that begins is complete. */
  begin(): void;
  /** @param untilEpochMs `NaN` if the node gave none. */
  entry(value: string, untilEpochMs: number, grounds: Grounds): void;
  end(): void;
  /** @param untilEpochMs `undefined` if it is no longer listed. */
  change(value: string, untilEpochMs: number | undefined, grounds: Grounds): void;
}

export interface StreamOptions {
  /** Where the node's API is. */
  readonly node: URL;
  readonly key: string | undefined;
  /** Option with which an operator gives the key, such as `--firewall-key`. */
  readonly keyOption: string;
  /** First word of the event names in the log, such as `firewall`. */
  readonly logName: string;
}

interface Message {
  readonly type: string;
  readonly id: string;
  readonly data: string;
}

/** Follows a node's feed of listings indefinitely: after each interruption it continues where it was. */
export class ListingStream {
  readonly #options: StreamOptions;
  readonly #sink: ListingSink;
  readonly #outage: Outage;
  #serial = '';
  #failuresCount = 0;
  /** For the attempt in progress, so that a snapshot can be requested. */
  #attempt = new AbortController();
  #failure: string | undefined = 'not connected yet';

  constructor(
    ports: { readonly logger: Logger; readonly sink: ListingSink },
    options: StreamOptions,
  ) {
    this.#options = options;
    this.#sink = ports.sink;
    this.#outage = new Outage(ports.logger, 'warn', {
      failed: `${options.logName}_feed_lost`,
      over: `${options.logName}_feed_followed`,
    });
  }

  /** The serial of the newest change received; empty before the first. */
  get serial(): string {
    return this.#serial;
  }

  /** Why the node sends us nothing at present. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Starts again with a snapshot. */
  restart(): void {
    this.#serial = '';
    this.#attempt.abort();
  }

  /** Ends when the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#attempt = new AbortController();
      try {
        await this.#follow(AbortSignal.any([signal, this.#attempt.signal]));
        this.#failed('the node ended the stream');
      } catch (error) {
        if (signal.aborted) return;
        if (!this.#attempt.signal.aborted || this.#serial !== '') this.#failed(reasonOf(error));
      }
      const ms = retryMs(this.#failuresCount);
      this.#failuresCount += 1;
      await wait(ms, undefined, { signal }).catch(() => undefined);
    }
  }

  #failed(why: string): void {
    this.#failure = why;
    // A restarted node is back before the second attempt.
    if (this.#failuresCount > 0) this.#outage.failed({ node: this.#options.node.host, why });
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { node, key } = this.#options;
    const silence = new AbortController();
    let timer = setTimeout(() => silence.abort(new Error('the node says nothing')), ANSWER_MS_MAX);
    try {
      const response = await fetch(new URL('/v1/listings/stream?kind=address', node), {
        headers: {
          accept: 'text/event-stream',
          ...(key !== undefined && { authorization: `Bearer ${key}` }),
          ...(this.#serial !== '' && { 'last-event-id': this.#serial }),
        },
        redirect: 'error', // The key is only for this node.
        signal: AbortSignal.any([signal, silence.signal]),
      });
      if (!response.ok || response.body === null) {
        await response.body?.cancel();
        throw new Error(refusalOf(response.status, this.#options.keyOption));
      }
      if (this.#serial !== '') this.#connected();
      for await (const chunk of messagesOf(response.body)) {
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(new Error('the node fell silent')), SILENCE_MS_MAX);
        for (const message of chunk) this.#take(message);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #take({ type, id, data }: Message): void {
    const told = JSON.parse(data) as Readonly<Record<string, unknown>>;
    const value = typeof told['value'] === 'string' ? told['value'] : '';
    const untilEpochMs = Date.parse(String(told['until']));
    const isListed = told['kind'] === 'address' && told['level'] === 'listed';
    if (type === 'begin') this.#sink.begin();
    else if (type === 'entry' && isListed) {
      this.#sink.entry(value, untilEpochMs, groundsOf(told));
    } else if (type === 'end') this.#sink.end();
    else if (type === 'change' && told['kind'] === 'address') {
      const until = isListed && told['change'] === 'listed' ? untilEpochMs : undefined;
      this.#sink.change(value, until, groundsOf(told));
    }
    if (isSerial(id)) this.#serial = id;
    if (type !== 'begin' && type !== 'entry') this.#connected(); // Not before the snapshot is complete.
  }

  #connected(): void {
    this.#failuresCount = 0;
    this.#failure = undefined;
    this.#outage.over({ node: this.#options.node.host });
  }
}

/** What the node's operator blocked is listed without any evidence (docs/verdicts.md). */
const BLOCKED = 'blocked by the operator';

function groundsOf({ grade, reasons }: Readonly<Record<string, unknown>>): Grounds {
  if (grade === 'returned' || grade === 'handshake') return grade;
  const texts: readonly unknown[] = Array.isArray(reasons) ? reasons : [];
  const isBlocked = texts.some((text) => typeof text === 'string' && text.startsWith(BLOCKED));
  return isBlocked ? 'operator' : 'seen';
}

/** It is sent back as a header, in which no other characters may stand. */
function isSerial(id: string): boolean {
  const serial = Number(id);
  return Number.isSafeInteger(serial) && String(serial) === id;
}

function refusalOf(status: number, keyOption: string): string {
  if (status === 401 || status === 403) {
    return `the node wants a key that may read (${status}): sentrypeer keys add there, ${keyOption} here`;
  }
  return `the node answers ${status}`;
}

/** fetch gives the reason in the cause. */
function reasonOf(error: unknown): string {
  const { cause } = error as { readonly cause?: unknown };
  const source = cause instanceof Error && cause.message !== '' ? cause : error;
  return source instanceof Error ? source.message : String(source);
}

/** Messages of server-sent events, as many as came at once; none for a keep-alive. */
async function* messagesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<readonly Message[]> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const octets of body) {
    text += decoder.decode(octets, { stream: true });
    const parts = text.split('\n\n');
    text = parts.pop() ?? '';
    if (text.length > EVENT_CHARACTERS_MAX) throw new Error('an event has no end');
    yield parts.map(parseMessage).filter((message) => message !== undefined);
  }
}

function parseMessage(text: string): Message | undefined {
  const fields = { event: '', id: '', data: '' };
  for (const line of text.split('\n')) {
    for (const name of ['event', 'id', 'data'] as const) {
      if (line.startsWith(`${name}: `)) fields[name] = line.slice(name.length + 2);
    }
  }
  return fields.data === '' ? undefined : { type: fields.event, id: fields.id, data: fields.data };
}
