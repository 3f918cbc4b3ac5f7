// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** One end of a flow. */
export interface Endpoint {
  /** Bare: no brackets, no zone; IPv4-mapped IPv6 is written as IPv4. */
  readonly address: string;
  readonly port: number;
  /** The zone (interface) of a link-local IPv6 address, needed to send to it; else absent. */
  readonly zone?: string;
}

/** An endpoint from an address as Node.js writes it: perhaps with a zone, perhaps IPv4-mapped. */
export function endpointOf(address: string, port: number): Endpoint {
  if (address.startsWith('::ffff:') && address.includes('.'))
    return { address: address.slice(7), port };
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
  return address.includes(':') ? `[${address}]:${endpoint.port}` : `${address}:${endpoint.port}`;
}
