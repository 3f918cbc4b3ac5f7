// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { isLoopback } from '@sentrypeer/ip';
import type { Logger } from '@sentrypeer/kernel';
import { addressOfHost } from '@sentrypeer/listings';
import type { Config } from '../../config/config.ts';
import { formatListenAddress } from '../../config/value-types.ts';
import { ANSWER_MS_MAX } from './limits.ts';
import type { RunNote } from './run-note.ts';

/** The node whose listings are acted on. */
export interface FollowedNode {
  readonly url: URL;
  readonly key: string | undefined;
}

const HTTP_PORT = 80;
const HTTPS_PORT = 443;

/** Addresses that mean "all interfaces", and the address by which this machine reaches an API there. */
const FROM_HERE: ReadonlyMap<string, string> = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '::1'],
]);

/** The node that is followed: the configured one, or this machine's. */
export function followedUrl(
  named: URL | undefined,
  { apiAddress, apiPort }: Pick<Config, 'apiAddress' | 'apiPort'>,
): URL {
  if (named !== undefined) return named;
  const address = FROM_HERE.get(apiAddress) ?? apiAddress;
  return new URL(`http://${formatListenAddress({ address, port: apiPort })}`);
}

/**
 * The port of this machine on which the API answers others: as configured here, or from the URL of a node at one of our
 * addresses. `undefined` if it answers only this machine.
 */
export function openApiPort(
  url: URL,
  { apiAddress, apiPort }: Pick<Config, 'apiAddress' | 'apiPort'>,
  ownAddresses: readonly string[],
): number | undefined {
  if (!isLoopback(apiAddress)) return apiPort;
  const host = addressOfHost(url.hostname);
  if (host === undefined || isLoopback(host) || !ownAddresses.includes(host)) return undefined;
  return Number(url.port || (url.protocol === 'https:' ? HTTPS_PORT : HTTP_PORT));
}

/** The node that a running process follows, or the one configured here. */
export function followedBy(
  note: Pick<RunNote, 'node'> | undefined,
  configured: FollowedNode,
): FollowedNode {
  const url = note === undefined ? null : URL.parse(note.node);
  return url === null ? configured : { ...configured, url };
}

/** Warns if anybody who sees the traffic can read the key; `whatFollows` says what they can do with it. */
export function warnOfClearKey(
  { url, key }: FollowedNode,
  logger: Logger,
  logName: 'bgp' | 'firewall',
  whatFollows: string,
): void {
  const isHere = isLoopback(url.hostname.replace(/^\[|\]$/g, '')) || url.hostname === 'localhost';
  if (key === undefined || url.protocol === 'https:' || isHere) return;
  logger.warn(`${logName}_key_in_clear`, {
    node: url.host,
    why: `whoever sees the traffic can read the key, and can tell ${whatFollows}; use https`,
  });
}

/** What the node says of one address, in words that continue "The node: …". */
export async function askNode({ url: node, key }: FollowedNode, named: string): Promise<string> {
  if (named.includes('/')) return 'answers about single addresses alone';
  const url = new URL('/v1/check', node);
  url.searchParams.set('address', named);
  try {
    const response = await fetch(url, {
      headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
      redirect: 'error',
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    });
    if (!response.ok) return `${node.origin} answers ${response.status}`;
    const { listed } = (await response.json()) as { readonly listed?: unknown };
    return listed === true
      ? `lists it (sentrypeer explain ${named} there says why)`
      : 'does not list it';
  } catch (error) {
    const { cause } = error as { readonly cause?: unknown };
    return `${node.origin} does not answer: ${String(cause ?? error)}`;
  }
}
