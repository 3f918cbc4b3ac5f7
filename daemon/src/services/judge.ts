// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { createHash } from 'node:crypto';
import { canonicalAddress } from '@sentrypeer/ip';
import { OperatingError, unreachable, type Clock } from '@sentrypeer/kernel';
import { machineAddresses } from '@sentrypeer/net';
import {
  blocksOf,
  readNumber,
  readQuestion,
  settle,
  type HomePlan,
  type NumberingPlans,
} from '@sentrypeer/numbers';
import type { ListedSubject, ListingVerdict, Reach, Store, StoreReader } from '@sentrypeer/store';
import {
  isCostly,
  Judge,
  NeverListed,
  parseAllowed,
  policyOf,
  toolOf,
  type PolicyName,
} from '@sentrypeer/verdict';
import { VERSION } from '../config/version.ts';
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
  {
    clock,
    plans,
    onChanged,
  }: Pick<JudgePorts, 'clock' | 'plans'> & { readonly onChanged: (serial: number) => void },
  store: Store,
  options: JudgeOptions,
): ReturnType<Store['openJudging']> {
  const { evidence } = store;
  const judge = makeJudge({ clock, plans, evidence }, options);
  const home = options.homeCountry === undefined ? undefined : plans.home(options.homeCountry);
  const policy = policyOf(new Map(options.policy.map(({ name, value }) => [name, value])));
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
      isCostly: (dialled, { e164, confidence }) =>
        confidence * 100 >= policy['number-confidence'] && isCostly({ plans, home }, dialled, e164),
    },
    toolOf,
    verdict: (subject, nowEpochUs) => listingVerdict(judge, subject, nowEpochUs),
    reachOf: (value) => reachOf({ plans, home }, value),
    optionsHash: hashOf(options),
    onChanged,
  });
}

function withoutPlus(digits: string): string {
  return digits.startsWith('+') ? digits.slice(1) : digits;
}

function listingVerdict(judge: Judge, subject: ListedSubject, nowEpochUs: number): ListingVerdict {
  const { level, score, reasons, untilEpochUs } = judge.subject(subject, nowEpochUs);
  return { level: level === 'none' ? undefined : level, score, reasons, untilEpochUs };
}

/** What an entry of the allowlist concerns, so that it is judged again when the entry comes or goes. */
function reachOf(
  { plans, home }: { readonly plans: NumberingPlans; readonly home: HomePlan | undefined },
  value: string,
): Reach | undefined {
  const allowed = parseAllowed(value);
  if (allowed === undefined) return undefined;
  switch (allowed.kind) {
    case 'network': {
      const allowance = { value, comment: '', createdEpochUs: 0, untilEpochUs: undefined };
      const guard = new NeverListed(
        { plans, home },
        { ownAddresses: [], ownNumbers: [], allowances: [allowance] },
      );
      const covers = (address: string): boolean => guard.address(address, 0) !== undefined;
      const exactly = canonicalAddress(value);
      return { kind: 'address', covers, ...(exactly !== undefined && { exactly }) };
    }
    case 'prefix':
      return { kind: 'number', covers: (e164) => e164.startsWith(allowed.prefix) };
    case 'numbers': {
      const { from, to } = allowed;
      if (from === to) return { kind: 'number', exactly: from, covers: (e164) => e164 === from };
      const covers = (e164: string): boolean =>
        e164.length === from.length && e164 >= from && e164 <= to;
      return { kind: 'number', covers };
    }
    case 'dialled': {
      // A number written as it is dialled at home guards it in every form.
      const [best] = readQuestion(plans, allowed.from, home).candidates;
      const exactly = best?.e164 ?? '';
      return { kind: 'number', exactly, covers: (e164) => e164 === exactly };
    }
    default:
      return unreachable(allowed);
  }
}

/** Another number for other options and for another version, whose judgement may be another. */
function hashOf(options: JudgeOptions): number {
  const hash = createHash('sha256').update(JSON.stringify([VERSION, options]));
  return hash.digest().readUIntBE(0, 6);
}
