// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** Where an address is. Only for people: it plays no part in verdicts. */
export interface Place {
  /** ISO 3166-1 alpha-2, `undefined` if it is not known. */
  readonly country: string | undefined;
  /** An autonomous system such as `AS64500`, otherwise the address block such as `203.0.113.0/24`. */
  readonly network: string;
  /** Of the autonomous system. */
  readonly networkName: string | undefined;
}

/** Totals of the addresses that are known now. Times are wall-clock microseconds. */
interface PlaceTotal {
  readonly addressesCount: number;
  readonly seenCount: number;
  readonly firstSeenEpochUs: number;
  readonly lastSeenEpochUs: number;
}

export interface CountryTotal extends PlaceTotal {
  /** Empty if it is not known. */
  readonly country: string;
}

interface NetworkTotal extends PlaceTotal {
  readonly network: string;
  /** Empty if it has none. */
  readonly name: string;
}

/** Where a page of networks ended. */
export interface NetworksEnd {
  readonly seenCount: number;
  readonly network: string;
}

/** Countries and networks as the routes read them. */
export interface PlaceEvidence {
  /** @param address In its shortest form. */
  placeOf(address: string): Place;
  /** All of them, most messages first. */
  countries(): readonly CountryTotal[];
  /** A page of them, most messages first. */
  networks(limit: number, after?: NetworksEnd): readonly NetworkTotal[];
}
