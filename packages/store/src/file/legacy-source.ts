// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { formatIp, isIpv4, isIpv6, isZonedAddress, parseIp } from '@sentrypeer/ip';

const PORT_MAX = 65_535;

export interface LegacySource {
  readonly ip: string;
  readonly port: number | undefined;
}

/**
 * The address in `source_ip` as SentryPeer 4.x wrote it, which on some paths is `address:port`; `undefined` if the text
 * contains none (any peer of its DHT could get any text stored).
 *
 * A valid address is taken as one: `::1:5060` is the address 0:0:0:0:0:0:1:5060, because the program that appends ports
 * writes `[::1]:5060`.
 */
export function parseLegacySource(text: string): LegacySource | undefined {
  if (isZonedAddress(text)) return { ip: bare(text), port: undefined };
  const colon = text.lastIndexOf(':');
  const port = parsePort(text.slice(colon + 1));
  if (colon <= 0 || port === undefined) return undefined;
  const host = text.slice(0, colon);
  const bracketed = host.startsWith('[') && host.endsWith(']');
  const ip = bracketed ? host.slice(1, -1) : host;
  if (!isZonedAddress(ip) || (bracketed && !isIpv6(ip))) return undefined;
  return { ip: bare(ip), port };
}

function parsePort(text: string): number | undefined {
  if (text.length === 0 || text.length > 5) return undefined;
  for (const character of text) if (character < '0' || character > '9') return undefined;
  const port = Number(text);
  return port <= PORT_MAX ? port : undefined;
}

/** IPv4-mapped IPv6 becomes IPv4; other text stays unchanged. */
function bare(text: string): string {
  const ip = parseIp(text);
  return ip !== undefined && isIpv4(ip) ? formatIp(ip) : text;
}
