// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Subject } from '@sentrypeer/event';
import type { EvidenceSource } from './judgement.ts';

/**
 * Evidence on numbers that is not read twice for the same question. It keeps a few pieces of each kind and compares
 * them one by one: maps would cost as much as they save.
 */
export class EvidenceOnce implements Pick<
  EvidenceSource,
  'number' | 'range' | 'delisting' | 'delistedIn' | 'formsOf' | 'meaningOf'
> {
  readonly #source: EvidenceSource;
  #number: string | undefined;
  #ofNumber: ReturnType<EvidenceSource['number']>;
  #delistingOf: Subject | undefined;
  #delisting: ReturnType<EvidenceSource['delisting']>;
  readonly #blocks: string[] = [];
  readonly #ofBlocks: ReturnType<EvidenceSource['range']>[] = [];

  constructor(source: EvidenceSource) {
    this.#source = source;
  }

  /** A new question: what was read before may have changed. */
  begin(): void {
    this.#number = undefined;
    this.#delistingOf = undefined;
    this.#blocks.length = 0;
    this.#ofBlocks.length = 0;
  }

  number(e164: string): ReturnType<EvidenceSource['number']> {
    if (this.#number !== e164) {
      this.#ofNumber = this.#source.number(e164);
      this.#number = e164;
    }
    return this.#ofNumber;
  }

  range(block: string): ReturnType<EvidenceSource['range']> {
    const at = this.#blocks.indexOf(block);
    if (at >= 0) return this.#ofBlocks[at];
    const known = this.#source.range(block);
    this.#blocks.push(block);
    this.#ofBlocks.push(known);
    return known;
  }

  delisting(subject: Subject): ReturnType<EvidenceSource['delisting']> {
    const { kind, value } = subject;
    if (this.#delistingOf?.value !== value || this.#delistingOf.kind !== kind) {
      this.#delisting = this.#source.delisting(subject);
      this.#delistingOf = subject;
    }
    return this.#delisting;
  }

  delistedIn(block: string): string | undefined {
    return this.#source.delistedIn(block);
  }

  formsOf(e164: string): number {
    return this.#source.formsOf(e164);
  }

  meaningOf(digits: string): string | undefined {
    return this.#source.meaningOf(digits);
  }
}
