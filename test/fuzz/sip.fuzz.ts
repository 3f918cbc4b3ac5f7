// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * Arbitrary octets and mutated messages of the corpora through the parser, everything that it reads on demand, and the
 * stream framer: nothing throws, nothing takes long, every message is recorded.
 *
 *   node test/fuzz/sip.fuzz.ts [count] [seed]
 */

import assert from 'node:assert/strict';
import { latin1Octets, latin1Text } from '@sentrypeer/bytes';
import { readAllMessages } from '../../packages/sip/test/corpus.ts';
import { exerciseMessage, frameStream } from '../../packages/sip/test/exercise.ts';

const COUNT_DEFAULT = 1_000_000;
/** Milliseconds that one input may take; other programs share the machine, so it is retried before it fails. */
const TIME_MAX_MS = 50;
const ATTEMPTS_MAX = 3;
const ARBITRARY_OCTETS_MAX = 400;
const EDITS_MAX = 8;
/** One input in this many is also cut into pieces and framed as a stream. */
const STREAM_EVERY = 4;
const TELLING = '\r\n \t:;,<>"\\@%/?=[]0aS\0\x16\xff';

const corpus = readAllMessages();

/** Xorshift with 32 bits: the same seed gives the same inputs. */
class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }

  /** A whole number from 0 to below `sides`. */
  roll(sides: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % sides;
  }
}

function arbitraryOctets(dice: Dice): Uint8Array {
  return Uint8Array.from({ length: dice.roll(ARBITRARY_OCTETS_MAX) }, () => dice.roll(256));
}

function corpusText(dice: Dice): string {
  return latin1Text(corpus[dice.roll(corpus.length)] ?? new Uint8Array(0));
}

function mutatedMessage(dice: Dice): Uint8Array {
  let text = corpusText(dice);
  for (let edits = 1 + dice.roll(EDITS_MAX); edits > 0; edits -= 1) {
    const at = dice.roll(text.length + 1);
    const [head, tail] = [text.slice(0, at), text.slice(at)];
    const place = dice.roll(text.length + 1);
    const edit = [
      () => head + TELLING.charAt(dice.roll(TELLING.length)) + tail.slice(1),
      () => head + TELLING.charAt(dice.roll(TELLING.length)) + tail,
      () => head + String.fromCharCode(dice.roll(256)) + tail.slice(1),
      () => head + tail.slice(1 + dice.roll(20)),
      () => head + text.slice(place, place + dice.roll(200)) + tail,
      () => head + corpusText(dice).slice(place),
      () => (dice.roll(4) === 0 ? head : text),
      () => (dice.roll(8) === 0 ? text.replaceAll('\r\n', '\n') : text),
      () => head + TELLING.charAt(dice.roll(TELLING.length)).repeat(dice.roll(300)) + tail,
    ][dice.roll(9)];
    text = edit?.() ?? text;
  }
  return latin1Octets(text);
}

function exercise(octets: Uint8Array, cuts: readonly number[] | undefined): void {
  exerciseMessage(octets);
  if (cuts !== undefined) assert.deepEqual(frameStream(octets, cuts), frameStream(octets, []));
}

/** Milliseconds of the fastest attempt. */
function timeOf(octets: Uint8Array, cuts: readonly number[] | undefined): number {
  let best = Infinity;
  for (let attempt = 0; attempt < ATTEMPTS_MAX && best > TIME_MAX_MS; attempt += 1) {
    const startedAt = performance.now();
    exercise(octets, cuts);
    best = Math.min(best, performance.now() - startedAt);
  }
  return best;
}

function main(count: number, seed: number): void {
  process.stdout.write(`sip fuzz: ${count} inputs, seed ${seed}\n`);
  const dice = new Dice(seed);
  let slowestMs = 0;
  for (let index = 0; index < count; index += 1) {
    const octets = dice.roll(5) === 0 ? arbitraryOctets(dice) : mutatedMessage(dice);
    const isStream = dice.roll(STREAM_EVERY) === 0;
    const cuts = isStream
      ? Array.from({ length: dice.roll(12) }, () => dice.roll(4000))
      : undefined;
    try {
      const ms = timeOf(octets, cuts);
      slowestMs = Math.max(slowestMs, ms);
      assert.ok(ms < TIME_MAX_MS, `took ${ms} ms`);
    } catch (cause) {
      const hex = Buffer.from(octets).toString('hex');
      throw new Error(`seed ${seed}, input ${index}, cuts ${cuts?.join()}: ${hex}`, { cause });
    }
  }
  process.stdout.write(`sip fuzz: done, slowest ${slowestMs.toFixed(1)} ms\n`);
}

const [countText = String(COUNT_DEFAULT), seedText] = process.argv.slice(2);
main(Number(countText), seedText === undefined ? Date.now() % 0x7fff_ffff : Number(seedText));
