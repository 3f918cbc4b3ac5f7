// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

export { Author, statedHours, type Met } from './author.ts';
export { composePages, retirePage, withdrawPages } from './compose.ts';
export { decodePage, pageHolds, type DecodedPage, type Page, type PageClaim } from './page.ts';
export { acceptedFromS, claimEndS, pageEndS, pageUnfit } from './page-age.ts';
export { filePages, formatFilePage, isPoolFile, POOL_FILE_TITLE } from './pool-file.ts';
export { type PoolSubject } from './subject.ts';
