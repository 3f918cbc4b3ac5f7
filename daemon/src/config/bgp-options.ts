// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { BGP_CHANGES_MAX, BGP_PREFIXES_MAX } from '../services/bgp/limits.ts';
import { nodeType } from './node-type.ts';
import { derivedOption, option } from './option.ts';
import { countType, networksType, pathType, switchType } from './value-types.ts';
import { secretType } from './webhook-types.ts';

/**
 * What `sentrypeer bgp` does, except for the routers themselves, which are in the `[bgp]` table of the file. The daemon
 * does not use these.
 */
export const BGP_OPTIONS = {
  bgpNode: derivedOption({
    group: 'bgp',
    long: 'bgp-node',
    type: nodeType,
    defaultText: 'the API of this machine, as --api-address and --api-port say',
    doc: 'Node whose listings are announced to the routers.',
  }),
  bgpKey: derivedOption({
    group: 'bgp',
    long: 'bgp-key',
    type: secretType,
    defaultText: 'none',
    doc: 'Key with the role read for that node, if it wants one. Better set as a variable than as a flag.',
  }),
  bgpKeepRoutes: option({
    group: 'bgp',
    long: 'bgp-keep-routes',
    type: switchType,
    defaultValue: false,
    doc: 'Withdraw nothing at a stop: neighbours with graceful_restart keep the routes for that time, for example during an upgrade.',
  }),
  bgpPrefixesMax: option({
    group: 'bgp',
    long: 'bgp-prefixes-max',
    type: countType('COUNT', 1, BGP_PREFIXES_MAX),
    unit: 'prefixes',
    defaultValue: 10_000,
    doc: 'Prefixes that are announced; any more are not, and an alarm says so. Each neighbour also has its own limit (prefixes_max).',
  }),
  bgpChangesMax: option({
    group: 'bgp',
    long: 'bgp-changes-max',
    type: countType('COUNT', 1, BGP_CHANGES_MAX),
    unit: 'prefixes per minute',
    defaultValue: 5000,
    doc: 'New prefixes that are announced in a minute, after those of the start; any more wait, and an alarm says so. Withdrawing has no limit.',
  }),
  bgpSpare: derivedOption({
    group: 'bgp',
    long: 'bgp-spare',
    type: networksType,
    defaultText: 'what docs/bgp.md lists is always spared',
    mayBeEmpty: true,
    doc: 'Address or network that is never announced: your own prefixes, your trunks, your customers.',
  }),
  bgpRunDir: option({
    group: 'bgp',
    long: 'bgp-run-dir',
    type: pathType,
    defaultValue: '/run/sentrypeer-bgp',
    doc: 'Directory through which bgp status, routes, flush and resume reach the running process; made if it is missing.',
  }),
} as const;
