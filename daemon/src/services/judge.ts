// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { OperatingError, type Clock } from '@sentrypeer/kernel';
import { machineAddresses } from '@sentrypeer/net';
import { blocksOf, readNumber, settle, type NumberingPlans } from '@sentrypeer/numbers';
import type { Store, StoreReader } from '@sentrypeer/store';
import { Judge, NeverListed, policyOf, toolOf, type PolicyName } from '@sentrypeer/verdict';
import { OWN_ADDRESSES_MS } from '../limits.ts';

/** As the operator set it; plain data, so that a thread gets it as a message. */
export interface JudgeOptions {
  /** ISO 3166-1 alpha-2. */
  readonly homeCountry: string | undefined;
  readonly ownNumbers: readonly string[];
  /** Beside those of this machine: what it is known under outside. */
  readonly ownAddresses: readonly string[];
  readonly policy: readonly { readonly name: PolicyName; readonly value: number }[];
}

export interface JudgePorts {
  readonly clock: Clock;
  readonly plans: NumberingPlans;
  readonly evidence: StoreReader['evidence'];
}

/** The one judge over what is kept; what the operator allows is followed as it changes. */
export function makeJudge({ clock, plans, evidence }: JudgePorts, options: JudgeOptions): Judge {
  const { homeCountry, ownNumbers, ownAddresses } = options;
  const home = homeCountry === undefined ? undefined : plans.home(homeCountry);
  if (homeCountry !== undefined && home === undefined) {
    throw new OperatingError(
      'home_country_unknown',
      `${homeCountry} has no telephone numbers of its own; give --home-country the country whose numbers you dial`,
    );
  }
  let never: NeverListed | undefined;
  let decisionsCount = -1;
  let madeAtMs = 0;
  let askedAtMs = -1;
  const neverListed = (): NeverListed => {
    const nowMs = Math.floor(clock.nowMs());
    // Once in a millisecond: a step of judging asks some hundred times.
    if (never !== undefined && nowMs === askedAtMs) return never;
    askedAtMs = nowMs;
    const count = evidence.decisionsCount();
    // Addresses of the machine come and go.
    if (never === undefined || count !== decisionsCount || nowMs - madeAtMs > OWN_ADDRESSES_MS) {
      const own = machineAddresses().map(({ address }) => address);
      never = new NeverListed(
        { plans, home },
        {
          ownAddresses: [...own, ...ownAddresses],
          ownNumbers,
          allowances: evidence.allowances(),
        },
      );
      decisionsCount = count;
      madeAtMs = nowMs;
    }
    return never;
  };
  const policy = policyOf(new Map(options.policy.map(({ name, value }) => [name, value])));
  return new Judge({ plans, evidence, never: neverListed, policy, home });
}

/** Lets the judge follow the log of a store; throws `OperatingError`. */
export function openJudging(
  { clock, plans }: Pick<JudgePorts, 'clock' | 'plans'>,
  store: Store,
  options: JudgeOptions,
): ReturnType<Store['openJudging']> {
  const { evidence } = store;
  const judge = makeJudge({ clock, plans, evidence }, options);
  return store.openJudging({
    numbers: {
      read: (dialled) => {
        const { candidates, kind, digits } = readNumber(plans, dialled);
        return {
          candidates: candidates.map(({ e164 }) => e164),
          unread: kind === 'unknown' ? withoutPlus(digits) : undefined,
          settle: (formsOf) => {
            const settled = settle(candidates, formsOf);
            return settled && { e164: settled.candidate.e164, confidence: settled.confidence };
          },
        };
      },
      blocksOf: (e164) => blocksOf(plans, e164),
    },
    toolOf,
    verdict: (subject, nowEpochUs) => judge.subject(subject, nowEpochUs),
  });
}

function withoutPlus(digits: string): string {
  return digits.startsWith('+') ? digits.slice(1) : digits;
}
