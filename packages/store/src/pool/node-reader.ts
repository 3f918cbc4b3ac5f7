// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Trust } from '@sentrypeer/event';
import { guarded } from '../file/database-error.ts';
import { NODES_SHOWN_MAX } from './limits.ts';
import { standingRank } from './pool-page.ts';

/** What is known about another node, or about a network that the operator distrusts. */
export interface KnownNode {
  /** A network appears here as its own text. */
  readonly nodeId: string;
  /** Raw Ed25519 key; `undefined` if it is unknown, or nothing is signed. */
  readonly publicKey: Uint8Array | undefined;
  readonly name: string;
  readonly trust: Trust;
  readonly isVoter: boolean;
  /** Its claims were checked. */
  readonly isKnown: boolean;
  /** State of its key. */
  readonly state: 'alive' | 'retired' | 'liar';
  /** It was only met in networks that the operator distrusts. */
  readonly isOut: boolean;
  /** Where a link with it last was; `undefined` if there was none. */
  readonly place: { readonly address: string; readonly network: string } | undefined;
  /** Claims in its pages. */
  readonly claimsCount: number;
  /** Addresses that it named before anybody else, and that came here later. */
  readonly foretoldCount: number;
  /** Its events that are in the log. */
  readonly eventsCount: number;
  /** Wall-clock microseconds. */
  readonly firstSeenEpochUs: number;
  readonly lastSeenEpochUs: number;
}

const SELF = standingRank('self');

/** Reads who takes part, as far as it can be shown quickly: claims are not looked at. */
export class NodeReader {
  readonly #path: string;
  readonly #judged: StatementSync;
  readonly #authors: StatementSync;
  readonly #latest: StatementSync;
  readonly #author: StatementSync;
  readonly #origin: StatementSync;
  readonly #places: StatementSync;

  constructor(database: DatabaseSync, path: string) {
    this.#path = path;
    this.#judged = database.prepare(
      `SELECT node_id FROM origin WHERE is_voter OR trust <> 'none' LIMIT ${NODES_SHOWN_MAX}`,
    );
    this.#authors = database.prepare(`
      SELECT node_id FROM pool_author WHERE standing < ${SELF} ORDER BY standing DESC LIMIT ${NODES_SHOWN_MAX}`);
    this.#latest = database.prepare(
      `SELECT node_id FROM origin ORDER BY last_seen_us DESC LIMIT ${NODES_SHOWN_MAX}`,
    );
    this.#author = database.prepare(`
      SELECT public_key, state, standing, claims, foretold, first_seen_us, last_seen_us FROM pool_author
      WHERE node_id = ?`);
    this.#origin = database.prepare(`
      SELECT public_key, trust, name, is_voter, events, first_seen_us, last_seen_us FROM origin WHERE node_id = ?`);
    this.#places = database.prepare(
      'SELECT address, network, is_out FROM pool_network WHERE node_id = ? ORDER BY proved_us DESC',
    );
  }

  /** First linked nodes, then those that the operator judged, then those that count more. */
  all(linked: readonly string[]): readonly KnownNode[] {
    return guarded(this.#path, () => {
      const ids = new Set(linked);
      for (const statement of [this.#judged, this.#authors, this.#latest]) {
        for (const row of statement.all()) ids.add(String(row['node_id']));
      }
      return [...ids].slice(0, NODES_SHOWN_MAX).map((nodeId) => this.#node(nodeId));
    });
  }

  #node(nodeId: string): KnownNode {
    const author = this.#author.get(nodeId);
    const origin = this.#origin.get(nodeId);
    const places = this.#places.all(nodeId);
    const [last] = places;
    const key = author?.['public_key'] ?? origin?.['public_key'];
    const { trust } = origin ?? {};
    const { state } = author ?? {};
    const seen = [author, origin].flatMap((row) => (row === undefined ? [] : [row]));
    const times = (column: string): readonly number[] => seen.map((row) => Number(row[column]));
    return {
      nodeId,
      publicKey: key instanceof Uint8Array ? key : undefined,
      name: String(origin?.['name'] ?? ''),
      trust: trust === 'trusted' || trust === 'distrusted' ? trust : 'none',
      isVoter: origin?.['is_voter'] === 1,
      isKnown: author?.['standing'] === standingRank('known'),
      state: state === 'retired' || state === 'liar' ? state : 'alive',
      isOut: last !== undefined && places.every((place) => place['is_out'] === 1),
      place: last && { address: String(last['address']), network: String(last['network']) },
      claimsCount: Number(author?.['claims'] ?? 0),
      foretoldCount: Number(author?.['foretold'] ?? 0),
      eventsCount: Number(origin?.['events'] ?? 0),
      firstSeenEpochUs: seen.length === 0 ? 0 : Math.min(...times('first_seen_us')),
      lastSeenEpochUs: seen.length === 0 ? 0 : Math.max(...times('last_seen_us')),
    };
  }
}
