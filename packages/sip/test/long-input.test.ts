// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* One datagram must not hold up a thread: reading takes time in proportion to the octets, whatever they repeat. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latin1Octets } from '@sentrypeer/bytes';
import { splitMessages, StreamFramer } from '@sentrypeer/sip';
import { exerciseMessage } from './exercise.ts';

const OCTETS = 60_000;
/** Milliseconds of processor time; each takes less than 100, and what grows with the square takes 10,000 and more. */
const PROCESSOR_MS_MAX = 5000;

const UNITS: readonly string[] = [
  '1 ',
  ' ',
  '%00',
  '%41',
  '%',
  ';a=b',
  ';tag=',
  ',',
  '<',
  '"',
  '\\"',
  '@',
  ':',
  '[',
  '=,',
  '//',
  '\r',
  '\n',
  '\r\n ',
  '\r\r\n',
  ' sip:',
  '<sip:',
  'SIP/2.0/UDP h,',
  'INVITE sip:',
  ' SIP/2.0',
  '\0',
  'X: ',
  'v:\r\n',
  'a="b",',
  'l:0\r\n',
  '\r\nINVITE sip:1@h SIP/2.0\r\nl: 0\r\n\r\n',
];

const REST =
  'v: SIP/2.0/UDP h;branch=z9hG4bK-1\r\nt: <sip:1@h>\r\nf: <sip:2@h>;tag=x\r\ni: c\r\nCSeq: 1 INVITE\r\n\r\n';
const START = 'INVITE sip:h SIP/2.0\r\n';

const PLACES: Readonly<Record<string, (long: string) => string>> = {
  'the method': (long) => `${long} sip:1@h SIP/2.0\r\n${REST}`,
  'the user': (long) => `INVITE sip:1${long}@h SIP/2.0\r\n${REST}`,
  'a telephone URI': (long) => `INVITE tel:${long} SIP/2.0\r\n${REST}`,
  'the Request-URI': (long) => `INVITE ${long} SIP/2.0\r\n${REST}`,
  'the host': (long) => `INVITE sip:1@${long} SIP/2.0\r\n${REST}`,
  To: (long) => `${START}t: ${long}\r\n${REST}`,
  'the user of To': (long) => `${START}t: <sip:${long}\r\n${REST}`,
  From: (long) => `${START}f: <sip:2@h>${long}\r\n${REST}`,
  Via: (long) => `${START}v: SIP/2.0/UDP h${long}\r\n${REST}`,
  credentials: (long) => `${START}Authorization: Digest ${long}\r\n${REST}`,
  'the headers': (long) => `${START}${long}${REST}`,
  'the body': (long) => `${START}l: ${long.length}\r\n${REST}${long}`,
};

for (const [place, message] of Object.entries(PLACES))
  test(`reading takes time in proportion to ${place}`, () => {
    for (const unit of UNITS) {
      const octets = latin1Octets(message(unit.repeat(OCTETS / unit.length)));
      const before = process.cpuUsage();
      exerciseMessage(octets);
      const framer = new StreamFramer();
      framer.push(octets);
      framer.flush();
      splitMessages(octets);
      const { user, system } = process.cpuUsage(before);
      assert.ok((user + system) / 1000 < PROCESSOR_MS_MAX, JSON.stringify(unit));
    }
  });
