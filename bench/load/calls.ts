// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Databases of ready-made calls, with which a benchmark can start. */

import { randomFillSync } from 'node:crypto';
import { latin1Octets } from '@sentrypeer/bytes';
import { EventBatchWriter, EventUuids, type Observation } from '@sentrypeer/event';
import { assert, systemClock } from '@sentrypeer/kernel';
import type { Store } from '@sentrypeer/store';

const NODE_ID = '6f3a6f7e-1111-4222-8333-abcdefabcdef';
const BLOCK_OCTETS = 1_048_576;
const COMMIT_EVENTS = 2000;
const MESSAGE = latin1Octets('INVITE sip:0@198.51.100.7 SIP/2.0\r\nContent-Length: 0\r\n\r\n');

/** A call to `calledNumber` from `sourceIp`, which proved to be there. */
export function call(sourceIp: string, calledNumber: string): Observation {
  return {
    eventEpochUs: systemClock.epochUs(),
    collectedMethod: 'responsive',
    transportType: 'UDP',
    grade: 'returned',
    messageKind: 'request',
    sourceIp,
    sourcePort: 5071,
    destinationIp: '198.51.100.7',
    destinationPort: 5060,
    calledNumber,
    calledNumberSource: 'request-uri',
    sipMethod: 'INVITE',
    userAgent: 'friendly-scanner',
    requestUri: undefined,
    toUri: undefined,
    toUser: calledNumber,
    fromUri: undefined,
    fromUser: '100',
    anomalies: [],
    details: undefined,
    sipMessage: MESSAGE,
  };
}

/** Records `count` calls, made one by one. */
export function recordCalls(
  store: Store,
  count: number,
  callOf: (index: number) => Observation,
): void {
  const random = { fill: (octets: Uint8Array): Uint8Array => randomFillSync(octets) };
  const uuids = new EventUuids({ random });
  for (let made = 0; made < count;) {
    const writer = new EventBatchWriter(new Uint8Array(BLOCK_OCTETS), NODE_ID, 'responsive');
    const until = Math.min(made + COMMIT_EVENTS, count);
    const before = made;
    while (made < until && writer.addEvent(uuids.next(systemClock.epochUs()), callOf(made)))
      made += 1;
    assert(made > before, 'fits');
    store.append([writer.finish()]);
    store.maintain();
  }
}
