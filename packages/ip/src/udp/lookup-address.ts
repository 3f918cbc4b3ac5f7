// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { SocketOptions } from 'node:dgram';
import { isIP } from 'node:net';

/**
 * Replaces the resolver of a UDP socket: it takes addresses only, and no name is ever looked up. It calls back at once,
 * which saves a turn of the event loop for every datagram sent.
 */
export const lookupAddress: NonNullable<SocketOptions['lookup']> = (
  hostname,
  options,
  callback,
) => {
  const family = isIP(hostname);
  const fits = family !== 0 && (options.family === undefined || options.family === family);
  callback(fits ? null : new TypeError('not an address of this family'), hostname, family);
};
