// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIpv6 } from '../index.ts';
import { lookupAddress } from './lookup-address.ts';

/** Where to bind a UDP socket. */
export interface UdpBinding {
  /** With its zone, if it has one. */
  readonly address: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Shares the port with other sockets, each of which gets a part of the datagrams (`SO_REUSEPORT`). @default false */
  readonly reusePort?: boolean;
  /** Shares the port with other programs, as multicast needs (`SO_REUSEADDR`). @default false */
  readonly reuseAddr?: boolean;
}

/** Binds a UDP socket of the address's family only. Rejects with the system's error, leaving nothing open. */
export async function bindUdp(binding: UdpBinding): Promise<Socket> {
  const { address, port, reusePort = false, reuseAddr = false } = binding;
  const ipv6 = isIpv6(address);
  const socket = createSocket({
    type: ipv6 ? 'udp6' : 'udp4',
    ipv6Only: ipv6,
    reusePort,
    reuseAddr,
    lookup: lookupAddress,
  });
  try {
    const listening = once(socket, 'listening');
    socket.bind({ address, port, exclusive: true });
    await listening;
  } catch (error) {
    socket.close();
    throw error;
  }
  return socket;
}
