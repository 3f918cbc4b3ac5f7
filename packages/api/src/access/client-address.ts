// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';

/** Who asks. Where a trusted proxy names no address in `X-Forwarded-For`, whoever connected: anybody may write anything there. */
export function clientAddress(request: FastifyRequest): string {
  const { ip } = request;
  return isIP(ip) === 0 ? (request.raw.socket.remoteAddress ?? '') : ip;
}
