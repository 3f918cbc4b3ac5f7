// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { MemoryEvidence } from './memory-evidence.ts';

/** An event with this id. */
export function eventOf(honeyId: number): MemoryEvidence['eventList'][number] {
  return {
    honeyId,
    eventUuid: `019cab00-0000-7000-8000-${String(honeyId).padStart(12, '0')}`,
    eventTimestamp: '2026-03-01 12:00:00.000000000',
    createdByNodeId: '6f3a6f7e-1111-4222-8333-abcdefabcdef',
    collectedMethod: 'responsive',
    transportType: 'UDP',
    sourceIp: '192.0.2.1',
    sourcePort: 5060,
    destinationIp: '198.51.100.7',
    calledNumber: '1',
    sipMethod: 'INVITE',
    userAgent: 'x',
    sipMessage: '',
    grade: 'seen',
    requestUri: undefined,
    recordedAt: '2026-03-01 12:00:00.000',
    messageKind: 'request',
    calledNumberSource: undefined,
    toUri: undefined,
    toUser: undefined,
    fromUri: undefined,
    fromUser: undefined,
    anomalies: '',
    detailsJson: undefined,
    seenCount: 1,
    lastSeen: undefined,
  } as unknown as MemoryEvidence['eventList'][number];
}
