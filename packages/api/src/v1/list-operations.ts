// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { LIST_FORMATS } from '../list-formats.ts';
import { LIST_PARAMETERS } from '../list-query.ts';
import { sendMachineList } from '../machine-lists.ts';
import { operation, type Operation } from './operation.ts';

const SUMMARIES = {
  txt: 'Addresses, one a line',
  csv: 'Addresses as CSV (RFC 4180)',
  ipset: 'Addresses for ipset restore',
  nft: 'Addresses for nft -f',
  rsc: 'Addresses for RouterOS /import',
} as const;

/** Lists that firewalls and routers fetch. */
export const LIST_OPERATIONS: readonly Operation[] = (
  Object.keys(SUMMARIES) as (keyof typeof SUMMARIES)[]
).map((ending) =>
  operation({
    path: `/v1/lists/ip-addresses.${ending}`,
    summary: SUMMARIES[ending],
    need: 'read',
    query: LIST_PARAMETERS,
    mediaType: LIST_FORMATS[ending].mediaType,
    schema: { type: 'string' },
    isConditional: ({ max_age: maxAge }) => maxAge === undefined,
    handle: ({ ports, values, request, reply }) =>
      sendMachineList(ports, LIST_FORMATS[ending], values, request, reply),
  }),
);
