// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { ERROR_TEXT_CHARACTERS_MAX } from '../limits.ts';
import { asArray, asMap, asOctets, asText, asUint, type Item } from '../msgpack/item.ts';
import { unpack } from '../msgpack/unpack.ts';
import { decodeArguments, readTid } from './decode-arguments.ts';
import {
  QUERY_NAMES,
  type Decoded,
  type Envelope,
  type Part,
  type QueryName,
  type RefusalCode,
} from './message.ts';

type Fields = ReadonlyMap<string | number, Item>;

const U16_MAX = 0xffff;
const U32_MAX = 0xffff_ffff;
const names: ReadonlySet<string> = new Set(QUERY_NAMES);

/**
 * One datagram, PROTOCOL 3. Never throws. The octets of parts are views on the datagram; everything else owns
 * what it holds.
 */
export function decodeMessage(datagram: Uint8Array): Decoded {
  const unpacked = unpack(datagram);
  if (!unpacked.ok) return refused('not_msgpack', unpacked.offset);
  const fields = asMap(unpacked.item);
  if (fields === undefined) return refused('not_a_message');
  const tid = readTid(fields.get('t'));
  if (tid === undefined) return refused('bad_tid');
  const network = readOptional(fields.get('n'), 0);
  if (network === undefined) return refused('not_a_message');
  // By the presence of keys, in this order (PROTOCOL 3.1).
  if (fields.has('p') && !fields.has('e') && !fields.has('r'))
    return decodeParts(fields, tid, network);
  return decodeWithArguments(fields, tid, network);
}

function decodeWithArguments(fields: Fields, tid: number, network: number): Decoded {
  const agentItem = fields.get('v');
  const agent = asText(agentItem);
  if (agentItem !== undefined && agent === undefined) return refused('not_a_message');
  const given = asMap(fields.get('a') ?? fields.get('r') ?? fields.get('u'));
  if (given === undefined) return refused('not_a_message');
  const decoded = decodeArguments(given);
  if (typeof decoded === 'string') return refused(decoded);
  const envelope: Envelope = { network, client: fields.get('s') === true, agent };
  const common = { ...envelope, tid, args: decoded };
  if (fields.has('e')) {
    const [codeItem, textItem] = asArray(fields.get('e')) ?? [];
    const code = asUint(codeItem, U16_MAX);
    if (code === undefined) return refused('not_a_message');
    const text = (asText(textItem) ?? '').slice(0, ERROR_TEXT_CHARACTERS_MAX);
    return { ok: true, message: { ...common, kind: 'error', code, text } };
  }
  if (fields.has('r')) return { ok: true, message: { ...common, kind: 'reply' } };
  if (fields.has('u')) return { ok: true, message: { ...common, kind: 'legacy-update' } };
  if (fields.has('y') && fields.get('y') !== 'q') return refused('not_a_message');
  const name = asText(fields.get('q'));
  if (name === undefined || !isQueryName(name)) return refused('unknown_query');
  return { ok: true, message: { ...common, kind: 'query', name } };
}

function isQueryName(name: string): name is QueryName {
  return names.has(name);
}

function readOptional(item: Item | undefined, absent: number): number | undefined {
  return item === undefined ? absent : asUint(item, U32_MAX);
}

function decodeParts(fields: Fields, tid: number, network: number): Decoded {
  const given = asMap(fields.get('p'));
  if (given === undefined) return refused('bad_part');
  const parts: Part[] = [];
  for (const [index, item] of given) {
    const map = asMap(item);
    const offset = asUint(map?.get('o'), U32_MAX);
    const octets = asOctets(map?.get('d'));
    if (typeof index !== 'number' || index < 0 || offset === undefined || octets === undefined)
      return refused('bad_part');
    parts.push({ index, offset, octets });
  }
  return { ok: true, message: { kind: 'part', network, tid, parts } };
}

function refused(code: RefusalCode, offset = 0): Decoded {
  return { ok: false, code, offset };
}
