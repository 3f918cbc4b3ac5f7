// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { isIpv4, IPV4_OFFSET_BITS, type Ip } from './ip.ts';
import { contains, covers, widen, type Prefix } from './prefix.ts';
import { GLOBAL_UNICAST } from './special-purpose.ts';

/** A network and what it was made of. */
export interface Cover<T> {
  readonly prefix: Prefix;
  readonly by: T;
}

/**
 * The addresses of some networks without those of others, as networks that do not overlap. They are in order, so that
 * {@link findCover} can search them. Where networks contain one another, the widest counts. Each hole adds at most as
 * many networks as there are bits between it and the network around it.
 */
export function coverWithout<T>(
  entries: readonly Cover<T>[],
  holes: readonly Prefix[],
): readonly Cover<T>[] {
  const found: Cover<T>[] = [];
  divide({ base: new Uint8Array(16), length: 0 }, entries, holes, found);
  return found;
}

/** The network that contains the address, by binary search; `undefined` if none does. */
export function findCover<T>(sorted: readonly Cover<T>[], ip: Ip): Cover<T> | undefined {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const entry = sorted[middle];
    if (entry !== undefined && compare(entry.prefix.base, ip) <= 0) low = middle + 1;
    else high = middle;
  }
  const entry = sorted[low - 1];
  return entry !== undefined && contains(entry.prefix, ip) ? entry : undefined;
}

/** The part of a network that Internet hosts can use: for IPv6, the part in 2000::/3. */
export function unicastPart(network: Prefix): Prefix | undefined {
  if (network.length >= IPV4_OFFSET_BITS && isIpv4(network.base)) return network;
  if (covers(network, GLOBAL_UNICAST)) return GLOBAL_UNICAST;
  return covers(GLOBAL_UNICAST, network) ? network : undefined;
}

/** All entries and holes lie inside the network, or contain it. */
function divide<T>(
  network: Prefix,
  entries: readonly Cover<T>[],
  holes: readonly Prefix[],
  found: Cover<T>[],
): void {
  const [first] = entries;
  const { length } = network;
  if (first === undefined || holes.some((hole) => hole.length <= length)) return;
  const around = entries.find(({ prefix }) => prefix.length <= length);
  if (holes.length === 0 && (around !== undefined || entries.length === 1)) {
    found.push(around === undefined ? first : { prefix: network, by: around.by });
    return;
  }
  for (const bit of [0, 1]) {
    const half = halfOf(network, bit);
    const isHere = ({ base, length: own }: Prefix): boolean =>
      own <= length || bitOf(base, length) === bit;
    divide(
      half,
      around === undefined ? entries.filter(({ prefix }) => isHere(prefix)) : [around],
      holes.filter(isHere),
      found,
    );
  }
}

function halfOf({ base, length }: Prefix, bit: number): Prefix {
  const half = widen(base, length + 1);
  if (bit === 1) half.base[length >> 3] = (half.base[length >> 3] ?? 0) | (0x80 >> (length & 7));
  return half;
}

function bitOf(ip: Ip, index: number): number {
  return ((ip[index >> 3] ?? 0) >> (7 - (index & 7))) & 1;
}

function compare(a: Ip, b: Ip): number {
  for (let index = 0; index < a.length; index += 1) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
