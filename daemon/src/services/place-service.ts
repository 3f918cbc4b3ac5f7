// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { Steps } from '@sentrypeer/follow';
import type { Places } from '@sentrypeer/geo';
import { Outage, type Logger } from '@sentrypeer/kernel';
import type { StoreReader } from '@sentrypeer/store';
import type { Engine } from '../engine.ts';
import {
  PLACE_ADDRESSES_COUNT,
  PLACE_PAUSE_MS,
  PLACE_ROUND_MS,
  PLACE_STEPS_COUNT,
} from '../limits.ts';

export interface PlaceServicePorts {
  readonly engine: Engine;
  readonly log: StoreReader;
  readonly places: Places;
  readonly logger: Logger;
}

/**
 * Keeps the totals of countries and networks in step with those of addresses: a few addresses at a time, so that
 * look-ups can run in between, and only a few times a second, so that a flood that moves all addresses is not followed
 * in every step.
 */
export class PlaceService implements AsyncDisposable {
  readonly #ports: PlaceServicePorts;
  readonly #source: number;
  readonly #steps: Steps;
  #stepsCount = 0;
  readonly #outage: Outage;

  constructor(ports: PlaceServicePorts) {
    this.#ports = ports;
    const names = { failed: 'places_not_counted', over: 'places_counted_again' };
    this.#outage = new Outage(ports.logger, 'warn', names);
    this.#source = ports.places.source;
    this.#steps = new Steps({
      step: () => this.#step(),
      wakeMs: PLACE_ROUND_MS,
      onFailed: ({ code, message }) => {
        this.#outage.failed({ code, why: message });
        this.#stepsCount = 0; // The next recorded event wakes us again.
      },
    });
  }

  /** New events were committed. */
  wake(): void {
    this.#steps.wake();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#steps.close();
  }

  async #step(): Promise<number | undefined> {
    const isMore = await this.#place();
    this.#stepsCount = isMore ? this.#stepsCount + 1 : 0;
    if (!isMore) return undefined;
    return this.#stepsCount % PLACE_STEPS_COUNT === 0 ? PLACE_ROUND_MS : PLACE_PAUSE_MS;
  }

  /** @returns Whether there may be more to do; rejects with `OperatingError`. */
  async #place(): Promise<boolean> {
    const { engine, log, places } = this.#ports;
    const waiting = log.places.addressesToPlace(this.#source, PLACE_ADDRESSES_COUNT);
    if (waiting.progress === undefined) return false;
    const placed = waiting.addresses.map(({ totalId, address }) => {
      const { country = '', network, networkName = '' } = places.placeOf(address);
      return { totalId, country, network, networkName };
    });
    await engine.write('place', placed, waiting.progress);
    this.#outage.over();
    return true;
  }
}
