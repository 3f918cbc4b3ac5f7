// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Signer } from '../ed25519.ts';
import { OWN_CLAIMS_MAX, OWN_PAGES_MERGED, PAGE_CLAIMS_MAX } from '../limits.ts';
import { encodePage, inOrder, type Page, type PageClaim } from './page.ts';
import { claimEndS } from './page-age.ts';

const HOUR_S = 3600;
const DAY_S = 24 * HOUR_S;

/** A claim, and whether enough others say the same. */
export interface Statement {
  readonly claim: PageClaim;
  /** It is only for followers. */
  readonly isQuiet: boolean;
}

export interface ComposeOptions {
  readonly networkId: number;
  /** Seconds since 1970. */
  readonly nowS: number;
}

/**
 * The pages with which a node says its statements. They include what it said within the same hour, and on a new day
 * everything that it says, so that it has few pages and each statement is repeated at most once an hour and once a day.
 *
 * @param own Its pages that are alive, by serial.
 * @returns Pages to be added in this order; none if there is nothing to say.
 */
export function composePages(
  own: readonly Page[],
  statements: readonly Statement[],
  signer: Signer,
  options: ComposeOptions,
): readonly Uint8Array[] {
  if (statements.length === 0) return [];
  return replacing(own, mergedWith(own, statements.length, options.nowS), {
    statements,
    without: new Set(),
    signer,
    options,
  });
}

/**
 * Takes back what the node said about subjects: pages that replace all since the first one that names one of them.
 *
 * @param own Its pages that are alive, by serial.
 * @param subjects As lists name them.
 * @returns None if no page names any.
 */
export function withdrawPages(
  own: readonly Page[],
  subjects: ReadonlySet<string>,
  signer: Signer,
  options: ComposeOptions,
): readonly Uint8Array[] {
  const first = own.findIndex(({ claims }) =>
    claims.some(({ subject }) => subjects.has(subject.value)),
  );
  if (first < 0) return [];
  return replacing(own, own.slice(first), { statements: [], without: subjects, signer, options });
}

/** The page after which nothing of the key counts any more. */
export function retirePage(
  own: readonly Page[],
  signer: Signer,
  { networkId, nowS }: ComposeOptions,
): Uint8Array {
  const page: Page = {
    networkId,
    key: signer.publicKey,
    serial: nextSerial(own, nowS),
    replaces: 0,
    madeEpochS: nowS,
    isQuiet: false,
    isRetired: true,
    claims: [],
  };
  return encodePage(page, (octets) => signer.sign(octets));
}

/** Also increases when an older copy of the database was restored. */
function nextSerial(own: readonly Page[], nowS: number): number {
  return Math.max((own.at(-1)?.serial ?? 0) + 1, nowS);
}

/** The last of its own pages, which are repeated together with something new. */
function mergedWith(own: readonly Page[], addedCount: number, nowS: number): readonly Page[] {
  const newest = own.at(-1);
  if (newest === undefined) return [];
  const isNewDay = Math.floor(newest.madeEpochS / DAY_S) !== Math.floor(nowS / DAY_S);
  const count = own.reduce((sum, { claims }) => sum + claims.length, addedCount);
  if (isNewDay || own.length >= OWN_PAGES_MERGED || count > OWN_CLAIMS_MAX) return own;
  const hour = Math.floor(nowS / HOUR_S);
  const first = own.findIndex(({ madeEpochS }) => Math.floor(madeEpochS / HOUR_S) === hour);
  return first < 0 ? [] : own.slice(first);
}

function replacing(
  own: readonly Page[],
  gone: readonly Page[],
  {
    statements,
    without,
    signer,
    options: { networkId, nowS },
  }: {
    readonly statements: readonly Statement[];
    readonly without: ReadonlySet<string>;
    readonly signer: Signer;
    readonly options: ComposeOptions;
  },
): readonly Uint8Array[] {
  const said = gone.flatMap(({ claims, isQuiet }) => claims.map((claim) => ({ claim, isQuiet })));
  const bySubject = new Map<string, Statement>();
  for (const each of [...said, ...statements]) bySubject.set(each.claim.subject.value, each);
  for (const subject of without) bySubject.delete(subject);
  const hour = Math.floor(nowS / HOUR_S);
  const alive = [...bySubject.values()]
    .map((each) => notLater(each, hour))
    .filter(({ claim }) => claimEndS(claim) > nowS)
    .toSorted((a, b) => b.claim.lastHour - a.claim.lastHour)
    .slice(0, OWN_CLAIMS_MAX);
  const chunks = [...chunksOf(alive)];
  if (chunks.length === 0) chunks.push({ claims: [], isQuiet: false });
  const serial = nextSerial(own, nowS);
  const isAll = gone.length === own.length;
  const replaces = isAll ? 0 : (gone[0]?.serial ?? serial);
  return chunks.map((chunk, index) =>
    encodePage(
      {
        networkId,
        key: signer.publicKey,
        serial: serial + index,
        replaces: index === 0 ? replaces : serial + index,
        madeEpochS: nowS,
        isRetired: false,
        ...chunk,
      },
      (octets) => signer.sign(octets),
    ),
  );
}

/** No page states an hour after the one in which it was made; the clock may have been set back. */
function notLater(statement: Statement, hour: number): Statement {
  const { claim } = statement;
  return claim.lastHour <= hour ? statement : { ...statement, claim: { ...claim, lastHour: hour } };
}

/** Numbers live longer than addresses, and quiet claims have other readers, so each kind has separate pages. */
function* chunksOf(statements: readonly Statement[]): Iterable<Pick<Page, 'claims' | 'isQuiet'>> {
  for (const isQuiet of [false, true]) {
    for (const kind of ['address', 'number']) {
      const claims = inOrder(
        statements
          .filter((each) => each.isQuiet === isQuiet && each.claim.subject.kind === kind)
          .map(({ claim }) => claim),
      );
      for (let at = 0; at < claims.length; at += PAGE_CLAIMS_MAX) {
        yield { claims: claims.slice(at, at + PAGE_CLAIMS_MAX), isQuiet };
      }
    }
  }
}
