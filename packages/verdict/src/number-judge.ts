// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { formatJudgedNumber, type Subject } from '@sentrypeer/event';
import { blocksOf, readQuestion, settle, type Candidate, type Reading } from '@sentrypeer/numbers';
import { blockedVerdict, overruled } from './blocked.ts';
import { classesIn, destinationClass, type DestinationClass } from './destination.ts';
import { delistedReasons } from './delisting.ts';
import { EvidenceOnce } from './evidence-once.ts';
import { withFleet } from './fleet-word.ts';
import type { JudgePorts, NumberJudgement, Standing } from './judgement.ts';
import { numberVerdict } from './number-verdict.ts';
import { rangeVerdict } from './range-verdict.ts';
import { isGraver, notListed, type Verdict } from './verdict.ts';
import { votedNumber, withVotes, type Voted } from './votes.ts';

/** At most watched, by evidence and by the operator's word alike. */
export const NEVER_BLOCKED: ReadonlySet<DestinationClass> = new Set(['harmonised', 'helpline']);

interface Judged {
  readonly verdict: Verdict;
  readonly range: string | undefined;
}

/** Judges numbers and ranges of them. */
export class NumberJudge {
  readonly #ports: Omit<JudgePorts, 'evidence'> & { readonly evidence: EvidenceOnce };
  /** The number whose votes were counted last for this question, and what they came to. */
  #votedNumber: string | undefined;
  #ofVotes: Voted | undefined;

  constructor(ports: JudgePorts) {
    this.#ports = { ...ports, evidence: new EvidenceOnce(ports.evidence) };
  }

  /** What was dialled, in any form. */
  dialled(text: string, nowEpochUs: number): NumberJudgement {
    this.#begin();
    const { plans, home, never, evidence } = this.#ports;
    const reading = readQuestion(plans, text, home);
    const { candidates } = reading;
    const settled = settle(candidates, (e164) => evidence.formsOf(e164));
    const likeliest = settled?.candidate;
    const guarded = never().number(reading, nowEpochUs);
    if (guarded !== undefined) {
      const block = likeliest && this.#ports.blocked().number(likeliest.e164, nowEpochUs);
      return this.#answer(
        reading,
        likeliest,
        only(notListed(guarded, ...overruled(block))),
        nowEpochUs,
      );
    }
    const meant = this.#meaningOf(reading);
    let best = this.#answer(reading, likeliest, only(notListed()), nowEpochUs);
    for (const candidate of candidates) {
      const asked = candidate === likeliest ? settled?.confidence : candidate.confidence;
      const confidence = candidate.e164 === meant ? undefined : (asked ?? 0);
      const judged = this.#judged(candidate.e164, nowEpochUs, confidence);
      if (isGraver(judged.verdict, best))
        best = this.#answer(reading, candidate, judged, nowEpochUs);
    }
    const named = this.#unreadDigits(reading, nowEpochUs);
    for (const other of new Set([meant, named])) {
      if (other === undefined || candidates.some(({ e164 }) => e164 === other)) continue;
      if (this.guardOf(other, nowEpochUs) !== undefined) continue;
      const judged = this.#judged(other, nowEpochUs, undefined);
      if (!isGraver(judged.verdict, best)) continue;
      // Blocked as they are dialled, digits are no number, whatever they mean at home.
      const as = other === meant ? reading : ({ ...reading, kind: 'unknown' } as const);
      best = this.#answer(as, plans.read(other), judged, nowEpochUs);
    }
    return best;
  }

  /** Why the number, written as in a subject, is never listed; `undefined` if it may be. */
  guardOf(number: string, nowEpochUs: number): string | undefined {
    const never = this.#ports.never();
    const found = never.e164(number, nowEpochUs);
    const atHome = found === undefined ? this.#readAtHome(number) : undefined;
    return atHome === undefined ? found : never.number(atHome, nowEpochUs);
  }

  /** Whether the number was called here, in any form. */
  standing(text: string, nowEpochUs: number): Standing {
    this.#begin();
    const { plans, home, never, evidence, policy } = this.#ports;
    const reading = readQuestion(plans, text, home);
    if (never().number(reading, nowEpochUs) !== undefined) return 'guarded';
    const settled = settle(reading.candidates, (e164) => evidence.formsOf(e164));
    const meant = this.#meaningOf(reading);
    const likely = reading.candidates
      .filter((candidate) => {
        const isSettled = candidate === settled?.candidate;
        const confidence = isSettled ? settled.confidence : candidate.confidence;
        return confidence * 100 >= policy['number-confidence'];
      })
      .map(({ e164 }) => e164);
    const numbers = meant === undefined ? likely : [meant, ...likely];
    if (numbers.some((number) => evidence.number(number) !== undefined)) return 'met';
    const isFollowed = (value: string): boolean => {
      const word = this.#ports.fleet({ kind: 'number', value });
      return word !== undefined && nowEpochUs < word.untilEpochUs;
    };
    if (numbers.some(isFollowed)) return 'met';
    const { blocked } = this.#ports;
    const unread = this.#unreadDigits(reading, nowEpochUs);
    if (unread !== undefined) return 'met';
    if (numbers.some((number) => blocked().number(number, nowEpochUs) !== undefined)) return 'met';
    if (numbers.some((number) => this.#voted(number, nowEpochUs)?.verdict.level === 'watch')) {
      return 'met';
    }
    const isDelisted = numbers.some(
      (value) => evidence.delisting({ kind: 'number', value }) !== undefined,
    );
    return isDelisted ? 'delisted' : 'unmet';
  }

  /** @param number A number of E.164 without its plus, or digits that are none. */
  number(number: string, nowEpochUs: number): Verdict {
    this.#begin();
    const guarded = this.guardOf(number, nowEpochUs);
    if (guarded !== undefined) return notListed(guarded);
    const known = this.#own(number, nowEpochUs, 1);
    const block = this.#ports.blocked().listed({ kind: 'number', value: number }, nowEpochUs);
    return block === undefined || !this.#isBlockable(number) ? known : blockedVerdict(block, known);
  }

  range(block: string, nowEpochUs: number): Verdict {
    this.#begin();
    const { never } = this.#ports;
    const guarded = never().range(block, nowEpochUs);
    if (guarded !== undefined) return notListed(guarded);
    const own = this.#range(block, nowEpochUs);
    const all = this.#withFleet(own, { kind: 'range', value: block }, nowEpochUs);
    const verdict = this.#withoutDelisted(block, all);
    const blocked = this.#ports.blocked().listed({ kind: 'range', value: block }, nowEpochUs);
    return blocked === undefined ? verdict : blockedVerdict(blocked, verdict);
  }

  /**
   * By evidence. A list of ranges refuses all numbers of a block, so the block is judged like its most ordinary
   * numbers: otherwise somebody who calls unassigned numbers could have their neighbours refused.
   */
  #range(block: string, nowEpochUs: number): Verdict {
    const { plans, home, evidence, policy } = this.#ports;
    const known = evidence.range(block);
    if (known === undefined) return notListed();
    const asOne = (of: DestinationClass): Verdict =>
      this.#withoutDelisted(block, rangeVerdict(block, known, of, policy, nowEpochUs));
    const verdict = asOne(this.#classOf(known.example));
    if (!verdict.listed) return verdict;
    const others = [...classesIn(plans, block, home)].map(asOne);
    return others.find(({ listed }) => !listed) ?? verdict;
  }

  /**
   * A number that the operator delisted would be refused with its block, so the block is only watched until the number
   * is called again.
   */
  #withoutDelisted(block: string, verdict: Verdict): Verdict {
    if (!verdict.listed) return verdict;
    const delisted = this.#ports.evidence.delistedIn(block);
    if (delisted === undefined) return verdict;
    const why = `it is only watched: +${delisted}, one of these numbers, was delisted`;
    return { ...verdict, level: 'watch', listed: false, reasons: [...verdict.reasons, why] };
  }

  /**
   * Whoever dials exactly what was dialled at the honeypot means the same number, unless it is written so that it can
   * only mean another one.
   */
  #meaningOf({ digits, isPlain, candidates }: Reading): string | undefined {
    if (digits === '') return undefined;
    const meant = this.#ports.evidence.meaningOf(digits);
    if (meant === undefined || !isPlain || candidates.length === 0) return meant;
    return candidates.some(({ e164 }) => e164 === meant) ? meant : undefined;
  }

  /**
   * Digits that no plan knows, if exactly these are blocked, were called here, or are named by the hubs of the fleet,
   * with a plus or without: lists may show one that nobody dialled. Where they mean a number at home only the block
   * counts, which may be from before the home country was set.
   */
  #unreadDigits({ digits, candidates }: Reading, nowEpochUs: number): string | undefined {
    if (digits === '') return undefined;
    const { plans, blocked, evidence, fleet } = this.#ports;
    const value = withoutPlus(digits);
    if (candidates.length > 0 && (value !== digits || plans.read(value) !== undefined))
      return undefined;
    const subject = { kind: 'number', value } as const;
    const isBlocked = blocked().listed(subject, nowEpochUs) !== undefined;
    if (isBlocked) return value;
    if (candidates.length > 0) return undefined;
    const isKnown = evidence.number(value) !== undefined || fleet(subject) !== undefined;
    return isKnown ? value : undefined;
  }

  /**
   * What digits that lists name without a plus mean when a telephone of the home country dials them; `undefined` if
   * that is nothing else.
   */
  #readAtHome(digits: string): Reading | undefined {
    const { plans, home } = this.#ports;
    if (home === undefined || formatJudgedNumber(digits) !== digits) return undefined;
    const reading = readQuestion(plans, digits, home);
    return reading.candidates.length > 0 ? reading : undefined;
  }

  /** Numbers that people call in need are let through, whatever the operator says. */
  #isBlockable(number: string): boolean {
    return !NEVER_BLOCKED.has(this.#classOf(number));
  }

  /** The graver of what is known of the number and of its neighbours. */
  #judged(number: string, nowEpochUs: number, confidence: number | undefined): Judged {
    const { plans, evidence, never, policy } = this.#ports;
    let best = only(this.#own(number, nowEpochUs, confidence));
    // A guess says little of the number, and nothing of its neighbours.
    if (confidence !== undefined && confidence * 100 < policy['number-confidence']) return best;
    const block = this.#ports.blocked().number(number, nowEpochUs);
    if (block !== undefined && this.#isBlockable(number)) {
      const { kind, value } = block.subject;
      const isHeld = kind === 'range' && never().range(value, nowEpochUs) !== undefined;
      if (!isHeld) {
        const verdict = blockedVerdict(block, best.verdict);
        return { verdict, range: kind === 'range' ? value : undefined };
      }
    }
    const own = evidence.number(number);
    // Its neighbours do not bring back what the operator delisted.
    if (own === undefined && evidence.delisting({ kind: 'number', value: number }) !== undefined) {
      return best;
    }
    const isProved = own?.proved !== undefined;
    for (const block of blocksOf(plans, number)) {
      const known = evidence.range(block);
      const subject = { kind: 'range', value: block } as const;
      const word = this.#ports.fleet(subject);
      if (known === undefined && word === undefined) continue;
      if (never().range(block, nowEpochUs) !== undefined) continue;
      const kind = this.#classOf(number);
      const others = (known?.numbersCount ?? 0) - (isProved ? 1 : 0);
      const near =
        known === undefined
          ? notListed()
          : rangeVerdict(block, known, kind, policy, nowEpochUs, others);
      const all = this.#withFleet(near, subject, nowEpochUs, number);
      const verdict = this.#withoutDelisted(block, all);
      if (isGraver(verdict, best.verdict)) best = { verdict, range: block };
    }
    return best;
  }

  /**
   * @param confidence How likely it is that this number is asked for; `undefined` if exactly this was dialled at the
   * honeypot.
   */
  #own(number: string, nowEpochUs: number, confidence: number | undefined): Verdict {
    const { policy } = this.#ports;
    // Whoever dials them anywhere else means something else: lists of digits must not refuse a number at home.
    const [meant] = this.#readAtHome(number)?.candidates ?? [];
    if (meant !== undefined)
      return notListed(`in the home country these digits mean +${meant.e164}`);
    const own = this.#evidenced(number, nowEpochUs, confidence);
    // What other nodes say of a number says nothing of digits that may mean another.
    if (confidence !== undefined && confidence * 100 < policy['number-confidence']) return own;
    const voted = this.#voted(number, nowEpochUs);
    const verdict = voted === undefined ? own : withVotes(own, voted.verdict);
    return this.#withFleet(verdict, { kind: 'number', value: number }, nowEpochUs, number);
  }

  /**
   * Also by what the hubs of the fleet list. @param number The number that is asked for; left out for a whole range.
   */
  #withFleet(own: Verdict, subject: Subject, nowEpochUs: number, number?: string): Verdict {
    const { evidence, fleet } = this.#ports;
    const word = fleet(subject);
    if (word === undefined) return own;
    if (word.level === 'listed' && number !== undefined && !this.#isBlockable(number)) return own;
    return withFleet(own, word, nowEpochUs, evidence.delisting(subject)?.atEpochUs);
  }

  /** A new question: what was read for another one may have changed. */
  #begin(): void {
    this.#ports.evidence.begin();
    this.#votedNumber = undefined;
  }

  /** What the pool says of it; counted once for each question and number, unless others are asked for in between. */
  #voted(number: string, nowEpochUs: number): Voted | undefined {
    if (this.#votedNumber !== number) {
      this.#ofVotes = this.#countVotes(number, nowEpochUs);
      this.#votedNumber = number;
    }
    return this.#ofVotes;
  }

  #countVotes(number: string, nowEpochUs: number): Voted | undefined {
    const { evidence, policy, quorumMin, networkCheck } = this.#ports;
    const subject = { kind: 'number', value: number } as const;
    const said = this.#ports.said(subject);
    if (said === undefined) return undefined;
    const delistedEpochUs = evidence.delisting(subject)?.atEpochUs;
    return votedNumber(said, { policy, quorumMin, networkCheck, nowEpochUs, delistedEpochUs });
  }

  /** By own evidence alone; as {@link #own}. */
  #evidenced(number: string, nowEpochUs: number, confidence: number | undefined): Verdict {
    const { evidence, policy } = this.#ports;
    const known = evidence.number(number);
    if (known === undefined) {
      return notListed(...delistedReasons(evidence.delisting({ kind: 'number', value: number })));
    }
    const weighed = confidence === undefined ? 1 : known.confidence * confidence;
    const destination = {
      class: this.#classOf(number),
      isHot: this.#isHot(number, known.proved !== undefined),
    };
    const verdict = numberVerdict(
      { ...known, confidence: weighed },
      destination,
      policy,
      nowEpochUs,
    );
    return destination.class === 'unread' ? this.#notBeginning(number, verdict) : verdict;
  }

  /**
   * Digits that fit no plan because they are too few for it are not listed: PBXs that load lists as prefixes would
   * refuse all numbers that begin with them, whomever these belong to.
   */
  #notBeginning(digits: string, verdict: Verdict): Verdict {
    if (!verdict.listed || !this.#ports.plans.mayBegin(digits)) return verdict;
    const why = 'it is only watched: longer numbers begin with these digits';
    return { ...verdict, level: 'watch', listed: false, reasons: [...verdict.reasons, why] };
  }

  /** Whether enough other numbers of one of its blocks were tried for the policy to watch a range. */
  #isHot(number: string, isProved: boolean): boolean {
    const { plans, evidence, policy } = this.#ports;
    return blocksOf(plans, number).some(
      (block) =>
        (evidence.range(block)?.numbersCount ?? 0) - (isProved ? 1 : 0) >= policy['range-watch'],
    );
  }

  #classOf(number: string): ReturnType<typeof destinationClass> {
    return destinationClass(this.#ports.plans, number, this.#ports.home);
  }

  #answer(
    { kind, digits }: Reading,
    meant: Pick<Candidate, 'e164' | 'country' | 'type'> | undefined,
    { verdict, range }: Judged,
    nowEpochUs: number,
  ): NumberJudgement {
    return {
      ...verdict,
      kind,
      digits: withoutPlus(digits),
      e164: meant?.e164,
      country: meant?.country,
      type: meant?.type,
      destinationClass: meant === undefined ? undefined : this.#classOf(meant.e164),
      range,
      pool: meant === undefined ? undefined : this.#voted(meant.e164, nowEpochUs)?.standing,
    };
  }
}

function withoutPlus(digits: string): string {
  return digits.startsWith('+') ? digits.slice(1) : digits;
}

function only(verdict: Verdict): Judged {
  return { verdict, range: undefined };
}
