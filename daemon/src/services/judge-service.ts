// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { OperatingError, type Clock, type Logger, Outage } from '@sentrypeer/kernel';
import type { Store } from '@sentrypeer/store';
import { JUDGE_DELAY_MS, JUDGE_IDLE_MS, JUDGE_RETRY_MS } from '../limits.ts';
import type { JudgeOptions } from './judge.ts';

interface JudgeServicePorts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly store: Store;
  /** Events wait to be recorded, which comes first. */
  readonly isBusy: () => boolean;
}

/** Gives the judge time on the storing thread: what is left over, and a little in a flood. */
export class JudgeService {
  readonly #ports: JudgeServicePorts;
  readonly #options: JudgeOptions;
  #judging: ReturnType<Store['openJudging']> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #timerMs = 0;
  readonly #outage: Outage;
  #isClosed = false;

  constructor(ports: JudgeServicePorts, options: JudgeOptions) {
    this.#ports = ports;
    const names = { failed: 'judging_failed', over: 'judging_resumed' };
    this.#outage = new Outage(ports.logger, 'warn', names);
    this.#options = options;
    this.#stepIn(JUDGE_DELAY_MS);
  }

  /** Something was recorded or decided. */
  wake(): void {
    if (this.#timerMs > JUDGE_DELAY_MS && !this.#outage.isOn) this.#stepIn(JUDGE_DELAY_MS);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #stepIn(ms: number): void {
    if (this.#isClosed) return;
    clearTimeout(this.#timer);
    this.#timerMs = ms;
    this.#timer = setTimeout(() => void this.#run(), ms);
  }

  async #run(): Promise<void> {
    this.#timerMs = 0;
    try {
      if (this.#judging === undefined) {
        if (!this.#ports.store.isJudgingDue()) return this.#stepIn(JUDGE_IDLE_MS);
        await this.#open();
      }
      const more = this.#judging?.step() ?? false;
      this.#outage.over();
      if (!more) this.#stepIn(JUDGE_IDLE_MS);
      else this.#stepIn(this.#ports.isBusy() ? JUDGE_DELAY_MS : 0);
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error;
      this.#outage.failed({ code: error.code, why: error.message });
      this.#stepIn(JUDGE_RETRY_MS);
    }
  }

  /** The numbering plans take some MiB and the code some time, so not before there is something to judge. */
  async #open(): Promise<void> {
    const { NumberingPlans } = await import('@sentrypeer/numbers');
    const { openJudging } = await import('./judge.ts');
    const plans = await NumberingPlans.load();
    if (this.#isClosed) return;
    const { clock, store } = this.#ports;
    this.#judging = openJudging({ clock, plans }, store, this.#options);
  }
}
