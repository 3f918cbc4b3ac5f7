// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { Cursor } from '@sentrypeer/bytes';
import { AFI_IPV4, AFI_IPV6, afiSafiKey, SAFI_FLOWSPEC, SAFI_UNICAST } from './afi-safi.ts';
import { ATTRIBUTE_RULES, type AttributeContext } from './attribute-rules.ts';
import { AttributeFlag, AttributeType } from './attributes.ts';
import { ErrorCode, notification, type Notification } from './notification.ts';

/** The outcome of checking a neighbour's UPDATE, all of whose routes are dropped anyway. */
export interface UpdateVerdict {
  /** Prefixes that it announces. */
  readonly announcedCount: number;
  /**
   * Its attributes are malformed, but the session can stay: "treat-as-withdraw" or "attribute discard" (RFC 7606 §2).
   */
  readonly isMalformed: boolean;
  /** The session must be reset. */
  readonly reset: Notification | undefined;
}

/** Codes of RFC 4271 §6.3. */
const MALFORMED_LIST = 1;
const UNRECOGNIZED_WELL_KNOWN = 2;
const OPTIONAL_ATTRIBUTE = 9;
const INVALID_NETWORK = 10;

/** Checks the body of an UPDATE, 4 octets or more (RFC 4271 §6.3, RFC 7606). */
export function checkUpdate(body: Uint8Array, context: AttributeContext): UpdateVerdict {
  const cursor = new Cursor(body);
  const withdrawn = cursor.raw(cursor.u16());
  const attributes = cursor.raw(cursor.u16());
  // "If the Withdrawn Routes Length or Total Attribute Length is too large … Malformed Attribute List" (§6.3).
  if (cursor.failedAt !== undefined) return reset(MALFORMED_LIST);
  const nlri = cursor.raw(cursor.remaining);
  const announced = countPrefixes(nlri, 32);
  if (announced === undefined || countPrefixes(withdrawn, 32) === undefined)
    return reset(INVALID_NETWORK);
  const found = checkAttributes(attributes, context);
  if ('code' in found) return { announcedCount: 0, isMalformed: true, reset: found };
  const isMissing =
    (announced > 0 || found.hasReach) &&
    (!found.types.has(AttributeType.origin) ||
      !found.types.has(AttributeType.asPath) ||
      (announced > 0 && !found.types.has(AttributeType.nextHop)) ||
      (context.isInternal && !found.types.has(AttributeType.localPref)));
  return {
    announcedCount: announced + found.announcedCount,
    isMalformed: found.isMalformed || isMissing,
    reset: undefined,
  };
}

interface FoundAttributes {
  readonly types: ReadonlySet<number>;
  readonly announcedCount: number;
  readonly hasReach: boolean;
  readonly isMalformed: boolean;
}

function checkAttributes(
  octets: Uint8Array,
  context: AttributeContext,
): FoundAttributes | Notification {
  const cursor = new Cursor(octets);
  const types = new Set<number>();
  let isMalformed = false;
  let announcedCount = 0;
  while (cursor.remaining > 0) {
    const flags = cursor.u8();
    const type = cursor.u8();
    const isLong = (flags & AttributeFlag.extendedLength) !== 0;
    const value = cursor.raw(isLong ? cursor.u16() : cursor.u8());
    // "An attribute whose length would exceed what is left": all routes count as withdrawn (RFC 7606 §4).
    if (cursor.failedAt !== undefined)
      return { types, announcedCount, hasReach: false, isMalformed: true };
    const isMultiprotocol = type === AttributeType.mpReach || type === AttributeType.mpUnreach;
    if (types.has(type)) {
      // "If MP_REACH_NLRI or MP_UNREACH_NLRI appears more than once … Malformed Attribute List" (RFC 7606 §3 g).
      if (isMultiprotocol) return updateError(MALFORMED_LIST);
      continue;
    }
    const rule = ATTRIBUTE_RULES.get(type);
    if (rule === undefined) {
      if ((flags & AttributeFlag.optional) === 0) return updateError(UNRECOGNIZED_WELL_KNOWN);
      continue;
    }
    types.add(type);
    const areFlagsRight =
      (flags & (AttributeFlag.optional | AttributeFlag.transitive)) === rule.flags;
    if (!areFlagsRight || !rule.isValid(value, context)) isMalformed = true;
    if (!isMultiprotocol) continue;
    const count = type === AttributeType.mpReach ? countReached(value) : countUnreached(value);
    if (count === undefined) return updateError(OPTIONAL_ATTRIBUTE);
    announcedCount += type === AttributeType.mpReach ? count : 0;
  }
  return { types, announcedCount, hasReach: types.has(AttributeType.mpReach), isMalformed };
}

/** Prefixes in MP_REACH_NLRI (RFC 4760 §3); `undefined` if it cannot be read. */
function countReached(value: Uint8Array): number | undefined {
  const cursor = new Cursor(value);
  const family = afiSafiKey({ afi: cursor.u16(), safi: cursor.u8() });
  const nextHopSize = cursor.u8();
  cursor.raw(nextHopSize);
  cursor.u8();
  if (cursor.failedAt !== undefined) return undefined;
  if (isUnicast(family) && ![4, 16, 32].includes(nextHopSize)) return undefined;
  return countNlri(family, cursor.raw(cursor.remaining));
}

/** Prefixes in MP_UNREACH_NLRI (RFC 4760 §4); `undefined` if it cannot be read. */
function countUnreached(value: Uint8Array): number | undefined {
  const cursor = new Cursor(value);
  const family = afiSafiKey({ afi: cursor.u16(), safi: cursor.u8() });
  if (cursor.failedAt !== undefined) return undefined;
  return countNlri(family, cursor.raw(cursor.remaining));
}

function isUnicast(family: number): boolean {
  return (family & 0xff) === SAFI_UNICAST;
}

/** NLRI of families that we don't know are not read. */
function countNlri(family: number, octets: Uint8Array): number | undefined {
  if ((family & 0xff) === SAFI_FLOWSPEC) return countRules(octets);
  if (family === afiSafiKey({ afi: AFI_IPV4, safi: SAFI_UNICAST }))
    return countPrefixes(octets, 32);
  if (family === afiSafiKey({ afi: AFI_IPV6, safi: SAFI_UNICAST }))
    return countPrefixes(octets, 128);
  return 0;
}

/** @returns `undefined` if a length is too long, or octets are missing (RFC 7606 §5.3). */
function countPrefixes(octets: Uint8Array, bitsMax: number): number | undefined {
  let count = 0;
  let at = 0;
  for (; at < octets.length; count += 1) {
    const bits = octets[at] ?? 0;
    if (bits > bitsMax) return undefined;
    at += 1 + ((bits + 7) >> 3);
  }
  return at === octets.length ? count : undefined;
}

/** Rules begin with a size of one octet, or of two if the first is 0xf0 or above (RFC 8955 §4.1). */
function countRules(octets: Uint8Array): number | undefined {
  let count = 0;
  let at = 0;
  for (; at < octets.length; count += 1) {
    const first = octets[at] ?? 0;
    at += first < 0xf0 ? 1 + first : 2 + (((first & 0x0f) << 8) | (octets[at + 1] ?? 0));
  }
  return at === octets.length ? count : undefined;
}

function updateError(subcode: number): Notification {
  return notification(ErrorCode.updateMessage, subcode);
}

function reset(subcode: number): UpdateVerdict {
  return { announcedCount: 0, isMalformed: true, reset: updateError(subcode) };
}
