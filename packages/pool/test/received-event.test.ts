// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatEventTimestamp } from '@sentrypeer/event';
import type { Claim } from '../src/claim.ts';
import { receivedEvent } from '../src/received-event.ts';
import { NOW_US, uuidOf } from './claims.ts';

const CLAIM: Claim = {
  eventTimestamp: formatEventTimestamp(NOW_US - 1),
  eventEpochUs: NOW_US - 1,
  eventUuid: uuidOf('event'),
  nodeId: uuidOf('node'),
  collectedMethod: 'responsive',
  transportType: 'UDP',
  sourceIp: '45.12.3.4',
  sourceAddress: '45.12.3.4',
  destinationIp: '9.9.9.9:5060',
  calledNumber: '00442071234567',
  sipMethod: 'INVITE',
  userAgent: 'friendly-scanner',
  sipMessage: 'INVITE',
  grade: '',
};

const ORIGIN = { publicKey: undefined, address: '46.1.2.3' };

function eventOf(changes: Partial<Claim>): ReturnType<typeof receivedEvent>['event'] {
  return receivedEvent({ ...CLAIM, ...changes }, ORIGIN, NOW_US).event;
}

test('receivedEvent() keeps 256 characters of a User-Agent and 1,024 of a message, and no half of a pair', () => {
  const longest = eventOf({ userAgent: 'u'.repeat(256), sipMessage: 'm'.repeat(1024) });
  assert.equal(longest.userAgent, 'u'.repeat(256));
  assert.equal(longest.sipMessage, 'm'.repeat(1024));
  const cut = eventOf({ userAgent: 'u'.repeat(257), sipMessage: 'm'.repeat(1025) });
  assert.equal(cut.userAgent, 'u'.repeat(256));
  assert.equal(cut.sipMessage, 'm'.repeat(1024));
  const split = eventOf({ userAgent: `${'u'.repeat(255)}\u{1f600}` });
  assert.equal(split.userAgent, `${'u'.repeat(255)}\u{fffd}`);
});

test('receivedEvent() takes nothing for later than now, and no claimed grade for its own', () => {
  assert.equal(eventOf({}).eventEpochUs, NOW_US - 1);
  assert.equal(eventOf({ eventEpochUs: NOW_US + 1 }).eventEpochUs, NOW_US);
  const { grade, detailsJson } = eventOf({ grade: 'handshake' });
  assert.deepEqual([grade, detailsJson], ['seen', '{"claimedGrade":"handshake"}']);
  assert.equal(eventOf({}).detailsJson, undefined);
});

test('receivedEvent() leaves out what was not found, and the port of a destination', () => {
  const { calledNumber, sipMethod, userAgent, destinationIp } = eventOf({
    calledNumber: 'NOT_FOUND',
    sipMethod: '',
  });
  assert.deepEqual([calledNumber, sipMethod], [undefined, undefined]);
  assert.deepEqual([userAgent, destinationIp], ['friendly-scanner', '9.9.9.9']);
  assert.equal(eventOf({ destinationIp: 'here' }).destinationIp, '');
});

test('receivedEvent() says that nobody here saw the message', () => {
  const { messageKind, calledNumberSource, anomalies, sourceIp } = eventOf({
    sourceIp: '45.12.3.4:5060',
  });
  assert.deepEqual([messageKind, calledNumberSource, anomalies], ['request', 'none', '']);
  assert.equal(sourceIp, '45.12.3.4', 'the address alone');
});
