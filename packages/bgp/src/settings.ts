// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import {
  canonicalAddress,
  IPV4_OCTETS,
  isIpv4,
  isZonedAddress,
  parseIp,
  wireOctets,
  type Ip,
} from '@sentrypeer/ip';
import { OperatingError } from '@sentrypeer/kernel';
import { BLACKHOLE, NO_EXPORT, type Community } from './community.ts';
import {
  COMMUNITIES_COUNT_MAX,
  CONNECT_RETRY_S_DEFAULT,
  EXTENDED_MESSAGE_OCTETS_MAX,
  FLOW_PORT_RANGES_MAX,
  HOLD_TIME_S_DEFAULT,
  NEIGHBOUR_PREFIXES_DEFAULT,
  NEIGHBOURS_COUNT_MAX,
  OUTPUT_OCTETS_DEFAULT,
  RESTART_TIME_S_DEFAULT,
} from './limits.ts';
import type { FlowRule, NeighbourOptions, SpeakerOptions } from './options.ts';
import { AFI_SAFIS, type AfiSafi } from './wire/afi-safi.ts';
import { DROP, encodeFlowConditions } from './wire/flow-spec.ts';

/** A neighbour's options, checked, with all defaults. */
export interface NeighbourSettings {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly remoteAsn: number;
  readonly localAsn: number;
  /** Ours. */
  readonly routerId: number;
  readonly isInternal: boolean;
  readonly passive: boolean;
  readonly connectOnly: boolean;
  readonly localAddress: string | undefined;
  readonly remoteRouterId: number | undefined;
  readonly holdTimeS: number;
  readonly keepaliveS: number | undefined;
  readonly connectRetryMs: number;
  readonly form: 'unicast' | 'flowspec';
  readonly families: readonly AfiSafi[];
  readonly nextHop4: Ip;
  readonly nextHop6: Ip;
  readonly linkLocal: Ip | undefined;
  readonly flowConditions: Uint8Array;
  readonly communities: readonly Community[];
  readonly localPref: number;
  readonly restartTimeS: number | undefined;
  readonly extendedMessages: boolean;
  readonly prefixesMax: number;
  /** Infinity for no limit. */
  readonly prefixesPerSecond: number;
  readonly outputOctetsMax: number;
}

const ASN_MAX = 0xffffffff;
const TCP = 6;
const UDP = 17;

/**
 * Checks the options of a speaker and fills in the defaults.
 *
 * @throws OperatingError `bgp_options`; the message names the neighbour and says what would be right.
 */
export function settingsOf(options: SpeakerOptions): readonly NeighbourSettings[] {
  const { neighbours } = options;
  need(neighbours.length <= NEIGHBOURS_COUNT_MAX, `at most ${NEIGHBOURS_COUNT_MAX} neighbours`);
  const routerId = readRouterId(options.routerId, 'the router id');
  const settings = neighbours.map((one) => settingsOfOne(one, options.asn, routerId));
  for (const [what, values] of [
    ['name', settings.map(({ name }) => name)],
    ['address', settings.map(({ address }) => address)],
  ] as const) {
    const twice = values.find((value, index) => values.indexOf(value) !== index);
    need(twice === undefined, `two neighbours have the ${what} ${twice}`);
  }
  return settings;
}

function settingsOfOne(
  options: NeighbourOptions,
  speakerAsn: number,
  routerId: number,
): NeighbourSettings {
  const { name, holdTimeS = HOLD_TIME_S_DEFAULT, form = 'unicast', limits = {} } = options;
  const of = `neighbour ${name}: `;
  const localAsn = options.localAsn ?? speakerAsn;
  const { passive = false, connectOnly = false, gracefulRestart } = options;
  const restartTimeS = gracefulRestart && (gracefulRestart.restartTimeS ?? RESTART_TIME_S_DEFAULT);
  const families = options.families ?? ['ipv4', 'ipv6'];
  need(isWithin(localAsn, 1, ASN_MAX), `${of}our AS number is 1 to ${ASN_MAX}`);
  need(isWithin(options.remoteAsn, 1, ASN_MAX), `${of}its AS number is 1 to ${ASN_MAX}`);
  need(isZonedAddress(options.address), `${of}${options.address} is not an address`);
  need(isWithin(options.port ?? 179, 1, 0xffff), `${of}a port is 1 to 65535`);
  need(!(passive && connectOnly), `${of}it can't be both passive and only connect`);
  need(holdTimeS === 0 || isWithin(holdTimeS, 3, 0xffff), `${of}a hold time is 0, or 3 to 65535 s`);
  need(
    restartTimeS === undefined || isWithin(restartTimeS, 1, 4095),
    `${of}a restart time is 1 to 4095 s`,
  );
  need(families.length > 0, `${of}it has at least one family`);
  return {
    name,
    routerId,
    localAsn,
    passive,
    connectOnly,
    form,
    holdTimeS,
    restartTimeS,
    address: canonicalAddress(options.address) ?? options.address,
    port: options.port ?? 179,
    remoteAsn: options.remoteAsn,
    isInternal: localAsn === options.remoteAsn,
    localAddress: options.localAddress,
    remoteRouterId:
      options.remoteRouterId === undefined
        ? undefined
        : readRouterId(options.remoteRouterId, `${of}its router id`),
    keepaliveS: options.keepaliveS,
    connectRetryMs: 1000 * (options.connectRetryS ?? CONNECT_RETRY_S_DEFAULT),
    families: AFI_SAFIS.filter(
      (one) => one.form === form && families.includes(one.family === 4 ? 'ipv4' : 'ipv6'),
    ),
    ...nextHopsOf(options, of),
    flowConditions: conditionsOf(options.flowRule ?? {}, of),
    communities: communitiesOf(options, form, of),
    localPref: options.localPref ?? 100,
    extendedMessages: options.extendedMessages ?? false,
    prefixesMax: limits.prefixesMax ?? NEIGHBOUR_PREFIXES_DEFAULT,
    prefixesPerSecond: limits.prefixesPerSecond || Infinity,
    outputOctetsMax: Math.max(
      limits.outputOctetsMax ?? OUTPUT_OCTETS_DEFAULT,
      2 * EXTENDED_MESSAGE_OCTETS_MAX,
    ),
  };
}

function nextHopsOf(
  { nextHops = {} }: NeighbourOptions,
  of: string,
): Pick<NeighbourSettings, 'nextHop4' | 'nextHop6' | 'linkLocal'> {
  const { ipv4 = '192.0.2.1', ipv6 = '100::1', ipv6LinkLocal } = nextHops;
  const nextHop4 = parseIp(ipv4);
  const nextHop6 = parseIp(ipv6);
  const linkLocal = ipv6LinkLocal === undefined ? undefined : parseIp(ipv6LinkLocal);
  need(nextHop4 !== undefined, `${of}the next hop ${ipv4} is not an address`);
  need(
    nextHop6 !== undefined && !isIpv4(nextHop6),
    `${of}the next hop ${ipv6} is not an IPv6 address`,
  );
  const isLinkLocal = linkLocal?.[0] === 0xfe && ((linkLocal[1] ?? 0) & 0xc0) === 0x80;
  need(
    ipv6LinkLocal === undefined || isLinkLocal,
    `${of}${ipv6LinkLocal} is not a link-local address`,
  );
  return { nextHop4, nextHop6, linkLocal };
}

function conditionsOf(rule: FlowRule, of: string): Uint8Array {
  const { protocols = [TCP, UDP], ports = [[5060, 5061]] } = rule;
  need(
    protocols.length <= 8 && protocols.every((one) => isWithin(one, 0, 255)),
    `${of}a FlowSpec rule has at most 8 protocols, 0 to 255`,
  );
  need(
    ports.length <= FLOW_PORT_RANGES_MAX &&
      ports.every(([first, last]) => isWithin(first, 0, last) && isWithin(last, first, 0xffff)),
    `${of}a FlowSpec rule has at most ${FLOW_PORT_RANGES_MAX} ranges of ports, 0 to 65535`,
  );
  return encodeFlowConditions(protocols, ports);
}

function communitiesOf(
  { communities }: NeighbourOptions,
  form: 'unicast' | 'flowspec',
  of: string,
): readonly Community[] {
  const own = communities ?? (form === 'unicast' ? [BLACKHOLE, NO_EXPORT] : [NO_EXPORT]);
  need(own.length <= COMMUNITIES_COUNT_MAX, `${of}at most ${COMMUNITIES_COUNT_MAX} communities`);
  return form === 'flowspec' ? [...own, DROP] : own;
}

function readRouterId(text: string, what: string): number {
  const ip = text.includes(':') ? undefined : parseIp(text);
  const octets = ip === undefined ? new Uint8Array(IPV4_OCTETS) : wireOctets(ip);
  const id = new DataView(octets.buffer, octets.byteOffset).getUint32(0);
  need(id !== 0, `${what}, ${text}, is not an IPv4 address other than 0.0.0.0`);
  return id;
}

function isWithin(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}

function need(holds: boolean, message: string): asserts holds {
  if (!holds) throw new OperatingError('bgp_options', `BGP: ${message}`);
}
