// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { bitsWithin, NETWORK_LENGTHS, networksOf, type JudgedNetwork } from '@sentrypeer/ip';
import { JUDGE_ROWS } from '../limits.ts';
import { gradeRank } from '../log/grades.ts';
import type { EvidenceFacts, EvidenceReader, ListedSubject } from './evidence-reader.ts';
import type { Listings, ListingVerdict } from './listings.ts';

interface NetworkParts {
  readonly database: DatabaseSync;
  readonly listings: Listings;
  readonly evidence: EvidenceReader;
  /** The verdict on a network from its own evidence, or from the operator's decision. */
  readonly verdict: (subject: ListedSubject, nowEpochUs: number) => ListingVerdict;
  /** What the operator's blocks put on lists within a network, narrower than itself. */
  readonly blockedWithin: (network: string, nowEpochUs: number) => readonly ListedSubject[];
  /** Fewer listed parts never list a wider network by evidence. @param length Bits of the wider network. */
  readonly partsNeeded: (length: number) => number;
  /**
   * Has everything within a network judged again, some of it in each of the following transactions.
   *
   * @param isSaid Only the statements of voters and hubs.
   */
  readonly judgeWithin: (network: string, isSaid: boolean) => void;
  /** Has `resume` called for a network in the following transactions, even if the program ends in between. */
  readonly waits: (network: string) => void;
}

const PART: ListingVerdict = {
  level: undefined,
  score: 0,
  reasons: ['it is a part of a network that is listed'],
  untilEpochUs: undefined,
};

interface Judged {
  readonly network: JudgedNetwork;
  /** The networks around it. */
  readonly wider: readonly JudgedNetwork[];
  readonly verdict: ListingVerdict;
  readonly facts: EvidenceFacts | undefined;
}

/**
 * Lists IPv6. Each /64 is judged by its evidence, then the /56 and the /48 around it by what is listed inside. Only the
 * widest of nested networks is an entry, including those that the operator blocked: the narrower ones leave first, and
 * come back after it has ended. If there are few of them, this happens within the caller's transaction, so that no
 * reader sees a moment without any. A /48 can have thousands: they leave and come back in several transactions, because
 * recording waits for each. Meanwhile lists lack some of them; look-ups do not read the lists.
 */
export class NetworkListings {
  readonly #parts: NetworkParts;
  readonly #save: StatementSync;
  readonly #remove: StatementSync;
  readonly #ended: StatementSync;
  readonly #within: StatementSync;
  /** Networks that become entries as soon as everything narrower has left. */
  readonly #waiting = new Set<string>();
  /** Number of entries that may still leave or come back in this transaction. */
  #rowsLeft = 0;

  constructor(parts: NetworkParts) {
    const { database } = parts;
    this.#parts = parts;
    this.#save = database.prepare(`
      INSERT INTO address_network (length, network, value, until_us, grade, first_seen_us, last_seen_us, events_count)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (length, network) DO UPDATE SET until_us = excluded.until_us, grade = excluded.grade,
        first_seen_us = excluded.first_seen_us, last_seen_us = excluded.last_seen_us,
        events_count = excluded.events_count`);
    this.#remove = database.prepare('DELETE FROM address_network WHERE length = ? AND network = ?');
    this.#ended = database.prepare(
      'SELECT value FROM address_network WHERE until_us <= ? ORDER BY until_us LIMIT ? + 0',
    );
    this.#within = database.prepare(
      'SELECT address FROM address_evidence WHERE network BETWEEN ? AND ? ORDER BY network LIMIT ? + 0',
    );
  }

  /** Judges IPv6 networks or addresses, and the networks around them. */
  apply(values: readonly string[], nowUs: number): void {
    this.#rowsLeft = JUDGE_ROWS;
    this.#apply(values, nowUs);
  }

  /** Judges a network that waits until narrower ones have left the lists. @returns Whether it still waits. */
  resume(network: string, apply: () => void): boolean {
    this.#waiting.add(network); // Also if an earlier run of the program removed the first ones.
    apply();
    return this.#waiting.has(network);
  }

  /** A transaction was rolled back: what waits is only in the file, as after a start. */
  rolledBack(): void {
    this.#waiting.clear();
  }

  #apply(values: readonly string[], nowUs: number): void {
    const touched = new Map<string, Pick<Judged, 'network' | 'wider'>>();
    for (const value of values) {
      const networks = networksOf(value) ?? [];
      for (const [at, network] of networks.entries()) {
        if (touched.has(network.text)) break;
        touched.set(network.text, { network, wider: networks.slice(at + 1) });
      }
    }
    const judged = new Map<string, Judged>();
    // Narrow ones first, because wider ones are judged by them.
    for (const length of NETWORK_LENGTHS) {
      for (const { network, wider } of touched.values()) {
        if (network.length !== length) continue;
        if (values.includes(network.text) || this.#mayBeListed(network)) {
          judged.set(network.text, { network, wider, ...this.#judge(network, nowUs) });
        } else {
          this.#remove.run(length, network.bits); // Neither an entry nor about to become one.
        }
      }
    }
    const wide = [...judged.values()].toSorted((a, b) => a.network.length - b.network.length);
    for (const one of wide) this.#list(one, judged, nowUs);
    for (const value of values) {
      if (!judged.has(value)) this.#listOther(value, judged, nowUs);
    }
  }

  /** Networks whose own verdict has expired. */
  ended(nowUs: number, limit: number): readonly string[] {
    return this.#ended.all(nowUs, limit).map((row) => String(row['value']));
  }

  /**
   * Whether a network is a /64, an entry, or has enough parts to become one; most wider ones have a few, and cost
   * little.
   */
  #mayBeListed(network: JudgedNetwork): boolean {
    const { evidence, listings, partsNeeded } = this.#parts;
    const { length, text } = network;
    if (length === 64 || this.#waiting.has(text)) return true;
    return (
      evidence.listedPartsCount(network) >= partsNeeded(length) ||
      listings.has({ kind: 'address', value: text })
    );
  }

  #judge(network: JudgedNetwork, nowUs: number): Pick<Judged, 'verdict' | 'facts'> {
    const subject = { kind: 'address', value: network.text } as const;
    const { evidence, blockedWithin } = this.#parts;
    const own = this.#parts.verdict(subject, nowUs);
    const facts = own.level === undefined ? undefined : (own.facts ?? evidence.facts(subject));
    // An entry that stands for something blocked inside it is not left out by any filter either.
    const isFor = own.level === 'listed' && blockedWithin(network.text, nowUs).length > 0;
    const verdict = isFor ? { ...own, isBlocked: true } : own;
    const ofOwn = own.ownUntilEpochUs === undefined ? undefined : evidence.facts(subject);
    if (ofOwn === undefined || own.ownUntilEpochUs === undefined) {
      this.#remove.run(network.length, network.bits);
      return { verdict, facts };
    }
    this.#save.run(
      network.length,
      network.bits,
      network.text,
      own.ownUntilEpochUs,
      gradeRank(ofOwn.grade),
      ofOwn.firstEpochUs,
      ofOwn.lastEpochUs,
      ofOwn.eventsCount,
    );
    return { verdict, facts };
  }

  /** Makes the entry match the verdict, unless a wider network stands for it. */
  #list(
    { network, wider, verdict, facts }: Judged,
    judged: ReadonlyMap<string, Judged>,
    nowUs: number,
  ): void {
    const { listings } = this.#parts;
    const { text, length } = network;
    if (wider.some((one) => judged.get(one.text)?.verdict.level === 'listed')) {
      this.#waiting.delete(text);
      return;
    }
    const subject = { kind: 'address', value: text } as const;
    if (verdict.level === 'listed') {
      if (this.#isAlone(text, nowUs)) listings.apply(subject, verdict, facts, nowUs);
      return;
    }
    const hasWaited = this.#waiting.delete(text);
    const blocked = this.#parts.blockedWithin(text, nowUs);
    const wasListed = (length < 64 || blocked.length > 0) && listings.isListed(subject);
    // Something may be blocked inside a network that is only watched: then only that is an entry.
    if (blocked.length === 0) listings.apply(subject, verdict, facts, nowUs);
    else listings.apply(subject, { ...verdict, level: undefined }, undefined, nowUs);
    // What it stood for stands for itself again.
    if (wasListed || hasWaited) this.#restore(network, blocked, nowUs);
  }

  /** Removes narrower entries. @returns Whether none is left, so that the network can be an entry. */
  #isAlone(network: string, nowUs: number): boolean {
    const { listings } = this.#parts;
    const why = [`it is a part of ${network}, which is listed`];
    const left = listings.unlistWithin(network, this.#rowsLeft, why, nowUs);
    this.#rowsLeft -= left.count;
    if (left.isAll) {
      this.#waiting.delete(network);
    } else if (!this.#waiting.has(network)) {
      this.#waiting.add(network);
      this.#parts.waits(network);
    }
    return left.isAll;
  }

  /**
   * Judges all /64 in a network for which there is evidence, at once if they are few; then the statements of others on
   * networks in it.
   */
  #restore(
    { bits, length, text }: JudgedNetwork,
    blocked: readonly ListedSubject[],
    nowUs: number,
  ): void {
    const { first, last } = bitsWithin(bits, length);
    const rows = length === 64 ? [] : this.#within.all(first, last, this.#rowsLeft + 1);
    const isFew = rows.length <= this.#rowsLeft;
    if (isFew) this.#rowsLeft -= rows.length;
    if (length < 64) this.#parts.judgeWithin(text, isFew);
    const values = isFew ? rows.map((row) => String(row['address'])) : [];
    this.#apply([...values, ...blocked.map(({ value }) => value)], nowUs);
  }

  /** What is on lists only because of the operator's decision: any network, or an address. */
  #listOther(value: string, judged: ReadonlyMap<string, Judged>, nowUs: number): void {
    const { listings, evidence } = this.#parts;
    const subject = { kind: 'address', value } as const;
    const isPart = networksOf(value)?.some(
      ({ text }) => judged.get(text)?.verdict.level === 'listed',
    );
    const verdict = this.#parts.verdict(subject, nowUs);
    const isListed = verdict.level === 'listed';
    // What it stood for stands for itself again.
    if (!isListed && listings.isListed(subject)) this.#parts.judgeWithin(value, false);
    if (isPart === true || !isListed) this.#waiting.delete(value);
    else if (!this.#isAlone(value, nowUs)) return;
    if (isPart === true) return listings.apply(subject, PART, undefined, nowUs);
    const facts = verdict.level === undefined ? undefined : verdict.facts;
    listings.apply(subject, verdict, facts ?? evidence.facts(subject), nowUs);
  }
}
