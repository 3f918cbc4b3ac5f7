// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os';
import { getSystemErrorName } from 'node:util';
import { broadcastOf, isIpv6 } from '@sentrypeer/ip';
import { errorCode, OperatingError } from '@sentrypeer/kernel';
import { filesAdvice } from './files-advice.ts';

/** One address of this machine. */
export interface LocalAddress {
  /** Bare, without its zone. */
  readonly address: string;
  /** The zone of a link-local IPv6 address; without it such an address cannot be bound. */
  readonly zone?: string;
  /** The broadcast address of its IPv4 network. */
  readonly broadcast?: string;
}

const SANDBOX_ADVICE =
  'A sandbox must allow it (systemd: RestrictAddressFamilies with AF_NETLINK).';

/** What this is read from. */
interface Machine {
  readonly platform: NodeJS.Platform;
  networkInterfaces(): ReturnType<typeof networkInterfaces>;
}

/**
 * The machine's current addresses, including loopback; throws `OperatingError` if the system hides them.
 *
 * @param machine This one; a made-up one in tests.
 */
export function machineAddresses(
  machine: Machine = { platform: process.platform, networkInterfaces },
): readonly LocalAddress[] {
  const found: LocalAddress[] = [];
  for (const [name, infos] of Object.entries(readInterfaces(machine)))
    for (const info of infos ?? []) found.push(localAddress(name, info, machine.platform));
  return found;
}

function readInterfaces(machine: Machine): ReturnType<typeof networkInterfaces> {
  try {
    return machine.networkInterfaces();
  } catch (error) {
    const advice = filesAdvice(systemCode(error)) ?? SANDBOX_ADVICE;
    throw new OperatingError(
      'addresses_unreadable',
      `The machine's network addresses cannot be read: ${String(error)}. ${advice}`,
      { cause: error },
    );
  }
}

/**
 * Node.js gives the system's error of a failed `networkInterfaces()` only as a detail: as a number, which has the sign of
 * a failure in some cases and not in others, where its name is unknown to Node.js.
 */
function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('info' in error)) return errorCode(error);
  const { info } = error;
  return typeof info === 'object' && info !== null && 'errno' in info && Number(info.errno) !== 0
    ? getSystemErrorName(-Math.abs(Number(info.errno)))
    : errorCode(error);
}

/** Whether this machine has any IPv6 address, so that a listener on `::` makes sense. */
export function machineHasIpv6(): boolean {
  return machineAddresses().some(({ address }) => isIpv6(address));
}

function localAddress(
  name: string,
  info: NetworkInterfaceInfo,
  platform: NodeJS.Platform,
): LocalAddress {
  const { address } = info;
  if (info.family === 'IPv6') {
    if (info.scopeid === 0) return { address };
    // Windows numbers its zones, every other system names them.
    return { address, zone: platform === 'win32' ? String(info.scopeid) : name };
  }
  const broadcast = broadcastOf(address, info.netmask);
  return broadcast === undefined ? { address } : { address, broadcast };
}
