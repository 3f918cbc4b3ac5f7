// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Community } from './community.ts';
import type { ListenPlace } from './ports.ts';

/** Addresses to which the neighbour's router discards traffic. */
export interface NextHops {
  /**
   * For IPv4 routes: an IPv4 address; or an IPv6 address, for a neighbour with the capability of RFC 8950 (others then
   * get no IPv4 routes). @default 192.0.2.1
   */
  readonly ipv4?: string;
  /** For IPv6 routes. @default 100::1, in the discard-only prefix (RFC 6666) */
  readonly ipv6?: string;
  /** A link-local address after the next hop of IPv6 routes, which makes it 32 octets long (RFC 2545 §3). @default none */
  readonly ipv6LinkLocal?: string;
}

/** Which traffic from a prefix a FlowSpec rule drops (RFC 8955 §4.2.2). */
export interface FlowRule {
  /** IP protocol numbers. @default 6 and 17, TCP and UDP */
  readonly protocols?: readonly number[];
  /** Ranges of destination ports, first and last. @default 5060 to 5061 */
  readonly ports?: readonly (readonly [first: number, last: number])[];
}

export interface NeighbourLimits {
  /**
   * Prefixes of both families that are sent to the neighbour; the rest is held back, counted and logged. @default
   * 10,000
   */
  readonly prefixesMax?: number;
  /**
   * Prefixes announced or withdrawn per second; 0 sets no limit: the neighbour gets them as fast as it reads. @default
   * 0
   */
  readonly prefixesPerSecond?: number;
  /** Octets that may wait in our memory for a neighbour that reads slowly. @default 262,144 */
  readonly outputOctetsMax?: number;
}

/** RFC 4724: the neighbour keeps our routes for a while if the session breaks without a NOTIFICATION. */
export interface GracefulRestart {
  /** Seconds, 1 to 4,095. @default 120 */
  readonly restartTimeS?: number;
}

/**
 * One router that we peer with.
 *
 * Node.js cannot set the TTL of a TCP socket (IP_TTL), TCP MD5 signatures (RFC 2385) or TCP-AO (RFC 5925). Packets
 * leave with the system's TTL, usually 64. So a neighbour several hops away needs nothing from us, while one that
 * demands TTL security (GTSM, RFC 5082) needs a rule in the firewall of this machine. For MD5 or TCP-AO, put a BIRD or
 * FRR next to this program.
 */
export interface NeighbourOptions {
  /** Unique; used in the log and the status. */
  readonly name: string;
  /** Unique; only connections from this address are accepted. With its zone, if it has one. */
  readonly address: string;
  /** Port to connect to. @default 179 */
  readonly port?: number;
  readonly remoteAsn: number;
  /** @default the speaker's */
  readonly localAsn?: number;
  /** Never connects, only waits for the neighbour to connect. @default false */
  readonly passive?: boolean;
  /** Accepts no connection from the neighbour, only connects to it. @default false */
  readonly connectOnly?: boolean;
  /** Address to connect from. @default the system's choice */
  readonly localAddress?: string;
  /** The BGP Identifier that the neighbour must have, as an IPv4 address. @default any */
  readonly remoteRouterId?: string;
  /**
   * Seconds that we offer: 0 for no keepalives at all, or 3 to 65,535. The smaller value of both sides applies.
   * @default 90
   */
  readonly holdTimeS?: number;
  /** Seconds between KEEPALIVEs, limited to a third of the hold time. @default a third of the hold time */
  readonly keepaliveS?: number;
  /** Seconds between attempts to connect; longer while they fail. @default 10 */
  readonly connectRetryS?: number;
  /** @default both */
  readonly families?: readonly ('ipv4' | 'ipv6')[];
  /**
   * `unicast`: routes to the prefixes, with the next hops. `flowspec`: rules that drop traffic from the prefixes to the
   * ports of `flowRule` (RFC 8955, RFC 8956). @default unicast
   */
  readonly form?: 'unicast' | 'flowspec';
  readonly nextHops?: NextHops;
  readonly flowRule?: FlowRule;
  /** @default BLACKHOLE and NO_EXPORT for routes; NO_EXPORT for FlowSpec */
  readonly communities?: readonly Community[];
  /** LOCAL_PREF towards a neighbour of our own AS. @default 100 */
  readonly localPref?: number;
  /** @default none: routes go when the session breaks */
  readonly gracefulRestart?: GracefulRestart;
  /** Offers messages of up to 65,535 octets (RFC 8654). @default false */
  readonly extendedMessages?: boolean;
  readonly limits?: NeighbourLimits;
}

export interface SpeakerOptions {
  readonly asn: number;
  /** The BGP Identifier: an IPv4 address, other than the neighbours' within the AS. */
  readonly routerId: string;
  /** @default nowhere */
  readonly listen?: readonly ListenPlace[];
  readonly neighbours: readonly NeighbourOptions[];
}

export interface CloseOptions {
  /**
   * Withdraws all routes, then ends the sessions by Cease/Administrative Shutdown. Otherwise neighbours with graceful
   * restart lose the connection without a NOTIFICATION and keep the routes for the restart time.
   */
  readonly withdraw: boolean;
  /** For the neighbours' logs, cut to 255 octets (RFC 9003). */
  readonly reason?: string;
}
