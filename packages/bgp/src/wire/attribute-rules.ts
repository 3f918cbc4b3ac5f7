// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { AttributeFlag, AttributeType } from './attributes.ts';

/** What attribute checks must know about the session. */
export interface AttributeContext {
  readonly hasFourOctetAsn: boolean;
  /** The neighbour has our AS number. */
  readonly isInternal: boolean;
}

/** What one type of attribute must be like, and what follows if its value is not (RFC 7606 §7). */
export interface AttributeRule {
  /** The optional and the transitive bit. */
  readonly flags: number;
  readonly isValid: (value: Uint8Array, context: AttributeContext) => boolean;
  /** Whether only the attribute is dropped, and its routes stay. */
  readonly isDiscarded: (context: AttributeContext) => boolean;
}

const WELL_KNOWN = AttributeFlag.transitive;
const OPTIONAL = AttributeFlag.optional;
const OPTIONAL_TRANSITIVE = AttributeFlag.optional | AttributeFlag.transitive;

const always = (): boolean => true;
const never = (): boolean => false;
const ofExternal = ({ isInternal }: AttributeContext): boolean => !isInternal;

const hasSize =
  (size: number) =>
  ({ length }: Uint8Array): boolean =>
    length === size;
const isMultipleOf =
  (size: number) =>
  ({ length }: Uint8Array): boolean =>
    length > 0 && length % size === 0;

function rule(
  flags: number,
  isValid: AttributeRule['isValid'],
  isDiscarded: AttributeRule['isDiscarded'] = never,
): AttributeRule {
  return { flags, isValid, isDiscarded };
}

/** MP_REACH_NLRI and MP_UNREACH_NLRI are checked where their NLRI is read. */
export const ATTRIBUTE_RULES: ReadonlyMap<number, AttributeRule> = new Map<number, AttributeRule>([
  [AttributeType.origin, rule(WELL_KNOWN, (value) => value.length === 1 && (value[0] ?? 0) <= 2)],
  [
    AttributeType.asPath,
    rule(WELL_KNOWN, (value, context) => isPath(value, context.hasFourOctetAsn ? 4 : 2)),
  ],
  [AttributeType.nextHop, rule(WELL_KNOWN, hasSize(4))],
  [AttributeType.multiExitDisc, rule(OPTIONAL, hasSize(4))],
  [AttributeType.localPref, rule(WELL_KNOWN, hasSize(4), ofExternal)],
  [AttributeType.atomicAggregate, rule(WELL_KNOWN, hasSize(0), always)],
  [
    AttributeType.aggregator,
    rule(
      OPTIONAL_TRANSITIVE,
      (value, context) => value.length === (context.hasFourOctetAsn ? 8 : 6),
      always,
    ),
  ],
  [AttributeType.communities, rule(OPTIONAL_TRANSITIVE, isMultipleOf(4))],
  [AttributeType.originatorId, rule(OPTIONAL, hasSize(4), ofExternal)],
  [AttributeType.clusterList, rule(OPTIONAL, isMultipleOf(4), ofExternal)],
  [AttributeType.mpReach, rule(OPTIONAL, always)],
  [AttributeType.mpUnreach, rule(OPTIONAL, always)],
  [AttributeType.extendedCommunities, rule(OPTIONAL_TRANSITIVE, isMultipleOf(8))],
  // "The attribute … is discarded and the UPDATE message continues to be processed" (RFC 6793 §6).
  [AttributeType.as4Path, rule(OPTIONAL_TRANSITIVE, (value) => isPath(value, 4), always)],
  [AttributeType.as4Aggregator, rule(OPTIONAL_TRANSITIVE, hasSize(8), always)],
  [AttributeType.largeCommunities, rule(OPTIONAL_TRANSITIVE, isMultipleOf(12))],
]);

/** Segments of a known type, none of them empty, that end where the value ends (RFC 7606 §7.2). */
function isPath(value: Uint8Array, asnOctets: number): boolean {
  let at = 0;
  while (at < value.length) {
    const type = value[at] ?? 0;
    const count = value[at + 1] ?? 0;
    if (type < 1 || type > 4 || count === 0) return false;
    at += 2 + count * asnOctets;
  }
  return at === value.length;
}
