// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import fc from 'fast-check';
import { NumberingPlans } from '@sentrypeer/numbers';
import {
  DEFAULT_POLICY,
  Judge,
  NeverListed,
  POLICY_RULES,
  policyOf,
  type AddressEvidence,
  type Allowance,
  type Delisting,
  type EvidenceSource,
  type NumberEvidence,
  type Policy,
  type PolicyName,
  type Subject,
} from '../src/index.ts';

export const DAY_US = 86_400_000_000;
/** 2026-03-01T12:00:00Z. */
export const NOON_US = 1_772_366_400_000_000;
export const plans = await NumberingPlans.load();

/** One event that proved its address. */
export const ADDRESS: AddressEvidence = {
  grade: 'returned',
  eventsCount: 1,
  firstEpochUs: NOON_US,
  lastEpochUs: NOON_US,
  daysCount: 1,
  nodesCount: 1,
  transports: ['UDP'],
  tool: undefined,
  credentialsCount: 0,
  callsCount: 0,
};

/** One call, whose source may be forged. */
export const NUMBER: NumberEvidence = {
  grade: 'seen',
  eventsCount: 1,
  firstEpochUs: NOON_US,
  lastEpochUs: NOON_US,
  daysCount: 1,
  nodesCount: 1,
  formsCount: 1,
  sourcesCount: 1,
  confidence: 1,
};

/** Evidence that a test puts in. */
export class MemoryEvidence implements EvidenceSource {
  readonly addresses = new Map<string, AddressEvidence>();
  readonly numbers = new Map<string, NumberEvidence>();
  readonly exact = new Map<string, NumberEvidence>();
  readonly delistings = new Map<string, Delisting>();

  address(address: string): AddressEvidence | undefined {
    return this.addresses.get(address);
  }

  number(e164: string): NumberEvidence | undefined {
    return this.numbers.get(e164);
  }

  dialled(number: string): NumberEvidence | undefined {
    return this.exact.get(number);
  }

  formsOf(e164: string): number {
    return this.numbers.get(e164)?.formsCount ?? 0;
  }

  delisting({ kind, value }: Subject): Delisting | undefined {
    return this.delistings.get(`${kind} ${value}`);
  }
}

export function allowance(value: string, more: Partial<Allowance> = {}): Allowance {
  return { value, comment: '', createdEpochUs: NOON_US, untilEpochUs: undefined, ...more };
}

export interface JudgeOptions {
  readonly allowances?: readonly Allowance[];
  readonly ownAddresses?: readonly string[];
  readonly ownNumbers?: readonly string[];
  readonly home?: string;
  readonly policy?: Policy;
}

export function neverListed(options: JudgeOptions): NeverListed {
  const { allowances = [], ownAddresses = [], ownNumbers = [] } = options;
  const home = options.home === undefined ? undefined : plans.home(options.home);
  return new NeverListed({ plans, home }, { allowances, ownAddresses, ownNumbers });
}

export function judgeOf(evidence: EvidenceSource, options: JudgeOptions = {}): Judge {
  const never = neverListed(options);
  const home = options.home === undefined ? undefined : plans.home(options.home);
  const policy = options.policy ?? DEFAULT_POLICY;
  return new Judge({ plans, evidence, never: () => never, policy, home });
}

const NAMES = Object.keys(POLICY_RULES) as PolicyName[];

/** Any policy that the table allows. */
export const anyPolicy: fc.Arbitrary<Policy> = fc
  .tuple(...NAMES.map((name) => fc.integer(POLICY_RULES[name])))
  .map((values) => policyOf(new Map(NAMES.map((name, index) => [name, values[index] ?? 0]))));
