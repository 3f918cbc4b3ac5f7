// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Pages at the edges of what may be said, by whom and when. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ADDRESS_CLAIM_DAYS,
  HELD_STATEMENTS_MAX,
  NUMBER_CLAIM_DAYS,
  OWN_CLAIMS_MAX,
  OWN_PAGES_MERGED,
  PAGE_CLAIMS_MAX,
  PAGE_FUTURE_S_MAX,
  PAGE_OCTETS_MAX,
  SPEAK_LATER_S_MAX,
} from '../../src/limits.ts';
import { Author, statedHours, type Met } from '../../src/pages/author.ts';
import { composePages, retirePage, withdrawPages } from '../../src/pages/compose.ts';
import { decodePage, encodePage, inOrder, pageHolds, type Page } from '../../src/pages/page.ts';
import { acceptedFromS, pageEndS, pageUnfit } from '../../src/pages/page-age.ts';
import { filePages, formatFilePage, POOL_FILE_TITLE } from '../../src/pages/pool-file.ts';
import { decodeSubject, encodeSubject, subjectSize, SubjectKind } from '../../src/pages/subject.ts';
import { authorOf, claimOf, FACTS, NOW_HOUR, NOW_S, pageOf } from './pages.ts';

const ALICE = authorOf('alice');
const HOUR_S = 3600;
const DAY_S = 86_400;

function decoded(octets: Uint8Array): Page {
  const read = decodePage(octets);
  assert.ok('page' in read, JSON.stringify(read));
  return read.page;
}

function address(index: number, changes: { readonly lastHour?: number } = {}) {
  return claimOf(`45.${1 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`, changes);
}

const subjectsOf = (pages: readonly Page[]): readonly string[] =>
  pages.flatMap(({ claims }) => claims.map(({ subject }) => subject.value));

test('a page is refused at its first claim that is cut off, also where a signature would fit', () => {
  const octets = pageOf(ALICE, { claims: [claimOf('45.12.3.4'), claimOf('442071234567')] });
  const refusal = (size: number) => decodePage(octets.subarray(0, size));
  // Header 52, an IPv4 claim 10, one of a number 14, signature 64.
  assert.equal(octets.length, 52 + 10 + 14 + 64);
  assert.deepEqual(refusal(octets.length - 1), { code: 'page_size', offset: 62 });
  assert.deepEqual(refusal(52 + 10 + 64), { code: 'page_size', offset: 62 });
  assert.deepEqual(refusal(52 + 9 + 64), { code: 'page_size', offset: 52 });
  assert.deepEqual(refusal(52 + 64), { code: 'page_size', offset: 52 });
  assert.deepEqual(refusal(52 + 63), { code: 'page_size', offset: 52 + 63 });
  const longer = new Uint8Array([...octets, 0]);
  assert.deepEqual(decodePage(longer), { code: 'page_size', offset: 52 + 10 + 14 });
});

test('a page has as many octets as fit, and claims of each kind that is known by its size', () => {
  const claims = Array.from({ length: PAGE_CLAIMS_MAX }, (_, index) =>
    claimOf(`${442_071_000_000 + index}`),
  );
  const octets = pageOf(ALICE, { claims });
  assert.equal(decoded(octets).claims.length, PAGE_CLAIMS_MAX);
  const padded = new Uint8Array(PAGE_OCTETS_MAX);
  padded.set(octets);
  assert.deepEqual(decodePage(padded), { code: 'page_size', offset: octets.length - 64 });
  const other = pageOf(ALICE, { claims: [claimOf('442071234567')] });
  other[52] = 63;
  const read = decodePage(other);
  assert.ok('page' in read);
  assert.equal(read.unknownCount, 1);
});

test('nothing holds in the name of what is no key', () => {
  const octets = pageOf(ALICE, { claims: [claimOf('45.12.3.4')] });
  octets.fill(0xff, 5, 37);
  assert.equal(pageHolds(octets), false);
});

test('a page with a claim that cannot be said, or with no whole signature, is not made', () => {
  const page = { ...decoded(pageOf(ALICE)), claims: [] };
  assert.throws(() => encodePage(page, () => new Uint8Array(63)), /page_signature_size/);
  const claims = [claimOf('192.168.0.1')];
  assert.throws(() => encodePage({ ...page, claims }, () => new Uint8Array(64)), /page_claim_subj/);
});

test('claims are ordered by kind, then by what they are about, the last one about each counts', () => {
  const said = inOrder([
    claimOf('442071234567'),
    claimOf('2a01:4f8:1:2::/64'),
    claimOf('200.1.2.3'),
    claimOf('45.12.3.4', { lastHour: 1 }),
    claimOf('45.12.3.4', { lastHour: 2 }),
  ]);
  assert.deepEqual(
    said.map(({ subject, lastHour }) => [subject.value, lastHour]),
    [
      ['45.12.3.4', 2],
      ['200.1.2.3', NOW_HOUR - 1],
      ['2a01:4f8:1:2::/64', NOW_HOUR - 1],
      ['442071234567', NOW_HOUR - 1],
    ],
  );
});

test('a claim is about a public address, a public /64 or a number, and nothing else', () => {
  const kindOf = (value: string, kind: 'address' | 'number' = 'address') =>
    encodeSubject({ kind, value })?.kind;
  assert.equal(kindOf('45.12.3.4'), SubjectKind.ipv4);
  assert.equal(kindOf('2a01:4f8:1:2::/64'), SubjectKind.ipv6);
  const unsaid = ['45.12.3.4/64', '45.12.3.0/24', '2a01:4f8:1:2::3', '2a01:4f8::/48', 'a name', ''];
  assert.deepEqual(
    unsaid.map((value) => kindOf(value)),
    unsaid.map(() => undefined),
  );
  assert.equal(kindOf('12345', 'number'), SubjectKind.number);
  assert.equal(kindOf('1234', 'number'), undefined);
  assert.equal(kindOf('9'.repeat(15), 'number'), SubjectKind.number);
  assert.equal(kindOf('9'.repeat(16), 'number'), undefined);
  for (const value of ['12345a', '12345/', '12345:', '1234 5', '01234567', '']) {
    assert.equal(kindOf(value, 'number'), undefined, value);
  }
});

test('the octets of a subject are read in their only form, and those of special networks not at all', () => {
  const read = (kind: number, hex: string) => decodeSubject(kind, Uint8Array.fromHex(hex))?.value;
  assert.equal(read(SubjectKind.ipv4, '2d0c0304'), '45.12.3.4');
  assert.equal(read(SubjectKind.ipv4, '0a000001'), undefined);
  assert.equal(read(SubjectKind.ipv6, '2a0104f800010002'), '2a01:4f8:1:2::/64');
  assert.equal(read(SubjectKind.ipv6, 'fe80000000000000'), undefined);
  assert.equal(read(SubjectKind.ipv6, '0000000000000000'), undefined);
  assert.equal(read(4, '2a0104f800010002'), undefined);
  assert.equal(read(SubjectKind.number, '5123450000000000'), '12345');
  assert.equal(read(SubjectKind.number, 'f999999999999999'), '9'.repeat(15));
  assert.equal(read(SubjectKind.number, '5123456000000000'), undefined, 'a digit too many');
  assert.equal(read(SubjectKind.number, '512a450000000000'), undefined);
  assert.equal(read(SubjectKind.number, '5012340000000000'), undefined);
  assert.deepEqual([1, 2, 3, 63].map(subjectSize), [4, 8, 8, 8]);
});

test('a page lives until its last claim ends, but no longer than a day after its claims could', () => {
  const ends = (changes: Partial<Page>): number =>
    pageEndS(decoded(pageOf(ALICE, changes))) - NOW_S;
  const [hour, old] = [NOW_HOUR - 1, NOW_HOUR - 48];
  assert.equal(
    ends({ claims: [address(1, { lastHour: hour }), address(2, { lastHour: old })] }),
    ADDRESS_CLAIM_DAYS * DAY_S,
  );
  assert.equal(
    ends({ claims: [address(1, { lastHour: old })] }),
    ADDRESS_CLAIM_DAYS * DAY_S - 47 * HOUR_S,
  );
  const number = claimOf('442071234567', { lastHour: hour });
  assert.equal(ends({ claims: [number] }), NUMBER_CLAIM_DAYS * DAY_S);
  // With an address in it, it is as old as addresses may be.
  assert.equal(ends({ claims: [number, address(1)] }), (ADDRESS_CLAIM_DAYS + 1) * DAY_S);
  assert.equal(ends({ isRetired: true }), (NUMBER_CLAIM_DAYS + 1) * DAY_S);
});

test('others accept a page five minutes ahead of their clocks, and its author knows when they will', () => {
  assert.equal(acceptedFromS(NOW_S, NOW_S), undefined);
  assert.equal(acceptedFromS(NOW_S + PAGE_FUTURE_S_MAX, NOW_S), undefined);
  assert.equal(acceptedFromS(NOW_S + PAGE_FUTURE_S_MAX + 1, NOW_S), NOW_S + 1);
  const page = decoded(pageOf(ALICE, { claims: [address(1)] }));
  const at = { networkId: 0, nowS: NOW_S };
  const ahead = { ...page, madeEpochS: NOW_S + PAGE_FUTURE_S_MAX + 1 };
  assert.equal(pageUnfit(ahead, at), 'page_future', 'whatever its serial is');
});

test('a file of pages ends at what cannot be one', () => {
  const title = new TextEncoder().encode(POOL_FILE_TITLE);
  const page = pageOf(ALICE, { claims: [address(1)] });
  const framed = formatFilePage(page);
  const read = (...parts: readonly Uint8Array[]) =>
    [...filePages(new Uint8Array([title, ...parts].flatMap((part) => [...part])))].map(
      ({ offset, octets }) => [offset - title.length, octets.length],
    );
  const whole = [0, page.length] as const;
  assert.deepEqual(read(framed, framed), [whole, [framed.length, page.length]]);
  assert.deepEqual(read(framed, new Uint8Array([0, 0]), framed), [whole, [framed.length, 0]]);
  assert.deepEqual(read(framed, new Uint8Array([1])), [whole, [framed.length, 0]]);
  const largest = formatFilePage(new Uint8Array(PAGE_OCTETS_MAX));
  const larger = formatFilePage(new Uint8Array(PAGE_OCTETS_MAX + 1));
  assert.equal(read(largest, framed).length, 2);
  assert.equal(read(larger, framed).length, 1);
});

/** Its own pages after it said the statements one after the other. */
function saying(own: readonly Page[], count: number, nowS: number, from = 0): readonly Page[] {
  const statements = Array.from({ length: count }, (_, index) => ({
    claim: address(from + index, { lastHour: Math.floor(nowS / HOUR_S) }),
    isQuiet: false,
  }));
  const pages = composePages(own, statements, ALICE, { networkId: 0, nowS }).map(decoded);
  const replaces = pages[0]?.replaces ?? 0;
  return [...own.filter(({ serial }) => serial < replaces), ...pages];
}

test('a node that has nothing to say makes no page', () => {
  const own = saying([], 1, NOW_S);
  assert.deepEqual(composePages(own, [], ALICE, { networkId: 0, nowS: NOW_S }), []);
});

test('what was said in an hour is said again in it, what was said before it is not', () => {
  const before = saying([], 1, NOW_S);
  const own = saying(saying(before, 1, NOW_S + HOUR_S, 1), 1, NOW_S + HOUR_S + 60, 2);
  assert.deepEqual(
    own.map(({ claims }) => claims.length),
    [1, 2],
  );
  assert.deepEqual(subjectsOf(own.slice(1)), ['45.1.0.1', '45.1.0.2']);
});

test('all is said again as soon as there are more claims than others accept, and the newest of them', () => {
  const midnight = NOW_S - (NOW_S % DAY_S);
  const before = saying([], OWN_CLAIMS_MAX - 1, midnight);
  const full = saying(before, 1, midnight + HOUR_S, 10_000);
  assert.equal(subjectsOf(full).length, OWN_CLAIMS_MAX);
  assert.equal(full.length, before.length + 1, 'just as many as are accepted');
  const more = saying(full, 1, midnight + 2 * HOUR_S, 20_000);
  assert.equal(more[0]?.replaces, 0);
  assert.equal(subjectsOf(more).length, OWN_CLAIMS_MAX);
  const newest = [10_000, 20_000].map((index) => address(index).subject.value);
  assert.deepEqual(
    newest.filter((subject) => subjectsOf(more).includes(subject)),
    newest,
  );
});

test('pages of one claim are merged when there are 40 of them', () => {
  const midnight = NOW_S - (NOW_S % DAY_S);
  const own = Array.from({ length: OWN_PAGES_MERGED - 1 }, (_, index) =>
    decoded(
      pageOf(ALICE, {
        serial: midnight + index,
        madeEpochS: midnight,
        claims: [address(index, { lastHour: midnight / HOUR_S })],
      }),
    ),
  );
  const [another] = composePages(
    own,
    [{ claim: address(1000, { lastHour: midnight / HOUR_S + 1 }), isQuiet: false }],
    ALICE,
    { networkId: 0, nowS: midnight + HOUR_S },
  ).map(decoded);
  assert.equal(another?.replaces, another?.serial);
  assert.ok(another !== undefined);
  const [all] = composePages(
    [...own, another],
    [{ claim: address(1001, { lastHour: midnight / HOUR_S + 2 }), isQuiet: false }],
    ALICE,
    { networkId: 0, nowS: midnight + 2 * HOUR_S },
  ).map(decoded);
  assert.equal(all?.replaces, 0);
  assert.equal(all?.claims.length, OWN_PAGES_MERGED + 1);
});

test('taking back says again only what came with it or later, and nobody else is meant', () => {
  const own = [0, 1, 2].reduce<readonly Page[]>(
    (pages, hour) => saying(pages, 1, NOW_S + hour * HOUR_S, hour),
    [],
  );
  const at = { networkId: 7, nowS: NOW_S + 3 * HOUR_S };
  const [page, ...others] = withdrawPages(own, new Set(['45.1.0.1']), ALICE, at).map(decoded);
  assert.deepEqual(others, []);
  assert.equal(page?.replaces, own[1]?.serial);
  assert.deepEqual(subjectsOf(page === undefined ? [] : [page]), ['45.1.0.2']);
  assert.deepEqual([page?.networkId, page?.isQuiet, page?.isRetired], [7, false, false]);
  const [last] = own.slice(2);
  const [empty] = withdrawPages(own, new Set(['45.1.0.2']), ALICE, at).map(decoded);
  assert.deepEqual(
    [empty?.claims.length, empty?.isQuiet, empty?.isRetired, empty?.replaces],
    [0, false, false, last?.serial],
  );
});

test('a page that retires a key says nothing else', () => {
  const own = saying([], 1, NOW_S);
  const page = decoded(retirePage(own, ALICE, { networkId: 7, nowS: NOW_S }));
  assert.deepEqual(
    { ...page, key: page.key.toHex() },
    {
      networkId: 7,
      key: ALICE.publicKey.toHex(),
      serial: NOW_S + 1,
      replaces: 0,
      madeEpochS: NOW_S,
      isQuiet: false,
      isRetired: true,
      claims: [],
    },
  );
});

test('no page names an hour after its own, and a claim that ends now is not said', () => {
  const [page] = composePages(
    [],
    [
      { claim: address(1, { lastHour: NOW_HOUR + 5 }), isQuiet: false },
      { claim: address(2, { lastHour: NOW_HOUR - 1 - ADDRESS_CLAIM_DAYS * 24 }), isQuiet: false },
      { claim: address(3, { lastHour: NOW_HOUR - ADDRESS_CLAIM_DAYS * 24 }), isQuiet: false },
    ],
    ALICE,
    { networkId: 0, nowS: NOW_S },
  ).map(decoded);
  assert.deepEqual(
    page?.claims.map(({ subject, lastHour }) => [subject.value, lastHour]),
    [
      ['45.1.0.1', NOW_HOUR],
      ['45.1.0.3', NOW_HOUR - ADDRESS_CLAIM_DAYS * 24],
    ],
  );
});

function met(value: string, lastHour = NOW_HOUR - 1): Met {
  return {
    subject: claimOf(value).subject,
    lastEpochUs: lastHour * 3_600_000_000,
    facts: FACTS,
    networksCount: 1,
  };
}

/** @param waitS Seconds for what few say; by chance each wait is half of the longest. */
function authorWith(waitS: number, others = 0) {
  const asked: number[] = [];
  const random = { fill: (octets: Uint8Array) => octets.fill(0).fill(0x80, 0, 1) };
  const othersCount = (_subject: string, hour: number): number => {
    asked.push(hour);
    return others;
  };
  return { author: new Author({ random, othersCount }, waitS), asked };
}

test('`Author` keeps and says nothing that has ended, also if it ended while it waited', () => {
  const { author } = authorWith(10);
  const oldHour = NOW_HOUR - 1 - ADDRESS_CLAIM_DAYS * 24;
  author.hear([met('45.0.0.1', oldHour)], new Map(), NOW_S);
  assert.equal(author.heldCount, 0);
  author.hear([met('45.0.0.1', oldHour + 1)], new Map(), NOW_S);
  assert.equal(author.heldCount, 1);
  assert.deepEqual(author.take(NOW_S + HOUR_S), []);
  assert.equal(author.heldCount, 0);
});

test('`Author` says at once what it is told to, and else after its wait, up to the very second', () => {
  const { author } = authorWith(10);
  author.hear([met('45.0.0.1')], new Map(), NOW_S);
  assert.deepEqual(author.take(NOW_S + 4), []);
  assert.equal(author.take(NOW_S + 5).length, 1);
  author.hear([met('45.0.0.1')], new Map(), NOW_S);
  assert.equal(author.take(NOW_S, true).length, 1);
  const { author: hasty } = authorWith(0, 4);
  hasty.hear([met('45.0.0.1')], new Map(), NOW_S);
  assert.equal(hasty.take(NOW_S).length, 1);
  // What waits for as long as anything may is not taken for what a clock that was ahead left.
  const { author: patient } = authorWith(10, 3);
  patient.hear([met('45.0.0.1')], new Map(), NOW_S);
  assert.deepEqual(patient.take(NOW_S + 1200 - SPEAK_LATER_S_MAX), []);
  assert.equal(patient.take(NOW_S + 1200 - SPEAK_LATER_S_MAX - 1).length, 1);
});

test('`Author` counts the voices of the last day', () => {
  const { author, asked } = authorWith(10);
  author.hear([met('45.0.0.1')], new Map(), NOW_S + 1800);
  assert.deepEqual(asked, [NOW_HOUR - 24]);
});

test('`Author` does not wait anew for what it holds, and says its newest hour', () => {
  const { author } = authorWith(10);
  author.hear([met('45.0.0.1', NOW_HOUR - 2)], new Map(), NOW_S);
  author.hear([met('45.0.0.1', NOW_HOUR - 1)], new Map(), NOW_S + 4);
  const [one, ...others] = author.take(NOW_S + 5);
  assert.equal(one?.claim.lastHour, NOW_HOUR - 1);
  assert.deepEqual(others, []);
});

test('`Author` holds so many statements at a time, also what changes in them', () => {
  const { author } = authorWith(10);
  const many = Array.from({ length: HELD_STATEMENTS_MAX + 1 }, (_, index) =>
    met(address(index).subject.value),
  );
  author.hear(many, new Map(), NOW_S);
  assert.equal(author.heldCount, HELD_STATEMENTS_MAX);
  const [first] = many;
  assert.ok(first !== undefined);
  author.hear([met(first.subject.value, NOW_HOUR)], new Map(), NOW_S);
  const said = author.take(NOW_S, true);
  assert.equal(said[0]?.claim.lastHour, NOW_HOUR);
  assert.equal(said.length, HELD_STATEMENTS_MAX);
});

test('`Author` says at once what it said about others only', () => {
  const { author } = authorWith(0);
  const own = decoded(pageOf(ALICE, { claims: [claimOf('45.0.0.2', { lastHour: NOW_HOUR })] }));
  author.hear([met('45.0.0.1')], statedHours([own]), NOW_S);
  assert.equal(author.heldCount, 1);
});
