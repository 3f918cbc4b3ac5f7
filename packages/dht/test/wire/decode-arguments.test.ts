// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ERROR_TEXT_CHARACTERS_MAX,
  FILTER_ENTRIES_MAX,
  NODES_IN_REPLY_MAX,
  TOKEN_OCTETS_MAX,
} from '../../src/limits.ts';
import type { Item } from '../../src/msgpack/item.ts';
import { Packer } from '../../src/msgpack/packer.ts';
import { decodeMessage } from '../../src/wire/decode-message.ts';
import type { Arguments, Message } from '../../src/wire/message.ts';
import { pack } from '../msgpack/pack.ts';

type Fields = Readonly<Record<string, Item>>;

const ID = new Uint8Array(20).fill(7);
const ID_TEXT = '07'.repeat(20);

/** Lists of a message are the same in every language, so objects stand for maps here. */
function map(fields: Fields): Item {
  return new Map(Object.entries(fields));
}

function read(fields: Fields): Message | string {
  const result = decodeMessage(pack(new Packer(), map(fields)).finish());
  return result.ok ? result.message : result.code;
}

function query(args: Fields, more: Fields = {}): Message | string {
  return read({ a: map({ id: ID, ...args }), q: 'get', t: 9, y: 'q', ...more });
}

/** The arguments of a query, or the code of its refusal. */
function args(given: Fields): Arguments | string {
  const message = query(given);
  if (typeof message === 'string') return message;
  return message.kind === 'query' ? message.args : message.kind;
}

function argument(name: keyof Arguments, given: Fields): unknown {
  const found = args(given);
  return typeof found === 'string' ? found : found[name];
}

function nodes(count: number, addressOctets: readonly number[], id: Uint8Array = ID): Uint8Array {
  return new Uint8Array(
    Array.from({ length: count }, () => [...id, ...addressOctets, 0x13, 0xc4]).flat(),
  );
}

const IPV4 = [192, 0, 2, 1];
const IPV6 = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];

test('decodeArguments() reads lists of nodes, up to the limit, without those whose id is zero', () => {
  const four = { id: ID_TEXT, endpoint: { address: '192.0.2.1', port: 5060 } };
  const six = { id: ID_TEXT, endpoint: { address: '2001:db8::1', port: 5060 } };
  assert.deepEqual(argument('n4', { n4: nodes(2, IPV4) }), [four, four]);
  assert.deepEqual(argument('n6', { n6: nodes(2, IPV6) }), [six, six]);
  assert.deepEqual(argument('n6', { n6: new Uint8Array(0) }), []);
  const many = argument('n4', { n4: nodes(NODES_IN_REPLY_MAX + 1, IPV4) });
  assert.equal((many as readonly unknown[]).length, NODES_IN_REPLY_MAX);
  const withZero = [...nodes(1, IPV4, new Uint8Array(20)), ...nodes(1, IPV4)];
  assert.deepEqual(argument('n4', { n4: new Uint8Array(withZero) }), [four]);
  assert.equal(argument('n4', { n4: nodes(1, IPV6) }), 'bad_argument');
  assert.equal(argument('n6', { n6: nodes(1, IPV4) }), 'bad_argument');
  assert.equal(argument('n6', { n6: 5 }), 'bad_argument');
});

test('decodeArguments() reads a token up to the limit, and a longer one as none of ours', () => {
  const token = new Uint8Array(TOKEN_OCTETS_MAX).fill(1);
  assert.deepEqual(argument('token', { token }), token);
  const longer = new Uint8Array(TOKEN_OCTETS_MAX + 1);
  assert.deepEqual(argument('token', { token: longer }), new Uint8Array(0));
});

test('decodeArguments() reads lists of numbers, and ids only if all of them are', () => {
  const want = Array.from({ length: FILTER_ENTRIES_MAX + 1 }, (_, index) => index);
  assert.deepEqual(argument('want', { w: want }), want.slice(0, FILTER_ENTRIES_MAX));
  assert.deepEqual(argument('want', { w: [2, 'ten', 10, 2 ** 32] }), [2, 10]);
  assert.deepEqual(argument('expired', { exp: [1, 2n ** 64n - 1n] }), [1n, 2n ** 64n - 1n]);
  assert.deepEqual(argument('refreshed', { re: [] }), []);
  for (const given of [{ w: 2 }, { exp: [1, 'two'] }, { re: 1 }, { values: 1 }, { sa: 'x' }]) {
    assert.equal(args(given), 'bad_argument', JSON.stringify(given));
  }
});

test('decodeArguments() reads numbers only within their limits', () => {
  assert.equal(argument('created', { c: Number.MAX_SAFE_INTEGER }), Number.MAX_SAFE_INTEGER);
  assert.equal(argument('valueId', { vid: 2n ** 64n - 1n }), 2n ** 64n - 1n);
  assert.equal(argument('version', { ve: 2 ** 32 - 1 }), 2 ** 32 - 1);
  assert.equal(argument('socketId', { sid: Uint8Array.of(1, 2, 3, 4) }), 0x01020304);
  for (const given of [{ c: 2n ** 53n }, { vid: 'x' }, { ve: 2 ** 32 }, { sid: ID }]) {
    assert.equal(args(given), 'bad_argument');
  }
});

test('decodeArguments() reads the conditions of a filter, each of its own type', () => {
  const conditions: readonly (readonly [number, Item, unknown])[] = [
    [1, 5, { field: 1, id: 5n }],
    [2, 0xffff, { field: 2, type: 0xffff }],
    [3, ID, { field: 3, owner: ID_TEXT }],
    [5, 'text/plain', { field: 5, userType: 'text/plain' }],
    [5, Uint8Array.of(0xef, 0xbb, 0xbf, 0x61), { field: 5, userType: '\ufeffa' }],
  ];
  for (const [f, v, condition] of conditions) {
    const q = map({ s: [], w: [map({ f, v })] });
    assert.deepEqual(argument('filter', { q }), { select: [], where: [condition] });
  }
  const unreadable: readonly (readonly [Item, Item])[] = [
    [1, 'x'],
    [2, 0x1_0000],
    [3, ID.subarray(1)],
    [4, 1],
    [5, 1],
    [6, 1],
    ['1', 1],
  ];
  for (const [f, v] of unreadable) {
    assert.equal(
      args({ q: map({ s: [], w: [map({ f, v })] }) }),
      'bad_argument',
      JSON.stringify([f]),
    );
  }
});

test('decodeArguments() reads a filter whose two lists are there and not too long', () => {
  const most = Array<Item>(FILTER_ENTRIES_MAX).fill(1);
  const where = most.map(() => map({ f: 1, v: 5 }));
  const filter = argument('filter', { q: map({ s: most, w: where }) }) as Arguments['filter'];
  assert.deepEqual([filter?.select, filter?.where.length], [most, FILTER_ENTRIES_MAX]);
  const refused: readonly Item[] = [
    5,
    map({ s: [] }),
    map({ w: [] }),
    map({ s: [...most, 1], w: [] }),
    map({ s: [], w: [...where, map({ f: 1, v: 5 })] }),
    map({ s: [1, 6], w: [] }),
    map({ s: [], w: [5] }),
  ];
  for (const q of refused) assert.equal(args({ q }), 'bad_argument');
});

test('decodeArguments() reads selected fields in rows as long as the list of fields', () => {
  const most = Array<Item>(FILTER_ENTRIES_MAX).fill(1);
  const rows = (f: Item, v: Item): unknown => argument('fields', { fileds: map({ f, v }) });
  assert.deepEqual(rows([1, 5], [1, 'a', 2, Uint8Array.of(3)]), {
    fields: [1, 5],
    rows: [
      [1n, 'a'],
      [2n, Uint8Array.of(3)],
    ],
  });
  assert.deepEqual(rows(most, []), { fields: most, rows: [] });
  for (const [f, v] of [
    [[1, 5], [1]],
    [[], []],
    [[], [1]],
    [[...most, 1], []],
    [
      [1, 6],
      [1, 1],
    ],
    [[1], [true]],
    [
      [1, 1],
      [1, true],
    ],
    [1, []],
    [[1], 1],
  ] as const) {
    assert.equal(rows(f, v), 'bad_argument', JSON.stringify([f, v]));
  }
  assert.equal(args({ fileds: 5 }), 'bad_argument');
  assert.equal(args({ fileds: map({ f: [1] }) }), 'bad_argument');
  assert.equal(args({ fileds: map({ v: [1] }) }), 'bad_argument');
});

test('decodeMessage() reads an error with a code, and its text up to the limit', () => {
  const error = (e: Item): unknown => {
    const message = read({ e, a: map({ id: ID }), t: 9 });
    return typeof message === 'string' || message.kind !== 'error'
      ? message
      : [message.code, message.text];
  };
  assert.deepEqual(error([401, 'Unauthorized']), [401, 'Unauthorized']);
  assert.deepEqual(error([401]), [401, '']);
  assert.deepEqual(error([401, 5]), [401, '']);
  const text = 'x'.repeat(ERROR_TEXT_CHARACTERS_MAX);
  assert.deepEqual(error([0xffff, `${text}y`]), [0xffff, text]);
  for (const e of [5, [], ['401'], [0x1_0000]]) assert.equal(error(e), 'not_a_message');
});

test('decodeMessage() tells messages apart by their keys, and refuses what is not as it should be', () => {
  const parts = map({ t: 1 });
  assert.equal(query({}, { n: 2 ** 32 }), 'not_a_message');
  assert.equal(query({}, { n: 'x' }), 'not_a_message');
  assert.equal(query({}, { v: 5 }), 'not_a_message');
  assert.equal(query({}, { y: 'r' }), 'not_a_message');
  assert.equal(query({}, { q: 5 }), 'unknown_query');
  assert.equal(read({ q: 'ping', t: 9, y: 'q' }), 'not_a_message');
  assert.equal(read({ a: 5, q: 'ping', t: 9, y: 'q' }), 'not_a_message');
  for (const t of [new Uint8Array(3), new Uint8Array(5), 'x']) {
    assert.equal(query({}, { t }), 'bad_tid');
  }
  const kindOf = (message: Message | string): string =>
    typeof message === 'string' ? message : message.kind;
  const given = map({ id: ID });
  assert.equal(kindOf(read({ a: given, q: 'ping', t: 9 })), 'query', 'y may be missing');
  assert.equal(kindOf(read({ r: given, p: parts, t: 9 })), 'reply');
  assert.equal(kindOf(read({ a: given, e: [203], p: parts, t: 9 })), 'error');
  assert.equal(kindOf(read({ u: given, t: 9 })), 'legacy-update');
});

test('decodeMessage() reads parts, and refuses all of them if one cannot be read', () => {
  const d = Uint8Array.of(1, 2);
  const part = (fields: Fields, index: number | string = 0): Message | string =>
    read({ p: new Map<number | string, Item>([[index, map(fields)]]), t: 9 });
  assert.deepEqual(part({ o: 2 ** 32 - 1, d }, 3), {
    kind: 'part',
    network: 0,
    tid: 9,
    parts: [{ index: 3, offset: 2 ** 32 - 1, octets: d }],
  });
  assert.equal(part({ o: 0, d }, '0'), 'bad_part');
  assert.equal(part({ o: 2 ** 32, d }), 'bad_part');
  assert.equal(part({ d }), 'bad_part');
  assert.equal(part({ o: 0 }), 'bad_part');
  assert.equal(read({ p: 5, t: 9 }), 'bad_part');
  assert.equal(read({ p: new Map([[0, 5]]), t: 9 }), 'bad_part');
  // {"p": {-1: {"o": 0, "d": h'0102'}}, "t": 9}
  const negative = Uint8Array.fromHex('82a17081ff82a16f00a164c4020102a17409');
  const result = decodeMessage(negative);
  assert.equal(result.ok ? 'accepted' : result.code, 'bad_part');
});
