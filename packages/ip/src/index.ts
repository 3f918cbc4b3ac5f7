// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

export {
  broadcastOf,
  familyOf,
  isIpv6,
  isLoopback,
  isNearlyIpv4,
  isUnicast,
  networkKey,
  sourceKey,
  type Family,
} from './address-text.ts';
export {
  endpointOf,
  formatEndpoint,
  isZonedAddress,
  parseAddressAndPort,
  zonedAddress,
  type Endpoint,
} from './endpoint.ts';
export {
  canonicalAddress,
  formatIp,
  IPV4_OCTETS,
  IPV4_OFFSET_BITS,
  IPV6_OCTETS,
  ipOfOctets,
  isIpv4,
  parseIp,
  wireOctets,
  type Ip,
} from './ip.ts';
export {
  bitsWithin,
  firstBits,
  judgedAs,
  judgedNetwork,
  NETWORK_LENGTHS,
  networkBits,
  networkRange,
  networksOf,
  type JudgedNetwork,
  type NetworkLength,
} from './judged-network.ts';
export { parseNodeNetwork, type NodeNetwork, type NodePlace } from './node-network.ts';
export {
  contains,
  covers,
  formatPrefix,
  independentNetwork,
  networkText,
  parsePrefix,
  prefix,
  widen,
  type Prefix,
} from './prefix.ts';
export { coverWithout, findCover, unicastPart, type Cover } from './prefix-cover.ts';
export {
  isDocumentation,
  isLocalAddress,
  isPublicAddress,
  specialNetworks,
  specialPurpose,
} from './special-purpose.ts';
