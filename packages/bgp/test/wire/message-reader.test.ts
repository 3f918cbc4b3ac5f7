// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MessageReader } from '../../src/wire/message-reader.ts';
import { encodeKeepalive, encodeMessage, MessageType } from '../../src/wire/message.ts';
import { notificationName, type Notification } from '../../src/wire/notification.ts';

type Message = readonly [type: number, body: readonly number[]];

const messages = fc.oneof(
  fc.constant<Message>([MessageType.keepalive, []]),
  fc
    .tuple(fc.constantFrom(2, 3, 5), fc.uint8Array({ minLength: 4, maxLength: 4077 }))
    .map(([type, body]): Message => [type, [...body]]),
);

function encode(all: readonly Message[]): Uint8Array {
  return Uint8Array.from(
    all.flatMap(([type, body]) => [...encodeMessage(type as MessageType, Uint8Array.from(body))]),
  );
}

function read(
  reader: MessageReader,
  octets: Uint8Array,
  found: Message[],
): Notification | undefined {
  return reader.push(octets, (type, body) => found.push([type, [...body]]) > 0);
}

test('MessageReader finds the same messages wherever the stream is cut', () => {
  fc.assert(
    fc.property(
      fc.array(messages, { maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 8 }),
      (all, sizes) => {
        const stream = encode(all);
        const reader = new MessageReader();
        const found: Message[] = [];
        for (let at = 0, index = 0; at < stream.length; index += 1) {
          const size = sizes[index % sizes.length] ?? 1;
          assert.equal(read(reader, stream.subarray(at, at + size), found), undefined);
          at += size;
        }
        assert.deepEqual(found, all);
        assert.equal(reader.heldSize, 0);
      },
    ),
    { numRuns: 60 },
  );
});

test('MessageReader reads octet by octet', () => {
  const reader = new MessageReader();
  const found: Message[] = [];
  for (const octet of encodeKeepalive()) read(reader, Uint8Array.of(octet), found);
  assert.deepEqual(found, [[MessageType.keepalive, []]]);
});

test('MessageReader never holds more than a message, and never throws', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 20 }), (chunks) => {
      const reader = new MessageReader();
      const marker = new Uint8Array(16).fill(0xff);
      for (const chunk of [marker, ...chunks]) {
        if (read(reader, chunk, []) !== undefined) break;
        assert.ok(reader.heldSize <= 4096);
      }
    }),
  );
});

test('MessageReader says what is wrong with a header (RFC 4271 §6.1)', () => {
  const header = (size: number, type: number): Uint8Array =>
    Uint8Array.from([...new Uint8Array(16).fill(0xff), size >> 8, size & 0xff, type]);
  for (const [octets, name, data] of [
    [Uint8Array.of(0xff, 0xfe), 'Connection Not Synchronized', []],
    [new TextEncoder().encode('GET / HTTP/1.1'), 'Connection Not Synchronized', []],
    [header(18, 4), 'Bad Message Length', [0, 18]],
    [header(4097, 2), 'Bad Message Length', [16, 1]],
    [header(20, 4), 'Bad Message Length', [0, 20]],
    [header(28, 1), 'Bad Message Length', [0, 28]],
    [header(22, 2), 'Bad Message Length', [0, 22]],
    [header(20, 3), 'Bad Message Length', [0, 20]],
    [header(19, 0), 'Bad Message Type', [0]],
    [header(19, 6), 'Bad Message Type', [6]],
  ] as const) {
    const wrong = read(new MessageReader(), octets, []);
    assert.ok(wrong !== undefined, name);
    assert.equal(notificationName(wrong), `Message Header Error/${name}`);
    assert.deepEqual([...wrong.data], data);
  }
});

test('MessageReader takes long messages where both sides do (RFC 8654)', () => {
  const long = encodeMessage(MessageType.update, new Uint8Array(65_000));
  const reader = new MessageReader();
  assert.notEqual(read(new MessageReader(), long, []), undefined);
  reader.allowExtended();
  const found: Message[] = [];
  assert.equal(read(reader, long.subarray(0, 40_000), found), undefined);
  assert.equal(read(reader, long.subarray(40_000), found), undefined);
  assert.equal(found[0]?.[1].length, 65_000);
});

test('MessageReader keeps what it holds when long messages begin, and takes no long OPEN', () => {
  const update = encodeMessage(MessageType.update, new Uint8Array(1000).fill(7));
  const reader = new MessageReader();
  const found: Message[] = [];
  read(reader, update.subarray(0, 500), found);
  reader.allowExtended();
  read(reader, update.subarray(500), found);
  assert.deepEqual(found, [[MessageType.update, Array<number>(1000).fill(7)]]);
  const open = encodeMessage(MessageType.open, new Uint8Array(5000));
  const wrong = read(reader, open, []);
  assert.equal(wrong && notificationName(wrong), 'Message Header Error/Bad Message Length');
});

test('MessageReader stops when its owner has enough', () => {
  const reader = new MessageReader();
  let count = 0;
  const stream = encode([
    [4, []],
    [4, []],
  ]);
  reader.push(stream, () => {
    count += 1;
    return false;
  });
  assert.equal(count, 1);
  count = 0;
  const cut = new MessageReader();
  for (const part of [stream.subarray(0, 10), stream.subarray(10)]) {
    cut.push(part, () => {
      count += 1;
      return false;
    });
  }
  assert.equal(count, 1, 'also of a message that came in two parts');
});
