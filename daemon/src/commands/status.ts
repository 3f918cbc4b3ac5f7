// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { statSync } from 'node:fs';
import type { FollowerState, NotReady } from '@sentrypeer/api';
import type { StoreReader } from '@sentrypeer/store';
import { STATUS_WAIT_MS } from '../limits.ts';
import type { Paint } from '../output/paint.ts';
import { isNoteHidden, readRunningNote, type RunningNote } from '../running-note.ts';
import type { Answer, Command, CommandContext } from './command.ts';
import { countOf, shown, utc } from './text.ts';
import { refuseMore } from './words.ts';

const DAY_US = 86_400_000_000;
const HOUR_US = 3_600_000_000;
/** For an address that listens on all interfaces, the address by which this machine reaches it. */
const FROM_HERE: ReadonlyMap<string, string> = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['[::]', '[::1]'],
]);

export const STATUS: Command = {
  name: 'status',
  form: '',
  doc: 'Print on one screen what is open, how much came in today, what is listed, and what is behind or failing. The exit status is 1 if no daemon runs or it is not ready.',
  prepare: ({ words }) => {
    refuseMore(words, 'status');
    return async (context) => {
      const { StoreReader } = await import('@sentrypeer/store');
      const { Followers } = await import('../services/listings/followers.ts');
      const { dbFile } = context.config;
      const note = readRunningNote(dbFile);
      const isHidden = note === undefined && isNoteHidden(dbFile);
      const { troubles, degraded } = isHidden
        ? { troubles: [HIDDEN], degraded: [] }
        : await healthOf(note);
      using log = StoreReader.look(dbFile);
      const followers = new Followers(context.clock, context.config).states();
      const facts = { ...factsOf(log, context, note, degraded), isHidden, followers };
      return { ...answer(context, note, troubles, facts), isBad: troubles.length > 0 };
    };
  },
};

/** What a user who may read the database alone is told. */
const HIDDEN =
  'cannot tell whether a daemon runs: this user may not read its note next to the database';

interface Facts {
  readonly database: string;
  /** This user may not see whether a daemon runs. */
  readonly isHidden: boolean;
  readonly databaseOctets: number;
  readonly today: Readonly<Record<string, number>>;
  readonly lastHour: number;
  readonly events: number;
  readonly dropped: number;
  /** Rows that other programs changed. */
  readonly foreign: Readonly<Record<'added' | 'removed' | 'changed', number>>;
  readonly addresses: number;
  readonly numbers: number;
  readonly listed: Readonly<Record<string, number>>;
  readonly behind: Readonly<Record<string, number>>;
  readonly failing: readonly string[];
  readonly followers: readonly FollowerState[];
}

function factsOf(
  log: StoreReader,
  { config: { dbFile }, clock }: CommandContext,
  note: RunningNote | undefined,
  degraded: readonly NotReady[],
): Omit<Facts, 'isHidden' | 'followers'> {
  const nowUs = clock.epochUs();
  const today: Record<string, number> = {};
  for (const { method, seenCount } of log.methods(Math.floor(nowUs / DAY_US) * DAY_US, nowUs)) {
    if (seenCount > 0) today[method] = (today[method] ?? 0) + seenCount;
  }
  const thisHourUs = Math.floor(nowUs / HOUR_US) * HOUR_US;
  const newest = log.lastHoneyId();
  return {
    database: dbFile,
    databaseOctets: octetsOf(dbFile) + octetsOf(`${dbFile}-wal`),
    today,
    lastHour: sum(log.methods(thisHourUs, nowUs).map(({ seenCount }) => seenCount)),
    events: newest,
    dropped: log.dropped(),
    foreign: log.condition(nowUs).foreign,
    addresses: log.addressesCount(),
    numbers: log.numbersCount(),
    listed: { ...log.listings.counts() },
    behind: Object.fromEntries(
      (note?.consumers ?? ['judge']).map((name) => [name, newest - (log.cursor(name) ?? newest)]),
    ),
    failing: [
      ...degraded.filter(isOnlyThere).map(({ part, why }) => `${part}: ${why}`),
      ...log.endpoints
        .statuses()
        .flatMap(({ endpoint, error, acceptedEpochUs = 0 }) =>
          error === undefined || error.epochUs <= acceptedEpochUs
            ? []
            : [`webhook ${endpoint}: ${error.message} (${utc(error.epochUs)})`],
        ),
    ],
  };
}

/** Not what the database and the notes of followers say, even if no daemon runs. */
function isOnlyThere({ part }: NotReady): boolean {
  return !part.startsWith('webhook ') && part !== 'firewall' && part !== 'bgp';
}

interface Health {
  /** What is wrong with the daemon; nothing if it is ready. */
  readonly troubles: readonly string[];
  /** What does less than it should although the daemon is ready. */
  readonly degraded: readonly NotReady[];
}

async function healthOf(note: RunningNote | undefined): Promise<Health> {
  if (note === undefined) return { troubles: ['no daemon runs on this database'], degraded: [] };
  const [api] = note.open['API'] ?? [];
  if (api === undefined) return { troubles: [], degraded: [] }; // It has no API to ask, but its process exists.
  const port = api.slice(api.lastIndexOf(':'));
  const host = api.slice(0, api.lastIndexOf(':'));
  try {
    const url = `http://${FROM_HERE.get(host) ?? host}${port}/readyz`;
    const response = await fetch(url, { signal: AbortSignal.timeout(STATUS_WAIT_MS) });
    const text = await response.text();
    if (!response.ok) return { troubles: [`not ready: ${text.trim()}`], degraded: [] };
    const { degraded = [] } = JSON.parse(text) as { readonly degraded?: readonly NotReady[] };
    return { troubles: [], degraded };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { troubles: [`the API does not answer: ${why}`], degraded: [] };
  }
}

function answer(
  { paint }: CommandContext,
  note: RunningNote | undefined,
  troubles: readonly string[],
  facts: Facts,
): Answer {
  const lines = [
    note === undefined
      ? paint('red', facts.isHidden ? sentence(HIDDEN) : 'No daemon runs on this database.')
      : `SentryPeer ${note.version}, node ${note.nodeId}, process ${note.processId}, since ${utc(note.startedEpochUs)}`,
    ...Object.entries(note?.open ?? {}).map(([name, places]) => entry(name, places.join(', '))),
    ...(note === undefined ? [] : [entry('Ready', readiness(troubles, paint))]),
    ...factLines(facts, paint),
  ];
  return {
    text: `${lines.map(oneLine).join('\n')}\n`,
    json: {
      running: facts.isHidden ? null : note !== undefined,
      ready: troubles.length === 0,
      troubles,
      process_id: note?.processId ?? null,
      node_id: note?.nodeId ?? null,
      started: note === undefined ? null : utc(note.startedEpochUs),
      open: note?.open ?? {},
      database: facts.database,
      database_octets: facts.databaseOctets,
      today: facts.today,
      this_hour: facts.lastHour,
      events: facts.events,
      dropped: facts.dropped,
      rows_added_by_others: facts.foreign.added,
      rows_removed_by_others: facts.foreign.removed,
      rows_changed_by_others: facts.foreign.changed,
      addresses: facts.addresses,
      numbers: facts.numbers,
      listed: facts.listed,
      behind: facts.behind,
      failing: facts.failing,
      followers: facts.followers.map(
        ({ name, state, isInForce, entries, counts, troubles: why }) => ({
          name,
          state,
          in_force: isInForce,
          entries,
          counts,
          troubles: why,
        }),
      ),
    },
  };
}

function factLines(facts: Facts, paint: Paint): readonly string[] {
  const methods = Object.entries(facts.today).toSorted(([, a], [, b]) => b - a);
  const today = sum(methods.map(([, count]) => count));
  const by = methods.map(([method, count]) => `${method} ${count}`).join(', ');
  const behind = Object.entries(facts.behind).filter(([, lag]) => lag > 0);
  const listed = Object.entries(facts.listed).map(([kind, count]) =>
    countOf(count, kind, plural(kind)),
  );
  return [
    entry(
      'Data',
      `${facts.database}, ${(facts.databaseOctets / 2 ** 20).toFixed(1)} MiB, ${countOf(facts.events, 'event')} ever`,
    ),
    entry(
      'Today',
      `${countOf(today, 'message')}${by === '' ? '' : `: ${by}`}; this hour ${facts.lastHour} (UTC)`,
    ),
    entry(
      'Known',
      `${countOf(facts.addresses, 'address', 'addresses')}, ${countOf(facts.numbers, 'number')}`,
    ),
    entry('Listed', listed.join(', ')),
    entry(
      'Behind',
      behind.length === 0
        ? paint('green', 'nothing')
        : behind
            .map(([name, lag]) => paint('yellow', `${name} by ${countOf(lag, 'event')}`))
            .join(', '),
    ),
    ...(facts.dropped === 0 ? [] : [entry('Dropped', `${countOf(facts.dropped, 'message')} ever`)]),
    ...foreignLines(facts.foreign),
    ...facts.followers.flatMap((one) => followerLines(one, paint)),
    ...facts.failing.map((failure) => entry('Failing', paint('red', shown(failure)))),
  ];
}

/** A program that enforces the listings; `firewall status` says more. */
function followerLines(
  { name, isInForce, state, entries, troubles }: FollowerState,
  paint: Paint,
): readonly string[] {
  const label = `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
  const sum = countOf(entries.ipv4 + entries.ipv6, 'entry', 'entries');
  return [
    entry(label, `${paint(isInForce ? 'green' : 'red', shown(state))}, ${sum}`),
    ...troubles.map((trouble) => entry('Failing', paint('red', shown(`${name}: ${trouble}`)))),
  ];
}

/** What somebody did to the log by hand, and what would be better. */
const FOREIGN_ADVICE = {
  added: 'see sentrypeer import',
  removed: 'what is listed stays, see sentrypeer forget',
  changed: 'what is listed stays, see sentrypeer forget',
} as const;

function foreignLines(foreign: Facts['foreign']): readonly string[] {
  return (['added', 'removed', 'changed'] as const)
    .filter((kind) => foreign[kind] > 0)
    .map((kind) =>
      entry(
        'Foreign',
        `${countOf(foreign[kind], 'row')} ${kind} by another program; ${FOREIGN_ADVICE[kind]}`,
      ),
    );
}

function readiness(troubles: readonly string[], paint: Paint): string {
  return troubles.length === 0
    ? paint('green', 'yes')
    : paint('red', `no: ${shown(troubles.join('; '))}`);
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}

function plural(kind: string): string {
  return kind === 'address' ? 'addresses' : `${kind}s`;
}

function entry(label: string, text: string): string {
  return `  ${label.padEnd(9)} ${text}`;
}

function oneLine(text: string): string {
  return text.replaceAll('\n', ' ');
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

function octetsOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
