// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { canonicalAddress, formatPrefix, networksOf, parsePrefix } from '@sentrypeer/ip';
import { readDurationText, readMomentText } from '@sentrypeer/kernel';
import { NUMBER_TEXT_CHARACTERS_MAX, READINGS_COUNT_MAX, TEXT_CHARACTERS_MAX } from './limits.ts';

/** The part of JSON Schema that our OpenAPI document uses. */
export type Schema = Readonly<Record<string, unknown>>;

/** Describes a text in a request, for the reader, the validator and the OpenAPI document alike. */
export interface Parameter<T> {
  readonly description: string;
  readonly schema: Schema;
  /** Completes the sentence "X must be …". */
  readonly right: string;
  /** `undefined` for any other text. */
  read(text: string): T | undefined;
}

export type Parameters = Readonly<Record<string, Parameter<unknown>>>;
/** The values read from a query; missing ones are absent. */
export type Values<P extends Parameters> = {
  readonly [K in keyof P]?: P[K] extends Parameter<infer T> ? T : never;
};

/** A query, or what is wrong with it and what would be right. */
export type ReadQuery<P extends Parameters> =
  | { readonly ok: true; readonly values: Values<P> }
  | { readonly ok: false; readonly detail: string };

/** Outside lines and international prefixes, as in 0+44 and 9011+44. */
const BEFORE_PLUS = new Set('0 00 000 9 90 99 900 8 7 6 011 9011 0011'.split(' '));
const DIGITS_MAX = 9;
const NETWORK = /^(AS[0-9]{1,10}|[0-9a-f.:]{2,39}\/[0-9]{1,3})$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/;
const AGE = /^([0-9]{1,9}[smhdw])+$/;
const NO_AGE = /^(0+[smhdw])+$/;

export function oneOf<const T extends string>(
  description: string,
  values: readonly T[],
): Parameter<T> {
  return {
    description,
    schema: { type: 'string', enum: values },
    right: `one of ${values.join(', ')}`,
    read: (text) => values.find((value) => value === text),
  };
}

export function wholeNumber(description: string, min: number, max?: number): Parameter<number> {
  return {
    description,
    schema: { type: 'integer', minimum: min, ...(max === undefined ? {} : { maximum: max }) },
    right: max === undefined ? `a whole number of ${min} and above` : `from ${min} to ${max}`,
    read: (text) => {
      const digitsMax = max === undefined ? DIGITS_MAX : String(max).length;
      if (text.length > digitsMax || !/^[0-9]+$/.test(text)) return undefined;
      const value = Number(text);
      return value < min || (max !== undefined && value > max) ? undefined : value;
    },
  };
}

/** Wall-clock microseconds of a time of RFC 3339. */
export function time(description: string): Parameter<number> {
  return {
    description,
    schema: { type: 'string', format: 'date-time' },
    right: 'a time of RFC 3339 such as 2026-11-24T16:00:00Z',
    read: (text) => {
      // Date.parse() would take the 30th of February for the 2nd of March.
      return RFC_3339.test(text) ? readMomentText(text) : undefined;
    },
  };
}

/** A place in the feed: the serial of a change, or a time in microseconds. */
export type Since = { readonly serial: number } | { readonly epochUs: number };

/** A serial of the feed, or a time of RFC 3339. */
export function serialOrTime(description: string): Parameter<Since> {
  const serial = wholeNumber('', 0, Number.MAX_SAFE_INTEGER);
  const at = time('');
  return {
    description,
    schema: {
      type: 'string',
      anyOf: [{ format: 'date-time' }, { pattern: '^[0-9]{1,16}$' }],
    },
    right: 'a serial, or a time of RFC 3339 such as 2026-11-24T16:00:00Z',
    read: (text) => {
      const number = serial.read(text);
      if (number !== undefined) return { serial: number };
      const epochUs = at.read(text);
      return epochUs === undefined ? undefined : { epochUs };
    },
  };
}

/** Seconds of a duration. */
export function age(description: string): Parameter<number> {
  return {
    description,
    schema: { type: 'string', pattern: '^([0-9]{1,9}[smhdw])+$' },
    right: 'a time such as 90s, 30m, 24h, 7d, 2w or 1d12h',
    read: (text) => {
      if (!AGE.test(text)) return undefined;
      return NO_AGE.test(text) ? 0 : readDurationText(text);
    },
  };
}

export function text(description: string): Parameter<string> {
  return {
    description,
    schema: { type: 'string', minLength: 1, maxLength: TEXT_CHARACTERS_MAX },
    right: `a text of 1 to ${TEXT_CHARACTERS_MAX} characters`,
    read: (value) => (value === '' || value.length > TEXT_CHARACTERS_MAX ? undefined : value),
  };
}

/** An address in the form in which it is stored. */
export function address(description: string): Parameter<string> {
  return {
    description,
    schema: { type: 'string', anyOf: [{ format: 'ipv4' }, { format: 'ipv6' }] },
    right: 'an IP address such as 203.0.113.5 or 2001:db8::5',
    read: canonicalAddress,
  };
}

/** An address as above, or the IPv6 network that is shown as one. */
export function source(description: string): Parameter<string> {
  const one = address(description);
  return {
    ...one,
    schema: {
      type: 'string',
      anyOf: [{ format: 'ipv4' }, { format: 'ipv6' }, { pattern: '/64$' }],
    },
    right: 'an IP address such as 203.0.113.5 or 2001:db8::5, or a network such as 2001:db8::/64',
    read: (text) => (text.endsWith('/64') ? networksOf(text)?.[0]?.text : one.read(text)),
  };
}

/** What the honeypot records and a PBX may send: digits after any prefix, with blanks, a name or a URI. */
export function askedNumber(description: string): Parameter<string> {
  return {
    description,
    schema: { type: 'string', minLength: 1, maxLength: NUMBER_TEXT_CHARACTERS_MAX },
    right: `a number as it was dialled, or a SIP or tel URI, of at most ${NUMBER_TEXT_CHARACTERS_MAX} characters`,
    read: readDialledText,
  };
}

/** Several of them, separated by commas. */
export function askedNumbers(description: string): Parameter<readonly string[]> {
  return {
    description,
    schema: { type: 'string', minLength: 1 },
    right: `1 to ${READINGS_COUNT_MAX} numbers as they were dialled, separated by commas`,
    read: (text) => {
      const numbers = text.split(',', READINGS_COUNT_MAX + 1).map(readDialledText);
      if (numbers.length > READINGS_COUNT_MAX) return undefined;
      const read = numbers.filter((number) => number !== undefined);
      return read.length < numbers.length ? undefined : read;
    },
  };
}

/** The text without surrounding blanks; `undefined` if it is empty, too long, or contains control characters. */
export function readDialledText(text: string): string | undefined {
  const value = text.trim();
  if (value === '' || value.length > NUMBER_TEXT_CHARACTERS_MAX) return undefined;
  for (let index = 0; index < value.length; index += 1) {
    const code = value.charCodeAt(index);
    if (code < 0x20 || code === 0x7f) return undefined;
  }
  return value;
}

export const country: Parameter<string> = {
  description: 'Of this country, ISO 3166-1 alpha-2.',
  schema: { type: 'string', pattern: '^[A-Za-z]{2}$' },
  right: 'the two letters of a country',
  read: (value) => (/^[A-Za-z]{2}$/.test(value) ? value.toUpperCase() : undefined),
};

export const network: Parameter<string> = {
  description: 'Of this network, as the answer names it.',
  schema: { type: 'string', pattern: NETWORK.source },
  right: 'a network such as AS64500 or 203.0.113.0/24',
  read: (value) => (NETWORK.test(value) ? value : undefined),
};

/** A country as above, or `-`. */
export const eventCountry: Parameter<string> = {
  description: 'From this country, ISO 3166-1 alpha-2; - where it is not known.',
  schema: { type: 'string', pattern: '^([A-Za-z]{2}|-)$' },
  right: 'the two letters of a country, or - where it is not known',
  read: (value) => (value === '-' ? value : country.read(value)),
};

/** A network as above, or any other prefix. */
export const eventNetwork: Parameter<string> = {
  ...network,
  description: 'From this network, or from within this prefix.',
  read: (value) => {
    if (!value.includes('/')) return network.read(value.toUpperCase());
    const prefix = parsePrefix(value, { cut: true });
    return prefix === undefined ? undefined : formatPrefix(prefix);
  },
};

export function uuid(description: string): Parameter<string> {
  return {
    description,
    schema: { type: 'string', format: 'uuid' },
    right: 'a UUID',
    read: (value) => (UUID.test(value) ? value.toLowerCase() : undefined),
  };
}

/**
 * In a form a plus means a blank (URL Standard, `application/x-www-form-urlencoded`), but PBXs that build their
 * question by hand mean a plus. No value begins with a blank, and none follows only the digits that PBXs dial before a
 * number abroad.
 */
function withPlus(pair: string): string {
  const begin = pair.indexOf('=') + 1;
  let end = begin;
  while (pair.charAt(end) === '+') end += 1;
  const value = pair.slice(end);
  const [before = '', after, ...more] = value.split('+');
  const isPlus = after !== undefined && more.length === 0 && BEFORE_PLUS.has(before);
  return (
    pair.slice(0, begin) + '%2B'.repeat(end - begin) + (isPlus ? `${before}%2B${after}` : value)
  );
}

/** Reads the query of a target; each parameter may appear once. */
export function readQuery<P extends Parameters>(target: string, parameters: P): ReadQuery<P> {
  const mark = target.indexOf('?');
  const values: Record<string, unknown> = {};
  if (mark < 0) return { ok: true, values: values as Values<P> };
  const query = new URLSearchParams(
    target
      .slice(mark + 1)
      .split('&')
      .map(withPlus)
      .join('&'),
  );
  for (const name of new Set(query.keys())) {
    const parameter = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    if (parameter === undefined) {
      const known = Object.keys(parameters).join(', ') || 'none';
      return { ok: false, detail: `there is no such parameter; there are ${known}` };
    }
    const texts = query.getAll(name);
    values[name] = texts.length === 1 ? parameter.read(texts[0] ?? '') : undefined;
    if (values[name] === undefined) {
      return { ok: false, detail: `${name} must be once ${parameter.right}` };
    }
  }
  return { ok: true, values: values as Values<P> };
}
