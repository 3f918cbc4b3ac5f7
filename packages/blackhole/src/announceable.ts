// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { IPV4_OFFSET_BITS, isIpv4, type Prefix } from '@sentrypeer/ip';
import { IPV6_LENGTH_MIN } from './limits.ts';

/** Why this prefix is never announced to a router, whoever lists it: it is wider than an IPv4 host or an IPv6 site. */
export function whyNever({ base, length }: Prefix): string | undefined {
  if (isIpv4(base) && length >= IPV4_OFFSET_BITS) {
    return length === IPV4_OFFSET_BITS + 32
      ? undefined
      : 'it is a network of IPv4: only single addresses are announced';
  }
  return length >= IPV6_LENGTH_MIN ? undefined : `it is wider than a /${IPV6_LENGTH_MIN}`;
}
