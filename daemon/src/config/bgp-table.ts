// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { NEIGHBOURS_COUNT_MAX, type NeighbourOptions } from '@sentrypeer/bgp';
import { canonicalAddress, isIpv6 } from '@sentrypeer/ip';
import { BGP_KEYS, NEIGHBOUR_KEYS, type TableKey } from './bgp-keys.ts';
import { tableMembers, valueText, type FileTable } from './config-file.ts';
import { suggestion } from './nearest.ts';
import { quoted, refusal } from './refusal.ts';
import type { ListenAddress } from './value-types.ts';

/** What the `[bgp]` table says, checked. */
export interface BgpConfig {
  readonly asn: number;
  readonly routerId: string;
  readonly listen: readonly ListenAddress[];
  readonly neighbours: readonly NeighbourOptions[];
}

type Values<K> = { readonly [N in keyof K]?: K[N] extends TableKey<infer T> ? T : never };
type BgpValues = Values<typeof BGP_KEYS>;
type NeighbourValues = Values<typeof NEIGHBOUR_KEYS>;

/** What users of other programs write, but is not possible here. */
const IMPOSSIBLE: ReadonlyMap<string, string> = new Map([
  ...['password', 'md5', 'tcp_md5', 'tcp_ao', 'auth_password'].map(
    (name) =>
      [
        name,
        'TCP MD5 and TCP-AO cannot be set from Node.js: put BIRD next to this program (packaging/bird/bird-relay.conf, docs/bgp.md)',
      ] as const,
  ),
  ...['multihop_ttl', 'multihop', 'ttl', 'ttl_security', 'gtsm'].map(
    (name) =>
      [
        name,
        'packets leave with the TTL of the system, usually 64, which several hops need; for TTL security see docs/bgp.md',
      ] as const,
  ),
]);

/** Reads `[bgp]` with its neighbours. A refusal names the key, what was wrong and what would be right. */
export function readBgpTable({ where, members }: FileTable): BgpConfig {
  const { neighbour, ...rest } = members;
  const values: BgpValues = readKeys(where, rest, BGP_KEYS, ['neighbour']);
  const { asn, router_id: routerId, listen = [] } = values;
  if (asn === undefined) throw refusal(`${where}: needs asn, our AS number: asn = 64512`);
  if (routerId === undefined) {
    throw refusal(
      `${where}: needs router_id, an IPv4 address of this machine: router_id = "203.0.113.5"`,
    );
  }
  const tables: readonly unknown[] = neighbour === undefined ? [] : [neighbour].flat();
  if (tables.length === 0) {
    throw refusal(
      `${where}: there is no neighbour: write [[bgp.neighbour]] before the keys of each`,
    );
  }
  if (tables.length > NEIGHBOURS_COUNT_MAX) {
    throw refusal(`${where}: ${tables.length} neighbours are more than ${NEIGHBOURS_COUNT_MAX}`);
  }
  const neighbours = tables.map((each, index) => {
    const at = `${where}: neighbour ${index + 1}`;
    return readNeighbour(at, tableMembers(at, each, '[[bgp.neighbour]]'), values);
  });
  refuseTwice(
    where,
    'name',
    neighbours.map(({ name }) => name),
  );
  refuseTwice(
    where,
    'address',
    neighbours.map(({ address }) => canonicalAddress(address) ?? address),
  );
  return { asn, routerId, listen, neighbours };
}

function readNeighbour(
  numbered: string,
  members: FileTable['members'],
  common: BgpValues,
): NeighbourOptions {
  const { name: named } = members;
  const at = typeof named === 'string' ? `${numbered} ${quoted(named)}` : numbered;
  const own: NeighbourValues = readKeys(at, members, NEIGHBOUR_KEYS, []);
  const { address, asn } = own;
  if (address === undefined) throw refusal(`${at}: needs address: address = "203.0.113.1"`);
  if (asn === undefined) throw refusal(`${at}: needs asn, its AS number: asn = 64496`);
  refuseContradictions(at, own, common);
  const ipv4 = own.next_hop_ipv4 ?? common.next_hop_ipv4;
  const ipv6 = own.next_hop_ipv6 ?? common.next_hop_ipv6;
  return {
    name: own.name ?? address,
    address,
    remoteAsn: asn,
    ...given('port', own.port),
    ...given('passive', own.passive),
    ...given('connectOnly', own.connect_only),
    ...given('localAddress', own.local_address),
    ...given('localAsn', own.local_asn),
    ...given('remoteRouterId', own.router_id),
    ...given('holdTimeS', own.hold_time),
    ...given('connectRetryS', own.connect_retry),
    ...given('families', own.families),
    ...given('form', own.form),
    ...given('communities', own.communities ?? common.communities),
    ...given('localPref', own.local_pref),
    nextHops: { ...given('ipv4', ipv4), ...given('ipv6', ipv6) },
    flowRule: { ...given('protocols', own.flow_protocols), ...given('ports', own.flow_ports) },
    ...(own.graceful_restart && { gracefulRestart: { restartTimeS: own.graceful_restart } }),
    limits: {
      ...given('prefixesMax', own.prefixes_max),
      ...given('prefixesPerSecond', own.prefixes_per_second),
    },
  };
}

function refuseContradictions(at: string, own: NeighbourValues, common: BgpValues): void {
  const { address = '', local_address: local } = own;
  if (own.passive === true && own.connect_only === true) {
    throw refusal(`${at}: passive and connect_only together make no session: leave one out`);
  }
  if (own.passive === true && common.listen === undefined) {
    throw refusal(
      `${at}: passive waits for a connection: say where with listen = ["0.0.0.0:179"] in [bgp]`,
    );
  }
  if (local !== undefined && isIpv6(local) !== isIpv6(address)) {
    throw refusal(
      `${at}: local_address: ${quoted(local)} cannot reach ${address}: take one of the same family`,
    );
  }
  const isFlow = own.form === 'flowspec';
  for (const name of ['flow_ports', 'flow_protocols'] as const) {
    if (!isFlow && own[name] !== undefined)
      throw refusal(`${at}: ${name} goes with form = "flowspec"`);
  }
  for (const name of ['next_hop_ipv4', 'next_hop_ipv6'] as const) {
    if (isFlow && own[name] !== undefined) {
      throw refusal(`${at}: ${name}: a FlowSpec rule has no next hop: leave it out`);
    }
  }
}

/** Every key must be one of these, with a value that its type can read. @param others Keys that are read elsewhere. */
function readKeys<K extends Readonly<Record<string, TableKey<unknown>>>>(
  at: string,
  members: FileTable['members'],
  keys: K,
  others: readonly string[],
): Values<K> {
  const known = new Map(Object.entries(keys));
  const values: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(members)) {
    const found = known.get(name);
    if (found === undefined) {
      const impossible = IMPOSSIBLE.get(name);
      if (impossible !== undefined) throw refusal(`${at}: ${name}: ${impossible}`);
      const hint = suggestion(name, [...known.keys(), ...others]);
      throw refusal(
        `${at}: unknown key ${quoted(name)}${hint || ', see docs/options.md for those there are'}`,
      );
    }
    const text = valueText(`${at}: ${name}`, found, value);
    const read = found.type.parse(text);
    if (read === undefined)
      throw refusal(`${at}: ${name}: ${quoted(text)} is not ${found.type.wanted}`);
    values[name] = read;
  }
  // Each value was read by the type of its key.
  return values as Values<K>;
}

function refuseTwice(where: string, what: string, values: readonly string[]): void {
  const twice = values.find((value, index) => values.indexOf(value) !== index);
  if (twice !== undefined)
    throw refusal(`${where}: two neighbours have the ${what} ${quoted(twice)}`);
}

/** The member, if there is a value. */
function given<N extends string, T>(name: N, value: T | undefined): { readonly [P in N]?: T } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [P in N]?: T });
}
