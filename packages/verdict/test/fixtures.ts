// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import fc from 'fast-check';
import type { JudgedNetwork } from '@sentrypeer/ip';
import { NumberingPlans } from '@sentrypeer/numbers';
import {
  Blocked,
  DEFAULT_POLICY,
  Judge,
  NeverListed,
  POLICY_RULES,
  policyOf,
  type AddressEvidence,
  type Allowance,
  type Block,
  type Delisting,
  type EvidenceSource,
  type FleetWord,
  type ListedPart,
  type NumberEvidence,
  type ProvedCalls,
  type RangeEvidence,
  type Policy,
  type PolicyName,
  type PoolSaid,
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
  costlyCallsCount: 0,
  attemptsCount: 0,
  targetsCount: 0,
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
  proved: undefined,
};

/** One call whose caller proved to be there. */
export const PROVED: ProvedCalls = {
  grade: 'returned',
  eventsCount: 1,
  firstEpochUs: NOON_US,
  lastEpochUs: NOON_US,
  daysCount: 1,
  sourcesCount: 1,
  networksCount: 1,
};

/** Calls enough to refuse any number that may be refused. */
export const MUCH: NumberEvidence = {
  ...NUMBER,
  grade: 'returned',
  eventsCount: 20,
  daysCount: 20,
  sourcesCount: 20,
  proved: { ...PROVED, eventsCount: 20, daysCount: 20, sourcesCount: 20, networksCount: 20 },
};

/** Two numbers of a block. */
export const RANGE: RangeEvidence = {
  numbersCount: 2,
  networksCount: 1,
  daysCount: 1,
  firstEpochUs: NOON_US,
  lastEpochUs: NOON_US,
  example: '972592891005',
};

/** Evidence that a test puts in. */
export class MemoryEvidence implements EvidenceSource {
  readonly addresses = new Map<string, AddressEvidence>();
  readonly numbers = new Map<string, NumberEvidence>();
  /** By the wider network. */
  readonly parts = new Map<string, readonly ListedPart[]>();
  readonly met = new Set<string>();
  readonly meanings = new Map<string, string>();
  readonly ranges = new Map<string, RangeEvidence>();
  readonly delistings = new Map<string, Delisting>();
  /** By the subject's value. */
  readonly pool = new Map<string, PoolSaid>();
  /** What hubs of the fleet list, by the subject's value. */
  readonly words = new Map<string, FleetWord>();

  address(address: string): AddressEvidence | undefined {
    return this.addresses.get(address);
  }

  listedParts({ text }: JudgedNetwork): readonly ListedPart[] {
    return this.parts.get(text) ?? [];
  }

  number(e164: string): NumberEvidence | undefined {
    return this.numbers.get(e164);
  }

  meaningOf(digits: string): string | undefined {
    return this.meanings.get(digits);
  }

  wasMet(address: string): boolean {
    return this.met.has(address);
  }

  range(block: string): RangeEvidence | undefined {
    return this.ranges.get(block);
  }

  formsOf(e164: string): number {
    return this.numbers.get(e164)?.formsCount ?? 0;
  }

  delisting({ kind, value }: Subject): Delisting | undefined {
    return this.delistings.get(`${kind} ${value}`);
  }

  delistedIn(block: string): string | undefined {
    const prefix = block.slice(0, block.indexOf('x'));
    const numbers = [...this.delistings.keys()].map((key) => key.slice(key.indexOf(' ') + 1));
    return numbers.find(
      (number) =>
        number.length === block.length &&
        number.startsWith(prefix) &&
        this.numbers.get(number)?.proved === undefined,
    );
  }

  said({ kind, value }: Subject): PoolSaid | undefined {
    const isAddress = value.includes('.') || value.includes(':');
    return isAddress === (kind === 'address') ? this.pool.get(value) : undefined;
  }

  fleet({ kind, value }: Subject): FleetWord | undefined {
    const isAddress = value.includes('.') || value.includes(':');
    const named = isAddress ? 'address' : value.includes('x') ? 'range' : 'number';
    return kind === named ? this.words.get(value) : undefined;
  }
}

export function allowance(value: string, more: Partial<Allowance> = {}): Allowance {
  return { value, comment: '', createdEpochUs: NOON_US, untilEpochUs: undefined, ...more };
}

export interface JudgeOptions {
  readonly allowances?: readonly Allowance[];
  readonly blocks?: readonly Block[];
  readonly ownAddresses?: readonly string[];
  readonly ownNumbers?: readonly string[];
  readonly home?: string;
  readonly policy?: Policy;
  readonly quorumMin?: number;
  readonly networkCheck?: boolean;
}

export function neverListed(options: JudgeOptions): NeverListed {
  const { allowances = [], ownAddresses = [], ownNumbers = [] } = options;
  const home = options.home === undefined ? undefined : plans.home(options.home);
  return new NeverListed({ plans, home }, { allowances, ownAddresses, ownNumbers });
}

export function judgeOf(
  evidence: EvidenceSource & {
    fleet?(subject: Subject): FleetWord | undefined;
    said?(subject: Subject): PoolSaid | undefined;
  },
  options: JudgeOptions = {},
): Judge {
  const never = neverListed(options);
  const home = options.home === undefined ? undefined : plans.home(options.home);
  const policy = options.policy ?? DEFAULT_POLICY;
  const blocked = new Blocked(options.blocks ?? [], never.networks());
  const { quorumMin = 2, networkCheck = true } = options;
  const ports = { plans, evidence, never: () => never, blocked: () => blocked, policy, home };
  const fleet = (subject: Subject): FleetWord | undefined => evidence.fleet?.(subject);
  const said = (subject: Subject): PoolSaid | undefined => evidence.said?.(subject);
  return new Judge({ ...ports, fleet, said, quorumMin, networkCheck });
}

const NAMES = Object.keys(POLICY_RULES) as PolicyName[];

/** Any policy that the table allows. */
export const anyPolicy: fc.Arbitrary<Policy> = fc
  .tuple(...NAMES.map((name) => fc.integer(POLICY_RULES[name])))
  .map((values) => policyOf(new Map(NAMES.map((name, index) => [name, values[index] ?? 0]))));
