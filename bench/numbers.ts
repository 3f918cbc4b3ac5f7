// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * Of the numbers that attackers dialled after prefixes, how many are found when a PBX dials them in its own form, and
 * how many numbers that nobody dialled are mistaken for one? Compared with the text comparison of SentryPeer 4.x.
 *
 *   node bench/numbers.ts [numbers] [seed]
 */

import {
  readNumber,
  readQuestion,
  settle,
  NumberingPlans,
  type HomePlan,
} from '@sentrypeer/numbers';
import {
  HOMES,
  KNOWN_PREFIXES,
  pbxForms,
  randomNumber,
  SeededRandom,
  triedPrefixes,
  type Home,
} from './number-set.ts';
import { machineLine } from './load/processes.ts';

/** The least probability of a reading that counts as found: the half that policy requires of a listed number. */
const FOUND = 0.5;
const ATTEMPTS = 60;

const numbersCount = Number(process.argv[2] ?? 2000);
const seed = Number(process.argv[3] ?? 20_261_125);
const plans = await NumberingPlans.load();
const homes = new Map<Home, HomePlan | undefined>(
  HOMES.map((home) => [home, plans.home(home.country)]),
);

/** What the store keeps about dialled numbers: forms by number, and the number that each was settled for. */
class Memory {
  readonly #exact = new Set<string>();
  readonly #forms = new Map<string, number>();
  readonly #confidence = new Map<string, number>();
  /** The numbers that dialled digits were settled for. */
  readonly #meanings = new Map<string, string>();

  readonly forms = (e164: string): number => this.#forms.get(e164) ?? 0;

  dialled(text: string): void {
    if (this.#exact.has(text)) return;
    this.#exact.add(text);
    const { candidates } = readNumber(plans, text);
    for (const { e164 } of candidates) this.#forms.set(e164, this.forms(e164) + 1);
    const settled = settle(candidates, this.forms);
    if (settled === undefined) return;
    const { e164 } = settled.candidate;
    this.#meanings.set(text, e164);
    this.#confidence.set(e164, Math.max(settled.confidence, this.#confidence.get(e164) ?? 0));
  }

  findsExactly(text: string): boolean {
    const other = text.startsWith('+') ? text.slice(1) : `+${text}`;
    return this.#exact.has(text) || this.#exact.has(other);
  }

  /** Decides as `Judge.judge()` does. */
  finds(text: string, home: Home): boolean {
    const { candidates, isPlain } = readQuestion(plans, text, homes.get(home));
    const other = text.startsWith('+') ? text.slice(1) : `+${text}`;
    const meant = this.#meanings.get(text) ?? this.#meanings.get(other);
    if (meant !== undefined && (!isPlain || candidates.some(({ e164 }) => e164 === meant))) {
      return true;
    }
    const settled = settle(candidates, this.forms);
    return candidates.some((candidate) => {
      const own = candidate === settled?.candidate ? settled.confidence : candidate.confidence;
      return own * (this.#confidence.get(candidate.e164) ?? 0) >= FOUND;
    });
  }
}

interface Tally {
  asked: number;
  exact: number;
  found: number;
}

const tally = (): Tally => ({ asked: 0, exact: 0, found: 0 });

function ask(memory: Memory, text: string, home: Home, into: Tally): void {
  into.asked += 1;
  if (memory.findsExactly(text)) into.exact += 1;
  if (memory.finds(text, home)) into.found += 1;
}

/** Homes in which the number is foreign and, if there is one, the home in which it is not. */
function homesOf(e164: string, random: SeededRandom): readonly Home[] {
  const own = HOMES.find((home) => e164.startsWith(home.callingCode));
  return own === undefined ? [random.pick(HOMES)] : [own, random.pick(HOMES)];
}

function report(name: string, { asked, exact, found }: Tally): void {
  const percent = (count: number): string => `${((100 * count) / asked).toFixed(3)} %`;
  console.log(
    `${name.padEnd(58)} ${String(asked).padStart(8)} asked | exact ${percent(exact).padStart(9)} | ours ${percent(found).padStart(9)}`,
  );
}

/** Each prefix separately: nothing else was ever dialled. */
function single(random: SeededRandom, prefixesOf: () => readonly string[]): Tally {
  const into = tally();
  for (let index = 0; index < numbersCount / 10; index += 1) {
    const { e164 } = randomNumber(random, plans);
    for (const prefix of prefixesOf()) {
      const memory = new Memory();
      memory.dialled(prefix + e164);
      for (const home of homesOf(e164, random))
        for (const form of pbxForms(e164, home)) ask(memory, form, home, into);
    }
  }
  return into;
}

/** Sources try each number after one prefix after another, all in one memory. */
function campaign(random: SeededRandom, attempts: number): readonly [Tally, Tally, Tally] {
  const memory = new Memory();
  const dialled = Array.from({ length: numbersCount }, () => randomNumber(random, plans).e164);
  const prefixes: string[][] = dialled.map(() =>
    [...triedPrefixes(random, attempts), ...KNOWN_PREFIXES]
      .map((prefix) => ({ prefix, at: random.below(2 ** 31) }))
      .toSorted((a, b) => a.at - b.at)
      .map(({ prefix }) => prefix)
      .slice(0, attempts),
  );
  // All sources at once.
  for (let turn = 0; turn < attempts; turn += 1)
    for (const [index, e164] of dialled.entries())
      memory.dialled((prefixes[index]?.[turn] ?? '') + e164);
  const recall = tally();
  const again = tally();
  for (const [index, e164] of dialled.entries()) {
    for (const prefix of prefixes[index] ?? []) {
      for (const home of homesOf(e164, random)) {
        for (const form of pbxForms(e164, home)) ask(memory, form, home, recall);
        ask(memory, random.digits(5) + prefix + e164, home, again);
      }
    }
  }
  const others = tally();
  const known = new Set(dialled);
  for (let index = 0; index < numbersCount * 10; index += 1) {
    const { e164 } = randomNumber(random, plans);
    if (known.has(e164)) continue;
    for (const home of homesOf(e164, random))
      for (const form of pbxForms(e164, home)) ask(memory, form, home, others);
  }
  return [recall, again, others];
}

const ofTheWorld = (random: SeededRandom, count: number): readonly string[] =>
  Array.from({ length: count }, () => randomNumber(random, plans).e164);

/** Equally many for each home: too few of the world's numbers are at home to say much about national forms. */
const ofHomes = (random: SeededRandom, count: number): readonly string[] =>
  HOMES.flatMap(({ country }) =>
    Array.from({ length: count }, () => randomNumber(random, plans, [country]).e164),
  );

/**
 * The same dialled digits, asked at each home in each form: how many numbers are found, and how many others are
 * mistaken for one of them.
 */
function reportForms(random: SeededRandom): void {
  const memory = new Memory();
  const dialled = [...ofTheWorld(random, numbersCount), ...ofHomes(random, numbersCount / 20)];
  for (const e164 of dialled) memory.dialled(random.pick(KNOWN_PREFIXES) + e164);
  const known = new Set(dialled);
  const others = [
    ...ofTheWorld(random, numbersCount),
    ...ofHomes(random, numbersCount / 20),
  ].filter((one) => !known.has(one));
  for (const home of HOMES) {
    const byForm = new Map<string, Tally>();
    const falsely = tally();
    const all = (e164: string) => askedForms(e164, home);
    for (const e164 of dialled) {
      for (const [name, form] of all(e164)) {
        const into = byForm.get(name) ?? tally();
        byForm.set(name, into);
        ask(memory, form, home, into);
      }
    }
    for (const e164 of others) for (const [, form] of all(e164)) ask(memory, form, home, falsely);
    const text = [...byForm].map(
      ([name, { asked, found }]) => `${name} ${((100 * found) / asked).toFixed(2)} (${asked})`,
    );
    console.log(
      `  ${home.country}: ${text.join(', ')} % | false ${falsely.found} of ${falsely.asked}`,
    );
  }
}

/** Forms by name: those of the home, and what telephones from elsewhere dial. */
function askedForms(e164: string, home: Home): readonly (readonly [string, string])[] {
  const national = home.trunk + e164.slice(home.callingCode.length);
  return [
    ['+', `+${e164}`],
    ['00', `00${e164}`],
    ['9-00', `900${e164}`],
    ['9-011', `9011${e164}`],
    ['own', home.international + e164],
    ...(e164.startsWith(home.callingCode) ? ([['national', national]] as const) : []),
  ];
}

console.log(machineLine());
console.log(`${numbersCount} numbers, seed ${seed}`);
report(
  'recall, known prefix, one attempt',
  single(new SeededRandom(seed), () => KNOWN_PREFIXES),
);
const tried = new SeededRandom(seed + 1);
report(
  'recall, tried prefix, one attempt',
  single(tried, () => triedPrefixes(tried, 20)),
);
for (const attempts of [3, 10, ATTEMPTS]) {
  const [recall, again, others] = campaign(new SeededRandom(seed + attempts), attempts);
  report(`recall, ${attempts} prefixes a number (number x prefix x form)`, recall);
  report(`recall behind a prefix never met before`, again);
  report(`false matches on other valid numbers`, others);
}
console.log('the same digits, dialled once behind a known prefix, asked at ten homes');
reportForms(new SeededRandom(seed + 2));
const started = performance.now();
const random = new SeededRandom(seed);
const texts = Array.from(
  { length: 20_000 },
  () => random.digits(6) + randomNumber(random, plans).e164,
);
const readAt = performance.now();
for (const text of texts) readNumber(plans, text);
const us = ((performance.now() - readAt) * 1000) / texts.length;
console.log(
  `one number read: ${us.toFixed(1)} us (set made in ${Math.round(readAt - started)} ms)`,
);
