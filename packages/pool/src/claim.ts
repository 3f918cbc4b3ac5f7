// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { CollectedMethod, Grade, Transport } from '@sentrypeer/event';

/** What one node says about one contact: the JSON of a value with every member checked. All strings are unchanged. */
export interface Claim {
  readonly eventTimestamp: string;
  /** The same as a number, wall-clock microseconds; UTC is assumed if the time zone is unknown. */
  readonly eventEpochUs: number;
  /** Lower case. */
  readonly eventUuid: string;
  /** Lower case. */
  readonly nodeId: string;
  readonly collectedMethod: CollectedMethod;
  readonly transportType: Transport;
  /** As written in the claim; `sourceAddress` is the same in our form. */
  readonly sourceIp: string;
  readonly sourceAddress: string;
  readonly destinationIp: string;
  readonly calledNumber: string;
  readonly sipMethod: string;
  readonly userAgent: string;
  readonly sipMessage: string;
  /** The grade that the other node claims; never our own grade. Empty if it claims none. */
  readonly grade: Grade | '';
}

/** The members that a signature covers, in the order of the canonical form (docs/sharing.md). */
export type SignedTexts = Readonly<
  Record<
    | 'eventTimestamp'
    | 'eventUuid'
    | 'nodeId'
    | 'collectedMethod'
    | 'transportType'
    | 'sourceIp'
    | 'destinationIp'
    | 'calledNumber'
    | 'sipMethod'
    | 'userAgent'
    | 'grade'
    | 'sipMessage',
    string
  >
>;
