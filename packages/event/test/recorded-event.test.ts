// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatEventJson, type RecordedEvent } from '../src/index.ts';

const event: RecordedEvent = {
  honeyId: 1,
  eventTimestamp: '2022-02-22 11:19:15.848934346',
  eventUuid: '4503cc92-26cb-4b3e-bb33-69a83fa09321',
  createdByNodeId: '4503cc92-26cb-4b3e-bb33-69a83fa09321',
  collectedMethod: 'responsive',
  transportType: 'UDP',
  sourceIp: '45.134.144.128',
  sourcePort: undefined,
  destinationIp: undefined,
  destinationPort: undefined,
  calledNumber: '0046812118532',
  sipMethod: 'OPTIONS',
  userAgent: 'friendly-scanner',
  grade: undefined,
  requestUri: undefined,
  sipMessage: 'OPTIONS\r\n\u00ff"\u2028\u2400',
};

test('`formatEventJson()` writes the thirteen members of SentryPeer 4.x first, in its order', () => {
  const json = formatEventJson(event, '0.1.0');
  assert.deepEqual(Object.keys(JSON.parse(json)).slice(0, 13), [
    'app_name',
    'app_version',
    'event_timestamp',
    'event_uuid',
    'created_by_node_id',
    'collected_method',
    'transport_type',
    'source_ip',
    'destination_ip',
    'called_number',
    'sip_method',
    'sip_user_agent',
    'sip_message',
  ]);
});

test('`formatEventJson()` writes each field under its name, and nothing where there is none', () => {
  const { honeyId: _, ...fields } = event;
  const full = { ...fields, honeyId: 1, sourcePort: 5070, destinationIp: '198.51.100.1' };
  const { grade, request_uri, ...known } = JSON.parse(formatEventJson(full, '0.1.0'));
  assert.deepEqual(known, {
    app_name: 'sentrypeer',
    app_version: '0.1.0',
    event_timestamp: event.eventTimestamp,
    event_uuid: event.eventUuid,
    created_by_node_id: event.createdByNodeId,
    collected_method: 'responsive',
    transport_type: 'UDP',
    source_ip: '45.134.144.128',
    destination_ip: '198.51.100.1',
    called_number: '0046812118532',
    sip_method: 'OPTIONS',
    sip_user_agent: 'friendly-scanner',
    sip_message: event.sipMessage,
    source_port: '5070',
  });
  assert.deepEqual([grade, request_uri], ['', '']);
  const none = JSON.parse(formatEventJson(event, '0.1.0'));
  assert.deepEqual([none.destination_ip, none.source_port], ['', '']);
  const graded = { ...event, grade: 'returned', requestUri: 'sip:1@192.0.2.1' } as const;
  const told = JSON.parse(formatEventJson(graded, '0.1.0'));
  assert.deepEqual([told.grade, told.request_uri], ['returned', 'sip:1@192.0.2.1']);
});

test('`formatEventJson()` is one line and holds only strings', () => {
  const json = formatEventJson(event, '0.1.0');
  assert.ok(!/[\r\n]/.test(json));
  for (const value of Object.values(JSON.parse(json))) assert.equal(typeof value, 'string');
  assert.equal(JSON.parse(json).sip_message, event.sipMessage);
});
