// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { ClaimFacts, Grade } from '@sentrypeer/event';
import { attacksOf } from './attacks.ts';
import { commonPoints } from './points.ts';
import { gradeRank, type Policy } from './policy.ts';
import { votesOf, type PoolVoice } from './independent-votes.ts';
import { counted, isGraver, levelRank, notListed, SCORE_MAX, type Verdict } from './verdict.ts';

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
  /** Nodes with a vote that say it and do not count, because no network of theirs is proved, or another one has it. */
  readonly uncounted: number;
  /** Votes that it takes. */
  readonly quorum: number;
  /** Others, who have no vote. */
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
  /** Whether a vote takes a network of its own. */
  readonly networkCheck: boolean;
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
  const counts = (facts: ClaimFacts): boolean => facts.grade !== 'seen';
  const { standing, votes } = count(said, options, counts);
  const { quorum } = standing;
  if (votes.length < quorum) return { standing, verdict: notListed(...apart(standing)) };
  if (!said.isAdmitted) return { standing, verdict: notListed(waiting(votes)) };
  // Who says less in the same network takes no vote from who says more.
  const attacks = count(said, options, (facts) => counts(facts) && isAttack(facts, policy)).votes;
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
      : 'too few of these say that it attacked to refuse it',
  ];
  return { standing, verdict: { ...verdict, reasons } };
}

/** What a quorum of voters says of a number: at most that it is watched, as by calls that prove nothing. */
export function votedNumber(said: PoolSaid, options: VotingOptions): Voted {
  const { policy } = options;
  const { standing, votes } = count(said, options, () => true);
  const { quorum } = standing;
  if (votes.length < quorum) return { standing, verdict: notListed(...apart(standing)) };
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
  return { ...first, reasons, untilEpochUs };
}

/** Whether enough voters name the subject for anything to follow from it, whatever they say. */
export function hasQuorum(
  said: PoolSaid,
  options: Pick<VotingOptions, 'quorumMin' | 'networkCheck' | 'nowEpochUs'>,
): boolean {
  const { standing } = count(said, { ...options, delistedEpochUs: undefined }, () => true);
  return standing.voters >= standing.quorum;
}

/** One vote for each name and each network, the best of them. */
function count(
  { voices, votersCount }: PoolSaid,
  {
    quorumMin,
    networkCheck,
    nowEpochUs,
    delistedEpochUs = -Infinity,
  }: Omit<VotingOptions, 'policy'>,
  counts: (facts: ClaimFacts) => boolean,
): { readonly standing: PoolStanding; readonly votes: readonly PoolVoice[] } {
  const valid = voices.filter(
    ({ facts, lastEpochUs, endEpochUs }) =>
      endEpochUs > nowEpochUs && lastEpochUs > delistedEpochUs && counts(facts),
  );
  const voters = valid.filter(({ isVoter }) => isVoter);
  const votes = votesOf(voters, networkCheck);
  const strangers = valid.filter(({ isVoter }) => !isVoter);
  const known = strangers.flatMap(({ networks }) => networks.slice(0, 1));
  return {
    votes,
    standing: {
      voters: votes.length,
      uncounted: voters.length - votes.length,
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

/** Why voters who would be enough are not. */
function apart({ voters, uncounted, quorum }: PoolStanding): readonly string[] {
  if (voters + uncounted < quorum) return [];
  return [
    `${counted(voters + uncounted, 'voter')} named it in the pool and have ${counted(voters, 'vote')}, ${quorum} are needed: one for each name and each network that a link proved`,
  ];
}

function waiting(votes: readonly PoolVoice[]): string {
  return `${counted(votes.length, 'voter')} named it in the pool, but voters name far more than usual today: sentrypeer pool resume lets it through`;
}
