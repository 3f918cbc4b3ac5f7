// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { rfc3339 } from './rfc3339.ts';
import type { AddressTotal } from './totals.ts';

/** Members an ipset may take, one value for ever: `create -exist` refuses a set made with another. */
const IPSET_MEMBERS_MAX = 2_097_152;

/** How a list of addresses is written for one kind of program. A page at a time, so of any length. */
export interface ListFormat {
  readonly mediaType: string;
  /** Whether the list is to be acted on, so that addresses which may be forged stay out by default. */
  readonly enforces: boolean;
  /** @param family 4, 6, or 0 for both: what is held of the other one is left alone. */
  begin(family: number): string;
  end(family: number): string;
  page(entries: readonly AddressTotal[]): string;
  /** How changes are written, for programs that hold a list: additions and removals, each as often as one likes. */
  readonly changes?: ListChanges;
}

export interface ListChanges {
  begin(family: number): string;
  add(addresses: readonly string[]): string;
  /** Not there where whatever is read is added. */
  readonly remove?: (addresses: readonly string[]) => string;
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

function lines(
  entries: readonly AddressTotal[],
  line: (entry: AddressTotal) => string,
  ending = '\n',
): string {
  return entries.map((entry) => line(entry) + ending).join('');
}

/** One address a line. */
const plainText: ListFormat = {
  mediaType: TEXT,
  enforces: true,
  begin: nothing,
  end: nothing,
  page: (entries) => lines(entries, (entry) => entry.ipAddress),
  changes: {
    begin: nothing,
    add: (addresses) => addresses.map((address) => `${address}\n`).join(''),
  },
};

/** RFC 4180. No field can hold a quote, a comma or a line break. */
const csv: ListFormat = {
  mediaType: 'text/csv; charset=utf-8; header=present',
  enforces: false,
  begin: () => 'ip_address,grade,seen_count,first_seen,last_seen\r\n',
  end: nothing,
  page: (entries) =>
    lines(
      entries,
      (total) =>
        [
          total.ipAddress,
          total.grade,
          total.seenCount,
          rfc3339(total.seenFirstEpochUs),
          rfc3339(total.seenLastEpochUs),
        ].join(','),
      '\r\n',
    ),
};

function ipsetOptions({ ipset: family }: Family): string {
  return `hash:ip family ${family} maxelem ${IPSET_MEMBERS_MAX} -exist`;
}

/** For `ipset restore`. A set is filled beside the old one and swapped with it, so none is ever half full. */
const ipset: ListFormat = {
  mediaType: TEXT,
  enforces: true,
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
    lines(
      entries,
      ({ ipAddress }) => `add sentrypeer${familyOf(ipAddress).suffix}-new ${ipAddress} -exist`,
    ),
  changes: {
    begin: each((family) => `create sentrypeer${family.suffix} ${ipsetOptions(family)}\n`),
    add: (addresses) =>
      addresses.map((ip) => `add sentrypeer${familyOf(ip).suffix} ${ip} -exist\n`).join(''),
    remove: (addresses) =>
      addresses.map((ip) => `del sentrypeer${familyOf(ip).suffix} ${ip} -exist\n`).join(''),
  },
};

function nftElements(verb: 'add' | 'delete', addresses: readonly string[]): string {
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
  enforces: true,
  begin: (family) =>
    nftBegin(family) + each(({ suffix }) => `flush set inet sentrypeer bad${suffix}\n`)(family),
  end: nothing,
  page: (entries) =>
    nftElements(
      'add',
      entries.map(({ ipAddress }) => ipAddress),
    ),
  changes: {
    begin: nftBegin,
    add: (addresses) => nftElements('add', addresses),
    // To delete what is not there would undo the whole transaction, so it is added first.
    remove: (addresses) => nftElements('add', addresses) + nftElements('delete', addresses),
  },
};

/** For RouterOS `/import`. The list is emptied first: it knows no other way to lose what is gone. */
const mikrotik: ListFormat = {
  mediaType: TEXT,
  enforces: true,
  begin: each(({ menu }) => `${menu} firewall address-list remove [find list=sentrypeer]\n`),
  end: nothing,
  page: (entries) =>
    lines(
      entries,
      ({ ipAddress }) =>
        `${familyOf(ipAddress).menu} firewall address-list add list=sentrypeer address=${ipAddress}`,
    ),
  changes: {
    begin: nothing,
    // To add what is there already is an error that ends the import.
    add: (addresses) =>
      addresses
        .map((ip) => `:do { ${addressList(ip)} add list=sentrypeer address=${ip} } on-error={}\n`)
        .join(''),
    remove: (addresses) =>
      addresses
        .map((ip) => `${addressList(ip)} remove [find list=sentrypeer address=${ip}]\n`)
        .join(''),
  },
};

function addressList(ip: string): string {
  return `${familyOf(ip).menu} firewall address-list`;
}

/** By the ending of the route. */
export const LIST_FORMATS = { txt: plainText, csv, ipset, nft, rsc: mikrotik } as const;
