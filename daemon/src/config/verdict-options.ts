// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { parseIp } from '@sentrypeer/ip';
import { parseAllowed, parsePolicyChange, type PolicyName } from '@sentrypeer/verdict';
import { VALUES_COUNT_MAX } from '../limits.ts';
import { derivedOption } from './option.ts';
import type { ValueType } from './value-types.ts';

/** A value that differs from docs/policy.md. */
interface PolicyChange {
  readonly name: PolicyName;
  readonly value: number;
}

/** Several values joined by commas, each once. */
function listType<T>(
  placeholder: string,
  wanted: string,
  parse: (item: string) => T | undefined,
  format: (value: T) => string,
): ValueType<readonly T[]> {
  return {
    placeholder,
    wanted,
    toml: ['string'],
    repeatable: true,
    parse: (text) => {
      const items = [...new Set(text.split(',').map((item) => item.trim()))];
      const values = items.map(parse).filter((value) => value !== undefined);
      return values.length === items.length && items.length <= VALUES_COUNT_MAX
        ? values
        : undefined;
    },
    format: (values) => values.map(format).join(','),
  };
}

const policyLines = listType<PolicyChange>(
  'NAME=VALUE',
  'a line of the policy with a whole number in its range, such as address-threshold=60 (docs/policy.md), each line once',
  parsePolicyChange,
  ({ name, value }) => `${name}=${value}`,
);

const policyType: ValueType<readonly PolicyChange[]> = {
  ...policyLines,
  parse: (text) => {
    const changes = policyLines.parse(text);
    return new Set(changes?.map(({ name }) => name)).size === changes?.length ? changes : undefined;
  },
};

/** ISO 3166-1 alpha-2. */
const countryType: ValueType<string> = {
  placeholder: 'COUNTRY',
  wanted: 'a country in two letters (ISO 3166), such as SE or US',
  toml: ['string'],
  repeatable: false,
  parse: (text) => {
    const written = text.trim().toUpperCase();
    const code = written === 'UK' ? 'GB' : written; // Reserved for the United Kingdom, and common there.
    const isCode = code.length === 2 && code.charAt(0) >= 'A' && code.charAt(0) <= 'Z';
    if (!isCode || code.charAt(1) < 'A' || code.charAt(1) > 'Z') return undefined;
    // Created when needed: its names take some MiB.
    const names = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });
    const isToday = new Intl.Locale(`und-${code}`).region === code; // Otherwise it is a former country.
    return isToday && names.of(code) !== undefined ? code : undefined;
  },
  format: (value) => value,
};

const asText = (value: string): string => value;

/** What the judge must know; part of the one table of options. */
export const VERDICT_OPTIONS = {
  homeCountry: derivedOption({
    group: 'verdict',
    long: 'home-country',
    type: countryType,
    defaultText: 'none: only international forms are understood',
    doc: 'Country whose numbering plan your telephones use, so that a number is found in every form that they dial.',
  }),
  ownNumbers: derivedOption({
    group: 'verdict',
    long: 'own-number',
    type: listType(
      'NUMBER',
      'a number such as +46701234567, +4670* or +46701234500-+46701234599',
      (item) => (item.startsWith('+') && parseAllowed(item) !== undefined ? item : undefined),
      asText,
    ),
    defaultText: 'none',
    doc: 'Your own number; it is never listed.',
  }),
  ownAddresses: derivedOption({
    group: 'verdict',
    long: 'own-address',
    type: listType(
      'ADDRESS',
      'an IP address such as 192.0.2.1 or 2001:db8::1',
      (item) => (parseIp(item) === undefined ? undefined : item),
      asText,
    ),
    defaultText: 'those of this machine, always',
    mayBeEmpty: true,
    doc: 'Public address of this machine, if it is behind NAT; it is never listed.',
  }),
  policy: derivedOption({
    group: 'verdict',
    long: 'policy',
    type: policyType,
    defaultText: 'as docs/policy.md says',
    mayBeEmpty: true,
    doc: 'Line of the policy that decides which addresses and numbers are listed.',
  }),
} as const;
