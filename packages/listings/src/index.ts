// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

export { entryOf, keyOf, networkOf, prefixOf, type Entry } from './entry.ts';
export { HeldEntries, type HeldElement, type HeldEntry, type LeftOut } from './held.ts';
export { Listed } from './listed.ts';
export { ListingStream, type Grounds, type ListingSink } from './listing-stream.ts';
export { addressOfHost, Machine, sparedTexts, systemMachine, type PortRange } from './machine.ts';
export { retryMs } from './retry.ts';
export { Spared, type SparedNetwork } from './spared.ts';
