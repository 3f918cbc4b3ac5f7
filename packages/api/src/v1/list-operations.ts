// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { ADDRESS_LIST_PARAMETERS, NUMBER_LIST_PARAMETERS } from '../list-query.ts';
import { addressList, sendMachineList, type MachineList } from '../machine-lists.ts';
import { NUMBER_FORMATS } from '../number-formats.ts';
import { operation, type Operation } from './operation.ts';
import { reference } from './schemas.ts';

const LISTINGS = { type: 'array', items: reference('Listing') };

const ADDRESS_SUMMARIES = {
  txt: 'Addresses, one a line',
  csv: 'Addresses as CSV (RFC 4180)',
  ipset: 'Addresses for ipset restore',
  nft: 'Addresses for nft -f',
  rsc: 'Addresses for RouterOS /import',
} as const;

const NUMBER_SUMMARIES = {
  txt: 'Numbers, one a line',
  csv: 'Numbers as CSV (RFC 4180)',
  json: 'Numbers as one array of JSON',
  htable: 'Numbers as a db_text table for htable of Kamailio',
  mtree: 'Numbers and ranges as a db_text table for mtree of Kamailio',
  userblocklist: 'Numbers as a db_text table for userblocklist of Kamailio',
  userblacklist: 'Numbers as a db_text table for userblacklist of OpenSIPS',
  astdb: 'Numbers as console commands that fill the database of Asterisk',
  extensions: 'Numbers and ranges as a context of the dialplan of Asterisk',
} as const;

/** Lists that firewalls, routers, proxies and PBXs fetch. */
export const LIST_OPERATIONS: readonly Operation[] = [
  ...entriesOf(ADDRESS_SUMMARIES).map(([ending, summary]) =>
    operation({
      ...common('ip-addresses', ending, summary, addressList(ending)),
      query: ADDRESS_LIST_PARAMETERS,
      handle: ({ ports, values, request, reply }) =>
        sendMachineList(ports, addressList(ending), values, request, reply),
    }),
  ),
  ...entriesOf(NUMBER_SUMMARIES).map(([ending, summary]) => {
    const format = NUMBER_FORMATS[ending];
    const list: MachineList = { format, kinds: format.kinds, grade: 'seen' };
    return operation({
      ...common('numbers', ending, summary, list),
      query: NUMBER_LIST_PARAMETERS,
      handle: ({ ports, values, request, reply }) =>
        sendMachineList(ports, list, values, request, reply),
    });
  }),
];

function common(name: string, ending: string, summary: string, { format }: MachineList) {
  return {
    path: `/v1/lists/${name}.${ending}`,
    summary,
    need: 'read' as const,
    mediaType: format.mediaType,
    schema: ending === 'json' ? LISTINGS : { type: 'string' },
    isConditional: ({ max_age: maxAge }: { readonly max_age?: number }) => maxAge === undefined,
  };
}

function entriesOf<K extends string>(
  summaries: Readonly<Record<K, string>>,
): readonly (readonly [K, string])[] {
  return Object.entries(summaries) as [K, string][];
}
