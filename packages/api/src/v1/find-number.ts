// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Judgement } from '@sentrypeer/verdict';
import type { SeenNumber } from '../evidence.ts';
import type { OperationPorts } from './operation.ts';

/** A called number, and what its digits mean. */
export interface FoundNumber extends Omit<SeenNumber, 'totalId'> {
  /** With its plus; `undefined` if they are no number of E.164. */
  readonly e164: string | undefined;
  /** ISO 3166-1 alpha-2. */
  readonly country: string | undefined;
  readonly type: string | undefined;
}

/** The number as dialled, otherwise in any other form; `undefined` if it was not called. */
export function findNumber(
  { evidence, reputation }: Pick<OperationPorts, 'evidence' | 'reputation'>,
  dialled: string,
  { number: judged }: Pick<Judgement, 'number'>,
): FoundNumber | undefined {
  const meaning = {
    e164: judged?.e164 === undefined ? undefined : `+${judged.e164}`,
    country: judged?.country,
    type: judged?.type,
  };
  const digits = judged?.digits ?? '';
  const exact = evidence.number(dialled) ?? (digits === '' ? undefined : evidence.number(digits));
  if (exact !== undefined) return { ...exact, ...meaning };
  const read = judged?.e164 === undefined ? undefined : reputation.number(judged.e164);
  if (read === undefined) return undefined;
  return {
    number: `+${judged?.e164}`,
    firstSeenEpochUs: read.firstEpochUs,
    lastSeenEpochUs: read.lastEpochUs,
    seenCount: read.eventsCount,
    sharedCount: 0,
    ...meaning,
  };
}
