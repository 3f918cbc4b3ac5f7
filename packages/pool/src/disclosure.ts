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
/** Prefix lengths of a network that may belong to a single attacker. */
const NETWORK = { ipv4: 24, ipv6: 48 } as const;

/** The network that first used a text, until another network uses it or it is used on another day. */
interface Said {
  readonly network: string;
  readonly day: number;
  isConfirmed: boolean;
}

/**
 * The form of an event that others may know. An attacker who dials another number at each address, or uses another name
 * for himself or his method there, could read in the pool which addresses are honeypots, and so could one who compares
 * times (a probe-response attack: docs/sharing.md). So an unknown number, User-Agent or method is only shared once it
 * came from two networks or on two days; nothing finer than the hour leaves, and the UUID, which contains the time, is
 * replaced by {@link sharedUuid}.
 */
export class Disclosure {
  readonly #methods = new Map<string, Said>();
  readonly #numbers = new Map<string, Said>();
  readonly #userAgents = new Map<string, Said>();

  /**
   * The event as others may know it, except for its UUID. Remembers what it contains: must be called once for each, in
   * order.
   */
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

/** `NOT_FOUND` is what SentryPeer 4.x nodes share if a message has no number. */
function ifConfirmed(texts: Map<string, Said>, text: string, network: string, day: number): string {
  if (text === '' || text === NOT_FOUND) return text;
  const said = texts.get(text) ?? { network, day, isConfirmed: false };
  if (said.network !== network || said.day !== day) said.isConfirmed = true;
  texts.delete(text); // The most recently used one goes to the end.
  texts.set(text, said);
  const [oldest] = texts.keys();
  if (texts.size > TEXTS_MAX && oldest !== undefined) texts.delete(oldest);
  return said.isConfirmed ? text : NOT_FOUND;
}

/**
 * The UUID under which others know an event: made from a signature (deterministic, RFC 8032 §5.1), so that it is the
 * same after a restart and reveals nothing to anybody without the node's key.
 */
export function sharedUuid(signer: Signer, eventUuid: string): string {
  return uuidOfHash(signer.sign(new TextEncoder().encode(`sentrypeer shared uuid\n${eventUuid}`)));
}
