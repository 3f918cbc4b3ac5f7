// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { PlaceEvidence } from '../src/index.ts';

type Of<K extends keyof PlaceEvidence> = ReturnType<PlaceEvidence[K]>;

/** Places in memory: what a test says, else nothing is known. */
export class MemoryPlaces implements PlaceEvidence {
  readonly byAddress = new Map<string, Of<'placeOf'>>();
  countryList: Of<'countries'> = [];
  networkList: Of<'networks'> = [];

  placeOf(address: string): Of<'placeOf'> {
    return (
      this.byAddress.get(address) ?? {
        country: undefined,
        network: `${address}/32`,
        networkName: undefined,
      }
    );
  }

  countries(): Of<'countries'> {
    return this.countryList;
  }

  networks(limit: number, after?: { readonly network: string }): Of<'networks'> {
    const from = this.networkList.findIndex(({ network }) => network === after?.network) + 1;
    return this.networkList.slice(from, from + limit);
  }
}
