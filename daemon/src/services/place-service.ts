// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { OperatingError, type Logger } from '@sentrypeer/kernel';
import type { Places } from '@sentrypeer/geo';
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
 * Keeps the totals of countries and networks up with those of addresses: some addresses at a time, so that look-ups go
 * between, and some times a second, so that a flood which moves all addresses all the time is not followed in each step.
 */
export class PlaceService implements AsyncDisposable {
  readonly #ports: PlaceServicePorts;
  readonly #source: number;
  #timer: NodeJS.Timeout | undefined;
  #step: Promise<void> = Promise.resolve();
  #isClosed = false;
  #steps = 0;

  constructor(ports: PlaceServicePorts) {
    this.#ports = ports;
    this.#source = ports.places.source;
    this.#stepAfter(0); // What an earlier run did not come to.
  }

  /** New events were committed. */
  wake(): void {
    if (this.#timer === undefined) this.#stepAfter(PLACE_ROUND_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#step;
  }

  #stepAfter(ms: number): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => (this.#step = this.#work()), ms);
  }

  async #work(): Promise<void> {
    const isMore = await this.#place();
    this.#timer = undefined;
    this.#steps = isMore ? this.#steps + 1 : 0;
    if (!isMore) return;
    this.#stepAfter(this.#steps % PLACE_STEPS_COUNT === 0 ? PLACE_ROUND_MS : PLACE_PAUSE_MS);
  }

  /** @returns Whether there may be more to do. */
  async #place(): Promise<boolean> {
    const { engine, log, places, logger } = this.#ports;
    try {
      const waiting = log.places.addressesToPlace(this.#source, PLACE_ADDRESSES_COUNT);
      if (waiting.progress === undefined) return false;
      const placed = waiting.addresses.map(({ totalId, address }) => {
        const { country = '', network, networkName = '' } = places.placeOf(address);
        return { totalId, country, network, networkName };
      });
      await engine.write('place', placed, waiting.progress);
      return true;
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error;
      logger.warn('places_not_counted', { code: error.code, why: error.message });
      return false; // The next event that is recorded wakes us again.
    }
  }
}
