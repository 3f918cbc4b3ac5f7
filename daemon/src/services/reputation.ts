// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Reputation } from '@sentrypeer/api';
import type { Clock } from '@sentrypeer/kernel';
import type { NumberingPlans } from '@sentrypeer/numbers';
import type { StoreReader } from '@sentrypeer/store';
import { isWide, parseAllowed, spellings } from '@sentrypeer/verdict';
import type { Writer } from './writer-commands.ts';
import { readBlockable } from './blockable.ts';
import { isInForce } from './decided.ts';
import { judgeOver, type JudgeOptions } from './open-judging.ts';
import { OwnAddresses } from './own-addresses.ts';

/** The one judge over any connection that reads the storing thread's tables. */
export type Judges = (evidence: StoreReader['evidence']) => ReturnType<typeof judgeOver>;

export interface ReputationPorts {
  readonly engine: Writer;
  readonly log: StoreReader;
  readonly clock: Clock;
  readonly judges: Judges;
  readonly plans: NumberingPlans;
}

/** Creating a judge throws `OperatingError`. */
export function openJudges(clock: Clock, plans: NumberingPlans, options: JudgeOptions): Judges {
  const own = new OwnAddresses(clock);
  return (evidence) => judgeOver({ clock, plans, evidence, own }, options);
}

/** The judge as the API uses it. Throws `OperatingError`. */
export function openReputation({ engine, log, clock, judges, plans }: ReputationPorts): Reputation {
  const { evidence } = log;
  const { judge, decided } = judges(evidence);
  return {
    judge: {
      judge: (...question) => log.atOnce(() => judge.judge(...question)),
      blockOn: (...question) => log.atOnce(() => judge.blockOn(...question)),
      numberStanding: (...question) => log.atOnce(() => judge.numberStanding(...question)),
      addressStanding: (...question) => log.atOnce(() => judge.addressStanding(...question)),
    },
    number: (e164) => evidence.number(e164),
    grouped: (e164) => plans.grouped(e164),
    allowances: () => evidence.allowances().filter((one) => isInForce(one, clock.epochUs())),
    blocks: () => evidence.blocks().filter((one) => isInForce(one, clock.epochUs())),
    blockable: (text) => readBlockable({ judge, decided }, text, clock.epochUs()),
    isAllowable: (value) => parseAllowed(value) !== undefined,
    spellings: (text) => spellings(text, evidence.allowances()),
    isWide: (value) => {
      const allowed = parseAllowed(value);
      return allowed !== undefined && isWide(allowed);
    },
    decide: (decision) => engine.write('decide', decision),
  };
}
