// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { formatIp, ipOfOctets } from '@sentrypeer/ip';
import { CONNECTIONS_COUNT_MAX, TRUSTED_CONNECTION_MS } from './limits.ts';

/** An established TCP connection of this machine. */
export interface Connection {
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
}

const ESTABLISHED = '01';

/**
 * Reads /proc/net/tcp or /proc/net/tcp6 (proc_net_tcp(5)); other lines are skipped.
 *
 * @param isLittleEndian The machine's byte order, in which each 32 bits of an address are written.
 */
export function parseConnections(text: string, isLittleEndian: boolean): readonly Connection[] {
  return text.split('\n').flatMap((line) => {
    const [, local = '', remote = '', state] = line
      .trim()
      .split(' ')
      .filter((word) => word !== '');
    if (state !== ESTABLISHED) return [];
    const [address = '', port = ''] = remote.split(':');
    const remoteAddress = addressOfWords(address, isLittleEndian);
    if (remoteAddress === undefined) return [];
    return [
      {
        localPort: Number.parseInt(local.split(':')[1] ?? '', 16),
        remoteAddress,
        remotePort: Number.parseInt(port, 16),
      },
    ];
  });
}

/** An address of 8 or 32 hexadecimal digits; IPv4-mapped as IPv4. */
export function addressOfWords(hex: string, isLittleEndian: boolean): string | undefined {
  const octets = new Uint8Array(hex.length / 2);
  for (const index of octets.keys()) {
    const octet = Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16);
    if (Number.isNaN(octet)) return undefined;
    octets[isLittleEndian ? (index & ~3) + 3 - (index & 3) : index] = octet;
  }
  const ip = ipOfOctets(octets);
  return ip === undefined ? undefined : formatIp(ip);
}

/**
 * Tells connections that have lasted from those that anybody can make: whoever logs in stays longer than sshd waits for
 * a login. Connections that exist at the first look are trusted, because an operator may be among them.
 */
export class ConnectionAges {
  #firstSeenAtMs: Map<string, number> | undefined;

  /** The connections that have lasted. */
  lasting(connections: readonly Connection[], nowMs: number): readonly Connection[] {
    const known = this.#firstSeenAtMs;
    const seen = new Map<string, number>();
    for (const connection of connections.slice(0, CONNECTIONS_COUNT_MAX)) {
      const { localPort, remoteAddress, remotePort } = connection;
      const key = `${localPort} ${remoteAddress} ${remotePort}`;
      seen.set(key, known === undefined ? Number.NEGATIVE_INFINITY : (known.get(key) ?? nowMs));
    }
    this.#firstSeenAtMs = seen;
    return connections.filter(({ localPort, remoteAddress, remotePort }) => {
      const firstMs = seen.get(`${localPort} ${remoteAddress} ${remotePort}`);
      return firstMs !== undefined && nowMs - firstMs >= TRUSTED_CONNECTION_MS;
    });
  }
}
