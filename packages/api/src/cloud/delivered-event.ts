// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { BatchedEvent, CollectedMethod } from '@sentrypeer/event';
import { NOT_FOUND, parseEventTimestamp } from '@sentrypeer/event';
import { canonicalAddress, parseAddressAndPort } from '@sentrypeer/ip';
import { DELIVERED_MESSAGE_CHARACTERS_MAX, DELIVERED_TEXT_CHARACTERS_MAX } from '../limits.ts';
import { GRADES } from '../list-query.ts';
import { uuid } from '../parameters.ts';

/** An event that another node received. */
export interface DeliveredEvent {
  readonly event: BatchedEvent;
  readonly nodeId: string;
  readonly collectedMethod: CollectedMethod;
}

/** Errors by field. */
export type FieldErrors = Readonly<Record<string, readonly string[]>>;

export type ParsedDelivery =
  | { readonly ok: true; readonly delivered: DeliveredEvent }
  | { readonly ok: false; readonly errors: FieldErrors };

type Reader<T> = (text: string) => T | undefined;

const COLLECTED = ['passive', 'responsive'] as const;
const TRANSPORTS = ['UDP', 'TCP', 'TLS'] as const;
const PORT_MAX = 65_535;
const uuidParameter = uuid('');

const asText: Reader<string> = (text) => text;
const oneOf =
  <T extends string>(values: readonly T[]): Reader<T> =>
  (text) =>
    values.find((value) => value === text);

/**
 * Reads the JSON form of an event (docs/api.md), as sent by SentryPeer 4.x nodes and ours.
 *
 * @param nowEpochUs Wall-clock microseconds: nothing was received later.
 */
export function parseDelivery(value: unknown, nowEpochUs: number): ParsedDelivery {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { ok: false, errors: { body: ['must be a JSON object, or an array of them'] } };
  }
  const fields = new Fields(value as Readonly<Record<string, unknown>>);
  const epochUs = fields.read('event_timestamp', nodeTime, 'must be YYYY-MM-DD HH:MM:SS.fraction');
  const eventUuid = fields.read('event_uuid', (text) => uuidParameter.read(text), 'must be a UUID');
  const nodeId = fields.read(
    'created_by_node_id',
    (text) => uuidParameter.read(text),
    'must be a UUID',
  );
  const collectedMethod = fields.read(
    'collected_method',
    oneOf(COLLECTED),
    'must be passive or responsive',
  );
  const transportType = fields.read('transport_type', oneOf(TRANSPORTS), 'must be UDP, TCP or TLS');
  const sourceIp = fields.read('source_ip', sourceAddress, 'must be an IP address');
  const destinationIp = fields.optional('destination_ip', canonicalAddress) ?? '';
  const calledNumber = fields.read('called_number', asText, 'must not be empty');
  const sipMethod = fields.read('sip_method', asText, 'must not be empty');
  const userAgent = fields.read('sip_user_agent', asText, 'must not be empty');
  const sipMessage = fields.message();
  if (
    fields.hasErrors ||
    epochUs === undefined ||
    eventUuid === undefined ||
    nodeId === undefined ||
    collectedMethod === undefined ||
    transportType === undefined ||
    sourceIp === undefined
  ) {
    return { ok: false, errors: fields.errors };
  }
  const grade = fields.optional('grade', oneOf(GRADES));
  const event: BatchedEvent = {
    eventUuid,
    eventEpochUs: Math.min(epochUs, nowEpochUs),
    transportType,
    // 4.x nodes have no grades; if a connection was set up, the address belongs to its owner.
    grade: grade ?? (transportType === 'UDP' ? 'seen' : 'handshake'),
    messageKind: 'request',
    sourceIp,
    sourcePort: fields.optional('source_port', portNumber) ?? 0,
    destinationIp,
    destinationPort: 0,
    calledNumber: found(calledNumber),
    calledNumberSource: 'none',
    sipMethod: found(sipMethod),
    userAgent: found(userAgent),
    requestUri: fields.optional('request_uri', asText),
    toUri: undefined,
    toUser: undefined,
    fromUri: undefined,
    fromUser: undefined,
    anomalies: '',
    detailsJson: undefined,
    sipMessage,
  };
  return { ok: true, delivered: { event, nodeId, collectedMethod } };
}

/** Reads members, and gathers errors in them. */
class Fields {
  readonly #members: Readonly<Record<string, unknown>>;
  readonly #errors: Record<string, readonly string[]> = {};

  constructor(members: Readonly<Record<string, unknown>>) {
    this.#members = members;
  }

  get hasErrors(): boolean {
    return Object.keys(this.#errors).length > 0;
  }

  get errors(): FieldErrors {
    return this.#errors;
  }

  read<T>(name: string, reader: Reader<T>, wrong: string): T | undefined {
    const text = this.#text(name, DELIVERED_TEXT_CHARACTERS_MAX);
    if (text === undefined) return undefined;
    const value = text.trim() === '' ? undefined : reader(text);
    if (value === undefined) this.#errors[name] = [text.trim() === '' ? "can't be blank" : wrong];
    return value;
  }

  /** A member that may be missing, empty, or something else. */
  optional<T>(name: string, reader: Reader<T>): T | undefined {
    const text = this.#members[name];
    if (typeof text !== 'string' || text === '') return undefined;
    return text.length > DELIVERED_TEXT_CHARACTERS_MAX ? undefined : reader(text);
  }

  /** Senders may leave the message out, because it tells where the honeypot is. */
  message(): string {
    const text = this.#text('sip_message', DELIVERED_MESSAGE_CHARACTERS_MAX) ?? '';
    return text.replaceAll('\0', '\u2400');
  }

  #text(name: string, charactersMax: number): string | undefined {
    const value = this.#members[name];
    if (typeof value !== 'string') {
      this.#errors[name] = [value === undefined ? "can't be blank" : 'must be a string'];
      return undefined;
    }
    if (value.length > charactersMax) {
      this.#errors[name] = [`must be at most ${charactersMax} characters`];
      return undefined;
    }
    return value;
  }
}

/**
 * Wall-clock microseconds. 4.x nodes write the fraction as a number of nanoseconds without its leading zeros; nine
 * digits are the same either way.
 */
function nodeTime(text: string): number | undefined {
  const dot = text.indexOf('.');
  const whole = parseEventTimestamp(dot < 0 ? text : text.slice(0, dot));
  const fraction = dot < 0 ? '0' : text.slice(dot + 1);
  if (whole === undefined || !/^[0-9]{1,9}$/.test(fraction)) return undefined;
  return whole + Math.floor(Number(fraction) / 1000);
}

/** The Rust build of 4.x writes the port after the address. */
function sourceAddress(text: string): string | undefined {
  return parseAddressAndPort(text)?.address;
}

function portNumber(text: string): number | undefined {
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : Number.NaN;
  return port <= PORT_MAX ? port : undefined;
}

function found(text: string | undefined): string | undefined {
  return text === NOT_FOUND ? undefined : text;
}
