// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import {
  formatPrefix,
  IPV4_OFFSET_BITS,
  isIpv4,
  isNearlyIpv4,
  parsePrefix,
  type Prefix,
} from '@sentrypeer/ip';
import { unreachable } from '@sentrypeer/kernel';
import {
  ALLOWED_CHARACTERS_MAX,
  WIDE_IPV4_BITS,
  WIDE_IPV6_BITS,
  WIDE_NUMBERS_COUNT,
  WHOLE_NUMBER_DIGITS_MIN,
  WIDE_PREFIX_DIGITS,
} from './limits.ts';

/** Something the operator allowed: it is never listed. */
export interface Allowance {
  /** In the form of `parseAllowed()`. */
  readonly value: string;
  readonly comment: string;
  /** Wall-clock microseconds. */
  readonly createdEpochUs: number;
  /** End of the allowance; `undefined` if it always holds. */
  readonly untilEpochUs: number | undefined;
}

/** Addresses or numbers, as an allowance names them. */
export type Allowed =
  | { readonly kind: 'network'; readonly network: Prefix }
  /** Numbers of E.164, without a plus; of the same length, both ends included. */
  | { readonly kind: 'numbers'; readonly from: string; readonly to: string }
  /** All E.164 numbers that begin like this. */
  | { readonly kind: 'prefix'; readonly prefix: string }
  /** Exactly these digits, as dialled; both ends included. */
  | { readonly kind: 'dialled'; readonly from: string; readonly to: string };

/**
 * Reads `192.0.2.5`, `192.0.2.0/24`, `2001:db8::/32`, `+46701234567`, `+46701234500-+46701234599`, `+4670*`,
 * `2001` or `2000-2999`.
 *
 * @returns `undefined` if the text is not one of these.
 */
export function parseAllowed(text: string): Allowed | undefined {
  if (text === '' || text.length > ALLOWED_CHARACTERS_MAX) return undefined;
  if (text.includes('.') || text.includes(':')) {
    const network = parsePrefix(text);
    return network === undefined ? undefined : { kind: 'network', network };
  }
  if (text.startsWith('+') && text.endsWith('*')) {
    const prefix = text.slice(1, -1);
    return isDigits(prefix) ? { kind: 'prefix', prefix } : undefined;
  }
  const [from = '', to = from, ...more] = text.split('-');
  if (more.length > 0 || from.length !== to.length || from > to) return undefined;
  if (!text.startsWith('+')) {
    const isRight = from === to ? isDialled(from) : isDigits(from) && isDigits(to);
    return isRight ? { kind: 'dialled', from, to } : undefined;
  }
  if (!to.startsWith('+') || !isDigits(from.slice(1)) || !isDigits(to.slice(1))) return undefined;
  if (isOnlyCode(text)) return undefined;
  return { kind: 'numbers', from: from.slice(1), to: to.slice(1) };
}

/**
 * The inverse of `parseAllowed()`: one text for all spellings of the same, such as `45.1.2.3` for `::ffff:45.1.2.3` and
 * `45.1.2.3/32`.
 */
function formatAllowed(allowed: Allowed): string {
  switch (allowed.kind) {
    case 'network':
      return formatPrefix(allowed.network);
    case 'prefix':
      return `+${allowed.prefix}*`;
    case 'numbers':
    case 'dialled': {
      const plus = allowed.kind === 'numbers' ? '+' : '';
      const { from, to } = allowed;
      return from === to ? plus + from : `${plus}${from}-${plus}${to}`;
    }
    default:
      return unreachable(allowed);
  }
}

/** How a text is stored, and which entries of the allowlist mean the same in another spelling. */
export function spellings(
  text: string,
  allowances: readonly Pick<Allowance, 'value'>[],
): { readonly value: string; readonly alike: readonly string[] } {
  const canonical = (one: string): string => {
    const allowed = parseAllowed(one);
    return allowed === undefined ? one : formatAllowed(allowed);
  };
  const value = canonical(text);
  const alike = allowances
    .map((one) => one.value)
    .filter((other) => other !== value && canonical(other) === value);
  return { value, alike };
}

/** Whether it covers so much, such as `0.0.0.0/0` or `+1*`, that it was probably not meant. */
export function isWide(allowed: Allowed): boolean {
  switch (allowed.kind) {
    case 'network': {
      const { base, length } = allowed.network;
      return isIpv4(base) && length >= IPV4_OFFSET_BITS
        ? length - IPV4_OFFSET_BITS < WIDE_IPV4_BITS
        : length < WIDE_IPV6_BITS;
    }
    case 'prefix':
      return allowed.prefix.length < WIDE_PREFIX_DIGITS;
    case 'numbers':
    case 'dialled':
      return Number(allowed.to) - Number(allowed.from) >= WIDE_NUMBERS_COUNT;
    default:
      return unreachable(allowed);
  }
}

/** Whether it is only the code of a country or an area, such as `+44`, where a whole number is wanted. */
export function isOnlyCode(text: string): boolean {
  return (
    text.startsWith('+') && isDigits(text.slice(1)) && text.length - 1 < WHOLE_NUMBER_DIGITS_MIN
  );
}

/**
 * Why {@link parseAllowed} cannot read a text, for the usual slips: bits after the length of a prefix, a netmask, a
 * country code, blanks and hyphens in a number. `undefined` if there is nothing better to say.
 */
export function likelySlip(text: string): string | undefined {
  if (text.includes('/')) {
    const network = parsePrefix(text, { cut: true });
    if (network === undefined) return undefined;
    return `bits after the length must be 0: write ${formatPrefix(network)}`;
  }
  if (isOnlyCode(text)) return `${text} is a code and not a number`;
  if (isBarePrefix(text)) {
    return 'a prefix begins with + and the code of a country, such as +4670*';
  }
  if (isNearlyIpv4(text)) return 'it looks like an address but is not one';
  const digits = Array.from(text)
    .filter((character) => !' ()-./'.includes(character))
    .join('');
  const isNumber = digits !== text && isDigits(digits.startsWith('+') ? digits.slice(1) : digits);
  return isNumber && parseAllowed(digits) !== undefined
    ? `write a number without blanks and hyphens: ${digits}`
    : undefined;
}

function isDigits(text: string): boolean {
  return text !== '' && consistsOf(text, '0123456789');
}

/** Digits with stars and hashes among them, but not `4670*`, which is meant as a prefix. */
function isDialled(text: string): boolean {
  return consistsOf(text, '0123456789*#') && !consistsOf(text, '*#') && !isBarePrefix(text);
}

function isBarePrefix(text: string): boolean {
  return text.endsWith('*') && isDigits(text.slice(0, -1));
}

function consistsOf(text: string, characters: string): boolean {
  for (const character of text) if (!characters.includes(character)) return false;
  return true;
}
