// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { wireOctets, type Ip } from '@sentrypeer/ip';
import type { Community } from '../community.ts';
import { AS_TRANS } from './open.ts';

/** IANA's codes of path attributes. */
export const AttributeType = {
  origin: 1,
  asPath: 2,
  nextHop: 3,
  multiExitDisc: 4,
  localPref: 5,
  atomicAggregate: 6,
  aggregator: 7,
  communities: 8,
  originatorId: 9,
  clusterList: 10,
  mpReach: 14,
  mpUnreach: 15,
  extendedCommunities: 16,
  as4Path: 17,
  as4Aggregator: 18,
  largeCommunities: 32,
} as const;

/** RFC 4271 §4.3. */
export const AttributeFlag = { optional: 0x80, transitive: 0x40, extendedLength: 0x10 } as const;

const ORIGIN_IGP = 0;
const AS_SEQUENCE = 2;
const WELL_KNOWN = AttributeFlag.transitive;
const OPTIONAL_TRANSITIVE = AttributeFlag.optional | AttributeFlag.transitive;

export interface RouteAttributes {
  /** Ours; `undefined` for a neighbour of the same AS, whose path is empty (RFC 4271 §5.1.2). */
  readonly pathAsn: number | undefined;
  /** Whether both sides have AS numbers of four octets (RFC 6793). */
  readonly hasFourOctetAsn: boolean;
  /** For the NEXT_HOP attribute; `undefined` if MP_REACH_NLRI has it. */
  readonly nextHop: Ip | undefined;
  /** Only for a neighbour of the same AS. */
  readonly localPref: number | undefined;
  readonly communities: readonly Community[];
}

/** All attributes except MP_REACH_NLRI, in ascending order of their type (RFC 4271 §5). */
export function encodeAttributes(route: RouteAttributes): Uint8Array {
  const { communities, localPref, nextHop } = route;
  const standard = communities.flatMap((one) => (one.kind === 'standard' ? u32(one.value) : []));
  const extended = communities.flatMap((one) => (one.kind === 'extended' ? [...one.octets] : []));
  const large = communities.flatMap((one) =>
    one.kind === 'large' ? one.parts.flatMap((part) => u32(part)) : [],
  );
  const { path, path4 } = asPath(route);
  return Uint8Array.from([
    ...attribute(WELL_KNOWN, AttributeType.origin, [ORIGIN_IGP]),
    ...attribute(WELL_KNOWN, AttributeType.asPath, path),
    ...(nextHop === undefined
      ? []
      : attribute(WELL_KNOWN, AttributeType.nextHop, [...wireOctets(nextHop)])),
    ...(localPref === undefined
      ? []
      : attribute(WELL_KNOWN, AttributeType.localPref, u32(localPref))),
    ...unlessEmpty(AttributeType.communities, standard),
    ...unlessEmpty(AttributeType.extendedCommunities, extended),
    ...unlessEmpty(AttributeType.as4Path, path4),
    ...unlessEmpty(AttributeType.largeCommunities, large),
  ]);
}

/** A two-octet speaker gets AS_TRANS for a longer number, and the number in AS4_PATH (RFC 6793 §4.2.2). */
function asPath({ pathAsn, hasFourOctetAsn }: RouteAttributes): {
  readonly path: readonly number[];
  readonly path4: readonly number[];
} {
  if (pathAsn === undefined) return { path: [], path4: [] };
  const path4 = [AS_SEQUENCE, 1, ...u32(pathAsn)];
  if (hasFourOctetAsn) return { path: path4, path4: [] };
  const isLong = pathAsn > 0xffff;
  const short = isLong ? AS_TRANS : pathAsn;
  return { path: [AS_SEQUENCE, 1, short >> 8, short & 0xff], path4: isLong ? path4 : [] };
}

function unlessEmpty(type: number, value: readonly number[]): readonly number[] {
  return value.length === 0 ? [] : attribute(OPTIONAL_TRANSITIVE, type, value);
}

function attribute(flags: number, type: number, value: readonly number[]): readonly number[] {
  const size = value.length;
  return size > 255
    ? [flags | AttributeFlag.extendedLength, type, size >> 8, size & 0xff, ...value]
    : [flags, type, size, ...value];
}

function u32(value: number): readonly number[] {
  return [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
}
