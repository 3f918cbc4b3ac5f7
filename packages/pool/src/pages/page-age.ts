// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import {
  ADDRESS_CLAIM_DAYS,
  NUMBER_CLAIM_DAYS,
  PAGE_FUTURE_S_MAX,
  PAGE_SLACK_DAYS,
} from '../limits.ts';
import type { Page, PageClaim } from './page.ts';

const HOUR_S = 3600;
const DAY_S = 24 * HOUR_S;

/** Why a well-formed page is not accepted now. */
export type PageUnfit = 'page_network' | 'page_future' | 'page_old';

/** Seconds since 1970 at which the claim stops counting, unless it is stated again. */
export function claimEndS({ subject, lastHour }: Pick<PageClaim, 'subject' | 'lastHour'>): number {
  const days = subject.kind === 'number' ? NUMBER_CLAIM_DAYS : ADDRESS_CLAIM_DAYS;
  return (lastHour + 1) * HOUR_S + days * DAY_S;
}

/** Seconds since 1970 from which nobody keeps the page: when its last claim has ended, or it is too old. */
export function pageEndS({ claims, madeEpochS, isRetired }: Page): number {
  // A page without claims may take back numbers, whose pages live longer.
  const isOfNumbers = claims.every(({ subject }) => subject.kind === 'number');
  const days = PAGE_SLACK_DAYS + (isOfNumbers ? NUMBER_CLAIM_DAYS : ADDRESS_CLAIM_DAYS);
  const oldS = madeEpochS + days * DAY_S;
  if (isRetired || claims.length === 0) return oldS;
  return Math.min(oldS, Math.max(...claims.map(claimEndS)));
}

/**
 * Seconds since 1970 from which others accept a page with this serial; `undefined` if they do now. A clock that was
 * ahead leaves such serials.
 */
export function acceptedFromS(serial: number, nowS: number): number | undefined {
  const fromS = serial - PAGE_FUTURE_S_MAX;
  return fromS > nowS ? fromS : undefined;
}

/** Why the page is not accepted in this pool at this time; `undefined` if it may be. @param nowS Seconds since 1970. */
export function pageUnfit(
  page: Page,
  { networkId, nowS }: { readonly networkId: number; readonly nowS: number },
): PageUnfit | undefined {
  if (page.networkId !== networkId) return 'page_network';
  const latestS = nowS + PAGE_FUTURE_S_MAX;
  if (page.serial > latestS || page.madeEpochS > latestS) return 'page_future';
  return pageEndS(page) <= nowS ? 'page_old' : undefined;
}
