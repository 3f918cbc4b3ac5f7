// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { createHash, randomBytes } from 'node:crypto';
import {
  SESSION_IDLE_MS,
  SESSION_MS,
  SESSIONS_COUNT_MAX,
  SESSIONS_PER_KEY_MAX,
} from '../limits.ts';

/** Octets of an id and of a token: as many as a key has. */
const SECRET_OCTETS = 32;

/** Somebody who entered a key in a browser. */
export interface Session {
  /** The session is found by the hash of the cookie's value. */
  readonly idHash: string;
  /** The key itself: it is looked up with every request, so that a revoked key ends its sessions. */
  readonly key: string;
  /** The name of the key. */
  readonly keyName: string;
  /** What a changing request must contain in addition to the cookie; pages of other sites cannot read it. */
  readonly token: string;
  /** Monotonic milliseconds. */
  readonly endsAtMs: number;
}

interface Kept extends Session {
  seenAtMs: number;
}

/**
 * Sessions of browsers, only in memory: a restart ends them all. Bounded in all and for each key; the oldest of the
 * key, otherwise of all, is dropped.
 */
export class Sessions {
  /** In the order in which they were opened. */
  readonly #kept = new Map<string, Kept>();

  /** @returns The cookie's value, and the session. */
  open(
    key: string,
    keyName: string,
    nowMs: number,
  ): { readonly id: string; readonly session: Session } {
    for (const one of this.#kept.values()) if (isOver(one, nowMs)) this.close(one);
    const ofKey = [...this.#kept.values()].filter((one) => one.keyName === keyName);
    const [oldestOfKey] = ofKey;
    if (ofKey.length >= SESSIONS_PER_KEY_MAX && oldestOfKey !== undefined) this.close(oldestOfKey);
    const [oldest] = this.#kept.values();
    if (this.#kept.size >= SESSIONS_COUNT_MAX && oldest !== undefined) this.close(oldest);
    const id = secret();
    const session: Kept = {
      idHash: hashOf(id),
      key,
      keyName,
      token: secret(),
      endsAtMs: nowMs + SESSION_MS,
      seenAtMs: nowMs,
    };
    this.#kept.set(session.idHash, session);
    return { id, session };
  }

  /** The session that a cookie names; `undefined` if it is over or never existed. */
  find(id: string, nowMs: number): Session | undefined {
    // By its hash, so that the time of the look-up reveals nothing about existing ids.
    const session = this.#kept.get(hashOf(id));
    if (session === undefined) return undefined;
    if (isOver(session, nowMs)) {
      this.close(session);
      return undefined;
    }
    session.seenAtMs = nowMs;
    return session;
  }

  /** Whether it is not over; does not count as use. */
  has({ idHash }: Session, nowMs: number): boolean {
    const session = this.#kept.get(idHash);
    return session !== undefined && !isOver(session, nowMs);
  }

  close({ idHash }: Session): void {
    this.#kept.delete(idHash);
  }
}

/**
 * Whether a request contains the token of its session. Hashes are compared, so that the time it takes reveals nothing.
 */
export function hasToken({ token }: Session, brought: unknown): boolean {
  return typeof brought === 'string' && hashOf(brought) === hashOf(token);
}

function isOver({ endsAtMs, seenAtMs }: Kept, nowMs: number): boolean {
  return nowMs >= endsAtMs || nowMs >= seenAtMs + SESSION_IDLE_MS;
}

function secret(): string {
  return randomBytes(SECRET_OCTETS).toString('base64url');
}

function hashOf(id: string): string {
  return createHash('sha256').update(id).digest('base64url');
}
