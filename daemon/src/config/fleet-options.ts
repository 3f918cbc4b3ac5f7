// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { derivedOption, option } from './option.ts';
import { pathType, switchType } from './value-types.ts';
import { secretType } from './webhook-types.ts';

/** Many nodes, one picture, on PostgreSQL. */
export const FLEET_OPTIONS = {
  fleet: derivedOption({
    group: 'fleet',
    long: 'fleet',
    type: {
      ...secretType,
      placeholder: 'URL',
      wanted: 'an address such as postgres://NAME@HOST/DATABASE on one line',
    },
    defaultText: 'none',
    doc: 'Push events into this database of a fleet (PostgreSQL): postgres://NAME@HOST:PORT/DATABASE. Over a network TLS is verified. A password belongs in the file of --fleet-file, in .pgpass or in the variable; it is refused on the command line.',
  }),
  fleetFile: derivedOption({
    group: 'fleet',
    long: 'fleet-file',
    type: pathType,
    defaultText: 'none',
    doc: 'File with that address and its password, as sentrypeer fleet join writes it.',
  }),
  fleetHub: option({
    group: 'fleet',
    long: 'fleet-hub',
    type: switchType,
    defaultValue: false,
    doc: 'Read what all nodes of the fleet push, and judge it together with what comes here; the role in the fleet must be hub.',
  }),
  fleetFollower: option({
    group: 'fleet',
    long: 'fleet-follower',
    type: switchType,
    defaultValue: false,
    doc: 'Push nothing, and only follow what the hubs of the fleet list (sensors do that, too): for nodes that PBXs and firewalls ask, and for small ones. The role `follower` is enough.',
  }),
  fleetMessages: option({
    group: 'fleet',
    long: 'fleet-messages',
    type: switchType,
    defaultValue: false,
    doc: 'Also push the raw message of each event: some 500 octets more per row, with everything that attackers wrote.',
  }),
} as const;
