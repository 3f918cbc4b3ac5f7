// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { BatchedEvent } from '@sentrypeer/event';
import { NOON_US, uuidOf } from '../fixtures.ts';

/** A proved call, as another node shares it. */
export const SHARED_EVENT: BatchedEvent = {
  eventUuid: uuidOf(0),
  eventEpochUs: NOON_US,
  transportType: 'UDP',
  grade: 'handshake',
  messageKind: 'request',
  sourceIp: '45.0.0.1',
  sourcePort: 0,
  destinationIp: '',
  destinationPort: 0,
  calledNumber: '00441',
  calledNumberSource: 'none',
  sipMethod: 'INVITE',
  userAgent: 'scanner',
  requestUri: undefined,
  toUri: undefined,
  toUser: undefined,
  fromUri: undefined,
  fromUser: undefined,
  anomalies: '',
  detailsJson: undefined,
  sipMessage: '',
};
