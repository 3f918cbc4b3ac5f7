// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { PASSWORD_OCTETS, SCRAM_ITERATIONS, SCRAM_SALT_OCTETS } from './limits.ts';

const HASH = 'sha256';
const HASH_OCTETS = 32;

/** A random password: letters, digits, `-` and `_`. */
export function newPassword(): string {
  return randomBytes(PASSWORD_OCTETS).toString('base64url');
}

/**
 * What PostgreSQL stores instead of a password (RFC 5803, RFC 7677). Sent in place of the password, so that the
 * server's log of statements never contains it. The password must be ASCII, which SASLprep leaves unchanged.
 */
export function scramVerifier(
  password: string,
  salt: Uint8Array = randomBytes(SCRAM_SALT_OCTETS),
): string {
  const salted = pbkdf2Sync(password, salt, SCRAM_ITERATIONS, HASH_OCTETS, HASH);
  const keyOf = (name: string): Uint8Array => createHmac(HASH, salted).update(name).digest();
  const stored = createHash(HASH).update(keyOf('Client Key')).digest();
  const server = keyOf('Server Key');
  return `SCRAM-SHA-256$${SCRAM_ITERATIONS}:${salt.toBase64()}$${stored.toString('base64')}:${server.toBase64()}`;
}
