// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foundEvent, recordedEvent, type Row } from '../../src/log/event-row.ts';
import { gradeOfRank, gradeOfText, gradeRank } from '../../src/log/grades.ts';

const ROW: Row = {
  honey_id: 7,
  event_timestamp: '2026-03-01 12:00:00.000000000',
  event_uuid: 'uuid',
  created_by_node_id: 'node',
  collected_method: 'responsive',
  transport_type: 'TLS',
  source_ip: '203.0.113.5',
  source_port: 5071,
  destination_ip: '198.51.100.7',
  destination_port: 0,
  called_number: '0044',
  method: 'INVITE',
  user_agent: 'sipcli',
  grade: 'returned',
  request_uri: 'sip:a',
  sip_message: 'INVITE',
  is_imported: null,
  origin_address: null,
  created_at: '2026-03-01 12:00:00.001',
  message_kind: 'request',
  called_number_source: 'to',
  to_uri: 'sip:b',
  to_user: 'b',
  from_uri: 'sip:c',
  from_user: 'c',
  anomalies: 'via_missing',
  details: '{}',
  seen_count: 3,
  last_seen: '2026-03-01 13:00:00.000000000',
  origin_key: null,
};

const RECORDED = {
  honeyId: 7,
  eventTimestamp: '2026-03-01 12:00:00.000000000',
  eventUuid: 'uuid',
  createdByNodeId: 'node',
  collectedMethod: 'responsive',
  transportType: 'TLS',
  sourceIp: '203.0.113.5',
  sourcePort: 5071,
  destinationIp: '198.51.100.7',
  destinationPort: 0,
  calledNumber: '0044',
  sipMethod: 'INVITE',
  userAgent: 'sipcli',
  grade: 'returned',
  requestUri: 'sip:a',
  sipMessage: 'INVITE',
};

const MORE = {
  recordedAt: '2026-03-01 12:00:00.001',
  messageKind: 'request',
  calledNumberSource: 'to',
  toUri: 'sip:b',
  toUser: 'b',
  fromUri: 'sip:c',
  fromUser: 'c',
  anomalies: 'via_missing',
  detailsJson: '{}',
  seenCount: 3,
  lastSeen: '2026-03-01 13:00:00.000000000',
  origin: undefined,
};

test('recordedEvent() and foundEvent() read every column', () => {
  assert.deepEqual(recordedEvent(ROW), RECORDED);
  assert.deepEqual(foundEvent(ROW), { ...RECORDED, ...MORE });
});

test('recordedEvent() and foundEvent() make an event of whatever another program wrote', () => {
  const blob = Uint8Array.of(0);
  for (const odd of [null, blob, undefined]) {
    const row = Object.fromEntries(Object.keys(ROW).map((column) => [column, odd]));
    const bare = {
      honeyId: 8,
      eventTimestamp: '',
      eventUuid: '',
      createdByNodeId: '',
      collectedMethod: 'passive',
      transportType: 'UDP',
      sourceIp: '',
      sourcePort: undefined,
      destinationIp: undefined,
      destinationPort: undefined,
      calledNumber: 'NOT_FOUND',
      sipMethod: 'NOT_FOUND',
      userAgent: 'NOT_FOUND',
      grade: undefined,
      requestUri: undefined,
      sipMessage: '',
    };
    const numbers = { honey_id: 8, seen_count: 1 };
    assert.deepEqual(recordedEvent({ ...row, ...numbers }), bare);
    assert.deepEqual(foundEvent({ ...row, ...numbers }), {
      ...bare,
      recordedAt: '',
      messageKind: undefined,
      calledNumberSource: undefined,
      toUri: undefined,
      toUser: undefined,
      fromUri: undefined,
      fromUser: undefined,
      anomalies: '',
      detailsJson: undefined,
      seenCount: 1,
      lastSeen: undefined,
      origin: undefined,
    });
  }
});

test('recordedEvent() knows the transports, and takes others for UDP', () => {
  const transports = ['UDP', 'TCP', 'TLS', 'SCTP'].map(
    (transport) => recordedEvent({ ...ROW, transport_type: transport }).transportType,
  );
  assert.deepEqual(transports, ['UDP', 'TCP', 'TLS', 'UDP']);
});

test('recordedEvent() calls hearsay what another node shared, or what was imported', () => {
  const isHearsay = (changes: Row): unknown => recordedEvent({ ...ROW, ...changes }).isHearsay;
  assert.equal(isHearsay({ origin_address: '' }), true);
  assert.equal(isHearsay({ is_imported: 1 }), true);
  assert.equal(isHearsay({ is_imported: 0 }), undefined);
});

test('foundEvent() says who told us, and the key if it was signed', () => {
  const key = new Uint8Array(32);
  const origin = (changes: Row): unknown => foundEvent({ ...ROW, ...changes }).origin;
  assert.deepEqual(origin({ origin_address: '10.0.0.9', origin_key: key }), {
    address: '10.0.0.9',
    publicKey: key,
  });
  assert.deepEqual(origin({ origin_address: '10.0.0.9' }), {
    address: '10.0.0.9',
    publicKey: undefined,
  });
});

test('grades have their rank in the file, and what is no grade has none', () => {
  for (const [rank, grade] of (['seen', 'returned', 'handshake'] as const).entries()) {
    assert.equal(gradeRank(grade), rank);
    assert.equal(gradeOfRank(rank), grade);
    assert.equal(gradeOfText(grade), grade);
  }
  assert.equal(gradeOfRank(3), 'seen');
  assert.equal(gradeOfText(''), undefined);
  assert.equal(gradeOfText(null), undefined);
});
