// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { MetadataJson } from 'libphonenumber-js/core';
import { assert } from '@sentrypeer/kernel';
import { E164_DIGITS_MAX, E164_DIGITS_MIN } from './limits.ts';

/** `unallocated`: the country has numbers of that length, but this one was never assigned. */
export type NumberType =
  | 'fixed'
  | 'mobile'
  | 'fixed-or-mobile'
  | 'toll-free'
  | 'premium'
  | 'shared-cost'
  | 'personal'
  | 'voip'
  | 'pager'
  | 'company'
  | 'voicemail'
  | 'satellite'
  | 'unallocated';

/** A number according to its numbering plan. */
export interface PlannedNumber {
  /** Country code and national number, without a plus. */
  readonly e164: string;
  /** ISO 3166-1 alpha-2; `undefined` for codes that belong to no country, such as satellite networks. */
  readonly country: string | undefined;
  readonly type: NumberType;
}

/** How telephones of one country dial. */
export interface HomePlan {
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
  readonly callingCode: string;
  /** The digits after the international prefix, `undefined` if there is no such prefix. */
  afterInternationalPrefix(digits: string): string | undefined;
  /** The national number without its trunk prefix; unchanged if it has none. */
  withoutTrunkPrefix(digits: string): string;
}

/** Places in the metadata of one country, as libphonenumber-js 1 lays it out (its version 4). */
const CALLING_CODE = 0;
const INTERNATIONAL_PREFIX = 1;
const NATIONAL_PATTERN = 2;
const LENGTHS = 3;
const FORMATS = 4;
const TRUNK_PREFIX = 5;
const TRUNK_PREFIX_PATTERN = 7;
const TRUNK_PREFIX_TRANSFORM = 8;
const LEADING_DIGITS = 10;
const TYPES = 11;
const FORMAT_VERSION = 4;

/** The order of the metadata's patterns. */
const TYPE_NAMES: readonly NumberType[] = [
  'fixed',
  'mobile',
  'toll-free',
  'premium',
  'personal',
  'voicemail',
  'company',
  'pager',
  'voip',
  'shared-cost',
];
/** The order in which libphonenumber asks for them, after `fixed`. */
const ASKED: readonly number[] = [1, 3, 2, 9, 8, 4, 7, 6, 5];

/**
 * Country codes of global mobile satellite systems, and two networks under 882 (ITU-T E.164 Annex, list of assigned
 * codes).
 */
const SATELLITE_PREFIXES: readonly string[] = ['870', '881', '88213', '88216'];

/**
 * Prefixes that telephones and PBXs still dial, or may dial, and that the metadata does not have. No number of the
 * country begins with them.
 */
const OTHER_PREFIXES: Readonly<
  Record<string, { readonly trunk: string; readonly international?: string }>
> = {
  // Until August 2019: calls to other areas, and from fixed lines to mobiles, in the area and in others.
  MX: { trunk: '01|04[45]' },
  // The code of a carrier after the 8 (order 142 of 2006, paragraph 36): up to 5 for other areas, above for abroad.
  RU: { trunk: '8(?:[25][1-5])?', international: '8(?:10|[25][6-9])' },
};

type Field = readonly unknown[];

/** The pattern, and the lengths of such numbers if they are fewer than the country's. */
type TypeEntry = readonly [string, (readonly number[] | null)?];

/** How national numbers of one kind are grouped. */
interface NumberFormat {
  readonly pattern: RegExp;
  /** Matches the beginning of the national number. */
  readonly leadingDigits: RegExp | undefined;
  /** For callers abroad: `$1 $2 $3`. */
  readonly groups: string;
}

interface TypePattern {
  readonly type: NumberType;
  readonly lengths: readonly number[] | undefined;
  readonly pattern: RegExp;
}

/**
 * The pattern, its groups, what numbers begin with (the last one is exact), two that concern calls at home, its groups
 * abroad.
 */
type FormatEntry = readonly [
  string,
  string,
  (readonly string[] | 0)?,
  (string | 0)?,
  number?,
  (string | 0)?,
];

interface Plan {
  readonly country: string | undefined;
  readonly lengths: readonly number[];
  readonly leadingDigits: RegExp | undefined;
  readonly pattern: RegExp;
  readonly fixed: TypePattern | undefined;
  readonly hasMobile: boolean;
  readonly others: readonly TypePattern[];
}

/**
 * The numbering plans of the world. Patterns are compiled when a number of their country is first seen. They come from
 * the library, not from a peer, match whole texts of at most 15 digits, and have no nested quantifier.
 */
export class NumberingPlans {
  readonly #metadata: MetadataJson;
  readonly #plans = new Map<string, readonly Plan[]>();
  readonly #formats = new Map<string, readonly NumberFormat[]>();
  readonly #codes: ReadonlySet<string>;
  readonly #codeLengths: readonly number[];

  private constructor(metadata: MetadataJson) {
    const { version } = metadata as unknown as { readonly version: number };
    assert(version === FORMAT_VERSION, 'the metadata is laid out as this file reads it');
    this.#metadata = metadata;
    this.#codes = new Set([
      ...Object.keys(metadata.country_calling_codes),
      ...Object.keys(metadata.nonGeographic),
    ]);
    this.#codeLengths = Array.from({ length: 100 }, (_, index) => {
      const two = String(index).padStart(2, '0');
      if (this.#codes.has(two.slice(0, 1))) return 1;
      return this.#codes.has(two) ? 2 : 3;
    });
  }

  /** Loads the metadata: 5 ms and 1 to 4 MiB, so it is only loaded when needed. */
  static async load(): Promise<NumberingPlans> {
    const { default: metadata } = await import('libphonenumber-js/max/metadata');
    return new NumberingPlans(metadata);
  }

  /** The country code that the digits begin with. Country codes are prefix-free (ITU-T E.164 §6). */
  callingCodeOf(digits: string): string | undefined {
    // The first two digits determine its length.
    const length = this.#codeLengths[(digits.charCodeAt(0) - 48) * 10 + digits.charCodeAt(1) - 48];
    const code = digits.slice(0, length ?? 0);
    return this.#codes.has(code) ? code : undefined;
  }

  /** @returns `undefined` if no country has such numbers. */
  read(e164: string): PlannedNumber | undefined {
    if (e164.length < E164_DIGITS_MIN || e164.length > E164_DIGITS_MAX) return undefined;
    const code = this.callingCodeOf(e164);
    if (code === undefined) return undefined;
    const national = e164.slice(code.length);
    const plans = this.#plansOf(code);
    let country = plans[0]?.country;
    for (const plan of plans) {
      if (plan.leadingDigits !== undefined && !plan.leadingDigits.test(national)) continue;
      const type = typeOf(plan, national);
      if (type !== undefined) return { e164, country: plan.country, type: satellite(e164) ?? type };
      if (plan.leadingDigits !== undefined) {
        country = plan.country; // No other country of the code has these digits, assigned or not.
        break;
      }
    }
    const isPossible = plans.some(({ lengths }) => lengths.includes(national.length));
    if (!isPossible) return undefined;
    return { e164, country, type: 'unallocated' };
  }

  /** Whether longer numbers may begin with the digits, as all of Sweden's begin with 46. */
  mayBegin(digits: string): boolean {
    const code = this.callingCodeOf(digits);
    if (code === undefined) return false;
    const size = digits.length - code.length;
    return this.#plansOf(code).some(({ lengths }) => lengths.some((length) => length > size));
  }

  /**
   * A number as its country writes it for callers abroad: `+44 20 7946 0958`. If no custom is known, only the country
   * code is set apart.
   *
   * @param e164 Country code and national number, without a plus.
   */
  grouped(e164: string): string {
    const code = this.callingCodeOf(e164);
    if (code === undefined) return `+${e164}`;
    const national = e164.slice(code.length);
    const format = this.#formatsOf(code).find(
      ({ pattern, leadingDigits }) =>
        leadingDigits?.test(national) !== false && pattern.test(national),
    );
    if (format === undefined) return `+${code} ${national}`;
    return `+${code} ${national.replace(format.pattern, format.groups)}`;
  }

  /** @param country ISO 3166-1 alpha-2. @returns `undefined` if there is no such country. */
  home(country: string): HomePlan | undefined {
    const fields = this.#country(country);
    if (fields === undefined) return undefined;
    const trunk = text(fields[TRUNK_PREFIX]);
    const other = Object.hasOwn(OTHER_PREFIXES, country) ? OTHER_PREFIXES[country] : undefined;
    const trunkDigits = other?.trunk ?? text(fields[TRUNK_PREFIX_PATTERN]) ?? trunk;
    const trunkPattern = trunkDigits === undefined ? undefined : atStart(trunkDigits);
    const transform = text(fields[TRUNK_PREFIX_TRANSFORM]);
    const international = atStart(
      other?.international ?? text(fields[INTERNATIONAL_PREFIX]) ?? '00',
    );
    const national = whole(String(fields[NATIONAL_PATTERN]));
    return {
      country,
      callingCode: String(fields[CALLING_CODE]),
      afterInternationalPrefix: (digits) => {
        const found = international.exec(digits);
        return found === null ? undefined : digits.slice(found[0].length);
      },
      withoutTrunkPrefix: (digits) => {
        const found = trunkPattern?.exec(digits) ?? null;
        if (found === null || trunkPattern === undefined) return digits;
        const hasGroup = found.slice(1).some((group) => group !== undefined);
        let rest = digits.slice(found[0].length);
        if (hasGroup && transform !== undefined) rest = digits.replace(trunkPattern, transform);
        // The trunk prefix is also dialled after the code of a carrier: 17951 010 6552 9988 in China.
        else if (hasGroup && trunk !== undefined && rest.startsWith(trunk) && !national.test(rest))
          rest = rest.slice(trunk.length);
        // Numbers of some countries begin with the digits of the prefix: 8 800 555 35 35 in Russia, where it is 8.
        return national.test(digits) && !national.test(rest) ? digits : rest;
      },
    };
  }

  /** Countries by their ISO code. */
  countries(): readonly string[] {
    return Object.keys(this.#metadata.countries);
  }

  #country(country: string): Field | undefined {
    const { countries } = this.#metadata;
    if (!Object.hasOwn(countries, country)) return undefined;
    return countries[country as keyof typeof countries];
  }

  /** Countries that share a code write their numbers like the first of them. */
  #formatsOf(code: string): readonly NumberFormat[] {
    const known = this.#formats.get(code);
    if (known !== undefined) return known;
    const { country_calling_codes: byCode, nonGeographic } = this.#metadata;
    const [country] = Object.hasOwn(byCode, code)
      ? (byCode[code as keyof typeof byCode] as readonly string[])
      : [];
    const fields =
      country === undefined
        ? (nonGeographic as unknown as Record<string, Field>)[code]
        : this.#country(country);
    const formats = (fields?.[FORMATS] || []) as readonly FormatEntry[];
    const read = formats.map(formatOf);
    this.#formats.set(code, read);
    return read;
  }

  #plansOf(code: string): readonly Plan[] {
    const known = this.#plans.get(code);
    if (known !== undefined) return known;
    const { country_calling_codes: byCode, nonGeographic } = this.#metadata;
    const countries = Object.hasOwn(byCode, code)
      ? (byCode[code as keyof typeof byCode] as readonly string[])
      : [];
    const plans =
      countries.length === 0
        ? [planOf(undefined, (nonGeographic as unknown as Record<string, Field>)[code] ?? [])]
        : countries.map((country) => planOf(country, this.#country(country) ?? []));
    this.#plans.set(code, plans);
    return plans;
  }
}

function planOf(country: string | undefined, fields: Field): Plan {
  const types = fields[TYPES] as readonly (TypeEntry | 0)[];
  const patterns = TYPE_NAMES.map((type, index): TypePattern | undefined => {
    const entry = types[index];
    // An empty pattern means the same pattern as that of fixed lines.
    if (entry === undefined || entry === 0 || entry[0] === '') return undefined;
    return { type, lengths: entry[1] ?? undefined, pattern: whole(entry[0]) };
  });
  const leading = text(fields[LEADING_DIGITS]);
  return {
    country,
    lengths: fields[LENGTHS] as readonly number[],
    leadingDigits: leading === undefined ? undefined : atStart(leading),
    pattern: whole(String(fields[NATIONAL_PATTERN])),
    fixed: patterns[0],
    hasMobile: patterns[1] !== undefined,
    others: ASKED.map((index) => patterns[index]).filter((pattern) => pattern !== undefined),
  };
}

function formatOf([pattern, groups, leading, , , abroad]: FormatEntry): NumberFormat {
  const exact = leading === 0 ? undefined : leading?.at(-1);
  return {
    pattern: whole(pattern),
    leadingDigits: exact === undefined ? undefined : atStart(exact),
    // As ITU-T E.123 requires, whatever the custom at home: only spaces.
    groups: (text(abroad) ?? groups).replaceAll(/[^$0-9]+/g, ' ').trim(),
  };
}

/** Decides as libphonenumber does. */
function typeOf(plan: Plan, national: string): NumberType | undefined {
  if (!plan.pattern.test(national)) return undefined;
  const [mobile] = plan.others;
  if (plan.fixed !== undefined && fits(plan.fixed, national)) {
    if (!plan.hasMobile) return 'fixed-or-mobile';
    return mobile !== undefined && fits(mobile, national) ? 'fixed-or-mobile' : 'fixed';
  }
  return plan.others.find((pattern) => fits(pattern, national))?.type;
}

function fits({ lengths, pattern }: TypePattern, national: string): boolean {
  return (lengths === undefined || lengths.includes(national.length)) && pattern.test(national);
}

function satellite(e164: string): NumberType | undefined {
  return SATELLITE_PREFIXES.some((prefix) => e164.startsWith(prefix)) ? 'satellite' : undefined;
}

function text(field: unknown): string | undefined {
  return typeof field === 'string' && field !== '' ? field : undefined;
}

function whole(pattern: string): RegExp {
  return new RegExp(`^(?:${pattern})$`);
}

function atStart(pattern: string): RegExp {
  return new RegExp(`^(?:${pattern})`);
}
