// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { silentLogger, systemClock } from '@sentrypeer/kernel';
import { NumberingPlans } from '@sentrypeer/numbers';
import { Store } from '@sentrypeer/store';
import { openJudging } from '../../daemon/src/services/open-judging.ts';
import { call, recordCalls } from './calls.ts';

/** One proved call lists a number of the home country, too. */
export const POLICY = [
  { name: 'networks-home', value: 1 },
  { name: 'days-home', value: 1 },
] as const;

/**
 * Records and judges as many calls as a benchmark looks up, each from another address to another number: from PREFIX
 * followed by two numbers, to 004670 and seven digits.
 */
export async function makeJudgedDatabase(
  path: string,
  count: number,
  prefix: string,
): Promise<void> {
  using store = Store.open({ logger: silentLogger, clock: systemClock }, { path });
  recordCalls(store, count, (index) =>
    call(
      `${prefix}.${(index >> 8) & 255}.${index & 255}`,
      `004670${String(index).padStart(7, '0')}`,
    ),
  );
  const plans = await NumberingPlans.load();
  const judging = openJudging({ clock: systemClock, plans, onChanged: () => undefined }, store, {
    homeCountry: 'SE',
    ownNumbers: [],
    ownAddresses: [],
    policy: POLICY,
  });
  for (let left = judging.step(); left.urgent || left.rest; left = judging.step()) store.maintain();
}
