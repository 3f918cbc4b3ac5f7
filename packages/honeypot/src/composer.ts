// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { latin1Octets } from '@sentrypeer/bytes';
import { formatContentLength, formatRepeatedText, reasonPhrase } from '@sentrypeer/sip';
import {
  ANSWER_OCTETS_MAX,
  DATAGRAM_OCTETS_MAX,
  UNPROVED_OCTETS_FACTOR,
  UNPROVED_REPLIES_MAX,
} from './limits.ts';
import type { Layout, Layouts } from './persona.ts';
import type { Alternatives, Draft, Header, Request } from './request.ts';
import type { ToTags } from './to-tags.ts';
import type { WornPersona } from './worn-persona.ts';

/** The optional headers of a layout, some of them left out, as Latin-1 text. */
interface Trim {
  readonly beforeOwn: string;
  readonly beforeBody: string;
  readonly last: string;
  readonly size: number;
}

/** Trims of one layout: the first has all optional headers, the last none. */
type Trims = readonly [Trim, ...Trim[]];

/** An answer in pieces, between which optional headers are inserted. */
interface BareReply {
  readonly repeated: string;
  readonly own: string;
  readonly contentType: string;
  readonly end: string;
  readonly size: number;
  readonly trims: Trims;
}

/** What was last made for the current request. */
interface Said {
  /** Status and reason phrase. */
  line: string;
  repeated: string;
  hashedTag: string | undefined;
}

/** Optional headers in the order in which they are dropped; the product, which any layout may name, is last. */
const DROPPED = [
  'Accept-Language',
  'Accept-Encoding',
  'Allow-Events',
  'Accept',
  'Supported',
  'Allow',
];
/** Each of them, and the product. */
const DROPS_COUNT = DROPPED.length + 1;
/** Longer branches do not become To tags of ours: they would make short answers impossible. */
const BRANCH_TAG_CHARACTERS_MAX = 64;

/**
 * Makes the octets of answers in the persona's style, and keeps the rule against amplification: to a UDP source that
 * has not proved itself, all answers to one datagram together have at most 1.2 times its octets, in at most two
 * datagrams. Optional headers are dropped until they fit. All text that does not depend on the request is prepared in
 * advance.
 */
export class Composer {
  readonly #worn: WornPersona;
  readonly #toTags: ToTags;
  readonly #trims: Readonly<Record<keyof Layouts, Trims>>;

  constructor(worn: WornPersona, toTags: ToTags) {
    this.#worn = worn;
    this.#toTags = toTags;
    const { usual, trying, options, call, invite, extension, method, stack } = worn.persona.layouts;
    this.#trims = {
      usual: trimsOf(usual, worn),
      trying: trimsOf(trying, worn),
      options: trimsOf(options, worn),
      call: trimsOf(call, worn),
      invite: trimsOf(invite, worn),
      extension: trimsOf(extension, worn),
      method: trimsOf(method, worn),
      stack: trimsOf(stack, worn),
    };
  }

  /** The first alternative that fits; nothing if none does. */
  compose(request: Request<unknown>, alternatives: Alternatives): readonly Uint8Array[] {
    const said: Said = { line: '', repeated: '', hashedTag: undefined };
    for (const drafts of alternatives) {
      const replies = this.#composeTogether(request, drafts, said);
      if (replies !== undefined) return replies;
    }
    return [];
  }

  #composeTogether(
    request: Request<unknown>,
    drafts: readonly Draft[],
    said: Said,
  ): readonly Uint8Array[] | undefined {
    const bare = drafts.map((draft) => this.#bareReply(request, draft, said));
    const dropsMax = drafts.some(({ whole }) => whole === true) ? 0 : DROPS_COUNT;
    for (let droppedCount = 0; droppedCount <= dropsMax; droppedCount += 1) {
      const sizes = bare.map((reply) => reply.size + trimOf(reply, droppedCount).size);
      if (sizesFit(request, sizes)) return bare.map((reply) => complete(reply, droppedCount));
    }
    return undefined;
  }

  #bareReply(request: Request<unknown>, draft: Draft, said: Said): BareReply {
    const { headers = [], body = '' } = draft;
    const { persona } = this.#worn;
    const repeated = this.#repeated(request, draft, said);
    const own = headersText(headers);
    const contentType = body === '' ? '' : 'Content-Type: application/sdp\r\n';
    const end = `${formatContentLength(body.length, persona.shape.contentLength)}\r\n${body}`;
    return {
      repeated,
      own,
      contentType,
      end,
      size: repeated.length + own.length + contentType.length + end.length,
      trims: this.#trims[draft.layout ?? layoutOf(draft.status, request.message.method)],
    };
  }

  /** The status line and the parts repeated from the request; the next alternative usually has the same. */
  #repeated(request: Request<unknown>, draft: Draft, said: Said): string {
    const { persona } = this.#worn;
    const { status } = draft;
    const reason = draft.reason ?? persona.reasons.get(status) ?? reasonPhrase(status);
    const line = `${status} ${reason}`;
    if (said.line === line) return said.repeated;
    const toTag = this.#toTag(request, draft, said);
    said.line = line;
    said.repeated = formatRepeatedText({
      request: request.message,
      status,
      reason,
      ...(toTag === undefined ? {} : { toTag }),
      source: { address: request.input.sourceIp, port: request.input.sourcePort },
      shape: persona.shape,
    });
    return said.repeated;
  }

  /** RFC 3261 §8.2.6.2: a 100 may lack the tag. */
  #toTag(request: Request<unknown>, draft: Draft, said: Said): string | undefined {
    if (draft.status === 100) return undefined;
    if (this.#worn.persona.tagOutsideDialogs === 'branch' && !isOfDialog(request, draft)) {
      const branch = request.message.vias[0]?.branch;
      if (branch === undefined || isTagText(branch)) return branch;
    }
    return (said.hashedTag ??= this.#toTags.make(request, request.giving, request.epochMs));
  }
}

function layoutOf(status: number, method: string | undefined): keyof Layouts {
  if (status === 100) return 'trying';
  if (status === 420) return 'extension';
  if (status === 501) return 'method';
  return method === 'INVITE' ? 'invite' : 'usual';
}

/** PJSIP creates a dialog for an INVITE once it knows who calls and that it can be read. */
function isOfDialog(request: Request<unknown>, { status }: Draft): boolean {
  const isBefore = [400, 401, 407, 415, 420, 481].includes(status);
  return request.message.method === 'INVITE' && !isBefore;
}

function isTagText(branch: string): boolean {
  if (branch === '' || branch.length > BRANCH_TAG_CHARACTERS_MAX) return false;
  for (let index = 0; index < branch.length; index += 1) {
    const code = branch.charCodeAt(index);
    const isLetter = (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;
    if (!isLetter && !(code >= 0x30 && code <= 0x39) && code !== 0x2e && code !== 0x2d) {
      return false;
    }
  }
  return true;
}

function trimsOf(layout: Layout, worn: WornPersona): Trims {
  const { persona } = worn;
  const values = new Map([
    ...persona.otherHeaders,
    ['Accept', persona.accept],
    ['Supported', persona.supported],
    ['Allow', worn.allow],
    [persona.productHeader, worn.product],
  ]);
  const trimAt = (droppedCount: number): Trim => {
    const dropped = new Set(DROPPED.slice(0, droppedCount));
    if (droppedCount === DROPS_COUNT) dropped.add(persona.productHeader);
    const pieces: [string, string, string] = ['', '', ''];
    let place: 0 | 1 | 2 = 0;
    for (const name of layout) {
      const value = values.get(name);
      if (name === 'own') place = 1;
      else if (name === 'body') place = 2;
      else if (value !== undefined && !dropped.has(name)) {
        pieces[place] += `${name}: ${value}\r\n`;
      }
    }
    const [beforeOwn, beforeBody, last] = pieces;
    return {
      beforeOwn,
      beforeBody,
      last,
      size: beforeOwn.length + beforeBody.length + last.length,
    };
  };
  return [
    trimAt(0),
    ...Array.from({ length: DROPS_COUNT }, (_, droppedBefore) => trimAt(droppedBefore + 1)),
  ];
}

function trimOf(reply: BareReply, droppedCount: number): Trim {
  return reply.trims[droppedCount] ?? reply.trims[0];
}

function complete(reply: BareReply, droppedCount: number): Uint8Array {
  const { beforeOwn, beforeBody, last } = trimOf(reply, droppedCount);
  const { repeated, own, contentType, end } = reply;
  return latin1Octets(repeated + beforeOwn + own + beforeBody + contentType + last + end);
}

function headersText(headers: readonly Header[]): string {
  let text = '';
  for (const [name, value] of headers) text += `${name}: ${oneLine(value)}\r\n`;
  return text;
}

/** A peer's text cannot start another header. */
function oneLine(text: string): string {
  return text.replaceAll('\r', ' ').replaceAll('\n', ' ');
}

/** Whether answers of these sizes in octets may be sent for this request. */
export function sizesFit(request: Request<unknown>, sizes: readonly number[]): boolean {
  const isStream = request.input.transport !== 'UDP';
  const totalMax = request.input.octets.length * UNPROVED_OCTETS_FACTOR;
  const largest = Math.max(DATAGRAM_OCTETS_MAX, totalMax);
  const sizeMax = isStream ? ANSWER_OCTETS_MAX : Math.min(largest, ANSWER_OCTETS_MAX);
  if (sizes.some((size) => size > sizeMax)) return false;
  if (isStream || request.proved) return true;
  const total = sizes.reduce((sum, size) => sum + size, 0);
  return sizes.length <= UNPROVED_REPLIES_MAX && total <= totalMax;
}
