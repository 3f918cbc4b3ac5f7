// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** The kind of prefix before a number, if it is known. */
export type PrefixKind =
  /** A plus, or RFC 3966's global context. */
  | 'plus'
  /** Nothing. */
  | 'none'
  /** A country's prefix for international calls. */
  | 'international'
  /** The same after the digits that get an outside line from a PBX. */
  | 'outside-international'
  /** A national number, or one without the country code, in the caller's country. */
  | 'national'
  /** Only the prefix for an outside line. */
  | 'outside'
  /** Digits of a carrier or of an attacker's guess, then a prefix for international calls or a mark. */
  | 'technical-international'
  /** Any other digits. */
  | 'technical';

/**
 * How likely a number begins after a prefix of that kind, 0 to 1. Chosen so that a reading that a person would make at
 * once is above 0.8, and one that could equally be coincidence is below 0.5.
 */
export const CONFIDENCE: Readonly<Record<PrefixKind, number>> = {
  plus: 1,
  international: 0.95,
  'outside-international': 0.9,
  national: 0.9,
  none: 0.8,
  'technical-international': 0.7,
  outside: 0.6,
  technical: 0.3,
};

/** Prefixes of international calls, ITU-T E.164 supplement and national plans; the common ones first. */
const INTERNATIONAL = new Set([
  '00',
  '011',
  '0011',
  '010',
  '001',
  '002',
  '009',
  '005',
  '008',
  '012',
  '810',
  '8010',
  '119',
  '0010',
  '0012',
  '0014',
  '0015',
  '0021',
  '0041',
  '00700',
]);

/** Prefixes for an outside line of a PBX (seen before numbers that call blasters try). */
const OUTSIDE = new Set(['0', '9', '8', '7', '6', '1', '2', '3', '4', '5', '00', '99', '90', '88']);

/** Prefixes of international calls that equipment uses in every country. */
export const INTERNATIONAL_EVERYWHERE: readonly string[] = ['00', '011'];

/** Ends of a prefix after which an E.164 number begins. */
const ENDS = INTERNATIONAL_EVERYWHERE;

/** The kind of the digits before a number, which was written with a plus (`isGlobal`) or without. */
export function prefixKind(prefix: string, isGlobal: boolean): PrefixKind {
  if (prefix === '') return isGlobal ? 'plus' : 'none';
  if (INTERNATIONAL.has(prefix)) return 'international';
  if (prefix.endsWith('*') || prefix.endsWith('#')) return 'technical-international';
  for (const length of [1, 2]) {
    if (OUTSIDE.has(prefix.slice(0, length)) && INTERNATIONAL.has(prefix.slice(length))) {
      return 'outside-international';
    }
  }
  if (OUTSIDE.has(prefix)) return 'outside';
  return ENDS.some((end) => prefix.endsWith(end)) ? 'technical-international' : 'technical';
}

/** Prefixes for an outside line that telephones behind a PBX dial, and none. */
export const OUTSIDE_LINES: readonly string[] = ['', '9', '0', '8', '7', '99', '00'];
