// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OperatingError, type LogFields } from '@sentrypeer/kernel';
import pg from 'pg';
import { FleetDecisions } from '../../src/pull/decisions.ts';
import type { FleetDecision, WaitingDecision } from '../../src/pull/fleet-decision.ts';

const BLOCK: FleetDecision = {
  kind: 'block',
  subject: 'address',
  value: '45.13.7.9',
  comment: '',
  untilEpochUs: undefined,
};

function waiting(id: number, more: Partial<FleetDecision> = {}): WaitingDecision {
  return { ...BLOCK, ...more, id, uuid: `00000000-0000-4000-8000-00000000000${id}` };
}

function row(id: number, more: Readonly<Record<string, unknown>> = {}) {
  const { kind, subject, value, comment } = BLOCK;
  const place = { decision_id: String(id), node: 'hub-2', is_own: false };
  return { ...place, kind, subject, value, comment, until_us: null, ...more };
}

/** PostgreSQL's report about a statement. */
function reported(state: string): OperatingError {
  const cause = Object.assign(new pg.DatabaseError('no', 0, 'error'), { code: state });
  return new OperatingError('fleet_failed', 'no', { cause });
}

/** A hub and a fleet that keep what they are told. */
class Both {
  hasDecisions = true;
  rows: ReturnType<typeof row>[] = [];
  readonly decided: string[] = [];
  readonly ends: (number | undefined)[] = [];
  readonly taken: FleetDecision[] = [];
  readonly lines: string[] = [];
  mark = 5;
  /** Decisions that the fleet does not have any more. */
  lost: number[] = [];
  #source: Parameters<FleetDecisions['exchange']>[0] | undefined;
  waits: WaitingDecision[] = [];
  readonly #log = (event: string, fields: LogFields = {}): void =>
    void this.lines.push(`${event} ${String(fields['value'] ?? '')}`.trim());
  readonly decisions = new FleetDecisions(
    {
      waiting: () => [...this.waits],
      sent: async (id) => (this.waits = this.waits.filter((each) => each.id > id)),
      mark: () => this.mark,
      take: async (decisions, mark) => {
        this.taken.push(...decisions);
        this.mark = mark;
        return decisions.filter(({ value }) => value === '45.99.0.1');
      },
      isAllowable: (value) => value.startsWith('45.'),
    },
    { debug: this.#log, info: this.#log, warn: this.#log, error: this.#log },
  );

  async exchange(offsetUs?: number): Promise<void> {
    this.decisions.look();
    this.#source ??= this.#connect();
    await this.decisions.exchange(this.#source, offsetUs);
  }

  /** The connection is a new one. */
  reconnect(): void {
    this.#source = this.#connect();
  }

  #connect(): Parameters<FleetDecisions['exchange']>[0] {
    const isNewEnough = (): boolean => this.hasDecisions;
    return {
      get hasDecisions() {
        return isNewEnough();
      },
      hasLost: async (id: number) => this.lost.includes(id),
      decide: async ({ value, untilEpochUs }: FleetDecision) => {
        if (value === 'odd') throw reported('23514');
        if (value === 'read-only') throw reported('25006');
        if (value === 'locked') throw reported('55P03');
        if (value === 'away') throw new OperatingError('fleet_unreachable', 'gone');
        this.decided.push(value);
        this.ends.push(untilEpochUs);
      },
      decisions: async (after: number) =>
        this.rows.filter((each) => Number(each.decision_id) > after),
    };
  }
}

test('FleetDecisions tells in order what waits; one that is refused holds up no other', async () => {
  const both = new Both();
  both.waits = [waiting(1), waiting(2, { value: 'odd' }), waiting(3, { value: '45.13.7.10' })];
  await both.exchange();
  assert.deepEqual(both.decided, ['45.13.7.9', '45.13.7.10']);
  assert.deepEqual([both.waits, both.lines], [[], ['fleet_decision_refused odd']]);

  both.waits = [waiting(4), waiting(5, { value: 'away' }), waiting(6)];
  await assert.rejects(both.exchange(), { code: 'fleet_unreachable' });
  assert.deepEqual(
    both.waits.map(({ id }) => id),
    [5, 6],
  );
});

test('FleetDecisions keeps what the fleet cannot take at present: read-only, or locked by somebody', async () => {
  for (const value of ['read-only', 'locked']) {
    const both = new Both();
    both.waits = [waiting(1, { value }), waiting(2)];
    await assert.rejects(both.exchange(), { code: 'fleet_failed' });
    assert.deepEqual([both.waits.length, both.lines], [2, []], value);
  }
});

test('FleetDecisions says and takes ends in the time of the database', async () => {
  const [both, aheadUs, end] = [new Both(), 7_200_000_000, 1_800_000_000_000_000];
  both.waits = [waiting(1, { untilEpochUs: end }), waiting(2)];
  both.rows = [row(7, { until_us: String(end) }), row(8)];
  await both.exchange(aheadUs);
  assert.deepEqual(both.ends, [end + aheadUs, undefined]);
  assert.deepEqual(
    both.taken.map(({ untilEpochUs }) => untilEpochUs),
    [end - aheadUs, undefined],
  );
});

test('FleetDecisions waits for a fleet of an older version, and says so once', async () => {
  const both = new Both();
  both.hasDecisions = false;
  both.rows = [row(7)];
  await both.exchange();
  assert.deepEqual(both.lines, []);
  both.waits = [waiting(1)];
  await both.exchange();
  await both.exchange();
  assert.deepEqual([both.lines, both.decided, both.taken], [['fleet_decisions_wait'], [], []]);
  assert.equal(both.decisions.waitingCount, 1);
});

test('FleetDecisions takes in the order of the fleet what operators can decide', async () => {
  const both = new Both();
  const allow = { kind: 'allow', subject: null, value: '45.14.0.0/16', until_us: '5000000' };
  both.rows = [
    row(5, { value: '45.1.1.1' }), // Taken before.
    row(6, allow),
    row(7, { is_own: true, value: '45.13.7.10' }),
    row(8, { is_own: true, kind: 'delist' }), // Done already, and evidence of later must stay.
    row(9, { kind: 'delist', subject: 'number', value: '46701234567' }),
    row(10, { kind: 'unblock', subject: 'range', value: '46850780xx' }),
    row(11, { value: '45.99.0.1' }), // No room.
  ];
  await both.exchange();
  assert.deepEqual(
    both.taken.map(({ kind, value }) => `${kind} ${value}`),
    [
      'allow 45.14.0.0/16',
      'block 45.13.7.10',
      'delist 46701234567',
      'unblock 46850780xx',
      'block 45.99.0.1',
    ],
  );
  assert.equal(both.taken[0]?.untilEpochUs, 5_000_000);
  assert.deepEqual(both.lines, ['fleet_decision_left_out 45.99.0.1']);
  assert.deepEqual([both.mark, both.decisions.takenCount], [11, 4]);
  await both.exchange();
  assert.equal(both.taken.length, 5, 'each once');
});

test('FleetDecisions leaves out what nobody can decide, and goes on after it', async () => {
  const both = new Both();
  const odd: readonly Readonly<Record<string, unknown>>[] = [
    { kind: 'burn' },
    { subject: null },
    { subject: 'everybody' },
    { value: 'not an address' },
    { value: '045.13.7.9' },
    { value: '2001:DB8::1' },
    { value: '45.13.7.9/16' },
    { subject: 'number', value: '' },
    { subject: 'number', value: '+46701234567' },
    { subject: 'number', value: '1'.repeat(33) },
    { subject: 'range', value: '46850780' },
    { kind: 'allow', value: '45.14.0.0/16' },
    { kind: 'allow', subject: null, value: 'everything' },
    { until_us: '9223372036854775807' },
  ];
  both.rows = [...odd, {}].map((more, index) => row(10 + index, more));
  await both.exchange();
  assert.deepEqual(both.taken, [{ ...BLOCK }]);
  assert.equal(both.lines.length, odd.length);
  assert.equal(both.mark, 10 + odd.length);
});

test('FleetDecisions says once that a fleet which was set back in time lacks decisions', async () => {
  const both = new Both();
  both.rows = [row(6)];
  await both.exchange();
  both.lost = [6];
  await both.exchange();
  assert.deepEqual(both.lines, [], 'a database goes back only while its connections are closed');
  both.reconnect();
  await both.exchange();
  assert.deepEqual(both.lines, ['fleet_decisions_lost']);
  both.reconnect();
  both.rows = [row(7)];
  await both.exchange();
  both.reconnect();
  await both.exchange();
  assert.deepEqual(both.lines, ['fleet_decisions_lost'], 'the same loss once');
  assert.equal(both.taken.length, 2);
  both.lost = [6, 7];
  both.reconnect();
  await both.exchange();
  assert.equal(both.lines.length, 2, 'another loss');
});
