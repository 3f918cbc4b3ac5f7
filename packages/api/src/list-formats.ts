// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Listed, ListedSubject } from './feed.ts';
import { csvHead, csvLine } from './listing-csv.ts';

/** Members an ipset may take, one value for ever: `create -exist` refuses a set made with another. */
const IPSET_MEMBERS_MAX = 2_097_152;

/** How a list is written for one kind of program. A page at a time, so of any length. */
export interface ListFormat {
  readonly mediaType: string;
  /** @param family 4, 6, or 0 for both: what is held of the other one is left alone. */
  begin(family: number): string;
  end(family: number): string;
  /** @param isFirst Nothing but `begin` stands before it. */
  page(entries: readonly Listed[], isFirst: boolean): string;
  /** How changes are written, for programs that hold a list: additions and removals, each as often as one likes. */
  readonly changes?: ListChanges;
}

export interface ListChanges {
  begin(family: number): string;
  add(entries: readonly ListedSubject[]): string;
  /** Not there where whatever is read is added. */
  readonly remove?: (entries: readonly ListedSubject[]) => string;
}

const TEXT = 'text/plain; charset=utf-8';

const FAMILIES = [
  { suffix: '4', ipset: 'inet', nft: 'ipv4_addr', menu: '/ip' },
  { suffix: '6', ipset: 'inet6', nft: 'ipv6_addr', menu: '/ipv6' },
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

/** One address a line. */
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

function ipsetOptions({ ipset: family }: Family): string {
  return `hash:ip family ${family} maxelem ${IPSET_MEMBERS_MAX} -exist`;
}

/** For `ipset restore`. A set is filled beside the old one and swapped with it, so none is ever half full. */
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
  page: (entries) =>
    lines(entries, ({ value }) => `add sentrypeer${familyOf(value).suffix}-new ${value} -exist`),
  changes: {
    begin: each((family) => `create sentrypeer${family.suffix} ${ipsetOptions(family)}\n`),
    add: (entries) =>
      entries
        .map(({ value: ip }) => `add sentrypeer${familyOf(ip).suffix} ${ip} -exist\n`)
        .join(''),
    remove: (entries) =>
      entries
        .map(({ value: ip }) => `del sentrypeer${familyOf(ip).suffix} ${ip} -exist\n`)
        .join(''),
  },
};

function nftElements(verb: 'add' | 'delete', entries: readonly ListedSubject[]): string {
  const addresses = entries.map(({ value }) => value);
  return FAMILIES.map((family) => {
    const own = addresses.filter((ip) => familyOf(ip) === family);
    if (own.length === 0) return '';
    return `${verb} element inet sentrypeer bad${family.suffix} { ${own.join(', ')} }\n`;
  }).join('');
}

const nftSets = each(
  ({ suffix, nft: type }) => `add set inet sentrypeer bad${suffix} { type ${type}; }\n`,
);

function nftBegin(family: number): string {
  return `add table inet sentrypeer\n${nftSets(family)}`;
}

/** For `nft -f`, which takes a file as one transaction. The table holds the sets alone: rules are the operator's. */
const nft: ListFormat = {
  mediaType: TEXT,
  begin: (family) =>
    nftBegin(family) + each(({ suffix }) => `flush set inet sentrypeer bad${suffix}\n`)(family),
  end: nothing,
  page: (entries) => nftElements('add', entries),
  changes: {
    begin: nftBegin,
    add: (entries) => nftElements('add', entries),
    // To delete what is not there would undo the whole transaction, so it is added first.
    remove: (entries) => nftElements('add', entries) + nftElements('delete', entries),
  },
};

/** For RouterOS `/import`. The list is emptied first: it knows no other way to lose what is gone. */
const mikrotik: ListFormat = {
  mediaType: TEXT,
  begin: each(({ menu }) => `${menu} firewall address-list remove [find list=sentrypeer]\n`),
  end: nothing,
  page: (entries) =>
    lines(
      entries,
      ({ value }) =>
        `${familyOf(value).menu} firewall address-list add list=sentrypeer address=${value}`,
    ),
  changes: {
    begin: nothing,
    // To add what is there already is an error that ends the import.
    add: (entries) =>
      entries
        .map(
          ({ value: ip }) =>
            `:do { ${addressList(ip)} add list=sentrypeer address=${ip} } on-error={}\n`,
        )
        .join(''),
    remove: (entries) =>
      entries
        .map(({ value: ip }) => `${addressList(ip)} remove [find list=sentrypeer address=${ip}]\n`)
        .join(''),
  },
};

function addressList(ip: string): string {
  return `${familyOf(ip).menu} firewall address-list`;
}

/** Lists of addresses, by the ending of the route. */
export const LIST_FORMATS = { txt: plainText, csv, ipset, nft, rsc: mikrotik } as const;
