// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Limits, borrowing and memory; how streams are framed is in the corpus (streams.md). */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latin1Octets, latin1Text } from '@sentrypeer/bytes';
import { StreamFramer, type Frame } from '../src/index.ts';
import { readAllMessages, readManifest } from './corpus.ts';
import { fingerprint, frameStream } from './exercise.ts';

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
  assert.deepEqual(framer.flush(), []);
});

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

test('push() gives the same messages however the stream is cut', () => {
  for (const { file, octets } of [...readManifest('torture'), ...readManifest('samples')]) {
    const whole = frameStream(octets, []);
    const each = Array.from({ length: octets.length }, (_, index) => index);
    assert.deepEqual(frameStream(octets, each), whole, `${file}, byte at a time`);
    for (let cut = 1; cut < octets.length; cut += 7) {
      assert.deepEqual(frameStream(octets, [cut]), whole, `${file}, cut at ${cut}`);
    }
  }
});

test('push() finds every message of a stream that holds all that can follow one another', () => {
  const messages = readAllMessages().filter((octets) => {
    const frames = frameStream(octets, []);
    return frames.length === 1 && frames[0]?.endsWith('  false');
  });
  assert.ok(messages.length > 80, String(messages.length));
  const stream = Buffer.concat(messages);
  const frames = new StreamFramer().push(stream);
  const texts = frames.map((frame) => (frame.kind === 'message' ? fingerprint(frame.octets) : ''));
  assert.deepEqual(texts, messages.map(fingerprint));
  const cuts = Array.from({ length: 400 }, (_, index) => index * 97);
  assert.deepEqual(frameStream(stream, cuts), frameStream(stream, []));
});
