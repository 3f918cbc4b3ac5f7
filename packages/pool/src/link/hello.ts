// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { timingSafeEqual } from 'node:crypto';
import { encodeFrame, FrameType, type Frame } from './frames.ts';
import { KEY_NOT_PROVED, OTHER_POOL } from './other-pools.ts';

/** Octets of the proof that an end knows the shared key. */
export const PROOF_SIZE = 32;

const VERSION = 1;
const HEAD_SIZE = 5;
const HELLO_SIZE = HEAD_SIZE + PROOF_SIZE;

/** The first frame of an end: which protocol and pool, the proof that it knows the shared key, and what it can do. */
export function helloFrame(networkId: number, proof: Uint8Array, features: number): Uint8Array {
  const head = new Uint8Array(HEAD_SIZE);
  const view = new DataView(head.buffer);
  view.setUint8(0, VERSION);
  view.setUint32(1, networkId);
  return encodeFrame(FrameType.hello, head, proof, new Uint8Array([features]));
}

/** What the other end can do, or what is wrong with its hello. @param expected The proof that it must have. */
export function readHello(
  { type, body }: Frame,
  networkId: number,
  expected: Uint8Array,
): { readonly features: number } | string {
  if (type !== FrameType.hello || body.length < HELLO_SIZE) return 'that is no hello';
  const view = new DataView(body.buffer, body.byteOffset);
  if (view.getUint8(0) !== VERSION) return `this node speaks version ${VERSION}`;
  if (view.getUint32(1) !== networkId) return OTHER_POOL;
  // In a time that does not reveal where they differ.
  if (!timingSafeEqual(body.subarray(HEAD_SIZE, HELLO_SIZE), expected)) return KEY_NOT_PROVED;
  return { features: body[HELLO_SIZE] ?? 0 };
}
