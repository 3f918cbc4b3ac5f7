// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { Cursor } from '@sentrypeer/bytes';
import { AFI_IPV4, AFI_IPV6, afiSafiKey, SAFI_UNICAST, type AfiSafi } from './afi-safi.ts';

/** IANA's codes of the capabilities that we know (RFC 5492). */
export const CapabilityCode = {
  multiprotocol: 1,
  routeRefresh: 2,
  extendedNextHop: 5,
  extendedMessage: 6,
  gracefulRestart: 64,
  fourOctetAsn: 65,
  enhancedRouteRefresh: 70,
} as const;

const NAMES: ReadonlyMap<number, string> = new Map<number, string>([
  [CapabilityCode.multiprotocol, 'multiprotocol'],
  [CapabilityCode.routeRefresh, 'route refresh'],
  [CapabilityCode.extendedNextHop, 'extended next hop'],
  [CapabilityCode.extendedMessage, 'extended message'],
  [CapabilityCode.gracefulRestart, 'graceful restart'],
  [CapabilityCode.fourOctetAsn, '4-octet AS number'],
  [CapabilityCode.enhancedRouteRefresh, 'enhanced route refresh'],
]);

/** For people. */
export function capabilityName(code: number): string {
  return NAMES.get(code) ?? String(code);
}

interface GracefulRestartCapability {
  /** The speaker has just restarted (RFC 4724 §3, the R bit). */
  readonly isRestarting: boolean;
  /** Seconds, 0 to 4,095. */
  readonly restartTimeS: number;
  /** The families for which it can restart, by `afiSafiKey()`. */
  readonly families: readonly number[];
}

/** What one side of a session can do. */
export interface Capabilities {
  /** Codes of all capabilities, known or not. */
  readonly codes: ReadonlySet<number>;
  /** By `afiSafiKey()`. */
  readonly families: ReadonlySet<number>;
  /** Families whose routes are IPv4 but whose next hop may be an IPv6 address (RFC 8950), by `afiSafiKey()`. */
  readonly extendedNextHops: ReadonlySet<number>;
  readonly asn: number | undefined;
  readonly gracefulRestart: GracefulRestartCapability | undefined;
}

/** What a speaker without capabilities can do. */
export const NO_CAPABILITIES: Capabilities = {
  codes: new Set(),
  families: new Set([afiSafiKey({ afi: AFI_IPV4, safi: SAFI_UNICAST })]),
  extendedNextHops: new Set(),
  asn: undefined,
  gracefulRestart: undefined,
};

export interface OfferedCapabilities {
  readonly asn: number;
  readonly families: readonly AfiSafi[];
  /** IPv4 unicast with an IPv6 next hop. */
  readonly extendedNextHop: boolean;
  readonly extendedMessage: boolean;
  readonly gracefulRestart:
    | { readonly isRestarting: boolean; readonly restartTimeS: number }
    | undefined;
}

/** The capabilities of our OPEN, each with its code and size (RFC 5492 §4). */
export function encodeCapabilities(offered: OfferedCapabilities): Uint8Array {
  const { asn, families, gracefulRestart } = offered;
  const parts: number[][] = families.map(({ afi, safi }) => [
    CapabilityCode.multiprotocol,
    4,
    afi >> 8,
    afi & 0xff,
    0,
    safi,
  ]);
  parts.push([CapabilityCode.routeRefresh, 0]);
  if (offered.extendedNextHop) {
    parts.push([CapabilityCode.extendedNextHop, 6, 0, AFI_IPV4, 0, SAFI_UNICAST, 0, AFI_IPV6]);
  }
  if (offered.extendedMessage) parts.push([CapabilityCode.extendedMessage, 0]);
  if (gracefulRestart !== undefined) {
    const { isRestarting, restartTimeS } = gracefulRestart;
    parts.push([
      CapabilityCode.gracefulRestart,
      2 + 4 * families.length,
      (isRestarting ? 0x80 : 0) | (restartTimeS >> 8),
      restartTimeS & 0xff,
      // Forwarding state preserved: the neighbour keeps our routes until our End-of-RIB (RFC 4724 §4.2).
      ...families.flatMap(({ afi, safi }) => [afi >> 8, afi & 0xff, safi, 0x80]),
    ]);
  }
  const asnOctets = [asn >>> 24, (asn >>> 16) & 0xff, (asn >>> 8) & 0xff, asn & 0xff];
  parts.push([CapabilityCode.fourOctetAsn, 4, ...asnOctets]);
  parts.push([CapabilityCode.enhancedRouteRefresh, 0]);
  return Uint8Array.from(parts.flat());
}

/**
 * Reads the values of all capability parameters of an OPEN. Skips unknown capabilities and those of the wrong size.
 *
 * @returns `undefined` if a capability does not fit into its parameter.
 */
export function decodeCapabilities(parameters: readonly Uint8Array[]): Capabilities | undefined {
  const codes = new Set<number>();
  const families = new Set<number>();
  const extendedNextHops = new Set<number>();
  let asn: number | undefined;
  let gracefulRestart: GracefulRestartCapability | undefined;
  for (const parameter of parameters) {
    const cursor = new Cursor(parameter);
    while (cursor.remaining > 0) {
      const code = cursor.u8();
      const value = cursor.raw(cursor.u8());
      if (cursor.failedAt !== undefined) return undefined;
      codes.add(code);
      if (code === CapabilityCode.multiprotocol && value.length === 4) {
        families.add(readFamily(value, 0, 3));
      } else if (code === CapabilityCode.fourOctetAsn && value.length === 4) {
        asn = new Cursor(value).u32();
      } else if (code === CapabilityCode.extendedNextHop) {
        for (let at = 0; at + 6 <= value.length; at += 6)
          if (value[at + 5] === AFI_IPV6) extendedNextHops.add(readFamily(value, at, at + 3));
      } else if (code === CapabilityCode.gracefulRestart && value.length % 4 === 2) {
        gracefulRestart = readGracefulRestart(value);
      }
    }
  }
  if (families.size === 0) for (const family of NO_CAPABILITIES.families) families.add(family);
  return { codes, families, extendedNextHops, asn, gracefulRestart };
}

function readFamily(value: Uint8Array, afiAt: number, safiAt: number): number {
  const afi = ((value[afiAt] ?? 0) << 8) | (value[afiAt + 1] ?? 0);
  return afiSafiKey({ afi, safi: value[safiAt] ?? 0 });
}

function readGracefulRestart(value: Uint8Array): GracefulRestartCapability {
  const [first = 0, second = 0] = value;
  const families: number[] = [];
  for (let at = 2; at < value.length; at += 4) families.push(readFamily(value, at, at + 2));
  return {
    isRestarting: (first & 0x80) !== 0,
    restartTimeS: ((first & 0x0f) << 8) | second,
    families,
  };
}
