// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Item } from '../../src/msgpack/item.ts';
import type { Packer } from '../../src/msgpack/packer.ts';

/** Any item that we write ourselves. */
export function pack(packer: Packer, item: Item): Packer {
  if (typeof item === 'boolean') return packer.bool(item);
  if (typeof item === 'number' || typeof item === 'bigint') return packer.uint(item);
  if (typeof item === 'string') return packer.text(item);
  if (item instanceof Uint8Array) return packer.binary(item);
  if (item instanceof Map) {
    const entries = [...(item as ReadonlyMap<string | number, Item>)];
    packer.map(entries.length);
    for (const [key, value] of entries) pack(pack(packer, key), value);
    return packer;
  }
  const items = item as readonly Item[];
  packer.array(items.length);
  for (const each of items) pack(packer, each);
  return packer;
}
