// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { isIpv4, wireOctets } from '@sentrypeer/ip';
import type { NeighbourSettings } from '../settings.ts';
import type { AfiSafi } from '../wire/afi-safi.ts';
import { encodeAttributes } from '../wire/attributes.ts';
import { flowRuleOctetsMax, wrapFlowRule } from '../wire/flow-spec.ts';
import type { PrefixTable } from '../rib/prefix-table.ts';
import {
  multiprotocolAnnouncement,
  multiprotocolWithdrawal,
  plainAnnouncement,
  plainWithdrawal,
  type UpdateTemplate,
} from '../wire/update-template.ts';

/** How the routes of one family are told to one neighbour. */
export interface RouteTemplates {
  readonly announcement: UpdateTemplate;
  readonly withdrawal: UpdateTemplate;
  /** The most octets that one NLRI takes. */
  readonly nlriOctetsMax: number;
  /** Writes the NLRI of a slot from `at` on. @returns The octet after it. */
  readonly writeNlri: (slot: number, target: Uint8Array, at: number) => number;
}

/** @param hasFourOctetAsn Whether both sides have AS numbers of four octets. */
export function routeTemplates(
  settings: NeighbourSettings,
  afiSafi: AfiSafi,
  table: PrefixTable,
  hasFourOctetAsn: boolean,
): RouteTemplates {
  const { family, form } = afiSafi;
  const { isInternal, localAsn, localPref, communities, nextHop4, flowConditions } = settings;
  const isPlain = afiSafi.name === 'ipv4 unicast' && isIpv4(nextHop4);
  const attributes = encodeAttributes({
    pathAsn: isInternal ? undefined : localAsn,
    hasFourOctetAsn,
    nextHop: isPlain ? nextHop4 : undefined,
    localPref: isInternal ? localPref : undefined,
    communities,
  });
  const withdrawal =
    afiSafi.name === 'ipv4 unicast' ? plainWithdrawal() : multiprotocolWithdrawal(afiSafi);
  const announcement = isPlain
    ? plainAnnouncement(attributes)
    : multiprotocolAnnouncement(afiSafi, nextHopOctets(settings, afiSafi), attributes);
  if (form === 'unicast') {
    return {
      announcement,
      withdrawal,
      nlriOctetsMax: family === 4 ? 5 : 17,
      writeNlri: (slot, target, at) => table.writeNlri(slot, target, at),
    };
  }
  return {
    announcement,
    withdrawal,
    nlriOctetsMax: flowRuleOctetsMax(family, flowConditions),
    writeNlri: (slot, target, at) => {
      const end = table.writeNlri(slot, target, at + 2);
      return wrapFlowRule(target, at, end, family, flowConditions);
    },
  };
}

/** Rules have no next hop (RFC 8955 §4); with a link-local address it has 32 octets (RFC 2545 §3). */
function nextHopOctets(settings: NeighbourSettings, { form, family }: AfiSafi): Uint8Array {
  const { nextHop4, nextHop6, linkLocal } = settings;
  if (form === 'flowspec') return new Uint8Array(0);
  if (family === 4) return wireOctets(nextHop4);
  return Uint8Array.from([...nextHop6, ...(linkLocal ?? [])]);
}
