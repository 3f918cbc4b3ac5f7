// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { formatEventTimestamp, parseEventTimestamp, type RecordedEvent } from '@sentrypeer/event';
import { isUnsafeCode } from '@sentrypeer/kernel';
import {
  SYSLOG_AGENT_OCTETS_MAX,
  SYSLOG_HOSTNAME_CHARACTERS_MAX,
  SYSLOG_METHOD_CHARACTERS_MAX,
} from './limits.ts';

/** Facility user (1), severity notice (5): RFC 5424 §6.2.1. */
const SYSLOG_PRIORITY = 1 * 8 + 5;
export const SYSLOG_TAG = 'sentrypeer';
const MS_PER_MINUTE = 60_000;

const encoder = new TextEncoder();
const agentScratch = new Uint8Array(SYSLOG_AGENT_OCTETS_MAX);

/** The sender: the part before the text of every line. */
export interface SyslogOrigin {
  readonly pid: number;
  readonly hostname: string;
}

/**
 * The line that SentryPeer's fail2ban filters read. Method and agent are the attacker's: the method is reduced to the
 * letters that those filters accept, so that an odd one does not hide its sender.
 */
export function formatSyslogText(event: RecordedEvent): string {
  return `Source IP: ${event.sourceIp}, Method: ${plainMethod(event.sipMethod)}, Agent: ${plainAgent(event.userAgent)}`;
}

/**
 * `SYSLOG-MSG` of RFC 5424 §6 without structured data, with the time of the event. No octet order mark:
 * readers of the file would find it in front of the text.
 */
export function formatSyslogMessage(event: RecordedEvent, origin: SyslogOrigin): string {
  const head = `<${SYSLOG_PRIORITY}>1 ${timestamp(event)} ${plainHostname(origin.hostname)}`;
  return `${head} ${SYSLOG_TAG} ${origin.pid} - - ${formatSyslogText(event)}`;
}

/**
 * RFC 5424 §6.2.3: at most six digits after the second. Local time with its offset, which names the same instant as
 * UTC: rsyslog's traditional file format keeps the digits and drops the offset, and readers of that file, such as
 * fail2ban, take them for local time.
 */
function timestamp(event: RecordedEvent): string {
  const epochUs = parseEventTimestamp(event.eventTimestamp);
  if (epochUs === undefined) return '-';
  const epochMs = epochUs / 1000;
  const offsetMinutes = -new Date(epochMs).getTimezoneOffset();
  const local = new Date(epochMs + offsetMinutes * MS_PER_MINUTE).toISOString();
  // Not from the row's own text, after which another program may have written anything.
  const fraction = formatEventTimestamp(epochUs).slice(19, 26);
  return `${local.slice(0, 19)}${fraction}${formatOffset(offsetMinutes)}`;
}

function formatOffset(minutes: number): string {
  const size = Math.abs(minutes);
  const two = (value: number): string => String(Math.trunc(value)).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${two(size / 60)}:${two(size % 60)}`;
}

function plainMethod(method: string): string {
  let plain = '';
  for (const character of method.slice(0, SYSLOG_METHOD_CHARACTERS_MAX)) {
    plain += isLetter(character) || character === '-' ? character : '_';
  }
  return plain === '' ? '_' : plain;
}

function plainAgent(agent: string): string {
  const { read } = encoder.encodeInto(agent, agentScratch);
  let plain = '';
  for (const character of agent.slice(0, read)) plain += isControl(character) ? '?' : character;
  return plain;
}

/** RFC 5424 §6.2.4: printable US-ASCII, otherwise the nil value. */
function plainHostname(hostname: string): string {
  for (const character of hostname) if (character <= ' ' || character > '~') return '-';
  return hostname === '' ? '-' : hostname.slice(0, SYSLOG_HOSTNAME_CHARACTERS_MAX);
}

function isLetter(character: string): boolean {
  return (character >= 'A' && character <= 'Z') || (character >= 'a' && character <= 'z');
}

/** Characters that could end or disguise the line, and lone surrogates. */
function isControl(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  return isUnsafeCode(code) || (code >= 0xd800 && code < 0xe000);
}
