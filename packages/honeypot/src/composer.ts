// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { latin1Octets } from '@sentrypeer/bytes';
import { formatResponseText, reasonPhrase } from '@sentrypeer/sip';
import {
  ANSWER_OCTETS_MAX,
  DATAGRAM_OCTETS_MAX,
  UNPROVED_OCTETS_FACTOR,
  UNPROVED_REPLIES_MAX,
} from './limits.ts';
import type { Alternatives, Draft, Header, Request } from './request.ts';
import type { ToTags } from './to-tags.ts';
import type { WornPersona } from './worn-persona.ts';

/** The optional headers of an answer, some of them left out, as Latin-1 text. */
interface Trim {
  /** Before and behind the headers that must stay. */
  readonly before: string;
  readonly behind: string;
}

/** Trims of one kind of answer: the first has all optional headers, the last none. */
type Trims = readonly [Trim, ...Trim[]];

/** An answer without optional headers, and where they go. */
interface BareReply {
  readonly text: string;
  readonly trims: Trims;
  readonly beforeOffset: number;
  readonly behindOffset: number;
}

/** Times that something can be left out: Accept, Supported, Allow, product. */
const DROPS_COUNT = 4;

/**
 * Makes octets of answers as the persona says them, and keeps the rule against amplification: to a UDP source
 * that has not proved itself, all answers to one datagram together have at most 1.2 times its octets, in at
 * most two datagrams. Optional headers are dropped until they fit.
 */
export class Composer {
  readonly #worn: WornPersona;
  readonly #toTags: ToTags;
  readonly #productTrims: Trims;
  readonly #usualTrims: Trims;
  readonly #capabilitiesTrims: Trims;

  constructor(worn: WornPersona, toTags: ToTags) {
    this.#worn = worn;
    this.#toTags = toTags;
    const { persona, allow } = worn;
    const capabilities: readonly Header[] = [
      ['Accept', persona.accept],
      ['Supported', persona.supported],
      ['Allow', allow],
    ];
    this.#productTrims = trimsOf([], worn);
    this.#usualTrims = trimsOf(persona.capabilitiesEverywhere ? capabilities.slice(1) : [], worn);
    this.#capabilitiesTrims = trimsOf(capabilities, worn);
  }

  /** The first alternative that fits; nothing where none does. */
  compose(request: Request<unknown>, alternatives: Alternatives): readonly Uint8Array[] {
    for (const drafts of alternatives) {
      const replies = this.#composeTogether(request, drafts);
      if (replies !== undefined) return replies;
    }
    return [];
  }

  #composeTogether(
    request: Request<unknown>,
    drafts: readonly Draft[],
  ): readonly Uint8Array[] | undefined {
    const toTag = this.#toTags.make(request, request.giving, request.epochMs);
    const bare = drafts.map((draft) => this.#bareReply(request, draft, toTag));
    for (let droppedCount = 0; droppedCount <= DROPS_COUNT; droppedCount += 1) {
      const sizes = bare.map((reply) => sizeWith(reply, droppedCount));
      if (sizesFit(request, sizes)) return bare.map((reply) => complete(reply, droppedCount));
    }
    return undefined;
  }

  #bareReply(request: Request<unknown>, draft: Draft, toTag: string): BareReply {
    const { status, headers = [], body = '' } = draft;
    const text = formatResponseText({
      request: request.message,
      status,
      reason: this.#worn.persona.reasons.get(status) ?? reasonPhrase(status),
      // RFC 3261 §8.2.6.2: a 100 may go without the tag.
      ...(status === 100 ? {} : { toTag }),
      source: { address: request.input.sourceIp, port: request.input.sourcePort },
      headers,
      body,
    });
    const endSize = headerSize(['Content-Length', String(body.length)]) + '\r\n'.length;
    const behindOffset = text.length - body.length - endSize;
    const keptSize = headers.reduce((sum, header) => sum + headerSize(header), 0);
    return {
      text,
      trims: this.#trims(draft),
      beforeOffset: behindOffset - keptSize,
      behindOffset,
    };
  }

  #trims(draft: Draft): Trims {
    if (draft.capabilities === true) return this.#capabilitiesTrims;
    // A 100 says little, and a 405 has its Allow among the headers that must stay.
    const isSpare = draft.status === 100 || draft.status === 405;
    return isSpare ? this.#productTrims : this.#usualTrims;
  }
}

/** @param dropped Optional headers in the order in which they are dropped; the product goes after them. */
function trimsOf(dropped: readonly Header[], worn: WornPersona): Trims {
  const { persona, product } = worn;
  const named = headerText([persona.productHeader, product]);
  const trimAt = (droppedCount: number): Trim => {
    // A kind with fewer optional headers keeps them while others drop what it never had.
    const missingCount = DROPS_COUNT - 1 - dropped.length;
    const kept = dropped.slice(Math.max(0, droppedCount - missingCount));
    const said = kept.toReversed().map(headerText).join(''); // Allow, Supported, Accept.
    return persona.productLast ? trimOf(said, named) : trimOf(named + said, '');
  };
  return [trimAt(0), trimAt(1), trimAt(2), trimAt(3), trimOf('', '')];
}

function trimOf(before: string, behind: string): Trim {
  return { before, behind };
}

function sizeWith(reply: BareReply, droppedCount: number): number {
  const trim = reply.trims[droppedCount] ?? reply.trims[0];
  return reply.text.length + trim.before.length + trim.behind.length;
}

function complete(reply: BareReply, droppedCount: number): Uint8Array {
  const { text, trims, beforeOffset, behindOffset } = reply;
  const { before, behind } = trims[droppedCount] ?? trims[0];
  return latin1Octets(
    text.slice(0, beforeOffset) +
      before +
      text.slice(beforeOffset, behindOffset) +
      behind +
      text.slice(behindOffset),
  );
}

function headerText([name, value]: Header): string {
  return `${name}: ${value}\r\n`;
}

function headerSize([name, value]: Header): number {
  return name.length + value.length + ': \r\n'.length;
}

/** Whether answers of these sizes in octets may be sent for this request. */
export function sizesFit(request: Request<unknown>, sizes: readonly number[]): boolean {
  const isStream = request.input.transport !== 'UDP';
  const largest = Math.max(DATAGRAM_OCTETS_MAX, request.input.octets.length);
  const sizeMax = isStream ? ANSWER_OCTETS_MAX : Math.min(largest, ANSWER_OCTETS_MAX);
  if (sizes.some((size) => size > sizeMax)) return false;
  if (isStream || request.proved) return true;
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const totalMax = request.input.octets.length * UNPROVED_OCTETS_FACTOR;
  return sizes.length <= UNPROVED_REPLIES_MAX && total <= totalMax;
}
