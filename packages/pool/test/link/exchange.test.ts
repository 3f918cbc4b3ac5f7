// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  IDLE_OCTETS_ALL_BURST,
  IDLE_OCTETS_ALL_PER_S,
  IDLE_OCTETS_BURST,
  IDLE_OCTETS_PER_S,
  NEWS_AGE_S_MAX,
  PAGE_OCTETS_MAX,
  SEGMENT_OCTETS,
  SERVED_OCTETS_BURST,
  ANSWER_MS_MAX,
  AUTHOR_PAGES_BURST,
  KNOWN_PAGES_KEPT,
  STRANGERS_PAGES_BURST,
  AVOIDED_MS,
  FRAME_OCTETS_MAX,
  HAVES_BURST,
  HELLO_MS_MAX,
  LINK_UNREAD_OCTETS_MAX,
  SUMMARY_ANSWER_MS_MIN,
  WANTED_MAX,
} from '../../src/limits.ts';
import {
  encodeFrame,
  Framer,
  FrameType,
  idFrames,
  pageFrames,
  readIds,
  readPages,
} from '../../src/link/frames.ts';
import { ANSWER_PAGES_MAX, PART_MS, WANTED_OF_LINK_MIN } from '../../src/link/limits.ts';
import { Wanted } from '../../src/link/wanted.ts';
import { pageId } from '../../src/link/page-index.ts';
import { authorOf, claimOf, NOW_S, pageOf } from '../pages/pages.ts';
import { allAgree, OPEN, SimulatedNode, SimulatedTime } from './simulated-links.ts';

function newNodes(count: number): {
  readonly time: SimulatedTime;
  readonly nodes: readonly SimulatedNode[];
} {
  const time = new SimulatedTime();
  const nodes = Array.from(
    { length: count },
    (_, index) => new SimulatedNode(time, `node ${index}`),
  );
  return { time, nodes };
}

/** The first two, for the types. */
function two(nodes: readonly SimulatedNode[]): readonly [SimulatedNode, SimulatedNode] {
  const [a, b] = nodes;
  assert.ok(a !== undefined && b !== undefined);
  return [a, b];
}

test('`Framer` gives the same frames wherever a stream is cut, and refuses one that is too large', () => {
  const bodies = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 });
  fc.assert(
    fc.property(bodies, fc.integer({ min: 1, max: 17 }), (parts, size) => {
      const whole = new Uint8Array(parts.flatMap((part) => [...encodeFrame(FrameType.bye, part)]));
      const framer = new Framer();
      const frames = [];
      for (let at = 0; at < whole.length; at += size) {
        frames.push(...(framer.push(whole.subarray(at, at + size)) ?? []));
      }
      assert.deepEqual(
        frames.map(({ body }) => body),
        parts.map((part) => new Uint8Array(part)),
      );
    }),
  );
  const head = encodeFrame(FrameType.pages).subarray(0, 4);
  new DataView(head.buffer).setUint32(0, (FRAME_OCTETS_MAX + 1) << 8);
  const framer = new Framer();
  assert.equal(framer.push(head), undefined);
  assert.equal(framer.push(new Uint8Array(1)), undefined);
});

test('`pageFrames()` and `idFrames()` fill frames and are read back; what is cut is refused', () => {
  const pages = Array.from({ length: 40 }, (_, index) => new Uint8Array(4000).fill(index));
  const frames = pageFrames(pages);
  assert.equal(frames.length, 3);
  const read = frames.flatMap((frame) => readPages(frame.subarray(4)) ?? []);
  assert.deepEqual(read, pages);
  assert.equal(readPages(frames[0]?.subarray(4, -1) ?? new Uint8Array()), undefined);
  assert.equal(readPages(new Uint8Array([0, 0])), undefined);
  const ids = Array.from({ length: 10_000 }, (_, index) => index.toString(16).padStart(16, '0'));
  const some = idFrames(FrameType.have, ids);
  assert.equal(some.length, 2);
  assert.deepEqual(
    some.flatMap((frame) => readIds(frame.subarray(4)) ?? []),
    ids,
  );
  assert.equal(readIds(new Uint8Array(9)), undefined);
});

test('`Wanted` asks one holder at a time, the next where no answer comes, and forgets who is gone', () => {
  const wanted = new Wanted<string>();
  wanted.add('1', 'a', 0);
  wanted.add('1', 'b', 0);
  assert.deepEqual(wanted.take('a', 9, 599), [], 'it may be on its way');
  assert.deepEqual(wanted.take('a', 9, 600), ['1']);
  assert.deepEqual(wanted.take('b', 9, 600), []);
  assert.deepEqual([...wanted.late(600 + ANSWER_MS_MAX)], ['a']);
  assert.deepEqual(wanted.take('a', 9, 6000), []);
  assert.deepEqual(wanted.take('b', 9, 6000), ['1']);
  assert.equal(wanted.came('1'), true);
  assert.equal(wanted.came('1'), false);
  wanted.add('2', 'a', 0);
  wanted.forget('a');
  assert.deepEqual(wanted.take('a', 9, 9000), []);
  for (let index = 0; index < WANTED_MAX + 5; index += 1) wanted.add(`x${index}`, 'c', 0);
  assert.equal(wanted.take('c', 64, 9000).length, 64);
  assert.equal(wanted.take('c', 64, 9000).length, 0, 'so many are open');
  assert.equal(wanted.take('c', 1e9, 9000).length, WANTED_MAX - 64);
});

test('who promises more than there is room for leaves some for each other one', () => {
  const wanted = new Wanted<string>();
  for (let index = 0; index < WANTED_MAX; index += 1) wanted.add(`x${index}`, 'liar', 0);
  assert.equal(wanted.add('one more', 'liar', 0), false);
  for (let index = 0; index < WANTED_OF_LINK_MIN; index += 1) {
    assert.equal(wanted.add(`y${index}`, 'honest', 0), true);
  }
  assert.equal(wanted.add('y', 'honest', 0), false);
  assert.equal(wanted.take('honest', 64, 1000).length, 64);
  assert.equal(wanted.came('y0'), true);
  assert.equal(wanted.add('y', 'honest', 0), true, 'there is room again');
  wanted.forget('liar');
  assert.equal(wanted.size, WANTED_OF_LINK_MIN);
  assert.equal(wanted.add('z', 'honest', 0), true);
});

test('`Wanted` asks again when half of what was asked came, and not for each page', () => {
  const wanted = new Wanted<string>();
  for (let index = 0; index < 100; index += 1) wanted.add(`${index}`, 'a', 0);
  assert.equal(wanted.take('a', 64, 1000).length, 64);
  for (let index = 0; index < 31; index += 1) wanted.came(`${index}`);
  assert.deepEqual(wanted.take('a', 64, 1000), []);
  wanted.came('31');
  assert.equal(wanted.take('a', 64, 1000).length, 32);
});

test('two nodes have the same pages after they linked, and what is new within a step', async () => {
  const { time, nodes } = newNodes(2);
  const [a, b] = two(nodes);
  for (let index = 0; index < 300; index += 1)
    a.take(
      pageOf(authorOf(`author ${index}`), {
        claims: [claimOf(`45.1.${index >> 8}.${index & 255}`)],
      }),
    );
  b.say('46.0.0.1');
  a.dial(b);
  await time.pass(5000);
  assert.equal(a.subjects().length, 301);
  allAgree(nodes);
  a.say('46.0.0.2');
  await time.pass(50);
  assert.ok(b.subjects().includes('46.0.0.2'));
  const before = a.sentOctets + b.sentOctets;
  await time.pass(60_000);
  assert.ok(a.sentOctets + b.sentOctets - before < 100, 'nothing to say, nothing said');
});

test('twenty nodes in a ring with chords get each page once or little more', async () => {
  const { time, nodes } = newNodes(20);
  for (const [index, node] of nodes.entries()) {
    for (const step of [1, 5])
      node.dial(nodes[(index + step) % 20] ?? node, { delayMs: 20 + index });
  }
  await time.pass(2000);
  for (let round = 0; round < 40; round += 1) {
    nodes[round % 20]?.say(`45.2.0.${round}`);
    await time.pass(1000);
  }
  await time.pass(10_000);
  assert.equal(nodes[7]?.subjects().length, 40);
  allAgree(nodes);
  const taken = nodes.reduce((sum, { exchange }) => sum + exchange.counters.taken, 0);
  const again = nodes.reduce((sum, { exchange }) => sum + exchange.counters.duplicates, 0);
  assert.equal(taken, 40 * 19);
  assert.ok(again < taken * 0.6, `${again} of ${taken} came again; without a tree twice as many`);
});

test('a page that replaces others replaces them everywhere', async () => {
  const { time, nodes } = newNodes(2);
  const [a, b] = two(nodes);
  a.dial(b);
  await time.pass(1000);
  const first = a.say('45.0.0.1');
  await time.pass(1000);
  a.say('45.0.0.2', { replaces: first });
  await time.pass(1000);
  assert.deepEqual(b.subjects(), ['45.0.0.2']);
});

test('quiet pages go to those who follow their author', async () => {
  const { time, nodes } = newNodes(3);
  const [a, b] = two(nodes);
  const c = nodes[2];
  assert.ok(c !== undefined);
  a.say('45.0.0.1', { isQuiet: true });
  b.voterKeys.add(a.key);
  a.dial(b);
  a.dial(c);
  await time.pass(3000);
  a.say('45.0.0.2', { isQuiet: true });
  await time.pass(3000);
  assert.deepEqual(b.subjects(), ['45.0.0.1', '45.0.0.2']);
  assert.deepEqual(c.subjects(), []);
});

test('quiet pages of a node that becomes a voter come over the existing links', async () => {
  const { time, nodes } = newNodes(3);
  const [a, b] = two(nodes);
  const between = nodes[2];
  assert.ok(between !== undefined);
  a.say('45.0.0.1', { isQuiet: true });
  a.dial(between);
  between.dial(b);
  between.voterKeys.add(a.key);
  await time.pass(10_000);
  assert.deepEqual(between.subjects(), ['45.0.0.1']);
  assert.deepEqual(b.subjects(), []);
  b.voterKeys.add(a.key);
  await time.pass(10_000);
  assert.deepEqual(b.subjects(), ['45.0.0.1']);
  a.say('45.0.0.2', { isQuiet: true });
  await time.pass(20_000);
  assert.deepEqual(b.subjects(), ['45.0.0.1', '45.0.0.2']);
});

test('a link ends where the pool, the shared key, or the greeting is another', async () => {
  const time = new SimulatedTime();
  const a = new SimulatedNode(time, 'a');
  const b = new SimulatedNode(time, 'b', 7);
  const other = a.dial(b);
  const stranger = a.dial(new SimulatedNode(time, 'c'), { isProved: false });
  await time.pass(1000);
  assert.deepEqual(a.exchange.links.length, 0, 'one end refuses, so there is no link');
  assert.equal(other.isOpen, false);
  assert.equal(stranger.isOpen, false);
  assert.equal(a.exchange.linksLeft.other_pool, 1);
  assert.equal(b.exchange.linksLeft.other_pool, 1, 'both ends notice');
  const silent = { unsentOctets: 0, send: () => undefined, close: () => undefined };
  const link = a.accept(new SimulatedNode(time, 'd'), silent, false, [OPEN, OPEN]);
  await time.pass(HELLO_MS_MAX + 1000);
  assert.equal(link?.isReady, false);
  const greeted = a.accept(new SimulatedNode(time, 'e'), silent, false, [OPEN, OPEN]);
  greeted?.receive(encodeFrame(FrameType.want, new Uint8Array(8)));
  assert.equal(greeted?.isReady, false);
});

test('two nodes that dial each other keep one link, and nobody links with himself', async () => {
  const { time, nodes } = newNodes(2);
  const [a, b] = two(nodes);
  a.dial(b);
  b.dial(a);
  a.dial(a);
  await time.pass(2000);
  assert.equal(a.exchange.links.length, 1);
  assert.equal(b.exchange.links.length, 1);
  assert.notEqual(a.exchange.links[0]?.isOutward, b.exchange.links[0]?.isOutward);
  a.say('45.0.0.1');
  await time.pass(1000);
  assert.deepEqual(b.subjects(), ['45.0.0.1']);
});

/** A node and somebody who speaks to it by hand. @param features Of the stranger; none as the first version had it. */
async function withStranger(features: readonly number[] = []) {
  const time = new SimulatedTime();
  const node = new SimulatedNode(time, 'node');
  const sent: Uint8Array[] = [];
  let isClosed = false;
  const wire = {
    unsentOctets: 0,
    send: (octets: Uint8Array) => void sent.push(octets),
    close: () => void (isClosed = true),
  };
  const link = node.accept(new SimulatedNode(time, 'stranger'), wire, false, [OPEN, OPEN]);
  assert.ok(link !== undefined);
  link.receive(helloOf(features));
  await time.pass(100);
  return { time, node, link, wire, sent, isClosed: () => isClosed };
}

function helloOf(features: readonly number[] = []): Uint8Array {
  const head = new Uint8Array([1, 0, 0, 0, 0]);
  return encodeFrame(FrameType.hello, head, OPEN, new Uint8Array(features));
}

/** Bodies of frames of a type among what was sent. */
function bodies(sent: readonly Uint8Array[], type: FrameType): readonly Uint8Array[] {
  return sent.filter((frame) => frame[3] === type).map((frame) => frame.subarray(4));
}

/** Not signed: what is too much is not looked at. */
function junkPage(index: number, size = 126): Uint8Array {
  const page = new Uint8Array(size);
  new DataView(page.buffer).setUint32(5, index);
  return page;
}

/** Uses up what a node takes of strangers, by which it is flooded; over a link that then ends, as nothing is signed. */
async function flood(time: SimulatedTime, node: SimulatedNode): Promise<void> {
  const filler = node.exchange.add(
    { ...nodeLike(0), address: '46.9.0.1' },
    silentWire(),
    OPEN,
    OPEN,
  );
  assert.ok(filler !== undefined);
  filler.receive(helloOf());
  const pages = Array.from({ length: STRANGERS_PAGES_BURST }, (_, index) => junkPage(index));
  for (const frame of pageFrames(pages)) filler.receive(frame);
  await time.pass(100);
}

test('a forged page ends the link, and nothing of it is kept', async () => {
  const { time, node, link, isClosed } = await withStranger();
  const page = pageOf(authorOf('x'), { claims: [claimOf('45.0.0.1')] });
  page[60] = (page[60] ?? 0) ^ 1;
  for (const frame of pageFrames([page])) link.receive(frame);
  await time.pass(100);
  assert.equal(isClosed(), true);
  assert.deepEqual(node.subjects(), []);
});

test('who announces what does not come is left after three times', async () => {
  const { time, link, isClosed } = await withStranger();
  for (const frame of idFrames(
    FrameType.have,
    ['1', '2', '3', '4'].map((id) => id.repeat(16)),
  )) {
    link.receive(frame);
    await time.pass(100);
  }
  await time.pass(ANSWER_MS_MAX + 2000);
  for (let index = 0; index < 3; index += 1) {
    for (const frame of idFrames(FrameType.have, [`5${index}`.repeat(8)])) link.receive(frame);
    await time.pass(ANSWER_MS_MAX + 2000);
  }
  assert.equal(isClosed(), true);
});

test('a node that announces all the time is left alone, and not linked with again for a while', async () => {
  const { time, node, link, isClosed } = await withStranger();
  const have = encodeFrame(FrameType.have, new Uint8Array(8));
  for (let index = 0; index <= HAVES_BURST; index += 1) link.receive(have);
  assert.equal(isClosed(), true);
  const wire = { unsentOctets: 0, send: () => undefined, close: () => undefined };
  const again = () => node.accept(new SimulatedNode(time, 'stranger'), wire, false, [OPEN, OPEN]);
  assert.equal(again(), undefined);
  await time.pass(AVOIDED_MS);
  assert.notEqual(again(), undefined);
});

test('keys to follow are answered once in a while, however often they come', async () => {
  const { time, node, link, sent } = await withStranger();
  node.say('45.0.0.1', { isQuiet: true });
  await time.pass(1000);
  const before = sent.length;
  const follow = encodeFrame(FrameType.follow, Uint8Array.fromHex(node.key));
  for (let count = 0; count < 100; count += 1) link.receive(follow);
  assert.equal(sent.length - before, 1);
  await time.pass(SUMMARY_ANSWER_MS_MIN);
  link.receive(follow);
  assert.equal(sent.length - before, 2);
});

test('who does not read what is sent is left', async () => {
  const { node, link, wire, isClosed } = await withStranger();
  wire.unsentOctets = LINK_UNREAD_OCTETS_MAX;
  link.compare();
  assert.equal(isClosed(), false);
  wire.unsentOctets += 1;
  link.compare();
  assert.equal(isClosed(), true);
  assert.deepEqual(node.exchange.links, []);
});

test('one author may not say too much, a voter may', async () => {
  const { time, node, link } = await withStranger();
  const pagesOf = (name: string): readonly Uint8Array[] =>
    Array.from({ length: AUTHOR_PAGES_BURST + 30 }, (_, index) =>
      pageOf(authorOf(name), { serial: NOW_S + index, claims: [claimOf(`45.0.0.${index}`)] }),
    );
  for (const frame of pageFrames(pagesOf('stranger'))) link.receive(frame);
  await time.pass(100);
  assert.equal(node.exchange.counters.taken, AUTHOR_PAGES_BURST);
  assert.equal(node.exchange.counters.limited, 30);
  node.voterKeys.add(authorOf('voter').publicKey.toHex());
  for (const frame of pageFrames(pagesOf('voter'))) link.receive(frame);
  await time.pass(100);
  assert.equal(node.exchange.counters.limited, 30);
});

test('no octets of a stranger throw', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.uint8Array({ maxLength: 80 }))),
      async (frames) => {
        const { time, link } = await withStranger();
        for (const [type, body] of frames) {
          link.receive(encodeFrame(type as FrameType, body));
        }
        await time.pass(1000);
      },
    ),
    { numRuns: 60 },
  );
});

test('a page has the same id everywhere', () => {
  const page = pageOf(authorOf('alice'), { claims: [claimOf('45.12.3.4')] });
  assert.equal(pageId(page), pageId(new Uint8Array(page)));
  assert.equal(pageId(page).length, 16);
});

test('in a flood of strangers a part of the pages is kept for those whose word was checked', async () => {
  const { time, node, link } = await withStranger();
  const known = authorOf('known');
  node.knownKeys.add(known.publicKey.toHex());
  await flood(time, node);
  const { counters } = node.exchange;
  assert.equal(counters.limited, KNOWN_PAGES_KEPT);
  const [limited] = [counters.limited];
  const page = pageOf(known, { serial: NOW_S, claims: [claimOf('45.0.0.1')] });
  const newcomer = pageOf(authorOf('new'), { serial: NOW_S, claims: [claimOf('45.0.0.2')] });
  for (const frame of pageFrames([newcomer, page])) link.receive(frame);
  await time.pass(100);
  assert.equal(counters.limited, limited + 1);
  assert.deepEqual(node.subjects(), ['45.0.0.1']);
});

test('distrust ends links, refuses new ones, and asks the others for what came over them', async () => {
  const time = new SimulatedTime();
  const [here, bad, good] = ['here', 'bad', 'good'].map((name) => new SimulatedNode(time, name));
  assert.ok(here && bad && good);
  bad.dial(here);
  const serial = good.say('45.0.0.1');
  good.dial(bad);
  await time.pass(1000);
  assert.deepEqual(here.subjects(), ['45.0.0.1'], 'passed on by the other one');
  good.dial(here);
  await time.pass(1000);
  here.distrust = { covers: ({ nodeId }) => nodeId === bad.signer.nodeId };
  await time.pass(300);
  assert.deepEqual(
    here.exchange.links.map(({ key }) => key),
    [good.key],
  );
  here.withdraw(good.key, serial);
  assert.deepEqual(here.subjects(), []);
  await time.pass(12_000);
  assert.deepEqual(here.subjects(), ['45.0.0.1'], 'its author is linked as well');
  here.dial(bad);
  await time.pass(1000);
  assert.equal(here.exchange.links.length, 1);
  here.distrust = { covers: () => false };
  bad.dial(here);
  await time.pass(1000);
  assert.equal(here.exchange.links.length, 2);
});

/** Useless frames that somebody may send, by name. */
const IDLE_FRAMES: Readonly<Record<string, (index: number) => Uint8Array>> = {
  'pages that are too many': (index) => pageFrames([junkPage(index, PAGE_OCTETS_MAX)])[0] ?? OPEN,
  'one page again and again': () => pageFrames([junkPage(1)])[0] ?? OPEN,
  'many pages in a frame': (index) =>
    pageFrames(Array.from({ length: 15 }, (_, at) => junkPage(index * 15 + at, 4000)))[0] ?? OPEN,
  announcements: () => encodeFrame(FrameType.have, new Uint8Array(8 * 1000)),
  'announcements with authors': () => encodeFrame(FrameType.named, new Uint8Array(12 * 1000)),
  'questions for pages': () => encodeFrame(FrameType.want, new Uint8Array(8 * 1000)),
  summaries: () => encodeFrame(FrameType.summary, new Uint8Array(2048)),
  'keys to follow': () => encodeFrame(FrameType.follow, new Uint8Array(64 * 32)),
  'announcements of more': () => encodeFrame(FrameType.more, new Uint8Array(8)),
  'requests to prune': () => encodeFrame(FrameType.prune),
  'frames of a later version': () => encodeFrame(200 as FrameType, new Uint8Array(60_000)),
  'empty frames of a later version': () => encodeFrame(200 as FrameType),
};

for (const [name, frameOf] of Object.entries(IDLE_FRAMES)) {
  test(`a network that sends ${name} for two hours is cut off at its budget, under however many keys`, async () => {
    const time = new SimulatedTime();
    const node = new SimulatedNode(time, 'node');
    await flood(time, node);
    let [octets, keys, index] = [0, 0, STRANGERS_PAGES_BURST];
    for (let minute = 0; minute < 120; minute += 5) {
      for (;;) {
        keys += 1;
        const stranger = { ...nodeLike(keys), address: '46.7.0.1' };
        const state = { isOpen: true };
        const wire = { ...silentWire(), close: () => void (state.isOpen = false) };
        const link = node.exchange.add(stranger, wire, OPEN, OPEN);
        if (link === undefined) break;
        link.receive(helloOf());
        for (let count = 0; count < 2000 && state.isOpen; count += 1) {
          const frame = frameOf((index += 1));
          octets += frame.length + SEGMENT_OCTETS;
          link.receive(frame);
        }
        link.close('enough of it');
      }
      await time.pass(300_000);
    }
    const later = (IDLE_OCTETS_PER_S + IDLE_OCTETS_ALL_PER_S) * 7200;
    const max = IDLE_OCTETS_BURST + IDLE_OCTETS_ALL_BURST + later;
    // The frame that exceeds the limit arrived, too, and is owed.
    const last = (frameOf(0).length + SEGMENT_OCTETS) * keys;
    assert.ok(octets > IDLE_OCTETS_BURST, 'it was linked at all');
    assert.ok(octets <= max + last, `${octets} octets, at most ${max} by design`);
    assert.ok(keys < 100, `${keys} keys`);
  });
}

function silentWire() {
  return { unsentOctets: 0, send: () => undefined, close: () => undefined };
}

function nodeLike(index: number) {
  const key = index.toString(16).padStart(64, '0');
  return { key, nodeId: key, isOutward: false, sinceEpochUs: 0 };
}

test('what others use up of the common share cuts no honest link off', async () => {
  const { time, node, link, isClosed } = await withStranger();
  const hostile = { ...nodeLike(1), address: '46.7.0.1' };
  const bad = node.exchange.add(hostile, silentWire(), OPEN, OPEN);
  bad?.receive(helloOf());
  for (let count = 0; count < 200; count += 1) {
    bad?.receive(encodeFrame(200 as FrameType, new Uint8Array(60_000)));
  }
  assert.equal(bad?.isReady, false, 'it is cut off');
  const page = pageOf(authorOf('x'), { claims: [claimOf('45.0.0.1')] });
  node.take(page);
  node.exchange.wake();
  for (let second = 0; second < 3600; second += 15) {
    // As much as a node announces in a flood.
    link.receive(encodeFrame(FrameType.have, Uint8Array.fromHex(pageId(page).repeat(20))));
    await time.pass(15_000);
  }
  assert.equal(isClosed(), false);
});

test('who asks for the same pages again and again is left once it had twice the largest pool', async () => {
  const { time, node, link, isClosed } = await withStranger();
  const claims = Array.from({ length: 280 }, (_, index) =>
    claimOf(`45.0.${index >> 8}.${index & 255}`),
  );
  const pages = Array.from({ length: 40 }, (_, index) =>
    pageOf(authorOf('author'), { serial: NOW_S + index, claims }),
  );
  for (const page of pages) node.take(page);
  node.exchange.wake();
  const ids = Uint8Array.fromHex(pages.map(pageId).join(''));
  let rounds = 0;
  for (; !isClosed() && rounds < 10_000; rounds += 1) {
    link.receive(encodeFrame(FrameType.want, ids));
    await time.pass(100);
  }
  const served = rounds * pages.reduce((sum, { length }) => sum + length, 0);
  assert.ok(Math.abs(served - SERVED_OCTETS_BURST) < 2 * 2 ** 20, `${served} octets`);
});

test('a flooded node asks for announced pages of those whose word was checked, and for others as it has room', async () => {
  const { time, node, link, sent } = await withStranger([1]);
  const known = authorOf('known');
  node.knownKeys.add(known.publicKey.toHex());
  await flood(time, node);
  await time.pass(2000);
  sent.length = 0;
  const entries = Array.from({ length: 50 }, (_, index) => {
    const page = pageOf(authorOf(`new ${index}`), { serial: NOW_S, claims: [claimOf('45.0.0.1')] });
    return pageId(page) + authorOf(`new ${index}`).publicKey.toHex().slice(0, 8);
  });
  const page = pageOf(known, { serial: NOW_S, claims: [claimOf('45.0.0.2')] });
  entries.push(pageId(page) + known.publicKey.toHex().slice(0, 8));
  link.receive(encodeFrame(FrameType.named, Uint8Array.fromHex(entries.join(''))));
  await time.pass(1000);
  const asked = bodies(sent, FrameType.want).flatMap((body) => readIds(body) ?? []);
  assert.ok(asked.includes(pageId(page)), 'of the known one');
  assert.ok(asked.length <= 5, `${asked.length} of 51 are asked for`);
});

test('a flooded node names authors to those who understand it, and pushes no stranger to anybody', async () => {
  for (const features of [[], [1]]) {
    const { time, node, link, sent } = await withStranger(features);
    link.receive(encodeFrame(FrameType.want, new Uint8Array(8))); // Now pages are pushed.
    await flood(time, node);
    sent.length = 0;
    const stranger = pageOf(authorOf('new'), { claims: [claimOf('45.0.0.1')] });
    node.take(stranger);
    const known = authorOf('known');
    node.knownKeys.add(known.publicKey.toHex());
    const heard = pageOf(known, { claims: [claimOf('45.0.0.2')] });
    node.take(heard);
    node.exchange.wake();
    node.say('45.0.0.3');
    await time.pass(16_000);
    const pushed = bodies(sent, FrameType.pages).flatMap((body) => readPages(body) ?? []);
    assert.ok(pushed.some((page) => pageId(page) === pageId(heard)));
    assert.ok(!pushed.some((page) => pageId(page) === pageId(stranger)));
    const type = features.length > 0 ? FrameType.named : FrameType.have;
    const announced = bodies(sent, type)
      .map((body) => body.toHex())
      .join('');
    const hint = features.length > 0 ? authorOf('new').publicKey.toHex().slice(0, 8) : '';
    assert.ok(announced.includes(pageId(stranger) + hint));
  }
});

test('what is not news is announced and not pushed', async () => {
  const { time, node, link, sent } = await withStranger();
  link.receive(encodeFrame(FrameType.want, new Uint8Array(8)));
  sent.length = 0;
  const madeEpochS = Math.floor(time.epochUs() / 1e6) - NEWS_AGE_S_MAX - 1;
  const old = pageOf(authorOf('x'), {
    serial: madeEpochS,
    madeEpochS,
    claims: [claimOf('45.0.0.1')],
  });
  node.take(old);
  node.exchange.wake();
  await time.pass(16_000);
  assert.deepEqual(bodies(sent, FrameType.pages), []);
  assert.deepEqual(readIds(bodies(sent, FrameType.have)[0] ?? OPEN), [pageId(old)]);
});

test('a hello of the first version is understood, and one of later versions', async () => {
  for (const features of [[], [0], [255, 1, 2, 3]]) {
    const { link, isClosed } = await withStranger(features);
    assert.equal(link.isReady, true);
    assert.equal(isClosed(), false);
  }
});

test('whom to hear is read once in a step, however many pages and announcements come', async () => {
  const { time, node, link } = await withStranger([1]);
  await time.pass(1000);
  const before = node.voterReads;
  for (let count = 0; count < 20; count += 1) {
    link.receive(encodeFrame(FrameType.named, new Uint8Array(12 * 20).fill(count)));
    link.receive(pageFrames([junkPage(count)])[0] ?? OPEN);
  }
  assert.ok(node.voterReads - before <= 1, `${node.voterReads - before} times`);
});

test('who asks for pages that an author took back meanwhile is answered, and leaves nobody for it', async () => {
  const holder = await withStranger();
  const asker = await withStranger();
  for (let round = 0; round < 5; round += 1) {
    const id = `${round}`.repeat(16); // Announced, and gone since.
    for (const frame of idFrames(FrameType.have, [id])) asker.link.receive(frame);
    asker.sent.length = 0;
    await asker.time.pass(1000);
    const [want] = bodies(asker.sent, FrameType.want);
    assert.deepEqual(want && readIds(want), [id]);
    holder.sent.length = 0;
    holder.link.receive(encodeFrame(FrameType.want, want ?? OPEN));
    for (const frame of holder.sent) asker.link.receive(frame);
    await asker.time.pass(ANSWER_MS_MAX + 2000);
  }
  assert.equal(asker.isClosed(), false);
  assert.equal(asker.node.exchange.linksLeft.not_come, 0);
});

test('who tells two nodes the same at once makes none of them leave the other for passing it on', async () => {
  const { time, nodes } = newNodes(2);
  const [a, b] = two(nodes);
  a.dial(b);
  await time.pass(1000);
  const hostile = (node: SimulatedNode, index: number) => {
    const link = node.exchange.add(
      { ...nodeLike(index), address: `46.${index}.0.1` },
      silentWire(),
      OPEN,
      OPEN,
    );
    link?.receive(helloOf());
    return link;
  };
  // First he uses up what all networks have together.
  for (const node of [a, b]) {
    const greedy = hostile(node, 1);
    for (let count = 0; count < 200; count += 1) {
      greedy?.receive(encodeFrame(200 as FrameType, new Uint8Array(60_000)));
    }
    assert.equal(greedy?.isReady, false);
    assert.equal(node.exchange.linksLeft.in_vain, 1);
  }
  const claims = Array.from({ length: 280 }, (_, index) =>
    claimOf(`45.0.${index >> 8}.${index & 255}`),
  );
  for (let round = 0; round < 5; round += 1) {
    const pages = Array.from({ length: AUTHOR_PAGES_BURST }, (_, index) =>
      pageOf(authorOf(`author ${round}`), { serial: NOW_S + index, claims }),
    );
    const links = [hostile(a, 2 + round), hostile(b, 2 + round)];
    for (const frame of pageFrames(pages)) for (const link of links) link?.receive(frame);
    await time.pass(20_000);
    for (const link of links) link?.close('enough of it');
  }
  assert.equal(a.pagesCount(), 5 * AUTHOR_PAGES_BURST);
  assert.equal(b.pagesCount(), 5 * AUTHOR_PAGES_BURST);
  assert.equal(a.exchange.links.length, 1);
  assert.deepEqual(
    [a, b].map(({ exchange }) => exchange.linksLeft.in_vain),
    [1, 1],
  );
});

/** Many pages in no order, each of another author. */
function manyPages(count: number): readonly Uint8Array[] {
  return Array.from({ length: count }, (_, index) =>
    pageOf(authorOf(`author ${index}`), { claims: [claimOf(`45.0.${index >> 8}.${index & 255}`)] }),
  );
}

test('a summary with an id is answered by a part after it, in order, with authors, and whether there is more', async () => {
  const { time, node, link, sent } = await withStranger([3]);
  const pages = manyPages(ANSWER_PAGES_MAX + 10);
  const ids = pages.map(pageId).toSorted();
  for (const page of pages) node.take(page);
  await time.pass(1000);
  const answer = (after: string) => {
    sent.length = 0;
    const summary = new Uint8Array(2048);
    link.receive(encodeFrame(FrameType.summary, summary, Uint8Array.fromHex(after)));
    return {
      ids: bodies(sent, FrameType.named)
        .flatMap((body) => readIds(body, 12) ?? [])
        .map((text) => text.slice(0, 16)),
      more: bodies(sent, FrameType.more).map((body) => body.toHex()),
    };
  };
  const last = ids[ANSWER_PAGES_MAX - 1] ?? '';
  assert.deepEqual(answer('0'.repeat(16)), { ids: ids.slice(0, ANSWER_PAGES_MAX), more: [last] });
  assert.deepEqual(answer(last), { ids: ids.slice(ANSWER_PAGES_MAX), more: [] });
  assert.deepEqual(answer(ids.at(-1) ?? ''), { ids: [], more: [] });
});

test('who does not know parts is asked and answered without them', async () => {
  const { time, node, link, sent } = await withStranger([1]);
  assert.deepEqual(
    bodies(sent, FrameType.summary).map(({ length }) => length),
    [2048],
  );
  for (const page of manyPages(ANSWER_PAGES_MAX + 10)) node.take(page);
  await time.pass(1000);
  sent.length = 0;
  link.receive(encodeFrame(FrameType.summary, new Uint8Array(2048)));
  const ids = bodies(sent, FrameType.have).flatMap((body) => readIds(body) ?? []);
  assert.equal(ids.length, ANSWER_PAGES_MAX + 10);
  assert.deepEqual(bodies(sent, FrameType.more), []);
});

test('who says again and again that there is more is asked seldom, and a cut id ends the link', async () => {
  const { time, link, sent, isClosed } = await withStranger([3]);
  await time.pass(10_000);
  sent.length = 0;
  for (let second = 0; second < 100; second += 1) {
    link.receive(encodeFrame(FrameType.more, new Uint8Array(8)));
    await time.pass(1000);
  }
  const asked = bodies(sent, FrameType.summary).length;
  assert.ok(asked > 0 && asked <= 100_000 / PART_MS + 1, `${asked} times in 100 s`);
  assert.equal(isClosed(), false);
  link.receive(encodeFrame(FrameType.more, new Uint8Array(7)));
  assert.equal(isClosed(), true);
});

test('a link that is left counts why at both ends', async () => {
  const { node, link } = await withStranger();
  link.receive(encodeFrame(FrameType.summary));
  assert.equal(node.exchange.linksLeft.protocol, 1);
  const other = await withStranger();
  other.link.receive(encodeFrame(FrameType.bye, new Uint8Array(60_000).fill(7)));
  assert.equal(other.node.exchange.linksLeft.other_end, 1);
  assert.equal(other.node.exchange.linksLeft.protocol, 0);
});
