// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What a link asks for, what it is asked for, and what it announces. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ANSWER_MS_MAX,
  HAVE_MS,
  IDLE_OCTETS_ALL_BURST,
  IDLE_OCTETS_BURST,
  IDLE_OCTETS_KEPT,
  LINK_SERVED_MAX,
  LINK_UNSENT_OCTETS_MAX,
  SEGMENT_OCTETS,
  SERVED_OCTETS_BURST,
  WANT_WAIT_MS,
  WANTED_MAX,
} from '../../src/limits.ts';
import { Announcing } from '../../src/link/announcing.ts';
import { LinkBudgets } from '../../src/link/budgets.ts';
import { Comparisons } from '../../src/link/comparisons.ts';
import { FIRST_ID, HEAD_SIZE } from '../../src/link/frames.ts';
import {
  ANNOUNCED_OCTETS_BURST,
  ANNOUNCEMENTS_WAITING_MAX,
  ANSWER_PAGES_MAX,
  PART_GAP_MS,
  PART_MS,
  PART_STALLED_MS,
  PART_WANTED_MAX,
  PROOFS_WAITING_MAX,
  WANTED_OF_LINK_MIN,
} from '../../src/link/limits.ts';
import type { Link } from '../../src/link/link.ts';
import { PageIndex, pageId, pageKey, type IndexedPage } from '../../src/link/page-index.ts';
import { Proving } from '../../src/link/proving.ts';
import { PushBudget } from '../../src/link/push-budget.ts';
import { Serving } from '../../src/link/serving.ts';
import { Wanted } from '../../src/link/wanted.ts';
import { RecentSet } from '../../src/recent-set.ts';
import { authorOf, claimOf, NOW_S, pageOf } from '../pages/pages.ts';

function idOf(index: number): string {
  return index.toString(16).padStart(16, '0');
}

/** A link that remembers after which ids it was compared. */
function linkOf(budget: string, { isOutward = false, answersInParts = true } = {}) {
  const asked: string[] = [];
  const link = {
    budget,
    answersInParts,
    peer: { isOutward },
    compare: (after: string) => void asked.push(after),
  };
  return { link: link as unknown as Link, asked };
}

function comparisonsOf() {
  const budgets = new LinkBudgets(0);
  const wanted = new Wanted<Link>();
  return { budgets, wanted, comparisons: new Comparisons(budgets, wanted) };
}

/** Uses up what all networks have together. */
function useUpAll(budgets: LinkBudgets): void {
  budgets.spend('greedy', IDLE_OCTETS_BURST, 0);
  budgets.spend('greedy', IDLE_OCTETS_ALL_BURST, 0);
}

test('a link is compared with at once if its network may send a part of an answer in vain, or as soon as it may', () => {
  const part = 12 * ANSWER_PAGES_MAX + IDLE_OCTETS_KEPT;
  const { budgets, comparisons } = comparisonsOf();
  useUpAll(budgets);
  const { link, asked } = linkOf('a');
  budgets.spend('a', IDLE_OCTETS_BURST - part, 0);
  comparisons.start(link, 0, 0);
  assert.deepEqual(asked, [FIRST_ID]);
  budgets.spend('a', 64, 0);
  comparisons.start(link, 0, 5000);
  assert.deepEqual(asked, [FIRST_ID, FIRST_ID], '64 octets a second come back');
  budgets.spend('a', 64 * 60, 5000);
  comparisons.start(link, 0, 10_000);
  assert.equal(asked.length, 2);
  comparisons.step(11_000);
  assert.equal(asked.length, 2);
  comparisons.step(70_000);
  assert.equal(asked.length, 3, 'it was not forgotten');
});

test('a link that answers at once is compared with only if it may announce all that it may have', () => {
  const octets = 2 * 12 * 4096;
  const { budgets, comparisons } = comparisonsOf();
  useUpAll(budgets);
  const { link, asked } = linkOf('a', { answersInParts: false });
  budgets.spend('a', IDLE_OCTETS_BURST - octets, 0);
  comparisons.start(link, 0, 0);
  assert.equal(asked.length, 1);
  comparisons.start(link, 4096, 0);
  assert.equal(asked.length, 2);
  comparisons.start(link, 4097, 0);
  assert.equal(asked.length, 2, 'as much again as is here');
  comparisons.step(10_000_000);
  assert.equal(asked.length, 2, 'it knows nothing of parts');
});

test('the next part is asked for after the lowest id that a link named, not too soon, and once', () => {
  const { comparisons } = comparisonsOf();
  const { link, asked } = linkOf('a');
  comparisons.hasMore(link, idOf(5), 0);
  comparisons.hasMore(link, idOf(3), 0);
  comparisons.hasMore(link, idOf(4), 0);
  comparisons.step(0);
  assert.deepEqual(asked, [idOf(3)]);
  comparisons.hasMore(link, idOf(7), 0);
  comparisons.step(PART_MS - 1);
  assert.equal(asked.length, 1);
  comparisons.step(PART_MS);
  assert.deepEqual(asked, [idOf(3), idOf(7)]);
  comparisons.step(10 * PART_MS);
  assert.equal(asked.length, 2);
});

test('links are asked one after the other, first those that this node dialled', () => {
  const { comparisons } = comparisonsOf();
  const [inward, outward, gone] = [linkOf('a'), linkOf('b', { isOutward: true }), linkOf('c')];
  for (const { link } of [inward, outward, gone]) comparisons.hasMore(link, FIRST_ID, 0);
  comparisons.step(0);
  comparisons.step(PART_GAP_MS - 1);
  assert.deepEqual([inward.asked.length, outward.asked.length], [0, 1]);
  comparisons.step(PART_GAP_MS);
  assert.deepEqual([inward.asked.length, outward.asked.length], [1, 1]);
  comparisons.forget(gone.link);
  comparisons.step(2 * PART_GAP_MS);
  assert.deepEqual(gone.asked, []);
});

test('no part is asked for while many pages are expected, but who promises what does not come delays it for 15 s only', () => {
  const { comparisons, wanted } = comparisonsOf();
  const [honest, liar] = [linkOf('a'), linkOf('b')];
  for (let index = 0; index < PART_WANTED_MAX; index += 1) wanted.add(idOf(index), liar.link, 0);
  comparisons.hasMore(honest.link, FIRST_ID, 0);
  comparisons.step(0);
  assert.equal(honest.asked.length, 1, 'so many may be expected');
  wanted.add('one more', liar.link, 0);
  comparisons.hasMore(honest.link, FIRST_ID, 5000);
  comparisons.step(5000 + PART_STALLED_MS - 1);
  assert.equal(honest.asked.length, 1);
  comparisons.hasMore(honest.link, FIRST_ID, 5000 + PART_STALLED_MS - 1);
  comparisons.step(5000 + PART_STALLED_MS);
  assert.equal(honest.asked.length, 2, 'saying it again is not a new beginning');
});

test('a link that says that it has more gets no more questions than it may ask for itself', () => {
  const { budgets, comparisons } = comparisonsOf();
  const { link, asked } = linkOf('a');
  budgets.serve('a', SERVED_OCTETS_BURST - (4 + 2048 + 8), 0);
  comparisons.hasMore(link, FIRST_ID, 0);
  comparisons.step(0);
  assert.equal(asked.length, 1);
  comparisons.hasMore(link, FIRST_ID, PART_MS);
  comparisons.step(PART_MS);
  assert.equal(asked.length, 1);
});

test('a page is asked for after a while, from one holder after the other, and expected until none is left', () => {
  const wanted = new Wanted<string>();
  assert.equal(wanted.add('x', 'a', 0), true);
  assert.equal(wanted.add('x', 'a', 0), true);
  assert.deepEqual(wanted.take('b', 9, WANT_WAIT_MS), [], 'it said nothing of it');
  assert.deepEqual(wanted.take('a', 9, WANT_WAIT_MS), ['x']);
  wanted.add('x', 'a', WANT_WAIT_MS);
  assert.equal(wanted.late(WANT_WAIT_MS + ANSWER_MS_MAX - 1).size, 0);
  assert.deepEqual([...wanted.late(WANT_WAIT_MS + ANSWER_MS_MAX)], ['a']);
  assert.equal(wanted.size, 0, 'nobody else has it');
  // A page that comes before it was asked for was not requested.
  wanted.add('y', 'a', 0);
  assert.equal(wanted.came('y'), false);
  assert.equal(wanted.size, 0);
});

test('half of what may be open has to come before more is asked for, and who is late may be asked again', () => {
  const wanted = new Wanted<string>();
  for (let index = 0; index < 12; index += 1) wanted.add(`${index}`, 'a', 0);
  assert.deepEqual(wanted.take('a', 4, 1000), ['0', '1', '2', '3']);
  assert.equal(wanted.came('0'), true);
  assert.deepEqual(wanted.take('a', 4, 1000), [], 'three are open');
  wanted.came('1');
  assert.deepEqual(wanted.take('a', 4, 1000), ['4', '5'], 'two are open');
  wanted.late(1000 + ANSWER_MS_MAX);
  assert.deepEqual(wanted.take('a', 4, 7000), ['6', '7', '8', '9'], 'none is open');
});

test('what a holder that is gone was asked for is asked from another one at once, and it is late no more', () => {
  const wanted = new Wanted<string>();
  for (const holder of ['a', 'b']) wanted.add('x', holder, 0);
  wanted.add('y', 'a', 0);
  wanted.add('z', 'b', 0);
  assert.deepEqual(wanted.take('a', 9, 1000), ['x', 'y']);
  wanted.forget('a');
  assert.equal(wanted.size, 2);
  assert.deepEqual(wanted.take('b', 9, 1000), ['x', 'z']);
  assert.deepEqual([...wanted.late(1000 + ANSWER_MS_MAX)], ['b']);
  assert.equal(wanted.size, 0);
});

test('each link has room for 192 pages however many others promised, and no more', () => {
  const wanted = new Wanted<string>();
  for (let index = 0; index < WANTED_MAX - 1; index += 1) wanted.add(`x${index}`, 'liar', 0);
  assert.equal(wanted.add('last', 'liar', 0), true);
  assert.equal(wanted.add('more', 'liar', 0), false);
  assert.equal(wanted.add('last', 'liar', 0), true, 'it is expected already');
  for (let index = 0; index < WANTED_OF_LINK_MIN; index += 1) {
    assert.equal(wanted.add(`y${index}`, 'honest', 0), true);
  }
  assert.equal(wanted.add('y', 'honest', 0), false);
  assert.equal(wanted.size, WANTED_MAX + WANTED_OF_LINK_MIN);
});

function pagesNamed(count: number): readonly IndexedPage[] {
  return Array.from({ length: count }, (_, index) => ({
    pageId: index + 1,
    id: idOf(index),
    key: 'ab'.repeat(32),
    isQuiet: false,
    madeEpochS: NOW_S,
  }));
}

const nobodyKnows = (): boolean => false;

test('announcements are gathered for 15 s, without those that the other end has', () => {
  const announcing = new Announcing(0);
  const [first, second] = pagesNamed(2);
  assert.ok(first && second);
  announcing.add(first);
  announcing.add(second);
  assert.equal(announcing.due(nobodyKnows, HAVE_MS - 1), undefined);
  const due = announcing.due((id) => id === first.id, HAVE_MS);
  assert.deepEqual(due, { pages: [second], hasMore: false });
  assert.equal(announcing.due(nobodyKnows, 2 * HAVE_MS - 1), undefined);
  assert.deepEqual(announcing.due(nobodyKnows, 2 * HAVE_MS), { pages: [], hasMore: false });
});

test('unasked no more is announced than is tolerated in vain; what is wanted counts no more', () => {
  const atOnce = Math.floor(ANNOUNCED_OCTETS_BURST / 12);
  const announcing = new Announcing(0);
  const pages = pagesNamed(atOnce + ANNOUNCEMENTS_WAITING_MAX);
  for (const page of pages) announcing.add(page);
  const first = announcing.due(nobodyKnows, HAVE_MS);
  assert.deepEqual(first?.pages, pages.slice(0, atOnce));
  assert.equal(first?.hasMore, false, 'the rest can wait');
  const later = announcing.due(nobodyKnows, 2 * HAVE_MS);
  assert.deepEqual(
    later?.pages,
    pages.slice(atOnce, atOnce + (15 * 32) / 12),
    '32 octets a second',
  );
  announcing.wereWanted(100);
  const wanted = announcing.due(nobodyKnows, 3 * HAVE_MS);
  assert.equal(wanted?.pages.length, 100 + (15 * 32) / 12);
});

test('of more announcements than may wait the newest do, and the other end is told to compare', () => {
  const atOnce = Math.floor(ANNOUNCED_OCTETS_BURST / 12);
  const announcing = new Announcing(0);
  const pages = pagesNamed(atOnce + 1 + ANNOUNCEMENTS_WAITING_MAX);
  for (const page of pages) announcing.add(page);
  assert.equal(announcing.due(nobodyKnows, HAVE_MS)?.hasMore, true);
  const later = announcing.due(nobodyKnows, 2 * HAVE_MS);
  assert.equal(later?.pages[0], pages[atOnce + 1]);
  assert.equal(later?.hasMore, false);
});

/** Something to serve from: pages of a hundred octets, by id. */
function servingOf(octetsMax = 1e9) {
  let left = octetsMax;
  const counts = { givenBack: 0, served: 0 };
  const pages = new Map(pagesNamed(2000).map((page) => [page.id, page]));
  const index = {
    get: (id: string) => pages.get(id),
    octets: () => new Uint8Array(100),
  } as unknown as PageIndex;
  const serving = new Serving({
    index,
    serve: (octets) => {
      left -= octets;
      counts.served += octets;
      return left >= 0;
    },
    giveBack: (octets) => (counts.givenBack += octets),
  });
  return { serving, counts };
}

const ids = (count: number, from = 0): readonly string[] =>
  Array.from({ length: count }, (_, index) => idOf(from + index));

test('pages that were asked for are sent in their order, as long as the connection takes them', () => {
  const { serving } = servingOf();
  const wire = { unsentOctets: 0, send: () => undefined, close: () => undefined };
  const sent: string[] = [];
  let calls = 0;
  const send = (some: readonly string[], pages: readonly Uint8Array[]): void => {
    calls += 1;
    sent.push(...some);
    assert.equal(pages.length, some.length);
    if (calls === 1) wire.unsentOctets = LINK_UNSENT_OCTETS_MAX;
    if (calls === 2) wire.unsentOctets = LINK_UNSENT_OCTETS_MAX + 1;
  };
  serving.asked(ids(20), 160);
  serving.asked(ids(20, 20), 160);
  assert.equal(serving.serve(wire, send), true);
  assert.deepEqual(sent, ids(32), '16 at a time');
  wire.unsentOctets = 0;
  serving.serve(wire, send);
  assert.deepEqual(sent, ids(40));
});

test('of too many pages that are asked for the first are sent, and what is gone is left out', () => {
  const { serving } = servingOf();
  const wire = { unsentOctets: 0, send: () => undefined, close: () => undefined };
  const sent: string[] = [];
  let count = 0;
  serving.asked(['f'.repeat(16), ...ids(LINK_SERVED_MAX)], 8);
  serving.serve(wire, (some, pages) => {
    sent.push(...some);
    count += pages.length;
  });
  assert.deepEqual(sent, ['f'.repeat(16), ...ids(LINK_SERVED_MAX - 1)]);
  assert.equal(count, LINK_SERVED_MAX - 1);
});

test('a question that is answered costs nothing up to an eighth of the answer', () => {
  const wire = { unsentOctets: 0, send: () => undefined, close: () => undefined };
  const long = servingOf();
  long.serving.asked(ids(16), 128);
  long.serving.serve(wire, () => undefined);
  assert.equal(long.counts.givenBack, 1600 / 8);
  long.serving.asked(ids(160), 1280);
  long.serving.serve(wire, () => undefined);
  const questions = 2 * (HEAD_SIZE + SEGMENT_OCTETS) + 128 + 1280;
  assert.equal(long.counts.givenBack, questions, 'all of them, but no more');
  assert.equal(long.counts.served, 17_600);
});

test('who asked for all that it may have is told so, and gets nothing more', () => {
  const wire = { unsentOctets: 0, send: () => undefined, close: () => undefined };
  const { serving, counts } = servingOf(1600);
  let sent = 0;
  serving.asked(ids(17), 136);
  assert.equal(
    serving.serve(wire, (some) => (sent += some.length)),
    false,
  );
  assert.equal(sent, 16);
  assert.ok(counts.givenBack > 0);
});

function provingOf(octetsMax: number) {
  const known = new RecentSet(100);
  const sent: string[][] = [];
  const pushes = new PushBudget({ nowMs: () => 0, epochUs: () => 0 });
  let left = octetsMax;
  const costs: number[] = [];
  pushes.takeForProof = (octets) => {
    if (octets > left) return false;
    costs.push(octets);
    left -= octets;
    return true;
  };
  const page = (key: string, nth: number): Uint8Array =>
    new TextEncoder().encode(`${key} ${nth}`.padEnd(98));
  const proving = new Proving({
    proof: (key) => (key === 'nobody' ? [] : [page(key, 1), page(key, 2)]),
    known,
    pushes,
    send: (pages) =>
      void sent.push(pages.map((octets) => new TextDecoder().decode(octets).trimEnd())),
  });
  const allow = (octets: number): void => void (left = octets);
  return { proving, known, sent, page, costs, allow };
}

test('the two pages that prove a lie are sent once, without what the other end has', () => {
  const { proving, known, sent, page, costs } = provingOf(1e6);
  proving.add('liar', false);
  proving.send();
  assert.deepEqual(sent, [['liar 1', 'liar 2']]);
  assert.deepEqual(costs, [HEAD_SIZE + SEGMENT_OCTETS + 2 * 100]);
  proving.send();
  assert.equal(sent.length, 1);
  known.add(pageId(page('other', 1)));
  proving.add('other', false);
  proving.send();
  assert.deepEqual(sent[1], ['other 2']);
  proving.add('liar', false);
  proving.send();
  assert.deepEqual(sent.slice(2).flat(), [], 'it has both');
  assert.equal(costs.length, 2, 'and nothing was spent');
});

test('proofs wait for their turn, those of authors that are heard first, each once, and not too many', () => {
  const { proving, sent, allow } = provingOf(0);
  proving.add('nobody', false);
  for (let index = 0; index < PROOFS_WAITING_MAX; index += 1) proving.add(`liar ${index}`, false);
  proving.add('liar 1', true);
  proving.add('voter', true);
  proving.send();
  assert.equal(sent.length, 0);
  allow(1e6);
  proving.send();
  const first = sent.filter((pages) => pages.length > 0).map(([page]) => page);
  assert.equal(first.length, PROOFS_WAITING_MAX - 1);
  assert.deepEqual(first.slice(0, 3), ['voter 1', 'liar 0 1', 'liar 1 1']);
});

/** Pages in memory, by row. */
function sourceOf() {
  const rows = new Map<number, Uint8Array>();
  const state = { changes: 0, last: 0, reads: 0 };
  const source = {
    changes: () => state.changes,
    pagesCount: () => rows.size,
    pageIds: () => [...rows.keys()],
    pages: (after: number, limit: number) => {
      state.reads += 1;
      return [...rows]
        .filter(([row]) => row > after)
        .slice(0, limit)
        .map(([row, octets]) => ({ pageId: row, octets }));
    },
    page: (row: number) => rows.get(row),
  };
  const add = (octets: Uint8Array): void => {
    state.last += 1;
    state.changes += 1;
    rows.set(state.last, octets);
  };
  const remove = (row: number): void => {
    state.changes += 1;
    rows.delete(row);
  };
  return { source, add, remove, state };
}

/** Not signed. */
function rawPage(index: number): Uint8Array {
  const octets = new Uint8Array(126);
  new DataView(octets.buffer).setUint32(60, index);
  return octets;
}

test('`PageIndex` has what there is, whoever adds or removes pages', () => {
  const { source, add, remove, state } = sourceOf();
  const alice = authorOf('alice');
  const page = pageOf(alice, {
    claims: [claimOf('45.0.0.1')],
    isQuiet: true,
    madeEpochS: NOW_S - 7,
  });
  add(page);
  const index = new PageIndex(source);
  assert.deepEqual([index.size, index.has(pageId(page))], [1, true]);
  const found = index.get(pageId(page));
  assert.ok(found !== undefined);
  assert.deepEqual(found, {
    pageId: 1,
    id: pageId(page),
    key: alice.publicKey.toHex(),
    isQuiet: true,
    madeEpochS: NOW_S - 7,
  });
  assert.equal(pageKey(page), alice.publicKey.toHex());
  assert.deepEqual(index.octets(found), page);
  const reads = state.reads;
  assert.deepEqual(index.follow(), []);
  assert.equal(state.reads, reads, 'nothing has changed');
  for (let at = 0; at < 600; at += 1) add(rawPage(at));
  assert.equal(index.follow().length, 600);
  assert.equal(index.size, 601);
  remove(1);
  add(rawPage(1000));
  remove(602);
  assert.deepEqual(index.follow(), [], 'what came and went is not new');
  assert.deepEqual([index.size, index.has(pageId(page))], [600, false]);
  // The same page again, in another row.
  add(page);
  add(page);
  index.follow();
  remove(603);
  index.follow();
  assert.equal(index.get(pageId(page))?.pageId, 604);
});

test('two nodes with the same pages have the same summary, in whatever order they came; quiet ones are not in it', () => {
  const [a, b] = [sourceOf(), sourceOf()];
  const pages = Array.from({ length: 300 }, (_, index) => rawPage(index));
  for (const page of pages) a.add(page);
  for (const page of pages.toReversed()) b.add(page);
  const [here, there] = [new PageIndex(a.source), new PageIndex(b.source)];
  assert.equal(here.summary().length, 2048);
  assert.deepEqual(here.summary(), there.summary());
  assert.deepEqual(here.differing(there.summary(), FIRST_ID), []);
  const quiet = pageOf(authorOf('alice'), { isQuiet: true });
  a.add(quiet);
  here.follow();
  assert.deepEqual(here.summary(), there.summary());
  const more = rawPage(1000);
  a.add(more);
  here.follow();
  const bucket = Number.parseInt(pageId(more).slice(0, 2), 16);
  const differs = [...here.summary().keys()].filter(
    (at) => here.summary()[at] !== there.summary()[at],
  );
  assert.ok(differs.length > 0);
  assert.ok(differs.every((at) => Math.floor(at / 8) === bucket));
  // Those of the part that differs, in order, and after an id only.
  const ofBucket = [...pages, more]
    .map(pageId)
    .filter((id) => id.startsWith(pageId(more).slice(0, 2)))
    .toSorted();
  const found = here.differing(there.summary(), FIRST_ID).map(({ id }) => id);
  assert.deepEqual(found, ofBucket);
  const all = [...pages, more].map(pageId).toSorted();
  const empty = new Uint8Array(2048);
  assert.deepEqual(
    here.differing(empty, FIRST_ID).map(({ id }) => id),
    all,
  );
  assert.deepEqual(
    here.differing(empty, all[9] ?? '').map(({ id }) => id),
    all.slice(10),
  );
});
