// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

export { privilegeOf, type Privilege } from './capabilities.ts';
export { Firewall } from './firewall.ts';
export { Nft } from './nft.ts';
export { NftTable, setsHolding } from './nft-table.ts';
export type { FirewallOptions } from './options.ts';
export { REMOVAL, TABLE, type RulesetOptions, type Scope } from './ruleset.ts';
export { metricsText, type FirewallStatus } from './status.ts';
export { type Refused, type Table } from './table.ts';
