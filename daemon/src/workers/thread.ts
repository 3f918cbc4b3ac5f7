// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { OperatingError, type Logger } from '@sentrypeer/kernel';
import { embedded } from '../embedded.ts';
import { THREAD_SILENT_MS_MAX } from '../limits.ts';
import { isMeasuredRuntime } from '../measured-runtime.ts';
import { assertRoomForThread, threadFailure } from './thread-failure.ts';
import type { AliveMessage, FailedMessage, LogMessage, ProgressMessage } from './messages.ts';

/**
 * Mebibytes of V8's young generation in a worker. These threads create only short-lived objects, so a small one costs
 * no more time than V8's own 48 and takes 10 to 20 MiB less; with 3, 3 % fewer events are recorded in a flood.
 */
const YOUNG_GENERATION_MEBIBYTES = 6;

/**
 * The threads that record. The others share one copy of V8's built-in functions, which takes 2 MiB less for each of them;
 * a thread's own copy, next to its compiled code, saves 3 % of a recording thread's processor time.
 */
const OWN_BUILT_INS = new Set(['sip-worker', 'store-worker']);

type ReportMessage = LogMessage | ProgressMessage | AliveMessage | FailedMessage;

interface Ports<Output> {
  readonly logger: Logger;
  /** Receives every message except those about the thread itself. */
  readonly onMessage: (message: Exclude<Output, ReportMessage>) => void;
  /** The thread failed after it was ready: a bug of ours, or out of memory. */
  readonly onFailed: (error: unknown) => void;
}

/** A worker thread of ours: loaded, then ready; its log lines are printed, its failures reported. */
export class Thread<Input> {
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  readonly #ready = Promise.withResolvers<void>();
  #isReady = false;
  #hasEnded = false;
  #heardAtMs = performance.now();

  private constructor(worker: Worker) {
    this.#worker = worker;
    const ended = Promise.withResolvers<void>();
    this.#ended = ended.promise; // Never rejects: a failure is reported once, by its own event.
    worker.once('exit', () => {
      this.#hasEnded = true;
      ended.resolve();
    });
    this.#ready.promise.catch(() => undefined); // Those who wait for it are told.
  }

  /**
   * Starts to load the thread's code. Messages sent meanwhile wait for it. Throws `OperatingError` if the system refuses
   * another thread.
   *
   * @param name The worker's entry, beside this file.
   * @param transfer Ports within `data` that go to the thread.
   */
  static load<Input, Output extends { readonly kind: string }>(
    name: string,
    data: unknown,
    transfer: readonly MessagePort[],
    ports: Ports<Output>,
  ): Thread<Input> {
    const worker = startWorker(name, data, transfer);
    const thread = new Thread<Input>(worker);
    const fail = (error: unknown): void =>
      thread.#isReady ? ports.onFailed(error) : thread.#ready.reject(error);
    worker.on('error', (error: unknown) => fail(threadFailure(name, error)));
    worker.on('message', (message: Output | ReportMessage) => {
      thread.#heardAtMs = performance.now();
      if (isAlive(message)) return;
      if (isLog(message)) ports.logger[message.level](message.event, message.fields);
      else if (isProgress(message))
        ports.logger.progress?.(message.work, message.done, message.total);
      else if (isFailed(message)) fail(new OperatingError(message.code, message.message));
      else {
        ports.onMessage(message as Exclude<Output, ReportMessage>);
        if (message.kind !== 'ready') return;
        thread.#isReady = true; // At once: failures from here on are not a failed start.
        thread.#ready.resolve();
      }
    });
    return thread;
  }

  /** Loads the thread, and resolves when it is ready, like `ready()`. */
  static async start<Input, Output extends { readonly kind: string }>(
    ...loaded: Parameters<typeof Thread.load<Input, Output>>
  ): Promise<Thread<Input>> {
    const thread = Thread.load<Input, Output>(...loaded);
    await thread.ready();
    return thread;
  }

  /** Resolves when the thread says `ready`; otherwise ends the thread and rejects with its failure. */
  async ready(): Promise<void> {
    try {
      await this.#ready.promise;
    } catch (error) {
      await this.#worker.terminate();
      throw error;
    }
  }

  send(message: Input): void {
    this.#worker.postMessage(message);
  }

  /** Whether nothing has been heard of a running thread for so long that it must hang. */
  get isStuck(): boolean {
    if (!this.#isReady || this.#hasEnded) return false;
    return performance.now() - this.#heardAtMs > THREAD_SILENT_MS_MAX;
  }

  /** Resolves when the thread has ended, because it was told to or by a failure. */
  async ended(): Promise<void> {
    await this.#ended;
  }
}

function startWorker(name: string, data: unknown, transfer: readonly MessagePort[]): Worker {
  assertRoomForThread(name);
  if (isMeasuredRuntime()) {
    // V8 reads it when the thread begins.
    setFlagsFromString(`--${OWN_BUILT_INS.has(name) ? '' : 'no-'}short-builtin-calls`);
  }
  try {
    return new Worker(entryOf(name), {
      name, // What `top -H` shows.
      workerData: data,
      transferList: [...transfer],
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MEBIBYTES },
    });
  } catch (error) {
    throw threadFailure(name, error);
  }
}

/**
 * In a checkout, entries are TypeScript in this folder; bundled, they are JavaScript next to the program, or within it.
 */
function entryOf(name: string): URL {
  const code = embedded(`${name}.js`);
  if (code !== undefined) return new URL(`data:text/javascript;base64,${code.toBase64()}`);
  return new URL(`${name}${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);
}

function isLog(message: { readonly kind: string }): message is LogMessage {
  return message.kind === 'log';
}

function isProgress(message: { readonly kind: string }): message is ProgressMessage {
  return message.kind === 'progress';
}

function isAlive(message: { readonly kind: string }): message is AliveMessage {
  return message.kind === 'alive';
}

function isFailed(message: { readonly kind: string }): message is FailedMessage {
  return message.kind === 'failed';
}
