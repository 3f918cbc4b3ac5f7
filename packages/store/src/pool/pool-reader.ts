// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { claimedDays, exponentOf, type ClaimFacts, type Grade } from '@sentrypeer/event';
import { parseNodeNetwork, type NodePlace } from '@sentrypeer/ip';
import { KNOWN_AUTHORS_MAX, POOL_PAGES_MAX } from './limits.ts';
import { guarded } from '../file/database-error.ts';
import type { ListedSubject } from '../judging/evidence-reader.ts';
import { setCount, wordsOf } from '../judging/distinct.ts';
import { gradeOfRank, gradeRank } from '../log/grades.ts';
import type { Row } from '../log/event-row.ts';
import { DISTRUSTED_NETWORKS } from './distrusted-networks.ts';
import { standingRank } from './pool-page.ts';

/** A page as stored, and its id, after which to continue. */
export interface KeptPage {
  readonly pageId: number;
  readonly octets: Uint8Array;
}

/** What this node may say about a subject that it saw, from its own evidence. */
export interface OwnFacts {
  readonly subject: ListedSubject;
  /** Wall-clock microseconds. */
  readonly lastEpochUs: number;
  readonly facts: ClaimFacts;
  /** Confidence that the digits mean this number; 1 for an address. */
  readonly confidence: number;
  /** Independent networks of proved callers, and days; for an address one is enough. */
  readonly networksCount: number;
}

/** How much there is. */
export interface PoolCounts {
  readonly authors: number;
  readonly pages: number;
  readonly claims: number;
  readonly voters: number;
  /** Subjects that a quorum of voters names. */
  readonly admitted: number;
  /** Voters without a proved network. */
  readonly unproved: number;
  /** Networks in which links proved nodes to be. */
  readonly networks: number;
}

/** Whether what a key signs counts: it was retired, or two pages of one serial prove that its owner lies. */
export type KeyState = 'alive' | 'retired' | 'liar';

/** Nodes that the operator does not believe. */
export interface Distrust {
  covers(node: NodePlace & { readonly nodeId: string }): boolean;
}

const SELF = standingRank('self');

/** Reads pages of the pool, and what this node itself has to say. */
export class PoolReader {
  readonly #path: string;
  readonly #pages: StatementSync;
  readonly #proofs: StatementSync;
  readonly #proofOf: StatementSync;
  readonly #page: StatementSync;
  readonly #pageIds: StatementSync;
  readonly #pagesCount: StatementSync;
  readonly #changes: StatementSync;
  readonly #voterKeys: StatementSync;
  readonly #keylessVoters: StatementSync;
  readonly #voters: StatementSync;
  readonly #knownKeys: StatementSync;
  readonly #distrusted: StatementSync;
  readonly #distrustedNetworks: StatementSync;
  readonly #ownPages: StatementSync;
  readonly #ownSerial: StatementSync;
  readonly #keyState: StatementSync;
  readonly #lastOwn: StatementSync;
  readonly #counts: StatementSync;
  readonly #others: StatementSync;
  readonly #addresses: StatementSync;
  readonly #numbers: StatementSync;
  #distrustChanges = -1;
  #distrustText = '';
  #distrust = distrustOf([], []);

  constructor(database: DatabaseSync, path: string) {
    this.#path = path;
    this.#pages = database.prepare(
      'SELECT page_id, octets FROM pool_page WHERE page_id > ? ORDER BY page_id LIMIT ? + 0',
    );
    this.#proofs = database.prepare(`
      SELECT author_id AS page_id, first_octets, second_octets FROM pool_proof WHERE author_id > ?
      ORDER BY author_id LIMIT ? + 0`);
    this.#proofOf = database.prepare(`
      SELECT first_octets, second_octets FROM pool_proof
      WHERE author_id = (SELECT author_id FROM pool_author WHERE node_id = ?)`);
    this.#page = database.prepare('SELECT octets FROM pool_page WHERE page_id = ?');
    this.#pageIds = database.prepare(
      `SELECT page_id FROM pool_page WHERE page_id > 0 ORDER BY page_id LIMIT ${POOL_PAGES_MAX}`,
    );
    this.#pagesCount = database.prepare("SELECT value FROM counter WHERE name = 'pool_pages'");
    this.#changes = database.prepare("SELECT value FROM counter WHERE name = 'pool_changes'");
    this.#voterKeys = database.prepare(`
      SELECT public_key FROM pool_author WHERE standing = ${standingRank('voter')}
      UNION SELECT public_key FROM origin WHERE is_voter AND public_key IS NOT NULL`);
    this.#keylessVoters = database.prepare(
      'SELECT node_id FROM origin WHERE is_voter AND public_key IS NULL',
    );
    this.#knownKeys = database.prepare(`
      SELECT public_key FROM pool_author WHERE standing = ${standingRank('known')}
      ORDER BY foretold DESC LIMIT ${KNOWN_AUTHORS_MAX}`);
    this.#voters = database.prepare(`
      SELECT node_id, EXISTS (SELECT 1 FROM pool_network
        WHERE pool_network.node_id = origin.node_id AND proved_us > ? AND NOT is_out) AS is_proved
      FROM origin WHERE is_voter ORDER BY is_proved`);
    this.#distrusted = database.prepare(
      "SELECT node_id FROM origin WHERE trust = 'distrusted' AND instr(node_id, '-') > 0",
    );
    this.#distrustedNetworks = database.prepare(DISTRUSTED_NETWORKS);
    this.#ownPages = database.prepare(`
      SELECT page_id, octets FROM pool_page
      WHERE author_id = (SELECT author_id FROM pool_author WHERE node_id = ? AND standing = ${SELF}) ORDER BY serial`);
    this.#ownSerial = database.prepare(`
      SELECT max(serial) AS serial FROM pool_page
      WHERE author_id = (SELECT author_id FROM pool_author WHERE node_id = ? AND standing = ${SELF})`);
    this.#keyState = database.prepare('SELECT state FROM pool_author WHERE node_id = ?');
    this.#lastOwn = database.prepare(
      `SELECT node_id FROM pool_author WHERE standing = ${SELF} ORDER BY last_seen_us DESC LIMIT 1`,
    );
    this.#counts = database.prepare(`
      SELECT (SELECT value FROM counter WHERE name = 'pool_authors') AS authors,
        (SELECT value FROM counter WHERE name = 'pool_pages') AS pages,
        (SELECT value FROM counter WHERE name = 'pool_claims') AS claims,
        (SELECT count(*) FROM origin WHERE is_voter) AS voters,
        (SELECT count(*) FROM origin WHERE is_voter
          AND NOT EXISTS (SELECT 1 FROM pool_network WHERE pool_network.node_id = origin.node_id AND NOT is_out)) AS unproved,
        (SELECT value FROM counter WHERE name = 'pool_admissions') AS admitted,
        (SELECT value FROM counter WHERE name = 'pool_networks') AS networks`);
    this.#others = database.prepare(`
      SELECT count(DISTINCT author_id) AS authors FROM pool_claim JOIN pool_author USING (author_id)
      WHERE subject = ? AND last_hour >= ? AND standing <> ${SELF}`);
    this.#addresses = database.prepare(`
      SELECT address AS value, grade, last_seen_us, events_count, days_count, credentials_count, costly_count, tool,
        ${wordsOf('target_set')} FROM address_evidence WHERE grade = ? AND last_seen_us > ? ORDER BY last_seen_us LIMIT ? + 0`);
    this.#numbers = database.prepare(`
      SELECT e164 AS value, proved_grade AS grade, last_seen_us, events_count, days_count, confidence,
        ${wordsOf('source_set')}, ${wordsOf('proved_network_set')}
      FROM number_evidence WHERE grade = ? AND last_seen_us > ? AND events_count > 0 ORDER BY last_seen_us LIMIT ? + 0`);
  }

  /** Pages after this one, in the order in which they came. */
  pages(afterPageId: number, limit: number): readonly KeptPage[] {
    return guarded(this.#path, () => this.#pages.all(afterPageId, limit).map(pageOf));
  }

  page(pageId: number): Uint8Array | undefined {
    const row = guarded(this.#path, () => this.#page.get(pageId));
    return row === undefined ? undefined : octetsOf(row['octets']);
  }

  /** How many pages there are. */
  pagesCount(): number {
    return Number(guarded(this.#path, () => this.#pagesCount.get())?.['value'] ?? 0);
  }

  /** Of all pages, ascending. */
  pageIds(): readonly number[] {
    return guarded(this.#path, () => this.#pageIds.all()).map((row) => Number(row['page_id']));
  }

  /** Changes with each change of pages or voters. */
  changes(): number {
    return Number(guarded(this.#path, () => this.#changes.get())?.['value'] ?? 0);
  }

  /** Keys of voters, in hexadecimal, as far as they are known. */
  voterKeys(): ReadonlySet<string> {
    const rows = guarded(this.#path, () => this.#voterKeys.all());
    return new Set(rows.map((row) => octetsOf(row['public_key']).toHex()));
  }

  /** Ids of voters whose key has not been kept yet. */
  keylessVoters(): ReadonlySet<string> {
    const rows = guarded(this.#path, () => this.#keylessVoters.all());
    return new Set(rows.map((row) => String(row['node_id'])));
  }

  /** The same object until something changes. */
  distrust(): Distrust {
    const changes = this.changes();
    if (changes === this.#distrustChanges) return this.#distrust;
    this.#distrustChanges = changes;
    const [nodes, networks] = guarded(this.#path, () =>
      [this.#distrusted.all(), this.#distrustedNetworks.all()].map((rows) =>
        rows.map((row) => String(row['node_id'] ?? row['network'])),
      ),
    );
    const text = JSON.stringify([nodes, networks]);
    if (text !== this.#distrustText) {
      this.#distrustText = text;
      this.#distrust = distrustOf(nodes ?? [], networks ?? []);
    }
    return this.#distrust;
  }

  /** Keys of authors whose claims were checked, in hexadecimal. */
  knownKeys(): ReadonlySet<string> {
    const rows = guarded(this.#path, () => this.#knownKeys.all());
    return new Set(rows.map((row) => octetsOf(row['public_key']).toHex()));
  }

  /**
   * The voters, and whether a link proved a network of theirs after this time, wall-clock microseconds; first those of
   * which none did.
   */
  voters(sinceEpochUs: number): readonly { readonly nodeId: string; readonly isProved: boolean }[] {
    return guarded(this.#path, () => this.#voters.all(sinceEpochUs)).map((row) => ({
      nodeId: String(row['node_id']),
      isProved: row['is_proved'] === 1,
    }));
  }

  /** Pairs of pages that prove that their author lies, by author. */
  proofs(
    afterId: number,
    limit: number,
  ): readonly { readonly id: number; readonly pages: readonly Uint8Array[] }[] {
    return guarded(this.#path, () =>
      this.#proofs.all(afterId, limit).map((row) => ({
        id: Number(row['page_id']),
        pages: [octetsOf(row['first_octets']), octetsOf(row['second_octets'])],
      })),
    );
  }

  /** The pair for this author; empty if there is none. */
  proofOf(nodeId: string): readonly Uint8Array[] {
    const row = guarded(this.#path, () => this.#proofOf.get(nodeId));
    return row === undefined ? [] : [octetsOf(row['first_octets']), octetsOf(row['second_octets'])];
  }

  /** The pages that this node wrote with this identity, by serial. */
  ownPages(nodeId: string): readonly KeptPage[] {
    return guarded(this.#path, () => this.#ownPages.all(nodeId).map(pageOf));
  }

  /** Serial of the newest of them; 0 if there is none. */
  ownSerial(nodeId: string): number {
    return Number(guarded(this.#path, () => this.#ownSerial.get(nodeId))?.['serial'] ?? 0);
  }

  /** Whether what the key of this node signs counts. */
  keyState(nodeId: string): KeyState {
    const state = guarded(this.#path, () => this.#keyState.get(nodeId))?.['state'];
    return state === 'retired' || state === 'liar' ? state : 'alive';
  }

  /** The identity with which this node last wrote a page; `undefined` if it wrote none. */
  lastOwnNodeId(): string | undefined {
    const row = guarded(this.#path, () => this.#lastOwn.get());
    return row === undefined ? undefined : String(row['node_id']);
  }

  counts(): PoolCounts {
    const row = guarded(this.#path, () => this.#counts.get());
    return {
      authors: Number(row?.['authors']),
      pages: Number(row?.['pages']),
      claims: Number(row?.['claims']),
      voters: Number(row?.['voters']),
      admitted: Number(row?.['admitted']),
      unproved: Number(row?.['unproved']),
      networks: Number(row?.['networks']),
    };
  }

  /** Number of other authors that claim the subject with a contact in this hour since 1970 or later. */
  othersCount(subject: string, hour: number): number {
    return Number(guarded(this.#path, () => this.#others.get(subject, hour))?.['authors'] ?? 0);
  }

  /** Addresses and networks that proved to be there after a time, oldest first. */
  ownAddresses(afterEpochUs: number, limit: number): readonly OwnFacts[] {
    return guarded(this.#path, () =>
      newest(this.#addresses, ['returned', 'handshake'], afterEpochUs, limit).map((row) => ({
        ...ownOf('address', row, 'target_set'),
        confidence: 1,
        networksCount: 1,
      })),
    );
  }

  /** Numbers that were called after a time, oldest first. */
  ownNumbers(afterEpochUs: number, limit: number): readonly OwnFacts[] {
    return guarded(this.#path, () =>
      newest(this.#numbers, ['seen', 'returned', 'handshake'], afterEpochUs, limit).map((row) => ({
        ...ownOf('number', row, 'source_set'),
        confidence: Number(row['confidence']),
        networksCount: setCount(row, 'proved_network_set'),
      })),
    );
  }
}

/** Rows of these grades after a time, oldest first; the index has them by grade. */
function newest(
  statement: StatementSync,
  grades: readonly Grade[],
  afterEpochUs: number,
  limit: number,
): readonly Row[] {
  return grades
    .flatMap((grade) => statement.all(gradeRank(grade), afterEpochUs, limit))
    .toSorted((a, b) => Number(a['last_seen_us']) - Number(b['last_seen_us']))
    .slice(0, limit);
}

function distrustOf(nodes: readonly string[], networks: readonly string[]): Distrust {
  const ids = new Set(nodes);
  const all = networks.flatMap((text) => parseNodeNetwork(text) ?? []);
  return { covers: (node) => ids.has(node.nodeId) || all.some((one) => one.covers(node)) };
}

function pageOf(row: Row): KeptPage {
  return { pageId: Number(row['page_id']), octets: octetsOf(row['octets']) };
}

function octetsOf(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : new Uint8Array();
}

function ownOf(
  kind: ListedSubject['kind'],
  row: Row,
  breadth: string,
): Pick<OwnFacts, 'subject' | 'lastEpochUs' | 'facts'> {
  return {
    subject: { kind, value: String(row['value']) },
    lastEpochUs: Number(row['last_seen_us']),
    facts: {
      grade: gradeOfRank(Number(row['grade'])),
      contactsLog2: exponentOf(Number(row['events_count'])),
      daysCount: claimedDays(Number(row['days_count'])),
      triedPasswords: Number(row['credentials_count'] ?? 0) > 0,
      madeCostlyCalls: Number(row['costly_count'] ?? 0) > 0,
      usedTool: typeof row['tool'] === 'string',
      breadthLog2: exponentOf(setCount(row, breadth)),
    },
  };
}
