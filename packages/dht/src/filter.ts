// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { infoHash } from './info-hash.ts';
import { ANSWER_FIELDS_OCTETS_MAX } from './limits.ts';
import type { Value } from './value.ts';
import { Field, type Condition, type FieldRows, type FieldValue } from './wire/message.ts';

/** `SELECT id`, and `SELECT id, sequence` (PROTOCOL 4.4). */
export const SELECT_ID: readonly Field[] = [Field.id];
export const SELECT_ID_AND_SEQUENCE: readonly Field[] = [Field.id, Field.sequence];

const NO_OWNER = new Uint8Array(20);
const NUMBER_OCTETS_MAX = 9;

/** All conditions hold. */
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

/** The selected fields, ascending and each once; as many values as fit into one answer. */
export function selectFields(values: Iterable<Value>, select: readonly Field[]): FieldRows {
  const fields = [...new Set(select)].toSorted((a, b) => a - b);
  const rows: FieldValue[][] = [];
  let octets = 0;
  for (const value of values) {
    const row = fields.map((field) => fieldOf(value, field));
    octets += row.reduce((sum, each) => sum + sizeOf(each), 0);
    if (octets > ANSWER_FIELDS_OCTETS_MAX) break;
    rows.push(row);
  }
  return { fields, rows };
}

function fieldOf(value: Value, field: Field): FieldValue {
  switch (field) {
    case Field.id:
      return value.id;
    case Field.type:
      return BigInt(value.type);
    case Field.owner:
      return value.owner ?? NO_OWNER;
    case Field.sequence:
      return BigInt(value.sequence);
    case Field.userType:
      return value.userType;
    default:
      return 0n;
  }
}

/** At most so many octets on the wire. */
function sizeOf(field: FieldValue): number {
  return typeof field === 'bigint'
    ? NUMBER_OCTETS_MAX
    : NUMBER_OCTETS_MAX + field.length * (typeof field === 'string' ? 3 : 1);
}
