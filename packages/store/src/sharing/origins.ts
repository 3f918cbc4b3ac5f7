// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { isNodeIdOfKey, UNSIGNED_ORIGINS, type Trust } from '@sentrypeer/event';
import { parseNodeNetwork, type NodePlace } from '@sentrypeer/ip';
import { assert, type Clock } from '@sentrypeer/kernel';
import { Counters } from '../totals/counters.ts';
import { ORIGINS_MAX, PRUNE_ROWS, PRUNE_STEP_MS, SHARED_EVENTS_MAX } from '../limits.ts';
import { OwnRemoval } from '../log/own-removal.ts';
import { inTransaction } from '../file/transaction.ts';
import { KnownAuthors } from '../pool/known-authors.ts';
import { PageWriter } from '../pool/page-writer.ts';
import type { PageOutcome, PoolPage } from '../pool/pool-page.ts';
import { ProvedNetworks, type ProvedNetwork } from '../pool/proved-networks.ts';
import { Voters } from '../pool/voters.ts';

/** Another node that shared events with this one, or that the operator has judged. */
export interface Origin {
  /** Distinguishes origins that were seen at the same time. */
  readonly totalId: number;
  readonly nodeId: string;
  /** Raw Ed25519 key; `undefined` if it signs nothing. */
  readonly publicKey: Uint8Array | undefined;
  readonly trust: Trust;
  /** The DHT node that told us last; empty if it never shared anything. */
  readonly address: string;
  /** Wall-clock microseconds of the first and last time something of it was taken. */
  readonly firstSeenEpochUs: number;
  readonly lastSeenEpochUs: number;
  /** Its events in the log. */
  readonly seenCount: number;
  /** Whether it counts towards the quorum. */
  readonly isVoter: boolean;
  /** The operator's name for it; empty if there is none. */
  readonly name: string;
}

/** Where an event of another node came from. */
export interface EventOrigin {
  /** Raw Ed25519 key whose owner signed it; `undefined` if it is unsigned. */
  readonly publicKey: Uint8Array | undefined;
  /** The DHT node that told us. */
  readonly address: string;
}

export const ORIGIN_COLUMNS =
  'origin_id, node_id, public_key, trust, address, first_seen_us, last_seen_us, events, is_voter, name';

const IS_OUT = `(trust = 'distrusted' OR (public_key IS NULL AND trust = 'none'
  AND EXISTS (SELECT 1 FROM origin WHERE node_id = '${UNSIGNED_ORIGINS}' AND trust = 'distrusted')))`;

/** Keeps origins, the operator's opinion of them, and which events are theirs. */
export class OriginWriter {
  readonly #database: DatabaseSync;
  readonly #clock: Clock;
  readonly #counters: Counters;
  readonly #find: StatementSync;
  readonly #isOut: StatementSync;
  readonly #count: StatementSync;
  readonly #insert: StatementSync;
  readonly #removeIdle: StatementSync;
  readonly #touch: StatementSync;
  readonly #addEvent: StatementSync;
  readonly #setTrust: StatementSync;
  readonly #remove: StatementSync;
  readonly #withdrawn: StatementSync;
  readonly #excess: StatementSync;
  readonly #oldest: StatementSync;
  readonly #own: OwnRemoval;
  readonly #voters: Voters;
  readonly #pages: PageWriter;
  readonly #networks: ProvedNetworks;
  readonly #known: KnownAuthors;

  constructor(database: DatabaseSync, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
    this.#counters = new Counters(database);
    this.#find = database.prepare('SELECT origin_id FROM origin WHERE node_id = ?');
    this.#isOut = database.prepare(`SELECT 1 FROM origin WHERE origin_id = ? AND ${IS_OUT}`);
    this.#count = database.prepare("SELECT value FROM counter WHERE name = 'origins'");
    this.#insert = database.prepare(`
      INSERT INTO origin (node_id, public_key, trust, address, first_seen_us, last_seen_us, events)
      VALUES (?, ?, ?, ?, ?, ?, 0) RETURNING origin_id`);
    this.#removeIdle = database.prepare(`
      DELETE FROM origin WHERE origin_id = (SELECT origin_id FROM origin
        WHERE events = 0 AND trust = 'none' ORDER BY last_seen_us LIMIT 1)`);
    this.#touch = database.prepare(`
      UPDATE origin SET last_seen_us = ?, address = ?, public_key = coalesce(public_key, ?), events = events + 1
      WHERE origin_id = ?`);
    this.#addEvent = database.prepare(
      'INSERT INTO shared_event (honey_id, origin_id, address, event_us) VALUES (?, ?, ?, ?)',
    );
    this.#setTrust = database.prepare('UPDATE origin SET trust = ? WHERE origin_id = ?');
    this.#remove = database.prepare('DELETE FROM origin WHERE origin_id = ? AND events = 0');
    this.#withdrawn = database.prepare(`
      SELECT honey_id FROM shared_event
      WHERE origin_id = (SELECT origin_id FROM origin WHERE events > 0 AND ${IS_OUT} LIMIT 1)
      LIMIT ${PRUNE_ROWS}`);
    this.#excess = database.prepare(
      `SELECT value - ${SHARED_EVENTS_MAX} AS excess FROM counter WHERE name = 'shared_events'`,
    );
    this.#own = new OwnRemoval(database);
    this.#voters = new Voters(database, clock);
    this.#pages = new PageWriter(database, clock);
    this.#networks = new ProvedNetworks(database, clock);
    this.#known = new KnownAuthors(database, clock);
    this.#oldest = database.prepare(
      `SELECT honey_id FROM shared_event ORDER BY honey_id LIMIT min(?, ${PRUNE_ROWS})`,
    );
  }

  /**
   * The origin of an event to be recorded, within the caller's transaction; `undefined` if nothing of it may be: the
   * operator distrusts it, or there are too many origins.
   */
  admit(nodeId: string, origin: EventOrigin): number | undefined {
    const known = this.#find.get(nodeId)?.['origin_id'];
    const id =
      known === undefined
        ? this.#add(nodeId, 'none', origin.publicKey, origin.address)
        : Number(known);
    return id === undefined || this.#isOut.get(id) !== undefined ? undefined : id;
  }

  /** Records whose event a row is, within the caller's transaction. */
  addEvent(honeyId: number, originId: number, origin: EventOrigin, eventEpochUs: number): void {
    const { address, publicKey } = origin;
    this.#addEvent.run(honeyId, originId, address, eventEpochUs);
    this.#touch.run(this.#clock.epochUs(), address, publicKey ?? null, originId);
    this.#counters.add('shared_events', 1);
  }

  /**
   * Judges an origin, even an unknown one, or distrusts everything in a network (`parseNodeNetwork()`); a node that
   * signs gets a vote if it is trusted. If it is distrusted, what it said is withdrawn in steps. Throws
   * `OperatingError` if there are too many voters or networks.
   *
   * @param name The operator's name for it. @default the name it has
   * @param publicKey Raw Ed25519 key of a node that signs, if the operator gave that.
   */
  setTrust(nodeId: string, trust: Trust, name?: string, publicKey?: Uint8Array): void {
    const isNetwork = parseNodeNetwork(nodeId) !== undefined;
    assert(!isNetwork || trust === 'distrusted', 'networks_are_not_trusted');
    inTransaction(this.#database, () => {
      const id = this.#find.get(nodeId)?.['origin_id'] ?? this.#add(nodeId, trust, undefined, '');
      if (id === undefined) return;
      this.#setTrust.run(trust, Number(id));
      this.#voters.set(nodeId, trust === 'trusted' && isNodeIdOfKey(nodeId), name);
      if (publicKey !== undefined) this.#voters.learnKey(nodeId, publicKey);
      if (isNetwork) this.#networks.applyDistrust();
    });
  }

  /**
   * Takes back what the operator said about it; an origin without events is removed altogether. `false`: there is none.
   */
  forget(nodeId: string): boolean {
    return inTransaction(this.#database, () => {
      const id = this.#find.get(nodeId)?.['origin_id'];
      if (id === undefined) return false;
      this.#setTrust.run('none', Number(id));
      this.#voters.set(nodeId, false, '');
      if (parseNodeNetwork(nodeId) !== undefined) this.#networks.applyDistrust();
      this.#counters.add('origins', -Number(this.#remove.run(Number(id)).changes));
      return true;
    });
  }

  /**
   * Keeps pages of the pool, each separately: a bad one does not affect the others.
   *
   * @param asSelf They are this node's.
   * @param told The link over which they came.
   */
  addPages(pages: readonly PoolPage[], asSelf = false, told?: NodePlace): readonly PageOutcome[] {
    const options = { asSelf, ...(told && { told }) };
    return inTransaction(this.#database, () => pages.map((page) => this.#pages.add(page, options)));
  }

  /** Links proved nodes to be in these networks. */
  proveNetworks(proved: readonly ProvedNetwork[]): void {
    inTransaction(this.#database, () => {
      for (const one of proved) {
        this.#networks.prove(one);
        if (one.publicKey !== undefined) this.#voters.learnKey(one.nodeId, one.publicKey);
      }
    });
  }

  /** Lets through what waits because voters name far more than usual. */
  resumeVotes(): void {
    inTransaction(this.#database, () => this.#voters.resume());
  }

  /**
   * Some milliseconds of removing what distrusted origins said, what has ended, and the oldest of what is too much.
   *
   * @param removalUs The time by which something may be removed, wall-clock microseconds. @returns Whether there is
   * more to do.
   */
  step(removalUs: number): boolean {
    const startedAtMs = this.#clock.nowMs();
    let removed = true;
    while (removed && this.#clock.nowMs() - startedAtMs < PRUNE_STEP_MS)
      removed = this.#removeSome(removalUs);
    return removed;
  }

  #removeSome(removalUs: number): boolean {
    const excess = Number(this.#excess.get()?.['excess'] ?? 0);
    return inTransaction(this.#database, () => {
      const rows = excess > 0 ? this.#oldest.all(excess) : this.#withdrawn.all();
      return (
        this.#own.rows(rows.map((row) => Number(row['honey_id']))) > 0 ||
        this.#voters.removeDistrusted() ||
        this.#pages.removeEnded(removalUs) ||
        this.#networks.removeOld(removalUs) ||
        this.#known.review()
      );
    });
  }

  /** `undefined` if too many are held by events or a judgement. */
  #add(
    nodeId: string,
    trust: Trust,
    publicKey: Uint8Array | undefined,
    address: string,
  ): number | undefined {
    if (Number(this.#count.get()?.['value']) >= ORIGINS_MAX) {
      const { changes } = this.#removeIdle.run();
      if (changes === 0) return undefined;
      this.#counters.add('origins', -1);
    }
    const nowUs = this.#clock.epochUs();
    const row = this.#insert.get(nodeId, publicKey ?? null, trust, address, nowUs, nowUs);
    this.#counters.add('origins', 1);
    return Number(row?.['origin_id']);
  }
}

export function originOf(row: Readonly<Record<string, unknown>>): Origin {
  const trust = row['trust'];
  const key = row['public_key'];
  return {
    totalId: Number(row['origin_id']),
    nodeId: String(row['node_id']),
    publicKey: key instanceof Uint8Array ? key : undefined,
    trust: trust === 'trusted' || trust === 'distrusted' ? trust : 'none',
    address: String(row['address']),
    firstSeenEpochUs: Number(row['first_seen_us']),
    lastSeenEpochUs: Number(row['last_seen_us']),
    seenCount: Number(row['events']),
    isVoter: row['is_voter'] === 1,
    name: String(row['name']),
  };
}
