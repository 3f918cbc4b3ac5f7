// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

export { privilegeOf, type Privilege } from './capabilities.ts';
export { entryOf, type Entry } from './entry.ts';
export { Firewall, type FirewallOptions } from './firewall.ts';
export { ListingStream } from './listing-stream.ts';
export { addressOfHost, Machine, sparedTexts, systemMachine } from './machine.ts';
export { Nft } from './nft.ts';
export { NftTable, setsHolding } from './nft-table.ts';
export { REMOVAL, TABLE, type PortRange, type RulesetOptions, type Scope } from './ruleset.ts';
export { Spared, type SparedNetwork } from './spared.ts';
export { metricsText, type FirewallStatus } from './status.ts';
export { type HeldElement, type Refused, type Table } from './table.ts';
