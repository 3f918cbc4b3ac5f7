// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { OperatingError, type Logger } from '@sentrypeer/kernel';
import type {
  FleetWork,
  FleetWorkerData,
  FleetWorkerInput,
  FleetWorkerOutput,
} from '../../workers/messages.ts';
import { Thread } from '../../workers/thread.ts';
import type { Writer } from '../writer-commands.ts';

interface Ports {
  readonly logger: Logger;
  readonly engine: Writer;
  readonly onFailed: (error: unknown) => void;
}

type Call = Extract<FleetWorkerOutput, { readonly kind: 'call' }>;

/** Does this node's part in a fleet, in a separate thread. */
export class FleetService implements AsyncDisposable {
  readonly #engine: Writer;
  readonly #isHub: boolean;
  #thread: Thread<FleetWorkerInput> | undefined;
  #work: FleetWork | undefined;
  #closing: Promise<void> | undefined;

  private constructor(engine: Writer, isHub: boolean) {
    this.#engine = engine;
    this.#isHub = isHub;
  }

  /** Resolves when the thread runs, whether or not the fleet's database answers. */
  static async open(ports: Ports, data: FleetWorkerData): Promise<FleetService> {
    const { engine, logger, onFailed } = ports;
    // From now on events and decisions wait for the fleet, even if it does not answer.
    if (data.role !== 'follower') await engine.write('openFleet', data.role === 'hub');
    const service = new FleetService(engine, data.role === 'hub');
    service.#thread = await Thread.start<FleetWorkerInput, FleetWorkerOutput>(
      'fleet-worker',
      data,
      [],
      {
        logger,
        onFailed,
        onMessage: (message) => {
          if (message.kind === 'state') service.#work = message;
          else if (message.kind === 'call') void service.#write(message);
        },
      },
    );
    return service;
  }

  /** The state of each part; `undefined` until the thread has reported it once. */
  get work(): FleetWork | undefined {
    return this.#work;
  }

  /** Why nothing is pushed, pulled or followed at present, as text for people. */
  get trouble(): string | undefined {
    const { push, pull, follow } = this.#work ?? {};
    return push?.trouble ?? pull?.trouble ?? follow?.trouble;
  }

  /** The log has new events. */
  wake(): void {
    this.#thread?.send({ kind: 'wake' });
  }

  /** The listings here have changed; a hub tells the fleet. */
  listed(): void {
    if (this.#isHub) this.#thread?.send({ kind: 'listed' });
  }

  /** Pushes what is committed, within a deadline. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#thread?.send({ kind: 'stop' });
    await this.#thread?.ended();
  }

  async #write({ call, command, args }: Call): Promise<void> {
    try {
      const answer = await this.#engine.write(command, ...args);
      this.#thread?.send({ kind: 'answered', call, failure: undefined, answer });
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error;
      const failure = { kind: 'failed', code: error.code, message: error.message } as const;
      this.#thread?.send({ kind: 'answered', call, failure, answer: undefined });
    }
  }
}
