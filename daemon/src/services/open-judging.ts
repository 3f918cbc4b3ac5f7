// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { createHash } from 'node:crypto';
import {
  canonicalAddress,
  contains,
  covers,
  formatPrefix,
  judgedAs,
  networksOf,
  parsePrefix,
  widen,
  type Prefix,
} from '@sentrypeer/ip';
import { OperatingError, unreachable, type Clock } from '@sentrypeer/kernel';
import {
  blocksOf,
  readNumber,
  readQuestion,
  settle,
  type HomePlan,
  type NumberingPlans,
} from '@sentrypeer/numbers';
import type {
  DialledReader,
  EvidenceFacts,
  ListedSubject,
  ListingVerdict,
  Reach,
  Store,
  StoreReader,
} from '@sentrypeer/store';
import {
  hasQuorum,
  isCostly,
  Judge,
  meantRange,
  parseAllowed,
  policyOf,
  toolOf,
  type PolicyName,
} from '@sentrypeer/verdict';
import { VERSION } from '../config/version.ts';
import { ChangedSubjects } from './changed-subjects.ts';
import { Decided } from './decided.ts';
import { OwnAddresses } from './own-addresses.ts';

const QUORUM_MIN = 2;

/** As the operator configured it; plain data, so that it can be sent to a thread as a message. */
export interface JudgeOptions {
  /** ISO 3166-1 alpha-2. */
  readonly homeCountry: string | undefined;
  readonly ownNumbers: readonly string[];
  /** In addition to those of this machine: addresses under which it is known outside. */
  readonly ownAddresses: readonly string[];
  readonly policy: readonly { readonly name: PolicyName; readonly value: number }[];
  /** The least number of pool votes that counts. @default 2 */
  readonly poolQuorum?: number;
  /** Whether voters count wherever they are. @default false: each must be in a separate network */
  readonly noNetworkCheck?: boolean;
  /**
   * Whether documentation addresses are judged like others, as in the demo.
   *
   * @default false
   */
  readonly listsDocumentation?: boolean;
}

export interface JudgePorts {
  readonly clock: Clock;
  readonly plans: NumberingPlans;
  readonly evidence: StoreReader['evidence'];
  /** @default those of this machine */
  readonly own?: OwnAddresses;
}

/** The one judge over everything that is kept; it follows the operator's decisions as they change. */
export function makeJudge(ports: JudgePorts, options: JudgeOptions): Judge {
  return judgeOver(ports, options).judge;
}

/** Throws `OperatingError` if the country has no plan. */
export function homePlanOf(
  plans: NumberingPlans,
  homeCountry: string | undefined,
): HomePlan | undefined {
  if (homeCountry === undefined) return undefined;
  const home = plans.home(homeCountry);
  if (home !== undefined) return home;
  throw new OperatingError(
    'home_country_unknown',
    `${homeCountry} has no numbering plan; give --home-country the country whose numbers your telephones dial`,
  );
}

/** What the hubs of a fleet say of a subject. */
type Told = StoreReader['evidence']['fleet'];

/**
 * The judge, and what it knows of the operator's decisions.
 *
 * @param ofHubs By default as it is kept.
 */
export function judgeOver(
  { clock, plans, evidence, own = new OwnAddresses(clock) }: JudgePorts,
  options: JudgeOptions,
  ofHubs: Told = (subject) => evidence.fleet(subject),
): { readonly judge: Judge; readonly decided: Decided } {
  const home = homePlanOf(plans, options.homeCountry);
  const decided = new Decided({ clock, plans, home, evidence, own }, options);
  const { never, blocked, isFollowed, isPoolHeard } = decided;
  const policy = policyOf(new Map(options.policy.map(({ name, value }) => [name, value])));
  const judge = new Judge({
    plans,
    evidence,
    never,
    blocked,
    fleet: (subject) => (isFollowed(subject.kind) ? ofHubs(subject) : undefined),
    said: (subject) => (isPoolHeard() ? evidence.said(subject) : undefined),
    policy,
    home,
    ...votingOf(options),
  });
  return { judge, decided };
}

function votingOf({ poolQuorum = QUORUM_MIN, noNetworkCheck = false }: JudgeOptions) {
  return { quorumMin: poolQuorum, networkCheck: !noNetworkCheck };
}

/** Lets the judge follow the log of a store; throws `OperatingError`. */
export function openJudging(
  {
    clock,
    plans,
    onChanged,
    own = new OwnAddresses(clock),
  }: Omit<JudgePorts, 'evidence'> & { readonly onChanged: (serial: number) => void },
  store: Store,
  options: JudgeOptions,
): ReturnType<Store['openJudging']> {
  const { evidence } = store;
  const hubs = new LastAnswer((subject) => evidence.fleet(subject));
  const ports = { clock, plans, evidence, own };
  const { judge, decided } = judgeOver(ports, options, (subject) => hubs.of(subject));
  const home = homePlanOf(plans, options.homeCountry);
  const policy = policyOf(new Map(options.policy.map(({ name, value }) => [name, value])));
  const changes = new ChangedSubjects(decided, own);
  return store.openJudging({
    numbers: {
      read: (dialled) => readForStore(plans, dialled),
      hotNumbersCount: policy['range-watch'],
      blocksOf: (e164) => blocksOf(plans, e164),
      isCostly: (dialled, { e164, confidence }) =>
        confidence * 100 >= policy['number-confidence'] && isCostly({ plans, home }, dialled, e164),
    },
    toolOf,
    countsLocalCallers: policy['number-local-callers'] === 1,
    begin: () => {
      decided.lookAgain();
      hubs.forget();
    },
    verdict: (subject, nowEpochUs) =>
      listingVerdict({ judge, decided, evidence, hubs }, subject, nowEpochUs),
    reachOf: (value) => reachOf({ plans, home }, value),
    changed: () => changes.take(),
    partsNeeded: (length) => policy[length === 56 ? 'network-56' : 'network-48'] || Infinity,
    blockedWithin: (network, nowEpochUs) => decided.blocked().within(network, nowEpochUs),
    hasQuorum: (said, nowEpochUs) => hasQuorum(said, { ...votingOf(options), nowEpochUs }),
    optionsHash: optionsHash(options, own.get()),
    onChanged,
  });
}

/** Reads what was dialled at the honeypot, for the store, which knows no numbering plans. */
export function readForStore(
  plans: NumberingPlans,
  dialled: string,
): ReturnType<DialledReader['read']> {
  const { candidates, kind, digits } = readNumber(plans, dialled);
  return {
    candidates: candidates.map(({ e164 }) => e164),
    unread: kind === 'unknown' ? withoutPlus(digits) : undefined,
    settle: (formsOf) => {
      const settled = settle(candidates, formsOf);
      return settled && { e164: settled.candidate.e164, confidence: settled.confidence };
    },
  };
}

function withoutPlus(digits: string): string {
  return digits.startsWith('+') ? digits.slice(1) : digits;
}

function listingVerdict(
  {
    judge,
    decided,
    evidence,
    hubs,
  }: {
    readonly judge: Judge;
    readonly decided: Decided;
    readonly evidence: StoreReader['evidence'];
    readonly hubs: LastAnswer;
  },
  subject: ListedSubject,
  nowEpochUs: number,
): ListingVerdict {
  const { level, listed: _, ...rest } = judge.subject(subject, nowEpochUs);
  if (level === 'none') return { ...rest, level: undefined };
  const verdict = { ...rest, level };
  const block = level === 'listed' ? decided.blocked().listed(subject, nowEpochUs) : undefined;
  if (block === undefined) {
    const facts =
      evidence.facts(subject) ??
      (decided.isPoolHeard() ? saidFacts(evidence.said(subject)) : undefined) ??
      hubs.of(subject)?.facts;
    return { ...verdict, isBlocked: false, ...(facts && { facts }) };
  }
  const { createdEpochUs } = block;
  const facts = evidence.facts(subject) ?? {
    grade: 'handshake', // Nobody can forge the operator's decision.
    firstEpochUs: createdEpochUs,
    lastEpochUs: createdEpochUs,
    eventsCount: 0,
  };
  return { ...verdict, isBlocked: true, facts };
}

/** What hubs say of the subject that was last asked about: its verdict and its facts need the same row. */
class LastAnswer {
  readonly #ask: Told;
  #subject: ListedSubject | undefined;
  #answer: ReturnType<Told>;

  constructor(ask: Told) {
    this.#ask = ask;
  }

  of(subject: ListedSubject): ReturnType<Told> {
    const { kind, value } = subject;
    if (this.#subject?.value !== value || this.#subject.kind !== kind) {
      this.#answer = this.#ask(subject);
      this.#subject = subject;
    }
    return this.#answer;
  }

  /** What was kept may have changed. */
  forget(): void {
    this.#subject = undefined;
  }
}

/**
 * What is known of a subject that only pool voters have met: the strongest statement of any of them, and how many there
 * are.
 */
function saidFacts(said: ReturnType<StoreReader['evidence']['said']>): EvidenceFacts | undefined {
  const votes = said?.voices.filter(({ isVoter }) => isVoter) ?? [];
  const [first] = votes;
  if (first === undefined) return undefined;
  const lasts = votes.map(({ lastEpochUs }) => lastEpochUs);
  return {
    grade: votes.some(({ facts }) => facts.grade === 'handshake') ? 'handshake' : first.facts.grade,
    firstEpochUs: Math.min(...lasts),
    lastEpochUs: Math.max(...lasts),
    eventsCount: votes.length,
  };
}

/** What an entry of the allowlist concerns, so that it is judged again when the entry comes or goes. */
function reachOf(
  { plans, home }: { readonly plans: NumberingPlans; readonly home: HomePlan | undefined },
  value: string,
): Reach | undefined {
  const allowed = parseAllowed(value);
  if (allowed === undefined) return undefined;
  switch (allowed.kind) {
    case 'network':
      return networkReach(allowed.network, canonicalAddress(value));
    case 'prefix':
      return { kind: 'number', covers: (e164) => e164.startsWith(allowed.prefix) };
    case 'numbers': {
      const { from, to } = allowed;
      if (from === to) return exactNumbers(plans, [from]);
      return { kind: 'number', covers: isWithin({ from, to }) };
    }
    case 'dialled': {
      const { from, to } = allowed;
      // What is written as it is dialled at home protects a number in every form.
      if (from !== to) {
        const isDialled = isWithin(allowed);
        const meant = meantRange(plans, allowed, home);
        const isMeant = meant === undefined ? isDialled : isWithin(meant);
        return { kind: 'number', covers: (digits) => isDialled(digits) || isMeant(digits) };
      }
      const [best] = readQuestion(plans, from, home).candidates;
      return exactNumbers(plans, best === undefined ? [from] : [best.e164, from]);
    }
    default:
      return unreachable(allowed);
  }
}

function isWithin(range: { readonly from: string; readonly to: string }) {
  const { from, to } = range;
  return (digits: string): boolean =>
    digits.length === from.length && digits >= from && digits <= to;
}

/** @param address Set if the network is a single address. */
function networkReach(network: Prefix, address: string | undefined): Reach {
  if (address !== undefined) {
    // The wider IPv6 networks around it are judged again too.
    const exactly = [{ kind: 'address', value: judgedAs(address) } as const];
    return { kind: 'address', covers: () => false, exactly };
  }
  const around = networksOf(formatPrefix(network))?.at(-1);
  // Everything whose judgement involves it: what it covers, and the wider networks that contain it.
  const reach = around === undefined ? network : widen(network.base, around.length);
  const reaches = (value: string): boolean => {
    const prefix = parsePrefix(value);
    return prefix !== undefined && (covers(reach, prefix) || contains(prefix, network.base));
  };
  return { kind: 'address', covers: reaches };
}

/** These numbers and the blocks that contain them: a block with an allowed number is not listed. */
function exactNumbers(plans: NumberingPlans, numbers: readonly string[]): Reach {
  const exactly = numbers.flatMap((value): readonly ListedSubject[] => [
    { kind: 'number', value },
    ...blocksOf(plans, value).map((block) => ({ kind: 'range', value: block }) as const),
  ]);
  return { kind: 'number', exactly, covers: (e164) => numbers.includes(e164) };
}

/**
 * Different for other options, other addresses of this machine, and other versions, which may judge differently.
 *
 * @param own Addresses of this machine.
 */
export function optionsHash(options: JudgeOptions, own: readonly string[]): number {
  const text = JSON.stringify([VERSION, options, own]);
  const hash = createHash('sha256').update(text);
  return hash.digest().readUIntBE(0, 6);
}
