// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { createHash } from 'node:crypto';
import type { StoreReader } from '@sentrypeer/store';
import { toolOf } from '@sentrypeer/verdict';
import { SUMMARY_NAMES_MAX, SUMMARY_TOOLS_READ_MAX } from './limits.ts';

const DAY_US = 86_400e6;
const HOUR_MINUTES = 60;

/** Increases with each change of what a summary says, so that an operator looks at the new form before it is sent. */
const FORM = 1;

/** Messages over time. */
type Rates = StoreReader['rates'];

type Tops = readonly { readonly name: string | null; readonly messages: number }[];

/** What a node reports about a day: no address, no whole number, no text that somebody sent, nothing about the node. */
interface DaySummary {
  readonly summary: typeof FORM;
  /** In UTC. */
  readonly day: string;
  readonly messages: number;
  readonly grades: Readonly<Record<string, number>>;
  readonly methods: Readonly<Record<string, number>>;
  readonly transports: Readonly<Record<string, number>>;
  readonly countries: Tops;
  readonly networks: Tops;
  /** Known attack tools; `null` for all others. */
  readonly tools: Tops;
  readonly ranges: Tops;
}

/** The last day that is over, in UTC days since the epoch. */
export function lastDay(nowEpochUs: number): number {
  return Math.floor(nowEpochUs / DAY_US) - 1;
}

/** The octets that are sent for a day; also readable as text. @param day UTC days since the epoch. */
export function formatSummary(rates: Rates, day: number): string {
  return `${JSON.stringify(summaryOf(rates, day), null, 2)}\n`;
}

/** What an operator repeats to confirm that he saw what is sent, in which form, and where to. */
export function seenCode(url: URL): string {
  return createHash('sha256').update(`${FORM} ${url.href}`).digest('hex').slice(0, 8);
}

function summaryOf(rates: Rates, day: number): DaySummary {
  const sinceUs = day * DAY_US;
  const untilUs = sinceUs + DAY_US;
  const sums = { grade: new Map(), method: new Map(), transport: new Map() } as Readonly<
    Record<string, Map<string, number>>
  >;
  for (const { kind, name, seenCount } of rates.series(HOUR_MINUTES, sinceUs, untilUs)) {
    const of = sums[kind];
    of?.set(name, (of.get(name) ?? 0) + seenCount);
  }
  const counted = (kind: string): Readonly<Record<string, number>> =>
    Object.fromEntries([...(sums[kind] ?? [])].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  const tops = (kind: 'country' | 'network' | 'range'): Tops =>
    rates
      .tops(kind, sinceUs, untilUs, SUMMARY_NAMES_MAX)
      .map(({ name, seenCount }) => ({ name: name === '' ? null : name, messages: seenCount }));
  return {
    summary: FORM,
    day: new Date(sinceUs / 1000).toISOString().slice(0, 10),
    messages: [...(sums['method']?.values() ?? [])].reduce((sum, count) => sum + count, 0),
    grades: counted('grade'),
    methods: counted('method'),
    transports: counted('transport'),
    countries: tops('country'),
    networks: tops('network'),
    tools: knownTools(rates, sinceUs, untilUs),
    ranges: tops('range'),
  };
}

/**
 * A User-Agent is whatever an attacker wrote, and may name people or numbers: only the names that we have for tools are
 * sent.
 */
function knownTools(rates: Rates, sinceUs: number, untilUs: number): Tops {
  const sums = new Map<string | null, number>();
  for (const { name, seenCount } of rates.tops('tool', sinceUs, untilUs, SUMMARY_TOOLS_READ_MAX)) {
    const tool = toolOf(name) ?? null;
    sums.set(tool, (sums.get(tool) ?? 0) + seenCount);
  }
  return [...sums]
    .map(([name, messages]) => ({ name, messages }))
    .toSorted((a, b) => b.messages - a.messages);
}
