// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { sourceKey, type Endpoint } from '@sentrypeer/ip';
import { endpointKey } from '../address.ts';
import {
  EARLY_OCTETS_MAX,
  EARLY_PARTS_MAX,
  PACKED_VALUE_OCTETS_MAX,
  SESSION_IDLE_MS_MAX,
  SESSION_MS_MAX,
  SESSION_OCTETS_MAX,
  SESSION_OCTETS_MAX_ALL,
  SESSION_STRETCHES_MAX,
  SESSIONS_MAX,
  SESSIONS_PER_SOURCE_MAX,
} from '../limits.ts';
import type { Value } from '../values/value.ts';
import type { Part, QueryMessage, ReplyMessage } from '../wire/message.ts';
import { decodePackedValue } from '../wire/value-codec.ts';

export type MessageWithValues = QueryMessage | ReplyMessage;

/** A value whose parts are still arriving. */
interface Growing {
  readonly size: number;
  octets: Uint8Array | undefined;
  /** Stretches that have arrived, sorted and not adjacent to one another. */
  stretches: readonly (readonly [from: number, to: number])[];
}

interface Session {
  readonly message: MessageWithValues;
  readonly source: Endpoint;
  readonly openedAtMs: number;
  partAtMs: number;
  reservedOctets: number;
  readonly growing: Map<number, Growing>;
  readonly values: Value[];
}

/** What one datagram completed. */
export interface Assembled {
  readonly message: MessageWithValues;
  readonly source: Endpoint;
  /** Values that were completed by it. */
  readonly values: readonly Value[];
  /** All values of the message, once none is missing. */
  readonly complete: readonly Value[] | undefined;
}

/**
 * Puts together values that travel in parts, PROTOCOL 6.3: by source and transaction id, in any order, within limits of
 * time, count and octets.
 */
export class Reassembly {
  readonly #sessions = new Map<string, Session>();
  readonly #countBySource = new Map<string, number>();
  readonly #early: { readonly key: string; readonly part: Part; readonly atMs: number }[] = [];
  #earlyOctets = 0;
  #reservedOctets = 0;

  get sessionsCount(): number {
    return this.#sessions.size;
  }

  /** Whether something is kept that will have to be given up in time. */
  get isBusy(): boolean {
    return this.#sessions.size > 0 || this.#early.length > 0;
  }

  get reservedOctets(): number {
    return this.#reservedOctets;
  }

  /** Whether parts of this message are awaited: such parts are not stray. */
  expects(source: Endpoint, tid: number): boolean {
    return this.#sessions.has(sessionKey(source, tid));
  }

  /** Takes a header whose slots hold sizes. `undefined`: nothing is complete yet, or a limit refuses it. */
  open(message: MessageWithValues, source: Endpoint, nowMs: number): Assembled | undefined {
    const key = sessionKey(source, message.tid);
    if (this.#sessions.has(key)) return undefined; // A repeated header changes nothing.
    const host = sourceKey(source.address);
    const hostCount = this.#countBySource.get(host) ?? 0;
    if (this.#sessions.size >= SESSIONS_MAX || hostCount >= SESSIONS_PER_SOURCE_MAX)
      return undefined;
    const growing = new Map<number, Growing>();
    const values: Value[] = [];
    for (const slot of message.args.slots ?? []) {
      if ('value' in slot) values.push(slot.value);
      else if (slot.size > 0 && slot.size <= PACKED_VALUE_OCTETS_MAX)
        growing.set(slot.index, { size: slot.size, octets: undefined, stretches: [] });
    }
    if (growing.size === 0) return undefined; // Such a value cannot arrive, so there is no answer (PROTOCOL 5.3).
    const session = {
      message,
      source,
      openedAtMs: nowMs,
      partAtMs: nowMs,
      reservedOctets: 0,
      growing,
      values,
    };
    this.#sessions.set(key, session);
    this.#countBySource.set(host, hostCount + 1);
    return this.#takeEarly(key, session, nowMs);
  }

  /** Takes one part. `undefined`: nothing was completed. */
  add(part: Part, source: Endpoint, tid: number, nowMs: number): Assembled | 'dropped' | undefined {
    const key = sessionKey(source, tid);
    const session = this.#sessions.get(key);
    if (session === undefined) return this.#keepEarly(key, part, nowMs) ? undefined : 'dropped';
    session.partAtMs = nowMs;
    return this.#grow(key, session, part);
  }

  /** Gives up messages that have waited too long. Returns their number. */
  expire(nowMs: number): number {
    let count = 0;
    for (const [key, session] of this.#sessions) {
      const { openedAtMs, partAtMs } = session;
      if (nowMs - openedAtMs < SESSION_MS_MAX && nowMs - partAtMs < SESSION_IDLE_MS_MAX) continue;
      this.#close(key, session);
      count += 1;
    }
    while (this.#early[0] !== undefined && nowMs - this.#early[0].atMs >= SESSION_IDLE_MS_MAX)
      this.#dropEarly(0);
    return count;
  }

  #grow(key: string, session: Session, part: Part): Assembled | 'dropped' | undefined {
    const value = session.growing.get(part.index);
    const end = part.offset + part.octets.length;
    if (value === undefined || end > value.size || part.octets.length === 0) return 'dropped';
    const octets = value.octets ?? this.#reserve(session, value.size);
    if (octets === undefined) return 'dropped';
    value.octets = octets;
    const stretches = joined(value.stretches, part.offset, end);
    if (stretches.length > SESSION_STRETCHES_MAX) return 'dropped';
    value.stretches = stretches;
    octets.set(part.octets, part.offset);
    const [only] = stretches;
    if (only === undefined || only[0] !== 0 || only[1] !== value.size) return undefined;
    session.growing.delete(part.index);
    const decoded = decodePackedValue(octets);
    if (decoded !== undefined) session.values.push(decoded);
    const complete = session.growing.size === 0;
    if (complete) this.#close(key, session);
    return {
      message: session.message,
      source: session.source,
      values: decoded === undefined ? [] : [decoded],
      complete: complete ? session.values : undefined,
    };
  }

  /** Memory is reserved when the first octets of a value have arrived, never for a mere announcement. */
  #reserve(session: Session, size: number): Uint8Array | undefined {
    const fits =
      session.reservedOctets + size <= SESSION_OCTETS_MAX &&
      this.#reservedOctets + size <= SESSION_OCTETS_MAX_ALL;
    if (!fits) return undefined;
    session.reservedOctets += size;
    this.#reservedOctets += size;
    return new Uint8Array(size);
  }

  #close(key: string, session: Session): void {
    this.#reservedOctets -= session.reservedOctets;
    this.#sessions.delete(key);
    const host = sourceKey(session.source.address);
    const count = (this.#countBySource.get(host) ?? 1) - 1;
    if (count === 0) this.#countBySource.delete(host);
    else this.#countBySource.set(host, count);
  }

  #keepEarly(key: string, part: Part, nowMs: number): boolean {
    if (this.#early.length >= EARLY_PARTS_MAX) return false;
    if (this.#earlyOctets + part.octets.length > EARLY_OCTETS_MAX) return false;
    this.#early.push({ key, part: { ...part, octets: new Uint8Array(part.octets) }, atMs: nowMs });
    this.#earlyOctets += part.octets.length;
    return true;
  }

  #takeEarly(key: string, session: Session, nowMs: number): Assembled | undefined {
    const values: Value[] = [];
    let complete: readonly Value[] | undefined;
    for (let index = this.#early.length - 1; index >= 0; index -= 1) {
      if (this.#early[index]?.key !== key) continue;
      const [kept] = this.#dropEarly(index);
      const grown = kept === undefined ? undefined : this.#grow(key, session, kept.part);
      if (grown === undefined || grown === 'dropped') continue;
      session.partAtMs = nowMs;
      values.push(...grown.values);
      complete = grown.complete;
    }
    if (values.length === 0 && complete === undefined) return undefined;
    return { message: session.message, source: session.source, values, complete };
  }

  #dropEarly(index: number): { readonly part: Part }[] {
    const dropped = this.#early.splice(index, 1);
    for (const { part } of dropped) this.#earlyOctets -= part.octets.length;
    return dropped;
  }
}

function sessionKey(source: Endpoint, tid: number): string {
  return `${endpointKey(source)} ${tid}`;
}

/** Adds a stretch to the others; adjacent ones are merged. */
function joined(
  stretches: readonly (readonly [number, number])[],
  from: number,
  to: number,
): readonly (readonly [number, number])[] {
  const before = stretches.filter(([, end]) => end < from);
  const after = stretches.filter(([start]) => start > to);
  const touching = stretches.slice(before.length, stretches.length - after.length);
  const start = Math.min(from, ...touching.map(([first]) => first));
  const end = Math.max(to, ...touching.map(([, last]) => last));
  return [...before, [start, end], ...after];
}
