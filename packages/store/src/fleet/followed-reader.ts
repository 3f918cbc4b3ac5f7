// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Subject } from '@sentrypeer/event';
import type { EvidenceFacts, KeptBlock } from '../judging/evidence-facts.ts';
import type { Row } from '../log/event-row.ts';
import { gradeOfRank } from '../log/grades.ts';
import { FOLLOWED_BLOCKS_MAX } from './limits.ts';

/** A hub's statement, as the judge reads it. */
export interface FollowedWord {
  readonly level: 'listed' | 'watch';
  readonly score: number;
  readonly reasons: readonly string[];
  readonly lastEpochUs: number;
  readonly untilEpochUs: number;
  readonly facts: EvidenceFacts;
}

const KINDS = ['address', 'number', 'range'] as const;

/** Reads what the hubs list, on a connection that its owner shares. */
export class FollowedReader {
  readonly #word: StatementSync;
  readonly #blocks: StatementSync;
  readonly #kinds: StatementSync;

  constructor(database: DatabaseSync) {
    this.#word = database.prepare(`
      SELECT level, score, reasons, grade, first_seen_us, last_seen_us, events_count, until_us FROM fleet_listing
      WHERE kind = ? AND value = ? AND NOT is_blocked`);
    this.#blocks = database.prepare(`
      SELECT kind, value, since_us, until_us FROM fleet_listing WHERE is_blocked ORDER BY kind, value
      LIMIT ${FOLLOWED_BLOCKS_MAX}`);
    const isAny = (kind: string): string =>
      `EXISTS (SELECT 1 FROM fleet_listing WHERE kind = '${kind}') AS ${kind}`;
    this.#kinds = database.prepare(`SELECT ${KINDS.map(isAny).join(', ')}`);
  }

  /** The kinds of which hubs list anything. */
  kinds(): ReadonlySet<Subject['kind']> {
    const row = this.#kinds.get();
    return new Set(KINDS.filter((kind) => row?.[kind] === 1));
  }

  /** From evidence; what an operator blocked is in `blocks()`. */
  word({ kind, value }: Subject): FollowedWord | undefined {
    const row = this.#word.get(kind, value);
    if (row === undefined) return undefined;
    const lastEpochUs = Number(row['last_seen_us']);
    return {
      level: row['level'] === 'watch' ? 'watch' : 'listed',
      score: Number(row['score']),
      reasons: JSON.parse(String(row['reasons'])) as readonly string[],
      lastEpochUs,
      untilEpochUs: Number(row['until_us']),
      facts: {
        grade: gradeOfRank(Number(row['grade'])),
        firstEpochUs: Number(row['first_seen_us']),
        lastEpochUs,
        eventsCount: Number(row['events_count']),
      },
    };
  }

  blocks(): readonly KeptBlock[] {
    return this.#blocks.all().map((row) => ({
      subject: followedSubject(row),
      comment: '',
      createdEpochUs: Number(row['since_us']),
      untilEpochUs: Number(row['until_us']),
      isOfFleet: true,
    }));
  }
}

/** Kind and value of a row, which were checked when it was taken. */
export function followedSubject(row: Row): Subject {
  return { kind: String(row['kind']) as Subject['kind'], value: String(row['value']) };
}
