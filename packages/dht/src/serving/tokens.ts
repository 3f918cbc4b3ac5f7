// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { createHash } from 'node:crypto';
import type { Endpoint } from '@sentrypeer/ip';
import { addressOctets } from '../address.ts';
import type { Chance } from '../engine/chance.ts';
import { TOKEN_SECRET_MS } from '../limits.ts';
import { sameOctets } from '../values/value.ts';

const SECRET_OCTETS = 16;
const NO_OCTETS = new Uint8Array(0);

/**
 * Write tokens, PROTOCOL 4.10: bound to an address and port, so a node that sends one has received ours there. Tokens
 * of the current and the previous secret are valid.
 */
export class Tokens {
  readonly #chance: Chance;
  #secret: Uint8Array;
  #previous: Uint8Array;
  #renewAtMs: number;

  constructor(chance: Chance, nowMs: number) {
    this.#chance = chance;
    this.#secret = chance.octets(SECRET_OCTETS);
    this.#previous = chance.octets(SECRET_OCTETS);
    this.#renewAtMs = nowMs + chance.between(TOKEN_SECRET_MS);
  }

  make(holder: Endpoint, nowMs: number): Uint8Array {
    this.#renew(nowMs);
    return digest(this.#secret, holder);
  }

  matches(token: Uint8Array | undefined, holder: Endpoint, nowMs: number): boolean {
    if (token === undefined) return false;
    this.#renew(nowMs);
    return (
      sameOctets(token, digest(this.#secret, holder)) ||
      sameOctets(token, digest(this.#previous, holder))
    );
  }

  #renew(nowMs: number): void {
    if (nowMs < this.#renewAtMs) return;
    // After a long sleep both are old, and neither may stay valid.
    const late = nowMs - this.#renewAtMs > TOKEN_SECRET_MS[1];
    this.#previous = late ? this.#chance.octets(SECRET_OCTETS) : this.#secret;
    this.#secret = this.#chance.octets(SECRET_OCTETS);
    this.#renewAtMs = nowMs + this.#chance.between(TOKEN_SECRET_MS);
  }
}

function digest(secret: Uint8Array, { address, port }: Endpoint): Uint8Array {
  const hash = createHash('sha256')
    .update(secret)
    .update(addressOctets(address) ?? NO_OCTETS);
  return new Uint8Array(hash.update(Uint8Array.of(port >> 8, port & 0xff)).digest());
}
