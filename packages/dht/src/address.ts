// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import {
  familyOf,
  formatIp,
  ipOfOctets,
  isIpv4,
  parseIp,
  wireOctets,
  type Endpoint,
  type Family,
} from '@sentrypeer/ip';

/** Each family has a separate table and separate searches (PROTOCOL 16). */
export const FAMILIES: readonly Family[] = [4, 6];

/** One text for an address and port, for maps. */
export function endpointKey(endpoint: Endpoint): string {
  return `${endpoint.address} ${endpoint.port}`;
}

export function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a.port === b.port && a.address === b.address;
}

/** The 4 or 16 octets of an address, or `undefined` if the text is not one. */
export function addressOctets(address: string): Uint8Array | undefined {
  const ip = parseIp(address);
  return ip === undefined ? undefined : wireOctets(ip);
}

/** The address with these 4 or 16 octets, as the system writes it; `undefined` for another number of octets. */
export function addressText(octets: Uint8Array): string | undefined {
  const ip = ipOfOctets(octets);
  return ip === undefined ? undefined : formatIp(ip);
}

/** Where no node can be (PROTOCOL 15): port 0; 0/8 and 224/3; `::`, ff00::/8 and IPv4-mapped addresses. */
export function isMartianEndpoint({ address, port }: Endpoint): boolean {
  if (port === 0) return true;
  if (familyOf(address) === 4) {
    const first = Number.parseInt(address, 10); // The common case, without converting to octets.
    return !(first > 0 && first < 224);
  }
  const ip = parseIp(address);
  if (ip === undefined || isIpv4(ip)) return true;
  return ip[0] === 0xff || ip.every((octet) => octet === 0);
}
