// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { canonicalAddress, isIpv6, isZonedAddress } from '@sentrypeer/ip';
import { parseAllowed } from '@sentrypeer/verdict';
import {
  HOST_NAME_CHARACTERS_MAX,
  PERSONA_NAME_CHARACTERS_MAX,
  PORT_MAX,
  SIZE_OCTETS_MAX,
  VALUES_COUNT_MAX,
} from '../limits.ts';

/** How the values of an option are read, written and explained. */
export interface ValueType<T> {
  /** Stands for the value in the help; empty for a switch. */
  readonly placeholder: string;
  /** Completes the sentence "X is not ..." and appears in the documentation. */
  readonly wanted: string;
  /** Types that the value may have in the configuration file. */
  readonly toml: readonly ('boolean' | 'number' | 'string')[];
  /** Several values are joined by commas; the flag may be repeated and the file may have an array. */
  readonly repeatable: boolean;
  /** May be or contain a secret, so that no message repeats it. */
  readonly isSecret?: boolean;
  parse(text: string): T | undefined;
  /** The text that {@link parse} reads as this value. */
  format(value: T): string;
}

/** Where syslog lines go: to the machine's own log, or over the network. */
export type SyslogTarget =
  | { readonly kind: 'local' }
  | { readonly kind: 'udp' | 'tcp'; readonly host: string; readonly port: number };

/** A bare address and a port. */
export interface ListenAddress {
  readonly address: string;
  readonly port: number;
}

const ON = new Set(['1', 'true', 'yes', 'on']);
const OFF = new Set(['0', 'false', 'no', 'off', '']);

export const switchType: ValueType<boolean> = {
  placeholder: '',
  wanted: 'a switch: on is 1, true, yes or on; off is 0, false, no, off or empty',
  toml: ['boolean'],
  repeatable: false,
  parse: (text) => {
    const word = text.trim().toLowerCase();
    if (ON.has(word)) return true;
    return OFF.has(word) ? false : undefined;
  },
  format: (value) => (value ? 'on' : 'off'),
};

/** What people write to mean "no file: print it". */
export const STANDARD_OUTPUT_FILE = '-';

export const pathType: ValueType<string> = {
  placeholder: 'FILE',
  wanted: 'the path of a file',
  toml: ['string'],
  repeatable: false,
  parse: (text) =>
    text.trim() === '' || text === STANDARD_OUTPUT_FILE || text.includes('\0') ? undefined : text,
  format: (value) => value,
};

/** Of the database: SQLite would make a file without the slash, and look for it with the slash. */
export const databasePathType: ValueType<string> = {
  ...pathType,
  parse: (text) => (text.endsWith('/') ? undefined : pathType.parse(text)),
};

export const outputPathType: ValueType<string> = {
  ...pathType,
  wanted: 'the path of a file, or - for standard output',
  parse: (text) => (text === STANDARD_OUTPUT_FILE ? text : pathType.parse(text)),
};

export const geoFileType: ValueType<string> = {
  ...pathType,
  wanted: 'built-in, none, or the path of an MMDB file',
};

export const personaType: ValueType<string> = {
  placeholder: 'NAME',
  wanted: "auto or a persona's name",
  toml: ['string'],
  repeatable: false,
  parse: (text) => (text === '' || text.length > PERSONA_NAME_CHARACTERS_MAX ? undefined : text),
  format: (value) => value,
};

export function countType(placeholder: string, min: number, max: number): ValueType<number> {
  return {
    placeholder,
    wanted: `a whole number from ${min} to ${max}`,
    toml: ['number'],
    repeatable: false,
    parse: (text) => parseWhole(text, min, max),
    format: String,
  };
}

export const portType: ValueType<number> = {
  ...countType('PORT', 0, PORT_MAX),
  wanted: `a port from 0 to ${PORT_MAX}, where 0 chooses a free one`,
};

const SIZE_UNITS = new Map([
  ['kb', 1e3],
  ['mb', 1e6],
  ['gb', 1e9],
  ['tb', 1e12],
  ['kib', 2 ** 10],
  ['mib', 2 ** 20],
  ['gib', 2 ** 30],
  ['tib', 2 ** 40],
]);
/** A size with fewer octets must have a unit. */
const BARE_OCTETS_MIN = 65_536;
const BINARY_UNITS = ['', 'KiB', 'MiB', 'GiB', 'TiB'];

/** Octets with a unit; 0 is accepted whatever `min` is, and means "no limit". */
export function sizeType(min: number): ValueType<number> {
  const from = min === 0 ? '' : `, from ${formatSize(min)} on`;
  return {
    placeholder: 'SIZE',
    wanted: `a size such as 500MB or 1GiB (B, kB, MB, GB, TB, KiB, MiB, GiB, TiB)${from}, or 0`,
    toml: ['number', 'string'],
    repeatable: false,
    parse: (text) => {
      const octets = parseSize(text);
      // A bare `256` was probably meant as MB; octets must be written 256B.
      const isBare = digitsAtStart(text.trim()) === text.trim().length;
      if (isBare && octets !== 0 && (octets ?? 0) < BARE_OCTETS_MIN) return undefined;
      return octets === 0 || (octets !== undefined && octets >= min) ? octets : undefined;
    },
    format: formatSize,
  };
}

/** One IP address, with or without the brackets that IPv6 has in URIs. */
export const addressType: ValueType<string> = {
  placeholder: 'ADDRESS',
  wanted: 'an IP address, such as 127.0.0.1 or ::1',
  toml: ['string'],
  repeatable: false,
  parse: parseCanonical,
  format: (value) => value,
};

/** Addresses of this machine, or all of them. A wildcard would hide the address that a datagram was sent to. */
export const addressesType: ValueType<'all' | readonly string[]> = {
  placeholder: 'ADDRESS',
  wanted: 'all, or an IP address of this machine such as 192.0.2.1 or 2001:db8::1',
  toml: ['string'],
  repeatable: true,
  parse: (text) => {
    if (text === 'all') return 'all';
    const addresses = parseList(text, (item) => {
      const address = parseCanonical(item);
      return address === '0.0.0.0' || address === '::' ? undefined : address;
    });
    return addresses && [...new Set(addresses)];
  },
  format: (value) => (value === 'all' ? value : value.join(',')),
};

export const listenAddressesType: ValueType<readonly ListenAddress[]> = {
  placeholder: 'ADDRESS:PORT',
  wanted: 'ADDRESS:PORT, such as 0.0.0.0:5061 or [::]:5061',
  toml: ['string'],
  repeatable: true,
  parse: (text) => parseList(text, parseListenAddress),
  format: (value) => value.map(formatListenAddress).join(','),
};

/** Addresses, or networks with a prefix length. */
export const networksType: ValueType<readonly string[]> = {
  placeholder: 'NETWORK',
  wanted:
    'an IP address or a network such as 127.0.0.1 or 192.0.2.0/24, with zeros after the length',
  toml: ['string'],
  repeatable: true,
  parse: (text) => parseList(text, parseNetwork),
  format: (value) => value.join(','),
};

/** Names of hosts without a port (RFC 1123 §2.1); an IPv4 address is one, too. */
export const hostNamesType: ValueType<readonly string[]> = {
  placeholder: 'NAME',
  wanted: 'a host name such as sip.example.org, without a port',
  toml: ['string'],
  repeatable: true,
  parse: (text) =>
    parseList(text, (name) => {
      const isHost = isHostName(name) || canonicalAddress(name) !== undefined;
      return isHost && /^[a-z0-9.-]*[a-z0-9-]$/i.test(name) ? name : undefined;
    }),
  format: (value) => value.join(','),
};

/** RFC 6454 §6.2, or any origin. */
export const originType: ValueType<string> = {
  placeholder: 'ORIGIN',
  wanted: 'an origin such as https://dashboard.example.org, or *',
  toml: ['string'],
  repeatable: false,
  parse: (text) => {
    const trimmed = text.trim();
    return trimmed === '*' || (URL.canParse(trimmed) && new URL(trimmed).origin === trimmed)
      ? trimmed
      : undefined;
  },
  format: (value) => value,
};

export const syslogTargetType: ValueType<SyslogTarget> = {
  placeholder: 'TARGET',
  wanted: 'local, udp://HOST:PORT or tcp://HOST:PORT',
  toml: ['string'],
  repeatable: false,
  parse: parseSyslogTarget,
  format: (value) =>
    value.kind === 'local'
      ? 'local'
      : `${value.kind}://${formatListenAddress({ address: value.host, port: value.port })}`,
};

/** `address:port`, an IPv6 address in brackets (RFC 3986 §3.2.2). */
export function formatListenAddress(listen: ListenAddress): string {
  const { address, port } = listen;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Octets in the largest unit that leaves a whole number. */
function formatSize(octets: number): string {
  let value = octets;
  let unit = 0;
  while (value >= 1024 && value % 1024 === 0 && unit < BINARY_UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value}${BINARY_UNITS[unit] ?? ''}${unit === 0 && value > 0 ? 'B' : ''}`;
}

function parseWhole(text: string, min: number, max: number): number | undefined {
  const digits = text.trim();
  if (digits === '' || digits.length > 16 || digitsAtStart(digits) !== digits.length) {
    return undefined;
  }
  const value = Number(digits);
  return value >= min && value <= max ? value : undefined;
}

function parseSize(text: string): number | undefined {
  const trimmed = text.trim();
  const split = digitsAtStart(trimmed);
  const count = parseWhole(trimmed.slice(0, split), 0, SIZE_OCTETS_MAX);
  const unitText = trimmed.slice(split).trim().toLowerCase();
  const unit = unitText === '' || unitText === 'b' ? 1 : SIZE_UNITS.get(unitText);
  if (count === undefined || unit === undefined) return undefined;
  return count * unit <= SIZE_OCTETS_MAX ? count * unit : undefined;
}

function digitsAtStart(text: string): number {
  let index = 0;
  while (index < text.length && text.charAt(index) >= '0' && text.charAt(index) <= '9') index += 1;
  return index;
}

function parseAddress(text: string): string | undefined {
  const trimmed = text.trim();
  if (trimmed.startsWith('[') && trimmed.endsWith(']')) {
    const inside = trimmed.slice(1, -1);
    return isIpv6(inside) && isZonedAddress(inside) ? inside : undefined;
  }
  return isZonedAddress(trimmed) ? trimmed : undefined;
}

/** One text for all spellings of an address, so that `::0` is the wildcard and nothing is opened twice. */
function parseCanonical(text: string): string | undefined {
  const address = parseAddress(text);
  return address && (canonicalAddress(address) ?? address);
}

function parseNetwork(written: string): string | undefined {
  const [address = '', prefix, ...more] = written.split('/');
  const parsed = parseAddress(address);
  // Packets from a peer never have a zone.
  if (parsed === undefined || parsed.includes('%') || more.length > 0) return undefined;
  if (prefix === undefined) return parsed;
  const length = parseWhole(prefix, 0, isIpv6(parsed) ? 128 : 32);
  const text = `${parsed}/${length ?? ''}`;
  return length === undefined || parseAllowed(text)?.kind !== 'network' ? undefined : text;
}

function parseListenAddress(text: string): ListenAddress | undefined {
  const colon = text.lastIndexOf(':');
  const host = text.slice(0, colon);
  // Without brackets, the end of an IPv6 address could be a port.
  if (colon < 0 || (host.includes(':') && !host.startsWith('['))) return undefined;
  const address = parseCanonical(host);
  const port = portType.parse(text.slice(colon + 1));
  return address === undefined || port === undefined ? undefined : { address, port };
}

function parseSyslogTarget(text: string): SyslogTarget | undefined {
  if (text === 'local') return { kind: 'local' };
  const kind = text.startsWith('udp://') ? 'udp' : 'tcp';
  if (!text.startsWith(`${kind}://`)) return undefined;
  const authority = text.slice(kind.length + 3);
  const listen = parseListenAddress(authority);
  if (listen !== undefined) return listen.port === 0 ? undefined : hostTarget(kind, listen);
  const colon = authority.indexOf(':');
  const host = authority.slice(0, colon);
  const port = parseWhole(authority.slice(colon + 1), 1, PORT_MAX);
  return colon < 1 || port === undefined || !isHostName(host) ? undefined : { kind, host, port };
}

function hostTarget(kind: 'udp' | 'tcp', listen: ListenAddress): SyslogTarget {
  return { kind, host: listen.address, port: listen.port };
}

/**
 * Labels between dots, RFC 1123 §2.1. The last one is not a number: otherwise it is a slip in an address, or resolvers
 * read it as another one, such as 1.2.3 as 1.2.0.3.
 */
export function isHostName(text: string): boolean {
  const labels = (text.endsWith('.') ? text.slice(0, -1) : text).split('.');
  const last = labels.at(-1) ?? '';
  return isNameText(text) && !labels.includes('') && digitsAtStart(last) < last.length;
}

/** Letters, digits, hyphens and dots; also underscores, which occur in container networks. */
export function isNameText(text: string): boolean {
  if (text.length > HOST_NAME_CHARACTERS_MAX) return false;
  for (const character of text.toLowerCase()) {
    if (!'abcdefghijklmnopqrstuvwxyz0123456789-._'.includes(character)) return false;
  }
  return text !== '' && !text.startsWith('-');
}

/** Each item once, in order; `undefined` if one of them is wrong, or if there are none or too many. */
export function parseList<T>(
  text: string,
  parse: (item: string) => T | undefined,
): readonly T[] | undefined {
  const items = new Set(text.split(',').map((item) => item.trim()));
  if (items.size > VALUES_COUNT_MAX) return undefined;
  const values: T[] = [];
  for (const item of items) {
    const value = parse(item);
    if (value === undefined) return undefined;
    values.push(value);
  }
  return values;
}
