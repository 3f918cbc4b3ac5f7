// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Grade, Transport } from '@sentrypeer/event';

/** When and how often something was met. Times are wall-clock microseconds. */
interface Met {
  /** The highest grade. */
  readonly grade: Grade;
  /** Events, 1 and above. */
  readonly eventsCount: number;
  readonly firstEpochUs: number;
  readonly lastEpochUs: number;
  /** Days on which it was met, 1 and above. */
  readonly daysCount: number;
}

interface Evidence extends Met {
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
  /** Of these the calls to numbers that cost: premium, satellite, abroad. */
  readonly costlyCallsCount: number;
  /** Events that asked for more than an OPTIONS does: calls, registrations, messages. */
  readonly attemptsCount: number;
  /** Distinct names and numbers that these were for; an estimate. */
  readonly targetsCount: number;
}

/** A listed network of IPv6 within a wider one. */
export interface ListedPart {
  /** Which of the 256 networks that the wider one consists of, 0 to 255. */
  readonly place: number;
  /** Wall-clock microseconds from which on it is not listed any more by its own evidence. */
  readonly untilEpochUs: number;
}

/** Of the events in which a number was called, in any dialled form. */
export interface NumberEvidence extends Evidence {
  /** Dialled forms, 1 and above. */
  readonly formsCount: number;
  /** Addresses that calls claimed to come from, 1 and above; an estimate. */
  readonly sourcesCount: number;
  /** How sure it is that what was dialled means this number, 0 to 1. */
  readonly confidence: number;
  /** Of the calls whose caller proved to be there; `undefined` where none did. */
  readonly proved: ProvedCalls | undefined;
}

/** Calls that nobody can have forged. */
export interface ProvedCalls extends Met {
  /** Addresses they came from, 1 and above; an estimate. */
  readonly sourcesCount: number;
  /** Independent networks (/16 of IPv4, /28 of IPv6) of these addresses, 1 and above; an estimate. */
  readonly networksCount: number;
}

/** Of the proved calls to numbers of one block. */
export interface RangeEvidence {
  /** Distinct numbers that proved callers called, 1 and above. */
  readonly numbersCount: number;
  /** As of a number. */
  readonly networksCount: number;
  readonly daysCount: number;
  readonly firstEpochUs: number;
  readonly lastEpochUs: number;
  /** One of the numbers, of E.164 without its plus. */
  readonly example: string;
}

/** The operator said that what was known until then does not count any more. */
export interface Delisting {
  readonly atEpochUs: number;
  readonly comment: string;
}
