// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { canonicalAddress, isLoopback, isNearlyIpv4 } from '@sentrypeer/ip';
import { ADDRESS_CHARACTERS_MAX } from './limits.ts';

const DEFAULT_PORT = 5432;
const PROTOCOLS: ReadonlySet<string> = new Set(['postgres:', 'postgresql:']);
const PARAMETERS: readonly string[] = ['host', 'sslmode', 'sslrootcert'];

/** Where a fleet's database is, and the role with which we log in. */
export interface FleetAddress {
  /** A name or an address; the directory of a Unix socket begins with a slash. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** Without one, `PGPASSWORD` or the file `.pgpass` may provide it. */
  readonly password: string | undefined;
  /**
   * Verified with the authorities of this machine, or those of the file; `off` requires a connection without a network,
   * or the operator's explicit choice.
   */
  readonly tls: 'off' | { readonly authoritiesFile: string | undefined };
}

export type FleetAddressReading =
  | { readonly address: FleetAddress }
  /** What is wrong, in words that continue "FILE: …"; never a part of the text, which may contain a password. */
  | { readonly trouble: string };

/**
 * Reads `postgres://NAME:PASSWORD@HOST:PORT/DATABASE?sslmode=…&sslrootcert=FILE`, in libpq's syntax. The directory of a
 * Unix socket is the parameter `host`, or the host with `%2F`. Over a network the server's certificate and name are
 * verified; modes that do not verify both are refused, because anybody in between could read the password.
 */
export function readFleetAddress(text: string): FleetAddressReading {
  const url = text.length > ADDRESS_CHARACTERS_MAX ? null : URL.parse(text.trim());
  if (url === null || !PROTOCOLS.has(url.protocol)) {
    return { trouble: 'it is not an address such as postgres://NAME@HOST/DATABASE' };
  }
  try {
    return read(url);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    return { trouble: 'a % in it is not followed by two hexadecimal digits: write it %25' };
  }
}

/** For people: without the password. */
export function formatFleetAddress({ user, host, port, database }: FleetAddress): string {
  const place = host.startsWith('/') ? host : host.includes(':') ? `[${host}]` : host;
  return `${database} on ${place}${port === DEFAULT_PORT ? '' : `, port ${port}`} as ${user}`;
}

/** The text that {@link readFleetAddress} reads as this address, with its password. */
export function fleetAddressText(address: FleetAddress): string {
  const { host, port, database, user, password, tls } = address;
  const isSocket = host.startsWith('/');
  const parameters = new URLSearchParams();
  if (isSocket) parameters.set('host', host);
  else if (tls === 'off' && !isHere(host)) parameters.set('sslmode', 'disable');
  else if (tls !== 'off') {
    parameters.set('sslmode', 'verify-full');
    if (tls.authoritiesFile !== undefined) parameters.set('sslrootcert', tls.authoritiesFile);
  }
  const place = isSocket ? '' : host.includes(':') ? `[${host}]` : host;
  const secret = password === undefined ? '' : `:${encodeURIComponent(password)}`;
  // A URL only has a name if it has a host: for a socket, the one in the parameter counts.
  const authority = `${encodeURIComponent(user)}${secret}@${place || 'localhost'}:${port}`;
  const query = parameters.size === 0 ? '' : `?${parameters.toString()}`;
  return `postgres://${authority}/${encodeURIComponent(database)}${query}`;
}

function read(url: URL): FleetAddressReading {
  const { searchParams } = url;
  const unknown = [...searchParams.keys()].find((name) => !PARAMETERS.includes(name));
  if (unknown !== undefined) {
    return { trouble: `it may have the parameters ${PARAMETERS.join(', ')} and no others` };
  }
  const user = decodeURIComponent(url.username);
  if (user === '') return { trouble: 'it names nobody: postgres://NAME@HOST/DATABASE' };
  const database = decodeURIComponent(url.pathname.slice(1));
  if (database === '' || database.includes('/')) {
    return { trouble: 'it names no database: postgres://NAME@HOST/DATABASE' };
  }
  const host = searchParams.get('host') ?? hostOf(url);
  if (host === '') return { trouble: 'it names no host: postgres://NAME@HOST/DATABASE' };
  if (!isHost(host)) {
    return { trouble: 'its host is neither a name nor an address; one host can be named' };
  }
  const tls = tlsOf(host, searchParams.get('sslmode'), searchParams.get('sslrootcert'));
  if ('trouble' in tls) return tls;
  const password = url.password === '' ? undefined : decodeURIComponent(url.password);
  const port = url.port === '' ? DEFAULT_PORT : Number(url.port);
  if (port === 0) return { trouble: 'its port is not from 1 to 65535' };
  return { address: { host, port, database, user, password, tls: tls.tls } };
}

function hostOf({ hostname }: URL): string {
  return decodeURIComponent(hostname.startsWith('[') ? hostname.slice(1, -1) : hostname);
}

/** No slip in an address, and none of libpq's lists of hosts. */
function isHost(text: string): boolean {
  if (text.startsWith('/') || canonicalAddress(text) !== undefined) return true;
  return !isNearlyIpv4(text) && !text.includes(',');
}

/** A Unix socket or this machine itself: nobody is in between. */
function isHere(host: string): boolean {
  return host.startsWith('/') || host === 'localhost' || isLoopback(host);
}

function tlsOf(
  host: string,
  mode: string | null,
  authoritiesFile: string | null,
): { readonly tls: FleetAddress['tls'] } | { readonly trouble: string } {
  switch (mode ?? (isHere(host) && authoritiesFile === null ? 'disable' : 'verify-full')) {
    case 'disable':
      return { tls: 'off' };
    case 'verify-full':
      if (host.startsWith('/')) return { trouble: 'PostgreSQL has no TLS over a Unix socket' };
      return { tls: { authoritiesFile: authoritiesFile ?? undefined } };
    default:
      return {
        trouble:
          'its sslmode does not verify who answers: it must be verify-full (with sslrootcert=FILE for a private authority), or disable in a network that nobody else reaches',
      };
  }
}
