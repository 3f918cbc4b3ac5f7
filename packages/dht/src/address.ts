// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** One end of a flow. */
export interface Endpoint {
  /** Bare, as the system writes it: no brackets, no zone; IPv4-mapped IPv6 is written as IPv4. */
  readonly address: string;
  readonly port: number;
  /** The zone (interface) of a link-local IPv6 address, needed to send to it; else absent. */
  readonly zone?: string;
}

/** The two networks, each with a table and searches of its own (PROTOCOL 16). */
export type Family = 4 | 6;

export const FAMILIES: readonly Family[] = [4, 6];

export const IPV4_OCTETS = 4;
export const IPV6_OCTETS = 16;
const GROUPS = 8;

export function familyOf(address: string): Family {
  return address.includes(':') ? 6 : 4;
}

/** One text for an address and port, for maps. */
export function endpointKey(endpoint: Endpoint): string {
  return `${endpoint.address} ${endpoint.port}`;
}

export function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a.port === b.port && a.address === b.address;
}

/** 4 or 16 octets of an address, or `undefined` where the text is none. */
export function addressOctets(address: string): Uint8Array | undefined {
  return familyOf(address) === 4 ? ipv4Octets(address) : ipv6Octets(address);
}

/** The address as the system writes it (RFC 5952); `undefined` unless there are 4 or 16 octets. */
export function addressText(octets: Uint8Array): string | undefined {
  if (octets.length === IPV4_OCTETS) return octets.join('.');
  if (octets.length !== IPV6_OCTETS) return undefined;
  const groups = Array.from(
    { length: GROUPS },
    (_, index) => (octets[index * 2] ?? 0) * 256 + (octets[index * 2 + 1] ?? 0),
  );
  if (isMapped(octets)) return octets.subarray(IPV6_OCTETS - IPV4_OCTETS).join('.');
  const { start, count } = longestZeros(groups);
  const text = groups.map((group) => group.toString(16));
  return count < 2
    ? text.join(':')
    : `${text.slice(0, start).join(':')}::${text.slice(start + count).join(':')}`;
}

/** Who counts as one source: an IPv4 address, or an IPv6 /64, inside which a peer changes address at will. */
export function sourceKey(address: string): string {
  if (familyOf(address) === 4) return address;
  const octets = ipv6Octets(address);
  return octets === undefined ? address : octets.subarray(0, 8).join('.');
}

export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}

/** An address that many nodes of one site may share: loopback, RFC 1918, RFC 6598, link-local, RFC 4193. */
export function isLocal(address: string): boolean {
  if (isLoopback(address)) return true;
  const octets = addressOctets(address);
  const [a = 0, b = 0] = octets ?? [];
  if (octets?.length === IPV6_OCTETS)
    return (a & 0xfe) === 0xfc || (a === 0xfe && (b & 0xc0) === 0x80);
  return (
    a === 10 ||
    (a === 172 && (b & 0xf0) === 16) ||
    (a === 192 && b === 168) ||
    (a === 169 && b === 254) ||
    (a === 100 && (b & 0xc0) === 64)
  );
}

/** Where no node can be (PROTOCOL 15): port 0; 0/8 and 224/3; `::`, ff00::/8 and IPv4-mapped addresses. */
function isMartian(octets: Uint8Array, port: number): boolean {
  if (port === 0) return true;
  const first = octets[0] ?? 0;
  if (octets.length === IPV4_OCTETS) return first === 0 || first >= 224;
  if (octets.length !== IPV6_OCTETS) return true;
  return first === 0xff || isMapped(octets) || octets.every((octet) => octet === 0);
}

export function isMartianEndpoint(endpoint: Endpoint): boolean {
  if (familyOf(endpoint.address) === 4 && endpoint.port !== 0) {
    const first = Number.parseInt(endpoint.address, 10); // The common case, without making octets.
    return !(first > 0 && first < 224);
  }
  const octets = addressOctets(endpoint.address);
  return octets === undefined || isMartian(octets, endpoint.port);
}

function isMapped(octets: Uint8Array): boolean {
  for (let index = 0; index < 10; index += 1) if (octets[index] !== 0) return false;
  return octets[10] === 0xff && octets[11] === 0xff;
}

function ipv4Octets(address: string): Uint8Array | undefined {
  const parts = address.split('.');
  if (parts.length !== IPV4_OCTETS) return undefined;
  const octets = new Uint8Array(IPV4_OCTETS);
  for (const [index, part] of parts.entries()) {
    const value = Number(part);
    if (part === '' || part.length > 3 || !Number.isInteger(value) || value < 0 || value > 255)
      return undefined;
    octets[index] = value;
  }
  return octets;
}

function ipv6Octets(address: string): Uint8Array | undefined {
  const halves = address.split('::');
  if (halves.length > 2) return undefined;
  const head = ipv6Groups(halves[0] ?? '');
  const tail = ipv6Groups(halves[1] ?? '');
  if (head === undefined || tail === undefined) return undefined;
  const gap = GROUPS - head.length - tail.length;
  if (halves.length === 1 ? gap !== 0 : gap < 1) return undefined;
  const groups = [...head, ...Array.from({ length: gap }, () => 0), ...tail];
  const octets = new Uint8Array(IPV6_OCTETS);
  for (const [index, group] of groups.entries()) {
    octets[index * 2] = group >> 8;
    octets[index * 2 + 1] = group & 0xff;
  }
  return octets;
}

function ipv6Groups(text: string): readonly number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  for (const part of text.split(':')) {
    const dotted = part.includes('.') ? ipv4Octets(part) : undefined;
    if (dotted !== undefined) {
      groups.push(
        (dotted[0] ?? 0) * 256 + (dotted[1] ?? 0),
        (dotted[2] ?? 0) * 256 + (dotted[3] ?? 0),
      );
      continue;
    }
    const value = Number(`0x${part}`);
    if (part === '' || part.length > 4 || !Number.isInteger(value)) return undefined;
    groups.push(value);
  }
  return groups;
}

function longestZeros(groups: readonly number[]): { start: number; count: number } {
  let best = { start: 0, count: 0 };
  for (let start = 0; start < groups.length; start += 1) {
    let count = 0;
    while (groups[start + count] === 0) count += 1;
    if (count > best.count) best = { start, count };
    start += count;
  }
  return best;
}
