// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { infoHashOctets, infoHashOfOctets } from '../info-hash.ts';
import { asArray, asMap, asOctets, asText, asU64, asUint, type Item } from '../msgpack/item.ts';
import { Packer } from '../msgpack/packer.ts';
import { unpack } from '../msgpack/unpack.ts';
import { encryptedValue, type Value } from '../values/value.ts';

const U16_MAX = 0xffff;
const U32_MAX = 0xffff_ffff;
const utf8 = new TextEncoder();

/** The packed form, PROTOCOL 5.1. */
export function encodeValue(value: Value): Uint8Array {
  const packer = new Packer();
  const { priority, pushType, signature, cypher } = value;
  packer.map(2 + (priority === 0 ? 0 : 1) + (pushType === undefined ? 0 : 1));
  packer.text('id').uint(value.id).text('dat');
  if (cypher !== undefined) packer.binary(cypher);
  else {
    writeSignedPart(packer.map(signature === undefined ? 1 : 2).text('body'), value);
    if (signature !== undefined) packer.text('sig').binary(signature);
  }
  if (priority !== 0) packer.text('p').uint(priority);
  if (pushType !== undefined) packer.text('pt').text(pushType);
  return packer.finish();
}

/** What a signature covers, PROTOCOL 5.1 and 7.1: the order of keys is part of it. */
export function encodeSignedPart(value: Value): Uint8Array {
  const packer = new Packer();
  writeSignedPart(packer, value);
  return packer.finish();
}

function writeSignedPart(packer: Packer, value: Value): void {
  const { owner, recipient, userType } = value;
  const ownedCount = owner === undefined ? 0 : recipient === undefined ? 2 : 3;
  packer.map(2 + ownedCount + (userType === '' ? 0 : 1));
  if (owner !== undefined) {
    packer.text('seq').uint(value.sequence).text('owner').binary(owner);
    if (recipient !== undefined) packer.text('to').binary(infoHashOctets(recipient));
  }
  packer.text('type').uint(value.type).text('data').binary(value.data);
  if (userType !== '') packer.text('utype').text(userType);
}

/** One value from its packed octets; `undefined` if they are not a value. */
export function decodePackedValue(octets: Uint8Array): Value | undefined {
  const unpacked = unpack(octets);
  return unpacked.ok ? decodeValue(unpacked.item) : undefined;
}

/** The value of an item, with its octets copied; `undefined` if a reader must skip it. Id 0 is accepted. */
export function decodeValue(item: Item | undefined): Value | undefined {
  const map = asMap(item);
  const id = asU64(map?.get('id'));
  if (map === undefined || id === undefined) return undefined;
  const dat = map.get('dat');
  const cypher = asOctets(dat);
  const value =
    cypher === undefined ? decodeBody(id, asMap(dat)) : encryptedValue(id, new Uint8Array(cypher));
  if (value === undefined) return undefined;
  const priority = asUint(map.get('p'), U32_MAX) ?? 0;
  return { ...value, priority, pushType: asText(map.get('pt')) };
}

function decodeBody(
  id: bigint,
  dat: ReadonlyMap<string | number, Item> | undefined,
): Value | undefined {
  const body = asMap(dat?.get('body'));
  if (dat === undefined || body === undefined) return undefined;
  const type = asUint(body.get('type'), U16_MAX);
  const data = looseOctets(body.get('data'));
  if (type === undefined || data === undefined) return undefined;
  const ownerItem = body.get('owner');
  const owner = ownerItem === undefined ? undefined : looseOctets(ownerItem);
  const sequence = asUint(body.get('seq'), U16_MAX);
  const signature = looseOctets(dat.get('sig'));
  // An owner needs a sequence and a signature; otherwise the value is unreadable.
  if (ownerItem !== undefined && (!owner || sequence === undefined || !signature)) return undefined;
  const recipient = asOctets(body.get('to'));
  return {
    id,
    type,
    data,
    userType: asText(body.get('utype')) ?? '',
    owner,
    recipient: owner && recipient ? infoHashOfOctets(recipient) : undefined,
    sequence: owner === undefined ? 0 : (sequence ?? 0),
    signature: owner === undefined ? undefined : signature,
    cypher: undefined,
    priority: 0,
    pushType: undefined,
  };
}

/** Octets as binary, as text, or as an array of octets (PROTOCOL 5.1); always a copy. */
function looseOctets(item: Item | undefined): Uint8Array | undefined {
  const octets = asOctets(item);
  if (octets !== undefined) return new Uint8Array(octets);
  const text = asText(item);
  if (text !== undefined) return utf8.encode(text);
  const array = asArray(item);
  if (array === undefined) return undefined;
  const copied = new Uint8Array(array.length);
  for (const [index, element] of array.entries()) {
    const octet = asUint(element, 0xff);
    if (octet === undefined) return undefined;
    copied[index] = octet;
  }
  return copied;
}
