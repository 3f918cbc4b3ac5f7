// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** The prefix of secrets of Standard Webhooks. */
export const SECRET_PREFIX = 'whsec_';

/** Whether a text can be a secret: it is not empty, and after the prefix it is Base64. */
export function isSigningSecret(text: string): boolean {
  if (!text.startsWith(SECRET_PREFIX)) return text !== '';
  return /^[A-Za-z0-9+/]{2,}={0,2}$/.test(text.slice(SECRET_PREFIX.length));
}
