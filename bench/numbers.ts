// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * Of numbers that attackers dialled behind prefixes, how many are found when a PBX dials them in its own form, and
 * how many that nobody dialled are taken for one? Beside the comparison of texts that SentryPeer 4.x makes.
 *
 *   node bench/numbers.ts [numbers] [seed]
 */

import { readNumber, settle, NumberingPlans, type HomePlan } from '@sentrypeer/numbers';
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

/** What a reading must be worth to count as found: the half that policy asks of a listed number. */
const FOUND = 0.5;
const ATTEMPTS = 60;

const numbersCount = Number(process.argv[2] ?? 2000);
const seed = Number(process.argv[3] ?? 20_261_125);
const plans = await NumberingPlans.load();
const homes = new Map<Home, HomePlan | undefined>(
  HOMES.map((home) => [home, plans.home(home.country)]),
);

/** What the store keeps of dialled numbers: forms by number, and what each was settled for. */
class Memory {
  readonly #exact = new Set<string>();
  readonly #forms = new Map<string, number>();
  readonly #confidence = new Map<string, number>();

  readonly forms = (e164: string): number => this.#forms.get(e164) ?? 0;

  dialled(text: string): void {
    if (this.#exact.has(text)) return;
    this.#exact.add(text);
    const { candidates } = readNumber(plans, text);
    for (const { e164 } of candidates) this.#forms.set(e164, this.forms(e164) + 1);
    const settled = settle(candidates, this.forms);
    if (settled === undefined) return;
    const { e164 } = settled.candidate;
    this.#confidence.set(e164, Math.max(settled.confidence, this.#confidence.get(e164) ?? 0));
  }

  findsExactly(text: string): boolean {
    const other = text.startsWith('+') ? text.slice(1) : `+${text}`;
    return this.#exact.has(text) || this.#exact.has(other);
  }

  finds(text: string, home: Home): boolean {
    if (this.findsExactly(text)) return true;
    const { candidates } = readNumber(plans, text, homes.get(home));
    const settled = settle(candidates, this.forms);
    const all = settled === undefined ? candidates : [settled.candidate, ...candidates];
    return all.some((candidate) => {
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

/** Homes in which the number is foreign and, where there is one, the one in which it is not. */
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

/** Each prefix alone: nothing else was ever dialled. */
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

/** Sources try each number behind one prefix after another; all of it in one memory. */
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
