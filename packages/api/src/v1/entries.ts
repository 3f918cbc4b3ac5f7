// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { formatJudgedNumber, NOT_FOUND } from '@sentrypeer/event';
import type { Listed, ListedChange, ListedSubject } from '../feed.ts';
import type {
  FoundEvent,
  SeenAddress,
  SeenNumber,
  SeenUserAgent,
  SharedTotal,
} from '../evidence.ts';
import type { Place, PlaceEvidence } from '../places.ts';
import type { Reputation } from '../reputation.ts';
import { rfc3339, rfc3339OfText } from '../rfc3339.ts';

import type { FoundNumber } from './find-number.ts';
/** A value that `JSON.stringify` writes unchanged. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [name: string]: Json };

export function addressEntry(
  total: SeenAddress & { readonly addressesCount?: number },
  places: PlaceEvidence,
): Json {
  const { address, grade, addressesCount = 1 } = total;
  const place = places.placeOf(address.split('/')[0] ?? '');
  return { address, addresses: addressesCount, grade, ...placeEntry(place), ...seen(total) };
}

export function placeEntry(place: Place | undefined) {
  return {
    country: place?.country ?? null,
    network: place?.network ?? null,
    network_name: place?.networkName ?? null,
  };
}

/** An E.164 number or a range of them with its plus; anything else unchanged. */
export function numberText({ kind, value }: ListedSubject): string {
  if (kind === 'number') return formatJudgedNumber(value);
  return kind === 'range' ? `+${value}` : value;
}

/** An entry of the feed. @param reputation Groups numbers; left out where only programs read. */
export function listingEntry(
  entry: Listed,
  reputation?: Pick<Reputation, 'grouped'>,
): { readonly [name: string]: Json } {
  const value = numberText(entry);
  return {
    kind: entry.kind,
    value,
    ...(reputation && { grouped: groupedText(entry.kind, value, reputation) }),
    level: entry.level,
    score: entry.score,
    grade: entry.grade,
    reasons: entry.reasons,
    since: rfc3339(entry.sinceEpochUs),
    until: rfc3339(entry.untilEpochUs),
    first_seen: rfc3339(entry.firstSeenEpochUs),
    last_seen: rfc3339(entry.lastSeenEpochUs),
    seen_count: entry.eventsCount,
    blocked: entry.isBlocked,
  };
}

function groupedText(
  kind: ListedSubject['kind'],
  value: string,
  reputation: Pick<Reputation, 'grouped'>,
): string | null {
  return kind === 'number' && value.startsWith('+') ? reputation.grouped(value.slice(1)) : null;
}

/** A change of the feed. */
export function changeEntry(
  change: ListedChange,
  reputation: Pick<Reputation, 'grouped'>,
): { readonly [name: string]: Json } {
  const { sinceEpochUs: since, untilEpochUs: until } = change;
  const value = numberText(change);
  return {
    id: change.changeId,
    at: rfc3339(change.atEpochUs),
    kind: change.kind,
    value,
    grouped: groupedText(change.kind, value, reputation),
    change: change.change,
    level: change.level,
    score: change.score,
    grade: change.grade,
    since: since === undefined ? null : rfc3339(since),
    until: until === undefined ? null : rfc3339(until),
    reason: change.reasons.join('; '),
    reasons: change.reasons,
  };
}

/** @param total The meaning of its digits is included if it is known. */
export function numberEntry(total: Omit<SeenNumber, 'totalId'> & Partial<FoundNumber>): Json {
  const { number, e164, country, type } = total;
  return {
    number,
    ...(e164 === undefined ? {} : { e164 }),
    ...(country === undefined ? {} : { country }),
    ...(type === undefined ? {} : { number_type: type }),
    ...seen(total),
  };
}

export function userAgentEntry(total: SeenUserAgent): Json {
  return { user_agent: total.userAgent, ...seen(total) };
}

/** @param withSecrets Includes the raw message, and whatever may contain a password. */
export function eventEntry(
  event: FoundEvent,
  places: Pick<PlaceEvidence, 'placeOf'>,
  withSecrets: boolean,
): { readonly [name: string]: Json } {
  const entry = {
    id: event.honeyId,
    event_uuid: event.eventUuid,
    event_timestamp: rfc3339OfText(event.eventTimestamp),
    recorded_at: rfc3339OfText(event.recordedAt),
    created_by_node_id: event.createdByNodeId,
    collected_method: event.collectedMethod,
    source_ip: event.sourceIp,
    source_port: event.sourcePort ?? null,
    ...placeEntry(places.placeOf(event.sourceIp)),
    destination_ip: event.destinationIp ?? null,
    destination_port: event.destinationPort ?? null,
    transport: event.transportType,
    message_kind: event.messageKind ?? null,
    method: found(event.sipMethod),
    called_number: found(event.calledNumber),
    called_number_source: event.calledNumberSource ?? null,
    to_user: event.toUser ?? null,
    from_user: event.fromUser ?? null,
    user_agent: found(event.userAgent),
    grade: event.grade ?? null,
    tried_password: triesPassword(event.detailsJson),
    anomalies: event.anomalies === '' ? [] : event.anomalies.split(','),
    seen_count: event.seenCount,
    last_seen: event.lastSeen === undefined ? null : rfc3339OfText(event.lastSeen),
    shared: sharedEntry(event),
  };
  if (!withSecrets) return entry;
  return {
    ...entry,
    request_uri: event.requestUri ?? null,
    to_uri: event.toUri ?? null,
    from_uri: event.fromUri ?? null,
    sip_message: event.sipMessage,
    details: detailsOf(event.detailsJson),
  };
}

function sharedEntry({ origin }: FoundEvent): Json {
  if (origin === undefined) return null;
  const key = origin.publicKey?.toBase64({ alphabet: 'base64url', omitPadding: true });
  return { address: origin.address, key: key ?? null };
}

function seen(total: Omit<SharedTotal, 'totalId'>) {
  return {
    first_seen: rfc3339(total.firstSeenEpochUs),
    last_seen: rfc3339(total.lastSeenEpochUs),
    seen_count: total.seenCount,
    shared_count: total.sharedCount,
  };
}

function found(text: string): string | null {
  return text === NOT_FOUND ? null : text;
}

/** Whether there are credentials. JSON escapes quotes inside texts, so these are members. */
function triesPassword(json = ''): boolean {
  return json.includes('"digest":{') || json.includes('"authorizationScheme":"');
}

/** Rows that people put into the database may contain anything: text that is not JSON is shown as nothing. */
function detailsOf(json: string | undefined): Json {
  if (json === undefined) return null;
  try {
    return JSON.parse(json) as Json;
  } catch {
    return null;
  }
}
