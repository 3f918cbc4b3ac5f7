// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { BgpPorts } from '../ports.ts';

/**
 * A timer that is postponed often, such as the hold timer by each message: postponing only changes a number, and when
 * the timer wakes it checks whether it is due.
 */
export class WakeTimer {
  readonly #ports: BgpPorts;
  readonly #run: (lateMs: number) => void;
  #dueAtMs: number | undefined;
  #wakesAtMs = 0;
  #cancel: (() => void) | undefined;

  /** @param run Receives how late it is, in milliseconds: the thread may have been busy. */
  constructor(ports: BgpPorts, run: (lateMs: number) => void) {
    this.#ports = ports;
    this.#run = run;
  }

  /** When it is due, in monotonic milliseconds; `undefined` if it is not armed. */
  get dueAtMs(): number | undefined {
    return this.#dueAtMs;
  }

  arm(waitMs: number): void {
    const dueAtMs = this.#ports.clock.nowMs() + waitMs;
    this.#dueAtMs = dueAtMs;
    if (this.#cancel !== undefined && this.#wakesAtMs <= dueAtMs) return;
    this.#cancel?.();
    this.#sleep(waitMs, dueAtMs);
  }

  disarm(): void {
    this.#dueAtMs = undefined;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #sleep(waitMs: number, wakesAtMs: number): void {
    this.#wakesAtMs = wakesAtMs;
    this.#cancel = this.#ports.wakeAfter(waitMs, () => {
      this.#cancel = undefined;
      const nowMs = this.#ports.clock.nowMs();
      const dueAtMs = this.#dueAtMs ?? Infinity;
      if (nowMs < dueAtMs) {
        this.#sleep(dueAtMs - nowMs, dueAtMs);
        return;
      }
      this.#dueAtMs = undefined;
      this.#run(nowMs - dueAtMs);
    });
  }
}
