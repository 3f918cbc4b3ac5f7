// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { nodeIdOfKey, packFacts } from '@sentrypeer/event';
import type { Clock } from '@sentrypeer/kernel';
import {
  acceptedFromS,
  claimEndS,
  decodePage,
  pageEndS,
  pageHolds,
  pageUnfit,
  type DecodedPage,
  type Page,
} from '@sentrypeer/pool/pages';
import type { PoolPage, PoolReader } from '@sentrypeer/store';

/** Why a page is not accepted: not a page, of another pool or time, or not signed by its key. */
export interface BadPage {
  readonly bad: string;
  /** Nodes that follow the rules never pass such a page on. */
  readonly isForged: boolean;
}

/** Checks a page claim by claim. @param nowS Seconds since 1970. */
export function checkPage(
  octets: Uint8Array,
  at: { readonly networkId: number; readonly nowS: number },
): PoolPage | BadPage {
  const read = decodePage(octets);
  if ('code' in read) {
    return { bad: `${read.code} at octet ${read.offset}`, isForged: true };
  }
  const unfit = pageUnfit(read.page, at);
  if (unfit !== undefined) return { bad: unfit, isForged: false };
  return pageHolds(octets) ? keptPage(read) : { bad: 'page_signature', isForged: true };
}

function keptPage({ page, octets }: DecodedPage): PoolPage {
  return {
    nodeId: nodeIdOfKey(page.key),
    key: page.key,
    serial: page.serial,
    replaces: page.replaces,
    madeEpochS: page.madeEpochS,
    endEpochS: pageEndS(page),
    isRetired: page.isRetired,
    octets: new Uint8Array(octets),
    claims: page.claims.map((claim) => ({
      subject: claim.subject.value,
      lastHour: claim.lastHour,
      endEpochS: claimEndS(claim),
      facts: packFacts(claim.facts),
    })),
  };
}

/**
 * Wall-clock microseconds before which nobody accepts this node's pages, because its clock was ahead when it wrote some;
 * `undefined` if they are accepted.
 */
export function aheadUntil(
  pool: Pick<PoolReader, 'ownSerial'>,
  nodeId: string,
  clock: Pick<Clock, 'epochUs'>,
): number | undefined {
  const fromS = acceptedFromS(pool.ownSerial(nodeId), Math.floor(clock.epochUs() / 1e6));
  return fromS === undefined ? undefined : fromS * 1e6;
}

/** The pages that this node wrote with this identity as they are kept, by serial. */
export function ownPages(pool: Pick<PoolReader, 'ownPages'>, nodeId: string): readonly Page[] {
  return pool.ownPages(nodeId).flatMap(({ octets }) => {
    const read = decodePage(octets);
    return 'page' in read ? [read.page] : [];
  });
}

/** Pages of this node, signed by it just now. */
export function signedPages(pages: readonly Uint8Array[]): readonly PoolPage[] {
  return pages.flatMap((octets) => {
    const read = decodePage(octets);
    return 'page' in read ? [keptPage(read)] : [];
  });
}
