// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Random } from '@sentrypeer/kernel';
import {
  CONNECT_RETRY_MS_MAX,
  IDLE_HOLD_MS_MAX,
  IDLE_HOLD_MS_MIN,
  PREFIX_LIMIT_MS_MAX,
  PREFIX_LIMIT_MS_MIN,
} from '../limits.ts';
import { CeaseSubcode, ErrorCode } from '../wire/notification.ts';
import type { SessionEnd } from './session.ts';

const DOUBLINGS_MAX = 16;

/** How long a neighbour waits before it tries again (RFC 4271 §8.1.1, DampPeerOscillations; §10, jitter). */
export class BackOff {
  readonly #random: Random;
  readonly #octet = new Uint8Array(1);
  readonly #connectRetryMs: number;
  #failuresCount = 0;
  /** How many times in a row the neighbour got too many prefixes from us. */
  #prefixLimitsCount = 0;
  #isAtPrefixLimit = false;

  constructor(random: Random, connectRetryMs: number) {
    this.#random = random;
    this.#connectRetryMs = connectRetryMs;
  }

  /** Whether it waits because the neighbour accepts no more prefixes. */
  get isAtPrefixLimit(): boolean {
    return this.#isAtPrefixLimit;
  }

  /** The session was up for a while: earlier failures no longer count. */
  forget(): void {
    this.#failuresCount = 0;
    this.#prefixLimitsCount = 0;
  }

  /** The next attempt is due at once, because an operator asked for it. */
  reset(): void {
    this.forget();
    this.#isAtPrefixLimit = false;
  }

  onEnd(end: SessionEnd): void {
    this.#failuresCount += 1;
    this.#isAtPrefixLimit =
      end.direction === 'received' &&
      end.notification.code === ErrorCode.cease &&
      (end.notification.subcode === CeaseSubcode.maximumPrefixes ||
        end.notification.subcode === CeaseSubcode.outOfResources);
    if (this.#isAtPrefixLimit) this.#prefixLimitsCount += 1;
  }

  connectRetryMs(): number {
    const baseMs = this.#connectRetryMs;
    const maxMs = Math.max(baseMs, CONNECT_RETRY_MS_MAX);
    return this.#jittered(doubled(baseMs, this.#failuresCount, maxMs));
  }

  idleHoldMs(): number {
    const waitMs = this.#isAtPrefixLimit
      ? doubled(PREFIX_LIMIT_MS_MIN, this.#prefixLimitsCount, PREFIX_LIMIT_MS_MAX)
      : doubled(IDLE_HOLD_MS_MIN, this.#failuresCount, IDLE_HOLD_MS_MAX);
    return this.#jittered(waitMs);
  }

  /** "Multiplying by a random factor that is uniformly distributed in the range from 0.75 to 1.0" (RFC 4271 §10). */
  #jittered(waitMs: number): number {
    const [chance = 0] = this.#random.fill(this.#octet);
    return waitMs * (0.75 + (0.25 * chance) / 255);
  }
}

/** @param count Failed attempts, 0 and above; 0 and 1 give `baseMs`. */
function doubled(baseMs: number, count: number, maxMs: number): number {
  return Math.min(baseMs * 2 ** Math.min(Math.max(count - 1, 0), DOUBLINGS_MAX), maxMs);
}
