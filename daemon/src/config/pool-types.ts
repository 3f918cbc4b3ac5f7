// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { canonicalAddress, familyOf, isZonedAddress } from '@sentrypeer/ip';
import {
  formatListenAddress,
  isHostName,
  parseList,
  portType,
  type ValueType,
} from './value-types.ts';

/** A name or a bare address, and a port. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

const DHT_PORT = 4222;
const KEY_SIZE = 32;
/** Nodes dial no port below this one. */
const PORT_MIN = 1024;
/** Words that other options take; a host that is really called so is written with a dot after its name. */
const NO_HOSTS: ReadonlySet<string> = new Set(['none', 'off', 'all', 'auto']);
const NEIGHBOURS = ['off', 'link', 'admin', 'site', 'organization'] as const;

export type NeighboursScope = (typeof NEIGHBOURS)[number];

export const hostsType: ValueType<readonly HostPort[]> = {
  placeholder: 'HOST[:PORT]',
  wanted: 'a host such as bootstrap.sentrypeer.org, 192.0.2.1:4222 or [2001:db8::1]:4222, or none',
  toml: ['string'],
  repeatable: true,
  parse: (text) => (text === 'none' ? [] : parseList(text, parseHostPort)),
  format: (value) => (value.length === 0 ? 'none' : value.map(formatHostPort).join(',')),
};

/** A node of the pool, with its raw Ed25519 key in hexadecimal if no other node may answer for it. */
export interface PoolPeer extends HostPort {
  readonly key: string | undefined;
}

export const poolPeersType: ValueType<readonly PoolPeer[]> = {
  placeholder: 'HOST[:PORT][=KEY]',
  wanted:
    'a host such as node.example.org or 192.0.2.1:4222, perhaps with = and its key in base64url',
  toml: ['string'],
  repeatable: true,
  parse: (text) => parseList(text, parsePoolPeer),
  format: (value) =>
    value
      .map(({ key, ...at }) =>
        key === undefined ? formatHostPort(at) : `${formatHostPort(at)}=${keyText(key)}`,
      )
      .join(','),
};

/** Where others reach this node; the default port is that of the DHT. `auto`: where they see it. */
export type PoolAddress =
  | 'auto'
  | readonly { readonly address: string; readonly port: number | undefined }[];

export const poolAddressType: ValueType<PoolAddress> = {
  placeholder: 'ADDRESS[:PORT]',
  wanted:
    'auto, none, or an address such as 192.0.2.1 or [2001:db8::1]:4222 with a port above 1023',
  toml: ['string'],
  repeatable: true,
  parse: (text) => {
    if (text === 'auto') return 'auto';
    const all = text === 'none' ? [] : parseList(text, parseOwnAddress);
    const families = new Set(all?.map(({ address }) => familyOf(address)));
    return families.size === all?.length ? all : undefined;
  },
  format: (value) =>
    value === 'auto'
      ? 'auto'
      : value.length === 0
        ? 'none'
        : value
            .map(({ address, port }) =>
              port === undefined ? address : formatListenAddress({ address, port }),
            )
            .join(','),
};

function parseOwnAddress(text: string): Exclude<PoolAddress, 'auto'>[number] | undefined {
  const bare = bareAddress(text);
  const at = bare === undefined ? parseHostPort(text) : { host: bare, port: undefined };
  const address = at && canonicalAddress(at.host);
  if (address === undefined || (at?.port ?? PORT_MIN) < PORT_MIN) return undefined;
  // Nobody can be reached at the wildcard.
  return address === '0.0.0.0' || address === '::' ? undefined : { address, port: at?.port };
}

function keyText(hex: string): string {
  return Uint8Array.fromHex(hex).toBase64({ alphabet: 'base64url', omitPadding: true });
}

function parsePoolPeer(text: string): PoolPeer | undefined {
  const at = text.indexOf('=');
  const host = parseHostPort(at < 0 ? text : text.slice(0, at));
  if (host === undefined || at < 0) return host && { ...host, key: undefined };
  try {
    const key = Uint8Array.fromBase64(text.slice(at + 1), { alphabet: 'base64url' });
    return key.length === KEY_SIZE ? { ...host, key: key.toHex() } : undefined;
  } catch {
    return undefined; // No base64.
  }
}

export const neighboursType: ValueType<NeighboursScope> = {
  placeholder: 'SCOPE',
  wanted: `one of ${NEIGHBOURS.join(', ')}`,
  toml: ['string'],
  repeatable: false,
  parse: (text) => NEIGHBOURS.find((scope) => scope === text),
  format: (value) => value,
};

/** `host:port`, an IPv6 address in brackets. */
export function formatHostPort({ host, port }: HostPort): string {
  return formatListenAddress({ address: host, port });
}

function parseHostPort(text: string): HostPort | undefined {
  const bare = bareAddress(text);
  if (bare !== undefined) return { host: bare, port: DHT_PORT };
  const colon = text.lastIndexOf(':');
  const hostText = colon < 0 ? text : text.slice(0, colon);
  const port = colon < 0 ? DHT_PORT : portType.parse(text.slice(colon + 1));
  const isName = isHostName(hostText) && !NO_HOSTS.has(hostText.toLowerCase());
  const host = bareAddress(hostText) ?? (isName ? hostText : undefined);
  if (host === undefined || port === undefined || port === 0) return undefined;
  // Without brackets, the end of an IPv6 address could be a port.
  return host.includes(':') && !hostText.startsWith('[') ? undefined : { host, port };
}

function bareAddress(text: string): string | undefined {
  const inside = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  return isZonedAddress(inside) ? inside : undefined;
}
