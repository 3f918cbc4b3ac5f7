// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { randomUUID } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Decision } from '@sentrypeer/event';
import { FLEET_DECISIONS_CURSOR } from '@sentrypeer/follow/cursors';
import type { ListedKind } from '../judging/evidence-reader.ts';
import { FLEET_DECISIONS_MAX } from '../limits.ts';

/** A decision in the form of a fleet. */
export interface FleetDecision {
  readonly kind: Decision['kind'];
  /** The kind of `value`; `undefined` for an allowance, which may be of any kind. */
  readonly subject: ListedKind | undefined;
  readonly value: string;
  readonly comment: string;
  /** Wall-clock microseconds; `undefined` means for ever. */
  readonly untilEpochUs: number | undefined;
}

/** A decision that the fleet does not have yet. */
export interface WaitingDecision extends FleetDecision {
  readonly id: number;
  readonly uuid: string;
}

/** Keeps what the operator decides at a hub until the fleet has it, on a connection that its owner shares. */
export class FleetDecisionLog {
  readonly #isHub: StatementSync;
  readonly #add: StatementSync;
  readonly #dropOldest: StatementSync;
  readonly #remove: StatementSync;
  readonly #saveMark: StatementSync;

  constructor(database: DatabaseSync) {
    this.#isHub = database.prepare(`SELECT 1 FROM cursor WHERE name = '${FLEET_DECISIONS_CURSOR}'`);
    this.#add = database.prepare(`
      INSERT INTO fleet_decision (decision_uuid, kind, subject, value, comment, until_us) VALUES (?, ?, ?, ?, ?, ?)`);
    this.#dropOldest = database.prepare(`
      DELETE FROM fleet_decision WHERE decision_id <= (SELECT max(decision_id) FROM fleet_decision) - ${FLEET_DECISIONS_MAX}`);
    this.#saveMark = database.prepare(`
      INSERT INTO cursor (name, honey_id) VALUES ('${FLEET_DECISIONS_CURSOR}', ?)
      ON CONFLICT (name) DO UPDATE SET honey_id = excluded.honey_id`);
    this.#remove = database.prepare('DELETE FROM fleet_decision WHERE decision_id <= ?');
  }

  /** Within the caller's transaction; does nothing if this node was never a hub. */
  add(decision: Decision): void {
    if (this.#isHub.get() === undefined) return;
    const { kind, subject, value, comment, untilEpochUs } = flat(decision);
    const until = untilEpochUs ?? null;
    this.#add.run(randomUUID(), kind, subject ?? null, value, comment, until);
    this.#dropOldest.run();
  }

  /** Saves that all decisions of the fleet up to this number were taken. */
  saveMark(mark: number): void {
    this.#saveMark.run(mark);
  }

  /** The fleet has all up to this one. */
  sent(id: number): void {
    this.#remove.run(id);
  }
}

/** Reads what waits for the fleet. */
export class WaitingDecisions {
  readonly #oldest: StatementSync;

  constructor(database: DatabaseSync) {
    this.#oldest = database.prepare(
      'SELECT * FROM fleet_decision ORDER BY decision_id LIMIT ? + 0',
    );
  }

  oldest(limit: number): readonly WaitingDecision[] {
    return this.#oldest.all(limit).map((row) => ({
      id: Number(row['decision_id']),
      uuid: String(row['decision_uuid']),
      kind: String(row['kind']) as Decision['kind'], // As `add` wrote it.
      subject: row['subject'] === null ? undefined : (String(row['subject']) as ListedKind),
      value: String(row['value']),
      comment: String(row['comment']),
      untilEpochUs: row['until_us'] === null ? undefined : Number(row['until_us']),
    }));
  }
}

function flat(decision: Decision): FleetDecision {
  const { kind } = decision;
  const comment = 'comment' in decision ? decision.comment : '';
  const untilEpochUs = 'untilEpochUs' in decision ? decision.untilEpochUs : undefined;
  if (!('subject' in decision)) {
    return { kind, subject: undefined, value: decision.value, comment, untilEpochUs };
  }
  const { subject } = decision;
  return { kind, subject: subject.kind, value: subject.value, comment, untilEpochUs };
}

/** Converts to a decision; `undefined` if the subject is given where it must not be, or the other way around. */
export function decisionOf(decision: FleetDecision): Decision | undefined {
  const { kind, subject: listed, value, comment, untilEpochUs } = decision;
  if (kind === 'allow' || kind === 'disallow') {
    if (listed !== undefined) return undefined;
    return kind === 'allow' ? { kind, value, comment, untilEpochUs } : { kind, value };
  }
  if (listed === undefined) return undefined;
  const subject = { kind: listed, value };
  if (kind === 'block') return { kind, subject, comment, untilEpochUs };
  return kind === 'unblock' ? { kind, subject } : { kind, subject, comment };
}
