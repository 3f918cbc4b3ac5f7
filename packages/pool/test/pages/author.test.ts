// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OWN_CLAIMS_MAX, OWN_PAGES_MERGED, PAGE_CLAIMS_MAX } from '../../src/limits.ts';
import { Author, statedHours, type Met } from '../../src/pages/author.ts';
import { composePages, retirePage, withdrawPages } from '../../src/pages/compose.ts';
import { decodePage, pageHolds, type Page, type PageClaim } from '../../src/pages/page.ts';
import {
  filePages,
  formatFilePage,
  isPoolFile,
  POOL_FILE_TITLE,
} from '../../src/pages/pool-file.ts';
import { authorOf, claimOf, FACTS, NOW_HOUR, NOW_S, pageOf } from './pages.ts';

const ALICE = authorOf('alice');
const HOUR_S = 3600;

/** A node's own pages, as others keep them. */
class Own {
  pages: readonly Page[] = [];

  say(claims: readonly PageClaim[], nowS: number, isQuiet = false): readonly Page[] {
    const statements = claims.map((claim) => ({ claim, isQuiet }));
    return this.add(composePages(this.pages, statements, ALICE, { networkId: 0, nowS }));
  }

  add(pages: readonly Uint8Array[]): readonly Page[] {
    const added = pages.map((octets) => {
      const read = decodePage(octets);
      assert.ok('page' in read && pageHolds(octets));
      return read.page;
    });
    for (const page of added) {
      const kept = this.pages.filter(
        ({ serial }) => serial < page.replaces || serial > page.serial,
      );
      this.pages = [...kept, page];
    }
    return added;
  }

  subjects(): readonly string[] {
    return this.pages.flatMap(({ claims }) => claims.map(({ subject }) => subject.value));
  }
}

test('`composePages()` says an hour in one page and a day in one page', () => {
  const own = new Own();
  own.say([claimOf('45.0.0.1')], NOW_S);
  own.say([claimOf('45.0.0.2')], NOW_S + 60);
  assert.deepEqual(own.subjects(), ['45.0.0.1', '45.0.0.2']);
  assert.equal(own.pages.length, 1);
  own.say([claimOf('45.0.0.3')], NOW_S + HOUR_S);
  assert.equal(own.pages.length, 2, 'the hour before is not said again');
  own.say([claimOf('45.0.0.4')], NOW_S + 16 * HOUR_S);
  assert.equal(own.pages.length, 1, 'a new day is');
  assert.deepEqual(own.subjects(), ['45.0.0.1', '45.0.0.2', '45.0.0.3', '45.0.0.4']);
  assert.equal(own.pages[0]?.replaces, 0);
});

test('`composePages()` gives numbers and quiet claims pages of their own, and fills them', () => {
  const own = new Own();
  const many = Array.from({ length: PAGE_CLAIMS_MAX + 1 }, (_, index) =>
    claimOf(`45.1.${index >> 8}.${index & 255}`),
  );
  const pages = own.say([...many, claimOf('442071234567')], NOW_S);
  assert.deepEqual(
    pages.map(({ claims }) => claims.length),
    [PAGE_CLAIMS_MAX, 1, 1],
  );
  const [loud, quiet] = new Own().say([claimOf('45.0.0.1')], NOW_S, true);
  assert.equal(loud?.isQuiet, true);
  assert.equal(quiet, undefined);
  assert.equal(own.pages.length, 3, 'none of them replaces another');
});

test('`composePages()` leaves out what has ended, and the oldest of what is too much', () => {
  const own = new Own();
  own.say([claimOf('45.0.0.1', { lastHour: NOW_HOUR - 6 * 24 })], NOW_S);
  own.say([claimOf('45.0.0.2', { lastHour: NOW_HOUR })], NOW_S + 2 * 24 * HOUR_S);
  assert.deepEqual(own.subjects(), ['45.0.0.2']);
  const many = Array.from({ length: OWN_CLAIMS_MAX }, (_, index) =>
    claimOf(`45.1.${index >> 8}.${index & 255}`, { lastHour: NOW_HOUR + 1 }),
  );
  own.say(many, NOW_S + 2 * 24 * HOUR_S + 1);
  assert.equal(own.subjects().length, OWN_CLAIMS_MAX);
  assert.ok(!own.subjects().includes('45.0.0.2'));
});

test('a node has fewer pages than others keep of it', () => {
  const own = new Own();
  const midnight = NOW_S - (NOW_S % 86_400);
  for (let index = 0; index < 200; index += 1) {
    own.say([claimOf(`45.1.0.${index}`)], midnight + index * 400);
    assert.ok(own.pages.length <= OWN_PAGES_MERGED);
  }
  assert.equal(own.subjects().length, 200);
});

test('serials rise also where the clock was set back', () => {
  const own = new Own();
  own.say([claimOf('45.0.0.1')], NOW_S);
  const [page] = own.say([claimOf('45.0.0.2')], NOW_S - 5000);
  assert.equal(page?.serial, NOW_S + 1);
});

test('`withdrawPages()` takes back one subject and nothing else', () => {
  const own = new Own();
  own.say([claimOf('45.0.0.1'), claimOf('45.0.0.2')], NOW_S);
  own.say([claimOf('45.0.0.3')], NOW_S + HOUR_S);
  const at = { networkId: 0, nowS: NOW_S + HOUR_S + 60 };
  assert.deepEqual(withdrawPages(own.pages, new Set(['45.0.0.9']), ALICE, at), []);
  own.add(withdrawPages(own.pages, new Set(['45.0.0.1']), ALICE, at));
  assert.deepEqual(own.subjects(), ['45.0.0.2', '45.0.0.3']);
  own.add(withdrawPages(own.pages, new Set(['45.0.0.2']), ALICE, at));
  own.add(withdrawPages(own.pages, new Set(['45.0.0.3']), ALICE, at));
  assert.deepEqual(own.subjects(), []);
  assert.equal(own.pages.length, 1, 'a page that says nothing replaces the others');
});

test('`retirePage()` replaces all', () => {
  const own = new Own();
  own.say([claimOf('45.0.0.1')], NOW_S);
  own.add([retirePage(own.pages, ALICE, { networkId: 0, nowS: NOW_S })]);
  assert.equal(own.pages.length, 1);
  assert.equal(own.pages[0]?.isRetired, true);
});

function met(value: string, changes: Partial<Met> & { readonly days?: number } = {}): Met {
  const { days = 1, ...rest } = changes;
  return {
    subject: claimOf(value).subject,
    lastEpochUs: NOW_S * 1e6 - 1,
    facts: { ...FACTS, daysCount: days },
    networksCount: 1,
    ...rest,
  };
}

/** @param others Voices about each subject. */
function authorWith(others: Readonly<Record<string, number>> = {}): Author {
  const half = { fill: (octets: Uint8Array) => octets.fill(0x80) };
  return new Author({ random: half, othersCount: (subject) => others[subject] ?? 0 }, 60);
}

const said = (author: Author, nowS: number): readonly string[] =>
  author.take(nowS).map(({ claim, isQuiet }) => claim.subject.value + (isQuiet ? ' quiet' : ''));

test('`Author` says nothing of what did not prove itself, and no number of one network and day', () => {
  const author = authorWith();
  const forged = met('45.0.0.1', { facts: { ...FACTS, grade: 'seen' } });
  author.hear([forged, met('10.0.0.1'), met('442071234567')], new Map(), NOW_S);
  assert.equal(author.heldCount, 0);
  const numbers = [
    met('442071234567', { networksCount: 2 }),
    met('442071234568', { days: 2 }),
    met('45.0.0.2'),
  ];
  author.hear(numbers, new Map(), NOW_S);
  assert.deepEqual(said(author, NOW_S + 10), ['442071234567', '442071234568', '45.0.0.2']);
});

test('`Author` waits the longer the more others say it, and says it quietly where enough do', () => {
  const author = authorWith({ '45.0.0.2': 3, '45.0.0.3': 5 });
  author.hear([met('45.0.0.1'), met('45.0.0.2'), met('45.0.0.3')], new Map(), NOW_S);
  assert.deepEqual(said(author, NOW_S + 4), []);
  assert.deepEqual(said(author, NOW_S + 6), ['45.0.0.1']);
  assert.deepEqual(said(author, NOW_S + 1100), []);
  assert.deepEqual(said(author, NOW_S + 1300), ['45.0.0.2', '45.0.0.3 quiet']);
  assert.equal(author.heldCount, 0);
});

test('`Author` soon says what had to wait because the clock was ahead', () => {
  const author = authorWith();
  author.hear(
    [met('45.0.0.1', { lastEpochUs: (NOW_S + 365 * 24 * HOUR_S) * 1e6 })],
    new Map(),
    NOW_S + 365 * 24 * HOUR_S,
  );
  assert.deepEqual(said(author, NOW_S), ['45.0.0.1']);
});

test('`Author` says the same again after a day, with only the hour', () => {
  const author = authorWith();
  const read = decodePage(pageOf(ALICE, { claims: [claimOf('45.0.0.1', { lastHour: NOW_HOUR })] }));
  assert.ok('page' in read);
  const at = (hours: number): Met => met('45.0.0.1', { lastEpochUs: (NOW_HOUR + hours) * 3600e6 });
  author.hear([at(23)], statedHours([read.page]), NOW_S + 23 * HOUR_S);
  assert.equal(author.heldCount, 0);
  author.hear([at(24)], statedHours([read.page]), NOW_S + 24 * HOUR_S);
  const [again] = author.take(NOW_S + 25 * HOUR_S);
  assert.equal(again?.claim.lastHour, NOW_HOUR + 24);
});

test('`filePages()` finds the pages of a file, and what follows a cut', () => {
  const pages = ['45.0.0.1', '45.0.0.2'].map((value) =>
    pageOf(ALICE, { claims: [claimOf(value)] }),
  );
  const title = new TextEncoder().encode(POOL_FILE_TITLE);
  const file = new Uint8Array([...title, ...pages.flatMap((page) => [...formatFilePage(page)])]);
  assert.ok(isPoolFile(file));
  assert.ok(!isPoolFile(file.subarray(1)));
  assert.deepEqual(
    [...filePages(file)].map(({ octets }) => octets.toHex()),
    pages.map((page) => page.toHex()),
  );
  for (let size = title.length; size < file.length; size += 1) {
    const whole = [...filePages(file.subarray(0, size))].filter(
      ({ octets }) => 'page' in decodePage(octets),
    );
    assert.equal(whole.length, Math.floor((size - title.length) / (2 + (pages[0]?.length ?? 0))));
  }
});
