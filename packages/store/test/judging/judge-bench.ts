// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import type { DiskGuard } from '../../src/file/disk-guard.ts';
import { EvidenceReader, type ListedSubject } from '../../src/judging/evidence-reader.ts';
import { Judging, type JudgingLeft, type JudgingPorts } from '../../src/judging/judging.ts';
import { DAY_US } from '../fixtures.ts';
import { SaidTables } from '../pool/said.ts';

export const HASH = 7;

/** A judge that lists addresses and numbers of which there is evidence, until a day after the last of it. */
export class JudgeBench implements Disposable {
  readonly tables = new SaidTables();
  readonly evidence = new EvidenceReader(this.tables.database);
  readonly judged: string[] = [];
  readonly changed: ListedSubject[] = [];
  readonly told: number[] = [];
  /** What an operator blocked, whatever is known about it. */
  readonly blocked = new Set<string>();
  isFull = false;
  /** Whether judging this fails. */
  fails: (value: string) => boolean = () => false;
  #began = false;
  readonly #changesCountMax: number;

  constructor(optionsHash = HASH, changesCountMax = 1000) {
    this.#changesCountMax = changesCountMax;
    const question = `UPDATE counter SET value = ${optionsHash} WHERE name = 'judge_options'`;
    this.tables.database.exec(question);
  }

  ports(optionsHash = HASH): JudgingPorts {
    return {
      numbers: {
        read: (dialled) => ({
          candidates: [dialled],
          unread: undefined,
          settle: () => ({ e164: dialled, confidence: 1 }),
        }),
        hotNumbersCount: 3,
        blocksOf: () => [],
        isCostly: () => false,
      },
      toolOf: () => undefined,
      countsLocalCallers: false,
      begin: () => {
        this.#began = true;
      },
      verdict: ({ kind, value }, nowUs) => {
        assert.ok(this.#began, 'it was told that subjects are judged together');
        this.judged.push(`${kind} ${value}`);
        if (this.fails(value)) throw new Error('the disk is full');
        const facts = this.evidence.facts({ kind, value });
        const isBlocked = this.blocked.has(value);
        const untilEpochUs = (isBlocked ? nowUs : (facts?.lastEpochUs ?? 0)) + DAY_US;
        const level = untilEpochUs > nowUs ? 'listed' : undefined;
        return { level, score: 60, reasons: ['a'], untilEpochUs, isBlocked };
      },
      blockedWithin: () => [],
      partsNeeded: () => 9,
      reachOf: () => undefined,
      changed: () => this.changed.splice(0),
      hasQuorum: () => true,
      optionsHash,
      onChanged: (serial) => this.told.push(serial),
    };
  }

  open(optionsHash = HASH): Judging {
    const { database, clock } = this.tables;
    return new Judging(
      {
        database,
        clock,
        guard: { isFull: () => this.isFull } as unknown as DiskGuard,
        endedUs: () => clock.us,
        evidence: this.evidence,
        changesCountMax: this.#changesCountMax,
        evidenceCountMax: 1000,
      },
      this.ports(optionsHash),
    );
  }

  /** Events of an address. */
  add(count: number, grade: 'seen' | 'handshake'): void {
    this.tables.database.exec(`
      INSERT INTO honey (grade, created_at, event_timestamp, source_ip, called_number, method)
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
        SELECT '${grade}', '2026-03-01 11:00:00.000', '2026-03-01 11:00:00.000', '45.13.0.1', '', 'INVITE' FROM n`);
  }

  /** What was judged since the last call. */
  since(): readonly string[] {
    return this.judged.splice(0);
  }

  listed(): readonly string[] {
    return this.tables.rows('SELECT value FROM listing ORDER BY value');
  }

  [Symbol.dispose](): void {
    this.tables[Symbol.dispose]();
  }
}

/** Steps until nothing is left. */
export function finish(judging: Judging): void {
  let left: JudgingLeft = { urgent: true, rest: true };
  for (let steps = 0; left.urgent || left.rest; steps += 1) {
    assert.ok(steps < 1000, 'it never ends');
    left = judging.step();
  }
}
