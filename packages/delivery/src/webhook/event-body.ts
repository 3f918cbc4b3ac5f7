// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { formatEventJson, NOT_FOUND, type Grade, type RecordedEvent } from '@sentrypeer/event';
import { isOfGrade } from '../grade.ts';

/** Members of the JSON form that may be withheld; {@link NOT_FOUND} replaces them. */
type OmittedMember = 'sip_message' | 'destination_ip';

/** Which events an endpoint gets, and which of their members. */
export interface EventChoice {
  /** Events of this grade and above; rows of SentryPeer 4.x count as `seen`. */
  readonly grade: Grade;
  /** Those that this node received, or also those delivered here by others. */
  readonly origin: 'own' | 'all';
  readonly omit: readonly OmittedMember[];
}

export function isChosen(event: RecordedEvent, choice: EventChoice, nodeId: string): boolean {
  const isOwn = event.createdByNodeId === nodeId && event.isHearsay !== true;
  if (choice.origin === 'own' && !isOwn) return false;
  return isOfGrade(event, choice.grade);
}

/**
 * The JSON form of an event as receivers for SentryPeer 4.x expect it: all thirteen members are there and none is
 * empty, because SentryPeerHQ refuses an event with an empty one.
 */
export function formatBody(event: RecordedEvent, choice: EventChoice, appVersion: string): string {
  const omits = (member: OmittedMember): boolean => choice.omit.includes(member);
  const full = {
    ...event,
    calledNumber: filled(event.calledNumber),
    sipMethod: filled(event.sipMethod),
    userAgent: filled(event.userAgent),
    destinationIp: omits('destination_ip') ? NOT_FOUND : filled(event.destinationIp ?? ''),
    sipMessage: omits('sip_message') ? NOT_FOUND : filled(event.sipMessage),
  };
  // The Request-URI of most requests contains the address that they were sent to.
  return formatEventJson(
    omits('destination_ip') ? { ...full, requestUri: undefined } : full,
    appVersion,
  );
}

function filled(text: string): string {
  return text.trim() === '' ? NOT_FOUND : text;
}
