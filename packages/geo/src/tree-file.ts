// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import decoding from 'mmdb-lib/lib/decoder.js';
import addresses from 'mmdb-lib/lib/ip.js';
import { parseMetadata, type Metadata } from 'mmdb-lib/lib/metadata.js';
import { asBuffer } from '@sentrypeer/bytes';
import { METADATA_OCTETS_MAX, TREE_BLOCK_OCTETS, TREE_BLOCKS_COUNT } from './limits.ts';

/** Octets between the tree and the data that it points to (MaxMind DB format 2.0). */
const SEPARATOR_OCTETS = 16;
/** Bits of an IPv6 address before an IPv4 one, all of them zero. */
const IPV4_DEPTH = 96;

/**
 * A file in the MaxMind DB format, of which only the most recently read blocks of the tree and the little data they
 * point to are in memory. The file must not change while this is open; another file may take its name.
 */
export class TreeFile implements Disposable {
  readonly #descriptor: number;
  readonly #blocks: Blocks;
  readonly #metadata: Metadata;
  readonly #decoder: InstanceType<typeof decoding.default>;
  /** The node at which IPv4 addresses begin. */
  readonly #ipv4Node: number;

  private constructor(descriptor: number) {
    this.#descriptor = descriptor;
    const { size } = fstatSync(descriptor);
    const tailSize = Math.min(size, METADATA_OCTETS_MAX);
    this.#metadata = parseMetadata(asBuffer(read(descriptor, size - tailSize, tailSize)));
    const { searchTreeSize, ipVersion } = this.#metadata;
    const data = read(descriptor, searchTreeSize, size - searchTreeSize);
    this.#decoder = new decoding.default(asBuffer(data), SEPARATOR_OCTETS);
    this.#blocks = new Blocks(descriptor, searchTreeSize);
    this.#ipv4Node = ipVersion === 4 ? 0 : this.#walk(0, IPV4_DEPTH, () => 0);
  }

  /** Throws if the file is not in this format, or has records of an unusual size. */
  static open(path: string): TreeFile {
    const descriptor = openSync(path, 'r');
    try {
      return new TreeFile(descriptor);
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
  }

  /** What the file says about an address; `undefined` if nothing. Throws if the file is damaged. */
  get(address: string): unknown {
    const octets = addresses.default.parse(address);
    const from = octets.length === 4 ? this.#ipv4Node : 0;
    const node = this.#walk(from, octets.length * 8, (depth) =>
      addresses.default.bitAt(octets, depth),
    );
    const { nodeCount } = this.#metadata;
    return node > nodeCount ? this.#decoder.decodeFast(node - nodeCount).value : undefined;
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }

  /** @returns A node; or, above the number of nodes, a pointer to data. */
  #walk(from: number, depthMax: number, bitAt: (depth: number) => number): number {
    const { nodeCount, nodeByteSize, recordSize } = this.#metadata;
    let node = from;
    for (let depth = 0; depth < depthMax && node < nodeCount; depth += 1) {
      node = this.#record(node * nodeByteSize, bitAt(depth) === 0 ? 0 : 1, recordSize);
    }
    return node;
  }

  #record(offset: number, side: 0 | 1, bits: number): number {
    const blocks = this.#blocks;
    if (bits === 28) {
      const shared = blocks.octet(offset + 3);
      const high = side === 0 ? shared >> 4 : shared & 0xf;
      return high * 2 ** 24 + blocks.number(offset + side * 4, 3);
    }
    const octets = bits / 8;
    return blocks.number(offset + side * octets, octets);
  }
}

/** The beginning of a file, block by block; the most recently read blocks are kept. */
class Blocks {
  readonly #descriptor: number;
  readonly #size: number;
  readonly #octets = new Uint8Array(TREE_BLOCKS_COUNT * TREE_BLOCK_OCTETS);
  /** Where each block that is in memory begins there. */
  readonly #places = new Map<number, number>();
  /** Which block is at each place; the one that was read first is replaced. */
  readonly #blocks: number[] = [];
  #readCount = 0;
  #lastBlock = -1;
  #lastPlace = 0;

  constructor(descriptor: number, size: number) {
    this.#descriptor = descriptor;
    this.#size = size;
  }

  octet(offset: number): number {
    const block = Math.floor(offset / TREE_BLOCK_OCTETS);
    if (block !== this.#lastBlock) {
      this.#lastPlace = this.#places.get(block) ?? this.#read(block);
      this.#lastBlock = block;
    }
    return this.#octets[this.#lastPlace + offset - block * TREE_BLOCK_OCTETS] ?? 0;
  }

  /** @param octets How many, 3 or 4, the most significant first. */
  number(offset: number, octets: number): number {
    const first = this.octet(offset);
    const within = offset % TREE_BLOCK_OCTETS;
    if (within + octets > TREE_BLOCK_OCTETS) {
      let number = first;
      for (let next = 1; next < octets; next += 1)
        number = number * 256 + this.octet(offset + next);
      return number;
    }
    const [place, all] = [this.#lastPlace + within, this.#octets];
    const number = (first << 16) | ((all[place + 1] ?? 0) << 8) | (all[place + 2] ?? 0);
    return octets === 3 ? number : number * 256 + (all[place + 3] ?? 0);
  }

  #read(block: number): number {
    const from = block * TREE_BLOCK_OCTETS;
    const size = Math.min(TREE_BLOCK_OCTETS, this.#size - from);
    const turn = this.#readCount % TREE_BLOCKS_COUNT;
    this.#places.delete(this.#blocks[turn] ?? block);
    this.#blocks[turn] = block;
    const place = turn * TREE_BLOCK_OCTETS;
    readInto(this.#descriptor, from, this.#octets.subarray(place, place + size));
    this.#places.set(block, place);
    this.#readCount += 1;
    return place;
  }
}

function read(descriptor: number, from: number, size: number): Uint8Array {
  const octets = new Uint8Array(Math.max(size, 0));
  readInto(descriptor, from, octets);
  return octets;
}

function readInto(descriptor: number, from: number, octets: Uint8Array): void {
  const count = readSync(descriptor, octets, 0, octets.length, from);
  if (count < octets.length) throw new RangeError(`has ${from + count} octets only`);
}
