// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* One end of a link: what it understands, what it tells its owner, and when it ends. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  BROKEN_PROMISES_MAX,
  FOLLOWED_MAX,
  FRAME_OCTETS_MAX,
  HAVE_MS,
  HELLO_MS_MAX,
  LINK_UNREAD_OCTETS_MAX,
  LINK_UNSENT_OCTETS_MAX,
  PAGE_OCTETS_MAX,
  PRUNE_MS,
  SEGMENT_OCTETS,
  SUMMARY_ANSWER_MS_MIN,
} from '../../src/limits.ts';
import {
  encodeFrame,
  Feature,
  FIRST_ID,
  FrameType,
  HEAD_SIZE,
  idFrames,
  pageFrames,
  readIds,
  readPages,
  SUMMARY_SIZE,
} from '../../src/link/frames.ts';
import { helloFrame } from '../../src/link/hello.ts';
import {
  ANNOUNCED_OCTETS_BURST,
  ANNOUNCEMENTS_WAITING_MAX,
  ANSWER_PAGES_MAX,
  BYE_OCTETS_MAX,
  PROOF_OCTETS_KEPT,
  PUSHED_MS,
  PUSHED_OCTETS_BURST,
  SUMMARY_ANSWERS_BURST,
} from '../../src/link/limits.ts';
import type { LinkParts } from '../../src/link/link-parts.ts';
import { Link } from '../../src/link/link.ts';
import { PageIndex, pageId, type IndexedPage } from '../../src/link/page-index.ts';
import { authorOf, claimOf, NOW_S, pageOf } from '../pages/pages.ts';
import { pagesIn } from './page-list.ts';
import { OPEN } from './simulated-links.ts';

const NETWORK = 7;
/** When links begin. */
const START_MS = 50_000;
const ALICE = authorOf('alice');

/** As a link gives them to its owner: not a `Buffer`. */
const plainPage = (changes: Parameters<typeof pageOf>[1]): Uint8Array =>
  new Uint8Array(pageOf(ALICE, changes));

const PAGES = ['45.0.0.1', '45.0.0.2', '45.0.0.3'].map((subject, index) =>
  plainPage({ serial: NOW_S + index, claims: [claimOf(subject)] }),
);
const QUIET = plainPage({ serial: NOW_S + 9, claims: [claimOf('45.0.0.9')], isQuiet: true });
const [FIRST = OPEN] = PAGES;

/** A link whose owner and whose connection write down what they were told. */
function newLink(changes: Partial<LinkParts> = {}, pages: readonly Uint8Array[] = PAGES) {
  const state = { nowMs: START_MS, isNaming: false, spendable: 1e9, servable: 1e9 };
  const sent: Uint8Array[] = [];
  const told: unknown[][] = [];
  const counts = { spent: 0, closed: 0, wireClosed: 0 };
  const wire = {
    unsentOctets: 0,
    send: (octets: Uint8Array) => void sent.push(octets),
    close: () => void (counts.wireClosed += 1),
  };
  const index = new PageIndex(pagesIn(pages));
  const tell =
    (name: string) =>
    (...values: readonly unknown[]): void =>
      void told.push([name, ...values]);
  const link = new Link(
    { key: 'ab', nodeId: 'cd', address: '45.0.0.1', isOutward: true, sinceEpochUs: 0 },
    wire,
    {
      clock: { nowMs: () => state.nowMs, epochUs: () => 0 },
      networkId: NETWORK,
      proof: OPEN,
      expected: OPEN,
      index,
      liarProof: () => [],
      isEager: true,
      onReady: tell('ready'),
      onPages: tell('pages'),
      onMore: tell('more'),
      onHave: tell('have'),
      onSent: tell('sent'),
      spend: (octets) => {
        counts.spent += octets;
        return counts.spent <= state.spendable;
      },
      giveBack: () => undefined,
      serve: (octets) => octets <= state.servable,
      isNaming: () => state.isNaming,
      onMisbehaved: tell('misbehaved'),
      onWrong: tell('wrong'),
      onBye: tell('bye'),
      onClosed: () => void (counts.closed += 1),
      ...changes,
    },
  );
  /** Frames of a type among what was sent since the last time. */
  const bodies = (type: FrameType): readonly Uint8Array[] =>
    sent.filter((frame) => frame[3] === type).map((frame) => frame.subarray(HEAD_SIZE));
  const clear = (): void => {
    sent.length = 0;
    told.length = 0;
    counts.spent = 0;
  };
  const indexed = (octets: Uint8Array): IndexedPage => {
    const page = index.get(pageId(octets));
    assert.ok(page !== undefined);
    return page;
  };
  /** Tells it of pages that may be sent at once. */
  const tellOf = (...some: readonly Uint8Array[]): void =>
    link.tell(some.map(indexed), new Map(some.map((octets) => [indexed(octets), octets])));
  return { link, wire, index, state, sent, told, counts, bodies, clear, indexed, tellOf };
}

/** The same after the other end said hello. */
function readyLink(
  features = 0,
  changes: Partial<LinkParts> = {},
  pages: readonly Uint8Array[] = PAGES,
) {
  const made = newLink(changes, pages);
  made.link.receive(helloFrame(NETWORK, OPEN, features));
  assert.equal(made.link.isReady, true);
  made.clear();
  return made;
}

const summary = (after?: string): Uint8Array =>
  encodeFrame(FrameType.summary, new Uint8Array(SUMMARY_SIZE), Uint8Array.fromHex(after ?? ''));
const textOf = (octets: Uint8Array): string => new TextDecoder().decode(octets);
const idsOf = (some: readonly Uint8Array[], size?: number): readonly string[] =>
  some.flatMap((body) => readIds(body, size) ?? []);

test('`open()` says hello with all that this end can do', () => {
  const { link, sent } = newLink();
  link.open();
  assert.deepEqual(sent, [helloFrame(NETWORK, OPEN, Feature.named | Feature.parts)]);
});

test('a link is ready once the other end said hello, and was ready when it has ended', () => {
  const { link, told } = newLink();
  assert.deepEqual([link.isReady, link.wasReady], [false, false]);
  link.receive(helloFrame(NETWORK, OPEN, 0));
  assert.deepEqual([link.isReady, link.wasReady, told], [true, true, [['ready']]]);
  link.close('enough');
  assert.deepEqual([link.isReady, link.wasReady], [false, true]);
});

test('a link says why it ends, once, and hears nothing from then on', () => {
  const { link, sent, told, counts } = readyLink();
  link.close('enough');
  link.close('again');
  link.ended();
  link.receive(pageFrames([FIRST])[0] ?? OPEN);
  link.compare();
  assert.deepEqual(sent, [encodeFrame(FrameType.bye, new TextEncoder().encode('enough'))]);
  assert.deepEqual([told, counts], [[], { spent: 0, closed: 1, wireClosed: 1 }]);
});

test('a frame that ends the link is the last one that is handled', () => {
  const { link, told, bodies } = readyLink();
  const cut = encodeFrame(FrameType.want, Uint8Array.of(1));
  const more = encodeFrame(FrameType.more, new Uint8Array(8));
  link.receive(new Uint8Array([...cut, ...more]));
  assert.deepEqual(told, [['wrong', 'ids are cut', true]]);
  assert.deepEqual(bodies(FrameType.bye).map(textOf), ['ids are cut']);
});

/** What is wrong with each of these. */
const WRONG: readonly (readonly [Uint8Array, string])[] = [
  [encodeFrame(FrameType.pages, Uint8Array.of(0)), 'pages are cut'],
  [encodeFrame(FrameType.have, Uint8Array.of(0)), 'ids are cut'],
  [encodeFrame(FrameType.named, new Uint8Array(8)), 'ids are cut'],
  [encodeFrame(FrameType.want, new Uint8Array(9)), 'ids are cut'],
  [encodeFrame(FrameType.more, new Uint8Array(7)), 'an id has another size'],
  [encodeFrame(FrameType.more), 'an id has another size'],
  [encodeFrame(FrameType.summary, new Uint8Array(SUMMARY_SIZE - 1)), 'a summary has another size'],
  [encodeFrame(FrameType.summary, new Uint8Array(SUMMARY_SIZE + 9)), 'a summary has another size'],
  [encodeFrame(FrameType.follow, new Uint8Array(31)), 'keys are cut or too many'],
  [
    encodeFrame(FrameType.follow, new Uint8Array(32 * (FOLLOWED_MAX + 1))),
    'keys are cut or too many',
  ],
];

test('a frame that is wrong ends the link, with the reason', () => {
  for (const [frame, why] of WRONG) {
    const { link, told, bodies } = readyLink();
    link.receive(frame);
    assert.deepEqual(told, [['wrong', why, true]]);
    assert.deepEqual(bodies(FrameType.bye).map(textOf), [why]);
    assert.equal(link.isReady, false);
  }
});

test('a first frame that is no hello is wrong, and one that is too large ends the link', () => {
  const early = newLink();
  early.link.receive(encodeFrame(FrameType.prune));
  assert.deepEqual(early.told, [['wrong', 'that is no hello', false]]);
  const large = readyLink();
  large.link.receive(Uint8Array.of(1, 0, 1, FrameType.pages));
  assert.deepEqual(large.bodies(FrameType.bye).map(textOf), ['a frame was too large']);
  assert.deepEqual([large.told, large.counts.spent], [[], 0]);
});

test('each segment and each frame but pages counts as sent in vain', () => {
  const { link, told, counts } = readyLink();
  const [pages = OPEN] = pageFrames([FIRST]);
  link.receive(pages.subarray(0, 10));
  link.receive(pages.subarray(10));
  assert.equal(counts.spent, 2 * SEGMENT_OCTETS);
  assert.deepEqual(told, [['pages', [FIRST], 2 * SEGMENT_OCTETS]]);
  link.receive(pages);
  assert.deepEqual(told[1], ['pages', [FIRST], SEGMENT_OCTETS]);
  link.receive(encodeFrame(FrameType.more, new Uint8Array(8)));
  assert.equal(counts.spent, 4 * SEGMENT_OCTETS + HEAD_SIZE + 8);
});

test('a link that sends more in vain than it may is left, whether that is a segment or a frame', () => {
  const octets = SEGMENT_OCTETS + HEAD_SIZE + 8;
  const more = encodeFrame(FrameType.more, new Uint8Array(8));
  for (const [spendable, isHeard] of [
    [octets, true],
    [octets - 1, false],
    [SEGMENT_OCTETS - 1, false],
  ] as const) {
    const { link, state, told, bodies } = readyLink();
    state.spendable = spendable;
    link.receive(more);
    const why = 'it sends too much that is of no use';
    assert.deepEqual(told, isHeard ? [['more', FIRST_ID]] : [['misbehaved', why, 'in_vain']]);
    assert.deepEqual(bodies(FrameType.bye).map(textOf), isHeard ? [] : [why]);
  }
});

test('new pages are pushed on a link that begins eager, in one frame, and never again', () => {
  const { bodies, told, tellOf, clear } = readyLink();
  tellOf(...PAGES);
  assert.deepEqual(bodies(FrameType.pages).map(readPages), [PAGES]);
  assert.deepEqual(told, [['sent', 3]]);
  clear();
  tellOf(...PAGES);
  assert.deepEqual(told, []);
});

test('nothing is told before the other end said hello', () => {
  const { link, state, sent, tellOf } = newLink();
  tellOf(FIRST);
  assert.deepEqual(sent, []);
  link.receive(helloFrame(NETWORK, OPEN, 0));
  state.nowMs += HAVE_MS;
  link.step(state.nowMs);
  assert.deepEqual(sent, [], 'a comparison finds it');
});

/** What is announced instead of being pushed. */
function announcedBy({ link, state, bodies }: ReturnType<typeof newLink>): readonly string[] {
  state.nowMs += HAVE_MS;
  link.step(state.nowMs);
  assert.deepEqual(bodies(FrameType.pages), []);
  return idsOf(bodies(FrameType.have));
}

test('new pages are announced on a link that does not begin eager, until it asks for something', () => {
  const made = readyLink(0, { isEager: false });
  made.tellOf(FIRST);
  assert.deepEqual(announcedBy(made), [pageId(FIRST)]);
  made.link.receive(idFrames(FrameType.want, [pageId(FIRST)])[0] ?? OPEN);
  made.clear();
  made.tellOf(...PAGES);
  assert.deepEqual(made.bodies(FrameType.pages).flatMap(readPages), PAGES.slice(1));
});

test('new pages are pushed to whom this end asked for pages', () => {
  const { link, tellOf, bodies } = readyLink(0, { isEager: false });
  link.want(['0123456789abcdef']);
  assert.deepEqual(idsOf(bodies(FrameType.want)), ['0123456789abcdef']);
  tellOf(FIRST);
  assert.equal(bodies(FrameType.pages).length, 1);
});

test('new pages are announced to whom asked to prune, and what was pushed was in vain', () => {
  const made = readyLink();
  made.link.receive(encodeFrame(FrameType.prune));
  made.tellOf(FIRST);
  assert.deepEqual(announcedBy(made), [pageId(FIRST)]);
});

test('new pages are announced if they may not be sent, or the connection is slow', () => {
  const unsent = readyLink();
  unsent.link.tell([unsent.indexed(FIRST)], new Map());
  assert.deepEqual(announcedBy(unsent), [pageId(FIRST)]);
  for (const [unsentOctets, isPushed] of [
    [LINK_UNSENT_OCTETS_MAX, true],
    [LINK_UNSENT_OCTETS_MAX + 1, false],
  ] as const) {
    const slow = readyLink();
    slow.wire.unsentOctets = unsentOctets;
    slow.tellOf(FIRST);
    assert.equal(slow.bodies(FrameType.pages).length, isPushed ? 1 : 0);
  }
});

/** Not signed. */
const largePages = (count: number, size = PAGE_OCTETS_MAX): readonly Uint8Array[] =>
  Array.from({ length: count }, (_, index) => {
    const page = new Uint8Array(size);
    new DataView(page.buffer).setUint32(100, index);
    return page;
  });

test('no more is pushed at once than the other end tolerates in vain, with frames and segments', () => {
  const room = PUSHED_OCTETS_BURST - PROOF_OCTETS_KEPT;
  const size = 3000; // With which frames and segments make a difference.
  const pages = largePages(20, size);
  const { tellOf, bodies } = readyLink(0, {}, pages);
  for (const page of pages) tellOf(page);
  const count = Math.floor(room / (2 + size + HEAD_SIZE + SEGMENT_OCTETS));
  assert.equal(bodies(FrameType.pages).length, count);
  // Telling of nothing new costs nothing.
  const often = readyLink(0, {}, pages);
  for (let times = 0; times < 1000; times += 1) often.tellOf();
  often.tellOf(...pages.slice(0, count));
  assert.equal(often.bodies(FrameType.pages).flatMap(readPages).length, count);
});

test('what was pushed in vain is not pushed again soon', () => {
  const pages = largePages(12);
  for (const wasInVain of [false, true]) {
    const { link, state, tellOf, bodies, clear } = readyLink(0, {}, pages);
    tellOf(...pages.slice(0, 11));
    if (wasInVain) link.receive(encodeFrame(FrameType.prune));
    link.want(['0123456789abcdef']);
    clear();
    state.nowMs += 2 * PUSHED_MS;
    tellOf(...pages.slice(11));
    assert.equal(bodies(FrameType.pages).length, wasInVain ? 0 : 1);
  }
});

test('what the other end is known to have is neither pushed nor announced', () => {
  const made = readyLink();
  made.link.knows(pageId(FIRST));
  made.tellOf(FIRST);
  assert.deepEqual(announcedBy(made), []);
  const have = idFrames(FrameType.have, [pageId(FIRST)])[0] ?? OPEN;
  const told = readyLink(0, { isEager: false });
  told.tellOf(FIRST);
  told.link.receive(have);
  assert.deepEqual(announcedBy(told), []);
});

test('quiet pages are pushed to those who follow their author only', () => {
  const { link, bodies, tellOf } = readyLink(0, {}, [...PAGES, QUIET]);
  tellOf(QUIET);
  assert.deepEqual(bodies(FrameType.pages), []);
  link.receive(encodeFrame(FrameType.follow, authorOf('bob').publicKey));
  tellOf(QUIET);
  assert.deepEqual(bodies(FrameType.pages), []);
  link.receive(encodeFrame(FrameType.follow, ALICE.publicKey));
  tellOf(QUIET);
  assert.deepEqual(bodies(FrameType.pages).flatMap(readPages), [QUIET]);
});

test('who follows an author is told of the quiet pages that there are, not of others', () => {
  const bobs = pageOf(authorOf('bob'), { claims: [claimOf('45.0.0.8')], isQuiet: true });
  const { link, bodies } = readyLink(0, {}, [...PAGES, bobs, QUIET]);
  link.receive(encodeFrame(FrameType.follow, ALICE.publicKey));
  assert.deepEqual(idsOf(bodies(FrameType.have)), [pageId(QUIET)]);
});

test('as many keys may be followed as a node may have voters', () => {
  const { link, told } = readyLink();
  link.receive(encodeFrame(FrameType.follow, new Uint8Array(32 * FOLLOWED_MAX)));
  assert.deepEqual([told, link.isReady], [[], true]);
});

test('`follow()` asks for the quiet pages of these keys, and for nothing without any', () => {
  const { link, sent, bodies } = readyLink();
  link.follow(new Set());
  assert.deepEqual(sent, []);
  const keys = ['aa'.repeat(32), 'bb'.repeat(32)];
  link.follow(new Set(keys));
  assert.deepEqual(idsOf(bodies(FrameType.follow), 32), keys);
});

test('`compare()` sends a summary, with an id only to whom answers in parts', () => {
  const plain = readyLink();
  plain.link.compare();
  assert.deepEqual(plain.bodies(FrameType.summary), [plain.index.summary()]);
  const inParts = readyLink(Feature.parts);
  inParts.link.compare();
  inParts.link.compare('0123456789abcdef');
  assert.deepEqual(
    inParts.bodies(FrameType.summary).map((body) => body.subarray(SUMMARY_SIZE).toHex()),
    [FIRST_ID, '0123456789abcdef'],
  );
});

test('a request to prune is sent once a second', () => {
  const { link, state, bodies } = readyLink();
  const prunedAt = (nowMs: number): number => {
    state.nowMs = nowMs;
    link.prune();
    return bodies(FrameType.prune).length;
  };
  const times = [0, PRUNE_MS - 1, PRUNE_MS].map((ms) => START_MS + ms);
  assert.deepEqual(times.map(prunedAt), [1, 1, 2]);
});

test('three broken promises in a row are too many, and pages that come make up for them', () => {
  const { link } = readyLink();
  const broken = (): boolean => link.brokePromise();
  for (let count = 1; count < BROKEN_PROMISES_MAX; count += 1) assert.equal(broken(), false);
  link.receive(pageFrames([FIRST])[0] ?? OPEN);
  for (let count = 1; count < BROKEN_PROMISES_MAX; count += 1) assert.equal(broken(), false);
  assert.equal(broken(), true);
});

test('a link without a hello ends when its time is over', () => {
  const { link, bodies } = newLink();
  link.step(START_MS + HELLO_MS_MAX);
  assert.deepEqual(bodies(FrameType.bye), []);
  link.step(START_MS + HELLO_MS_MAX + 1);
  assert.deepEqual(bodies(FrameType.bye).map(textOf), ['no hello came']);
  const ready = readyLink();
  ready.link.step(START_MS + HELLO_MS_MAX + 1);
  assert.deepEqual([ready.link.isReady, ready.sent], [true, []]);
});

test('who asks for pages gets them, and an empty answer if all of them are gone', () => {
  const { link, bodies, clear, told } = readyLink();
  const gone = '0'.repeat(15).concat('1');
  link.receive(idFrames(FrameType.want, [gone, pageId(FIRST)])[0] ?? OPEN);
  assert.deepEqual(bodies(FrameType.pages).map(readPages), [[FIRST]]);
  assert.deepEqual(told, [['sent', 1]]);
  clear();
  link.receive(idFrames(FrameType.want, [gone])[0] ?? OPEN);
  assert.deepEqual(bodies(FrameType.pages), [new Uint8Array()]);
  assert.deepEqual(told, []);
});

test('pages that were asked for wait until the connection has room, and are known then', () => {
  const { link, wire, bodies, tellOf, clear } = readyLink();
  wire.unsentOctets = LINK_UNSENT_OCTETS_MAX + 1;
  link.receive(idFrames(FrameType.want, [pageId(FIRST)])[0] ?? OPEN);
  assert.deepEqual(bodies(FrameType.pages), []);
  wire.unsentOctets = 0;
  link.drained();
  assert.deepEqual(bodies(FrameType.pages).map(readPages), [[FIRST]]);
  clear();
  tellOf(FIRST);
  assert.deepEqual(bodies(FrameType.pages), []);
});

test('a link that ended serves nothing more', () => {
  const { link, wire, bodies, told } = readyLink();
  wire.unsentOctets = LINK_UNSENT_OCTETS_MAX + 1;
  link.receive(idFrames(FrameType.want, [pageId(FIRST)])[0] ?? OPEN);
  link.ended();
  wire.unsentOctets = 0;
  link.drained();
  assert.deepEqual([bodies(FrameType.pages), told], [[], []]);
});

test('who asks for more than it may have is told so', () => {
  const pages = readyLink();
  pages.state.servable = FIRST.length - 1;
  pages.link.receive(idFrames(FrameType.want, [pageId(FIRST)])[0] ?? OPEN);
  assert.deepEqual(pages.bodies(FrameType.bye).map(textOf), ['it asks for too much']);
  assert.deepEqual(pages.bodies(FrameType.pages), []);
  const ids = readyLink();
  ids.state.servable = HEAD_SIZE + 8 * PAGES.length - 1;
  ids.link.receive(summary());
  assert.deepEqual(ids.bodies(FrameType.bye).map(textOf), ['it asks for too much']);
  assert.deepEqual(ids.bodies(FrameType.have), []);
});

test('summaries are answered four at once, then one in two seconds', () => {
  const { link, state, bodies } = readyLink();
  for (let count = 0; count < SUMMARY_ANSWERS_BURST + 3; count += 1) link.receive(summary());
  assert.equal(bodies(FrameType.have).length, SUMMARY_ANSWERS_BURST);
  state.nowMs += SUMMARY_ANSWER_MS_MIN;
  for (let count = 0; count < 2; count += 1) link.receive(summary());
  assert.equal(bodies(FrameType.have).length, SUMMARY_ANSWERS_BURST + 1);
  assert.equal(link.isReady, true);
});

const hintOf = (): string => ALICE.publicKey.toHex().slice(0, 8);

test('authors are named to whom understands it: in parts always, else while they are flooded', () => {
  const all = [...PAGES].map(pageId).toSorted();
  const named = all.map((id) => id + hintOf());
  for (const [features, isNaming, after, type] of [
    [Feature.named, false, undefined, FrameType.have],
    [Feature.named, true, undefined, FrameType.named],
    [0, true, undefined, FrameType.have],
    [Feature.parts | Feature.named, false, FIRST_ID, FrameType.named],
    [Feature.parts, true, FIRST_ID, FrameType.have],
  ] as const) {
    const { link, state, bodies, sent } = readyLink(features);
    state.isNaming = isNaming;
    link.receive(summary(after));
    assert.equal(sent.length, 1);
    if (type === FrameType.have) assert.deepEqual(idsOf(bodies(type)), all);
    else assert.deepEqual(idsOf(bodies(type), 12), named);
  }
});

test('announcements tell what the other end has, and the beginning of keys if they are named', () => {
  const { link, told } = readyLink();
  const id = pageId(FIRST);
  link.receive(idFrames(FrameType.have, [id])[0] ?? OPEN);
  link.receive(idFrames(FrameType.named, [id + hintOf()], 12)[0] ?? OPEN);
  assert.deepEqual(told, [
    ['have', [{ id, hint: undefined }]],
    ['have', [{ id, hint: hintOf() }]],
  ]);
});

test('announcements that come too often end the link', () => {
  const { link, told } = readyLink();
  for (let count = 0; count < 33; count += 1) link.receive(encodeFrame(FrameType.have));
  assert.deepEqual(told.at(-1), ['wrong', 'announcements come too often', true]);
  assert.equal(told.length, 33);
});

test('who cannot be told of all that is new is told to compare, if it knows how', () => {
  const all = Math.floor(ANNOUNCED_OCTETS_BURST / 12) + ANNOUNCEMENTS_WAITING_MAX;
  for (const [features, count, isTold] of [
    [Feature.parts, all + 1, true],
    [Feature.parts, all, false],
    [0, all + 1, false],
  ] as const) {
    const { link, indexed, bodies } = readyLink(features, { isEager: false });
    const page = indexed(FIRST);
    link.tell(
      Array.from({ length: count }, () => page),
      new Map(),
    );
    link.step(START_MS + HAVE_MS);
    const more = bodies(FrameType.more).map((body) => body.toHex());
    assert.deepEqual(more, isTold ? [FIRST_ID] : []);
  }
});

test('a link passes on why the other end leaves, cut to a size, and ends', () => {
  const { link, told, sent, counts } = readyLink();
  link.receive(encodeFrame(FrameType.bye, new Uint8Array(FRAME_OCTETS_MAX).fill(0x61)));
  assert.deepEqual(told, [['bye', 'a'.repeat(BYE_OCTETS_MAX)]]);
  assert.deepEqual([sent, counts.closed, counts.wireClosed], [[], 1, 1]);
  assert.equal(link.isReady, false);
});

test('what comes after the reason why the other end leaves is not looked at', () => {
  const { link, told, counts } = readyLink();
  const more = encodeFrame(FrameType.more, new Uint8Array(8));
  link.receive(new Uint8Array([...encodeFrame(FrameType.bye), ...more]));
  assert.deepEqual(told, [['bye', '']]);
  assert.equal(counts.spent, SEGMENT_OCTETS + HEAD_SIZE);
});

test('a connection that is not read ends the link, also while it is asked for something', () => {
  const { link, wire, bodies } = readyLink();
  wire.unsentOctets = LINK_UNREAD_OCTETS_MAX;
  link.compare();
  assert.equal(link.isReady, true);
  wire.unsentOctets += 1;
  link.want(['0123456789abcdef']);
  assert.deepEqual(bodies(FrameType.bye).map(textOf), ['what is sent is not read']);
  assert.deepEqual(bodies(FrameType.want), []);
});

test('proofs that an author lies are sent once, as soon as the other end said hello', () => {
  const proof = PAGES.slice(0, 2);
  const { link, state, bodies, tellOf } = newLink({
    liarProof: (key) => (key === 'liar' ? proof : []),
  });
  link.prove('liar', true);
  assert.deepEqual(bodies(FrameType.pages), []);
  link.receive(helloFrame(NETWORK, OPEN, 0));
  link.step(state.nowMs);
  link.step(state.nowMs);
  tellOf(FIRST);
  assert.deepEqual(bodies(FrameType.pages).map(readPages), [proof]);
});

test('a proof that an author lies is sent at once on a link that is ready', () => {
  const { link, bodies } = readyLink(0, { liarProof: () => PAGES.slice(0, 2) });
  link.prove('liar', false);
  assert.deepEqual(bodies(FrameType.pages).map(readPages), [PAGES.slice(0, 2)]);
});

test('who follows authors is answered once in two seconds', () => {
  const { link, state, bodies } = readyLink(0, {}, [QUIET]);
  const answersAt = (ms: number): number => {
    state.nowMs = START_MS + ms;
    link.receive(encodeFrame(FrameType.follow, ALICE.publicKey));
    return bodies(FrameType.have).length;
  };
  const times = [0, SUMMARY_ANSWER_MS_MIN - 1, SUMMARY_ANSWER_MS_MIN];
  assert.deepEqual(times.map(answersAt), [1, 1, 2]);
});

test('announcements that are asked for make room for others', () => {
  const room = Math.floor(ANNOUNCED_OCTETS_BURST / 12);
  const { link, state, indexed, bodies, clear } = readyLink(0, { isEager: false });
  const pages = Array.from({ length: room + 1000 }, () => indexed(FIRST));
  link.tell(pages, new Map());
  link.step((state.nowMs += HAVE_MS));
  assert.equal(idsOf(bodies(FrameType.have)).length, room);
  const gone = Array.from({ length: 100 }, (_, at) => `${at}`.padStart(16, '0'));
  link.receive(idFrames(FrameType.want, gone)[0] ?? OPEN);
  clear();
  link.step((state.nowMs += HAVE_MS));
  // 32 octets a second, in addition.
  assert.equal(idsOf(bodies(FrameType.have)).length, 100 + (32 * 15) / 12);
});

test('an answer in parts ends with its last id if there is more', () => {
  for (const count of [ANSWER_PAGES_MAX, ANSWER_PAGES_MAX + 1]) {
    const pages = Array.from({ length: count }, (_, index) => {
      const page = new Uint8Array(100);
      new DataView(page.buffer).setUint32(60, index);
      return page;
    });
    const ids = pages.map(pageId).toSorted().slice(0, ANSWER_PAGES_MAX);
    const { link, bodies } = readyLink(Feature.parts, {}, pages);
    link.receive(summary(FIRST_ID));
    assert.deepEqual(idsOf(bodies(FrameType.have)), ids);
    const more = bodies(FrameType.more).map((body) => body.toHex());
    assert.deepEqual(more, count > ANSWER_PAGES_MAX ? ids.slice(-1) : []);
  }
});
