// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { unreachable } from '@sentrypeer/kernel';
import { infoHash } from '../info-hash.ts';
import { ANSWER_FIELDS_OCTETS_MAX } from '../limits.ts';
import { Packer } from '../msgpack/packer.ts';
import type { StoredValue } from '../serving/storage.ts';
import type { Value } from './value.ts';
import type { PackedRows } from '../wire/encode-message.ts';
import { Field, type Condition } from '../wire/message.ts';

/** `SELECT id`, and `SELECT id, sequence` (PROTOCOL 4.4). */
export const SELECT_ID: readonly Field[] = [Field.id];
export const SELECT_ID_AND_SEQUENCE: readonly Field[] = [Field.id, Field.sequence];

const NO_OWNER = new Uint8Array(20);
/** Offset of the id in a packed value. */
const ID_AT = 4;

/** Whether all conditions hold. */
export function matches(value: Value, where: readonly Condition[]): boolean {
  return where.every((condition) => {
    switch (condition.field) {
      case Field.id:
        return value.id === condition.id;
      case Field.type:
        return value.type === condition.type;
      case Field.owner:
        return value.owner !== undefined && infoHash(value.owner) === condition.owner;
      case Field.userType:
        return value.userType === condition.userType;
      default:
        return false;
    }
  });
}

/** The selected fields, in ascending order and each once, of as many values as fit into one answer. */
export function selectFields(stored: readonly StoredValue[], select: readonly Field[]): PackedRows {
  const fields = [...new Set(select)].toSorted((a, b) => a - b);
  const packer = new Packer();
  let rowsCount = 0;
  for (const each of stored) {
    if (packer.size > ANSWER_FIELDS_OCTETS_MAX) break;
    for (const field of fields) writeField(packer, each, field);
    rowsCount += 1;
  }
  return { fields, valuesCount: rowsCount * fields.length, packed: packer.finish() };
}

function writeField(packer: Packer, { value, packed }: StoredValue, field: Field): void {
  switch (field) {
    case Field.id:
      packer.raw(packedId(packed));
      return;
    case Field.type:
      packer.uint(value.type);
      return;
    case Field.owner:
      packer.binary(value.owner ?? NO_OWNER);
      return;
    case Field.sequence:
      packer.uint(value.sequence);
      return;
    case Field.userType:
      packer.text(value.userType);
      return;
    default:
      unreachable(field);
  }
}

/**
 * Reads the id directly from a packed value, after the map's head and the key `id`, because most queries select ids.
 */
function packedId(packed: Uint8Array): Uint8Array {
  const head = packed[ID_AT] ?? 0;
  const size = head < 0x80 ? 1 : 1 + (1 << (head - 0xcc));
  return packed.subarray(ID_AT, ID_AT + size);
}
