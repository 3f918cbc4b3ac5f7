// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Grade } from '@sentrypeer/event';
import { DESTINATION_CLASSES, type DestinationClass } from './destination.ts';

/** One line of the policy. */
interface Rule {
  readonly unit: string;
  readonly min: number;
  readonly max: number;
  readonly value: number;
  readonly doc: string;
}

function rule(value: number, unit: string, min: number, max: number, doc: string): Rule {
  return { unit, min, max, value, doc };
}

type ClassRules = Readonly<Record<`${'networks' | 'days'}-${DestinationClass}`, Rule>>;

/** Two lines for each class of destinations. */
function classRules(): ClassRules {
  const lines = Object.entries(DESTINATION_CLASSES).flatMap(([name, needs]) => [
    [
      `networks-${name}`,
      rule(
        needs.networks,
        'networks',
        0,
        100,
        `How many networks proved callers must have called from before ${needs.name} are listed; 0 never lists them.`,
      ),
    ],
    [
      `days-${name}`,
      rule(needs.days, 'days', 1, 90, `On how many days they must have called ${needs.name}.`),
    ],
  ]);
  return Object.fromEntries(lines) as ClassRules;
}

/*
 * The one table of the policy: how evidence becomes a score, and which score is listed. docs/policy.md shows it
 * (`npm run docs`), `--policy` changes it. All defaults are chosen: one contact that proved its address is
 * watched, one that attacks is listed, and one call to a number watched, for some days; what goes on for longer, by more
 * ways and before more nodes, for weeks.
 */
export const POLICY_RULES = {
  'address-threshold': rule(
    50,
    'points',
    1,
    100,
    'The score from which an address is watched. It is listed if it also did what attackers do: tried passwords, used a known tool, made calls that cost, or met one of the next three lines.',
  ),
  'address-targets': rule(
    5,
    'names',
    2,
    60,
    'How many names and numbers an address must have tried to count as enumerating.',
  ),
  'address-attempt-days': rule(
    3,
    'days',
    1,
    90,
    'On how many days an address must have sent more than OPTIONS to count as persistent; it must come at least every third day.',
  ),
  'address-contacts': rule(
    100,
    'contacts',
    1,
    1_000_000,
    'How many SIP contacts of any kind make an address persistent, if there were at least five a day.',
  ),
  'address-grade': rule(
    1,
    'grade',
    1,
    2,
    'The weakest evidence that counts against an address: 1 returned, 2 handshake. What may be forged never counts.',
  ),
  'address-half-life': rule(
    168,
    'hours',
    1,
    8760,
    'Time in which the score of an address falls by half.',
  ),
  'address-days-max': rule(
    30,
    'days',
    1,
    3650,
    'The longest time that an address stays listed after its last contact.',
  ),
  'network-56': rule(
    32,
    'networks',
    0,
    256,
    'How many /64 of an IPv6 /56 must be listed before the whole /56 is; 0 never lists it.',
  ),
  'network-48': rule(
    64,
    'networks',
    0,
    256,
    'How many /56 of an IPv6 /48 must be listed as a whole before the /48 is; 0 never lists it.',
  ),
  'network-spread': rule(
    9,
    'parts',
    1,
    16,
    'In how many of the 16 equal parts of the /56 or /48 these must lie. With 9 or more, the holder of only a part of it cannot get the whole listed.',
  ),
  'number-threshold': rule(
    30,
    'points',
    1,
    100,
    'The score from which a number is watched. It is listed if the proved calls alone reach the score, and come from as many networks and on as many days as its class requires.',
  ),
  'number-local-callers': rule(
    0,
    '(0 no, 1 yes)',
    0,
    1,
    'Whether calls from loopback, private and link-local addresses prove anything against a number. They come from your own telephones, or through a NAT that hides the caller; set 1 only for an experiment.',
  ),
  'number-grade': rule(
    0,
    'grade',
    0,
    2,
    'The weakest evidence that counts against a number: 0 seen (for watching alone), 1 returned, 2 handshake.',
  ),
  'number-confidence': rule(
    50,
    'percent',
    1,
    100,
    'How sure the reading of dialled digits must be.',
  ),
  'number-half-life': rule(
    336,
    'hours',
    1,
    8760,
    'Time in which the score of a number falls by half.',
  ),
  'number-days-max': rule(
    90,
    'days',
    1,
    3650,
    'The longest time that a number stays listed or watched after its last call.',
  ),
  'range-watch': rule(
    2,
    'numbers',
    2,
    1000,
    'How many numbers of a block proved callers must have called before the block is watched.',
  ),
  'range-listed-100': rule(3, 'numbers', 2, 1000, 'How many before a block of 100 is listed.'),
  'range-listed-1000': rule(6, 'numbers', 2, 1000, 'How many before a block of 1,000 is listed.'),
  'range-listed-10000': rule(
    12,
    'numbers',
    2,
    1000,
    'How many before a block of 10,000 is listed.',
  ),
  'points-range': rule(40, 'points', 0, 100, 'For a block in which enough numbers were called.'),
  'points-seen': rule(40, 'points', 0, 100, 'For a call whose source may be forged; numbers only.'),
  'points-returned': rule(50, 'points', 0, 100, 'For evidence of the grade returned.'),
  'points-handshake': rule(60, 'points', 0, 100, 'For evidence of the grade handshake.'),
  'points-count': rule(
    15,
    'points',
    0,
    100,
    'For 1,000 contacts or more; two thirds of it for 100, a third for 10.',
  ),
  'points-days': rule(15, 'points', 0, 100, 'For contacts on seven days or more.'),
  'points-credentials': rule(10, 'points', 0, 100, 'For passwords that an address tried.'),
  'points-tool': rule(
    10,
    'points',
    0,
    100,
    'For an address whose User-Agent names an attack tool.',
  ),
  'points-calls': rule(10, 'points', 0, 100, 'For calls that an address tried.'),
  'points-transports': rule(
    5,
    'points',
    0,
    100,
    'For each additional transport that an address used.',
  ),
  'points-nodes': rule(
    10,
    'points',
    0,
    100,
    'For each additional node that saw it; at most two count.',
  ),
  'points-forms': rule(15, 'points', 0, 100, 'For a number tried with ten prefixes or more.'),
  'points-sources': rule(15, 'points', 0, 100, 'For a number tried by ten addresses or more.'),
  ...classRules(),
} as const satisfies Readonly<Record<string, Rule>>;

export type PolicyName = keyof typeof POLICY_RULES;

/** A value for each line of the table. */
export type Policy = Readonly<Record<PolicyName, number>>;

const NAMES = Object.keys(POLICY_RULES) as readonly PolicyName[];
/** Grades from weak to strong; a policy names one by its place. */
const GRADES: readonly Grade[] = ['seen', 'returned', 'handshake'];

export const DEFAULT_POLICY: Policy = policyOf(new Map());

/** The table with some lines changed. */
export function policyOf(changes: ReadonlyMap<PolicyName, number>): Policy {
  const lines = NAMES.map((name) => [name, changes.get(name) ?? POLICY_RULES[name].value] as const);
  return Object.fromEntries(lines) as Policy;
}

/** Reads `name=value`; `undefined` where there is no such line or the value is out of its range. */
export function parsePolicyChange(
  text: string,
): { readonly name: PolicyName; readonly value: number } | undefined {
  const [word = '', written = '', ...more] = text.split('=');
  const name = NAMES.find((one) => one === word.trim());
  const digits = written.trim();
  // Otherwise `6e1` and `0x3c` would be numbers, too.
  if (name === undefined || more.length > 0 || !isWhole(digits)) return undefined;
  const value = Number(digits);
  const { min, max } = POLICY_RULES[name];
  return value < min || value > max ? undefined : { name, value };
}

/** Decimal digits, as many as a double represents exactly. */
function isWhole(text: string): boolean {
  if (text === '' || text.length > 15) return false;
  for (const character of text) if (character < '0' || character > '9') return false;
  return true;
}

export function gradeRank(grade: Grade): number {
  return GRADES.indexOf(grade);
}
