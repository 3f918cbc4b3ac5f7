// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { isIpv4 } from '@sentrypeer/ip';
import type { NeighbourSettings } from '../settings.ts';
import { afiSafiKey, type AfiSafi } from '../wire/afi-safi.ts';
import {
  CapabilityCode,
  capabilityName,
  encodeCapabilities,
  NO_CAPABILITIES,
  type Capabilities,
} from '../wire/capabilities.ts';
import { notification, ErrorCode, OpenSubcode, type Notification } from '../wire/notification.ts';
import { encodeOpen, type Open } from '../wire/open.ts';

/** What both sides of a session support, and its times. */
export interface Negotiated {
  readonly remoteRouterId: number;
  readonly families: readonly AfiSafi[];
  readonly holdMs: number;
  readonly keepaliveMs: number;
  readonly hasFourOctetAsn: boolean;
  readonly hasEnhancedRefresh: boolean;
  readonly hasExtendedMessages: boolean;
  readonly hasGracefulRestart: boolean;
  /** Names of the capabilities that both sides have. */
  readonly capabilities: readonly string[];
}

/**
 * @param hasCapabilities Whether our OPEN had any. @returns What was negotiated, or the answer to an OPEN that we
 * cannot accept.
 */
export function negotiate(
  settings: NeighbourSettings,
  open: Open,
  hasCapabilities: boolean,
): Negotiated | { readonly refused: Notification } {
  const theirs = hasCapabilities ? open.capabilities : NO_CAPABILITIES;
  // "If it is not the AS number that is configured for the peer … Bad Peer AS" (§6.2); 0 never is (RFC 7607).
  const asn = open.capabilities.asn ?? open.asn;
  if (asn !== settings.remoteAsn) return refuse(OpenSubcode.badPeerAs);
  if (!isIdentifierRight(settings, open.routerId)) return refuse(OpenSubcode.badIdentifier);
  const families = commonFamilies(settings, theirs);
  if (families.length === 0) return refuse(OpenSubcode.capability, familyCapabilities(settings));
  const holdTimeS = Math.min(settings.holdTimeS, open.holdTimeS);
  const keepaliveMs = Math.min((1000 * holdTimeS) / 3, 1000 * (settings.keepaliveS ?? Infinity));
  const codes = commonCodes(settings, theirs);
  return {
    remoteRouterId: open.routerId,
    families,
    holdMs: 1000 * holdTimeS,
    keepaliveMs,
    hasFourOctetAsn: codes.includes(CapabilityCode.fourOctetAsn),
    hasEnhancedRefresh: codes.includes(CapabilityCode.enhancedRouteRefresh),
    hasExtendedMessages: codes.includes(CapabilityCode.extendedMessage),
    hasGracefulRestart: codes.includes(CapabilityCode.gracefulRestart),
    capabilities: codes.map((code) => capabilityName(code)),
  };
}

/** Our OPEN; without capabilities for a neighbour that refused them (RFC 5492 §3). */
export function encodeOurOpen({
  settings,
  hasCapabilities,
  isRestarting,
}: {
  readonly settings: NeighbourSettings;
  readonly hasCapabilities: boolean;
  readonly isRestarting: boolean;
}): Uint8Array {
  const { localAsn, holdTimeS, routerId, restartTimeS } = settings;
  const capabilities = encodeCapabilities({
    asn: localAsn,
    families: settings.families,
    extendedNextHop: needsExtendedNextHop(settings),
    extendedMessage: settings.extendedMessages,
    gracefulRestart: restartTimeS === undefined ? undefined : { isRestarting, restartTimeS },
  });
  const offered = hasCapabilities ? capabilities : undefined;
  return encodeOpen({ asn: localAsn, holdTimeS, routerId, capabilities: offered });
}

/** Within an AS identifiers differ; a configured one must match (RFC 4271 §6.2, RFC 6286 §2.2). */
function isIdentifierRight(settings: NeighbourSettings, routerId: number): boolean {
  if (settings.isInternal && routerId === settings.routerId) return false;
  return settings.remoteRouterId === undefined || settings.remoteRouterId === routerId;
}

function commonFamilies(settings: NeighbourSettings, theirs: Capabilities): readonly AfiSafi[] {
  return settings.families.filter((family) => {
    const key = afiSafiKey(family);
    if (!theirs.families.has(key)) return false;
    const isExtended = family.name === 'ipv4 unicast' && needsExtendedNextHop(settings);
    return !isExtended || theirs.extendedNextHops.has(key);
  });
}

/** IPv4 routes with an IPv6 next hop (RFC 8950). */
function needsExtendedNextHop({ form, nextHop4 }: NeighbourSettings): boolean {
  return form === 'unicast' && !isIpv4(nextHop4);
}

function commonCodes(settings: NeighbourSettings, { codes }: Capabilities): readonly number[] {
  const ours: readonly number[] = [
    CapabilityCode.multiprotocol,
    CapabilityCode.routeRefresh,
    ...(needsExtendedNextHop(settings) ? [CapabilityCode.extendedNextHop] : []),
    ...(settings.extendedMessages ? [CapabilityCode.extendedMessage] : []),
    ...(settings.restartTimeS === undefined ? [] : [CapabilityCode.gracefulRestart]),
    CapabilityCode.fourOctetAsn,
    CapabilityCode.enhancedRouteRefresh,
  ];
  return ours.filter((code) => codes.has(code));
}

/** "The Data field … lists the capabilities that caused the speaker to send the message" (RFC 5492 §5). */
function familyCapabilities({ families }: NeighbourSettings): Uint8Array {
  return Uint8Array.from(
    families.flatMap(({ afi, safi }) => [
      CapabilityCode.multiprotocol,
      4,
      afi >> 8,
      afi & 0xff,
      0,
      safi,
    ]),
  );
}

function refuse(subcode: number, data?: Uint8Array): { readonly refused: Notification } {
  return { refused: notification(ErrorCode.openMessage, subcode, data) };
}
