// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Observation } from '../src/index.ts';

/** An observation as from a scanner's OPTIONS, with the changes of a test. */
export function observationOf(changes: Partial<Observation> = {}): Observation {
  return {
    eventEpochUs: 1_637_784_816_427_515,
    collectedMethod: 'responsive',
    transportType: 'UDP',
    grade: 'seen',
    messageKind: 'request',
    sourceIp: '192.0.2.7',
    sourcePort: 5070,
    destinationIp: '198.51.100.1',
    destinationPort: 5060,
    calledNumber: '100',
    calledNumberSource: 'request-uri',
    sipMethod: 'OPTIONS',
    userAgent: 'friendly-scanner',
    requestUri: 'sip:100@198.51.100.1',
    toUri: 'sip:100@1.1.1.1',
    toUser: '100',
    fromUri: 'sip:100@1.1.1.1',
    fromUser: '100',
    anomalies: [],
    details: undefined,
    sipMessage: Uint8Array.of(0x4f, 0x50),
    ...changes,
  };
}
