// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What `nft -j list …` prints, libnftables-json(5). */

import { TABLE } from './ruleset.ts';
import type { Refused } from './table.ts';

type Item = Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>;

const [FAMILY, NAME] = TABLE.split(' ');
const CHAINS = new Set(['before', 'refuse']);

/** Whether a listing of the table contains nothing but what this program creates. */
export function isOurs(json: string): boolean {
  const items = itemsOf(json);
  const chains = items.flatMap(({ chain }) => (chain === undefined ? [] : [String(chain['name'])]));
  const sets = items.flatMap(({ set, map }) => (set ?? map)?.['name'] ?? []).map(String);
  if (chains.length === 0 && sets.length === 0) return true;
  return (
    chains.every((name) => CHAINS.has(name)) &&
    sets.every(
      (name) => name.startsWith('ipv4_') || name.startsWith('ipv6_') || name.startsWith('spared_'),
    )
  );
}

/** Chains and sets of our table with their handles. @param json Several lists, one per line. */
export function outlineOf(json: string): string {
  const items = json
    .split('\n')
    .filter((line) => line !== '')
    .flatMap(itemsOf)
    .map(({ chain, set }) => chain ?? set)
    .filter((one) => one?.['family'] === FAMILY && one?.['table'] === NAME);
  return JSON.stringify(items);
}

/** The rules of the table. */
export interface Rules {
  readonly handles: readonly { readonly chain: string; readonly handle: number }[];
  readonly text: string;
}

export function rulesOf(json: string): Rules {
  const rules = itemsOf(json).flatMap(({ rule }) => (rule === undefined ? [] : [rule]));
  return {
    handles: rules.map(({ chain, handle }) => ({ chain: String(chain), handle: Number(handle) })),
    text: JSON.stringify(rules),
  };
}

export function counterOf(json: string): Refused {
  const counter = itemsOf(json).find(({ counter }) => counter?.['name'] === 'refused')?.['counter'];
  return { packets: Number(counter?.['packets'] ?? 0), octets: Number(counter?.['bytes'] ?? 0) };
}

/** Elements by set, except those of the spared sets. */
export function elementsOf(json: string): ReadonlyMap<string, ReadonlySet<string>> {
  const sets = itemsOf(json).flatMap(({ set }) => (set === undefined ? [] : [set]));
  return new Map(
    sets
      .filter(({ name }) => !String(name).startsWith('spared_'))
      .map(({ name, elem }) => [
        String(name),
        new Set(Array.isArray(elem) ? elem.map((one: unknown) => elementOf(one)) : []),
      ]),
  );
}

/** Elements with their remaining time, of all sets except the spared ones. */
export function timedElementsOf(
  json: string,
): readonly { readonly set: string; readonly element: string; readonly expiresSeconds: number }[] {
  return itemsOf(json).flatMap(({ set }) => {
    const name = String(set?.['name']);
    const elements = set?.['elem'];
    if (name.startsWith('spared_') || !Array.isArray(elements)) return [];
    return elements.map((one: unknown) => {
      const { elem } = one as { readonly elem?: { readonly expires?: unknown } };
      return { set: name, element: elementOf(one), expiresSeconds: Number(elem?.expires ?? 0) };
    });
  });
}

/** A text, or an object with the remaining time. */
function elementOf(one: unknown): string {
  if (typeof one === 'string') return one;
  const { elem } = one as { readonly elem?: { readonly val?: unknown } };
  return typeof elem?.val === 'string' ? elem.val : JSON.stringify(one);
}

function itemsOf(json: string): readonly Item[] {
  const { nftables } = JSON.parse(json) as { readonly nftables?: readonly Item[] };
  return nftables ?? [];
}
