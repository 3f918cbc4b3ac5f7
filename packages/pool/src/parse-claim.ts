// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import {
  isNodeIdOfKey,
  NOT_FOUND,
  parseEventTimestamp,
  type CollectedMethod,
  type Grade,
  type Transport,
} from '@sentrypeer/event';
import { isPublicAddress, parseAddressAndPort } from '@sentrypeer/ip';
import { isClean, isCleanLines, isToken } from './characters.ts';
import type { Claim } from './claim.ts';
import { fromText, SIGNATURE_SIZE } from './ed25519.ts';
import {
  APPLICATION_CHARACTERS_MAX,
  FUTURE_US_MAX,
  LOCAL_TIME_FUTURE_US_MAX,
  METHOD_CHARACTERS_MAX,
  NUMBER_CHARACTERS_MAX,
  RECEIVED_AGE_US_MAX,
  RECEIVED_OCTETS_MAX,
} from './limits.ts';

/** Why a value is not an acceptable claim. */
export type ClaimRefusal =
  | 'too_large'
  | 'not_json'
  | 'member_missing'
  | 'member_invalid'
  | 'future'
  | 'too_old'
  | 'special_address'
  | 'unsigned'
  | 'forged';

export type ParsedClaim =
  | {
      readonly ok: true;
      readonly claim: Claim;
      /** 64 octets, not checked yet; `undefined` from SentryPeer 4.x nodes, which sign nothing. */
      readonly signature: Uint8Array | undefined;
    }
  | { readonly ok: false; readonly code: ClaimRefusal };

const UUID_HYPHENS: ReadonlySet<number> = new Set([8, 13, 18, 23]);
const UUID_SIZE = 36;
const HEX = '0123456789abcdef';
const TIMESTAMP_CHARACTERS_MAX = 29;
const COLLECTED: readonly CollectedMethod[] = ['passive', 'responsive'];
const TRANSPORTS: readonly Transport[] = ['UDP', 'TCP', 'TLS'];
const GRADES: readonly (Grade | '')[] = ['seen', 'returned', 'handshake', ''];

/** All must be present as texts, because SentryPeer 4.x nodes would not accept the value otherwise. */
const MEMBERS = [
  'app_name',
  'app_version',
  'event_timestamp',
  'event_uuid',
  'created_by_node_id',
  'collected_method',
  'transport_type',
  'source_ip',
  'destination_ip',
  'called_number',
  'sip_method',
  'sip_user_agent',
  'sip_message',
] as const;

type Members = Readonly<Record<(typeof MEMBERS)[number], string>>;

/**
 * Reads the JSON of a value, of which nothing is believed.
 *
 * @param nowEpochUs Wall-clock microseconds.
 */
export function parseClaim(octets: Uint8Array, nowEpochUs: number): ParsedClaim {
  if (octets.length > RECEIVED_OCTETS_MAX) return refuse('too_large');
  const object = parseObject(octets);
  if (object === undefined) return refuse('not_json');
  const members: Partial<Record<(typeof MEMBERS)[number], string>> = {};
  for (const name of MEMBERS) {
    const value = Object.hasOwn(object, name) ? object[name] : undefined;
    if (typeof value !== 'string') return refuse('member_missing');
    members[name] = value;
  }
  const claim = readClaim(members as Members, optional(object, 'grade'));
  if (claim === undefined) return refuse('member_invalid');
  const isOfKey = isNodeIdOfKey(claim.nodeId);
  const text = optional(object, 'sig');
  if (isOfKey && text === '') return refuse('unsigned');
  const signature = text === '' ? undefined : fromText(text ?? '', SIGNATURE_SIZE);
  // No key belongs to a random id, and no other text is a signature.
  if (text !== '' && (!isOfKey || signature === undefined)) return refuse('forged');
  if (!isPublicAddress(claim.sourceAddress)) return refuse('special_address');
  const aheadUs = claim.eventEpochUs - nowEpochUs;
  if (aheadUs > (isOfKey ? FUTURE_US_MAX : LOCAL_TIME_FUTURE_US_MAX)) return refuse('future');
  if (-aheadUs > RECEIVED_AGE_US_MAX) return refuse('too_old');
  return { ok: true, claim, signature };
}

/** A UUID in lower case, or `undefined`. */
function parseUuid(text: string): string | undefined {
  if (text.length !== UUID_SIZE) return undefined;
  const lower = text.toLowerCase();
  for (let index = 0; index < UUID_SIZE; index += 1) {
    const character = lower.charAt(index);
    if (UUID_HYPHENS.has(index) ? character !== '-' : !HEX.includes(character)) return undefined;
  }
  return lower;
}

function refuse(code: ClaimRefusal): ParsedClaim {
  return { ok: false, code };
}

function parseObject(octets: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(octets));
  } catch {
    return undefined;
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

/** Empty if it is absent; `undefined` if it is not a string. */
function optional(object: Readonly<Record<string, unknown>>, name: string): string | undefined {
  if (!Object.hasOwn(object, name)) return '';
  const value = object[name];
  return typeof value === 'string' ? value : undefined;
}

function readClaim(members: Members, gradeText: string | undefined): Claim | undefined {
  const eventTimestamp = members.event_timestamp;
  const eventEpochUs =
    eventTimestamp.length <= TIMESTAMP_CHARACTERS_MAX && isClean(eventTimestamp)
      ? parseTime(eventTimestamp)
      : undefined;
  const eventUuid = parseUuid(members.event_uuid);
  const nodeId = parseUuid(members.created_by_node_id);
  const collectedMethod = COLLECTED.find((method) => method === members.collected_method);
  const transportType = TRANSPORTS.find((transport) => transport === members.transport_type);
  const sourceAddress = parseAddressAndPort(members.source_ip)?.address;
  const grade = GRADES.find((one) => one === gradeText);
  if (
    eventEpochUs === undefined ||
    eventUuid === undefined ||
    nodeId === undefined ||
    collectedMethod === undefined ||
    transportType === undefined ||
    sourceAddress === undefined ||
    grade === undefined ||
    !textsAreFit(members)
  )
    return undefined;
  return {
    eventTimestamp,
    eventEpochUs,
    eventUuid,
    nodeId,
    collectedMethod,
    transportType,
    sourceIp: members.source_ip,
    sourceAddress,
    destinationIp: members.destination_ip,
    calledNumber: members.called_number,
    sipMethod: members.sip_method,
    userAgent: members.sip_user_agent,
    sipMessage: members.sip_message,
    grade,
  };
}

function textsAreFit(members: Members): boolean {
  const { called_number: number, sip_method: method, destination_ip: destination } = members;
  return (
    isShort(members.app_name, APPLICATION_CHARACTERS_MAX) &&
    isShort(members.app_version, APPLICATION_CHARACTERS_MAX) &&
    (destination === '' ||
      destination === NOT_FOUND ||
      parseAddressAndPort(destination) !== undefined) &&
    number !== '' &&
    isShort(number, NUMBER_CHARACTERS_MAX) &&
    isToken(method) &&
    method.length <= METHOD_CHARACTERS_MAX &&
    isClean(members.sip_user_agent) &&
    isCleanLines(members.sip_message)
  );
}

function isShort(text: string, charactersMax: number): boolean {
  return text.length <= charactersMax && isClean(text);
}

/** 4.x nodes write the fraction as a number of nanoseconds without its leading zeros. */
function parseTime(text: string): number | undefined {
  const dot = text.indexOf('.');
  const whole = parseEventTimestamp(dot < 0 ? text : text.slice(0, dot));
  if (whole === undefined) return undefined;
  if (dot < 0) return text.length === 19 ? whole : undefined;
  const fraction = text.slice(dot + 1);
  const isNumber =
    fraction !== '' && Array.from(fraction).every((digit) => digit >= '0' && digit <= '9');
  if (dot !== 19 || !isNumber) return undefined;
  // Ours has three digits: milliseconds.
  return (
    whole + (fraction.length === 3 ? Number(fraction) * 1000 : Math.floor(Number(fraction) / 1000))
  );
}
