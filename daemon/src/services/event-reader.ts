// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { WrittenEvents, WrittenEventSearch, WrittenSample } from '@sentrypeer/api';
import { OperatingError, type Logger } from '@sentrypeer/kernel';
import { EVENT_READER_IDLE_MS } from '../limits.ts';
import type {
  EventQuestion,
  EventSampleQuestion,
  ReaderWorkerData,
  ReaderWorkerInput,
  ReaderWorkerOutput,
} from '../workers/messages.ts';
import { Thread } from '../workers/thread.ts';

/** Resolves with what the kind of question returns. */
type Answer = PromiseWithResolvers<unknown>;

/** The thread, and the questions that it has not answered yet. */
interface Running {
  readonly thread: Thread<ReaderWorkerInput>;
  readonly asked: Map<number, Answer>;
}

/**
 * Searches the event log, and writes the results as they are sent, in a separate thread, so that no search delays the
 * thread that answers look-ups. The thread starts with the first question and ends when nobody has asked for a while:
 * most nodes are never searched.
 */
export class EventReader implements WrittenEventSearch, AsyncDisposable {
  readonly #logger: Logger;
  readonly #data: ReaderWorkerData;
  #running: Running | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #lastCall = 0;
  readonly #ending = new Set<Promise<void>>();

  constructor(ports: { readonly logger: Logger }, data: ReaderWorkerData) {
    this.#logger = ports.logger;
    this.#data = data;
  }

  /** Rejects with `OperatingError` if the log cannot be read. */
  find(...question: EventQuestion): Promise<WrittenEvents> {
    return this.#ask((call) => ({ kind: 'find', call, question })) as Promise<WrittenEvents>;
  }

  /** Rejects as `find()` does. */
  sample(...question: EventSampleQuestion): Promise<WrittenSample> {
    return this.#ask((call) => ({ kind: 'sample', call, question })) as Promise<WrittenSample>;
  }

  async #ask(messageOf: (call: number) => ReaderWorkerInput): Promise<unknown> {
    const running = (this.#running ??= this.#start());
    const answer: Answer = Promise.withResolvers();
    this.#lastCall += 1;
    running.asked.set(this.#lastCall, answer);
    running.thread.send(messageOf(this.#lastCall));
    clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(() => this.#stop(), EVENT_READER_IDLE_MS).unref();
    return answer.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#idleTimer);
    this.#stop();
    await Promise.all(this.#ending);
  }

  #start(): Running {
    const asked = new Map<number, Answer>();
    const thread = Thread.load<ReaderWorkerInput, ReaderWorkerOutput>(
      'reader-worker',
      this.#data,
      [],
      {
        logger: this.#logger,
        onMessage: (message) => {
          if (message.kind === 'ready') return;
          const answer = asked.get(message.call);
          asked.delete(message.call);
          if (message.kind === 'found') answer?.resolve(message.answer);
          else answer?.reject(new OperatingError(message.failure.code, message.failure.message));
        },
        onFailed: (error) => this.#failed(running, error),
      },
    );
    const running = { thread, asked };
    thread.ready().catch((error: unknown) => this.#failed(running, error));
    return running;
  }

  /** The next question starts another one. */
  #failed(running: Running, error: unknown): void {
    this.#logger.error('event_reader_failed', { why: String(error) });
    if (this.#running === running) this.#running = undefined;
    for (const answer of running.asked.values()) answer.reject(error);
    running.asked.clear();
  }

  #stop(): void {
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    running.thread.send({ kind: 'stop' });
    const ended = running.thread.ended().then(() => {
      const gone = new OperatingError('stopping', 'the node is stopping');
      for (const answer of running.asked.values()) answer.reject(gone);
      this.#ending.delete(ended);
    });
    this.#ending.add(ended);
  }
}
