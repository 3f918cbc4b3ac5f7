// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Family } from '@sentrypeer/ip';

/** Which kind of routes: address family and subsequent address family (RFC 4760 §6). */
export interface AfiSafi {
  readonly name: 'ipv4 unicast' | 'ipv6 unicast' | 'ipv4 flowspec' | 'ipv6 flowspec';
  readonly family: Family;
  readonly form: 'unicast' | 'flowspec';
  readonly afi: number;
  readonly safi: number;
}

export const AFI_IPV4 = 1;
export const AFI_IPV6 = 2;
export const SAFI_UNICAST = 1;
/** RFC 8955 §3. */
export const SAFI_FLOWSPEC = 133;

/** What this speaker can announce. */
export const AFI_SAFIS: readonly AfiSafi[] = [
  { name: 'ipv4 unicast', family: 4, form: 'unicast', afi: AFI_IPV4, safi: SAFI_UNICAST },
  { name: 'ipv6 unicast', family: 6, form: 'unicast', afi: AFI_IPV6, safi: SAFI_UNICAST },
  { name: 'ipv4 flowspec', family: 4, form: 'flowspec', afi: AFI_IPV4, safi: SAFI_FLOWSPEC },
  { name: 'ipv6 flowspec', family: 6, form: 'flowspec', afi: AFI_IPV6, safi: SAFI_FLOWSPEC },
];

/** One number for both, for comparisons. */
export function afiSafiKey({ afi, safi }: { readonly afi: number; readonly safi: number }): number {
  return afi * 256 + safi;
}
