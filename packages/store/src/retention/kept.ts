// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync } from 'node:sqlite';
import { formatEventTimestamp } from '@sentrypeer/event';
import { unreachable } from '@sentrypeer/kernel';
import { EARLIEST_TEXT } from '../clock/plausible.ts';
import { RECORDED } from '../file/schema.ts';
import { HONEY_ID_MAX } from '../log/honey-ids.ts';
import { NO_AGE_LIMIT_DAYS, ROOM_AHEAD_SHARE } from '../limits.ts';
import type { CounterName } from '../totals/counters.ts';

const DAY_US = 86_400_000_000;

/** Days for a part that does not age. */
const ALWAYS = 0;

/** The operator's settings: see `RetentionOptions`. */
export interface RetentionLimits {
  readonly retentionDays: number;
  /** `Infinity` sets none. */
  readonly databaseOctetsMax: number;
  readonly owedOctetsMax: number;
}

/**
 * The part of the log that no limit removes until the operator says so: what existed before this program opened the
 * file for the first time, and when a limit was lowered.
 */
export interface KeptPart {
  /** Rows up to this one are kept; 0 keeps none. */
  readonly honeyId: number;
  /** Wall-clock microseconds when it began: totals not seen since then belong to it. */
  readonly atUs: number;
  /** Octets of live pages at that time: what comes later has the whole size limit to itself. */
  readonly octets: number;
  /** The most totals of a kind at that time. */
  readonly totals: number;
  /** Days after which even this part is removed, as before; 0 is never. */
  readonly days: number;
}

/** The kept part compared with the limits in force. */
export interface KeptReport {
  readonly events: number;
  /** Live octets of the database, and how many of them are beyond its limit. */
  readonly octets: number;
  readonly octetsBeyond: number;
  /** `YYYY-MM-DD HH:MM:SS…` of the oldest row; empty if none says. */
  readonly oldest: string;
  /** `undefined` if there is no such limit. */
  readonly retentionDays: number | undefined;
  readonly octetsMax: number | undefined;
  /** Whether the limits would remove something. */
  readonly isBeyond: boolean;
}

const NAMES = {
  days: 'limit_days',
  octets: 'limit_octets',
  owed: 'limit_owed',
  keptId: 'kept_honey_id',
  keptAt: 'kept_at_us',
  keptOctets: 'kept_octets',
  keptTotals: 'kept_totals',
  keptDays: 'kept_days',
} as const satisfies Readonly<Record<string, CounterName>>;

type Values = Readonly<Record<keyof typeof NAMES, number | undefined>>;

/** Keeps everything that an older program left; within the migration. */
export function keepAll(database: DatabaseSync, nowUs: number): void {
  begin(database, { nowUs, days: ALWAYS });
}

/** Keeps everything if an imported row is older than the age limit allows. @returns Whether it does. */
export function keepWhatIsOlder(database: DatabaseSync, oldest: string, nowUs: number): boolean {
  const { days } = read(database);
  if (days === undefined || !isOlder(oldest, days, nowUs)) return false;
  keepAll(database, nowUs);
  return true;
}

/** Whether older rows are removed, or soon will be, for those that come: the size limit is reached, and spares none. */
export function makesRoom(database: DatabaseSync): boolean {
  const { octets } = read(database);
  if (octets === undefined || keptPart(database).honeyId > 0) return false;
  return liveOctets(database) > octets * (1 - ROOM_AHEAD_SHARE);
}

/** Makes the limits apply to all rows again. */
export function keepNothing(database: DatabaseSync): void {
  write(database, { keptId: 0, keptAt: 0, keptOctets: 0, keptTotals: 0, keptDays: 0 });
}

/** Puts limits in force; those that are new or lower than before spare existing rows. Within a transaction. */
export function setLimits(database: DatabaseSync, limits: RetentionLimits, nowUs: number): void {
  const before = read(database);
  const wanted = {
    days: limits.retentionDays,
    octets: Math.min(limits.databaseOctetsMax, Number.MAX_SAFE_INTEGER),
    owed: Math.min(limits.owedOctetsMax, Number.MAX_SAFE_INTEGER),
  };
  const lowered = (['days', 'octets', 'owed'] as const).filter(
    (name) => wanted[name] < (before[name] ?? Infinity),
  );
  const isNew = (['days', 'octets', 'owed'] as const).some((name) => wanted[name] !== before[name]);
  if (isNew) write(database, wanted);
  const kept = keptPart(database);
  const isBeyond = lowered.some((name) => exceeds(database, name, wanted, nowUs));
  if (isBeyond) {
    // A limit that held before continues to hold.
    const daysBefore = before.days ?? ALWAYS;
    const isAlways = daysBefore === ALWAYS || (kept.honeyId > 0 && kept.days === ALWAYS);
    begin(database, {
      nowUs,
      days: isAlways ? ALWAYS : Math.max(daysBefore, wanted.days, kept.days),
    });
  } else if (
    kept.honeyId > 0 &&
    kept.days !== ALWAYS &&
    readKept(database, nowUs)?.isBeyond !== true
  ) {
    keepNothing(database); // The limits were raised again.
  }
}

export function keptPart(database: DatabaseSync): KeptPart {
  const { keptId, keptAt, keptOctets, keptTotals, keptDays } = read(database);
  return {
    honeyId: keptId ?? 0,
    atUs: keptAt ?? 0,
    octets: keptOctets ?? 0,
    totals: keptTotals ?? 0,
    days: keptDays ?? ALWAYS,
  };
}

/** `undefined` if nothing is kept despite the limits. */
export function readKept(database: DatabaseSync, nowUs: number): KeptReport | undefined {
  const { honeyId } = keptPart(database);
  const { days, octets: octetsMax } = read(database);
  const oldest = oldestRow(database);
  if (honeyId === 0 || oldest === undefined || oldest.honeyId > honeyId) return undefined;
  if (days === undefined || octetsMax === undefined) return undefined;
  const octets = liveOctets(database);
  const octetsBeyond = Math.max(0, octets - octetsMax);
  const isOld = isOlder(oldest.recorded, days, nowUs);
  return {
    events: honeyId - oldest.honeyId + 1,
    octets,
    octetsBeyond,
    oldest: oldest.recorded,
    retentionDays: days >= NO_AGE_LIMIT_DAYS ? undefined : days,
    octetsMax: octetsMax >= Number.MAX_SAFE_INTEGER ? undefined : octetsMax,
    isBeyond: octetsBeyond > 0 || isOld,
  };
}

/** Texts of `created_at` before this one are older than the given number of days. */
export function expiry(days: number, nowUs: number): string {
  return formatEventTimestamp(nowUs - days * DAY_US);
}

/** An impossible time is ignored. */
function isOlder(recorded: string, days: number, nowUs: number): boolean {
  return recorded >= EARLIEST_TEXT && recorded < expiry(days, nowUs);
}

function begin(
  database: DatabaseSync,
  { nowUs, days }: { readonly nowUs: number; readonly days: number },
): void {
  write(database, {
    keptId: number(
      database,
      `SELECT coalesce(max(honey_id), 0) AS n FROM honey WHERE honey_id <= ${HONEY_ID_MAX}`,
    ),
    keptAt: nowUs,
    keptOctets: liveOctets(database),
    keptTotals: number(
      database,
      `SELECT max(value) AS n FROM counter WHERE name IN
        ('addresses', 'numbers', 'user_agents', 'proved_addresses', 'read_numbers')`,
    ),
    keptDays: days,
  });
}

function exceeds(
  database: DatabaseSync,
  name: 'days' | 'octets' | 'owed',
  wanted: Readonly<Record<'days' | 'octets' | 'owed', number>>,
  nowUs: number,
): boolean {
  switch (name) {
    case 'days': {
      const oldest = oldestRow(database);
      return oldest !== undefined && isOlder(oldest.recorded, wanted.days, nowUs);
    }
    case 'octets':
      return liveOctets(database) > wanted.octets;
    case 'owed':
      return liveOctets(database) > wanted.octets + wanted.owed;
    default:
      return unreachable(name);
  }
}

function oldestRow(
  database: DatabaseSync,
): { readonly honeyId: number; readonly recorded: string } | undefined {
  const row = database
    .prepare(
      `SELECT honey_id, ${RECORDED} AS recorded FROM honey WHERE honey_id >= -${HONEY_ID_MAX} ORDER BY honey_id LIMIT 1`,
    )
    .get();
  if (row === undefined) return undefined;
  const { recorded } = row;
  return {
    honeyId: Number(row['honey_id']),
    recorded: typeof recorded === 'string' ? recorded : '',
  };
}

function liveOctets(database: DatabaseSync): number {
  return number(
    database,
    `SELECT (page_count - freelist_count) * page_size AS n
      FROM pragma_page_count, pragma_freelist_count, pragma_page_size`,
  );
}

function number(database: DatabaseSync, sql: string): number {
  return Number(database.prepare(sql).get()?.['n']);
}

function read(database: DatabaseSync): Values {
  const rows = database
    .prepare(`SELECT name, value FROM counter WHERE name LIKE 'limit%' OR name LIKE 'kept%'`)
    .all();
  const values = new Map(rows.map((row) => [String(row['name']), Number(row['value'])]));
  const entries = Object.entries(NAMES).map(([key, name]) => [key, values.get(name)]);
  return Object.fromEntries(entries) as Values;
}

function write(
  database: DatabaseSync,
  values: Partial<Readonly<Record<keyof typeof NAMES, number>>>,
): void {
  const statement = database.prepare(
    'INSERT INTO counter (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
  );
  for (const key of Object.keys(values) as readonly (keyof typeof NAMES)[]) {
    statement.run(NAMES[key], values[key] ?? 0);
  }
}
