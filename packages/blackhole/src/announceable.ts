// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { IPV4_OFFSET_BITS, isIpv4, type Prefix } from '@sentrypeer/ip';
import { IPV6_LENGTH_MIN } from './limits.ts';

/** Why no router is ever told of this prefix, whoever lists it: it is wider than a host of IPv4, or than a site of IPv6. */
export function whyNever({ base, length }: Prefix): string | undefined {
  if (isIpv4(base) && length >= IPV4_OFFSET_BITS) {
    return length === IPV4_OFFSET_BITS + 32
      ? undefined
      : 'it is a network of IPv4: only single addresses are announced';
  }
  return length >= IPV6_LENGTH_MIN ? undefined : `it is wider than a /${IPV6_LENGTH_MIN}`;
}
