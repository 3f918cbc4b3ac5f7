// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Reputation } from '@sentrypeer/api';
import type { Clock } from '@sentrypeer/kernel';
import { NumberingPlans } from '@sentrypeer/numbers';
import type { StoreReader } from '@sentrypeer/store';
import { isWide, parseAllowed } from '@sentrypeer/verdict';
import type { Writer } from './writer-commands.ts';
import { readBlockable } from './blockable.ts';
import { judgeOver, type JudgeOptions } from './judge.ts';

/** The judge as the API asks it, over the same tables that the storing thread keeps. Throws `OperatingError`. */
export async function openReputation(
  {
    engine,
    log,
    clock,
  }: {
    readonly engine: Writer;
    readonly log: StoreReader;
    readonly clock: Clock;
  },
  options: JudgeOptions,
): Promise<Reputation> {
  const plans = await NumberingPlans.load();
  const { evidence } = log;
  const { judge, decided } = judgeOver({ clock, plans, evidence }, options);
  return {
    judge,
    number: (e164) => evidence.number(e164),
    allowances: () => evidence.allowances(),
    blocks: () => evidence.blocks(),
    blockable: (text) => readBlockable({ judge, decided }, text, clock.epochUs()),
    isAllowable: (value) => parseAllowed(value) !== undefined,
    isWide: (value) => {
      const allowed = parseAllowed(value);
      return allowed !== undefined && isWide(allowed);
    },
    decide: (decision) => engine.write('decide', decision),
  };
}
