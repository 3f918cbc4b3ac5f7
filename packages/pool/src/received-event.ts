// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { NOT_FOUND } from '@sentrypeer/event';
import { parseAddressAndPort } from '@sentrypeer/ip';
import type { Claim } from './claim.ts';
import { MESSAGE_CHARACTERS_MAX, USER_AGENT_CHARACTERS_MAX } from './limits.ts';
import type { ReceivedEvent } from './ports.ts';

/**
 * Converts a claim to a recorded event.
 *
 * @param nowEpochUs Wall-clock microseconds: no event is later than now, even if the claim says so.
 */
export function receivedEvent(
  claim: Claim,
  origin: ReceivedEvent['origin'],
  nowEpochUs: number,
): ReceivedEvent {
  return {
    event: {
      eventUuid: claim.eventUuid,
      eventEpochUs: Math.min(claim.eventEpochUs, nowEpochUs),
      transportType: claim.transportType,
      grade: 'seen',
      messageKind: 'request',
      sourceIp: claim.sourceAddress,
      sourcePort: 0,
      destinationIp: parseAddressAndPort(claim.destinationIp)?.address ?? '',
      destinationPort: 0,
      calledNumber: found(claim.calledNumber),
      calledNumberSource: 'none',
      sipMethod: found(claim.sipMethod),
      userAgent: found(cut(claim.userAgent, USER_AGENT_CHARACTERS_MAX)),
      requestUri: undefined,
      toUri: undefined,
      toUser: undefined,
      fromUri: undefined,
      fromUser: undefined,
      anomalies: '',
      detailsJson: claim.grade === '' ? undefined : JSON.stringify({ claimedGrade: claim.grade }),
      sipMessage: cut(claim.sipMessage, MESSAGE_CHARACTERS_MAX),
    },
    nodeId: claim.nodeId,
    collectedMethod: claim.collectedMethod,
    origin,
  };
}

function found(text: string): string | undefined {
  return text === NOT_FOUND || text === '' ? undefined : text;
}

function cut(text: string, charactersMax: number): string {
  return text.length <= charactersMax ? text : text.slice(0, charactersMax).toWellFormed();
}
