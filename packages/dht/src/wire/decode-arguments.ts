// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { IPV4_OCTETS, IPV6_OCTETS } from '@sentrypeer/ip';
import { addressText } from '../address.ts';
import { INFO_HASH_OCTETS, infoHashOfOctets, type InfoHash } from '../info-hash.ts';
import { FILTER_ENTRIES_MAX, NODES_IN_REPLY_MAX, TOKEN_OCTETS_MAX } from '../limits.ts';
import { asArray, asMap, asOctets, asText, asU64, asUint, type Item } from '../msgpack/item.ts';
import {
  Field,
  type Arguments,
  type Condition,
  type FieldRows,
  type FieldValue,
  type Filter,
  type NodeRecord,
  type ValueSlot,
} from './message.ts';
import { decodeValue } from './value-codec.ts';

type Fields = ReadonlyMap<string | number, Item>;

const U16_MAX = 0xffff;
const U32_MAX = 0xffff_ffff;
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** The argument map of any message, or why it makes the datagram invalid. */
export function decodeArguments(fields: Fields): Arguments | 'bad_id' | 'bad_argument' {
  const id = readHash(fields.get('id'));
  if (id === undefined) return 'bad_id';
  const reader = new ArgumentReader(fields);
  const args: Arguments = {
    id,
    seenAddress: reader.optional('sa', readCopy),
    target: reader.optional('target', readHash),
    key: reader.optional('h', readHash),
    want: reader.optional('w', readNumbers),
    filter: reader.optional('q', readFilter),
    token: reader.optional('token', readToken),
    slots: reader.optional('values', readSlots),
    created: reader.optional('c', (item) => asUint(item, Number.MAX_SAFE_INTEGER)),
    valueId: reader.optional('vid', asU64),
    socketId: reader.optional('sid', readTid),
    version: reader.optional('ve', (item) => asUint(item, U32_MAX)),
    n4: reader.optional('n4', (item) => readNodes(item, IPV4_OCTETS)),
    n6: reader.optional('n6', (item) => readNodes(item, IPV6_OCTETS)),
    fields: reader.optional('fileds', readFieldRows),
    expired: reader.optional('exp', readIds),
    refreshed: reader.optional('re', readIds),
  };
  return reader.failed ? 'bad_argument' : args;
}

/** Remembers that anything was wrong. */
class ArgumentReader {
  readonly #fields: Fields;
  failed = false;

  constructor(fields: Fields) {
    this.#fields = fields;
  }

  optional<T>(name: string, read: (item: Item) => T | undefined): T | undefined {
    const item = this.#fields.get(name);
    if (item === undefined) return undefined;
    const value = read(item);
    if (value === undefined) this.failed = true;
    return value;
  }
}

/** A number; old clients send four octets, big-endian (PROTOCOL 2.5). */
export function readTid(item: Item | undefined): number | undefined {
  const octets = asOctets(item);
  if (octets === undefined) return asUint(item, U32_MAX);
  if (octets.length !== 4) return undefined;
  return octets.reduce((value, octet) => value * 256 + octet, 0);
}

function readHash(item: Item | undefined): InfoHash | undefined {
  const octets = asOctets(item);
  return octets === undefined ? undefined : infoHashOfOctets(octets);
}

function readCopy(item: Item): Uint8Array | undefined {
  const octets = asOctets(item);
  return octets === undefined ? undefined : new Uint8Array(octets);
}

/** A token longer than real nodes accept cannot be ours; it is read as an empty one. */
function readToken(item: Item): Uint8Array | undefined {
  const octets = asOctets(item);
  if (octets === undefined) return undefined;
  return octets.length > TOKEN_OCTETS_MAX ? new Uint8Array(0) : new Uint8Array(octets);
}

function readNumbers(item: Item): readonly number[] | undefined {
  return asArray(item)
    ?.slice(0, FILTER_ENTRIES_MAX)
    .flatMap((element) => asUint(element, U32_MAX) ?? []);
}

function readIds(item: Item): readonly bigint[] | undefined {
  const ids = asArray(item)?.map(asU64);
  return ids?.every((id) => id !== undefined) === true ? ids : undefined;
}

function readSlots(item: Item): readonly ValueSlot[] | undefined {
  return asArray(item)?.flatMap((element, index): readonly ValueSlot[] => {
    const size = asUint(element, U32_MAX);
    if (size !== undefined) return [{ index, size }];
    const value = decodeValue(element);
    return value === undefined ? [] : [{ index, value }];
  });
}

function readNodes(item: Item, addressOctetsCount: number): readonly NodeRecord[] | undefined {
  const octets = asOctets(item);
  const size = INFO_HASH_OCTETS + addressOctetsCount + 2;
  if (octets === undefined || octets.length % size !== 0) return undefined;
  const nodes: NodeRecord[] = [];
  const end = Math.min(octets.length, NODES_IN_REPLY_MAX * size);
  for (let start = 0; start < end; start += size) {
    const id = infoHashOfOctets(octets.subarray(start, start + INFO_HASH_OCTETS));
    const portAt = start + size - 2;
    const address = addressText(octets.subarray(start + INFO_HASH_OCTETS, portAt));
    const port = (octets[portAt] ?? 0) * 256 + (octets[portAt + 1] ?? 0);
    if (id !== undefined && address !== undefined) nodes.push({ id, endpoint: { address, port } });
  }
  return nodes;
}

/** PROTOCOL 4.4: both keys are present, and a condition on the sequence cannot be read. */
function readFilter(item: Item): Filter | undefined {
  const map = asMap(item);
  const select = asArray(map?.get('s'));
  const where = asArray(map?.get('w'));
  if (select === undefined || where === undefined) return undefined;
  if (select.length > FILTER_ENTRIES_MAX || where.length > FILTER_ENTRIES_MAX) return undefined;
  const fields = select.map(readField);
  const conditions = where.map((element) => readCondition(asMap(element)));
  if (!fields.every((field) => field !== undefined)) return undefined;
  if (!conditions.every((condition) => condition !== undefined)) return undefined;
  return { select: fields, where: conditions };
}

function readField(item: Item | undefined): Field | undefined {
  return Object.values(Field).find((field) => field === item);
}

function readCondition(map: Fields | undefined): Condition | undefined {
  const item = map?.get('v');
  switch (readField(map?.get('f'))) {
    case Field.id: {
      const id = asU64(item);
      return id === undefined ? undefined : { field: Field.id, id };
    }
    case Field.type: {
      const type = asUint(item, U16_MAX);
      return type === undefined ? undefined : { field: Field.type, type };
    }
    case Field.owner: {
      const owner = readHash(item);
      return owner === undefined ? undefined : { field: Field.owner, owner };
    }
    case Field.userType: {
      const octets = asOctets(item);
      const userType = octets === undefined ? asText(item) : utf8.decode(octets);
      return userType === undefined ? undefined : { field: Field.userType, userType };
    }
    case Field.sequence:
    case undefined:
      return undefined;
    default:
      return undefined;
  }
}

function readFieldRows(item: Item): FieldRows | undefined {
  const map = asMap(item);
  const fields = asArray(map?.get('f'))?.map(readField);
  const flat = asArray(map?.get('v'))?.map(readFieldValue);
  if (fields === undefined || flat === undefined) return undefined;
  if (fields.length > FILTER_ENTRIES_MAX || !fields.every((field) => field !== undefined))
    return undefined;
  if (fields.length === 0 || flat.length % fields.length !== 0) return undefined;
  if (!flat.every((value) => value !== undefined)) return undefined;
  const rows: FieldValue[][] = [];
  for (let start = 0; start < flat.length; start += fields.length)
    rows.push(flat.slice(start, start + fields.length));
  return { fields, rows };
}

function readFieldValue(item: Item): FieldValue | undefined {
  const octets = asOctets(item);
  return octets === undefined ? (asU64(item) ?? asText(item)) : new Uint8Array(octets);
}
