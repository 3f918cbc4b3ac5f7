// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { IncomingMessage } from 'node:http';
import { isIpv6, isZonedAddress } from '@sentrypeer/ip';
import { HOST_CHARACTERS_MAX, HOSTS_COUNT_MAX } from '../limits.ts';

/** Ends of names that nobody can register in the public DNS: RFC 6761, RFC 6762, RFC 8375, and ICANN's `internal`. */
const PRIVATE_ENDS = ['.localhost', '.local', '.home.arpa', '.internal'];
const NAME_CHARACTERS = 'abcdefghijklmnopqrstuvwxyz0123456789-._';

/**
 * The names under which this server answers. A page from anybody can make its own name point to our address (DNS
 * rebinding) and read here as if we were its server; its requests still carry that name in Host. Addresses,
 * single-label names and private names cannot belong to such a page.
 */
export class ServedHosts {
  readonly #names: ReadonlySet<string>;
  /** Recently asked names and the outcome, so that look-ups pay for it only once. */
  readonly #known = new Map<string, boolean>();

  /** @param names Of this machine, and those that the operator configured. */
  constructor(names: readonly string[]) {
    this.#names = new Set(names.map((name) => plainName(name.toLowerCase())));
  }

  /** @param host As in the request, with or without a port. */
  serves(host: string): boolean {
    const known = this.#known.get(host);
    if (known !== undefined) return known;
    const name = hostName(host);
    const served = name !== undefined && this.#isServed(name);
    if (this.#known.size >= HOSTS_COUNT_MAX) this.#known.clear();
    this.#known.set(host, served);
    return served;
  }

  #isServed(name: string): boolean {
    if (isZonedAddress(name) || !name.includes('.') || this.#names.has(name)) return true;
    return PRIVATE_ENDS.some((end) => name.endsWith(end));
  }
}

/**
 * Whether the server must refuse it: "any request message that contains more than one Host header field line or a Host
 * header field with an invalid field value" (RFC 9112 §3.2).
 */
export function hasBadHost({ rawHeaders, headers }: IncomingMessage): boolean {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (name.length === 4 && name.toLowerCase() === 'host') count += 1;
  }
  return count > 1 || (headers.host !== undefined && hostName(headers.host) === undefined);
}

/** Whether a page of another site sends it, as far as browsers report it. */
export function isCrossSite({ method = '', headers }: IncomingMessage): boolean {
  if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return false;
  const { origin, 'sec-fetch-site': site } = headers;
  if (site === 'cross-site' || site === 'same-site') return true;
  if (origin === undefined) return false;
  return !URL.canParse(origin) || new URL(origin).host !== (headers.host ?? '').toLowerCase();
}

/** The name or address without the port, in small letters; `undefined` if the text is not one (RFC 3986 §3.2.2). */
function hostName(host: string): string | undefined {
  if (host.length > HOST_CHARACTERS_MAX) return undefined;
  const text = host.toLowerCase();
  const end = text.startsWith('[') ? text.indexOf(']') + 1 : text.indexOf(':');
  const name = end < 0 ? text : text.slice(0, end);
  const port = end < 0 ? '' : text.slice(end);
  if (port !== '' && (!port.startsWith(':') || !isDigits(port.slice(1)))) return undefined;
  if (name.startsWith('[')) {
    const address = name.slice(1, -1);
    return isIpv6(address) && isZonedAddress(address) ? address : undefined;
  }
  for (const character of name) if (!NAME_CHARACTERS.includes(character)) return undefined;
  return plainName(name);
}

function plainName(name: string): string {
  return name.endsWith('.') ? name.slice(0, -1) : name;
}

function isDigits(text: string): boolean {
  for (const character of text) if (character < '0' || character > '9') return false;
  return true;
}
