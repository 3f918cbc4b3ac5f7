// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { errorCode } from '@sentrypeer/kernel';
import { bindFailure } from './bind-failure.ts';
import { tryPort } from './bind.ts';
import type { SocketPlace } from './port-holder.ts';

/**
 * Throws if another program has the port. Listeners that share their port among threads would also silently share it
 * with another process of the same user, so the port is first bound exclusively.
 */
export async function assertPortFree(place: SocketPlace): Promise<void> {
  try {
    await tryPort(place, false);
  } catch (error) {
    throw await bindFailure(error, place);
  }
}

/** Errors of platforms that cannot share one port among several sockets. */
const UNSUPPORTED = new Set(['ENOTSUP', 'ENOSYS', 'EINVAL', 'ENOPROTOOPT']);

/**
 * Whether several sockets may listen on one port and share its load on this platform (Linux, FreeBSD and some others).
 */
export async function reusePortWorks(): Promise<boolean> {
  try {
    await tryPort({ transport: 'UDP', address: '127.0.0.1', port: 0 }, true);
    await tryPort({ transport: 'TCP', address: '127.0.0.1', port: 0 }, true);
    return true;
  } catch (error) {
    if (UNSUPPORTED.has(errorCode(error) ?? '')) return false;
    throw error;
  }
}
