// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { unreachable } from '@sentrypeer/kernel';
import {
  blockPrefix,
  readQuestion,
  type HomePlan,
  type NumberingPlans,
  type PlannedNumber,
} from '@sentrypeer/numbers';
import { isHelpline } from './helplines.ts';

/** How ordinary a number is: what an attacker earns from calls to it, and whom a false verdict would hurt. */
export type DestinationClass =
  | 'premium'
  | 'satellite'
  | 'unallocated'
  | 'special'
  | 'foreign-mobile'
  | 'foreign-fixed'
  | 'home'
  | 'toll-free'
  | 'unread'
  | 'harmonised'
  | 'helpline';

interface ClassNeeds {
  /** Independent networks from which proved callers must come; 0 means that such a number is never listed. */
  readonly networks: number;
  /** Days on which they must call. */
  readonly days: number;
  /** As it follows "calls to". */
  readonly name: string;
}

/*
 * The proof needed to refuse a destination. All defaults are chosen: nobody has a good reason to dial a premium or
 * satellite number at a honeypot, so one proved caller is enough; the more ordinary the number, the more independent
 * callers and days an attacker who only wants it refused would have to pay for.
 */
export const DESTINATION_CLASSES: Readonly<Record<DestinationClass, ClassNeeds>> = {
  premium: { networks: 1, days: 1, name: 'premium numbers of other countries' },
  satellite: { networks: 1, days: 1, name: 'satellite telephones' },
  unallocated: { networks: 1, days: 1, name: 'unallocated numbers abroad' },
  special: {
    networks: 2,
    days: 1,
    name: 'numbers with a special tariff (shared cost, personal numbers, pagers, international networks, premium numbers at home)',
  },
  'foreign-mobile': { networks: 2, days: 1, name: 'mobile numbers of other countries' },
  'foreign-fixed': { networks: 3, days: 2, name: 'fixed lines of other countries' },
  home: { networks: 5, days: 3, name: 'fixed and mobile numbers of the home country' },
  unread: { networks: 5, days: 3, name: 'digits that fit no numbering plan' },
  'toll-free': { networks: 8, days: 5, name: 'toll-free numbers' },
  harmonised: {
    networks: 0,
    days: 1,
    name: 'harmonised numbers of social value (116 and three digits)',
  },
  helpline: { networks: 0, days: 1, name: 'helplines' },
};

/**
 * Decision 2007/116/EC: 116 and three digits, such as 116 123, after the country's code where it is dialled from
 * abroad.
 */
const HARMONISED = '116';
const HARMONISED_DIGITS = 6;

/**
 * @param number A number of E.164 without its plus, or digits that are none.
 * @param home Where the telephones stand that are to be guarded.
 */
export function destinationClass(
  plans: NumberingPlans,
  number: string,
  home: HomePlan | undefined,
): DestinationClass {
  if (isHelpline(number)) return 'helpline';
  const national = number.slice(plans.callingCodeOf(number)?.length ?? 0);
  if (national.startsWith(HARMONISED) && national.length === HARMONISED_DIGITS) return 'harmonised';
  const planned = plans.read(number);
  if (planned === undefined) return 'unread';
  const isHome = home !== undefined && planned.country === home.country;
  return classOf(planned, isHome);
}

/** Last digits of the numbers that are looked at in a block: plans tell numbers apart by their first digits. */
const SAMPLES = ['0', '9'] as const;

/**
 * The classes of numbers of a block, by a sample of two hundred: its first two digits in full. A block of 10,000 may be
 * half given to nobody and half ordinary.
 *
 * @param block As `blocksOf()` names it.
 */
export function classesIn(
  plans: NumberingPlans,
  block: string,
  home: HomePlan | undefined,
): ReadonlySet<DestinationClass> {
  const prefix = blockPrefix(block);
  const rest = block.length - prefix.length - 2;
  const classes = new Set<DestinationClass>();
  for (let index = 0; index < 100; index += 1) {
    const start = prefix + String(index).padStart(2, '0');
    for (const digit of SAMPLES) {
      classes.add(destinationClass(plans, start + digit.repeat(rest), home));
    }
  }
  return classes;
}

/** Classes that are called through a honeypot only to earn money, or to test whether that works. */
const COSTLY: ReadonlySet<DestinationClass> = new Set([
  'premium',
  'satellite',
  'unallocated',
  'special',
  'foreign-mobile',
  'foreign-fixed',
]);

/**
 * Whether a call to the number speaks against its caller.
 *
 * @param dialled As it was dialled: what a telephone at home means by it counts first, so that nobody is taken for an
 * attacker who dialled a neighbour.
 * @param e164 What it was taken for.
 */
export function isCostly(
  { plans, home }: { readonly plans: NumberingPlans; readonly home: HomePlan | undefined },
  dialled: string,
  e164: string,
): boolean {
  if (!COSTLY.has(destinationClass(plans, e164, home))) return false;
  if (home === undefined) return true;
  const [best] = readQuestion(plans, dialled, home).candidates;
  return best === undefined || COSTLY.has(destinationClass(plans, best.e164, home));
}

function classOf({ type, country }: PlannedNumber, isHome: boolean): DestinationClass {
  switch (type) {
    case 'toll-free':
    case 'satellite':
      return type;
    case 'premium':
      return isHome ? 'special' : 'premium';
    case 'unallocated':
      // Numbering plans grow: what is new at home is not to be refused for it.
      return isHome ? 'home' : 'unallocated';
    case 'shared-cost':
    case 'personal':
    case 'pager':
      return 'special';
    case 'mobile':
      return isHome ? 'home' : 'foreign-mobile';
    case 'fixed':
    case 'fixed-or-mobile':
    case 'voip':
    case 'company':
    case 'voicemail':
      if (country === undefined) return 'special';
      return isHome ? 'home' : 'foreign-fixed';
    default:
      return unreachable(type);
  }
}
