// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RecordedEvent } from '@sentrypeer/event';
import { formatVerboseEvent } from '../../src/output/verbose-event.ts';

const event: RecordedEvent = {
  honeyId: 1,
  eventTimestamp: '2021-11-23 20:13:36.427515000',
  eventUuid: '0193f0a0-0000-7000-8000-000000000001',
  createdByNodeId: 'fac3fa20-8c2c-845b-8661-50a70fa9e873',
  collectedMethod: 'responsive',
  transportType: 'UDP',
  grade: 'seen',
  sourceIp: '192.0.2.7',
  sourcePort: 5071,
  destinationIp: '198.51.100.1',
  destinationPort: 5060,
  calledNumber: '100',
  sipMethod: 'OPTIONS',
  userAgent: 'friendly-scanner',
  requestUri: 'sip:100@198.51.100.1',
  sipMessage: 'OPTIONS sip:100@198.51.100.1 SIP/2.0\r\nContent-Length: 0\r\n\r\n',
};

test('formatVerboseEvent() prints the names of SentryPeer 4.x in its order', () => {
  assert.equal(
    formatVerboseEvent(event),
    `Bad Actor is:
Event Timestamp: 2021-11-23 20:13:36.427515000
Event UUID: 0193f0a0-0000-7000-8000-000000000001
SIP Message: OPTIONS sip:100@198.51.100.1 SIP/2.0
    Content-Length: 0
Source IP: 192.0.2.7
Called Number: 100
SIP Method: OPTIONS
Transport Type: UDP
User Agent: friendly-scanner
Collected Method: responsive
Created by Node Id: fac3fa20-8c2c-845b-8661-50a70fa9e873
Destination IP address of UDP packet is: 198.51.100.1

`,
  );
});

test('formatVerboseEvent() lets no message reach the terminal or pass for a line of ours', () => {
  const text = formatVerboseEvent({
    ...event,
    userAgent: 'x\u001b]0;owned\u0007\nSource IP: 8.8.8.8',
    calledNumber: '1\u202e2',
    sipMessage: 'A\0\u001b[2J\u009b\rB\nSource IP: 8.8.8.8',
  });
  assert.match(text, /\nSIP Message: A\\x00\\x1b\[2J\\x9b\\rB\n {4}Source IP: 8\.8\.8\.8\n/);
  assert.match(text, /\nUser Agent: x\\x1b\]0;owned\\x07\\nSource IP: 8\.8\.8\.8\n/);
  assert.match(text, /\nCalled Number: 1\\u202e2\n/);
  assert.equal(text.split('\nSource IP:').length, 2);
});

test('formatVerboseEvent() cuts what is long and says so', () => {
  const text = formatVerboseEvent({
    ...event,
    userAgent: 'u'.repeat(3000),
    sipMessage: 'm'.repeat(65_535),
  });
  assert.match(text, /m\n {4}\.\.\. \(60735 more octets\)\n/);
  assert.match(text, /u\.\.\. \(952 more characters\)\n/);
  assert.ok(text.length < 8000);
});
