// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { Cursor, Writer } from '@sentrypeer/bytes';
import { assert } from '@sentrypeer/kernel';
import type {
  CalledNumberSource,
  CollectedMethod,
  EventDetails,
  Grade,
  MessageKind,
  Observation,
  Transport,
} from './bad-actor-event.ts';
import {
  DETAIL_TEXT_CHARACTERS_MAX,
  EVENT_BATCH_OCTETS_MIN,
  EVENT_TEXT_CHARACTERS_MAX,
} from './limits.ts';

/** U+2400, "symbol for null": no octet is read as this character, so nothing is lost. */
const NUL_SYMBOL = '\u2400';

/*
 * How events travel from the threads that receive to the thread that stores: one block of octets that is
 * handed over without copying. Both ends are this file; the format is never written to disk.
 *
 *   batch  = nodeId:text16 collectedMethod:u8 record*
 *   record = 1 event | 2 repeat | 3 dropped
 */
const RECORD_EVENT = 1;
const RECORD_REPEAT = 2;
const RECORD_DROPPED = 3;

const GRADES: readonly Grade[] = ['seen', 'returned', 'handshake'];
const TRANSPORTS: readonly Transport[] = ['UDP', 'TCP', 'TLS'];
const KINDS: readonly MessageKind[] = ['request', 'response', 'not-sip'];
const SOURCES: readonly CalledNumberSource[] = ['request-uri', 'to', 'none'];
const COLLECTED_METHODS: readonly CollectedMethod[] = ['passive', 'responsive'];

/** Texts of one event record, in the order in which `addEvent()` writes and `readEvent()` reads them. */
const EVENT_TEXTS_COUNT = 13;
/** Numbers and size prefixes of one event record, rounded up. */
const EVENT_FIXED_SIZE = 128;
/** UTF-8 takes at most three octets for one UTF-16 code unit. */
const UTF8_SIZE_MAX = 3;
/** Only the details' JSON comes near this size; limits.ts asserts that it stays below. */
const TEXT16_SIZE_MAX = 65_534;
/** One repeat record, rounded up. */
const REPEAT_SIZE_MAX = 128;

/** A repeat of an event that was recorded before: `count` more messages like it. */
export interface EventRepeat {
  readonly eventUuid: string;
  /** Messages in addition to those counted before; at least 1. */
  readonly count: number;
  /** When the newest of them arrived, in wall-clock microseconds. */
  readonly lastEpochUs: number;
}

/** An event as it comes out of a batch: flat, as the store writes it. */
export interface BatchedEvent extends Omit<
  Observation,
  'anomalies' | 'details' | 'sipMessage' | 'collectedMethod'
> {
  readonly eventUuid: string;
  /** Codes joined by commas; empty if there are none. */
  readonly anomalies: string;
  /** `EventDetails` as JSON. */
  readonly detailsJson: string | undefined;
  /** Latin-1 text of the octets; octet 0 is written U+2400, so that C readers see all of it. */
  readonly sipMessage: string;
}

/** A reader of a batch, record by record. */
export interface EventBatchVisitor {
  event(event: BatchedEvent, nodeId: string, collectedMethod: CollectedMethod): void;
  repeat(repeat: EventRepeat): void;
  /** `count` messages were received but could not be kept; they are counted nowhere else. */
  dropped(count: number): void;
}

/** Fills one block of octets with events. */
export class EventBatchWriter {
  readonly #writer: Writer;

  /** @param octets Owned by the writer until `finish()`; at least {@link EVENT_BATCH_OCTETS_MIN}. */
  constructor(octets: Uint8Array, nodeId: string, collectedMethod: CollectedMethod) {
    assert(octets.length >= EVENT_BATCH_OCTETS_MIN, 'event_batch_too_small');
    this.#writer = new Writer(octets);
    this.#writer.text16(nodeId).u8(COLLECTED_METHODS.indexOf(collectedMethod));
  }

  /** Adds an event, or returns `false` if it might no longer fit. Texts are cut to the limits. */
  addEvent(eventUuid: string, event: Observation): boolean {
    const anomalies = bound(event.anomalies.join(','));
    const details = event.details === undefined ? undefined : detailsJson(event.details);
    const texts = [
      eventUuid,
      event.sourceIp,
      event.destinationIp,
      bound(event.calledNumber),
      bound(event.sipMethod),
      bound(event.userAgent),
      bound(event.requestUri),
      bound(event.toUri),
      bound(event.toUser),
      bound(event.fromUri),
      bound(event.fromUser),
      anomalies,
      details,
    ];
    if (this.#writer.remaining < eventSizeBound(texts, event.sipMessage.length)) return false;
    this.#writer
      .u8(RECORD_EVENT)
      .f64(event.eventEpochUs)
      .u8(TRANSPORTS.indexOf(event.transportType))
      .u8(GRADES.indexOf(event.grade))
      .u8(KINDS.indexOf(event.messageKind))
      .u8(SOURCES.indexOf(event.calledNumberSource))
      .u16(event.sourcePort)
      .u16(event.destinationPort)
      .texts(texts)
      .u32(event.sipMessage.length)
      .raw(event.sipMessage);
    return true;
  }

  /** Adds a repeat, or returns `false` if it might no longer fit. */
  addRepeat(repeat: EventRepeat): boolean {
    if (this.#writer.remaining < REPEAT_SIZE_MAX) return false;
    this.#writer
      .u8(RECORD_REPEAT)
      .text16(repeat.eventUuid)
      .u32(repeat.count)
      .f64(repeat.lastEpochUs);
    return true;
  }

  /** Adds a count of messages that could not be kept, or returns `false` if it no longer fits. */
  addDropped(count: number): boolean {
    if (this.#writer.remaining < 9) return false;
    this.#writer.u8(RECORD_DROPPED).f64(count);
    return true;
  }

  /** The batch, a view on the octets given to the constructor. */
  finish(): Uint8Array {
    return this.#writer.finish();
  }
}

/** Reads what {@link EventBatchWriter} wrote. Both are ours, so a damaged batch is a bug. */
export function visitEventBatch(octets: Uint8Array, visitor: EventBatchVisitor): void {
  const cursor = new Cursor(octets);
  const nodeId = cursor.text16() ?? '';
  const collectedMethod = COLLECTED_METHODS[cursor.u8()] ?? 'passive';
  while (cursor.remaining > 0) {
    const type = cursor.u8();
    if (type === RECORD_EVENT) visitor.event(readEvent(cursor), nodeId, collectedMethod);
    else if (type === RECORD_REPEAT) visitor.repeat(readRepeat(cursor));
    else visitor.dropped(cursor.f64());
  }
  assert(cursor.failedAt === undefined, 'event_batch_damaged');
}

function readEvent(cursor: Cursor): BatchedEvent {
  const eventEpochUs = cursor.f64();
  const transportType = TRANSPORTS[cursor.u8()] ?? 'UDP';
  const grade = GRADES[cursor.u8()] ?? 'seen';
  const messageKind = KINDS[cursor.u8()] ?? 'not-sip';
  const calledNumberSource = SOURCES[cursor.u8()] ?? 'none';
  const sourcePort = cursor.u16();
  const destinationPort = cursor.u16();
  const texts = cursor.texts(EVENT_TEXTS_COUNT);
  return {
    eventUuid: texts[0] ?? '',
    eventEpochUs,
    transportType,
    grade,
    messageKind,
    calledNumberSource,
    sourcePort,
    destinationPort,
    sourceIp: texts[1] ?? '',
    destinationIp: texts[2] ?? '',
    calledNumber: texts[3],
    sipMethod: texts[4],
    userAgent: texts[5],
    requestUri: texts[6],
    toUri: texts[7],
    toUser: texts[8],
    fromUri: texts[9],
    fromUser: texts[10],
    anomalies: texts[11] ?? '',
    detailsJson: texts[12],
    sipMessage: messageText(cursor.latin1(cursor.u32())),
  };
}

function readRepeat(cursor: Cursor): EventRepeat {
  return {
    eventUuid: cursor.text16() ?? '',
    count: cursor.u32(),
    lastEpochUs: cursor.f64(),
  };
}

function messageText(latin1: string): string {
  return latin1.includes('\0') ? latin1.replaceAll('\0', NUL_SYMBOL) : latin1;
}

function bound<T extends string | undefined>(text: T): T | string {
  return text !== undefined && text.length > EVENT_TEXT_CHARACTERS_MAX
    ? text.slice(0, EVENT_TEXT_CHARACTERS_MAX)
    : text;
}

function detailsJson(details: EventDetails): string {
  const json = JSON.stringify(details);
  if (json.length <= DETAIL_TEXT_CHARACTERS_MAX) return json; // Each value is shorter than the whole.
  return JSON.stringify(details, (_key, value: unknown) =>
    typeof value === 'string' ? value.slice(0, DETAIL_TEXT_CHARACTERS_MAX) : value,
  );
}

function eventSizeBound(texts: readonly (string | undefined)[], messageSize: number): number {
  let size = EVENT_FIXED_SIZE + messageSize;
  for (const text of texts) {
    if (text !== undefined) size += Math.min(text.length * UTF8_SIZE_MAX, TEXT16_SIZE_MAX);
  }
  return size;
}
