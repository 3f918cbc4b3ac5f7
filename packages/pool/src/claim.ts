// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { CollectedMethod, Grade, Transport } from '@sentrypeer/event';

/** What one node says of one contact: the JSON of a value, every member checked. All texts are as they stand there. */
export interface Claim {
  readonly eventTimestamp: string;
  /** The same as a number, wall-clock microseconds; where the zone is unknown taken as UTC. */
  readonly eventEpochUs: number;
  /** Lower case. */
  readonly eventUuid: string;
  /** Lower case. */
  readonly nodeId: string;
  readonly collectedMethod: CollectedMethod;
  readonly transportType: Transport;
  /** As the claim writes it; `sourceAddress` is the same in our form. */
  readonly sourceIp: string;
  readonly sourceAddress: string;
  readonly destinationIp: string;
  readonly calledNumber: string;
  readonly sipMethod: string;
  readonly userAgent: string;
  readonly sipMessage: string;
  /** How sure the other node says it is; never ours. Empty if it says nothing. */
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
