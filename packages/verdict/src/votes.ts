// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { ClaimFacts, Grade } from '@sentrypeer/event';
import { attacksOf } from './attacks.ts';
import { commonPoints } from './points.ts';
import { gradeRank, type Policy } from './policy.ts';
import { counted, isGraver, levelRank, notListed, SCORE_MAX, type Verdict } from './verdict.ts';

/** What one other node says of a subject in the pool, in its latest word. */
export interface PoolVoice {
  /** What the operator calls it, or its id. */
  readonly name: string;
  /** The operator gave it a vote. */
  readonly isVoter: boolean;
  /** That in which this node reached it; empty where it never did. */
  readonly network: string;
  readonly facts: ClaimFacts;
  /** The beginning of the hour in which it met the subject last, and the end of the claim; wall-clock microseconds. */
  readonly lastEpochUs: number;
  readonly endEpochUs: number;
}

/** All that the pool says of a subject. */
export interface PoolSaid {
  readonly voices: readonly PoolVoice[];
  /** Voters that there are, whatever they say. */
  readonly votersCount: number;
  /** `false` while it waits, because voters suddenly name far more than usual. */
  readonly isAdmitted: boolean;
}

/** How many say it, for people. */
export interface PoolStanding {
  /** Votes: one for each name and each network. */
  readonly voters: number;
  /** Votes that it takes. */
  readonly quorum: number;
  /** Others, whose word acts on nothing. */
  readonly strangers: number;
  /** Networks of these, as far as they are known. */
  readonly networks: number;
}

/** What votes add up to. */
export interface Voted {
  readonly verdict: Verdict;
  readonly standing: PoolStanding;
}

interface VotingOptions {
  readonly policy: Policy;
  /** Least votes that it takes, whatever the number of voters; 2 and above. */
  readonly quorumMin: number;
  readonly nowEpochUs: number;
  /** When the operator delisted it: what was met before does not count. */
  readonly delistedEpochUs: number | undefined;
}

const QUORUM_MIN = 2;

/** Votes that it takes: more than a third of the voters, so that a third of them may lie, and never one alone. */
export function quorumOf(votersCount: number, quorumMin: number): number {
  return Math.max(QUORUM_MIN, quorumMin, Math.floor(votersCount / 3) + 1);
}

/**
 * What a quorum of voters says of an address: listed if as many say that it attacks, as own evidence is. Nobody is
 * believed for what fewer say: each fact is that of the vote which completes the quorum, the best ones first.
 */
export function votedAddress(said: PoolSaid, options: VotingOptions): Voted {
  const { policy } = options;
  const { standing, votes } = count(said, options, (facts) => facts.grade !== 'seen');
  const { quorum } = standing;
  if (votes.length < quorum) return { standing, verdict: notListed() };
  if (!said.isAdmitted) return { standing, verdict: notListed(waiting(votes)) };
  const attacks = votes.filter(({ facts }) => isAttack(facts, policy));
  const isListed = attacks.length >= quorum;
  const grade = nth(votes, quorum, ({ facts }) => gradeRank(facts.grade)) === 2;
  const verdict = lasting(isListed ? attacks : votes, quorum, {
    level: isListed ? 'listed' : 'watch',
    grade: grade ? 'handshake' : 'returned',
    threshold: policy['address-threshold'],
    gradeMin: policy['address-grade'],
    policy,
  });
  const reasons = [
    named(votes, said, quorum),
    isListed
      ? `${counted(attacks.length, 'voter')} of these say that it attacked`
      : 'fewer of these say that it attacked than it takes to refuse it',
  ];
  return { standing, verdict: { ...verdict, reasons } };
}

/** What a quorum of voters says of a number: at most that it is watched, as by calls that prove nothing. */
export function votedNumber(said: PoolSaid, options: VotingOptions): Voted {
  const { policy } = options;
  const { standing, votes } = count(said, options, () => true);
  const { quorum } = standing;
  if (votes.length < quorum) return { standing, verdict: notListed() };
  if (!said.isAdmitted) return { standing, verdict: notListed(waiting(votes)) };
  const verdict = lasting(votes, quorum, {
    level: 'watch',
    grade: 'seen',
    threshold: policy['number-threshold'],
    gradeMin: policy['number-grade'],
    policy,
  });
  return { standing, verdict: { ...verdict, reasons: [named(votes, said, quorum)] } };
}

/** The graver of what is known by own evidence and by votes, with the reasons of both. */
export function withVotes(own: Verdict, voted: Verdict): Verdict {
  if (voted.reasons.length === 0) return own;
  const [first, second] = isGraver(voted, own) ? [voted, own] : [own, voted];
  const isSame = levelRank(first.level) === levelRank(second.level) && first.level !== 'none';
  const untilEpochUs = isSame
    ? Math.max(first.untilEpochUs ?? 0, second.untilEpochUs ?? 0)
    : first.untilEpochUs;
  const reasons = [...first.reasons, ...second.reasons];
  const isByVotes = voted.listed && !own.listed;
  return { ...first, reasons, untilEpochUs, ...(isByVotes && { isByVotes }) };
}

/** One vote for each name and each network, the best of them. */
function count(
  { voices, votersCount }: PoolSaid,
  { quorumMin, nowEpochUs, delistedEpochUs = -Infinity }: VotingOptions,
  counts: (facts: ClaimFacts) => boolean,
): { readonly standing: PoolStanding; readonly votes: readonly PoolVoice[] } {
  const valid = voices.filter(
    ({ facts, lastEpochUs, endEpochUs }) =>
      endEpochUs > nowEpochUs && lastEpochUs > delistedEpochUs && counts(facts),
  );
  const names = new Set<string>();
  const networks = new Set<string>();
  const votes = valid
    .filter(({ isVoter }) => isVoter)
    .toSorted((a, b) => gradeRank(b.facts.grade) - gradeRank(a.facts.grade))
    .filter(({ name, network }) => {
      if (names.has(name) || (network !== '' && networks.has(network))) return false;
      names.add(name);
      networks.add(network);
      return true;
    });
  const strangers = valid.filter(({ isVoter }) => !isVoter);
  const known = strangers.map(({ network }) => network).filter((network) => network !== '');
  return {
    votes,
    standing: {
      voters: votes.length,
      quorum: quorumOf(votersCount, quorumMin),
      strangers: strangers.length,
      networks: new Set(known).size,
    },
  };
}

function lasting(
  votes: readonly PoolVoice[],
  quorum: number,
  {
    level,
    grade,
    threshold,
    gradeMin,
    policy,
  }: {
    readonly level: 'listed' | 'watch';
    readonly grade: Grade;
    readonly threshold: number;
    readonly gradeMin: number;
    readonly policy: Policy;
  },
): Verdict {
  const points = commonPoints(
    {
      grade,
      eventsCount: 2 ** nth(votes, quorum, ({ facts }) => facts.contactsLog2),
      daysCount: nth(votes, quorum, ({ facts }) => facts.daysCount),
      nodesCount: 1,
    },
    policy,
  );
  if (points < threshold || gradeRank(grade) < gradeMin) return notListed();
  return {
    level,
    listed: level === 'listed',
    score: Math.round(Math.min(points, SCORE_MAX)),
    reasons: [],
    untilEpochUs: nth(votes, quorum, ({ endEpochUs }) => endEpochUs),
  };
}

/** The value that so many reach, the highest first. */
function nth(
  votes: readonly PoolVoice[],
  quorum: number,
  valueOf: (voice: PoolVoice) => number,
): number {
  return votes.map(valueOf).toSorted((a, b) => b - a)[quorum - 1] ?? 0;
}

/** By the same table as own evidence. A count is what its exponent of 2 says at least. */
function isAttack(facts: ClaimFacts, policy: Policy): boolean {
  const attacks = attacksOf(
    {
      grade: facts.grade,
      eventsCount: 2 ** facts.contactsLog2,
      daysCount: facts.daysCount,
      firstEpochUs: 0,
      lastEpochUs: 0,
      nodesCount: 1,
      transports: [],
      tool: facts.usedTool ? 'a known tool' : undefined,
      credentialsCount: Number(facts.triedPasswords),
      callsCount: Number(facts.madeCostlyCalls),
      costlyCallsCount: Number(facts.madeCostlyCalls),
      attemptsCount: 0, // A claim does not say it.
      targetsCount: 2 ** facts.breadthLog2,
    },
    policy,
  );
  return attacks.length > 0;
}

function named(votes: readonly PoolVoice[], { votersCount }: PoolSaid, quorum: number): string {
  const names = votes.map(({ name }) => name).join(', ');
  return `${votes.length} of ${counted(votersCount, 'voter')} named it in the pool, ${quorum} are needed: ${names}`;
}

function waiting(votes: readonly PoolVoice[]): string {
  return `${counted(votes.length, 'voter')} named it in the pool, but voters name far more than usual today: sentrypeer pool resume lets it through`;
}
