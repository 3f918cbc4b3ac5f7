// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Limits, borrowing and memory; how streams are framed is in the corpus (streams.md). */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latin1Octets, latin1Text } from '@sentrypeer/bytes';
import fc from 'fast-check';
import { parseMessage, StreamFramer, type Frame } from '../src/index.ts';
import { OctetQueue } from '../src/octet-queue.ts';

const START = 'OPTIONS sip:1@h SIP/2.0\r\n';

/** A message whose head and body have exactly these sizes. */
function messageOf(headSize: number, bodySize: number): Uint8Array {
  const length = `Content-Length: ${bodySize}\r\n\r\n`;
  const filler = 'X: '.padEnd(headSize - START.length - length.length - 2, 'x');
  return latin1Octets(`${START}${filler}\r\n${length}${'b'.repeat(bodySize)}`);
}

function only(frames: readonly Frame[]): Frame {
  assert.equal(frames.length, 1);
  const [frame] = frames;
  assert.ok(frame);
  return frame;
}

test('push() takes a head or a body of 64 KiB, 96 KiB together, and no octet more', () => {
  const largest = messageOf(32_768, 65_536);
  const frame = only(new StreamFramer().push(largest));
  assert.ok(frame.kind === 'message' && !frame.close);
  assert.deepEqual(frame.octets, largest);
  const head = only(new StreamFramer().push(messageOf(65_537, 0)));
  assert.ok(head.kind === 'message' && head.close && head.isUnfinished);
  assert.deepEqual(head.anomalies, ['head_size']);
  assert.equal(head.octets.length, 65_536, 'what was read is at hand');
  assert.ok(only(new StreamFramer().push(messageOf(65_536, 0))).kind === 'message');
  const both = only(new StreamFramer().push(messageOf(32_769, 65_536)));
  assert.ok(both.kind === 'message' && !both.close);
  assert.deepEqual(both.anomalies, ['content_length_absurd']);
  const body = only(new StreamFramer().push(messageOf(1000, 65_537)));
  assert.ok(body.kind === 'message' && !body.close);
  assert.deepEqual(body.anomalies, ['content_length_absurd']);
});

test('push() gives a start line and a head without end up once they are too large', () => {
  for (const [beginning, kind] of [
    ['', 'refused'],
    [START, 'message'],
  ] as const) {
    const framer = new StreamFramer();
    const octets = latin1Octets(`${beginning}${'x'.repeat(65_536 - beginning.length)}`);
    assert.deepEqual(framer.push(octets), []);
    assert.equal(framer.midMessage, true);
    const frame = only(framer.push(latin1Octets('x')));
    assert.equal(frame.kind, kind);
    const codes =
      frame.kind === 'refused' ? [frame.code] : frame.kind === 'message' ? frame.anomalies : [];
    assert.deepEqual(codes, ['head_size']);
    assert.equal(framer.midMessage, false);
  }
});

test('push() keeps the first octets of what is not SIP', () => {
  const octets = new Uint8Array(5000).fill(0x03);
  const frame = only(new StreamFramer().push(octets));
  assert.ok(frame.kind === 'refused');
  assert.deepEqual([frame.code, frame.octets.length], ['binary', 1024]);
});

test('push() gives up a lost body of more than 64 KiB, in lines or in one', () => {
  for (const filler of ['x\r\n', 'x']) {
    const lost = filler.repeat(Math.ceil(65_537 / filler.length));
    const stream = latin1Octets(`ACK sip:1@h SIP/2.0\r\n\r\n${lost}\r\n${START}l: 0\r\n\r\n`);
    const framer = new StreamFramer();
    const frames = [...framer.push(stream), ...framer.push(stream)];
    assert.deepEqual(
      frames.map((frame) => (frame.kind === 'refused' ? frame.code : frame.kind)),
      ['message', 'skipped_size'],
      JSON.stringify(filler),
    );
  }
});

test('push() frames nothing after a frame that closes', () => {
  const framer = new StreamFramer();
  assert.equal(framer.push(latin1Octets('HELP\r\n')).length, 1);
  assert.deepEqual(framer.push(latin1Octets(`${START}l: 0\r\n\r\n`)), []);
  assert.equal(framer.midMessage, false, 'what comes then is not kept');
  assert.deepEqual(framer.flush(), []);
});

/** Frames in a few words: the method and the body of each message with what was skipped before it, or why there is none. */
function describe(frames: readonly Frame[]): readonly string[] {
  return frames.map((frame) => {
    if (frame.kind === 'ping') return 'ping';
    const text = latin1Text(frame.octets);
    if (frame.kind === 'refused') return `${frame.code}: ${text}`;
    const { method } = parseMessage(frame.octets);
    const [, body = ''] = text.split('\r\n\r\n');
    const skipped = frame.skipped.length === 0 ? '' : ` after ${latin1Text(frame.skipped)}`;
    return `${method}: ${body}${skipped}`;
  });
}

const SIZED = `${START}l: 0\r\n\r\n`;
const NUL_LINE = '\0\r\n';

for (const [name, stream, frames, atEnd] of [
  [
    'a message right after the rest of a body',
    `${SIZED}xINVITE sip:2@h SIP/2.0\r\nl: 0\r\n\r\n`,
    ['OPTIONS: ', 'INVITE:  after x'],
    [],
  ],
  [
    'a line without version after a message',
    `${SIZED}INVITE sip:2@h\r\nl: 0\r\n\r\n`,
    ['OPTIONS: ', 'INVITE: '],
    [],
  ],
  [
    'a line without version after junk',
    `${SIZED}junk\r\nINVITE sip:2@h\r\nl: 0`,
    ['OPTIONS: '],
    ['not_sip: junk\r\nINVITE sip:2@h\r\nl: 0'],
  ],
  [
    'a line without version in a body of unknown size',
    `${START}\r\nINVITE sip:2@h\r\nx\r\n`,
    ['OPTIONS: '],
    [],
  ],
  [
    'the name of a method at the end of a body',
    `${START}l: 6\r\n\r\nINVITE sip:x SIP/2.0\r\n`,
    ['OPTIONS: INVITE'],
    ['sip:x: '],
  ],
  [
    'start lines in a body that may hold messages',
    `${START}c: multipart/mixed\r\nl: 24\r\n\r\nINVITE sip:2@h SIP/2.0\r\n${SIZED}`,
    ['OPTIONS: INVITE sip:2@h SIP/2.0\r\n', 'OPTIONS: '],
    [],
  ],
  ['junk at the end', `${SIZED}junk`, ['OPTIONS: '], ['not_sip: junk']],
  [
    'a request without version and line end at the end',
    `${SIZED}INVITE sip:2@h`,
    ['OPTIONS: '],
    ['not_sip: INVITE sip:2@h'],
  ],
  [
    'a message that is cut off behind junk',
    `${SIZED}junkINVITE sip:2@h SIP/2.0`,
    ['OPTIONS: '],
    ['INVITE:  after junk'],
  ],
  ['a body of unknown size at the end', `${START}\r\nbody`, ['OPTIONS: '], []],
  ['line feeds and one line end', '\n\n\r\n', [], []],
  ['what is not SIP after a line of NUL octets', `${NUL_LINE}HELP\r\n`, ['not_sip: HELP\r\n'], []],
  ['96 NUL octets', '\0'.repeat(96), [`binary: ${'\0'.repeat(96)}`], []],
  ['95 NUL octets', '\0'.repeat(95), [], [`keep_alive: ${'\0'.repeat(95)}`]],
  [
    'a NUL octet before a long line',
    `\0OPTIONS sip:${'1'.repeat(99)}@h SIP/2.0`,
    [],
    [`OPTIONS: `],
  ],
] as const) {
  test(`push() and flush() frame ${name}`, () => {
    const framer = new StreamFramer();
    assert.deepEqual(describe(framer.push(latin1Octets(stream))), frames);
    assert.deepEqual(describe(framer.flush()), atEnd);
    assert.deepEqual(framer.flush(), []);
  });
}

test('push() waits for all of a body that may hold messages', () => {
  const framer = new StreamFramer();
  const head = `${START}c: message/sipfrag\r\nl: 4\r\n\r\n`;
  assert.deepEqual(framer.push(latin1Octets(`${head}ab`)), []);
  assert.equal(framer.waitingOctets, head.length + 2);
  assert.deepEqual(describe(framer.push(latin1Octets('cd'))), ['OPTIONS: abcd']);
  assert.equal(framer.waitingOctets, 0);
});

for (const [junk, second] of [
  [`${'x'.repeat(65_536)}\r\n`, 'OPTIONS'],
  [`${'x'.repeat(65_537)}\r\n`, 'skipped_size'],
  ['x'.repeat(140_000), 'skipped_size'],
  [`${'x\n'.repeat(20_000)}${'x'.repeat(40_000)}`, 'skipped_size'],
] as const) {
  test(`push() skips 64 KiB of junk and no more: ${junk.length} octets`, () => {
    const stream = latin1Octets(`${SIZED}${junk}${SIZED}`);
    const [, frame, ...more] = describe(new StreamFramer().push(stream));
    assert.equal(frame?.split(':')[0], second);
    assert.deepEqual(more, []);
  });
}

test('push() of no octets is not an event', () => {
  const framer = new StreamFramer();
  assert.deepEqual(framer.push(new Uint8Array(0)), []);
  assert.equal(framer.midMessage, false);
});

test('midMessage tells whether a message has begun', () => {
  const framer = new StreamFramer();
  framer.push(latin1Octets('\r\n\r'));
  assert.equal(framer.midMessage, false);
  framer.push(latin1Octets('\nO'));
  assert.equal(framer.midMessage, true);
  framer.push(latin1Octets(`${START.slice(1)}l: 2\r\n\r\na`));
  assert.equal(framer.midMessage, true);
  assert.equal(framer.push(latin1Octets('b')).length, 1);
  assert.equal(framer.midMessage, false);
});

test('flush() hands over what is unfinished, once', () => {
  const framer = new StreamFramer();
  framer.push(latin1Octets(`${START}l: 9\r\n\r\nabc`));
  const [frame] = framer.flush();
  assert.ok(frame?.kind === 'message' && frame.isUnfinished && frame.close);
  assert.deepEqual(frame.anomalies, ['body_unfinished']);
  assert.equal(latin1Text(frame.octets), `${START}l: 9\r\n\r\nabc`);
  assert.deepEqual(framer.flush(), []);
  assert.deepEqual(new StreamFramer().flush(), []);
});

test('frames of one push stay valid until the next one', () => {
  const framer = new StreamFramer();
  const message = `${START}l: 2\r\n\r\nab`;
  framer.push(latin1Octets(message.slice(0, 10)));
  const piece = latin1Octets(`${message.slice(10)}${message}${message.slice(0, 20)}`);
  const frames = framer.push(piece);
  const texts = frames.map((frame) => (frame.kind === 'message' ? latin1Text(frame.octets) : ''));
  assert.deepEqual(texts, [message, message]);
});

test('push() says what it skipped, up to 512 octets of it', () => {
  const framer = new StreamFramer();
  const [first, second] = framer.push(
    latin1Octets(`${START}l: 0\r\n\r\n\0${'junk\r\n'.repeat(200)}${START}l: 0\r\n\r\n`),
  );
  assert.ok(first?.kind === 'message' && second?.kind === 'message');
  assert.equal(first.skipped.length, 0);
  assert.equal(latin1Text(second.skipped), `\0${'junk\r\n'.repeat(200)}`.slice(0, 512));
});

test('an OctetQueue seldom moves octets that come one at a time, and keeps none that were dropped', () => {
  const queue = new OctetQueue();
  const buffers = new Set<ArrayBufferLike>();
  for (let index = 0; index < 20_000; index += 1) {
    queue.append(Uint8Array.of(index));
    queue.settle();
    buffers.add(queue.view(0, 0).buffer);
  }
  assert.ok(buffers.size < 8, String(buffers.size));
  queue.drop(queue.size);
  queue.settle();
  assert.equal(queue.view(0, 0).buffer.byteLength, 0);
});

test('an OctetQueue holds what was appended and not dropped, whatever becomes of what was lent', () => {
  const step = fc.record({
    appended: fc.nat(3000),
    dropped: fc.double({ min: 0, max: 1, noNaN: true }),
    settles: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
      const queue = new OctetQueue();
      let expected = new Uint8Array(0);
      let next = 0;
      for (const { appended, dropped, settles } of steps) {
        const piece = Uint8Array.from({ length: appended }, () => (next = (next + 1) % 251));
        queue.append(piece);
        expected = Uint8Array.from([...expected, ...piece]);
        const count = Math.floor(queue.size * dropped);
        queue.drop(count);
        expected = expected.subarray(count);
        if (settles) {
          queue.settle();
          piece.fill(0xff);
        }
        assert.equal(queue.size, expected.length);
        assert.equal(Buffer.compare(expected, queue.view(0, queue.size)), 0);
        const last = expected.length - 1;
        if (last >= 0) assert.equal(queue.at(last), expected[last]);
        assert.equal(queue.indexOf(expected[last] ?? 0xfe, Math.max(0, last)), last);
        assert.equal(queue.indexOf(0xff, 0), -1, 'what lies behind the end is not searched');
      }
    }),
    {
      numRuns: 50,
      examples: [
        [
          [
            { appended: 1500, dropped: 0, settles: true },
            { appended: 0, dropped: 0.9, settles: true },
            { appended: 1000, dropped: 0, settles: true },
          ],
        ],
      ],
    },
  );
});
