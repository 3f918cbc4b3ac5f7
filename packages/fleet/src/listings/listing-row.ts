// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { FleetListing } from '@sentrypeer/event';
import { LATEST_EPOCH_US } from '@sentrypeer/kernel';
import type { Row } from '../connection.ts';
import {
  LISTING_REASON_CHARACTERS_MAX,
  LISTING_REASONS_MAX,
  LISTING_REASONS_TEXT_MAX,
} from '../limits.ts';
import { isSubject, SUBJECTS } from './subject.ts';

const LEVELS = ['listed', 'watch', 'none'] as const;
const GRADES = ['seen', 'returned', 'handshake'] as const;
const SCORE_MAX = 100;

/** A listing in the form that `fleet.publish` takes. @param offsetUs How far the database's clock is ahead. */
export function listingEntry(listing: FleetListing, offsetUs: number): Row {
  const moved = (us: number): number => (us >= LATEST_EPOCH_US ? us : Math.round(us + offsetUs));
  return {
    kind: listing.kind,
    value: listing.value,
    level: listing.level,
    score: Math.min(SCORE_MAX, Math.max(0, Math.round(listing.score))),
    grade: listing.grade,
    reasons: reasonsText(listing.reasons),
    since_us: moved(listing.sinceEpochUs),
    until_us: moved(listing.untilEpochUs),
    first_us: moved(listing.firstSeenEpochUs),
    last_us: moved(listing.lastSeenEpochUs),
    events: listing.eventsCount,
    is_blocked: listing.isBlocked,
    is_delisted: listing.isDelisted,
  };
}

/** The listing of a row; `undefined` for what no hub of ours writes, but somebody with a hub's stolen password may. */
export function readListing(row: Row, offsetUs: number): FleetListing | undefined {
  const [value, score] = [String(row['value']), Number(row['score'])];
  const kind = SUBJECTS.find((word) => word === row['kind']);
  const level = LEVELS.find((word) => word === row['level']);
  const grade = GRADES.find((word) => word === row['grade']);
  const reasons = readReasons(row['reasons']);
  if (kind === undefined || level === undefined || grade === undefined) return undefined;
  if (reasons === undefined || !(score >= 0 && score <= SCORE_MAX)) return undefined;
  if (!isSubject(kind, value)) return undefined;
  const times = ['since_us', 'until_us', 'first_us', 'last_us'].map((name) => {
    const us = Number(row[name]);
    return us >= LATEST_EPOCH_US ? LATEST_EPOCH_US : us - offsetUs;
  });
  const eventsCount = Number(row['events']);
  if (![...times, eventsCount].every((one) => Number.isSafeInteger(one) && one >= 0))
    return undefined;
  const [sinceEpochUs = 0, untilEpochUs = 0, firstSeenEpochUs = 0, lastSeenEpochUs = 0] = times;
  return {
    kind,
    value,
    level,
    score,
    grade,
    reasons,
    sinceEpochUs,
    untilEpochUs,
    firstSeenEpochUs,
    lastSeenEpochUs,
    eventsCount,
    isBlocked: row['is_blocked'] === true,
    isDelisted: row['is_delisted'] === true,
  };
}

/** JSON with the first reasons that fit: a text that others chose may be several times as long when escaped. */
function reasonsText(reasons: readonly string[]): string {
  const kept = reasons
    .slice(0, LISTING_REASONS_MAX)
    .map((reason) => reason.slice(0, LISTING_REASON_CHARACTERS_MAX).replaceAll('\0', ' '));
  while (JSON.stringify(kept).length > LISTING_REASONS_TEXT_MAX) kept.pop();
  return JSON.stringify(kept);
}

function readReasons(text: unknown): readonly string[] | undefined {
  try {
    const reasons: unknown = JSON.parse(String(text));
    if (!Array.isArray(reasons) || reasons.length > LISTING_REASONS_MAX) return undefined;
    return reasons.map((reason) => String(reason).slice(0, LISTING_REASON_CHARACTERS_MAX));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
