// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { Counters } from './counters.ts';
import { mergedByTime } from './graded-rows.ts';
import type { PageEnd } from '../page.ts';
import { Rates } from './rates.ts';

/** The place of an address, by the id of its total. */
export interface PlacedAddress {
  readonly totalId: number;
  /** ISO 3166-1 alpha-2, empty if it is not known. */
  readonly country: string;
  readonly network: string;
  /** Empty if it has none. */
  readonly networkName: string;
}

/** The progress of placing, from `StoreReader.addressesToPlace()`. */
export interface PlacesProgress {
  /** Distinguishes sets of places; with another one, everything starts over. */
  readonly source: number;
  /** Totals up to this one have a place. */
  readonly totalId: number;
  /** Totals that were seen up to this are counted. */
  readonly seen: PageEnd;
}

const HOUR_US = 3_600_000_000;

interface Sum {
  readonly name: string;
  addresses: number;
  count: number;
  firstUs: number;
  lastUs: number;
}

/**
 * Totals of countries and networks. Messages that were not counted yet are added some time after they were recorded, so
 * recording pays nothing for them, and they are about a second late.
 */
export class PlaceTotals {
  readonly #database: DatabaseSync;
  readonly #counters: Counters;
  readonly #address: StatementSync;
  readonly #isPlaced: StatementSync;
  readonly #place: StatementSync;
  readonly #count: StatementSync;
  readonly #addCountry: StatementSync;
  readonly #addNetwork: StatementSync;
  readonly #source: StatementSync;
  readonly #newest: StatementSync;
  readonly #rates: Rates;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#counters = new Counters(database);
    this.#rates = new Rates(database);
    this.#address = database.prepare(`
      SELECT coalesce(source, address) AS named, source, seen_count, first_seen_us, last_seen_us, counted, country, network
      FROM address_total LEFT JOIN address_place USING (total_id) WHERE total_id = ?`);
    const placed =
      'SELECT 1 FROM address_total JOIN address_place USING (total_id) WHERE source = ?1';
    this.#isPlaced = database.prepare(
      `SELECT EXISTS (${placed} AND country = ?2) AS in_country, EXISTS (${placed} AND network = ?3) AS in_network`,
    );
    this.#place = database.prepare(
      'INSERT INTO address_place (total_id, country, network, counted) VALUES (?, ?, ?, ?)',
    );
    this.#count = database.prepare('UPDATE address_place SET counted = ? WHERE total_id = ?');
    const sums = `
        addresses = addresses + excluded.addresses,
        seen_count = seen_count + excluded.seen_count,
        first_seen_us = min(first_seen_us, excluded.first_seen_us),
        last_seen_us = max(last_seen_us, excluded.last_seen_us)`;
    this.#addCountry = database.prepare(`
      INSERT INTO country_total (country, addresses, seen_count, first_seen_us, last_seen_us)
      VALUES (?, ?, ?, ?, ?) ON CONFLICT (country) DO UPDATE SET ${sums}`);
    this.#addNetwork = database.prepare(`
      INSERT INTO network_total (network, addresses, seen_count, first_seen_us, last_seen_us, name)
      VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (network) DO UPDATE SET name = max(name, excluded.name), ${sums}`);
    this.#source = database.prepare("SELECT value FROM counter WHERE name = 'placed_source'");
    this.#newest = database.prepare(
      mergedByTime(
        'last_seen_us, total_id',
        'address_total',
        'true',
        'ORDER BY last_seen_us DESC, total_id DESC LIMIT 1',
      ),
    );
  }

  /** Adds the news about these addresses, within the caller's transaction. @param nowUs Wall-clock microseconds. */
  add(places: readonly PlacedAddress[], progress: PlacesProgress, nowUs: number): void {
    if (Number(this.#source.get()?.['value']) !== progress.source)
      return this.#begin(progress.source);
    const countries = new Map<string, Sum>();
    const networks = new Map<string, Sum>();
    this.#rates.begin(nowUs);
    for (const place of places) this.#addAddress(place, countries, networks, nowUs);
    for (const [country, { addresses, count, firstUs, lastUs }] of countries) {
      this.#addCountry.run(country, addresses, count, firstUs, lastUs);
    }
    for (const [network, { addresses, count, firstUs, lastUs, name }] of networks) {
      this.#addNetwork.run(network, addresses, count, firstUs, lastUs, name);
    }
    this.#rates.flush();
    this.#counters.set('placed_total_id', progress.totalId);
    this.#counters.set('placed_last_seen_us', progress.seen.lastSeenEpochUs);
    this.#counters.set('placed_last_seen_id', progress.seen.totalId);
  }

  /** The places come from somewhere else than before. */
  #begin(source: number): void {
    this.#database.exec(
      'DELETE FROM address_place; DELETE FROM country_total; DELETE FROM network_total',
    );
    const newest = this.#newest.get();
    this.#counters.set('placed_source', source);
    this.#counters.set('placed_total_id', 0);
    // All existing ones get their place like new ones.
    this.#counters.set('placed_last_seen_us', Number(newest?.['last_seen_us'] ?? 0));
    this.#counters.set('placed_last_seen_id', Number(newest?.['total_id'] ?? 0));
  }

  #addAddress(
    { totalId, country, network, networkName }: PlacedAddress,
    countries: Map<string, Sum>,
    networks: Map<string, Sum>,
    nowUs: number,
  ): void {
    const row = this.#address.get(totalId);
    if (row === undefined) return; // Retention removed it.
    const seenCount = Number(row['seen_count']);
    if (seenCount === 0) return; // Since then, only other nodes share it.
    const isNew = row['counted'] === null;
    // A /64 counts once.
    const source = row['source'] === null ? null : String(row['source']);
    const before = isNew ? this.#isPlaced.get(source, country, network) : undefined;
    if (isNew) this.#place.run(totalId, country, network, seenCount);
    else this.#count.run(seenCount, totalId);
    const more = {
      count: seenCount - Number(row['counted'] ?? 0),
      firstUs: Number(row['first_seen_us']),
      lastUs: Number(row['last_seen_us']),
    };
    // It stays where it was counted.
    const counted = isNew ? { country, network } : row;
    const [inCountry, inNetwork] = [String(counted['country']), String(counted['network'])];
    add(countries, inCountry, {
      ...more,
      name: '',
      addresses: before?.['in_country'] === 0 ? 1 : 0,
    });
    add(networks, inNetwork, {
      ...more,
      name: networkName,
      addresses: before?.['in_network'] === 0 ? 1 : 0,
    });
    // If everything starts over, what came before the last hour was counted already.
    if (isNew && more.firstUs < nowUs - HOUR_US) return;
    this.#rates.addNamed('country', inCountry, more.lastUs, more.count);
    this.#rates.addNamed('network', inNetwork, more.lastUs, more.count);
    this.#rates.addNamed('source', String(row['named']), more.lastUs, more.count);
  }
}

function add(sums: Map<string, Sum>, key: string, more: Sum): void {
  const sum = sums.get(key);
  if (sum === undefined) {
    sums.set(key, more);
    return;
  }
  sum.addresses += more.addresses;
  sum.count += more.count;
  sum.firstUs = Math.min(sum.firstUs, more.firstUs);
  sum.lastUs = Math.max(sum.lastUs, more.lastUs);
}
