// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { FastifyRequest } from 'fastify';
import { isZonedAddress } from '@sentrypeer/ip';

/** Who asks. Where a trusted proxy names no address in `X-Forwarded-For`, whoever connected: anybody may write anything there. */
export function clientAddress(request: FastifyRequest): string {
  const { ip } = request;
  return isZonedAddress(ip) ? ip : (request.raw.socket.remoteAddress ?? '');
}
