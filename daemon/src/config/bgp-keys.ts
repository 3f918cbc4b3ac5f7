// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import {
  COMMUNITIES_COUNT_MAX,
  FLOW_PORT_RANGES_MAX,
  formatCommunity,
  parseCommunity,
  TABLE_PREFIXES_MAX,
  type Community,
} from '@sentrypeer/bgp';
import { isIpv6 } from '@sentrypeer/ip';
import type { PortRange } from '@sentrypeer/listings';
import { PORT_MAX } from '../limits.ts';
import { NEIGHBOUR_NAME_CHARACTERS_MAX } from '../services/bgp/limits.ts';
import { portsType } from './firewall-options.ts';
import {
  addressType,
  countType,
  isNameText,
  listenAddressesType,
  switchType,
  type ListenAddress,
  type ValueType,
} from './value-types.ts';
import { choicesType, choiceType } from './webhook-types.ts';

/** A key of a table in the configuration file. */
export interface TableKey<T> {
  readonly type: ValueType<T>;
  /** For a person; empty if the key is required. */
  readonly defaultText: string;
  readonly doc: string;
}

const U32_MAX = 0xffff_ffff;
/** RFC 4893: stands for any number above 65535. RFC 7300: the last number of each size. */
const RESERVED_ASNS: ReadonlySet<number> = new Set([23_456, 65_535, U32_MAX]);

const asnType: ValueType<number> = {
  ...countType('ASN', 1, U32_MAX),
  wanted: `the number of an autonomous system, from 1 to ${U32_MAX - 1}; 23456 and 65535 are reserved`,
  parse: (text) => {
    const asn = countType('ASN', 1, U32_MAX).parse(text);
    return asn === undefined || RESERVED_ASNS.has(asn) ? undefined : asn;
  },
};

/** An address of one host, and not the wildcard. */
const hostType: ValueType<string> = {
  ...addressType,
  wanted: 'the IP address of a host, such as 192.0.2.1 or 2001:db8::1',
  parse: (text) => {
    const address = addressType.parse(text);
    return address === '0.0.0.0' || address === '::' ? undefined : address;
  },
};

/** Of BGP's attributes, none has room for a zone. */
const nextHopType: ValueType<string> = {
  ...hostType,
  wanted: 'an IP address without a zone, such as 192.0.2.1 or 100::1',
  parse: (text) => (text.includes('%') ? undefined : hostType.parse(text)),
};

const ipv4Type: ValueType<string> = {
  ...addressType,
  wanted: 'an IPv4 address, such as 192.0.2.1',
  parse: (text) => {
    const address = hostType.parse(text);
    return address === undefined || isIpv6(address) ? undefined : address;
  },
};

const ipv6Type: ValueType<string> = {
  ...addressType,
  wanted: 'an IPv6 address without a zone, such as 100::1',
  parse: (text) => {
    const address = nextHopType.parse(text);
    return address !== undefined && isIpv6(address) ? address : undefined;
  },
};

const holdTimeType: ValueType<number> = {
  ...countType('SECONDS', 0, 65_535),
  wanted: 'a whole number of seconds from 3 to 65535, or 0 for a session without keepalives',
  parse: (text) => {
    const seconds = countType('SECONDS', 0, 65_535).parse(text);
    return seconds === 1 || seconds === 2 ? undefined : seconds;
  },
};

const communitiesType: ValueType<readonly Community[]> = {
  placeholder: 'COMMUNITY',
  wanted: `at most ${COMMUNITIES_COUNT_MAX} communities, such as 65535:666, blackhole, no-export (standard), rt:64496:1 (extended) or 64496:1:2 (large)`,
  toml: ['string'],
  repeatable: true,
  parse: (text) => {
    if (text.trim() === '') return [];
    const communities = text.split(',').map((part) => parseCommunity(part.trim()));
    return communities.length <= COMMUNITIES_COUNT_MAX &&
      communities.every((one) => one !== undefined)
      ? communities
      : undefined;
  },
  format: (value) => value.map(formatCommunity).join(','),
};

const nameType: ValueType<string> = {
  placeholder: 'NAME',
  wanted: `a name of at most ${NEIGHBOUR_NAME_CHARACTERS_MAX} letters, digits, hyphens, dots and underscores`,
  toml: ['string'],
  repeatable: false,
  parse: (text) =>
    isNameText(text) && text.length <= NEIGHBOUR_NAME_CHARACTERS_MAX ? text : undefined,
  format: (value) => value,
};

const flowPortsType: ValueType<readonly PortRange[]> = {
  ...portsType,
  wanted: `at most ${FLOW_PORT_RANGES_MAX} ports or ranges of them, such as 5060 or 10000-20000`,
  parse: (text) => {
    const ranges = portsType.parse(text);
    return (ranges?.length ?? Infinity) <= FLOW_PORT_RANGES_MAX ? ranges : undefined;
  },
};

const PROTOCOLS: Readonly<Record<string, number>> = { tcp: 6, udp: 17 };

const protocolsType: ValueType<readonly number[]> = {
  ...choicesType(['tcp', 'udp']),
  parse: (text) =>
    choicesType(['tcp', 'udp'])
      .parse(text)
      ?.map((name) => PROTOCOLS[name] ?? 0),
  format: (value) => value.join(','),
};

const FORMS: readonly ('unicast' | 'flowspec')[] = ['unicast', 'flowspec'];
const FAMILIES: readonly ('ipv4' | 'ipv6')[] = ['ipv4', 'ipv6'];

function key<T>(type: ValueType<T>, defaultText: string, doc: string): TableKey<T> {
  return { type, defaultText, doc };
}

const COMMUNITIES = 'blackhole (65535:666, RFC 7999) and no-export; of FlowSpec no-export';

/** Keys of `[bgp]`; those in the second part also apply to every neighbour that does not set its own. */
export const BGP_KEYS = {
  asn: key(asnType, '', 'Our AS number. A private one (64512 to 65534) will do.'),
  router_id: key(
    ipv4Type,
    '',
    'Our BGP identifier: an IPv4 address, usually one of this machine. No router next to us may have the same.',
  ),
  listen: key<readonly ListenAddress[]>(
    listenAddressesType,
    'nowhere',
    'Where neighbours may connect to, such as `["0.0.0.0:179", "[::]:179"]`; connections from others than neighbours are refused. Port 179 needs CAP_NET_BIND_SERVICE.',
  ),
  next_hop_ipv4: key(
    nextHopType,
    '192.0.2.1',
    'Next hop of IPv4 routes, which your routers discard.',
  ),
  next_hop_ipv6: key(
    ipv6Type,
    '100::1',
    'Next hop of IPv6 routes (100::/64 is for discarding, RFC 6666).',
  ),
  communities: key(communitiesType, COMMUNITIES, 'Communities of every route.'),
} as const;

/** Keys of a `[[bgp.neighbour]]`. */
export const NEIGHBOUR_KEYS = {
  name: key(nameType, 'its address', 'The name in the log, the status and the metrics.'),
  address: key(hostType, '', 'Its address; connections from others are refused.'),
  asn: key(asnType, '', 'Its AS number.'),
  port: key(countType('PORT', 1, PORT_MAX), '179', 'Its port.'),
  passive: key(switchType, 'false', 'Wait for it to connect; needs `listen`.'),
  connect_only: key(switchType, 'false', 'Accept no connection from it.'),
  local_address: key(
    addressType,
    'the choice of the system',
    'Address of this machine to connect from.',
  ),
  local_asn: key(asnType, 'asn of [bgp]', 'Our AS number towards it.'),
  router_id: key(ipv4Type, 'any', 'The BGP identifier that it must have.'),
  hold_time: key(
    holdTimeType,
    '90',
    'Seconds without a message after which the session ends and its routes are dropped; the smaller value of both sides counts.',
  ),
  connect_retry: key(
    countType('SECONDS', 1, 3600),
    '10',
    'Seconds between attempts to connect; longer after repeated failures.',
  ),
  families: key(choicesType(FAMILIES), 'both', 'Families that are announced to it.'),
  form: key(
    choiceType(FORMS),
    'unicast',
    'Routes to what is listed (`unicast`), or rules that drop only SIP from there (`flowspec`, RFC 8955), because an address of a carrier’s NAT has other users.',
  ),
  flow_protocols: key(protocolsType, 'tcp and udp', 'Protocols of a FlowSpec rule.'),
  flow_ports: key(flowPortsType, '5060-5061', 'Destination ports of a FlowSpec rule.'),
  next_hop_ipv4: key(
    nextHopType,
    'that of [bgp]',
    'Next hop of IPv4 routes; an IPv6 address for a router with RFC 8950.',
  ),
  next_hop_ipv6: key(ipv6Type, 'that of [bgp]', 'Next hop of IPv6 routes.'),
  communities: key(communitiesType, 'those of [bgp]', 'Communities of every route.'),
  local_pref: key(
    countType('NUMBER', 0, U32_MAX),
    '100',
    'Local preference; only for a neighbour in our own AS.',
  ),
  graceful_restart: key(
    countType('SECONDS', 0, 4095),
    '0',
    'Seconds for which it may keep our routes after the session breaks without a NOTIFICATION (RFC 4724); 0: none.',
  ),
  prefixes_max: key(
    countType('COUNT', 1, TABLE_PREFIXES_MAX),
    '10000',
    'Prefixes that it is sent; any more are held back, and an alarm says so. Set it below the limit that the router has for us.',
  ),
  prefixes_per_second: key(
    countType('COUNT', 0, 1_000_000),
    '0',
    'Prefixes announced or withdrawn in a second, for a router that takes long to process them; 0: as fast as it reads.',
  ),
} as const;
