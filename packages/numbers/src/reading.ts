// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { readDialled, type Dialled } from './dialled.ts';
import {
  CANDIDATES_COUNT_MAX,
  E164_DIGITS_MAX,
  E164_DIGITS_MIN,
  SHORT_DIGITS_MAX,
} from './limits.ts';
import type { HomePlan, NumberingPlans, NumberType } from './numbering-plans.ts';
import { CONFIDENCE, OUTSIDE_LINES, prefixKind, type PrefixKind } from './prefixes.ts';
import { isForeignEmergency, shortKind, type ShortKind } from './short-codes.ts';

/** One number that what was dialled may mean. */
export interface Candidate {
  /** Country code and national number, without a plus. */
  readonly e164: string;
  /** ISO 3166-1 alpha-2, `undefined` for codes of no country. */
  readonly country: string | undefined;
  readonly type: NumberType;
  readonly prefix: PrefixKind;
  /** 0 to 1, by the prefix alone. */
  readonly confidence: number;
}

/** What was dialled: a number of E.164 that it may be, or what else. */
export interface Reading {
  readonly kind: 'number' | 'unknown' | 'feature-code' | 'none' | ShortKind;
  /** The likeliest first; empty unless `kind` is `number`. */
  readonly candidates: readonly Candidate[];
}

/**
 * Confidence in a number that the plan has room for, but that nobody was given, as a share of another's: attackers
 * earn with such numbers. Without a prefix that says so, nearly any digits have the length of somebody's numbers.
 */
const UNALLOCATED_SHARE = 0.6;
const UNALLOCATED_BARE_SHARE = 0.25;
/** Confidence in a national number without its trunk prefix, and share where an outside line is dialled before. */
const WITHOUT_TRUNK_SHARE = 0.95;
const OUTSIDE_SHARE = 0.95;

/**
 * Reads what somebody dialled: each suffix that a country has numbers like is a candidate, weighed by what
 * stands before it. `settle()` chooses among them by what else was dialled.
 *
 * @param home Where telephones that dial like this stand; national forms are read by its plan.
 */
export function readNumber(plans: NumberingPlans, text: string, home?: HomePlan): Reading {
  const dialled = readDialled(text);
  if (dialled === undefined) return nothing('none');
  const { digits, isGlobal, before } = dialled;
  if (before !== '' && digits.length <= SHORT_DIGITS_MAX) return nothing('feature-code');
  const short = isGlobal ? undefined : shortKind(digits);
  if (short !== undefined) return nothing(short);
  if (isForeignEmergency(plans, digits)) return nothing('emergency');
  if (digits.length <= SHORT_DIGITS_MAX) return nothing('unknown');
  const found = new Map<string, Candidate>();
  addSuffixes(found, plans, dialled);
  if (home !== undefined && !isGlobal) addHome(found, plans, digits, home);
  const candidates = [...found.values()].toSorted(likelierFirst).slice(0, CANDIDATES_COUNT_MAX);
  return { kind: candidates.length === 0 ? 'unknown' : 'number', candidates };
}

function nothing(kind: Reading['kind']): Reading {
  return { kind, candidates: [] };
}

/** Of equal likelihood, the one that leaves less before it. */
function likelierFirst(a: Candidate, b: Candidate): number {
  return b.confidence - a.confidence || b.e164.length - a.e164.length;
}

function addSuffixes(
  found: Map<string, Candidate>,
  plans: NumberingPlans,
  { digits, isGlobal, before }: Dialled,
): void {
  const last = digits.length - E164_DIGITS_MIN;
  for (let start = Math.max(0, digits.length - E164_DIGITS_MAX); start <= last; start += 1) {
    const kind = prefixKind(before + digits.slice(0, start), isGlobal);
    add(found, plans, digits.slice(start), kind, CONFIDENCE[kind]);
  }
}

/** The forms in which telephones of the country dial, with and without an outside line. */
function addHome(
  found: Map<string, Candidate>,
  plans: NumberingPlans,
  digits: string,
  home: HomePlan,
): void {
  for (const line of OUTSIDE_LINES) {
    if (!digits.startsWith(line)) continue;
    const rest = digits.slice(line.length);
    const share = line === '' ? 1 : OUTSIDE_SHARE;
    const foreign = home.afterInternationalPrefix(rest);
    if (foreign !== undefined) {
      const kind = line === '' ? 'international' : 'outside-international';
      add(found, plans, foreign, kind, CONFIDENCE.international * share);
    }
    const national = home.withoutTrunkPrefix(rest);
    const trunkShare = national === rest ? WITHOUT_TRUNK_SHARE : 1;
    const confidence = CONFIDENCE.national * share;
    add(found, plans, home.callingCode + national, 'national', confidence * trunkShare);
    // Where numbers keep a leading zero, what looks like a trunk prefix is part of them.
    if (national !== rest) {
      const whole = confidence * WITHOUT_TRUNK_SHARE;
      add(found, plans, home.callingCode + rest, 'national', whole);
    }
  }
}

function add(
  found: Map<string, Candidate>,
  plans: NumberingPlans,
  e164: string,
  prefix: PrefixKind,
  confidence: number,
): void {
  const planned = plans.read(e164);
  if (planned === undefined) return;
  const isUnallocated = planned.type === 'unallocated';
  if (isUnallocated && (prefix === 'technical' || prefix === 'outside')) return;
  const share = prefix === 'none' ? UNALLOCATED_BARE_SHARE : UNALLOCATED_SHARE;
  const weighed = isUnallocated ? confidence * share : confidence;
  if ((found.get(e164)?.confidence ?? 0) >= weighed) return;
  found.set(e164, { ...planned, prefix, confidence: weighed });
}
