// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import {
  countDigits,
  isEmergencyName,
  readBeforePauses,
  readDialled,
  type Dialled,
} from './dialled.ts';
import {
  CANDIDATES_COUNT_MAX,
  E164_DIGITS_MAX,
  E164_DIGITS_MIN,
  SHORT_DIGITS_MAX,
} from './limits.ts';
import type { HomePlan, NumberingPlans, NumberType } from './numbering-plans.ts';
import {
  CONFIDENCE,
  INTERNATIONAL_EVERYWHERE,
  OUTSIDE_LINES,
  prefixKind,
  type PrefixKind,
} from './prefixes.ts';
import {
  isBareEmergency,
  isForeignEmergency,
  isMarkedEmergency,
  shortKind,
  type ShortKind,
} from './short-codes.ts';

/** One number that the dialled digits may mean. */
export interface Candidate {
  /** Country code and national number, without a plus. */
  readonly e164: string;
  /** ISO 3166-1 alpha-2, `undefined` for codes of no country. */
  readonly country: string | undefined;
  readonly type: NumberType;
  readonly prefix: PrefixKind;
  /** 0 to 1, from the prefix alone. */
  readonly confidence: number;
}

/** What the dialled digits may mean: E.164 numbers, or something else. */
export interface Reading {
  readonly kind: 'number' | 'unknown' | 'feature-code' | 'none' | ShortKind;
  /** Likeliest first; empty unless `kind` is `number`. */
  readonly candidates: readonly Candidate[];
  /** The digits with their marks and their plus, without scheme, host and separators; empty if there are none. */
  readonly digits: string;
  /** The notation says which number is meant, so no other reading may replace it. */
  readonly isPlain: boolean;
}

/**
 * Confidence in a number that the plan allows but that was never assigned, as a share of the usual confidence:
 * attackers earn money with such numbers. But without an international prefix, nearly any digits have the length of
 * some country's numbers.
 */
const UNALLOCATED_SHARE = 0.6;
const UNALLOCATED_BARE_SHARE = 0.25;
/** Confidence in a national number without its trunk prefix, and its share if an outside line is dialled before it. */
const WITHOUT_TRUNK_SHARE = 0.95;
const OUTSIDE_SHARE = 0.95;

/** What telephones behind a PBX dial before the number itself, perhaps with a pause. */
const PREFIXES: ReadonlySet<PrefixKind> = new Set([
  'international',
  'outside-international',
  'outside',
]);

type Found = Map<string, Candidate>;

/**
 * Reads what somebody dialled at the honeypot: each suffix that fits a country's numbers is a candidate, weighted by
 * the digits before it. `settle()` chooses among them by what else was dialled. Attackers dial from anywhere, so the
 * home country plays no part.
 */
export function readNumber(plans: NumberingPlans, text: string): Reading {
  return read(plans, text, undefined, (dialled, found) => {
    const { digits, isGlobal } = dialled;
    if (isGlobal) add(found, plans, digits, 'plus', CONFIDENCE.plus);
    const isPlain = isAllocated(found.get(digits));
    if (!isPlain) addSuffixes(found, plans, dialled);
    return isPlain;
  });
}

/**
 * Reads what one of our own telephones is about to dial. After a plus, or an international prefix of the home country,
 * only the number may follow. Digits that are already a number, bare or in a national form, are not read as a prefix
 * and a shorter number: otherwise an attacker who calls a number with the same ending could get a victim's number
 * refused.
 *
 * @param home The country of the telephones; national forms are read by its plan.
 */
export function readQuestion(plans: NumberingPlans, text: string, home?: HomePlan): Reading {
  return read(plans, text, home, (dialled, found) => {
    const { digits, isGlobal, before } = dialled;
    if (isGlobal) {
      add(found, plans, digits, 'plus', CONFIDENCE.plus, true);
      return true;
    }
    if (before === '') add(found, plans, digits, 'none', CONFIDENCE.none);
    if (home !== undefined) addHome(found, plans, digits, home);
    addAbroad(found, plans, digits, home === undefined);
    const sure = [...found.values()].filter(isAllocated);
    const abroad = found.get(home?.afterInternationalPrefix(digits) ?? '');
    if (isAllocated(abroad)) keepOnly(found, [abroad]);
    else if (sure.length > 0) keepOnly(found, sure);
    else addSuffixes(found, plans, dialled);
    return sure.length > 0;
  });
}

function read(
  plans: NumberingPlans,
  text: string,
  home: HomePlan | undefined,
  addCandidates: (dialled: Dialled, found: Found) => boolean,
): Reading {
  if (isEmergencyName(text)) return nothing('emergency', '');
  const whole = readDialled(text);
  const readOne = (dialled: Dialled): Reading => readForm(plans, dialled, home, addCandidates);
  const all = whole === undefined ? nothing('none', '') : readOne(whole);
  const isNumber = all.candidates.some(isAllocated);
  for (const before of readBeforePauses(text)) {
    // "011" and a pause may begin a number, although it is a number for help somewhere.
    if (isNumber && isPrefix(before)) continue;
    const reading = readOne(before);
    const isWhole = reading.candidates.some((each) => isAllocated(each) || isAbroad(each));
    if (isWhole || reading.kind === 'emergency') return reading;
  }
  return all;
}

/** Where the notation says that a number of E.164 follows, it may also be one that nobody was given. */
function isAbroad({ prefix }: Candidate): boolean {
  return prefix === 'plus' || prefix === 'international' || prefix === 'outside-international';
}

function isPrefix({ digits, isGlobal }: Dialled): boolean {
  return PREFIXES.has(prefixKind(digits, isGlobal));
}

function readForm(
  plans: NumberingPlans,
  dialled: Dialled,
  home: HomePlan | undefined,
  addCandidates: (dialled: Dialled, found: Found) => boolean,
): Reading {
  const { digits, isGlobal, before, local } = dialled;
  const whole = before + (isGlobal ? '+' : '') + digits;
  const isMarked = isGlobal || before !== '';
  // What follows the marks after a whole number is not dialled: 00882131234567*112 is no call for help.
  const isAfterCode = isMarked && countDigits(before) <= SHORT_DIGITS_MAX;
  if (isAfterCode && isMarkedEmergency(digits, isGlobal, home?.country)) {
    return nothing('emergency', whole);
  }
  if (local !== '' && shortKind(local, home?.country) === 'emergency') {
    return nothing('emergency', whole);
  }
  if (before !== '' && digits.length <= SHORT_DIGITS_MAX) return nothing('feature-code', whole);
  if (!isMarked && isBareEmergency(plans, digits, home)) return nothing('emergency', whole);
  const short = isGlobal ? undefined : shortKind(digits, home?.country);
  if (short !== undefined) return nothing(short, whole);
  if (isForeignEmergency(plans, digits)) return nothing('emergency', whole);
  // Telephones put a plus before every saved contact. It makes no number of a short code or an extension, nor of the code
  // of a country.
  if (digits.length <= SHORT_DIGITS_MAX) {
    const isService = shortKind(digits, home?.country) === 'short-code';
    return nothing(isService ? 'short-code' : 'extension', whole);
  }
  const found: Found = new Map();
  const isPlain = addCandidates(dialled, found);
  const candidates = [...found.values()].toSorted(likelierFirst).slice(0, CANDIDATES_COUNT_MAX);
  const kind = candidates.length === 0 ? 'unknown' : 'number';
  return { kind, candidates, digits: whole, isPlain };
}

function nothing(kind: Reading['kind'], digits: string): Reading {
  return { kind, candidates: [], digits, isPlain: false };
}

/** If equally likely, the one with fewer digits before it comes first. */
function likelierFirst(a: Candidate, b: Candidate): number {
  return b.confidence - a.confidence || b.e164.length - a.e164.length;
}

function isAllocated(candidate: Candidate | undefined): candidate is Candidate {
  return candidate !== undefined && candidate.type !== 'unallocated';
}

function keepOnly(found: Found, candidates: readonly Candidate[]): void {
  found.clear();
  for (const candidate of candidates) found.set(candidate.e164, candidate);
}

function addSuffixes(
  found: Found,
  plans: NumberingPlans,
  { digits, isGlobal, before }: Dialled,
): void {
  const last = digits.length - E164_DIGITS_MIN;
  for (let start = Math.max(0, digits.length - E164_DIGITS_MAX); start <= last; start += 1) {
    const kind = prefixKind(before + digits.slice(0, start), isGlobal);
    add(found, plans, digits.slice(start), kind, CONFIDENCE[kind]);
  }
}

/**
 * What PBXs everywhere turn a plus into, with and without an outside line.
 *
 * @param isCertain Whether such digits mean nothing else.
 */
function addAbroad(found: Found, plans: NumberingPlans, digits: string, isCertain: boolean): void {
  for (const line of OUTSIDE_LINES) {
    for (const prefix of INTERNATIONAL_EVERYWHERE) {
      if (!digits.startsWith(line + prefix)) continue;
      const kind = line === '' ? 'international' : 'outside-international';
      const e164 = digits.slice(line.length + prefix.length);
      add(found, plans, e164, kind, CONFIDENCE[kind], isCertain && line === '');
    }
  }
}

/** The forms in which telephones of the country dial, with and without an outside line. */
function addHome(found: Found, plans: NumberingPlans, digits: string, home: HomePlan): void {
  for (const line of OUTSIDE_LINES) {
    if (!digits.startsWith(line)) continue;
    const rest = digits.slice(line.length);
    const share = line === '' ? 1 : OUTSIDE_SHARE;
    const foreign = home.afterInternationalPrefix(rest);
    if (foreign !== undefined) {
      const kind = line === '' ? 'international' : 'outside-international';
      add(found, plans, foreign, kind, CONFIDENCE.international * share, line === '');
    }
    const national = home.withoutTrunkPrefix(rest);
    const trunkShare = national === rest ? WITHOUT_TRUNK_SHARE : 1;
    const confidence = CONFIDENCE.national * share;
    add(found, plans, home.callingCode + national, 'national', confidence * trunkShare);
    // In countries whose numbers keep a leading zero, an apparent trunk prefix is part of the number.
    if (national !== rest) {
      const whole = confidence * WITHOUT_TRUNK_SHARE;
      add(found, plans, home.callingCode + rest, 'national', whole);
    }
  }
}

/**
 * @param isMeant Whether it is certain that a number of E.164 follows the prefix, so one that nobody was given is as
 * likely as any other.
 */
function add(
  found: Found,
  plans: NumberingPlans,
  e164: string,
  prefix: PrefixKind,
  confidence: number,
  isMeant = false,
): void {
  const planned = plans.read(e164);
  if (planned === undefined) return;
  const isUnallocated = planned.type === 'unallocated';
  if (isUnallocated && (prefix === 'technical' || prefix === 'outside')) return;
  const share = prefix === 'none' ? UNALLOCATED_BARE_SHARE : UNALLOCATED_SHARE;
  const weighed = isUnallocated && !isMeant ? confidence * share : confidence;
  if ((found.get(e164)?.confidence ?? 0) >= weighed) return;
  found.set(e164, { ...planned, prefix, confidence: weighed });
}
