// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* One node's exchange, with links over which a test says what it likes: whom it links with, whom it leaves, and why. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  ANSWER_MS_MAX,
  AVOIDED_MS,
  BROKEN_PROMISES_MAX,
  COMPARE_ALL_AFTER_MS,
  COMPARE_MS,
  EAGER_LINKS,
  EXCHANGE_STEP_MS,
  HAVE_MS,
  HELLO_MS_MAX,
  IDLE_OCTETS_ALL_BURST,
  IDLE_OCTETS_BEGIN,
  IDLE_OCTETS_BURST,
  NEWS_AGE_S_MAX,
  REFUSED_MS,
  SEGMENT_OCTETS,
  WANT_WAIT_MS,
  WANTED_MAX,
} from '../../src/limits.ts';
import type { Admission } from '../../src/link/admission.ts';
import { budgetKey, LinkBudgets } from '../../src/link/budgets.ts';
import { Exchange } from '../../src/link/exchange.ts';
import type { LinkDistrust, Taken } from '../../src/link/exchange-parts.ts';
import {
  encodeFrame,
  Feature,
  FrameType,
  HEAD_SIZE,
  idFrames,
  pageFrames,
  readIds,
  readPages,
} from '../../src/link/frames.ts';
import { helloFrame } from '../../src/link/hello.ts';
import { LIES_MAX, PART_STALLED_MS, VOTERS_LOOK_MS } from '../../src/link/limits.ts';
import type { LinkPeer } from '../../src/link/link-parts.ts';
import { pageId, pageKey } from '../../src/link/page-index.ts';
import { pagesIn } from './page-list.ts';

const NOW_S = 1_800_000_000;
const NETWORK = 7;
/** When the exchange begins. */
const START_MS = 1_000_000;
const OPEN = new Uint8Array(32);
/** Between the keys of others. */
const OWN_KEY = '8'.repeat(64);

const keyOf = (index: number): string => index.toString(16).padStart(64, '0');

/** Not signed: its owner says what becomes of it. Where it has its key, its time and its flags: `page-index.ts`. */
function rawPage(
  index: number,
  { by = 'cc'.repeat(32), madeEpochS = NOW_S, isQuiet = false, size = 200 } = {},
): Uint8Array {
  const page = new Uint8Array(size);
  page.set(Uint8Array.fromHex(by), 5);
  const view = new DataView(page.buffer);
  view.setUint32(45, madeEpochS);
  page[49] = isQuiet ? 1 : 0;
  view.setUint32(100, index);
  return page;
}

/** An exchange whose owner does what the test says. */
function newExchange({
  budgets = new LinkBudgets(START_MS),
}: { readonly budgets?: LinkBudgets } = {}) {
  const pages: Uint8Array[] = [];
  const logged: unknown[][] = [];
  const taken: { readonly pages: readonly Uint8Array[]; readonly from: LinkPeer }[] = [];
  const proofs = new Map<string, readonly Uint8Array[]>();
  const timers: { readonly ms: number; isLive: boolean; readonly run: () => void }[] = [];
  const heard = new Set<string>();
  const state = {
    nowMs: START_MS,
    drawn: 0,
    linksCount: 0,
    isFlooded: false,
    hasRoom: true,
    voters: new Set<string>(),
    distrust: { covers: () => false } as LinkDistrust,
    tooMuch: (() => false) as (key: string) => boolean,
    /** What becomes of pages; those that are taken are there then. */
    outcome: (() => 'taken') as (page: Uint8Array) => Taken,
    failure: undefined as Error | undefined,
  };
  const log = (...values: readonly unknown[]): void => void logged.push([...values]);
  const admission = {
    isFlooded: () => state.isFlooded,
    isTooMuch: (key: string) => state.tooMuch(key),
    hasRoomAfter: () => state.hasRoom,
    isHeard: (key: string) => heard.has(key),
    isHintHeard: (hint: string) => [...heard].some((key) => key.startsWith(hint)),
  } as unknown as Admission;
  const exchange = new Exchange(
    {
      clock: {
        nowMs: () => state.nowMs,
        epochUs: () => NOW_S * 1e6 + (state.nowMs - START_MS) * 1000,
      },
      logger: { debug: log, info: log, warn: log, error: log },
      random: { fill: (octets) => octets.fill(state.drawn) },
      wakeAfter: (ms, run) => {
        const timer = { ms, isLive: true, run };
        timers.push(timer);
        return () => void (timer.isLive = false);
      },
      pages: pagesIn(pages),
      take: async (some, from) => {
        taken.push({ pages: some, from });
        if (state.failure !== undefined) throw state.failure;
        const outcomes = some.map(state.outcome);
        pages.push(...some.filter((_, index) => outcomes[index] === 'taken'));
        return outcomes;
      },
      proof: (key) => proofs.get(key) ?? [],
      voters: () => state.voters,
      known: () => new Set(),
      distrust: () => state.distrust,
      onLinks: () => void (state.linksCount += 1),
    },
    { networkId: NETWORK, key: OWN_KEY, admission, budgets },
  );
  /** Lets the next step come. */
  const step = (ms = EXCHANGE_STEP_MS): void => {
    state.nowMs += ms;
    const live = timers.filter(({ isLive }) => isLive);
    assert.equal(live.length, 1, 'one timer runs');
    const [timer] = live;
    assert.ok(timer !== undefined);
    timer.isLive = false;
    timer.run();
  };
  /** Connects somebody. */
  const connect = (index: number, changes: Partial<LinkPeer> = {}) => {
    const sent: Uint8Array[] = [];
    const wire = {
      unsentOctets: 0,
      isOpen: true,
      send: (octets: Uint8Array) => void sent.push(octets),
      close: () => void (wire.isOpen = false),
    };
    const peer = {
      key: keyOf(index),
      nodeId: `node ${index}`,
      address: `45.${index & 255}.0.1`,
      isOutward: false,
      sinceEpochUs: 0,
      ...changes,
    };
    const link = exchange.add(peer, wire, OPEN, OPEN);
    const bodies = (type: FrameType): readonly Uint8Array[] =>
      sent.filter((frame) => frame[3] === type).map((frame) => frame.subarray(HEAD_SIZE));
    const idsOf = (type: FrameType): readonly string[] =>
      bodies(type).flatMap((body) => readIds(body) ?? []);
    const receive = async (frames: readonly Uint8Array[]): Promise<void> => {
      for (const frame of frames) link?.receive(frame);
      await nextTurn();
    };
    const why = (): readonly string[] =>
      bodies(FrameType.bye).map((body) => new TextDecoder().decode(body));
    return { peer, link, wire, sent, bodies, idsOf, receive, why };
  };
  /** Links with somebody. */
  const linkWith = (
    index: number,
    { features = 0, ...changes }: Partial<LinkPeer> & { readonly features?: number } = {},
  ) => {
    const made = connect(index, changes);
    assert.ok(made.link !== undefined);
    made.link.receive(helloFrame(NETWORK, OPEN, features));
    return made;
  };
  const add = (...some: readonly Uint8Array[]): void => {
    pages.push(...some);
    exchange.wake();
  };
  return {
    exchange,
    state,
    timers,
    logged,
    taken,
    proofs,
    heard,
    pages,
    step,
    connect,
    linkWith,
    add,
  };
}

const pagesOf = (frames: readonly Uint8Array[]): readonly Uint8Array[] =>
  frames.flatMap((body) => readPages(body) ?? []);

test('`links` are those that are ready, `peers` all', () => {
  const { exchange, connect, linkWith, state } = newExchange();
  const { peer: first } = connect(1);
  const { peer: second } = linkWith(2);
  assert.deepEqual(exchange.peers, [first, second]);
  assert.deepEqual(exchange.links, [second]);
  assert.equal(state.linksCount, 1);
});

test('`add()` takes neither this node itself nor anybody once it is closed', () => {
  const { exchange, connect } = newExchange();
  assert.equal(connect(1, { key: OWN_KEY }).link, undefined);
  const { why } = connect(2);
  exchange.close();
  exchange.close();
  assert.deepEqual(why(), ['this node stops']);
  assert.equal(connect(3).link, undefined);
  assert.deepEqual(exchange.peers, []);
});

test('of two links with one node both ends keep the one that the lower key dialled', () => {
  const [lower, higher] = ['7'.repeat(64), '9'.repeat(64)];
  for (const [key, first, second, isReplaced] of [
    [higher, true, true, false],
    [higher, true, false, false],
    [higher, false, true, true],
    [higher, false, false, false],
    [lower, true, true, false],
    [lower, true, false, true],
    [lower, false, true, false],
    [lower, false, false, false],
  ] as const) {
    const { exchange, connect } = newExchange();
    connect(3);
    const before = connect(1, { key, isOutward: first });
    const { link } = connect(1, { key, isOutward: second });
    const what = `${key.slice(0, 1)} ${first} ${second}`;
    assert.equal(link !== undefined, isReplaced, what);
    assert.deepEqual(before.why(), isReplaced ? ['there is another link'] : [], what);
    assert.equal(exchange.peers.length, 2);
  }
});

/** What a network may still send in vain. */
function budgetsWith(octets: number): LinkBudgets {
  const budgets = new LinkBudgets(START_MS);
  budgets.spend('greedy', IDLE_OCTETS_BURST, START_MS);
  budgets.spend('greedy', IDLE_OCTETS_ALL_BURST, START_MS);
  budgets.spend(budgetKey('45.1.0.1'), IDLE_OCTETS_BURST - octets, START_MS);
  return budgets;
}

test('a network that used up what it may send in vain gets no new link', () => {
  for (const [octets, isTaken] of [
    [IDLE_OCTETS_BEGIN, true],
    [IDLE_OCTETS_BEGIN - 1, false],
  ] as const) {
    const { connect } = newExchange({ budgets: budgetsWith(octets) });
    assert.equal(connect(1).link !== undefined, isTaken);
  }
});

test('a link says hello at once, and is compared with as soon as the other end did', () => {
  const { connect, state } = newExchange();
  state.voters.add(keyOf(5));
  const { link, sent, bodies } = connect(1);
  assert.deepEqual(sent, [helloFrame(NETWORK, OPEN, Feature.named | Feature.parts)]);
  link?.receive(helloFrame(NETWORK, OPEN, 0));
  assert.equal(bodies(FrameType.summary).length, 1);
  assert.deepEqual(
    bodies(FrameType.follow).map((body) => body.toHex()),
    [keyOf(5)],
  );
});

test('the first links get new pages at once, later ones hear of them', () => {
  const { linkWith, add, step } = newExchange();
  const links = Array.from({ length: EAGER_LINKS + 1 }, (_, index) => linkWith(1 + index));
  const page = rawPage(1);
  step();
  add(page);
  assert.deepEqual(
    links.map(({ bodies }) => pagesOf(bodies(FrameType.pages)).length),
    [1, 1, 1, 0],
  );
  step(HAVE_MS);
  assert.deepEqual(
    links.map(({ idsOf }) => idsOf(FrameType.have)),
    [[], [], [], [pageId(page)]],
  );
});

test('steps come one after the other until the exchange is closed', () => {
  const { exchange, step, timers } = newExchange();
  step();
  step();
  assert.deepEqual(
    timers.map(({ ms }) => ms),
    [EXCHANGE_STEP_MS, EXCHANGE_STEP_MS, EXCHANGE_STEP_MS],
  );
  exchange.close();
  assert.ok(timers.every(({ isLive }) => !isLive));
});

test('a step does what the links need, and asks nobody for anything without a reason', () => {
  const { linkWith, connect, step, pages } = newExchange();
  const { sent } = linkWith(1, { features: Feature.parts });
  const { why } = connect(2);
  sent.length = 0;
  step();
  assert.deepEqual(sent, []);
  pages.push(rawPage(1)); // Somebody else added it.
  step();
  assert.equal(sent.length, 1);
  step(HELLO_MS_MAX);
  assert.deepEqual(why(), ['no hello came']);
});

test('a page that somebody announced is asked for, and again of the next one', async () => {
  const { linkWith, step } = newExchange();
  const [a, b] = [linkWith(1), linkWith(2)];
  const id = pageId(rawPage(1));
  for (const { receive } of [a, b]) await receive(idFrames(FrameType.have, [id]));
  step(WANT_WAIT_MS - 1);
  assert.deepEqual(a.idsOf(FrameType.want), []);
  step(1);
  step(ANSWER_MS_MAX);
  assert.deepEqual([a.idsOf(FrameType.want), b.idsOf(FrameType.want)], [[id], [id]]);
  assert.deepEqual([a.wire.isOpen, b.wire.isOpen], [true, true]);
});

test('what is there, or was refused, is not asked for when it is announced', async () => {
  const { linkWith, add, step, state, taken } = newExchange();
  const { receive, idsOf } = linkWith(1);
  const [known, refused] = [rawPage(1), rawPage(2)];
  add(known);
  state.outcome = () => 'refused';
  await receive(pageFrames([refused]));
  const announce = (): Promise<void> =>
    receive(idFrames(FrameType.have, [known, refused].map(pageId)));
  await announce();
  step(WANT_WAIT_MS);
  assert.deepEqual(idsOf(FrameType.want), []);
  // An hour later it may be welcome.
  step(REFUSED_MS - WANT_WAIT_MS - 1);
  await receive(pageFrames([refused]));
  assert.equal(taken.length, 1, 'it is not looked at again');
  step(1);
  await announce();
  step(WANT_WAIT_MS);
  assert.deepEqual(idsOf(FrameType.want), [pageId(refused)]);
});

test('a link on which nothing comes three times is left, and the node avoided for an hour', async () => {
  const { exchange, linkWith, connect, step, state, logged } = newExchange();
  const { receive, wire, why, peer } = linkWith(1);
  for (let count = 1; count <= BROKEN_PROMISES_MAX; count += 1) {
    assert.equal(wire.isOpen, true);
    await receive(idFrames(FrameType.have, [pageId(rawPage(count))]));
    step(WANT_WAIT_MS);
    step(ANSWER_MS_MAX);
  }
  assert.deepEqual(why(), ['pages did not come']);
  assert.equal(exchange.linksLeft.not_come, 1);
  assert.deepEqual(logged, [
    [
      'pool_link_left',
      {
        node_id: peer.nodeId,
        address: peer.address,
        reason: 'not_come',
        why: 'pages did not come',
      },
    ],
  ]);
  state.nowMs += AVOIDED_MS - 1;
  assert.equal(connect(1).link, undefined);
  state.nowMs += 1;
  assert.notEqual(connect(1).link, undefined);
});

test('in a flood pages of strangers are asked for as there is room, those of others always', async () => {
  const heardKey = 'ee'.repeat(32);
  const [stranger, heardPage] = [rawPage(1), rawPage(2, { by: heardKey })];
  for (const hasRoom of [true, false]) {
    const { linkWith, step, state, heard } = newExchange();
    heard.add(heardKey);
    state.hasRoom = hasRoom;
    const { receive, idsOf } = linkWith(1, { features: Feature.named });
    const named = [stranger, heardPage].map((page) => pageId(page) + pageKey(page).slice(0, 8));
    await receive(idFrames(FrameType.named, named, 12));
    step(WANT_WAIT_MS);
    assert.deepEqual(
      idsOf(FrameType.want),
      [...(hasRoom ? [stranger] : []), heardPage].map(pageId),
    );
  }
});

test('without the name of its author a page is asked for, but not from an end that names them', async () => {
  for (const features of [0, Feature.named]) {
    const { linkWith, step, state } = newExchange();
    state.hasRoom = false;
    const { receive, idsOf } = linkWith(1, { features });
    const id = pageId(rawPage(1));
    await receive(idFrames(FrameType.have, [id]));
    step(WANT_WAIT_MS);
    assert.deepEqual(idsOf(FrameType.want), features === 0 ? [id] : []);
  }
});

test('a page that comes is checked by the owner once, counted, and passed on to others', async () => {
  const { exchange, linkWith, taken } = newExchange();
  const [a, b] = [linkWith(1), linkWith(2)];
  const page = rawPage(1);
  await a.receive(pageFrames([page]));
  assert.deepEqual(taken, [{ pages: [page], from: a.peer }]);
  assert.deepEqual(pagesOf(b.bodies(FrameType.pages)), [page]);
  assert.deepEqual(a.bodies(FrameType.pages), [], 'it has it');
  assert.equal(exchange.pagesCount, 1);
  await b.receive(pageFrames([page]));
  assert.equal(taken.length, 1);
  const { taken: count, duplicates, sent } = exchange.counters;
  assert.deepEqual({ count, duplicates, sent }, { count: 1, duplicates: 1, sent: 1 });
});

test('a page that is there already is not looked at', async () => {
  const { exchange, linkWith, taken, add } = newExchange();
  const page = rawPage(1);
  add(page);
  await linkWith(1).receive(pageFrames([page]));
  assert.deepEqual([taken.length, exchange.counters.duplicates], [0, 1]);
});

test('each outcome of a page has its count', async () => {
  const outcomes: readonly Taken[] = ['taken', 'known', 'refused', 'liar', 'caught'];
  const { exchange, linkWith, state } = newExchange();
  state.outcome = (page) => outcomes[page[103] ?? 0] ?? 'forged';
  const { receive } = linkWith(1);
  await receive(pageFrames(outcomes.map((_, index) => rawPage(index))));
  assert.deepEqual(exchange.counters, {
    taken: 1,
    duplicates: 1,
    refused: 2,
    forged: 0,
    caught: 1,
    limited: 0,
    sent: 0,
  });
});

test('a page that was pushed in vain is answered with a request to prune; one that was asked for is not', async () => {
  for (const isAsked of [false, true]) {
    const { linkWith, step, state } = newExchange();
    state.outcome = () => 'refused';
    const { receive, bodies } = linkWith(1);
    const page = rawPage(1);
    if (isAsked) {
      await receive(idFrames(FrameType.have, [pageId(page)]));
      step(WANT_WAIT_MS);
    }
    await receive(pageFrames([page]));
    assert.equal(bodies(FrameType.prune).length, isAsked ? 0 : 1);
  }
});

test('a page that is too much is not looked at, and counts as limited', async () => {
  const { exchange, linkWith, taken, state } = newExchange();
  state.tooMuch = (key) => key === 'dd'.repeat(32);
  const { receive, bodies } = linkWith(1);
  const page = rawPage(1);
  await receive(pageFrames([rawPage(2, { by: 'dd'.repeat(32) }), page]));
  assert.deepEqual(
    taken.map(({ pages }) => pages),
    [[page]],
  );
  assert.equal(exchange.counters.limited, 1);
  assert.equal(bodies(FrameType.prune).length, 1);
});

test('pages in vain count with their octets, and whoever sends too many of them is left', async () => {
  const hello = SEGMENT_OCTETS + helloFrame(NETWORK, OPEN, 0).length;
  const page = rawPage(1, { size: 4000 });
  const cost = SEGMENT_OCTETS + HEAD_SIZE + 2 + page.length;
  for (const [octets, isLeft] of [
    [hello + 3 * cost, false],
    [hello + 3 * cost - 1, true],
  ] as const) {
    const { exchange, linkWith, state } = newExchange({ budgets: budgetsWith(octets) });
    state.outcome = () => 'refused';
    const { receive, why } = linkWith(1);
    for (let index = 1; index <= 3; index += 1)
      await receive(pageFrames([rawPage(index, { size: 4000 })]));
    assert.deepEqual(why(), isLeft ? ['it sends too many pages that are of no use'] : []);
    assert.equal(exchange.linksLeft.in_vain, isLeft ? 1 : 0);
  }
});

test('what a link said about a page that was taken counts no more', async () => {
  const budgets = new LinkBudgets(START_MS);
  const { linkWith, step, state } = newExchange({ budgets });
  let given = 0;
  budgets.giveBack = (_, octets) => void (given += octets);
  for (const [index, features, announced] of [
    [1, 0, 8],
    [2, Feature.named, 12],
  ] as const) {
    const { receive } = linkWith(index, { features });
    const page = rawPage(index, { size: 4000 });
    const id = pageId(page) + (features === 0 ? '' : pageKey(page).slice(0, 8));
    await receive(
      features === 0 ? idFrames(FrameType.have, [id]) : idFrames(FrameType.named, [id], 12),
    );
    step(WANT_WAIT_MS);
    given = 0;
    await receive(pageFrames([page]));
    assert.equal(given, announced + SEGMENT_OCTETS);
  }
  // Pushed in several segments, of which an eighth of the page is as many as were needed.
  const { link } = linkWith(3);
  const [frame = OPEN] = pageFrames([rawPage(3, { size: 4000 })]);
  given = 0;
  for (let at = 0; at < frame.length; at += 400) link?.receive(frame.subarray(at, at + 400));
  await nextTurn();
  assert.equal(given, SEGMENT_OCTETS + 4000 / 8);
  given = 0;
  state.outcome = () => 'refused';
  link?.receive(pageFrames([rawPage(4)])[0] ?? OPEN);
  await nextTurn();
  assert.equal(given, 0);
});

test('more is asked for as soon as half of what was asked came', async () => {
  const { linkWith, step } = newExchange();
  const { receive, bodies, sent } = linkWith(1);
  const pages = Array.from({ length: 70 }, (_, index) => rawPage(index));
  await receive(idFrames(FrameType.have, pages.map(pageId)));
  step(WANT_WAIT_MS);
  const asked = bodies(FrameType.want).length;
  sent.length = 0;
  await receive(pageFrames(pages.slice(0, 64)));
  assert.deepEqual([asked, bodies(FrameType.want).length], [1, 1]);
});

test('who sends a forged page is left', async () => {
  const { exchange, linkWith, connect, state } = newExchange();
  state.outcome = () => 'forged';
  const { receive, why } = linkWith(1);
  await receive(pageFrames([rawPage(1)]));
  assert.deepEqual(why(), ['a page was forged']);
  assert.deepEqual([exchange.linksLeft.forged, exchange.counters.forged], [1, 1]);
  assert.equal(connect(1).link, undefined);
});

test('pages that cannot be kept now are logged, and the link stays', async () => {
  const { linkWith, state, logged, pages } = newExchange();
  state.failure = new Error('the disk is full');
  const [a, b] = [linkWith(1), linkWith(2)];
  pages.push(rawPage(9));
  await a.receive(pageFrames([rawPage(1)]));
  assert.deepEqual(logged, [['pool_pages_not_kept', { why: 'Error: the disk is full' }]]);
  assert.equal(a.wire.isOpen, true);
  assert.deepEqual(
    pagesOf(b.bodies(FrameType.pages)),
    [rawPage(9)],
    'others are told of what is new',
  );
});

test('the proof that an author lies goes to all links when it is found, later to who sends more of him', async () => {
  const liar = 'dd'.repeat(32);
  const proof = [rawPage(1, { by: liar }), rawPage(2, { by: liar })];
  const { linkWith, state, proofs } = newExchange();
  const [a, b] = [linkWith(1), linkWith(2)];
  proofs.set(liar, proof);
  state.outcome = () => 'caught';
  await a.receive(pageFrames([rawPage(2, { by: liar })]));
  assert.deepEqual(pagesOf(a.bodies(FrameType.pages)), proof.slice(0, 1));
  assert.deepEqual(pagesOf(b.bodies(FrameType.pages)), proof);
  const [c, d] = [linkWith(3), linkWith(4)];
  state.outcome = () => 'liar';
  await c.receive(pageFrames([rawPage(3, { by: liar })]));
  assert.deepEqual(pagesOf(c.bodies(FrameType.pages)), proof);
  assert.deepEqual(d.bodies(FrameType.pages), []);
  state.outcome = () => 'refused';
  await d.receive(pageFrames([rawPage(5, { by: liar })]));
  assert.deepEqual(d.bodies(FrameType.pages), []);
  // Also to who announces one of the two.
  await d.receive(idFrames(FrameType.have, [pageId(proof[0] ?? OPEN)]));
  assert.deepEqual(pagesOf(d.bodies(FrameType.pages)), proof.slice(1));
});

test('of too many proofs that authors lie the oldest are forgotten', async () => {
  const { linkWith, state, proofs } = newExchange();
  state.outcome = () => 'liar';
  const { receive } = linkWith(1);
  const liarOf = (index: number): string => (0x1000 + index).toString(16).padStart(64, '0');
  const proofOf = (index: number): readonly Uint8Array[] =>
    [0, 1].map((nth) => rawPage(10_000 + 2 * index + nth, { by: liarOf(index), size: 110 }));
  const count = LIES_MAX / 2 + 1;
  for (let index = 0; index < count; index += 1) proofs.set(liarOf(index), proofOf(index));
  const pages = Array.from({ length: count }, (_, index) =>
    rawPage(index, { by: liarOf(index), size: 110 }),
  );
  for (const page of pages) await receive(pageFrames([page]));
  const { receive: tell, bodies } = linkWith(2);
  await tell(
    idFrames(
      FrameType.have,
      [proofOf(0)[0], proofOf(1)[0]].map((page) => pageId(page ?? OPEN)),
    ),
  );
  assert.deepEqual(pagesOf(bodies(FrameType.pages)), proofOf(1).slice(1));
});

test('what is not news is announced and not pushed, whoever made it', () => {
  const { linkWith, add } = newExchange();
  const { bodies } = linkWith(1);
  const news = rawPage(2, { madeEpochS: NOW_S - NEWS_AGE_S_MAX });
  add(rawPage(1, { madeEpochS: NOW_S - NEWS_AGE_S_MAX - 1 }), news);
  assert.deepEqual(pagesOf(bodies(FrameType.pages)), [news]);
});

test('in a flood pages of those that are heard are pushed, others announced with their authors', () => {
  const { linkWith, add, state, heard, step } = newExchange();
  const { bodies } = linkWith(1, { features: Feature.named });
  const [stranger, known] = [rawPage(1), rawPage(2, { by: 'ee'.repeat(32) })];
  heard.add(pageKey(known));
  state.isFlooded = true;
  add(stranger, known);
  assert.deepEqual(pagesOf(bodies(FrameType.pages)), [known]);
  step(HAVE_MS);
  assert.deepEqual(
    bodies(FrameType.named).map((body) => body.toHex()),
    [pageId(stranger) + pageKey(stranger).slice(0, 8)],
  );
});

test('every ten minutes one of the links that are ready is compared with', () => {
  const { connect, linkWith, step, state } = newExchange();
  const links = [linkWith(1), linkWith(2), linkWith(3)];
  for (const { sent } of links) sent.length = 0;
  const compared = (): readonly number[] =>
    links.map(({ bodies }) => bodies(FrameType.summary).length);
  state.drawn = 3;
  step(COMPARE_MS - 1);
  assert.deepEqual(compared(), [0, 0, 0]);
  links.push(connect(9));
  step(1);
  assert.deepEqual(compared(), [1, 0, 0, 0]);
  state.drawn = 254;
  step(COMPARE_MS);
  assert.deepEqual(compared(), [1, 0, 1, 0]);
});

test('a node without links compares with nobody', () => {
  const { step, exchange } = newExchange();
  step(COMPARE_MS);
  assert.deepEqual(exchange.peers, []);
});

test('when the operator changes whom he distrusts, their links end, and the others are compared with', () => {
  const { exchange, linkWith, connect, step, state } = newExchange();
  const [bad, good, silent] = [linkWith(1), linkWith(2), connect(3)];
  for (const { sent } of [good, silent]) sent.length = 0;
  state.distrust = { covers: ({ nodeId }) => nodeId === bad.peer.nodeId };
  state.voters = new Set([keyOf(7)]);
  step();
  assert.deepEqual(bad.why(), ['no link with this node is wanted']);
  assert.equal(exchange.linksLeft.in_vain, 0);
  const compared = (): number => good.bodies(FrameType.summary).length;
  let before = 0;
  for (const [index, ms] of COMPARE_ALL_AFTER_MS.entries()) {
    step(ms - before - 1);
    assert.equal(compared(), index);
    step(1);
    assert.equal(compared(), index + 1);
    before = ms;
  }
  assert.deepEqual(silent.bodies(FrameType.summary), []);
  assert.ok(good.bodies(FrameType.follow).length >= COMPARE_ALL_AFTER_MS.length);
  assert.equal(connect(1).link, undefined);
  assert.equal(exchange.isDistrusted(bad.peer), true);
  assert.equal(exchange.isDistrusted(good.peer), false);
});

test('what was refused is asked for again when the operator changes whom he distrusts', async () => {
  const { linkWith, step, state } = newExchange();
  const { receive, idsOf } = linkWith(1);
  state.outcome = () => 'refused';
  await receive(pageFrames([rawPage(1)]));
  state.distrust = { covers: () => false };
  step();
  step(COMPARE_ALL_AFTER_MS[0]);
  await receive(idFrames(FrameType.have, [pageId(rawPage(1))]));
  step(WANT_WAIT_MS);
  assert.deepEqual(idsOf(FrameType.want), [pageId(rawPage(1))]);
});

test('links are asked for quiet pages of voters that are new, every five seconds at most', () => {
  const { linkWith, connect, step, state } = newExchange();
  const [{ bodies }, silent] = [linkWith(1), connect(2)];
  const followed = (): readonly string[] => bodies(FrameType.follow).map((body) => body.toHex());
  step();
  assert.deepEqual(followed(), []);
  state.voters = new Set([keyOf(7)]);
  step(VOTERS_LOOK_MS - 1);
  assert.deepEqual(followed(), []);
  step(1);
  assert.deepEqual(followed(), [keyOf(7)]);
  step(VOTERS_LOOK_MS);
  assert.deepEqual(followed(), [keyOf(7)], 'nobody is new');
  state.voters = new Set();
  step(VOTERS_LOOK_MS);
  state.voters = new Set([keyOf(7)]);
  step(VOTERS_LOOK_MS);
  assert.equal(followed().length, 2, 'he is new again');
  assert.deepEqual(silent.bodies(FrameType.follow), []);
});

test('a link that ends is no longer waited for, and its owner told', async () => {
  const { exchange, linkWith, connect, step, state } = newExchange();
  const [a, b] = [linkWith(1), linkWith(2)];
  for (let index = 0; index < BROKEN_PROMISES_MAX; index += 1) {
    await a.receive(idFrames(FrameType.have, [pageId(rawPage(index))]));
    step(WANT_WAIT_MS);
  }
  assert.equal(a.idsOf(FrameType.want).length, BROKEN_PROMISES_MAX);
  const before = state.linksCount;
  a.link?.ended();
  assert.equal(state.linksCount, before + 1);
  assert.deepEqual(exchange.links, [b.peer]);
  step(ANSWER_MS_MAX - (BROKEN_PROMISES_MAX - 1) * WANT_WAIT_MS);
  for (let index = 1; index < BROKEN_PROMISES_MAX; index += 1) step(WANT_WAIT_MS);
  assert.equal(exchange.linksLeft.not_come, 0);
  assert.notEqual(connect(1).link, undefined);
});

test('a link that ends has no turn any more when links are asked for the rest', async () => {
  const { linkWith, step } = newExchange();
  const more = [encodeFrame(FrameType.more, new Uint8Array(8))];
  const a = linkWith(1, { features: Feature.parts, isOutward: true });
  const b = linkWith(2, { features: Feature.parts });
  b.sent.length = 0;
  for (const { receive } of [a, b]) await receive(more);
  a.link?.ended();
  step(10_000);
  assert.equal(b.bodies(FrameType.summary).length, 1);
});

test('an end that announces more than may be expected of it is asked for the rest, if it answers in parts', async () => {
  for (const [features, count, isAsked] of [
    [Feature.parts, WANTED_MAX + 1, true],
    [Feature.parts, WANTED_MAX, false],
    [0, WANTED_MAX + 1, false],
  ] as const) {
    const { linkWith, step } = newExchange();
    const { receive, bodies, sent } = linkWith(1, { features });
    sent.length = 0;
    const ids = Array.from({ length: count }, (_, index) => index.toString(16).padStart(16, '0'));
    await receive(idFrames(FrameType.have, ids));
    step(PART_STALLED_MS);
    assert.equal(bodies(FrameType.summary).length, isAsked ? 1 : 0);
  }
});

test('a page that was not asked for is no reason to ask for others at once', async () => {
  const { linkWith, state } = newExchange();
  const { receive, idsOf } = linkWith(1);
  await receive(idFrames(FrameType.have, [pageId(rawPage(1))]));
  state.nowMs += WANT_WAIT_MS;
  await receive(pageFrames([rawPage(2)]));
  assert.deepEqual(idsOf(FrameType.want), []);
});

test('who asks for pages gets them at its own cost, and its question was not in vain', async () => {
  const budgets = new LinkBudgets(START_MS);
  const { linkWith, add } = newExchange({ budgets });
  const { receive, bodies, peer } = linkWith(1);
  const page = rawPage(1, { size: 4000 });
  const counts = { served: 0, given: 0 };
  budgets.serve = (from, octets) => {
    assert.equal(from, budgetKey(peer.address));
    counts.served += octets;
    return true;
  };
  budgets.giveBack = (_, octets) => void (counts.given += octets);
  await receive([encodeFrame(FrameType.prune)]);
  add(page);
  await receive(idFrames(FrameType.want, [pageId(page)]));
  assert.deepEqual(pagesOf(bodies(FrameType.pages)), [page]);
  assert.deepEqual(counts, { served: 4000, given: HEAD_SIZE + 8 + SEGMENT_OCTETS });
});

test('who says too much that is of no use is left, and not linked with again', async () => {
  const { exchange, linkWith, connect } = newExchange({ budgets: budgetsWith(IDLE_OCTETS_BEGIN) });
  const { receive, why } = linkWith(1);
  for (let count = 0; count < 100; count += 1) await receive([encodeFrame(FrameType.prune)]);
  assert.deepEqual(why(), ['it sends too much that is of no use']);
  assert.equal(exchange.linksLeft.in_vain, 1);
  assert.equal(connect(1, { address: '46.0.0.1' }).link, undefined);
});

test('why a link was left is counted: at its end, at ours, or because the pool is another', async () => {
  const { exchange, linkWith, connect } = newExchange();
  linkWith(1).link?.receive(encodeFrame(FrameType.bye));
  linkWith(2).link?.receive(encodeFrame(FrameType.want, Uint8Array.of(1)));
  connect(3).link?.receive(helloFrame(NETWORK + 1, OPEN, 0));
  connect(4).link?.receive(encodeFrame(FrameType.prune));
  assert.deepEqual(exchange.linksLeft, {
    forged: 0,
    in_vain: 0,
    not_come: 0,
    protocol: 1,
    other_pool: 1,
    other_end: 1,
  });
  assert.equal(connect(2).link, undefined, 'it broke the rules');
  assert.notEqual(connect(4).link, undefined);
});

test('an end that has more than it announced is asked for the rest', async () => {
  const { linkWith, step } = newExchange();
  const { receive, bodies, sent } = linkWith(1, { features: Feature.parts });
  sent.length = 0;
  const after = '0123456789abcdef';
  await receive([encodeFrame(FrameType.more, Uint8Array.fromHex(after))]);
  step(10_000);
  assert.deepEqual(
    bodies(FrameType.summary).map((body) => body.subarray(-8).toHex()),
    [after],
  );
});
