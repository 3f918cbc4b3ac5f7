// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HEADER_OCTETS } from '../../src/wire/message.ts';
import {
  decodeNotification,
  encodeNotification,
  notification,
  notificationName,
  shutdownCommunication,
  shutdownNotification,
} from '../../src/wire/notification.ts';

test('shutdownCommunication() reads what shutdownNotification() wrote, cut to whole characters', () => {
  const text = 'maintenance until 4 o’clock';
  assert.equal(shutdownCommunication(shutdownNotification(2, text)), text);
  const long = shutdownNotification(4, 'é'.repeat(200));
  assert.equal(long.data.length, 1 + 254);
  assert.equal(shutdownCommunication(long), 'é'.repeat(127));
  assert.equal(shutdownCommunication(shutdownNotification(2, '')), undefined);
});

test('shutdownCommunication() makes control characters blanks, and reads nothing that is malformed', () => {
  assert.equal(shutdownCommunication(shutdownNotification(2, 'a\nb\u001b[2Jc\u202e')), 'a b [2Jc ');
  assert.equal(shutdownCommunication(notification(6, 2, Uint8Array.of(9, 65))), undefined);
  assert.equal(shutdownCommunication(notification(6, 1, Uint8Array.of(1, 65))), undefined);
});

test('decodeNotification() reads what encodeNotification() wrote', () => {
  const one = notification(2, 7, Uint8Array.of(1, 2, 3));
  assert.deepEqual(decodeNotification(encodeNotification(one).subarray(HEADER_OCTETS)), one);
});

test('notificationName() names what IANA has a name for', () => {
  for (const [code, subcode, name] of [
    [4, 0, 'Hold Timer Expired'],
    [6, 1, 'Cease/Maximum Number of Prefixes Reached'],
    [6, 99, 'Cease/99'],
    [8, 0, 'Send Hold Timer Expired'],
    [99, 1, 'error 99/1'],
    [0, 0, 'error 0/0'],
  ] as const)
    assert.equal(notificationName(notification(code, subcode)), name);
});
