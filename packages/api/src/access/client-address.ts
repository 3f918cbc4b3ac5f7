// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { FastifyRequest } from 'fastify';
import { endpointOf, isLoopback, isZonedAddress, sourceKey } from '@sentrypeer/ip';
import type { RoomClient } from '../fair-room.ts';

/**
 * The client's address. If a trusted proxy names no address in `X-Forwarded-For`, whoever connected: anybody may write
 * anything there.
 */
export function clientAddress(request: FastifyRequest): string {
  const { ip } = request;
  return isZonedAddress(ip) ? ip : (request.raw.socket.remoteAddress ?? '');
}

/** The client as limits count it: an IPv4 address, or an IPv6 /64, within which a client takes any address it likes. */
export function clientSource(request: FastifyRequest): string {
  return sourceKey(bareAddress(clientAddress(request)));
}

/** The client for answers that take long: those with a key, and this machine, come first. */
export function roomClient(request: FastifyRequest): RoomClient {
  const isOurs = isLoopback(bareAddress(clientAddress(request)));
  return { source: clientSource(request), isKnown: isOurs || request.caller.role !== undefined };
}

/** The client for queries that take turns: what strangers at its address ask does not count against a known one. */
export function scanClient(request: FastifyRequest): string {
  const { source, isKnown } = roomClient(request);
  return isKnown ? `known ${source}` : source;
}

/** Node.js writes an address with its zone, and IPv4 as IPv6 if a socket takes both. */
export function bareAddress(ip: string): string {
  return endpointOf(ip, 0).address;
}
