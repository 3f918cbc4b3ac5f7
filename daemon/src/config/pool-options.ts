// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { DHT_NETWORK_MAX, SHARE_BUDGET_OCTETS_MIN, SHARE_DELAY_SECONDS_MAX } from '../limits.ts';
import { derivedOption, option } from './option.ts';
import {
  hostsType,
  neighboursType,
  poolAddressType,
  poolPeersType,
  type HostPort,
  type PoolAddress,
} from './pool-types.ts';
import {
  addressesType,
  countType,
  pathType,
  portType,
  sizeType,
  switchType,
} from './value-types.ts';

const QUORUM_MIN = 2;
/** The most voters allowed. */
const VOTERS_MAX = 64;

const BOOTSTRAP: readonly HostPort[] = [{ host: 'bootstrap.sentrypeer.org', port: 4222 }];

/** Sharing with other nodes. */
export const POOL_OPTIONS = {
  peerToPeer: option({
    group: 'pool',
    long: 'peer-to-peer',
    short: 'p',
    type: switchType,
    defaultValue: false,
    doc: 'Share what attackers did here with other nodes, and receive what they share. Without it no packet is sent to other nodes.',
  }),
  bootstrapNodes: option({
    group: 'pool',
    long: 'bootstrap-node',
    short: 'b',
    type: hostsType,
    defaultValue: BOOTSTRAP,
    needs: 'peer-to-peer',
    doc: 'Node to ask first; with none, only neighbours and already known nodes are asked.',
  }),
  dhtPort: option({
    group: 'pool',
    long: 'dht-port',
    type: portType,
    defaultValue: 4222,
    needs: 'peer-to-peer',
    doc: 'UDP port of the DHT node; open it in the firewall, because other nodes connect to it.',
  }),
  dhtAddresses: option({
    group: 'pool',
    long: 'dht-address',
    type: addressesType,
    defaultValue: 'all',
    needs: 'peer-to-peer',
    doc: 'Local address of the DHT node, at most one of IPv4 and one of IPv6.',
  }),
  dhtNetwork: option({
    group: 'pool',
    long: 'dht-network',
    type: countType('NUMBER', 0, DHT_NETWORK_MAX),
    defaultValue: 0,
    needs: 'peer-to-peer',
    doc: 'Network number: 0 is the public network, any other a closed pool. Nodes with another number are ignored.',
  }),
  dhtStateFile: derivedOption({
    group: 'pool',
    long: 'dht-state-file',
    type: pathType,
    needs: 'peer-to-peer',
    defaultText: 'sentrypeer-dht.json next to the database',
    doc: 'File of known nodes, so that a restart needs no bootstrap node.',
  }),
  neighbours: option({
    group: 'pool',
    long: 'neighbours',
    type: neighboursType,
    defaultValue: 'link',
    needs: 'peer-to-peer',
    doc: 'How far to look for nodes by multicast (FF0X::172): off, link, admin, site or organization.',
  }),
  shareBudgetOctets: option({
    group: 'pool',
    long: 'share-budget',
    type: sizeType(SHARE_BUDGET_OCTETS_MIN),
    unit: 'octets',
    defaultValue: 4 * 2 ** 20,
    needs: 'peer-to-peer',
    doc: 'Octets of events to share per day (UTC), about 520 each; 0 sets no limit.',
  }),
  shareDelaySeconds: option({
    group: 'pool',
    long: 'share-delay',
    type: countType('SECONDS', 0, SHARE_DELAY_SECONDS_MAX),
    unit: 'seconds',
    defaultValue: 60,
    needs: 'peer-to-peer',
    doc: 'Longest random delay before an event is shared, so that its time does not tell an attacker where the honeypot is; 0 shares at once.',
  }),
  poolPeers: derivedOption({
    group: 'pool',
    long: 'pool-peer',
    type: poolPeersType,
    defaultText: 'none',
    needs: 'peer-to-peer',
    doc: 'Node of the pool to keep a link with (TCP, TLS 1.3); with its key, no other node is accepted there.',
  }),
  poolAddress: option<PoolAddress>({
    group: 'pool',
    long: 'pool-address',
    type: poolAddressType,
    defaultValue: 'auto',
    needs: 'peer-to-peer',
    doc: 'Address (TCP) that this node publishes in the DHT for other nodes of the pool, at most one of each family; auto is the one at which other nodes see it, none publishes nothing.',
  }),
  poolKeyFile: derivedOption({
    group: 'pool',
    long: 'pool-key',
    type: pathType,
    defaultText: 'none: the open pool',
    doc: 'File with the shared key of a closed pool (`pool init` makes one): pages and links are only exchanged with nodes that have it.',
  }),
  poolQuorum: option({
    group: 'pool',
    long: 'pool-quorum',
    type: countType('VOTES', QUORUM_MIN, VOTERS_MAX),
    defaultValue: QUORUM_MIN,
    doc: 'Votes needed to list an address or watch a number (`peers trust` gives nodes a vote); always more than a third of them.',
  }),
  noNetworkCheck: option({
    group: 'pool',
    long: 'no-network-check',
    type: switchType,
    defaultValue: false,
    doc: 'Count votes without regard to where the nodes are, for nodes that are all yours. Otherwise nodes in one network (AS with `--network-file`, else /16 or IPv6 /28) have one vote together, and nodes that were never linked have none.',
  }),
} as const;
