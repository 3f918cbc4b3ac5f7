// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { addressOctets } from '../address.ts';
import { infoHashOctets } from '../info-hash.ts';
import { Packer } from '../msgpack/packer.ts';
import {
  Field,
  type Arguments,
  type Envelope,
  type FieldRows,
  type Filter,
  type NodeRecord,
  type Part,
  type QueryName,
} from './message.ts';

/** Arguments to write; absent ones are left out. `values` holds packed values, or the sizes of values in parts. */
export interface OutgoingArguments extends Partial<Omit<Arguments, 'id' | 'slots' | 'fields'>> {
  readonly id: Arguments['id'];
  readonly fields?: FieldRows | PackedRows | undefined;
  readonly values?: readonly (Uint8Array | number)[] | undefined;
}

/** Field rows whose values are MessagePack already. */
export interface PackedRows {
  readonly fields: readonly Field[];
  readonly valuesCount: number;
  readonly packed: Uint8Array;
}

type ArgumentKey = keyof OutgoingArguments;

/** The order in which real nodes write arguments. */
const ORDERS: Readonly<Record<QueryName | 'ids' | 'reply', readonly ArgumentKey[]>> = {
  ping: ['id'],
  find: ['id', 'target', 'want'],
  get: ['id', 'key', 'filter', 'want'],
  put: ['id', 'key', 'values', 'created', 'token'],
  refresh: ['id', 'key', 'valueId', 'token'],
  listen: ['id', 'version', 'key', 'token', 'socketId', 'filter'],
  update: ['id', 'version', 'key', 'socketId', 'values', 'created', 'token'],
  ids: ['id', 'socketId', 'token', 'refreshed', 'expired'],
  reply: ['id', 'valueId', 'seenAddress', 'n4', 'n6', 'token', 'values', 'fields'],
};

const utf8 = new TextEncoder();

export function encodeQuery(
  envelope: Envelope,
  name: QueryName,
  tid: number,
  args: OutgoingArguments,
): Uint8Array {
  const bringsIds = args.refreshed !== undefined || args.expired !== undefined;
  const packer = new Packer().map(4 + envelopeCount(envelope)).text('a');
  writeArguments(packer, bringsIds ? ORDERS.ids : ORDERS[name], args);
  if (bringsIds) {
    writeEnvelope(packer.text('y').text('q'), envelope);
    return packer.text('q').text(name).text('t').uint(tid).finish();
  }
  packer.text('q').text(name).text('t').uint(tid).text('y').text('q');
  return writeEnvelope(packer, envelope).finish();
}

export function encodeReply(envelope: Envelope, tid: number, args: OutgoingArguments): Uint8Array {
  const packer = new Packer().map(3 + envelopeCount(envelope)).text('r');
  writeArguments(packer, ORDERS.reply, args);
  packer.text('t').uint(tid).text('y').text('r');
  return writeEnvelope(packer, envelope).finish();
}

/** An error has the arguments of a reply, because 2.4.12 mishandles others (PROTOCOL 4.9). */
export function encodeError(
  envelope: Envelope,
  tid: number,
  error: { readonly code: number; readonly text: string },
  id: Arguments['id'],
): Uint8Array {
  const packer = new Packer().map(4 + envelopeCount(envelope));
  packer.text('e').array(2).uint(error.code).text(error.text).text('r');
  writeArguments(packer, ORDERS.ping, { id });
  packer.text('t').uint(tid).text('y').text('e');
  return writeEnvelope(packer, envelope).finish();
}

/** Refreshed or expired ids for a listener of version 0 (PROTOCOL 10.5). */
export function encodeLegacyUpdate(
  envelope: Envelope,
  tid: number,
  args: OutgoingArguments,
): Uint8Array {
  const packer = new Packer().map(3 + envelopeCount(envelope)).text('u');
  writeArguments(packer, ['id', 'token', 'refreshed', 'expired'], args);
  writeEnvelope(packer.text('y').text('r'), envelope);
  return packer.text('t').uint(tid).finish();
}

/** One part, PROTOCOL 6.2: the key inside `p` is an integer. */
export function encodePart(network: number, tid: number, part: Part): Uint8Array {
  const packer = new Packer().map(network === 0 ? 3 : 4);
  if (network !== 0) packer.text('n').uint(network);
  packer.text('y').text('p').text('t').uint(tid).text('p').map(1).uint(part.index);
  return packer.map(2).text('o').uint(part.offset).text('d').binary(part.octets).finish();
}

function envelopeCount({ network, client, agent }: Envelope): number {
  return (agent === undefined ? 0 : 1) + (network === 0 ? 0 : 1) + (client ? 1 : 0);
}

function writeEnvelope(packer: Packer, { network, client, agent }: Envelope): Packer {
  if (agent !== undefined) packer.text('v').text(agent);
  if (client) packer.text('s').bool(true);
  if (network !== 0) packer.text('n').uint(network);
  return packer;
}

function writeArguments(
  packer: Packer,
  order: readonly ArgumentKey[],
  args: OutgoingArguments,
): void {
  const present = order.filter((key) => args[key] !== undefined);
  packer.map(present.length);
  for (const key of present) writeArgument(packer, key, args);
}

function writeArgument(packer: Packer, key: ArgumentKey, args: OutgoingArguments): void {
  writeHashes(packer, key, args);
  if (key === 'seenAddress') packer.text('sa').binary(args.seenAddress ?? NOTHING);
  if (key === 'token') packer.text('token').binary(args.token ?? NOTHING);
  if (key === 'created') packer.text('c').uint(args.created ?? 0);
  if (key === 'valueId') packer.text('vid').uint(args.valueId ?? 0);
  if (key === 'socketId') packer.text('sid').uint(args.socketId ?? 0);
  if (key === 'version') packer.text('ve').uint(args.version ?? 0);
  if (key === 'want') writeUints(packer.text('w'), args.want ?? []);
  if (key === 'expired') writeUints(packer.text('exp'), args.expired ?? []);
  if (key === 'refreshed') writeUints(packer.text('re'), args.refreshed ?? []);
  if (key === 'n4') packer.text('n4').binary(compactNodes(args.n4 ?? []));
  if (key === 'n6') packer.text('n6').binary(compactNodes(args.n6 ?? []));
  if (key === 'filter' && args.filter) writeFilter(packer.text('q'), args.filter);
  if (key === 'fields' && args.fields) writeFieldRows(packer.text('fileds'), args.fields);
  if (key === 'values') writeValues(packer.text('values'), args.values ?? []);
}

const NOTHING = new Uint8Array(0);

function writeHashes(packer: Packer, key: ArgumentKey, args: OutgoingArguments): void {
  if (key === 'id') packer.text('id').binary(infoHashOctets(args.id));
  if (key === 'target' && args.target) packer.text('target').binary(infoHashOctets(args.target));
  if (key === 'key' && args.key) packer.text('h').binary(infoHashOctets(args.key));
}

function writeUints(packer: Packer, values: readonly (number | bigint)[]): void {
  packer.array(values.length);
  for (const value of values) packer.uint(value);
}

function writeValues(packer: Packer, values: readonly (Uint8Array | number)[]): void {
  packer.array(values.length);
  for (const value of values) {
    if (typeof value === 'number') packer.uint(value);
    else packer.raw(value);
  }
}

function writeFilter(packer: Packer, filter: Filter): void {
  writeUints(packer.map(2).text('s'), filter.select);
  packer.text('w').array(filter.where.length);
  for (const condition of filter.where) {
    packer.map(2).text('f').uint(condition.field).text('v');
    if (condition.field === Field.id) packer.uint(condition.id);
    else if (condition.field === Field.type) packer.uint(condition.type);
    else if (condition.field === Field.owner) packer.binary(infoHashOctets(condition.owner));
    else packer.binary(utf8.encode(condition.userType));
  }
}

function writeFieldRows(packer: Packer, given: FieldRows | PackedRows): void {
  const { fields } = given;
  writeUints(packer.map(2).text('f'), fields);
  if ('packed' in given) {
    packer.text('v').array(given.valuesCount).raw(given.packed);
    return;
  }
  const { rows } = given;
  packer.text('v').array(rows.length * fields.length);
  for (const value of rows.flat()) {
    if (typeof value === 'bigint') packer.uint(value);
    else if (typeof value === 'string') packer.text(value);
    else packer.binary(value);
  }
}

/** Records of 26 or 38 octets, PROTOCOL 3.5. */
function compactNodes(nodes: readonly NodeRecord[]): Uint8Array {
  const octets: number[] = [];
  for (const { id, endpoint } of nodes) {
    const { address, port } = endpoint;
    octets.push(...infoHashOctets(id), ...(addressOctets(address) ?? []), port >> 8, port & 0xff);
  }
  return Uint8Array.from(octets);
}
