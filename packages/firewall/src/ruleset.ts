// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import {
  formatIp,
  formatPrefix,
  IPV4_OFFSET_BITS,
  isIpv4,
  prefix as prefixOf,
  widen,
  type Prefix,
} from '@sentrypeer/ip';
import type { HeldElement, PortRange } from '@sentrypeer/listings';
import { STATEMENT_ENTRIES_MAX } from './limits.ts';

/*
 * The text that nft reads. All of it is made here from parsed addresses: nft would look up any other text in the DNS.
 */

export const TABLE = 'inet sentrypeer';

/**
 * Bit that `mark` sets in a packet's mark; the other bits stay. Chosen: Kubernetes, Tailscale, Cilium and WireGuard use
 * others.
 */
const MARK = 0x0100_0000;

/**
 * After connection tracking (-200), so that established calls are known, and before any address is translated (-100),
 * so that traffic to a container is covered too.
 */
const PRIORITY = -190;

/**
 * What is refused from a listed source: everything, what goes to SIP and media ports, or nothing (packets are counted
 * and marked).
 */
export type Scope = 'all' | 'sip' | 'mark';

export interface RulesetOptions {
  readonly scope: Scope;
  readonly sipPorts: readonly PortRange[];
  readonly mediaPorts: readonly PortRange[];
  /** Whether media that already flows may continue. */
  readonly keepsCalls: boolean;
  /** The most elements of one set. */
  readonly entriesMax: number;
}

/** An element and how long the kernel keeps it. */
export interface TimedElement {
  readonly set: string;
  readonly element: string;
  /** 1 and above. */
  readonly timeoutSeconds: number;
}

/**
 * Elements with the time that the kernel keeps them. @param lastEpochMs When the last of them ends at the latest, in
 * wall-clock milliseconds.
 */
export function timedElements(
  elements: readonly HeldElement[],
  lastEpochMs: number,
  nowEpochMs: number,
): readonly TimedElement[] {
  return elements.map(({ set, element, endEpochMs }) => ({
    set,
    element,
    timeoutSeconds: Math.max(1, Math.ceil((Math.min(endEpochMs, lastEpochMs) - nowEpochMs) / 1000)),
  }));
}

/** What happens to some elements in one transaction. */
export interface Batch {
  readonly add: readonly TimedElement[];
  readonly remove: readonly Pick<TimedElement, 'set' | 'element'>[];
}

/** The whole table, replacing what was there, as one transaction. */
export function tableText(
  options: RulesetOptions,
  elements: readonly TimedElement[],
  spared: readonly Prefix[],
  sets: readonly string[],
): string {
  const before = [
    `type filter hook prerouting priority ${PRIORITY}; policy accept;`,
    'iif lo accept',
    'ip saddr @spared_ipv4 accept',
    'ip6 saddr @spared_ipv6 accept',
    ...(options.keepsCalls
      ? [`meta l4proto udp ct state established udp dport ${ports(options.mediaPorts)} accept`]
      : []),
    ...sets.map(lookUp),
  ];
  return [
    `table ${TABLE}`,
    `delete table ${TABLE}`,
    `table ${TABLE} {`,
    'counter refused { }',
    sparedSet('ipv4', spared.filter(isOfIpv4)),
    sparedSet('ipv6', spared.filter(isOfIpv6)),
    ...sets.map((set) => `set ${set} { ${setOptions(set, options)} }`),
    `chain refuse { ${refusal(options)}; }`,
    `chain before { ${before.join('\n')}\n }`,
    '}',
    addText(elements),
    '',
  ].join('\n');
}

/** Number of rules of a table with this many sets. */
export function rulesCount({ keepsCalls }: RulesetOptions, setsCount: number): number {
  const refusing = 1;
  const passing = 3; // Loopback, and what is spared of each family.
  return refusing + passing + Number(keepsCalls) + setsCount;
}

/** Changes to an existing table. The outcome does not depend on whether an element exists already. */
export function batchText(
  options: RulesetOptions,
  { add, remove }: Batch,
  newSets: readonly string[],
): string {
  const all = [...add, ...remove];
  const withoutEnd = all.map(({ set, element }) => ({ set, element }));
  return [
    ...newSets.flatMap((set) => [
      `add set ${TABLE} ${set} { ${setOptions(set, options)} }`,
      `add rule ${TABLE} before ${lookUp(set)}`,
    ]),
    // An "add" of an existing element is no error, a "delete" of a missing one is; with older kernels a second "add"
    // keeps the old end.
    addText(withoutEnd),
    statements('delete', withoutEnd),
    addText(add),
    '',
  ].join('\n');
}

/** Replaces what is spared. */
export function sparedText(spared: readonly Prefix[]): string {
  return (['ipv4', 'ipv6'] as const)
    .map((family) => {
      const fits = spared.filter(family === 'ipv4' ? isOfIpv4 : isOfIpv6);
      const filled =
        fits.length === 0 ? '' : `add element ${TABLE} spared_${family} ${some(fits)}\n`;
      return `flush set ${TABLE} spared_${family}\n${filled}`;
    })
    .join('');
}

/** Removes the table, whether it exists or not. */
export const REMOVAL = `table ${TABLE}\ndelete table ${TABLE}\n`;

function refusal({ scope, sipPorts, mediaPorts }: RulesetOptions): string {
  switch (scope) {
    case 'all':
      return 'counter name refused drop';
    case 'sip':
      return `meta l4proto { tcp, udp } th dport ${ports([...sipPorts, ...mediaPorts])} counter name refused drop`;
    case 'mark':
      return `counter name refused meta mark set meta mark | 0x${MARK.toString(16)}`;
    default:
      return scope satisfies never;
  }
}

/**
 * `{ 5060, 10000-20000 }`; `auto-merge` of nft joins overlapping ranges only in named sets, so they are joined here.
 */
function ports(ranges: readonly PortRange[]): string {
  const merged: [number, number][] = [];
  for (const [from, to] of ranges.toSorted(([a], [b]) => a - b)) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return `{ ${merged.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(', ')} }`;
}

/** `ipv6_64`: masked with /64 and looked up. */
function lookUp(set: string): string {
  const [family = '', length = ''] = set.split('_');
  const isFour = family === 'ipv4';
  const source = isFour ? 'ip saddr' : 'ip6 saddr';
  const bits = Number(length);
  if (bits === (isFour ? 32 : 128)) return `${source} @${set} goto refuse`;
  const ones = prefixOf(isFour ? '255.255.255.255' : 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff');
  const mask = formatIp(widen(ones.base, isFour ? bits + IPV4_OFFSET_BITS : bits).base);
  return `${source} & ${mask} @${set} goto refuse`;
}

function setOptions(set: string, { entriesMax }: RulesetOptions): string {
  const type = set.startsWith('ipv4') ? 'ipv4_addr' : 'ipv6_addr';
  // Expired elements take room until the kernel collects them, and so does an "add" before its "delete".
  return `type ${type}; flags timeout; size ${entriesMax * 2 + STATEMENT_ENTRIES_MAX};`;
}

function sparedSet(family: 'ipv4' | 'ipv6', spared: readonly Prefix[]): string {
  const elements = spared.length === 0 ? '' : ` elements = ${some(spared)};`;
  return `set spared_${family} { type ${family}_addr; flags interval; auto-merge;${elements} }`;
}

function some(networks: readonly Prefix[]): string {
  return `{ ${networks.map(formatPrefix).join(', ')} }`;
}

function isOfIpv4({ base, length }: Prefix): boolean {
  return length >= IPV4_OFFSET_BITS && isIpv4(base);
}

function isOfIpv6(prefix: Prefix): boolean {
  return !isOfIpv4(prefix);
}

type Element = Pick<TimedElement, 'set' | 'element'> & Partial<TimedElement>;

/** Puts elements in; one that exists already keeps its end. */
export function addText(elements: readonly Element[]): string {
  return statements('add', elements);
}

function statements(verb: 'add' | 'delete', elements: readonly Element[]): string {
  const bySet = Map.groupBy(elements, ({ set }) => set);
  const lines: string[] = [];
  for (const [set, all] of bySet) {
    for (let index = 0; index < all.length; index += STATEMENT_ENTRIES_MAX) {
      const some = all.slice(index, index + STATEMENT_ENTRIES_MAX).map(elementText);
      lines.push(`${verb} element ${TABLE} ${set} { ${some.join(', ')} }`);
    }
  }
  return lines.join('\n');
}

function elementText({ element, timeoutSeconds }: Element): string {
  return timeoutSeconds === undefined ? element : `${element} timeout ${timeoutSeconds}s`;
}
