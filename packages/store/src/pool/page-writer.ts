// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { NodePlace } from '@sentrypeer/ip';
import type { Clock } from '@sentrypeer/kernel';
import { Counters } from '../totals/counters.ts';
import {
  AUTHOR_CLAIMS_MAX,
  AUTHOR_PAGES_MAX,
  AUTHORS_MAX,
  PAGES_REMOVED_STEP,
  POOL_CLAIMS_MAX,
  POOL_PAGES_MAX,
  STRANGER_CLAIMS_MAX,
  SUBJECT_AUTHORS_MAX,
} from './limits.ts';
import { DistrustedNetworks } from './distrusted-networks.ts';
import { isOut } from './is-out.ts';
import { kindOf, PageRemoval } from './page-removal.ts';
import { standingRank, type PageOutcome, type PoolPage, type Standing } from './pool-page.ts';

interface Author {
  readonly authorId: number;
  readonly standing: number;
  readonly floor: number;
  readonly pages: number;
  readonly claims: number;
}

const [VOTER, SELF] = [standingRank('voter'), standingRank('self')];

/** Keeps pages of the pool and their claims, within the caller's transaction. */
export class PageWriter {
  readonly #database: DatabaseSync;
  readonly #clock: Clock;
  readonly #counters: Counters;
  readonly #removal: PageRemoval;
  readonly #distrusted: DistrustedNetworks;
  readonly #isOut: StatementSync;
  readonly #origin: StatementSync;
  readonly #author: StatementSync;
  readonly #addAuthor: StatementSync;
  readonly #removeIdle: StatementSync;
  readonly #count: StatementSync;
  readonly #sameSerial: StatementSync;
  readonly #replacedBy: StatementSync;
  readonly #replaced: StatementSync;
  readonly #all: StatementSync;
  readonly #ended: StatementSync;
  readonly #weakest: StatementSync;
  readonly #addPage: StatementSync;
  readonly #addClaim: StatementSync;
  readonly #firstOf: StatementSync;
  readonly #isMet: StatementSync;
  readonly #authorsOf: StatementSync;
  readonly #weakestOf: StatementSync;
  readonly #due: StatementSync;
  readonly #touch: StatementSync;
  readonly #setSelf: StatementSync;
  readonly #setState: StatementSync;
  readonly #addProof: StatementSync;

  constructor(database: DatabaseSync, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
    this.#counters = new Counters(database);
    this.#removal = new PageRemoval(database);
    this.#distrusted = new DistrustedNetworks(database);
    this.#isOut = database.prepare(`SELECT 1 WHERE ${isOut('?1')}`);
    this.#origin = database.prepare('SELECT trust, is_voter FROM origin WHERE node_id = ?');
    this.#author = database.prepare(
      'SELECT author_id, state, standing, floor, pages, claims FROM pool_author WHERE node_id = ?',
    );
    this.#addAuthor = database.prepare(`
      INSERT INTO pool_author (node_id, public_key, state, standing, serial, floor, pages, claims,
        first_seen_us, last_seen_us) VALUES (?, ?, 'alive', ?, 0, 0, 0, 0, ?, ?) RETURNING author_id`);
    // An author that lied or retired is remembered as long as there is another one to forget.
    this.#removeIdle = database.prepare(`
      DELETE FROM pool_author WHERE author_id = (SELECT author_id FROM pool_author
        WHERE pages = 0 AND standing < ${VOTER} ORDER BY state, last_seen_us LIMIT 1)`);
    this.#count = database.prepare('SELECT value FROM counter WHERE name = ?');
    this.#sameSerial = database.prepare(
      'SELECT octets FROM pool_page WHERE author_id = ? AND serial = ?',
    );
    this.#replacedBy = database.prepare(
      'SELECT 1 FROM pool_page WHERE author_id = ?1 AND serial > ?2 AND replaces <= ?2 LIMIT 1',
    );
    this.#replaced = database.prepare(
      'SELECT serial, replaces, claims FROM pool_page WHERE author_id = ? AND serial >= ? AND serial < ?',
    );
    this.#all = database.prepare('SELECT serial FROM pool_page WHERE author_id = ?');
    this.#ended = database.prepare(`
      SELECT author_id, serial FROM pool_page WHERE end_s <= ? ORDER BY end_s LIMIT ${PAGES_REMOVED_STEP}`);
    this.#weakest = database.prepare(`
      SELECT author_id, serial, made_s, standing FROM pool_page ORDER BY standing, made_s LIMIT 1`);
    this.#addPage = database.prepare(`
      INSERT INTO pool_page (author_id, serial, replaces, made_s, end_s, claims, standing, octets, told_address,
        told_network) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    this.#addClaim = database.prepare(`
      INSERT OR IGNORE INTO pool_claim (subject, author_id, serial, last_hour, end_s, facts, is_first)
      VALUES (?, ?, ?, ?, ?, ?, ?)`);
    this.#firstOf = database.prepare(
      'SELECT subject FROM pool_claim WHERE author_id = ? AND serial = ? AND is_first',
    );
    this.#isMet = database.prepare(
      'SELECT 1 FROM address_evidence WHERE address = ? AND grade > 0',
    );
    this.#authorsOf = database.prepare(`
      SELECT count(DISTINCT author_id), max(author_id = ?2) FROM pool_claim WHERE subject = ?1`);
    // For each claim: Node makes a hidden class for each row that is an object, which fills the space for old objects.
    this.#authorsOf.setReturnArrays(true);
    this.#weakestOf = database.prepare(`
      DELETE FROM pool_claim WHERE subject = ?1 AND author_id = (SELECT author_id FROM pool_claim
        JOIN pool_author USING (author_id) WHERE subject = ?1 AND standing < ?2 ORDER BY standing, end_s LIMIT 1)`);
    this.#due = database.prepare(`
      INSERT INTO judging_due (kind, value)
        SELECT ${kindOf('?1')}, ?1 WHERE 1 < (SELECT count(DISTINCT author_id) FROM pool_claim JOIN pool_author USING (author_id)
          WHERE pool_claim.subject = ?1 AND standing = ${VOTER})`);
    this.#touch = database.prepare(`
      UPDATE pool_author SET serial = max(serial, ?1), floor = ?2, pages = pages + 1, claims = claims + ?3,
        last_seen_us = ?4 WHERE author_id = ?5`);
    this.#setSelf = database.prepare(
      `UPDATE pool_author SET standing = ${SELF} WHERE author_id = ? RETURNING standing`,
    );
    this.#setState = database.prepare('UPDATE pool_author SET state = ? WHERE author_id = ?');
    this.#addProof = database.prepare(
      'INSERT OR IGNORE INTO pool_proof (author_id, first_octets, second_octets) VALUES (?, ?, ?)',
    );
  }

  /**
   * @param options.asSelf It is a page of this node.
   * @param options.told The link over which it came.
   */
  add(
    page: PoolPage,
    { asSelf = false, told }: { readonly asSelf?: boolean; readonly told?: NodePlace } = {},
  ): PageOutcome {
    const origin = this.#origin.get(page.nodeId);
    const isDistrusted =
      origin?.['trust'] === 'distrusted' ||
      this.#isOut.get(page.nodeId) !== undefined ||
      (told !== undefined && this.#distrusted.covers(told));
    if (isDistrusted && !asSelf) return 'distrusted';
    const standing = asSelf ? 'self' : origin?.['is_voter'] === 1 ? 'voter' : 'stranger';
    const author = this.#authorOf(page, standing);
    if (typeof author === 'string') return author;
    const same = this.#sameSerial.get(author.authorId, page.serial)?.['octets'];
    if (same instanceof Uint8Array) {
      return isEqual(same, page.octets) ? 'known' : this.#caught(author.authorId, same, page);
    }
    const { serial } = page;
    const isReplaced =
      serial < author.floor || this.#replacedBy.get(author.authorId, serial) !== undefined;
    if (isReplaced) return 'replaced';
    const left = page.isRetired ? this.#retire(author) : author;
    return this.#replaceBy(page, left, asSelf ? undefined : told);
  }

  /** Removes some pages that have ended. @returns Whether there are more. */
  removeEnded(nowUs: number): boolean {
    const rows = this.#ended.all(Math.floor(nowUs / 1e6));
    for (const row of rows) this.#removal.remove(Number(row['author_id']), Number(row['serial']));
    return rows.length === PAGES_REMOVED_STEP;
  }

  /** The author; or why nothing is accepted from it. */
  #authorOf({ nodeId, key }: PoolPage, standing: Standing): Author | PageOutcome {
    const row = this.#author.get(nodeId);
    if (row !== undefined) {
      if (row['state'] === 'retired' || row['state'] === 'liar') return row['state'];
      const authorId = Number(row['author_id']);
      // Its own pages may have come back from a file before it wrote the first of this database.
      const self = standing === 'self' ? this.#setSelf.get(authorId) : undefined;
      return {
        authorId,
        standing: Number((self ?? row)['standing']),
        floor: Number(row['floor']),
        pages: Number(row['pages']),
        claims: Number(row['claims']),
      };
    }
    if (Number(this.#count.get('pool_authors')?.['value']) >= AUTHORS_MAX) {
      const { changes } = this.#removeIdle.run();
      this.#counters.add('pool_authors', -Number(changes));
      if (changes === 0 && standing === 'stranger') return 'too_many_authors';
    }
    const nowUs = this.#clock.epochUs();
    const rank = standingRank(standing);
    const added = this.#addAuthor.get(nodeId, key, rank, nowUs, nowUs);
    this.#counters.add('pool_authors', 1);
    return {
      authorId: Number(added?.['author_id']),
      standing: rank,
      floor: 0,
      pages: 0,
      claims: 0,
    };
  }

  /** Two different pages with one serial prove that nothing signed with this key can be believed. */
  #caught(authorId: number, first: Uint8Array, { octets }: PoolPage): PageOutcome {
    this.#addProof.run(authorId, first, octets);
    this.#setState.run('liar', authorId);
    this.#removeAll(authorId);
    return 'caught_lying';
  }

  /** @returns The author without its pages, which leave room for the one that says so. */
  #retire(author: Author): Author {
    this.#setState.run('retired', author.authorId);
    this.#removeAll(author.authorId);
    return { ...author, pages: 0, claims: 0 };
  }

  #removeAll(authorId: number): void {
    for (const { serial } of this.#all.all(authorId))
      this.#removal.remove(authorId, Number(serial));
  }

  #replaceBy(page: PoolPage, author: Author, told: NodePlace | undefined): PageOutcome {
    const { authorId, standing } = author;
    const gone = this.#replaced.all(authorId, page.replaces, page.serial);
    // What a page replaced stays replaced when that page itself is replaced.
    const replaces = Math.min(page.replaces, ...gone.map((row) => Number(row['replaces'])));
    const goneClaims = gone.reduce((sum, row) => sum + Number(row['claims']), 0);
    const refusal = refusalOf(page, author, { pages: gone.length, claims: goneClaims });
    if (refusal !== undefined) return refusal;
    const first = new Set(
      gone.flatMap((row) =>
        this.#firstOf.all(authorId, Number(row['serial'])).map((one) => String(one['subject'])),
      ),
    );
    this.#database.exec('SAVEPOINT making_room');
    for (const { serial } of gone) this.#removal.remove(authorId, Number(serial));
    const hasRoom = this.#makeRoom(page, standing);
    // A page that is not taken takes no other one's place.
    if (!hasRoom) this.#database.exec('ROLLBACK TO making_room');
    this.#database.exec('RELEASE making_room');
    if (!hasRoom) return 'no_room';
    const floor = replaces <= author.floor ? Math.max(author.floor, page.serial) : author.floor;
    this.#addPage.run(
      authorId,
      page.serial,
      replaces,
      page.madeEpochS,
      page.endEpochS,
      page.claims.length,
      standing,
      page.octets,
      told?.address ?? '',
      told?.network ?? '',
    );
    this.#touch.run(page.serial, floor, page.claims.length, this.#clock.epochUs(), authorId);
    let added = 0;
    for (const claim of page.claims) {
      added += this.#addClaimOf(page, claim, author, first.has(claim.subject));
    }
    this.#counters.add('pool_claims', added);
    this.#counters.add('pool_changes', 1);
    this.#counters.add('pool_pages', 1);
    return 'taken';
  }

  /**
   * Removes the oldest pages of the author that counts least, but none of one that counts more than the page's author.
   */
  #makeRoom({ madeEpochS, claims }: PoolPage, standing: number): boolean {
    while (
      this.#number('pool_claims') + claims.length > POOL_CLAIMS_MAX ||
      this.#number('pool_pages') >= POOL_PAGES_MAX
    ) {
      const row = this.#weakest.get();
      if (row === undefined || Number(row['standing']) > standing) return false;
      const isOlder = Number(row['standing']) === standing && Number(row['made_s']) >= madeEpochS;
      if (isOlder) return false;
      this.#removal.remove(Number(row['author_id']), Number(row['serial']));
    }
    return true;
  }

  #number(name: 'pool_claims' | 'pool_pages'): number {
    return Number(this.#count.get(name)?.['value']);
  }

  /** @returns How many more claims there are. */
  #addClaimOf(
    { serial }: PoolPage,
    { subject, lastHour, endEpochS, facts }: PoolPage['claims'][number],
    { authorId, standing }: Author,
    wasFirst: boolean,
  ): number {
    const { 0: authors, 1: hasOwn } = this.#authorsOf.get(subject, authorId) ?? {};
    let removed = 0;
    if (Number(authors) >= SUBJECT_AUTHORS_MAX && hasOwn !== 1) {
      // The page stays whole, because others ask for it; only its statement on this subject is dropped.
      removed = Number(this.#weakestOf.run(subject, standing).changes);
      if (removed === 0) return 0;
    }
    // Repeating what this node or another one said before earns nothing.
    const isFirst = wasFirst || (authors === 0 && this.#isMet.get(subject) === undefined);
    const { changes } = this.#addClaim.run(
      subject,
      authorId,
      serial,
      lastHour,
      endEpochS,
      facts,
      Number(isFirst),
    );
    if (standing === VOTER) this.#due.run(subject);
    return Number(changes) - removed;
  }
}

/** @param gone Pages that the page replaces. */
function refusalOf(
  page: PoolPage,
  author: Author,
  gone: { readonly pages: number; readonly claims: number },
): PageOutcome | undefined {
  if (author.pages - gone.pages >= AUTHOR_PAGES_MAX) return 'too_many_pages';
  const isStranger = author.standing === standingRank('stranger');
  const claimsMax = isStranger ? STRANGER_CLAIMS_MAX : AUTHOR_CLAIMS_MAX;
  return author.claims - gone.claims + page.claims.length > claimsMax
    ? 'too_many_claims'
    : undefined;
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((octet, index) => octet === b[index]);
}
