// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Inputs shaped after public reports and advisories, and what must be read in each, over UDP and on streams. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latin1Octets } from '@sentrypeer/bytes';
import { parseMessage, StreamFramer, type SipMessage } from '../src/index.ts';
import { readAllMessages, readCases, readManifest } from './corpus.ts';
import { fingerprint, frameStream } from './exercise.ts';

/** What an event would say about a message. */
function reading(message: SipMessage): readonly unknown[] {
  const { kind, method, requestUri, called, userAgent, callId, toUser } = message;
  return [kind, method, requestUri, called.number, called.source, userAgent, callId, toUser];
}

/** All messages of a stream that ends after these octets. */
function readStream(octets: Uint8Array): readonly SipMessage[] {
  const framer = new StreamFramer();
  const frames = [...framer.push(octets), ...framer.flush()];
  return frames.flatMap((frame) => (frame.kind === 'ping' ? [] : [parseMessage(frame.octets)]));
}

function assertExpected(messages: readonly SipMessage[], expected: CaseExpectation): void {
  const { method, called, rows, answered } = expected;
  if (method !== undefined) assert.equal(messages[0]?.method, method);
  if (called !== undefined) assert.equal(messages[0]?.called.number, called);
  if (answered === false) assert.equal(messages[0]?.header('via'), undefined);
  if (rows === undefined) assert.equal(messages.length, 1);
  else {
    const read = messages.map((each) => [each.method, each.called.number, each.userAgent]);
    assert.deepEqual(read, rows);
  }
}

type CaseExpectation = ReturnType<typeof readCases>[number]['expected'];

for (const { file, transports, expected, octets } of readCases()) {
  test(`${file} is read as its manifest says`, () => {
    if (transports.includes('udp')) assertExpected([parseMessage(octets)], expected);
    if (transports.some((name) => name !== 'udp')) assertExpected(readStream(octets), expected);
  });
}

test('a stream is read as a datagram with the same octets', () => {
  const all = [...readAllMessages(), ...readCases().map(({ octets }) => octets)];
  assert.ok(all.length > 150, String(all.length));
  for (const octets of all) {
    const datagram = parseMessage(octets);
    const [first] = readStream(octets);
    // Line ends alone are not an event on a stream.
    if (first === undefined) assert.equal(datagram.kind, 'not-sip');
    else assert.deepEqual(reading(first), reading(datagram));
  }
});

/** What senders are known to put before a message: keep-alives, ends of C strings, blanks, byte order marks. */
const BEFORE = [
  '\r\n',
  '\n',
  '\r',
  '\0',
  '\r\n\0',
  '\0\r\n',
  '\r\0\n',
  '\r\n\0\r\n\r\n',
  ' ',
  '\t\r\n',
  ' \0 \r\n\r\n',
  '\xEF\xBB\xBF',
  '\r\n\xEF\xBB\xBF',
];

test('whatever stands before a message, a stream is read as a datagram', () => {
  for (const message of readAllMessages()) {
    if (parseMessage(message).kind === 'not-sip') continue;
    for (const before of BEFORE) {
      const octets = Uint8Array.from([...latin1Octets(before), ...message]);
      const datagram = parseMessage(octets);
      const where = `${JSON.stringify(before)} before ${datagram.method}`;
      const [first] = readStream(octets);
      assert.ok(first, where);
      assert.deepEqual(reading(first), reading(datagram), where);
      assert.deepEqual(reading(datagram), reading(parseMessage(message)), where);
    }
  }
});

test('a stream that is cut anywhere is read as a datagram that is cut there', () => {
  for (const octets of readAllMessages()) {
    for (let size = 1; size < octets.length; size += 13) {
      const cut = octets.subarray(0, size);
      const [first] = readStream(cut);
      if (first !== undefined) assert.deepEqual(reading(first), reading(parseMessage(cut)));
    }
  }
});

test('StreamFramer gives the same messages however the stream is cut', () => {
  for (const { file, octets } of [...readManifest('torture'), ...readManifest('samples')]) {
    const whole = frameStream(octets, []);
    const each = Array.from({ length: octets.length }, (_, index) => index);
    assert.deepEqual(frameStream(octets, each), whole, `${file}, byte at a time`);
    for (let cut = 1; cut < octets.length; cut += 7) {
      assert.deepEqual(frameStream(octets, [cut]), whole, `${file}, cut at ${cut}`);
    }
  }
});

test('StreamFramer finds every message of a stream that holds all that can follow one another', () => {
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
