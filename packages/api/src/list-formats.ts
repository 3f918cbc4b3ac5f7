// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Listed, ListedSubject } from './feed.ts';
import { ENTRY_SECONDS_MAX, RENEWAL_SECONDS, RENEWAL_SHARE } from './limits.ts';
import { csvHead, csvLine } from './listing-csv.ts';

/** The most members of an ipset, fixed for ever: `create -exist` refuses a set made with another value. */
const IPSET_MEMBERS_MAX = 2_097_152;

/** How a list is written for one kind of program. One page at a time, so of any length. */
export interface ListFormat {
  readonly mediaType: string;
  /** @param family 4, 6, or 0 for both: entries of the other family are left alone. */
  begin(family: number): string;
  end(family: number): string;
  /**
   * @param isFirst Only `begin` comes before it.
   * @param nowEpochUs Wall-clock microseconds, from which an entry's remaining time counts.
   */
  page(entries: readonly Listed[], isFirst: boolean, nowEpochUs: number): string;
  /** How changes are written, for programs that keep a list: additions and removals, in any number. */
  readonly changes?: ListChanges;
}

export interface ListChanges {
  begin(family: number): string;
  add(entries: readonly Listed[], nowEpochUs: number): string;
  /**
   * Empties the sets for networks of a family, then adds everything in them: sets that refuse a network inside another
   * one cannot be given a wider one entry by entry, and not twice. Absent if this does no harm.
   */
  readonly renew?: {
    empty(family: 4 | 6): string;
    add(entries: readonly Listed[], nowEpochUs: number): string;
  };
  /** Absent if everything that is read is added. */
  readonly remove?: (entries: readonly ListedSubject[]) => string;
}

const TEXT = 'text/plain; charset=utf-8';

const FAMILIES = [
  { suffix: '4', ipset: 'inet', nft: 'ipv4_addr', menu: '/ip', length: 32 },
  { suffix: '6', ipset: 'inet6', nft: 'ipv6_addr', menu: '/ipv6', length: 128 },
] as const;

type Family = (typeof FAMILIES)[number];

/** One text for each family that the list may hold. */
function each(text: (family: Family) => string): (family: number) => string {
  return (family) =>
    FAMILIES.filter(({ suffix }) => family === 0 || String(family) === suffix)
      .map(text)
      .join('');
}

const nothing = (): string => '';

function familyOf(address: string): Family {
  return address.includes(':') ? FAMILIES[1] : FAMILIES[0];
}

function lines(entries: readonly Listed[], line: (entry: Listed) => string): string {
  return entries.map((entry) => `${line(entry)}\n`).join('');
}

/** One address or prefix per line. */
const plainText: ListFormat = {
  mediaType: TEXT,
  begin: nothing,
  end: nothing,
  page: (entries) => lines(entries, ({ value }) => value),
  changes: {
    begin: nothing,
    add: (entries) => entries.map(({ value }) => `${value}\n`).join(''),
  },
};

/** RFC 4180. */
const csv: ListFormat = {
  mediaType: 'text/csv; charset=utf-8; header=present',
  begin: () => csvHead('ip_address'),
  end: nothing,
  page: (entries) => entries.map((entry) => csvLine(entry.value, entry)).join(''),
};

/**
 * Seconds after which an entry expires if nobody loads the list any more. Changes report a renewal only if it is news,
 * so this is the time until the last reported end, plus as much as an entry may last beyond it.
 */
export function entrySeconds({ untilEpochUs }: Listed, nowEpochUs: number): number {
  const left = Math.max(1, Math.ceil((untilEpochUs - nowEpochUs) / 1e6));
  const longer = Math.max(RENEWAL_SECONDS, Math.ceil(left * RENEWAL_SHARE));
  return Math.min(left + longer, ENTRY_SECONDS_MAX);
}

/**
 * Addresses and prefixes in one set. Each entry has its own time; 0 is for entries that an operator adds without one.
 */
function ipsetOptions({ ipset: family }: Family): string {
  return `hash:net family ${family} maxelem ${IPSET_MEMBERS_MAX} timeout 0 -exist`;
}

function ipsetAdd(set: string, entry: Listed, nowEpochUs: number): string {
  const { suffix } = familyOf(entry.value);
  const timeout = entrySeconds(entry, nowEpochUs);
  return `add sentrypeer${suffix}${set} ${entry.value} timeout ${timeout} -exist\n`;
}

/** For `ipset restore`. A new set is filled next to the old one and swapped with it, so none is ever half full. */
const ipset: ListFormat = {
  mediaType: TEXT,
  begin: each((family) => {
    const { suffix } = family;
    const options = ipsetOptions(family);
    return (
      `create sentrypeer${suffix} ${options}\n` +
      `create sentrypeer${suffix}-new ${options}\nflush sentrypeer${suffix}-new\n`
    );
  }),
  end: each(
    ({ suffix }) =>
      `swap sentrypeer${suffix}-new sentrypeer${suffix}\ndestroy sentrypeer${suffix}-new\n`,
  ),
  page: (entries, _isFirst, nowEpochUs) =>
    entries.map((entry) => ipsetAdd('-new', entry, nowEpochUs)).join(''),
  changes: {
    begin: each((family) => `create sentrypeer${family.suffix} ${ipsetOptions(family)}\n`),
    // An existing entry gets the new time.
    add: (entries, nowEpochUs) => entries.map((entry) => ipsetAdd('', entry, nowEpochUs)).join(''),
    remove: (entries) =>
      entries
        .map(({ value: ip }) => `del sentrypeer${familyOf(ip).suffix} ${ip} -exist\n`)
        .join(''),
  },
};

/** The set for an entry: single addresses have one, prefixes another. */
function nftSetOf(value: string): string {
  const { suffix, length } = familyOf(value);
  return isSingle(value, length) ? `bad${suffix}` : `net${suffix}`;
}

/** Whether it is in a set of networks, so that it may be inside another one or contain others. */
export function isNetwork(value: string): boolean {
  return !isSingle(value, familyOf(value).length);
}

function isSingle(value: string, length: number): boolean {
  return !value.includes('/') || value.endsWith(`/${length}`);
}

/** One command for each set that contains some of the entries. */
function nftElements<T extends ListedSubject>(
  verb: 'add' | 'delete',
  entries: readonly T[],
  text: (entry: T) => string = ({ value }) => value,
): string {
  const bySet = Map.groupBy(entries, ({ value }) => nftSetOf(value));
  return [...bySet]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([set, own]) => `${verb} element inet sentrypeer ${set} { ${own.map(text).join(', ')} }\n`)
    .join('');
}

function nftAdd(entries: readonly Listed[], nowEpochUs: number): string {
  return nftElements(
    'add',
    entries,
    (entry) => `${entry.value} timeout ${entrySeconds(entry, nowEpochUs)}s`,
  );
}

/**
 * Prefixes have a separate set, without `auto-merge`: nft 1.0 gives everything that it merges the time of the first,
 * and cannot remove an entry again in the transaction that added it; without it an address inside a prefix is an error.
 */
const nftSets = each(
  ({ suffix, nft: type }) =>
    `add set inet sentrypeer bad${suffix} { type ${type}; flags timeout; }\n` +
    `add set inet sentrypeer net${suffix} { type ${type}; flags interval, timeout; }\n`,
);

function nftBegin(family: number): string {
  return `add table inet sentrypeer\n${nftSets(family)}`;
}

const nftFlush = each(
  ({ suffix }) =>
    `flush set inet sentrypeer bad${suffix}\nflush set inet sentrypeer net${suffix}\n`,
);

/** Deleting what is not there would undo the whole transaction, so it is added first. */
function nftRemove(entries: readonly ListedSubject[]): string {
  return nftElements('add', entries) + nftElements('delete', entries);
}

/** For `nft -f`, which takes a file as one transaction. The table holds only the sets: rules are up to the operator. */
const nft: ListFormat = {
  mediaType: TEXT,
  begin: (family) => nftBegin(family) + nftFlush(family),
  end: nothing,
  page: (entries, _isFirst, nowEpochUs) => nftAdd(entries, nowEpochUs),
  changes: {
    begin: nftBegin,
    // Adding what is there leaves its time unchanged, so it is removed first.
    add: (entries, nowEpochUs) => nftRemove(entries) + nftAdd(entries, nowEpochUs),
    remove: nftRemove,
    renew: {
      empty: (family) => `flush set inet sentrypeer net${family}\n`,
      // What was emptied in the same transaction, nft 1.0 cannot delete again.
      add: nftAdd,
    },
  },
};

/**
 * For RouterOS `/import`. A new list is filled next to the old one and takes its place at the end, so the old one stays
 * in force meanwhile, or if the import is interrupted. A failure, such as everything in the IPv6 menu on a router
 * without it, or an existing entry, ends nothing else.
 */
const mikrotik: ListFormat = {
  mediaType: TEXT,
  begin: each(({ menu }) => routerDo(menu, 'remove [find list=sentrypeer-new]')),
  end: each(
    ({ menu }) =>
      routerDo(menu, 'remove [find list=sentrypeer]') +
      routerDo(menu, 'set [find list=sentrypeer-new] list=sentrypeer'),
  ),
  page: (entries) => entries.map((entry) => routerAdd('sentrypeer-new', entry)).join(''),
  changes: {
    begin: nothing,
    add: (entries) => entries.map((entry) => routerAdd('sentrypeer', entry)).join(''),
    remove: (entries) =>
      entries
        .map(({ value }) =>
          routerDo(
            familyOf(value).menu,
            `remove [find list=sentrypeer address=${routerAddress(value)}]`,
          ),
        )
        .join(''),
  },
};

/**
 * A failure in it ends nothing else. A command for IPv6 is parsed when its turn comes: otherwise a router without IPv6
 * refuses the whole file.
 */
function routerDo(menu: string, command: string): string {
  const whole = `${menu} firewall address-list ${command}`;
  return `:do { ${menu === '/ipv6' ? `[[:parse "${whole}"]]` : whole} } on-error={}\n`;
}

function routerAdd(list: string, { value }: ListedSubject): string {
  return routerDo(familyOf(value).menu, `add list=${list} address=${routerAddress(value)}`);
}

/** As RouterOS shows it, so that it is found again: a single address of IPv6 has its length, one of IPv4 has none. */
function routerAddress(value: string): string {
  return value.includes(':') && !value.includes('/') ? `${value}/128` : value;
}

/** Lists of addresses, by the ending of the route. */
export const LIST_FORMATS = { txt: plainText, csv, ipset, nft, rsc: mikrotik } as const;
