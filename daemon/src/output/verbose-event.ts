// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { RecordedEvent } from '@sentrypeer/event';
import { VERBOSE_FIELD_CHARACTERS_MAX, VERBOSE_MESSAGE_CHARACTERS_MAX } from '../limits.ts';
import { escapeText } from './escape-text.ts';

/** Lines of a message after its first are indented, so that none can pass for one of ours. */
const MARGIN = '    ';

/** What `-v` prints for an event: the names of SentryPeer 4.x in its order, safe for a terminal. */
export function formatVerboseEvent(event: RecordedEvent): string {
  const lines: readonly (readonly [name: string, text: string])[] = [
    ['Event Timestamp', event.eventTimestamp],
    ['Event UUID', event.eventUuid],
    ['SIP Message', messageText(event.sipMessage)],
    ['Source IP', field(event.sourceIp)],
    ['Called Number', field(event.calledNumber)],
    ['SIP Method', field(event.sipMethod)],
    ['Transport Type', event.transportType],
    ['User Agent', field(event.userAgent)],
    ['Collected Method', event.collectedMethod],
    ['Created by Node Id', event.createdByNodeId],
    // The name must not change, even if the transport is not UDP.
    ['Destination IP address of UDP packet is', field(event.destinationIp ?? '')],
  ];
  const text = lines.map(([name, value]) => `${name}: ${value}\n`).join('');
  return `Bad Actor is:\n${text}\n`;
}

function field(text: string): string {
  return escapeText(text, VERBOSE_FIELD_CHARACTERS_MAX);
}

/** The message line by line; line ends are kept as line breaks, all other control characters escaped. */
function messageText(text: string): string {
  const shown = text.slice(0, VERBOSE_MESSAGE_CHARACTERS_MAX);
  const lines = shown.replaceAll('\r\n', '\n').split('\n');
  while (lines.length > 1 && lines.at(-1) === '') lines.pop();
  const leftOut = text.length - shown.length;
  if (leftOut > 0) lines.push(`... (${leftOut} more octets)`);
  return lines.map((line) => escapeText(line, VERBOSE_MESSAGE_CHARACTERS_MAX)).join(`\n${MARGIN}`);
}
