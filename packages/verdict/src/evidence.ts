// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Grade, Transport } from '@sentrypeer/event';

/** What speaks against an address or a number. Times are wall-clock microseconds. */
interface Evidence {
  /** The highest grade. */
  readonly grade: Grade;
  /** Events, 1 and above. */
  readonly eventsCount: number;
  readonly firstEpochUs: number;
  readonly lastEpochUs: number;
  /** Days on which it was met, 1 and above. */
  readonly daysCount: number;
  /** Nodes that met it, 1 and above; an estimate. */
  readonly nodesCount: number;
}

/** Of the events in which an address proved to be there; those that may be forged are left out. */
export interface AddressEvidence extends Evidence {
  readonly transports: readonly Transport[];
  /** An attack tool that it named as its User-Agent. */
  readonly tool: string | undefined;
  /** Events with credentials that it tried. */
  readonly credentialsCount: number;
  /** Events that called a number. */
  readonly callsCount: number;
}

/** Of the events in which a number was called, in any dialled form. */
export interface NumberEvidence extends Evidence {
  /** Dialled forms, 1 and above. */
  readonly formsCount: number;
  /** Addresses that called it, 1 and above; an estimate. */
  readonly sourcesCount: number;
  /** How sure it is that what was dialled means this number, 0 to 1. */
  readonly confidence: number;
}

/** The operator said that what was known until then does not count any more. */
export interface Delisting {
  readonly atEpochUs: number;
  /** Events that were known then. */
  readonly eventsCount: number;
  readonly comment: string;
}

/** What came after a delisting; `undefined` where nothing did. */
export function sinceDelisting<E extends AddressEvidence | NumberEvidence>(
  evidence: E,
  delisting: Delisting | undefined,
): E | undefined {
  if (delisting === undefined) return evidence;
  const eventsCount = evidence.eventsCount - delisting.eventsCount;
  if (eventsCount < 1 || evidence.lastEpochUs <= delisting.atEpochUs) return undefined;
  const firstEpochUs = Math.max(evidence.firstEpochUs, delisting.atEpochUs);
  const days = Math.floor((evidence.lastEpochUs - firstEpochUs) / DAY_US) + 1;
  return { ...evidence, eventsCount, firstEpochUs, daysCount: Math.min(evidence.daysCount, days) };
}

const DAY_US = 86_400_000_000;
