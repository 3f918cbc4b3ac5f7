// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { readTime } from '@sentrypeer/kernel';
import type { Page, PageEnd, StoreReader } from '@sentrypeer/store';
import { quoted, refusal } from '../config/refusal.ts';
import { TOP_PAGE_ROWS, TOP_ROWS_MAX } from '../limits.ts';
import type { Command, CommandLine } from './command.ts';
import { formatTable, utc } from './text.ts';
import { needed, refuseMore, wholeFlag } from './words.ts';

const KINDS = ['addresses', 'numbers', 'ranges', 'networks', 'countries', 'user-agents'] as const;
type Kind = (typeof KINDS)[number];

const COUNT_DEFAULT = 10;
/** Number of last digits in which numbers of one range differ: carriers get blocks of a thousand. */
const RANGE_DIGITS = 3;

/** A row of the answer. */
interface TopRow {
  readonly name: string;
  /** Messages received here. */
  readonly seenCount: number;
  readonly lastSeenEpochUs: number;
  /** Further columns, by name. */
  readonly more: Readonly<Record<string, string | number>>;
}

export const TOP: Command = {
  name: 'top',
  form: 'addresses|numbers|ranges|networks|countries|user-agents',
  doc: 'Print those with the most messages that came here; what other nodes share is in a separate column. All addresses of an IPv6 /64 are one row. `numbers` are the numbers that were meant, however they were dialled; `ranges` are blocks of 1,000 numbers. Networks and countries are only known if the API is on.',
  flags: ['count', 'since'],
  examples: [
    ['top addresses --since 24h', 'Only those that came in the last day.'],
    ['top ranges --count 20', 'Shows neighbouring numbers that were tried.'],
  ],
  prepare: ({ words: [word, ...more], flags }) => {
    const kind = kindOf(needed(word, `top ${KINDS.join('|')}`));
    refuseMore(more, `top ${kind}`);
    const count = wholeFlag(flags, 'count', TOP_ROWS_MAX) ?? COUNT_DEFAULT;
    const since = sinceOf(flags);
    return async (context) => {
      const { StoreReader } = await import('@sentrypeer/store');
      using log = StoreReader.look(context.config.dbFile);
      const rows = await rowsOf(kind, log, since(context.clock.epochUs()));
      const top = rows.toSorted(mostFirst).slice(0, count);
      const columns = Object.keys(top[0]?.more ?? {});
      const headings = [
        'MESSAGES',
        kind === 'addresses' ? 'SOURCE' : kind.toUpperCase(),
        ...columns.map((name) => name.toUpperCase()),
        'LAST SEEN',
      ];
      return {
        text:
          top.length === 0
            ? ''
            : formatTable([
                headings,
                ...top.map(({ name, seenCount, lastSeenEpochUs, more }) => [
                  String(seenCount).padStart(8),
                  name,
                  ...columns.map((column) => String(more[column] ?? '')),
                  utc(lastSeenEpochUs),
                ]),
              ]),
        json: top.map(({ name, seenCount, lastSeenEpochUs, more }) => ({
          name,
          messages: seenCount,
          ...more,
          last_seen: utc(lastSeenEpochUs),
        })),
        ...(top.length === 0 ? { remark: `There are no ${kind} for that period.\n` } : {}),
      };
    };
  },
};

/** What other nodes share only decides between rows with the same number of messages received here. */
function mostFirst(a: TopRow, b: TopRow): number {
  return b.seenCount - a.seenCount || Number(b.more['shared'] ?? 0) - Number(a.more['shared'] ?? 0);
}

function kindOf(word: string): Kind {
  const kind = KINDS.find((each) => each === word.toLowerCase());
  if (kind !== undefined) return kind;
  throw refusal(`top does not know ${quoted(word)}: write top ${KINDS.join('|')}`);
}

/** The earliest time at which something must have been seen; the beginning if none is given. */
function sinceOf(flags: CommandLine['flags']): (nowEpochUs: number) => number {
  const text = flags.get('since');
  if (text === undefined) return () => 0;
  const words = text.split(' ').filter((word) => word !== '');
  const reading = readTime(words);
  const isUntil = /^(until|till?|to)$/iu.test(words[0] ?? '');
  const isAll = 'wordsCount' in reading && reading.wordsCount === words.length && !isUntil;
  if (isAll && reading.kind === 'duration')
    return (nowEpochUs) => nowEpochUs - reading.seconds * 1e6;
  if (isAll && reading.kind === 'moment')
    return (nowEpochUs) => {
      if (reading.epochUs <= nowEpochUs) return reading.epochUs;
      throw refusal(`--since: ${quoted(text)} is in the future`);
    };
  if (isAll) return () => 0;
  throw refusal(`--since: ${quoted(text)} is not a time such as 24h, 7d, 2027-01-31 or always`);
}

async function rowsOf(
  kind: Kind,
  log: StoreReader,
  sinceEpochUs: number,
): Promise<readonly TopRow[]> {
  switch (kind) {
    case 'addresses':
      return all((after) => log.sources.page(TOP_PAGE_ROWS, after), sinceEpochUs).map(
        ({ address, grade, sharedCount, addressesCount, ...total }) => ({
          ...total,
          name: address,
          more: { addresses: addressesCount, shared: sharedCount, grade },
        }),
      );
    case 'user-agents':
      return all((after) => log.userAgents(TOP_PAGE_ROWS, after), sinceEpochUs).map(
        ({ userAgent, sharedCount, ...total }) => ({
          ...total,
          name: userAgent,
          more: { shared: sharedCount },
        }),
      );
    case 'numbers':
    case 'ranges':
      return numberRows(kind, log, sinceEpochUs);
    case 'networks':
      return log.places
        .networks(TOP_ROWS_MAX)
        .filter(({ lastSeenEpochUs }) => lastSeenEpochUs >= sinceEpochUs)
        .map(({ network, name, addressesCount, ...total }) => ({
          ...total,
          name: network,
          more: { operator: name, addresses: addressesCount },
        }));
    case 'countries':
    default:
      return log.places
        .countries()
        .filter(({ lastSeenEpochUs }) => lastSeenEpochUs >= sinceEpochUs)
        .map(({ country, addressesCount, ...total }) => ({
          ...total,
          name: country === '' ? 'unknown' : country,
          more: { addresses: addressesCount },
        }));
  }
}

/** Spellings of the same number are one row; for ranges, so are numbers that differ only in their last digits. */
async function numberRows(
  kind: 'numbers' | 'ranges',
  log: StoreReader,
  sinceEpochUs: number,
): Promise<readonly TopRow[]> {
  const { NumberingPlans, readNumber } = await import('@sentrypeer/numbers');
  const plans = await NumberingPlans.load();
  const rows = new Map<
    string,
    { seenCount: number; sharedCount: number; lastSeenEpochUs: number; names: Set<string> }
  >();
  for (const total of all((after) => log.numbers(TOP_PAGE_ROWS, after), sinceEpochUs)) {
    const [best] = readNumber(plans, total.number).candidates;
    const number = best === undefined ? total.number : `+${best.e164}`;
    if (kind === 'ranges' && best === undefined) continue;
    const name =
      kind === 'numbers' ? number : `${number.slice(0, -RANGE_DIGITS)}${'x'.repeat(RANGE_DIGITS)}`;
    const none = { seenCount: 0, sharedCount: 0, lastSeenEpochUs: 0, names: new Set<string>() };
    const row = rows.get(name) ?? none;
    row.seenCount += total.seenCount;
    row.sharedCount += total.sharedCount;
    row.lastSeenEpochUs = Math.max(row.lastSeenEpochUs, total.lastSeenEpochUs);
    row.names.add(kind === 'numbers' ? total.number : number);
    rows.set(name, row);
  }
  const column = kind === 'numbers' ? 'forms' : 'numbers';
  return [...rows].map(([name, { names, sharedCount, ...row }]) => ({
    ...row,
    name,
    more: { shared: sharedCount, [column]: names.size },
  }));
}

/** Totals since a given time, read page by page, most recently seen first. */
function all<T extends { readonly lastSeenEpochUs: number }>(
  read: (after: PageEnd | undefined) => Page<T>,
  sinceEpochUs: number,
): readonly T[] {
  const found: T[] = [];
  let after: PageEnd | undefined;
  do {
    const page = read(after);
    for (const item of page.items) if (item.lastSeenEpochUs >= sinceEpochUs) found.push(item);
    const last = page.items.at(-1);
    after = last === undefined || last.lastSeenEpochUs < sinceEpochUs ? undefined : page.next;
  } while (after !== undefined);
  return found;
}
