// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { OperatingError, type Logger } from '@sentrypeer/kernel';
import { sqlState, type Row } from '../connection.ts';
import { PULL_DECISIONS_MAX } from '../limits.ts';
import { isSubject, SUBJECTS } from '../listings/subject.ts';
import { isRowRefused } from '../push/push-failure.ts';
import type { FleetSource } from './fleet-source.ts';
import type { FleetDecision, WaitingDecision } from './fleet-decision.ts';

/** Where a hub keeps its own decisions and those of others. */
export interface DecisionSink {
  /** The oldest decisions that the fleet does not have yet. */
  waiting(limit: number): readonly WaitingDecision[];
  /** The fleet has all up to this one. */
  sent(id: number): Promise<unknown>;
  /** The number up to which the fleet's decisions were taken; 0 before the first. */
  mark(): number;
  /**
   * Takes decisions in order, and saves that all up to the mark were taken. @returns Those for which there was no room.
   */
  take(decisions: readonly FleetDecision[], mark: number): Promise<readonly FleetDecision[]>;
  /** Whether the value can be allowed. */
  isAllowable(value: string): boolean;
}

/** The part of the fleet that concerns decisions. */
type DecisionSource = Pick<FleetSource, 'hasDecisions' | 'decide' | 'decisions' | 'hasLost'>;

const KINDS: readonly FleetDecision['kind'][] = ['allow', 'disallow', 'block', 'unblock', 'delist'];

/**
 * Shares what the operator decides at this hub, and takes decisions made at others: the one that reached the fleet last
 * holds.
 */
export class FleetDecisions {
  readonly #sink: DecisionSink;
  readonly #logger: Logger;
  #mark: number;
  #waiting: readonly WaitingDecision[] = [];
  #takenCount = 0;
  #hasSaidOld = false;
  /** The connection over which the fleet was last asked whether it has lost what is known here. */
  #checked: DecisionSource | undefined;
  #saidLostMark = 0;

  constructor(sink: DecisionSink, logger: Logger) {
    this.#sink = sink;
    this.#logger = logger;
    this.#mark = sink.mark();
  }

  /** From other hubs, since the start. */
  get takenCount(): number {
    return this.#takenCount;
  }

  /** Decisions of this hub that the fleet did not have at the last look. */
  get waitingCount(): number {
    return this.#waiting.length;
  }

  /** Reads what waits, even if the fleet does not answer. Throws `OperatingError`. */
  look(): void {
    this.#waiting = this.#sink.waiting(PULL_DECISIONS_MAX);
  }

  /** Asks for decisions; `undefined` if that must wait until the fleet has those of this hub. */
  ask(source: DecisionSource): Promise<readonly Row[]> | undefined {
    const isAsked = source.hasDecisions && this.#waiting.length === 0;
    return isAsked ? source.decisions(this.#mark, PULL_DECISIONS_MAX) : undefined;
  }

  /**
   * Throws `OperatingError`.
   *
   * @param offsetUs How far the database's clock is ahead.
   * @param asked What `ask()` returned since the last look.
   */
  async exchange(
    source: DecisionSource,
    offsetUs = 0,
    asked: Promise<readonly Row[]> | undefined = this.ask(source),
  ): Promise<void> {
    if (!source.hasDecisions) {
      if (this.#waiting.length > 0) this.#sayOld();
      return;
    }
    await this.#checkLoss(source);
    for (const decision of this.#waiting) {
      const untilEpochUs = moved(decision.untilEpochUs, offsetUs);
      await this.#send(source, { ...decision, untilEpochUs });
      await this.#sink.sent(decision.id);
    }
    this.#waiting = [];
    await this.#take(await (asked ?? source.decisions(this.#mark, PULL_DECISIONS_MAX)), offsetUs);
  }

  /**
   * A database that was restored, or a standby that took over without the last transactions, may lack decisions that
   * hold at some hubs and not at others. Nobody knows which ones they were, so a person is told.
   */
  async #checkLoss(source: DecisionSource): Promise<void> {
    if (source === this.#checked) return;
    const mark = this.#mark;
    if (mark > this.#saidLostMark && (await source.hasLost(mark))) {
      this.#saidLostMark = mark;
      this.#logger.error('fleet_decisions_lost', {
        why: 'the database of the fleet was set back in time and lacks decisions that this hub knows: compare what is allowed and blocked at the hubs, and decide again what differs',
      });
    }
    this.#checked = source;
  }

  /** A decision that the fleet refuses must hold up neither the others nor the events. */
  async #send(source: DecisionSource, decision: WaitingDecision): Promise<void> {
    try {
      await source.decide(decision);
    } catch (error) {
      // All else may be over the next time: the database takes no writes now, or somebody holds a lock.
      if (!(error instanceof OperatingError) || !isRowRefused(sqlState(error))) throw error;
      const { kind, value } = decision;
      this.#logger.error('fleet_decision_refused', { kind, value, why: error.message });
    }
  }

  #sayOld(): void {
    if (this.#hasSaidOld) return;
    this.#hasSaidOld = true;
    this.#logger.warn('fleet_decisions_wait', {
      why: 'the database of the fleet is of an older version: run sentrypeer fleet migrate; until then what is decided here holds here alone',
    });
  }

  async #take(rows: readonly Row[], offsetUs: number): Promise<void> {
    const last = rows.at(-1);
    if (last === undefined) return;
    const decisions: FleetDecision[] = [];
    for (const row of rows) {
      const decision = this.#read(row, offsetUs);
      const isOwn = row['is_own'] === true;
      if (decision === undefined) {
        this.#logger.error('fleet_decision_left_out', {
          node: String(row['node']),
          kind: String(row['kind']),
          value: String(row['value']),
          why: 'no operator can decide this',
        });
      } else if (!isOwn || decision.kind !== 'delist') {
        // Our own come back for their place in the order; but what was delisted here is not delisted again.
        decisions.push(decision);
      }
      if (!isOwn) this.#takenCount += 1;
    }
    const mark = Number(last['decision_id']);
    for (const { kind, value } of await this.#sink.take(decisions, mark)) {
      const why = 'the list is full here: remove some entries, and say it again';
      this.#logger.error('fleet_decision_left_out', { kind, value, why });
    }
    this.#mark = mark;
  }

  /** `undefined` for what no hub of ours writes: somebody with a stolen password of a hub may. */
  #read(row: Row, offsetUs: number): FleetDecision | undefined {
    const [value, comment] = [String(row['value']), String(row['comment'])];
    const kind = KINDS.find((word) => word === row['kind']);
    const subject = SUBJECTS.find((word) => word === row['subject']);
    const until = moved(row['until_us'] === null ? undefined : Number(row['until_us']), -offsetUs);
    if (kind === undefined || (until !== undefined && !Number.isSafeInteger(until))) {
      return undefined;
    }
    const isAllowance = kind === 'allow' || kind === 'disallow';
    if (isAllowance !== (subject === undefined)) return undefined;
    const isFine =
      subject === undefined ? this.#sink.isAllowable(value) : isSubject(subject, value);
    return isFine ? { kind, subject, value, comment, untilEpochUs: until } : undefined;
  }
}

/** An end in the time of another clock; what holds always has none. */
function moved(untilEpochUs: number | undefined, offsetUs: number): number | undefined {
  return untilEpochUs === undefined ? undefined : Math.max(0, untilEpochUs + offsetUs);
}
