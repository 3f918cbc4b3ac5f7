// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What of a WebSocket is read: all that came, also of frames that break a rule or never end. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ConnectionQuota, StreamListener, type Frame } from '@sentrypeer/net';
import { WEB_SOCKET_MESSAGE_OCTETS_MAX } from '../src/limits.ts';
import { WebSocketFramer } from '../src/web-socket/web-socket-framer.ts';
import { Arrivals } from './arrivals.ts';
import { LineFramer } from './line-framer.ts';
import { CONNECTIONS, listen, StreamPeer } from './stream-peer.ts';

const HEAD = Buffer.from(
  [
    'GET /ws HTTP/1.1',
    'Host: pbx.example',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Protocol: sip',
    '',
    '',
  ].join('\r\n'),
);

interface Parts {
  readonly first: number;
  readonly payload: string;
  readonly isMasked?: boolean;
  /** What the head says instead of the payload's size. */
  readonly size?: number;
}

/** A frame of a client; `first` is its first octet. */
function frame({ first, payload, isMasked = true, size = payload.length }: Parts): Buffer {
  const octets = Buffer.from(payload, 'latin1');
  const bit = isMasked ? 0x80 : 0;
  const length = Buffer.alloc(size < 126 ? 1 : size < 65_536 ? 3 : 9);
  if (size < 126) length[0] = bit | size;
  else if (size < 65_536) length.writeUInt16BE(size, 1);
  else length.writeBigUInt64BE(BigInt(size), 1);
  if (size >= 126) length[0] = bit | (size < 65_536 ? 126 : 127);
  const mask = [0xa1, 0x02, 0x7f, 0xee];
  return isMasked
    ? Buffer.concat([
        Buffer.of(first),
        length,
        Buffer.from(mask),
        octets.map((octet, index) => octet ^ (mask[index % 4] ?? 0)),
      ])
    : Buffer.concat([Buffer.of(first), length, octets]);
}

const text = (payload: string): Buffer => frame({ first: 0x81, payload });
const begin = (payload: string): Buffer => frame({ first: 0x01, payload });
const more = (payload: string): Buffer => frame({ first: 0x00, payload });
const end = (payload: string): Buffer => frame({ first: 0x80, payload });
const ping = frame({ first: 0x89, payload: 'you' });
const close = frame({ first: 0x88, payload: '\x03\xe8' });

function told(each: Frame): string {
  if (each.kind === 'control') {
    return `control ${quoted(each.reply ?? new Uint8Array(0))}${each.close ? ' close' : ''}`;
  }
  if (each.kind === 'refused') return `refused ${each.code} ${quoted(each.octets)}`;
  if (each.kind !== 'message') return each.kind;
  const rest = [...each.anomalies, each.isUnfinished ? 'unanswered' : 'answered'];
  return [`message ${quoted(each.octets)}`, ...rest, ...(each.close ? ['close'] : [])].join(' ');
}

function quoted(octets: Uint8Array): string {
  return JSON.stringify(Buffer.from(octets).toString('latin1')).replaceAll(
    /[^ -~]/g,
    (character) => `\\u00${character.charCodeAt(0).toString(16)}`,
  );
}

/** Bars stand between the messages of one WebSocket message. */
function splitAtBars(octets: Uint8Array): readonly Uint8Array[] {
  const parts = Buffer.from(octets).toString('latin1').split('|');
  return parts.map((part) => Buffer.from(part, 'latin1'));
}

/** What is told about these pieces behind an upgrade, and then at the end of the connection. */
function read(pieces: readonly Uint8Array[]): readonly string[] {
  const framer = new WebSocketFramer(new LineFramer(), splitAtBars);
  assert.deepEqual(framer.push(HEAD).map(told), ['upgrade']);
  const frames = pieces.flatMap((piece) => framer.push(piece).map(told));
  const last = framer.flush().map((each) => `at end: ${told(each)}`);
  assert.deepEqual(framer.flush(), [], 'once');
  assert.equal(framer.waitingOctets, 0, 'nothing is kept');
  return [...frames, ...last];
}

function eachOctet(octets: Uint8Array): readonly Uint8Array[] {
  return Array.from(octets, (_, index) => octets.subarray(index, index + 1));
}

const INVITE = 'INVITE sip:100@h SIP/2.0\r\n';
const SAID = JSON.stringify(INVITE);

const WHOLE: Readonly<Record<string, readonly [readonly Buffer[], readonly string[]]>> = {
  'a message in one frame': [[text(INVITE)], [`message ${SAID} answered`]],
  'a message of more than 64 KiB': [
    [text('x'.repeat(70_000))],
    [`message "${'x'.repeat(70_000)}" answered`],
  ],
  'binary fragments, one of them empty, round a ping': [
    [frame({ first: 0x02, payload: 'INVITE ' }), more(''), ping, end('sip:1')],
    ['control "\\u008a\\u0003you"', 'message "INVITE sip:1" answered'],
  ],
  'several messages in one': [
    [text('one|two'), begin('three'), end('|four')],
    ['one', 'two', 'three', 'four'].map((each) => `message "${each}" web_socket_messages answered`),
  ],
  'a keep-alive': [[text('\r\n\r\n')], ['ping']],
  'a pong': [[frame({ first: 0x8a, payload: '' })], ['control ""']],
  'a message whose end never comes': [
    [text('one'), frame({ first: 0x81, payload: INVITE, size: 600 })],
    ['message "one" answered', `at end: message ${SAID} web_socket_unfinished unanswered close`],
  ],
  'a message whose last fragment never comes': [
    [begin('INVITE '), more('sip:1')],
    ['at end: message "INVITE sip:1" web_socket_unfinished unanswered close'],
  ],
  'half a head behind a fragment': [
    [begin(INVITE), more('x').subarray(0, 1)],
    [`at end: message ${SAID} web_socket_unfinished unanswered close`],
  ],
  'half a head': [
    [text(INVITE).subarray(0, 3)],
    ['at end: message "\\u0081\\u009a\\u00a1" web_socket_unfinished unanswered close'],
  ],
  'half a mask': [
    [frame({ first: 0x81, payload: 'x'.repeat(200) }).subarray(0, 5)],
    [
      'at end: message "\\u0081\\u00fe\\u0000\\u00c8\\u00a1" web_socket_unfinished unanswered close',
    ],
  ],
  'a head and nothing behind it': [
    [frame({ first: 0x81, payload: '', size: 5 })],
    [
      'at end: message "\\u0081\\u0085\\u00a1\\u0002\\u007f\\u00ee" web_socket_unfinished unanswered close',
    ],
  ],
  'half a ping': [
    [frame({ first: 0x89, payload: 'INV', size: 9 })],
    ['at end: message "INV" web_socket_unfinished unanswered close'],
  ],
  'a ping in a message that does not end': [
    [begin(INVITE), ping],
    [
      'control "\\u008a\\u0003you"',
      `at end: message ${SAID} web_socket_unfinished unanswered close`,
    ],
  ],
  'a frame that says it has 2 GiB': [
    [frame({ first: 0x81, payload: INVITE, size: 2 ** 31 })],
    [`at end: message ${SAID} web_socket_frame web_socket_unfinished unanswered close`],
  ],
  'a frame that says it has more than any number holds': [
    [Buffer.concat([Buffer.of(0x81, 0x7f), Buffer.alloc(8, 0xff), Buffer.from(INVITE)])],
    [`at end: message ${SAID} web_socket_frame web_socket_unfinished unanswered close`],
  ],
};

const LAST = 'control "" close';
const BROKEN: Readonly<Record<string, readonly [readonly Buffer[], readonly string[]]>> = {
  'a frame without mask': [
    [frame({ first: 0x81, payload: INVITE, isMasked: false })],
    [`message ${SAID} web_socket_frame unanswered`, LAST],
  ],
  'fragments without mask': [
    [
      frame({ first: 0x01, payload: 'INVITE ', isMasked: false }),
      frame({ first: 0x80, payload: 'sip:1', isMasked: false }),
    ],
    ['message "INVITE sip:1" web_socket_frame unanswered', LAST],
  ],
  'a last fragment without mask': [
    [begin('INVITE '), frame({ first: 0x80, payload: 'sip:1', isMasked: false })],
    ['message "INVITE sip:1" web_socket_frame unanswered', LAST],
  ],
  'a continuation without a beginning': [
    [end(INVITE)],
    [`message ${SAID} web_socket_frame unanswered`, LAST],
  ],
  'a compressed frame': [
    [frame({ first: 0xc1, payload: INVITE })],
    [`message ${SAID} web_socket_frame unanswered`, LAST],
  ],
  'an unknown kind of frame': [
    [frame({ first: 0x83, payload: INVITE })],
    [`message ${SAID} web_socket_frame unanswered`, LAST],
  ],
  'a ping that is too long': [
    [frame({ first: 0x89, payload: INVITE.repeat(6) })],
    [`message ${JSON.stringify(INVITE.repeat(6))} web_socket_frame unanswered`, LAST],
  ],
  'a ping that is not final': [
    [frame({ first: 0x09, payload: INVITE })],
    [`message ${SAID} web_socket_frame unanswered`, LAST],
  ],
  'an empty frame without mask': [
    [frame({ first: 0x81, payload: '', isMasked: false })],
    ['message "\\u0081\\u0000" web_socket_frame unanswered', LAST],
  ],
  'a message of more than its limit': [
    [text('x'.repeat(WEB_SOCKET_MESSAGE_OCTETS_MAX + 1))],
    [`message "${'x'.repeat(WEB_SOCKET_MESSAGE_OCTETS_MAX)}" web_socket_frame unanswered`, LAST],
  ],
  'fragments of more than the limit': [
    [begin('x'.repeat(60_000)), end('x'.repeat(60_000))],
    [`message "${'x'.repeat(WEB_SOCKET_MESSAGE_OCTETS_MAX)}" web_socket_frame unanswered`, LAST],
  ],
  'text in the place of a frame': [
    [Buffer.from('INVITE sip:1\nACK sip:1\nBYE')],
    [
      'message "INVITE sip:1" web_socket_frame unanswered',
      'message "ACK sip:1" web_socket_frame unanswered',
      'message "BYE" web_socket_frame cut unanswered',
      LAST,
    ],
  ],
  'text behind a fragment': [
    [begin(INVITE), Buffer.from('ACK sip:1\n')],
    [
      `message ${SAID} web_socket_unfinished unanswered`,
      'message "ACK sip:1" web_socket_frame unanswered',
      LAST,
    ],
  ],
  'text that is not the protocol': [
    [Buffer.from('BAD\n')],
    ['refused web_socket_frame "BAD"', LAST],
  ],
  'a message within another': [
    [begin(INVITE), text('ACK')],
    [
      `message ${SAID} web_socket_unfinished unanswered`,
      'message "ACK" web_socket_frame unanswered',
      LAST,
    ],
  ],
  'messages behind one without mask': [
    [frame({ first: 0x81, payload: INVITE, isMasked: false }), text('ACK'), begin('BYE')],
    [
      `message ${SAID} web_socket_frame unanswered`,
      'message "ACK" web_socket_frame unanswered',
      'message "BYE" web_socket_frame web_socket_unfinished unanswered',
      LAST,
    ],
  ],
  'several messages in one without mask, and in one that never ends': [
    [frame({ first: 0x81, payload: 'one|two', isMasked: false }), begin('three|four')],
    [
      'message "one" web_socket_frame web_socket_messages unanswered',
      'message "two" web_socket_frame web_socket_messages unanswered',
      'message "three" web_socket_frame web_socket_unfinished web_socket_messages unanswered',
      'message "four" web_socket_frame web_socket_unfinished web_socket_messages unanswered',
      LAST,
    ],
  ],
  'a close behind half a message': [
    [begin(INVITE), close],
    [
      `message ${SAID} web_socket_unfinished unanswered`,
      'control "\\u0088\\u0002\\u0003\\u00e8"',
      LAST,
    ],
  ],
  'a message behind a close': [
    [close, text(INVITE), close],
    [
      'control "\\u0088\\u0002\\u0003\\u00e8"',
      `message ${SAID} web_socket_frame unanswered`,
      'control ""',
      LAST,
    ],
  ],
};

for (const [name, [frames, expected]] of Object.entries({ ...WHOLE, ...BROKEN }))
  test(`WebSocketFramer reads ${name}`, () => {
    assert.deepEqual(read([Buffer.concat(frames)]), expected);
  });

for (const [name, [frames, expected]] of Object.entries(WHOLE))
  test(`WebSocketFramer reads ${name}, octet by octet`, () => {
    assert.deepEqual(read(eachOctet(Buffer.concat(frames))), expected);
  });

test('what comes with the upgrade is read, even if it breaks off', () => {
  const framer = new WebSocketFramer(new LineFramer(), splitAtBars);
  const frames = framer.push(Buffer.concat([HEAD, text('one'), begin('two')]));
  assert.deepEqual(frames.map(told), ['upgrade', 'message "one" answered']);
  assert.ok(framer.midMessage);
  assert.deepEqual(framer.flush().map(told), [
    'message "two" web_socket_unfinished unanswered close',
  ]);
});

test('an answer has the size that fits its frame', () => {
  const framer = new WebSocketFramer(new LineFramer(), splitAtBars);
  framer.push(HEAD);
  for (const [size, head] of [
    [0, [0x81, 0]],
    [125, [0x81, 125]],
    [126, [0x81, 126, 0, 126]],
    [65_535, [0x81, 126, 0xff, 0xff]],
    [65_536, [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]],
  ] as const) {
    const wrapped = Buffer.from(framer.wrap(new Uint8Array(size).fill(0x41)));
    assert.deepEqual([...wrapped.subarray(0, head.length)], head);
    assert.equal(wrapped.length, head.length + size);
    assert.ok(wrapped.subarray(head.length).every((octet) => octet === 0x41));
  }
});

test('the farewell names an error only if there was one', () => {
  for (const [octets, status] of [
    [text('one'), '\x03\xe8'],
    [frame({ first: 0x81, payload: 'one', isMasked: false }), '\x03\xea'],
    [close, undefined],
  ] as const) {
    const framer = new WebSocketFramer(new LineFramer(), splitAtBars);
    framer.push(HEAD);
    framer.push(octets);
    const farewell = framer.farewell;
    assert.equal(
      farewell === undefined ? undefined : Buffer.from(farewell).toString('latin1'),
      status === undefined ? undefined : `\x88\x02${status}`,
    );
  }
});

const anyFrames = fc.array(
  fc.record({
    first: fc.oneof(
      fc.integer({ min: 0x80, max: 0xff }),
      fc.integer({ min: 0x00, max: 0x0f }),
      fc.constantFrom(0x00, 0x01, 0x02, 0x80, 0x81, 0x82, 0x89),
    ),
    size: fc.nat(200),
    isMasked: fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, fc.constant(false)),
  }),
  { minLength: 1, maxLength: 8 },
);

test('every octet of a message that came is told, whatever its frames, in order and once', () => {
  fc.assert(
    fc.property(anyFrames, fc.nat(300), (parts, cut) => {
      let letters = 0;
      const frames = parts.map(({ first, size, isMasked }) => {
        // Line ends without a mask are text, and not a frame.
        const octet = !isMasked && (first === 0x0d || first === 0x0a) ? 0x01 : first;
        const payload = String.fromCharCode(
          ...Array.from({ length: size }, () => 0x61 + (letters++ % 26)),
        );
        const isControl = octet >= 0x88 && octet <= 0x8a && isMasked && size <= 125;
        return { octets: frame({ first: octet, payload, isMasked }), payload, isControl };
      });
      const last = frames.at(-1);
      const missing = last === undefined || last.isControl ? 0 : Math.min(cut, last.payload.length);
      const sent = Buffer.concat(frames.map(({ octets }) => octets));
      // Control frames are answered, and say nothing.
      const said = frames.map(({ payload, isControl }) => (isControl ? '' : payload)).join('');

      const framer = new WebSocketFramer(new LineFramer(), splitAtBars);
      framer.push(HEAD);
      const heard = [...framer.push(sent.subarray(0, sent.length - missing)), ...framer.flush()];
      const texts = heard.map((each) =>
        each.kind === 'message' ? Buffer.from(each.octets).toString('latin1') : '',
      );
      // What has no payload is told by its head, which has no letters alone.
      const text = texts.filter((each) => /^[a-z]*$/.test(each)).join('');
      assert.equal(text, said.slice(0, said.length - missing));
      assert.equal(framer.waitingOctets, 0);
    }),
    { numRuns: 300 },
  );
});

test('messageMsMax ends a started message, however many pings come within it', async () => {
  const framer = (): WebSocketFramer => new WebSocketFramer(new LineFramer(), splitAtBars);
  const limits = { messageMsMax: 60, idleMsMax: 60_000 };
  await using heard = await listen({ limits }, undefined, CONNECTIONS, framer);
  using peer = await StreamPeer.tcp(heard.listener);
  peer.socket.write(Buffer.concat([HEAD, begin(INVITE)]));
  assert.equal((await heard.frames.next()).frame.kind, 'upgrade');
  const pings = setInterval(() => peer.socket.write(ping), 5).unref();
  const { frame: last } = await heard.frames.next();
  clearInterval(pings);
  assert.equal(told(last), `message ${SAID} web_socket_unfinished unanswered close`);
});

test('what has come is told, although its owner ends the connection at the first of it', async () => {
  const heard = new Arrivals<string>();
  await using listener = await StreamListener.open(
    { quota: new ConnectionQuota(CONNECTIONS), onEvidence: () => undefined },
    { host: '127.0.0.1', port: 0, reusePort: false },
    () => new WebSocketFramer(new LineFramer(), splitAtBars),
    (each, connection) => {
      heard.push(told(each));
      if (each.kind === 'message') connection.closeSoon();
    },
  );
  using peer = await StreamPeer.tcp(listener);
  peer.socket.write(Buffer.concat([HEAD, text('one'), text('two'), begin('three')]));
  for (const expected of [
    'upgrade',
    'message "one" answered',
    'message "two" answered',
    'message "three" web_socket_unfinished unanswered close',
  ])
    assert.equal(await heard.next(), expected);
});
