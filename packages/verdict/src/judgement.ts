// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Subject } from '@sentrypeer/event';
import type { JudgedNetwork } from '@sentrypeer/ip';
import type { Candidate, HomePlan, NumberingPlans, Reading } from '@sentrypeer/numbers';
import type { Blocked } from './blocked.ts';
import type { DestinationClass } from './destination.ts';
import type {
  AddressEvidence,
  Delisting,
  ListedPart,
  NumberEvidence,
  RangeEvidence,
} from './evidence.ts';
import type { FleetWord } from './fleet-word.ts';
import type { NeverListed } from './never-listed.ts';
import type { Policy } from './policy.ts';
import type { Verdict } from './verdict.ts';
import type { PoolSaid, PoolStanding } from './votes.ts';

/**
 * What is asked: whether to let a call to a number through, or anything from an address, or a call from one to the
 * other.
 */
export interface Question {
  /** As it is about to be dialled, or a URI that holds it. */
  readonly number?: string;
  /** IPv6 in its shortest form, IPv4 in IPv6 as IPv4. */
  readonly address?: string;
}

/** The answer to all hands that act: API, SIP agent, firewall, routers. */
export interface Judgement extends Verdict {
  /** Of the number asked for alone. */
  readonly number: NumberJudgement | undefined;
  /** Of the address asked for alone. */
  readonly address: AddressJudgement | undefined;
}

/** The verdict on an address, and the entry of the lists that it is judged by. */
export interface AddressJudgement extends Verdict {
  /** The address itself with IPv4; the network of IPv6 that is listed as a whole, its /64 where none is. */
  readonly entry: string;
  /** What other nodes say of it in the pool. */
  readonly pool: PoolStanding | undefined;
}

/** The verdict on a dialled number, and what was made of the digits. */
export interface NumberJudgement extends Verdict {
  readonly kind: Reading['kind'];
  /**
   * What was dialled, without separators and a first plus; what names it where no plan knows it. Empty if it is no
   * number.
   */
  readonly digits: string;
  /** The number of E.164 that was judged, without its plus. */
  readonly e164: string | undefined;
  /** ISO 3166-1 alpha-2. */
  readonly country: string | undefined;
  readonly type: Candidate['type'] | undefined;
  /** How ordinary the number is; `undefined` where it is no number. */
  readonly destinationClass: DestinationClass | undefined;
  /** The block by whose evidence it was judged, such as `46850780xx`; `undefined` where it was by its own. */
  readonly range: string | undefined;
  /** What other nodes say of it in the pool. */
  readonly pool: PoolStanding | undefined;
}

/**
 * Whether something was met here, whatever its level: what old clients ask. `guarded` is never listed, and a delisting
 * holds until something new comes.
 */
export type Standing = 'guarded' | 'delisted' | 'met' | 'unmet';

/** What is kept of events, as the judge reads it; each question at once. */
export interface EvidenceSource {
  /** @param address With IPv6 all of its /64 counts. */
  address(address: string): AddressEvidence | undefined;
  /**
   * Networks that the judge lists within a wider one by their own evidence, whether or not they are entries of their
   * own.
   */
  listedParts(network: JudgedNetwork): readonly ListedPart[];
  /** @param number As in a subject. */
  number(number: string): NumberEvidence | undefined;
  /** The number that exactly these digits, with or without a plus, were taken for at the honeypot. */
  meaningOf(digits: string): string | undefined;
  /** Dialled forms that may have meant the number. */
  formsOf(e164: string): number;
  /** @param block As in a subject. */
  range(block: string): RangeEvidence | undefined;
  /** Whether anything came from the address here; what other nodes share does not count. */
  wasMet(address: string): boolean;
  delisting(subject: Subject): Delisting | undefined;
  /**
   * A delisted number of the block that no proved caller has called since. @param block As in a subject.
   */
  delistedIn(block: string): string | undefined;
}

export interface JudgePorts {
  readonly plans: NumberingPlans;
  readonly evidence: EvidenceSource;
  /** What is never listed, as it is now. */
  readonly never: () => NeverListed;
  /** What the operator blocked, as it is now. */
  readonly blocked: () => Blocked;
  /** What other nodes say of an address, a /64 or a number in the pool; `undefined` where they say nothing. */
  readonly said: (subject: Subject) => PoolSaid | undefined;
  /** What hubs of the operator's fleet list, as this node follows it; `undefined` where they do not. */
  readonly fleet: (subject: Subject) => FleetWord | undefined;
  readonly policy: Policy;
  /** Least votes of the pool that count, 2 and above. */
  readonly quorumMin: number;
  /** Whether a vote takes a network of its own. */
  readonly networkCheck: boolean;
  /** Where telephones that dial like the numbers asked for stand. */
  readonly home: HomePlan | undefined;
}
