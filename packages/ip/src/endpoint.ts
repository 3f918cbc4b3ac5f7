// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { isIpv6, mappedIpv4 } from './address-text.ts';
import { canonicalAddress, parseIp } from './ip.ts';

/** One end of a flow. */
export interface Endpoint {
  /** Bare: no brackets, no zone; IPv4-mapped IPv6 is written as IPv4. */
  readonly address: string;
  readonly port: number;
  /** The zone (interface) of a link-local IPv6 address, needed to send to it; absent for other addresses. */
  readonly zone?: string;
}

/** An endpoint from an address as Node.js writes it: perhaps with a zone, perhaps IPv4-mapped. */
export function endpointOf(address: string, port: number): Endpoint {
  const mapped = mappedIpv4(address);
  if (mapped !== undefined) return { address: mapped, port };
  const at = address.indexOf('%');
  return at === -1
    ? { address, port }
    : { address: address.slice(0, at), port, zone: address.slice(at + 1) };
}

/** The address as the system takes it, with its zone. */
export function zonedAddress(endpoint: {
  readonly address: string;
  readonly zone?: string;
}): string {
  return endpoint.zone === undefined ? endpoint.address : `${endpoint.address}%${endpoint.zone}`;
}

/** For people and logs: `192.0.2.1:5060`, `[2001:db8::1]:5060`. */
export function formatEndpoint(endpoint: Endpoint): string {
  const address = zonedAddress(endpoint);
  return isIpv6(address) ? `[${address}]:${endpoint.port}` : `${address}:${endpoint.port}`;
}

/** Whether an option or a host part is an address that the system takes: with its zone, if it has one (RFC 4007 §11). */
export function isZonedAddress(text: string): boolean {
  const at = text.indexOf('%');
  if (at < 0) return parseIp(text) !== undefined;
  const address = text.slice(0, at);
  return at < text.length - 1 && isIpv6(address) && parseIp(address) !== undefined;
}

/**
 * Reads `192.0.2.1`, `192.0.2.1:5060`, `2001:db8::1`, `[2001:db8::1]` and `[2001:db8::1]:5060`. Without brackets, the
 * last group of an IPv6 address is never taken as a port.
 *
 * @returns The address as `canonicalAddress()` writes it; `undefined` if the text is something else.
 */
export function parseAddressAndPort(
  text: string,
): { readonly address: string; readonly port: number | undefined } | undefined {
  const bare = canonicalAddress(text);
  if (bare !== undefined) return { address: bare, port: undefined };
  const end = text.startsWith('[') ? text.indexOf(']') + 1 : text.indexOf(':');
  if (end <= 0) return undefined;
  const host = text.startsWith('[') ? text.slice(1, end - 1) : text.slice(0, end);
  const address = canonicalAddress(host);
  if (address === undefined || text.startsWith('[') !== isIpv6(host)) return undefined;
  if (end === text.length) return { address, port: undefined };
  const port = text.charAt(end) === ':' ? parsePort(text.slice(end + 1)) : undefined;
  return port === undefined ? undefined : { address, port };
}

/** 0 to 65,535, of one to five digits. */
function parsePort(text: string): number | undefined {
  if (text === '' || text.length > 5) return undefined;
  for (const character of text) if (character < '0' || character > '9') return undefined;
  const port = Number(text);
  return port <= 0xffff ? port : undefined;
}
