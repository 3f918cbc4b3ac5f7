// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import {
  readQuestion,
  settle,
  type Candidate,
  type HomePlan,
  type NumberingPlans,
  type Reading,
} from '@sentrypeer/numbers';
import {
  sinceDelisting,
  type AddressEvidence,
  type Delisting,
  type NumberEvidence,
} from './evidence.ts';
import type { NeverListed } from './never-listed.ts';
import type { Policy } from './policy.ts';
import { addressVerdict, notListed, numberVerdict, type Verdict } from './verdict.ts';

/** What is asked: whether to let a call to a number through, or anything from an address, or a call from one to the other. */
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
  readonly address: Verdict | undefined;
}

/** The verdict on a dialled number, and what was made of the digits. */
export interface NumberJudgement extends Verdict {
  readonly kind: Reading['kind'];
  /** The number of E.164 that was judged, without its plus. */
  readonly e164: string | undefined;
  /** ISO 3166-1 alpha-2. */
  readonly country: string | undefined;
  readonly type: Candidate['type'] | undefined;
}

/** One thing that can be listed. */
export interface Subject {
  readonly kind: 'address' | 'number';
  /** An address, or a number of E.164 without its plus; of a number that is none, its digits. */
  readonly value: string;
}

/** What is kept of events, as the judge reads it; each question at once. */
export interface EvidenceSource {
  address(address: string): AddressEvidence | undefined;
  number(e164: string): NumberEvidence | undefined;
  /** Of calls with exactly these digits, with or without a plus. */
  dialled(number: string): NumberEvidence | undefined;
  /** Dialled forms that may have meant the number. */
  formsOf(e164: string): number;
  delisting(subject: Subject): Delisting | undefined;
}

export interface JudgePorts {
  readonly plans: NumberingPlans;
  readonly evidence: EvidenceSource;
  /** What is never listed, as it is now. */
  readonly never: () => NeverListed;
  readonly policy: Policy;
  /** Where telephones that dial like the numbers asked for stand. */
  readonly home: HomePlan | undefined;
}

/** The one judge: decides by what is kept, the policy and the time, in some tens of microseconds and without waiting. */
export class Judge {
  readonly #ports: JudgePorts;

  constructor(ports: JudgePorts) {
    this.#ports = ports;
  }

  /** @param nowEpochUs Wall-clock microseconds. */
  judge({ number: dialled, address: source }: Question, nowEpochUs: number): Judgement {
    const number = dialled === undefined ? undefined : this.#dialled(dialled, nowEpochUs);
    const address =
      source === undefined
        ? undefined
        : this.subject({ kind: 'address', value: source }, nowEpochUs);
    const verdicts = [number, address].filter((verdict) => verdict !== undefined);
    const listed = verdicts.filter((verdict) => verdict.listed);
    return {
      listed: listed.length > 0,
      score: Math.max(0, ...verdicts.map(({ score }) => score)),
      reasons: (listed.length > 0 ? listed : verdicts).flatMap(({ reasons }) => reasons),
      untilEpochUs:
        listed.length === 0
          ? undefined
          : Math.max(...listed.map(({ untilEpochUs = 0 }) => untilEpochUs)),
      number,
      address,
    };
  }

  /** The verdict on one address or one number of E.164. */
  subject(subject: Subject, nowEpochUs: number): Verdict {
    const { evidence, never, policy } = this.#ports;
    const isAddress = subject.kind === 'address';
    const guarded = isAddress
      ? never().address(subject.value, nowEpochUs)
      : never().e164(subject.value, nowEpochUs);
    if (guarded !== undefined) return notListed(guarded);
    const all = isAddress ? evidence.address(subject.value) : evidence.number(subject.value);
    if (all === undefined) return notListed();
    const delisting = evidence.delisting(subject);
    const counted = sinceDelisting(all, delisting);
    if (counted === undefined) return notListed(delisted(delisting));
    return 'formsCount' in counted
      ? numberVerdict(counted, policy, nowEpochUs)
      : addressVerdict(counted, policy, nowEpochUs);
  }

  #dialled(dialled: string, nowEpochUs: number): NumberJudgement {
    const { plans, home, never, evidence } = this.#ports;
    const reading = readQuestion(plans, dialled, home);
    const { kind, candidates } = reading;
    const settled = settle(candidates, (e164) => evidence.formsOf(e164));
    const meant = settled?.candidate;
    const answer = (verdict: Verdict, candidate = meant): NumberJudgement => ({
      ...verdict,
      kind,
      e164: candidate?.e164,
      country: candidate?.country,
      type: candidate?.type,
    });
    const guarded = never().number(dialled, reading, nowEpochUs);
    if (guarded !== undefined) return answer(notListed(guarded));
    let best = answer(this.#exactly(dialled, meant, nowEpochUs));
    for (const candidate of candidates) {
      const confidence = candidate === meant ? settled?.confidence : candidate.confidence;
      const verdict = this.#candidate(candidate, confidence ?? 0, nowEpochUs);
      if (isGraver(verdict, best)) best = answer(verdict, candidate);
    }
    return best;
  }

  /** Who dials exactly what was dialled at the honeypot means what was meant there, whatever that is. */
  #exactly(dialled: string, meant: Candidate | undefined, nowEpochUs: number): Verdict {
    const { evidence, policy } = this.#ports;
    const all = evidence.dialled(dialled);
    if (all === undefined) return notListed();
    const value = meant?.e164 ?? (dialled.startsWith('+') ? dialled.slice(1) : dialled);
    const delisting = evidence.delisting({ kind: 'number', value });
    const counted = sinceDelisting(all, delisting && { ...delisting, eventsCount: 0 });
    return counted === undefined
      ? notListed(delisted(delisting))
      : numberVerdict(counted, policy, nowEpochUs);
  }

  #candidate({ e164 }: Candidate, confidence: number, nowEpochUs: number): Verdict {
    const { evidence, policy } = this.#ports;
    const all = evidence.number(e164);
    if (all === undefined) return notListed();
    const delisting = evidence.delisting({ kind: 'number', value: e164 });
    const counted = sinceDelisting(all, delisting);
    if (counted === undefined) return notListed(delisted(delisting));
    return numberVerdict(
      { ...counted, confidence: counted.confidence * confidence },
      policy,
      nowEpochUs,
    );
  }
}

/** Whether the first says more against what was asked for than the second. */
function isGraver(a: Verdict, b: Verdict): boolean {
  if (a.listed !== b.listed) return a.listed;
  if (a.score !== b.score) return a.score > b.score;
  return b.reasons.length === 0 && a.reasons.length > 0;
}

function delisted(delisting: Delisting | undefined): string {
  const comment = delisting?.comment ?? '';
  return `it was delisted${comment === '' ? '' : ` (${comment})`} and nothing came since`;
}
