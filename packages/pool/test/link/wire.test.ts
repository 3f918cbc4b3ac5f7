// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The octets of a link: frames, greetings and ids. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FRAME_OCTETS_MAX, PAGE_OCTETS_MAX } from '../../src/limits.ts';
import {
  encodeFrame,
  Framer,
  FrameType,
  idFrames,
  pageFrames,
  readIds,
  readPages,
  type Frame,
} from '../../src/link/frames.ts';
import { helloFrame, readHello } from '../../src/link/hello.ts';
import { KEY_NOT_PROVED, OTHER_POOL } from '../../src/link/other-pools.ts';

const PROOF = new Uint8Array(32).fill(7);

function readOne(octets: Uint8Array): Frame {
  const frames = new Framer().push(octets);
  assert.equal(frames?.length, 1);
  const [frame] = frames ?? [];
  assert.ok(frame !== undefined);
  return frame;
}

test('a frame is its length in three octets, its type in one, and its body', () => {
  const octets = encodeFrame(FrameType.have, new Uint8Array([1, 2]), new Uint8Array(298).fill(3));
  assert.deepEqual([...octets.subarray(0, 7)], [0, 1, 44, 3, 1, 2, 3]);
  assert.equal(octets.length, 304);
  const { type, body } = readOne(octets);
  assert.equal(type, FrameType.have);
  assert.deepEqual(body, octets.subarray(4));
});

test('`Framer` takes the largest frame, in whatever pieces, and what follows it', () => {
  const large = encodeFrame(FrameType.pages, new Uint8Array(FRAME_OCTETS_MAX).fill(5));
  const next = encodeFrame(FrameType.prune);
  const stream = new Uint8Array([...large, ...next, ...large]);
  for (const size of [1000, 4096, 65_537]) {
    const framer = new Framer();
    const types: number[] = [];
    for (let at = 0; at < stream.length; at += size) {
      const frames = framer.push(stream.subarray(at, at + size));
      assert.ok(frames !== undefined);
      types.push(...frames.map(({ type }) => type));
      for (const { type, body } of frames) {
        assert.equal(body.length, type === FrameType.pages ? FRAME_OCTETS_MAX : 0);
        assert.ok(body.every((octet) => octet === 5));
      }
    }
    assert.deepEqual(types, [FrameType.pages, FrameType.prune, FrameType.pages]);
  }
});

test('`Framer` has the room for a frame that it needs, and doubles it where octets come one by one', () => {
  // Whoever sends octet by octet makes the node copy each of them a few times only.
  const framer = new Framer();
  const frame = encodeFrame(FrameType.pages, new Uint8Array(3000));
  let count = 0;
  for (const octet of frame) count += framer.push(new Uint8Array([octet]))?.length ?? 0;
  assert.equal(count, 1);
});

test('a body is a copy: what comes next does not change it', () => {
  const framer = new Framer();
  const [first] = framer.push(encodeFrame(FrameType.bye, new Uint8Array([1, 2, 3]))) ?? [];
  framer.push(encodeFrame(FrameType.bye, new Uint8Array([9, 9, 9])));
  assert.deepEqual([...(first?.body ?? [])], [1, 2, 3]);
});

test('pages fill a frame up to its last octet, and no further', () => {
  const size = FRAME_OCTETS_MAX / 16 - 2;
  const pages = Array.from({ length: 17 }, (_, index) => new Uint8Array(size).fill(index + 1));
  const frames = pageFrames(pages);
  assert.deepEqual(
    frames.map(({ length }) => length),
    [4 + FRAME_OCTETS_MAX, 4 + size + 2],
  );
  assert.deepEqual(
    frames.flatMap((frame) => readPages(readOne(frame).body) ?? []),
    pages,
  );
  assert.equal(pageFrames([]).length, 0);
});

test('`readPages()` refuses a page that no page can be as large as, and half of a size', () => {
  const framed = (size: number): Uint8Array =>
    new Uint8Array([size >> 8, size & 255, ...new Uint8Array(size)]);
  assert.equal(readPages(framed(PAGE_OCTETS_MAX))?.length, 1);
  assert.equal(readPages(framed(PAGE_OCTETS_MAX + 1)), undefined);
  assert.equal(readPages(new Uint8Array([...framed(10), 0])), undefined);
  assert.equal(readPages(new Uint8Array([...framed(10), 0, 1])), undefined);
  assert.deepEqual(readPages(new Uint8Array()), []);
  assert.deepEqual(
    readPages(new Uint8Array([0, 1, 7, 0, 2, 8, 9]))?.map((page) => [...page]),
    [[7], [8, 9]],
  );
});

test('ids are read back with what accompanies them, as many as fit into each frame', () => {
  const perFrame = Math.floor(FRAME_OCTETS_MAX / 12);
  const ids = Array.from({ length: perFrame + 1 }, (_, index) =>
    index.toString(16).padStart(24, '0'),
  );
  const frames = idFrames(FrameType.named, ids, 12);
  assert.deepEqual(
    frames.map(({ length }) => length),
    [4 + 12 * perFrame, 4 + 12],
  );
  assert.deepEqual(
    frames.flatMap((frame) => readIds(readOne(frame).body, 12) ?? []),
    ids,
  );
  assert.equal(idFrames(FrameType.named, ids.slice(0, perFrame), 12).length, 1);
  assert.equal(readIds(new Uint8Array(8), 12), undefined);
  assert.deepEqual(readIds(new Uint8Array()), []);
});

test('a hello says version, pool, proof and what its sender can do', () => {
  const hello = readOne(helloFrame(0x01020304, PROOF, 3));
  assert.equal(hello.type, FrameType.hello);
  assert.equal(hello.body.toHex(), `0101020304${'07'.repeat(32)}03`);
  assert.deepEqual(readHello(hello, 0x01020304, PROOF), { features: 3 });
});

test('a hello of another version, pool or key is refused, and one that is short or none', () => {
  const hello = readOne(helloFrame(7, PROOF, 3));
  const changed = (at: number, octet: number): Frame => {
    const body = new Uint8Array(hello.body);
    body[at] = octet;
    return { ...hello, body };
  };
  const none = 'that is no hello';
  assert.equal(readHello({ ...hello, type: FrameType.want }, 7, PROOF), none);
  assert.equal(readHello({ ...hello, body: hello.body.subarray(0, 36) }, 7, PROOF), none);
  assert.deepEqual(readHello({ ...hello, body: hello.body.subarray(0, 37) }, 7, PROOF), {
    features: 0,
  });
  assert.equal(readHello(changed(0, 2), 7, PROOF), 'this node speaks version 1');
  assert.equal(readHello(changed(1, 1), 7, PROOF), OTHER_POOL);
  assert.equal(readHello(changed(4, 8), 7, PROOF), OTHER_POOL);
  assert.equal(readHello(changed(5, 8), 7, PROOF), KEY_NOT_PROVED);
  assert.equal(readHello(changed(36, 8), 7, PROOF), KEY_NOT_PROVED);
});
