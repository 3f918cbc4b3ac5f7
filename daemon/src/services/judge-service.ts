// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { OperatingError, type Clock, type Logger, Outage } from '@sentrypeer/kernel';
import type { Store } from '@sentrypeer/store';
import {
  JUDGE_DELAY_MS,
  JUDGE_IDLE_MS,
  JUDGE_RETRY_MS,
  JUDGE_SATURATED_MS,
  JUDGE_START_MS,
} from '../limits.ts';
import type { JudgeOptions } from './open-judging.ts';

interface JudgeServicePorts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly store: Store;
  /** Whether events wait to be recorded, which comes first. */
  readonly isBusy: () => boolean;
  /** Whether so many wait that recording needs all the time there is. */
  readonly isSaturated: () => boolean;
  /** The feed has changes up to this serial. */
  readonly onChanged: (serial: number) => void;
}

/**
 * Gives the judge time on the storing thread. What proves itself is judged right after its commit; everything else gets
 * the time that recording leaves over, and a little during a flood.
 */
export class JudgeService {
  readonly #ports: JudgeServicePorts;
  readonly #options: JudgeOptions;
  #judging: ReturnType<Store['openJudging']> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #timerMs = 0;
  readonly #outage: Outage;
  #failure: OperatingError | undefined;
  #proved: NodeJS.Immediate | undefined;
  #isClosed = false;

  constructor(ports: JudgeServicePorts, options: JudgeOptions) {
    this.#ports = ports;
    const names = { failed: 'judging_failed', over: 'judging_resumed' };
    this.#outage = new Outage(ports.logger, 'warn', names);
    this.#options = options;
    this.#stepIn(JUDGE_START_MS);
  }

  /** Why nothing is judged at present, or `undefined` while it works. */
  get failure(): OperatingError | undefined {
    return this.#failure;
  }

  /** Something was recorded or decided. */
  wake(): void {
    if (this.#outage.isOn || this.#isClosed) return;
    if (this.#judging !== undefined) this.#proved ??= setImmediate(() => this.#runProved());
    if (this.#timerMs > JUDGE_SATURATED_MS) this.#stepIn(JUDGE_DELAY_MS);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    clearImmediate(this.#proved);
  }

  #stepIn(ms: number): void {
    if (this.#isClosed) return;
    clearTimeout(this.#timer);
    this.#timerMs = ms;
    this.#timer = setTimeout(() => void this.#run(), ms);
  }

  /** One step after each commit, so that a flood of proved events does not occupy the thread either. */
  #runProved(): void {
    this.#proved = undefined;
    try {
      this.#judging?.stepProved();
    } catch (error) {
      this.#failed(error);
    }
  }

  async #run(): Promise<void> {
    this.#timerMs = 0;
    try {
      if (this.#judging === undefined) {
        if (!this.#ports.store.isJudgingDue()) return this.#stepIn(JUDGE_IDLE_MS);
        await this.#open();
      }
      const left = this.#judging?.step();
      this.#failure = undefined;
      this.#outage.over();
      const { isBusy, isSaturated } = this.#ports;
      if (left === undefined || (!left.urgent && !left.rest)) this.#stepIn(JUDGE_IDLE_MS);
      else if (!isBusy()) this.#stepIn(0);
      else this.#stepIn(isSaturated() && !left.urgent ? JUDGE_SATURATED_MS : JUDGE_DELAY_MS);
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    if (!(error instanceof OperatingError)) throw error;
    this.#failure = error;
    this.#outage.failed({ code: error.code, why: error.message }, error.code);
    this.#stepIn(JUDGE_RETRY_MS);
  }

  /** The numbering plans take some MiB and the code some time, so they are loaded when there is something to judge. */
  async #open(): Promise<void> {
    const { NumberingPlans } = await import('@sentrypeer/numbers');
    const { openJudging } = await import('./open-judging.ts');
    const plans = await NumberingPlans.load();
    if (this.#isClosed) return;
    const { clock, store, onChanged } = this.#ports;
    this.#judging = openJudging({ clock, plans, onChanged }, store, this.#options);
  }
}
