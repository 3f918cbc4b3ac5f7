// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import {
  formatEventTimestamp,
  NOT_FOUND,
  REGISTERED_METHODS,
  uuidOfHash,
  type RecordedEvent,
} from '@sentrypeer/event';
import { networkText } from '@sentrypeer/ip';
import type { Signer } from './ed25519.ts';
import { TEXTS_MAX } from './limits.ts';

const HOUR_US = 3_600_000_000;
const DAY_US = 24 * HOUR_US;
const METHODS = new Set(REGISTERED_METHODS);
/** Prefix lengths of a network that may well be one attacker's. */
const NETWORK = { ipv4: 24, ipv6: 48 } as const;

/** Who said a text first, until somebody else says it or it is said on another day. */
interface Said {
  readonly network: string;
  readonly day: number;
  isConfirmed: boolean;
}

/**
 * What others may know of an event. An attacker who dials another number at each address, or calls himself or his method
 * another name there, could read in the pool which addresses are honeypots, and so could one who compares times (a
 * probe-response attack: docs/sharing.md). So a number, a User-Agent or a method that nobody knows is only shared once it
 * came from two networks or on two days; nothing finer than the hour leaves, and the UUID, which holds the time, is
 * replaced by {@link sharedUuid}.
 */
export class Disclosure {
  readonly #methods = new Map<string, Said>();
  readonly #numbers = new Map<string, Said>();
  readonly #userAgents = new Map<string, Said>();

  /** The event as others may know it, but for its UUID. Remembers what it says: to be called once for each, in order. */
  ofEvent(event: RecordedEvent, epochUs: number): RecordedEvent {
    const network = networkText(event.sourceIp, NETWORK) ?? event.sourceIp;
    const day = Math.floor(epochUs / DAY_US);
    return {
      ...event,
      eventTimestamp: formatEventTimestamp(epochUs - (epochUs % HOUR_US)),
      sipMethod: METHODS.has(event.sipMethod)
        ? event.sipMethod
        : ifConfirmed(this.#methods, event.sipMethod, network, day),
      calledNumber: ifConfirmed(this.#numbers, event.calledNumber, network, day),
      userAgent: ifConfirmed(this.#userAgents, event.userAgent, network, day),
    };
  }
}

/** `NOT_FOUND` is what nodes of SentryPeer 4.x share where a message has no number. */
function ifConfirmed(texts: Map<string, Said>, text: string, network: string, day: number): string {
  if (text === '' || text === NOT_FOUND) return text;
  const said = texts.get(text) ?? { network, day, isConfirmed: false };
  if (said.network !== network || said.day !== day) said.isConfirmed = true;
  texts.delete(text); // The one said last goes to the end.
  texts.set(text, said);
  const [oldest] = texts.keys();
  if (texts.size > TEXTS_MAX && oldest !== undefined) texts.delete(oldest);
  return said.isConfirmed ? text : NOT_FOUND;
}

/**
 * The UUID under which others know an event: made of a signature (deterministic, RFC 8032 §5.1), so that it is the same
 * after a restart and says nothing to anybody without the node's key.
 */
export function sharedUuid(signer: Signer, eventUuid: string): string {
  return uuidOfHash(signer.sign(new TextEncoder().encode(`sentrypeer shared uuid\n${eventUuid}`)));
}
