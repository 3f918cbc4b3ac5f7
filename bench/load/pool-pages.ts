// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { encodePage, inOrder } from '../../packages/pool/src/pages/page.ts';
import { formatFilePage, POOL_FILE_TITLE } from '../../packages/pool/src/pages/pool-file.ts';
import { authorOf, FACTS } from '../../packages/pool/test/pages/pages.ts';

const AUTHORS = 1000;
/** Authors that name one shared subject. */
const VOICES = 10;
const PAGE_CLAIMS = 280;
const nowS = Math.floor(Date.now() / 1000);

/**
 * Pages of a thousand authors with this many claims. Half of their subjects are named by ten authors each (50.0.0.0 and
 * what follows), the others by one (45.0.0.0 and what follows).
 */
export function* allPages(claimsCount: number): Iterable<Uint8Array> {
  const perAuthor = Math.ceil(claimsCount / AUTHORS);
  for (let author = 0; author < AUTHORS; author += 1) {
    const signer = authorOf(String(author));
    const claims = Array.from({ length: perAuthor }, (_, index) => {
      const isShared = index % 2 === 0;
      const number = (isShared ? Math.floor(author / VOICES) : author) * perAuthor + index;
      const value = `${isShared ? 50 : 45}.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
      return {
        subject: { kind: 'address', value },
        lastHour: Math.floor(nowS / 3600),
        facts: FACTS,
      } as const;
    });
    for (let at = 0; at < claims.length; at += PAGE_CLAIMS) {
      const serial = nowS - 1000 + at / PAGE_CLAIMS;
      const page = {
        networkId: 0,
        key: signer.publicKey,
        serial,
        replaces: serial,
        madeEpochS: nowS,
        isQuiet: false,
        isRetired: false,
        claims: inOrder(claims.slice(at, at + PAGE_CLAIMS)),
      };
      yield encodePage(page, (octets) => signer.sign(octets));
    }
  }
}

/** What `pool import` reads. */
export function fileOf(pages: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([Buffer.from(POOL_FILE_TITLE), ...pages.map(formatFilePage)]);
}
