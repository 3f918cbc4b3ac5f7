// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { FastifyReply, FastifyRequest } from 'fastify';
import { SESSION_MS } from '../limits.ts';

/** The value of a browser's cookie for this server; `undefined` if there is none (RFC 6265 §4.2). */
export function sessionId(request: FastifyRequest): string | undefined {
  const { cookie } = request.headers;
  if (cookie === undefined) return undefined;
  const start = `${nameOf(request)}=`;
  const pair = cookie.split('; ').find((text) => text.startsWith(start));
  return pair?.slice(start.length);
}

/** Sets or removes the browser's cookie. */
export function setSession(
  request: FastifyRequest,
  reply: FastifyReply,
  id: string | undefined,
): void {
  const seconds = id === undefined ? 0 : SESSION_MS / 1000;
  // Scripts cannot read it, pages of other sites do not send it, and over TLS it never leaves TLS.
  const secure = request.protocol === 'https' ? '; Secure' : '';
  reply.header(
    'Set-Cookie',
    `${nameOf(request)}=${id ?? ''}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${seconds}${secure}`,
  );
}

/** Cookies ignore ports, so two nodes on one machine need two names. */
function nameOf(request: FastifyRequest): string {
  return `sentrypeer_session_${request.raw.socket.localPort ?? 0}`;
}
