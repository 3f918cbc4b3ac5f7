// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { endpointOf, type Endpoint } from '@sentrypeer/ip';
import type { Logger } from '@sentrypeer/kernel';
import { lookupAddress } from '@sentrypeer/ip/udp';
import { ANNOUNCEMENT_HOPS_MAX } from '../limits.ts';

/** How far announcements go, RFC 4291 §2.7: the X of the project's own group, FF0X::172. */
export const MULTICAST_SCOPES = { link: 2, admin: 4, site: 5, organization: 8 } as const;

export type MulticastScope = keyof typeof MULTICAST_SCOPES;

/** IANA assigned an address but no port. Chosen: close to it and not in use by others. */
const PORT = 8172;

/** The group, on all links of this machine that support multicast. */
export interface MulticastPort extends AsyncDisposable {
  /** Sends on every link; lost messages are repeated. */
  send(octets: Uint8Array): void;
}

export interface MulticastPorts {
  readonly logger: Logger;
  /** Opens the socket. @default that of the system */
  readonly createSocket?: typeof createSocket;
  /** The links of this machine. @default those of the system */
  readonly networkInterfaces?: typeof networkInterfaces;
}

/**
 * Joins the group of neighbours. On a machine without IPv6 or multicast the failure is logged, and the port receives
 * nothing.
 *
 * @param onDatagram The octets are borrowed for the duration of the call.
 */
export async function openMulticast(
  ports: MulticastPorts,
  scope: MulticastScope,
  onDatagram: (octets: Uint8Array, source: Endpoint) => void,
): Promise<MulticastPort> {
  const { logger } = ports;
  const socket = (ports.createSocket ?? createSocket)({
    type: 'udp6',
    ipv6Only: true,
    reuseAddr: true,
    lookup: lookupAddress,
  });
  socket.on('error', () => undefined); // An error returned for a datagram; the next one is still sent.
  let isOpen = true;
  try {
    const listening = once(socket, 'listening');
    socket.bind({ address: '::', port: PORT, exclusive: true });
    await listening;
    socket.setMulticastTTL(scope === 'link' ? 1 : ANNOUNCEMENT_HOPS_MAX);
    socket.on('message', (octets, remote) =>
      onDatagram(octets, endpointOf(remote.address, remote.port)),
    );
  } catch (error) {
    logger.warn('neighbours_unreachable', { error: String(error) });
    isOpen = false;
    socket.close();
  }
  const group = `ff0${MULTICAST_SCOPES[scope].toString(16)}::172`;
  const links = new Links(socket, group, ports);
  if (isOpen) links.join();
  return {
    send: (octets) => {
      if (isOpen) links.send(octets);
    },
    [Symbol.asyncDispose]: async () => {
      if (!isOpen) return;
      isOpen = false;
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    },
  };
}

/** The links of this machine, which come and go. */
class Links {
  readonly #socket: Socket;
  readonly #group: string;
  readonly #logger: Logger;
  readonly #networkInterfaces: typeof networkInterfaces;
  readonly #joined = new Set<string>();

  constructor(socket: Socket, group: string, ports: MulticastPorts) {
    this.#socket = socket;
    this.#group = group;
    this.#logger = ports.logger;
    this.#networkInterfaces = ports.networkInterfaces ?? networkInterfaces;
  }

  /** Joins the group on new links. @returns All links that are joined. */
  join(): ReadonlySet<string> {
    const names = linkNames(this.#networkInterfaces());
    for (const name of this.#joined) if (!names.includes(name)) this.#joined.delete(name);
    for (const name of names) {
      if (this.#joined.has(name)) continue;
      try {
        this.#socket.addMembership(this.#group, `::%${name}`);
      } catch (error) {
        if (!isMember(error)) {
          this.#logger.debug('neighbours_link_failed', { link: name, error: String(error) });
          continue;
        }
      }
      this.#joined.add(name);
    }
    return this.#joined;
  }

  send(octets: Uint8Array): void {
    for (const name of this.join()) {
      try {
        this.#socket.setMulticastInterface(`::%${name}`);
      } catch (error) {
        this.#logger.debug('neighbours_link_failed', { link: name, error: String(error) });
        continue;
      }
      this.#socket.send(octets, PORT, `${this.#group}%${name}`, () => undefined);
    }
  }
}

function linkNames(interfaces: ReturnType<typeof networkInterfaces>): readonly string[] {
  return Object.entries(interfaces)
    .filter(([, addresses]) =>
      addresses?.some(({ family, internal }) => family === 'IPv6' && !internal),
    )
    .map(([name]) => name);
}

/** The interface was away and is back, with its old membership. */
function isMember(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}
