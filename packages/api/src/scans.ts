// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { systemClock } from '@sentrypeer/kernel';
import { SCAN_SLICE_MS, SCANS_AWAY_MAX, SCANS_COUNT_MAX, SCANS_PER_CLIENT_MAX } from './limits.ts';

type Step = () => void;

/**
 * Lets queries that walk through the log work in small steps, in the time that look-ups leave. After a slice of steps
 * comes a rest of the same length, in which the thread answers what came meanwhile, so queries take at most half of its
 * time. Clients take turns, a step each, so that the many queries of one do not hold up the single one of another. Of
 * the steps that another thread works on, only few are sent at a time, so that the turns stay ours to give.
 */
export class Scans {
  /** Waiting steps, by client; the client whose turn is next comes first. */
  readonly #waiting = new Map<string, Step[]>();
  #count = 0;
  /** Whether a slice is in progress, or the rest after it. */
  #isActive = false;
  /** Steps that wait for another thread. */
  #awayCount = 0;

  /**
   * Whether another query of this client is accepted; otherwise it is answered 503. Strangers, however many, never take
   * the room of known clients.
   */
  hasRoom(client: string, isKnown = false): boolean {
    const own = this.#waiting.get(client)?.length ?? 0;
    return own < SCANS_PER_CLIENT_MAX && (isKnown || this.#count < SCANS_COUNT_MAX);
  }

  /** Runs one step when it is the client's turn; rejects with what the step throws. */
  step<T>(client: string, work: () => T | Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const steps = this.#waiting.get(client) ?? [];
    this.#waiting.set(client, steps);
    steps.push(() => {
      try {
        const done = work();
        resolve(done);
        if (done instanceof Promise) this.#waitFor(done);
      } catch (error) {
        reject(error);
      }
    });
    this.#count += 1;
    this.#wake();
    return promise;
  }

  #waitFor(step: Promise<unknown>): void {
    this.#awayCount += 1;
    const isBack = (): void => {
      this.#awayCount -= 1;
      this.#wake();
    };
    step.then(isBack, isBack);
  }

  #wake(): void {
    if (this.#isActive || this.#awayCount >= SCANS_AWAY_MAX) return;
    this.#isActive = true;
    setTimeout(() => this.#run(), 0);
  }

  #run(): void {
    const startMs = systemClock.nowMs();
    let spentMs = 0;
    // The step after a query's step is requested at the end of this turn, so it waits for the next slice.
    while (this.#count > 0 && this.#awayCount < SCANS_AWAY_MAX && spentMs < SCAN_SLICE_MS) {
      this.#runNext();
      spentMs = systemClock.nowMs() - startMs;
    }
    // Even if nothing is waiting now: the next step of a query may be requested at any moment.
    setTimeout(() => this.#goOn(), Math.ceil(spentMs));
  }

  #goOn(): void {
    if (this.#count > 0 && this.#awayCount < SCANS_AWAY_MAX) this.#run();
    else this.#isActive = false;
  }

  #runNext(): void {
    const [next] = this.#waiting;
    if (next === undefined) return;
    const [client, steps] = next;
    const step = steps.shift();
    this.#waiting.delete(client);
    if (steps.length > 0) this.#waiting.set(client, steps); // After all the others.
    this.#count -= 1;
    step?.();
  }
}
