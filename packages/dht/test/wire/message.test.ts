// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hexText } from '@sentrypeer/bytes';
import { infoHash } from '../../src/info-hash.ts';
import { Packer } from '../../src/msgpack/packer.ts';
import { unpack } from '../../src/msgpack/unpack.ts';
import { decodeMessage } from '../../src/wire/decode-message.ts';
import {
  encodeError,
  encodeLegacyUpdate,
  encodePart,
  encodeQuery,
  encodeReply,
  type OutgoingArguments,
} from '../../src/wire/encode-message.ts';
import { Field, type Arguments, type Message } from '../../src/wire/message.ts';
import { encodeValue } from '../../src/wire/value-codec.ts';
import { DATAGRAMS, notation, octetsOf, vector } from './vectors.ts';

const ENVELOPE = { network: 0, client: false, agent: undefined };

const messages = DATAGRAMS.filter(({ kind }) => !kind.startsWith('discovery'));

function outgoing(args: Arguments): OutgoingArguments {
  const { slots, ...others } = args;
  const values = slots?.map((slot) => ('size' in slot ? slot.size : encodeValue(slot.value)));
  return { ...others, values };
}

/** A message that was read, encoded again by our encoder. */
function encodeAgain(message: Message): readonly Uint8Array[] {
  switch (message.kind) {
    case 'part':
      return message.parts.map((part) => encodePart(message.network, message.tid, part));
    case 'query':
      return [encodeQuery(message, message.name, message.tid, outgoing(message.args))];
    case 'reply':
      return [encodeReply(message, message.tid, outgoing(message.args))];
    case 'error':
      return [encodeError(message, message.tid, message, message.args.id)];
    case 'legacy-update':
      return [encodeLegacyUpdate(message, message.tid, outgoing(message.args))];
    default:
      return assert.fail();
  }
}

function decoded(octets: Uint8Array): Message {
  const result = decodeMessage(octets);
  assert.ok(result.ok, result.ok ? '' : `${result.code} at ${result.offset}`);
  return result.message;
}

test('unpack() reads every captured datagram as its decoded form says', () => {
  assert.equal(DATAGRAMS.length, 183);
  for (const { flow, step, payload_hex, decoded } of DATAGRAMS) {
    const unpacked = unpack(octetsOf(payload_hex));
    assert.ok(unpacked.ok, `${flow} ${step}`);
    assert.deepEqual(notation(unpacked.item), decoded, `${flow} ${step}`);
  }
});

test('decodeMessage() reads every captured message as what it is', () => {
  for (const { flow, step, kind, payload_hex } of messages) {
    const message = decoded(octetsOf(payload_hex));
    const [word = '', name] = kind.split(' ');
    const expected =
      { query: 'query', reply: 'reply', error: 'error', value: 'part', legacy: 'legacy-update' }[
        word
      ] ?? '';
    assert.equal(message.kind, expected, `${flow} ${step}`);
    if (message.kind === 'query') assert.equal(message.name, name, `${flow} ${step}`);
  }
});

test('the encoder writes every message of the library again to the same octets', () => {
  const canonical = messages.filter(({ from }) => !from.software.startsWith('hand-made'));
  assert.ok(canonical.length > 100, String(canonical.length));
  for (const { flow, step, payload_hex } of canonical) {
    const again = encodeAgain(decoded(octetsOf(payload_hex)));
    assert.deepEqual(again.map(hexText), [payload_hex], `${flow} ${step}`);
  }
});

test('what the encoder writes of hand-made messages is read as the same', () => {
  const hand = messages.filter(({ from }) => from.software.startsWith('hand-made'));
  for (const { flow, step, payload_hex } of hand) {
    const message = decoded(octetsOf(payload_hex));
    for (const again of encodeAgain(message))
      assert.deepEqual(decoded(again), message, `${flow} ${step}`);
  }
});

test('decodeMessage() reads a transaction id of four octets', () => {
  assert.equal(decoded(vector('tid-as-bin', 1)).tid, 0x01020304);
});

test('decodeMessage() ignores octets after the message and keys it does not know', () => {
  const ping = vector('ping', 1);
  assert.deepEqual(decoded(Uint8Array.of(...ping, 0xc1, 1, 2)), decoded(ping));
  const packer = new Packer().map(6).text('zz').array(1).uint(1);
  assert.deepEqual(decoded(packer.raw(ping.subarray(1)).finish()), decoded(ping));
});

const ID = new Uint8Array(20).fill(7);

function query(name: string, write: (packer: Packer) => Packer, count = 1): Uint8Array {
  const packer = new Packer()
    .map(4)
    .text('a')
    .map(count + 1)
    .text('id')
    .binary(ID);
  return write(packer).text('q').text(name).text('t').uint(9).text('y').text('q').finish();
}

const refusals: readonly (readonly [string, Uint8Array, string])[] = [
  ['no MessagePack', Uint8Array.of(0xc1), 'not_msgpack'],
  ['an integer', Uint8Array.of(1), 'not_a_message'],
  ['an unknown query', query('pong', (p) => p.text('x').uint(1)), 'unknown_query'],
  [
    'a target of 19 octets',
    query('find', (p) => p.text('target').binary(ID.subarray(1))),
    'bad_argument',
  ],
  ['an all-zero key', query('get', (p) => p.text('h').binary(new Uint8Array(20))), 'bad_argument'],
  [
    'a filter without where',
    query('get', (p) => p.text('q').map(1).text('s').array(0)),
    'bad_argument',
  ],
  [
    'a condition on the sequence',
    query('get', (p) =>
      p
        .text('q')
        .map(2)
        .text('s')
        .array(0)
        .text('w')
        .array(1)
        .map(2)
        .text('f')
        .uint(4)
        .text('v')
        .uint(1),
    ),
    'bad_argument',
  ],
  ['a token that is no binary', query('put', (p) => p.text('token').uint(1)), 'bad_argument'],
  [
    'a node list of 27 octets',
    query('find', (p) => p.text('n4').binary(new Uint8Array(27))),
    'bad_argument',
  ],
  [
    'no id',
    new Packer().map(3).text('a').map(0).text('q').text('ping').text('t').uint(1).finish(),
    'bad_id',
  ],
  [
    'no transaction id',
    new Packer().map(2).text('a').map(0).text('q').text('ping').finish(),
    'bad_tid',
  ],
  [
    'a transaction id of 2^32',
    new Packer()
      .map(1)
      .text('t')
      .uint(2 ** 32)
      .finish(),
    'bad_tid',
  ],
  [
    'a part with a text key',
    new Packer().map(2).text('t').uint(1).text('p').map(1).text('0').map(0).finish(),
    'bad_part',
  ],
  [
    'v that is no text',
    new Packer().map(2).text('t').uint(1).text('v').uint(1).finish(),
    'not_a_message',
  ],
];

for (const [what, octets, code] of refusals) {
  test(`decodeMessage() refuses ${what}`, () => {
    const result = decodeMessage(octets);
    assert.equal(result.ok ? 'accepted' : result.code, code);
  });
}

test('a value that cannot be read spoils itself, not its message', () => {
  const write = (p: Packer) =>
    p.text('values').array(3).map(1).text('id').uint(1).bool(true).uint(70);
  const message = decoded(query('put', write));
  assert.ok(message.kind === 'query');
  assert.deepEqual(message.args.slots, [{ index: 2, size: 70 }]);
});

const OWN = infoHash('own');

test('what says that it is of another network, a client or of no known software is read so', () => {
  for (const envelope of [
    { network: 0, client: false, agent: undefined },
    { network: 7, client: false, agent: undefined },
    { network: 0, client: true, agent: undefined },
    { network: 70_000, client: true, agent: 'o2' },
  ])
    for (const octets of [
      encodeQuery(envelope, 'ping', 9, { id: OWN }),
      encodeQuery(envelope, 'update', 9, { id: OWN, expired: [1n] }),
      encodeReply(envelope, 9, { id: OWN }),
      encodeError(envelope, 9, { code: 401, text: 'no' }, OWN),
      encodeLegacyUpdate(envelope, 9, { id: OWN, refreshed: [1n] }),
    ]) {
      const message = decoded(octets);
      assert.ok(message.kind !== 'part');
      const { network, client, agent } = message;
      assert.deepEqual({ network, client, agent }, envelope);
      const unpacked = unpack(octets);
      assert.equal(unpacked.ok && unpacked.size, octets.length, 'it has as many keys as it says');
    }
});

test('a part of another network says so', () => {
  const octets = encodePart(7, 9, { index: 3, offset: 5, octets: Uint8Array.of(1) });
  const message = decoded(octets);
  assert.ok(message.kind === 'part');
  assert.deepEqual([message.network, message.tid], [7, 9]);
  assert.deepEqual(message.parts, [{ index: 3, offset: 5, octets: Uint8Array.of(1) }]);
});

test('every argument that is written is read as the same', () => {
  const records = (address: string) => [{ id: infoHash('near'), endpoint: { address, port: 513 } }];
  const where = [
    { field: Field.id, id: 1n << 40n },
    { field: Field.type, type: 3 },
    { field: Field.owner, owner: infoHash('owner') },
    { field: Field.userType, userType: 'a/b' },
  ] as const;
  const reply = {
    valueId: 1n << 60n,
    seenAddress: Uint8Array.of(192, 0, 2, 1),
    n4: records('192.0.2.9'),
    n6: records('2001:db8::9'),
    token: Uint8Array.of(5, 6),
  };
  const query = { key: infoHash('key'), filter: { select: [Field.id], where }, want: [2, 10] };
  const written = [
    [encodeReply(ENVELOPE, 9, { id: OWN, ...reply }), reply],
    [encodeQuery(ENVELOPE, 'get', 9, { id: OWN, ...query }), query],
  ] as const;
  for (const [octets, args] of written) {
    const message = decoded(octets);
    assert.ok(message.kind === 'query' || message.kind === 'reply');
    const read = Object.entries(message.args).filter(([, argument]) => argument !== undefined);
    assert.deepEqual(Object.fromEntries(read), { id: OWN, ...args });
  }
});

test('field rows are written alike, packed or not', () => {
  const fields = [Field.id, Field.owner, Field.userType];
  const row = [1n, Uint8Array.of(2), 'x'];
  const packed = new Packer().uint(1n).binary(Uint8Array.of(2)).text('x').finish();
  assert.deepEqual(
    encodeReply(ENVELOPE, 9, { id: OWN, fields: { fields, valuesCount: 3, packed } }),
    encodeReply(ENVELOPE, 9, { id: OWN, fields: { fields, rows: [row] } }),
  );
});
