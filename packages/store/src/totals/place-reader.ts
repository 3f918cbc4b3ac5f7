// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { guarded } from '../file/database-error.ts';
import { mergedByTime } from './graded-rows.ts';
import type { PlacesProgress } from './place-totals.ts';

/** What is known about a country or a network: from its currently known addresses. */
interface PlaceTotal {
  readonly addressesCount: number;
  readonly seenCount: number;
  /** Wall-clock microseconds. */
  readonly firstSeenEpochUs: number;
  readonly lastSeenEpochUs: number;
}

export interface CountryTotal extends PlaceTotal {
  /** ISO 3166-1 alpha-2, empty if it is not known. */
  readonly country: string;
}

export interface NetworkTotal extends PlaceTotal {
  readonly network: string;
  /** Empty if it has none. */
  readonly name: string;
}

/** Where a page of networks ended. */
export interface NetworksEnd {
  readonly seenCount: number;
  readonly network: string;
}

/** Addresses whose totals may have changed since they were placed, and how far that goes. */
export interface AddressesToPlace {
  readonly addresses: readonly { readonly totalId: number; readonly address: string }[];
  /** `undefined` if there is nothing to do. */
  readonly progress: PlacesProgress | undefined;
}

type Row = Readonly<Record<string, unknown>>;

const SUMS = 'addresses, seen_count, first_seen_us, last_seen_us';
const BEGINNING: NetworksEnd = { seenCount: Number.MAX_SAFE_INTEGER, network: '' };

/** Reads totals of countries and networks, and what must be added to them. */
export class PlaceReader {
  readonly #path: string;
  readonly #countries: StatementSync;
  readonly #networks: StatementSync;
  readonly #progress: StatementSync;
  readonly #newAddresses: StatementSync;
  readonly #seenAddresses: StatementSync;

  /** @param path For messages. */
  constructor(database: DatabaseSync, path: string) {
    this.#path = path;
    this.#countries = database.prepare(
      `SELECT country, ${SUMS} FROM country_total ORDER BY seen_count DESC, country`,
    );
    this.#networks = database.prepare(`
      SELECT network, name, ${SUMS} FROM network_total
      WHERE (seen_count, network) < (?, ?)
      ORDER BY seen_count DESC, network DESC LIMIT ? + 0`);
    this.#progress = database.prepare("SELECT name, value FROM counter WHERE name GLOB 'placed_*'");
    this.#newAddresses = database.prepare(
      'SELECT total_id, address, seen_count FROM address_total WHERE total_id > ? ORDER BY total_id LIMIT ? + 0',
    );
    this.#seenAddresses = database.prepare(
      mergedByTime(
        'total_id, address, last_seen_us, seen_count, counted',
        'address_total LEFT JOIN address_place USING (total_id)',
        '(last_seen_us, total_id) > (?1, ?2)',
        'ORDER BY last_seen_us, total_id LIMIT ?3 + 0',
      ),
    );
  }

  /** All of them, most messages first. */
  countries(): readonly CountryTotal[] {
    const rows = guarded(this.#path, () => this.#countries.all());
    return rows.map((row) => ({ country: String(row['country']), ...totalOf(row) }));
  }

  /** A page of networks, most messages first. */
  networks(limit: number, after: NetworksEnd = BEGINNING): readonly NetworkTotal[] {
    const rows = guarded(this.#path, () =>
      this.#networks.all(after.seenCount, after.network, limit),
    );
    return rows.map((row) => ({
      network: String(row['network']),
      name: String(row['name']),
      ...totalOf(row),
    }));
  }

  /**
   * Up to `limit` addresses that have no place yet, and up to as many that were seen since they got one.
   *
   * @param source Of the places; if it has changed, everything starts over.
   */
  addressesToPlace(source: number, limit: number): AddressesToPlace {
    const counters = new Map(
      guarded(this.#path, () => this.#progress.all()).map((row) => [
        row['name'],
        Number(row['value']),
      ]),
    );
    const counter = (name: string): number => counters.get(name) ?? 0;
    const seen = {
      lastSeenEpochUs: counter('placed_last_seen_us'),
      totalId: counter('placed_last_seen_id'),
    };
    const before: PlacesProgress = { source, totalId: counter('placed_total_id'), seen };
    if (counter('placed_source') !== source) return { addresses: [], progress: before };
    const added = guarded(this.#path, () => this.#newAddresses.all(before.totalId, limit));
    const met = guarded(this.#path, () =>
      this.#seenAddresses.all(seen.lastSeenEpochUs, seen.totalId, limit),
    );
    if (added.length + met.length === 0) return { addresses: [], progress: undefined };
    const [lastAdded, lastMet] = [added.at(-1), met.at(-1)];
    return {
      addresses: [...added, ...met.filter((row) => row['counted'] !== row['seen_count'])]
        .filter((row) => Number(row['seen_count']) > 0) // What only others share has no place.
        .map((row) => ({ totalId: Number(row['total_id']), address: String(row['address']) })),
      progress: {
        source,
        totalId: Number(lastAdded?.['total_id'] ?? before.totalId),
        seen:
          lastMet === undefined
            ? seen
            : {
                lastSeenEpochUs: Number(lastMet['last_seen_us']),
                totalId: Number(lastMet['total_id']),
              },
      },
    };
  }
}

function totalOf(row: Row): PlaceTotal {
  return {
    addressesCount: Number(row['addresses']),
    seenCount: Number(row['seen_count']),
    firstSeenEpochUs: Number(row['first_seen_us']),
    lastSeenEpochUs: Number(row['last_seen_us']),
  };
}
