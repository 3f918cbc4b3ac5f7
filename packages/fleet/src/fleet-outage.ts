// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { Outage, type Logger, type OperatingError } from '@sentrypeer/kernel';
import { formatFleetAddress, type FleetAddress } from './address.ts';

/** Logs once for each reason why the fleet's database cannot be used, and once that it can be used again. */
export class FleetOutage {
  readonly #outage: Outage;
  readonly #fleet: string;

  /** @param names Constant event names. */
  constructor(
    logger: Logger,
    address: FleetAddress,
    names: { readonly failed: string; readonly over: string },
  ) {
    this.#outage = new Outage(logger, 'error', names);
    this.#fleet = formatFleetAddress(address);
  }

  failed({ code, message: why }: OperatingError): void {
    this.#outage.failed({ fleet: this.#fleet, code, why }, code);
  }

  over(): void {
    this.#outage.over({ fleet: this.#fleet });
  }
}
