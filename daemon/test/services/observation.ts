// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Observation } from '@sentrypeer/event';

/** A request whose source gave back what only a receiver of our answer knows; tests change what matters to them. */
export const OBSERVATION: Observation = {
  eventEpochUs: 0,
  collectedMethod: 'responsive',
  transportType: 'UDP',
  grade: 'returned',
  messageKind: 'request',
  sourceIp: '45.1.0.0',
  sourcePort: 5071,
  destinationIp: '198.51.100.7',
  destinationPort: 5060,
  calledNumber: undefined,
  calledNumberSource: 'request-uri',
  sipMethod: 'INVITE',
  userAgent: 'friendly-scanner',
  requestUri: undefined,
  toUri: undefined,
  toUser: undefined,
  fromUri: undefined,
  fromUser: undefined,
  anomalies: [],
  details: undefined,
  sipMessage: new Uint8Array(1),
};
