// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/**
 * A decoded MessagePack item. An integer is a `number` if that is exact, otherwise a `bigint`. `null` is nil and
 * everything that no OpenDHT message contains (such as floats and extensions): no reader expects it.
 */
export type Item =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly Item[]
  | ReadonlyMap<string | number, Item>;

export type UnpackCode = 'msgpack_short' | 'msgpack_depth' | 'msgpack_count' | 'msgpack_invalid';

export type Unpacked =
  | { readonly ok: true; readonly item: Item; readonly size: number }
  | { readonly ok: false; readonly code: UnpackCode; readonly offset: number };

export function asMap(item: Item | undefined): ReadonlyMap<string | number, Item> | undefined {
  return item instanceof Map ? item : undefined;
}

export function asArray(item: Item | undefined): readonly Item[] | undefined {
  return Array.isArray(item) ? (item as readonly Item[]) : undefined;
}

/** OpenDHT also accepts text in place of octets (PROTOCOL 5.1). The view is borrowed. */
export function asOctets(item: Item | undefined): Uint8Array | undefined {
  return item instanceof Uint8Array ? item : undefined;
}

export function asText(item: Item | undefined): string | undefined {
  return typeof item === 'string' ? item : undefined;
}

/** A whole number from 0 to `max`, which is at most 2^53 - 1. */
export function asUint(item: Item | undefined, max: number): number | undefined {
  return typeof item === 'number' && item >= 0 && item <= max ? item : undefined;
}

/** A whole number from 0 to 2^64 - 1. */
export function asU64(item: Item | undefined): bigint | undefined {
  if (typeof item === 'bigint') return item >= 0n ? item : undefined;
  return typeof item === 'number' && item >= 0 ? BigInt(item) : undefined;
}
