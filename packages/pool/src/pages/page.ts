// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { Cursor, Writer } from '@sentrypeer/bytes';
import { packFacts, unpackFacts, type ClaimFacts } from '@sentrypeer/event';
import { assert } from '@sentrypeer/kernel';
import { importKey, PUBLIC_KEY_SIZE, SIGNATURE_SIZE, signatureIsOf } from '../ed25519.ts';
import { PAGE_CLAIMS_MAX, PAGE_OCTETS_MAX } from '../limits.ts';
import {
  decodeSubject,
  encodeSubject,
  KIND_MAX,
  SubjectKind,
  subjectSize,
  type PoolSubject,
} from './subject.ts';

/** One thing that the author of a page met. */
export interface PageClaim {
  readonly subject: PoolSubject;
  /** Hours since 1970 of the last contact; nothing finer leaves a node. */
  readonly lastHour: number;
  readonly facts: ClaimFacts;
}

/** What is signed, kept, passed on and compared. Claims of unknown kinds are only counted. */
export interface Page {
  /** The closed pool it belongs to; 0 is the public one. */
  readonly networkId: number;
  /** Raw Ed25519 key of its author, 32 octets. */
  readonly key: Uint8Array;
  /** Increases with each page of a key. */
  readonly serial: number;
  /**
   * All pages of the key with a serial from this one up to but not including its own are void; its own serial if there
   * are none.
   */
  readonly replaces: number;
  /** Seconds since 1970. */
  readonly madeEpochS: number;
  /** It only contains what enough others say, and is for those who follow its author. */
  readonly isQuiet: boolean;
  /** Nothing of the key counts any more, for ever. */
  readonly isRetired: boolean;
  /** Ascending, without duplicates. */
  readonly claims: readonly PageClaim[];
}

/** A page as received. */
export interface DecodedPage {
  readonly page: Page;
  /** The whole page, borrowed. */
  readonly octets: Uint8Array;
  /** Number of claims of kinds that this version does not know. */
  readonly unknownCount: number;
}

/** Why octets are not a page, and where. */
export interface PageRefusal {
  readonly code:
    | 'page_size'
    | 'page_version'
    | 'page_flags'
    | 'page_serial'
    | 'page_claims'
    | 'page_kind'
    | 'page_subject'
    | 'page_order'
    | 'page_hour'
    | 'page_facts';
  /** In octets. */
  readonly offset: number;
}

/** `version` 1, `network` 4, `key` 32, `serial` 4, `replaces` 4, `made` 4, `flags` 1, `count` 2. */
const PAGE_HEADER_SIZE = 52;
const VERSION = 1;
const QUIET = 1;
const RETIRED = 2;
const KEY_AT = 5;
const SERIAL_AT = 37;
const FLAGS_AT = 49;
const COUNT_AT = 50;
const HOUR_SIZE = 3;
const FACTS_SIZE = 2;
const HOUR_S = 3600;
/** This precedes a page when it is signed, so that its signature is valid for nothing else. */
const TITLE = new TextEncoder().encode('sentrypeer page 1\n');

/** Octets of a claim about a subject of this kind. */
function claimSize(kind: number): number {
  return 1 + subjectSize(kind) + HOUR_SIZE + FACTS_SIZE;
}

/** Claims in the order of a page, with only the last one for each subject; what cannot be said is left out. */
export function inOrder(claims: readonly PageClaim[]): readonly PageClaim[] {
  const bySubject = new Map<string, PageClaim>();
  for (const claim of claims) {
    const encoded = encodeSubject(claim.subject);
    if (encoded === undefined) continue;
    bySubject.set(encoded.kind.toString(16).padStart(2, '0') + encoded.octets.toHex(), claim);
  }
  return [...bySubject].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, claim]) => claim);
}

/**
 * Encodes and signs.
 *
 * @param page Its claims as returned by {@link inOrder}, at most {@link PAGE_CLAIMS_MAX}.
 * @param sign Ed25519 over the given octets, by the page's key.
 */
export function encodePage(page: Page, sign: (octets: Uint8Array) => Uint8Array): Uint8Array {
  assert(page.claims.length <= PAGE_CLAIMS_MAX, 'page_claims_count');
  const encoded = page.claims.map((claim) => {
    const subject = encodeSubject(claim.subject);
    assert(subject !== undefined, 'page_claim_subject');
    return { ...claim, ...subject };
  });
  const claimsSize = encoded.reduce((sum, { kind }) => sum + claimSize(kind), 0);
  const out = new Writer(new Uint8Array(PAGE_HEADER_SIZE + claimsSize + SIGNATURE_SIZE));
  out.u8(VERSION).u32(page.networkId).raw(page.key);
  out.u32(page.serial).u32(page.replaces).u32(page.madeEpochS);
  out.u8((page.isQuiet ? QUIET : 0) | (page.isRetired ? RETIRED : 0)).u16(encoded.length);
  for (const { kind, octets, lastHour, facts } of encoded) {
    out.u8(kind).raw(octets);
    out.u8(lastHour >> 16).u16(lastHour & 0xffff);
    out.u16(packFacts(facts));
  }
  const signature = sign(signedOctets(out.finish()));
  assert(signature.length === SIGNATURE_SIZE, 'page_signature_size');
  return out.raw(signature).finish();
}

/** Reads a page without checking its signature. Each set of claims has one form; others are refused. */
export function decodePage(octets: Uint8Array): DecodedPage | PageRefusal {
  if (octets.length < PAGE_HEADER_SIZE + SIGNATURE_SIZE || octets.length > PAGE_OCTETS_MAX) {
    return { code: 'page_size', offset: octets.length };
  }
  const cursor = new Cursor(octets);
  if (cursor.u8() !== VERSION) return { code: 'page_version', offset: 0 };
  const networkId = cursor.u32();
  const key = new Uint8Array(cursor.raw(PUBLIC_KEY_SIZE));
  const serial = cursor.u32();
  const replaces = cursor.u32();
  if (replaces > serial) return { code: 'page_serial', offset: SERIAL_AT };
  const madeEpochS = cursor.u32();
  const flags = cursor.u8();
  if ((flags & ~(QUIET | RETIRED)) !== 0) return { code: 'page_flags', offset: FLAGS_AT };
  const count = cursor.u16();
  if (count > PAGE_CLAIMS_MAX) return { code: 'page_claims', offset: COUNT_AT };
  const read = readClaims(cursor, count, octets.length, Math.floor(madeEpochS / HOUR_S));
  if ('code' in read) return read;
  if (cursor.remaining !== SIGNATURE_SIZE || cursor.failedAt !== undefined) {
    return { code: 'page_size', offset: octets.length - cursor.remaining };
  }
  const { claims } = read;
  const isQuiet = (flags & QUIET) !== 0;
  const isRetired = (flags & RETIRED) !== 0;
  return {
    page: { networkId, key, serial, replaces, madeEpochS, isQuiet, isRetired, claims },
    octets,
    unknownCount: count - claims.length,
  };
}

/** @param hourMax The hour in which the page was made. */
function readClaims(
  cursor: Cursor,
  count: number,
  size: number,
  hourMax: number,
): { readonly claims: readonly PageClaim[] } | PageRefusal {
  const claims: PageClaim[] = [];
  let before = '';
  for (let index = 0; index < count; index += 1) {
    const offset = size - cursor.remaining;
    const kind = cursor.u8();
    if (kind === 0 || kind > KIND_MAX) return { code: 'page_kind', offset };
    const octets = cursor.raw(subjectSize(kind));
    const lastHour = cursor.u8() * 65_536 + cursor.u16();
    const facts = unpackFacts(cursor.u16());
    if (cursor.failedAt !== undefined || cursor.remaining < SIGNATURE_SIZE) {
      return { code: 'page_size', offset };
    }
    const place = kind.toString(16).padStart(2, '0') + octets.toHex();
    if (place <= before) return { code: 'page_order', offset };
    before = place;
    if (kind > SubjectKind.number) continue;
    const subject = decodeSubject(kind, octets);
    if (subject === undefined) return { code: 'page_subject', offset };
    if (lastHour > hourMax) return { code: 'page_hour', offset };
    if (facts === undefined) return { code: 'page_facts', offset };
    claims.push({ subject, lastHour, facts });
  }
  return { claims };
}

/** Whether the key in the page signed it. */
export function pageHolds(octets: Uint8Array): boolean {
  const key = importKey(octets.subarray(KEY_AT, KEY_AT + PUBLIC_KEY_SIZE));
  const signed = octets.subarray(0, octets.length - SIGNATURE_SIZE);
  const signature = octets.subarray(octets.length - SIGNATURE_SIZE);
  return key !== undefined && signatureIsOf(key, signedOctets(signed), signature);
}

function signedOctets(octets: Uint8Array): Uint8Array {
  const signed = new Uint8Array(TITLE.length + octets.length);
  signed.set(TITLE);
  signed.set(octets, TITLE.length);
  return signed;
}
