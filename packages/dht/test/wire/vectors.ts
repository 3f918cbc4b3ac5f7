// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Captured datagrams and values: test/corpus/dht. */

import { readFileSync } from 'node:fs';
import { hexOctets, hexText } from '@sentrypeer/bytes';
import type { Item } from '../../src/msgpack/item.ts';

const FOLDER = new URL('../../../../test/corpus/dht/', import.meta.url);

export interface DatagramVector {
  readonly flow: string;
  readonly step: number;
  readonly kind: string;
  readonly from: { readonly software: string };
  readonly payload_hex: string;
  readonly decoded: unknown;
}

export interface ValueVector {
  readonly name: string;
  readonly packed_hex: string;
  readonly to_sign_hex?: string;
  readonly owner_key_id_sha1?: string;
  readonly decoded: unknown;
}

function lines(name: string): readonly unknown[] {
  const text = readFileSync(new URL(name, FOLDER), 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);
}

export const DATAGRAMS: readonly DatagramVector[] = [
  ...lines('datagrams.jsonl'),
  ...lines('datagrams-4.3.1.jsonl'),
] as readonly DatagramVector[];

export const VALUES: readonly ValueVector[] = lines('values.jsonl') as readonly ValueVector[];

export interface Derivations {
  readonly infohash: readonly { readonly string: string; readonly infohash: string }[];
  readonly node_id_from_identity: readonly {
    readonly public_key_id: string;
    readonly node_id: string;
  }[];
  readonly key_ids: {
    readonly owner_spki_der_hex: string;
    readonly key_id_sha1: string;
    readonly long_id_sha256: string;
  };
  readonly compact_node_ipv4: { readonly hex: string; readonly id: string; readonly port: number };
}

export const DERIVATIONS = JSON.parse(
  readFileSync(new URL('derivations.json', FOLDER), 'utf8'),
) as Derivations;

export function octetsOf(hex: string): Uint8Array {
  const octets = hexOctets(hex);
  if (octets === undefined) throw new TypeError(`no hexadecimal: ${hex}`);
  return octets;
}

export function vector(flow: string, step: number): Uint8Array {
  const found = DATAGRAMS.find((each) => each.flow === flow && each.step === step);
  if (found === undefined) throw new TypeError(`no vector ${flow} ${step}`);
  return octetsOf(found.payload_hex);
}

/** An item in the notation of the vectors. */
export function notation(item: Item): unknown {
  if (item instanceof Uint8Array) return { $bin: hexText(item) };
  if (typeof item === 'bigint') return { $u64: String(item) };
  if (Array.isArray(item)) return (item as readonly Item[]).map(notation);
  if (!(item instanceof Map)) return item;
  const entries = [...(item as ReadonlyMap<string | number, Item>)];
  return entries.every(([key]) => typeof key === 'string')
    ? Object.fromEntries(entries.map(([key, value]) => [key, notation(value)]))
    : { $map: entries.map(([key, value]) => [key, notation(value)]) };
}
