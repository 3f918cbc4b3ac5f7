// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  decodeSipviciousTag,
  decodeUserPart,
  digitsOf,
  formatResponse,
  looksLikeNumber,
  parameterValue,
  parseCSeq,
  parseDigestParams,
  parseMessage,
  parseNameAddr,
  parseSipUri,
  parseSipviciousTag,
  parseVia,
  splitCommaList,
  StreamFramer,
  verifyDigest,
  type Frame,
} from '../src/index.ts';

/** Parses octets, asks for everything, and checks what must hold whatever the octets are. */
export function exerciseMessage(octets: Uint8Array): void {
  const message = parseMessage(octets);
  assert.equal(message.octets, octets);
  assert.ok(['request', 'response', 'not-sip'].includes(message.kind));
  assert.equal(message.kind === 'request', message.method !== undefined);
  assert.ok(message.kind === 'not-sip' || octets.length > 0);
  assert.ok(message.bodyOffset >= 0 && message.bodySize >= 0);
  assert.ok(message.bodyOffset + message.bodySize <= octets.length);
  assert.equal(message.body.length, message.bodySize);
  const { called, fromUser, credentials, vias, to, from } = message;
  assert.equal(called.source === 'none', called.number === undefined);
  assert.ok(vias.length <= 256 && message.headers.length <= 1024);
  if (called.number !== undefined && digitsOf(called.number) !== '') {
    assert.ok(looksLikeNumber(called.number.split(';')[0] ?? ''));
  }
  decodeSipviciousTag(from?.tag ?? '');
  parseSipviciousTag(to?.tag ?? '', fromUser);
  if (credentials !== undefined)
    verifyDigest(credentials, message.method ?? '', '100', message.body);
  for (const text of [message.toUser, message.userAgent, message.callId, message.cseq?.number]) {
    assert.ok(text === undefined || text.length <= octets.length);
  }
  formatResponse({
    request: message,
    status: 404,
    reason: 'Not Found',
    toTag: 'as1',
    source: { address: '192.0.2.1', port: 5060 },
    headers: [['Contact', message.header('contact') ?? '']],
  });
  let offset = 0;
  for (const header of message.headers) {
    assert.ok(header.offset >= offset && header.offset <= octets.length);
    ({ offset } = header);
  }
  const anomalies = message.anomalies();
  assert.ok(anomalies.length <= 64);
  for (const anomaly of anomalies) {
    assert.ok(anomaly.offset >= 0 && anomaly.offset <= octets.length, anomaly.code);
  }
}

/** Every codec on one text. */
export function exerciseCodecs(text: string): void {
  parseVia(text);
  parseNameAddr(text);
  parseCSeq(text);
  parseSipUri(text);
  parseDigestParams(text);
  parameterValue(text, 'tag');
  splitCommaList(text, 1000);
  decodeUserPart(text);
  decodeSipviciousTag(text);
}

/** The frames of a stream that is cut at the given offsets, in words, so that they can be compared. */
export function frameStream(octets: Uint8Array, cuts: readonly number[]): readonly string[] {
  const framer = new StreamFramer();
  const frames: string[] = [];
  const ends = [...new Set(cuts.map((cut) => cut % (octets.length + 1)))].toSorted((a, b) => a - b);
  let start = 0;
  for (const end of [...ends, octets.length]) {
    // A copy, so that anything that borrows the octets beyond the call is found out.
    const piece = new Uint8Array(octets.subarray(start, end));
    frames.push(...framer.push(piece).map(describeFrame));
    piece.fill(0x2e);
    start = end;
  }
  const [last] = framer.flush();
  assert.deepEqual(framer.push(octets), [], 'nothing is framed behind the end');
  return last === undefined ? frames : [...frames, `end ${describeFrame(last)}`];
}

/** Octets in a few characters, so that differences are reported fast: a diff of messages can take minutes. */
export function fingerprint(octets: Uint8Array): string {
  return `${octets.length} octets ${createHash('sha256').update(octets).digest('hex').slice(0, 16)}`;
}

function describeFrame(frame: Frame): string {
  if (frame.kind === 'ping') return 'ping';
  // Of what is refused at once, only as much is available as came with it.
  if (frame.kind === 'refused') return `refused ${frame.code}`;
  exerciseMessage(frame.octets);
  return `${fingerprint(frame.octets)} ${frame.anomalies.join()} ${String(frame.close)}`;
}
