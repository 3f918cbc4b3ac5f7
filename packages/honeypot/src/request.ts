// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Credentials, SipMessage } from '@sentrypeer/sip';
import type { NonceState } from './nonces.ts';
import type { Layouts, Said } from './persona.ts';
import type { Received } from './received.ts';
import type { Giving, TagSubject } from './to-tags.ts';

/** A request to be answered, with what is known about its sender. */
export interface Request<Path> extends TagSubject {
  readonly input: Received<Path>;
  readonly message: SipMessage;
  /** Monotonic milliseconds. */
  readonly nowMs: number;
  /** Wall-clock milliseconds. */
  readonly epochMs: number;
  readonly credentials: Credentials | undefined;
  /** State of the nonce in the credentials, if they are Digest. */
  readonly nonce: NonceState | undefined;
  /** The To tag as sent: the request claims to belong to a dialog. */
  readonly toTag: string | undefined;
  /** The To tag is one that we gave to this source. */
  readonly inDialog: boolean;
  /**
   * Whether the answer stays with its receiver or may be passed on, which decides what its tag and nonce will prove.
   */
  readonly giving: Giving;
  /** The source receives our answers: a stream, or a proof by this address and port within the last minutes. */
  readonly proved: boolean;
}

/** A header of an answer: name and value. */
export type Header = readonly [string, string];

/** An answer before it is known how much of it may be sent. */
export interface Draft {
  readonly status: number;
  /** If it differs from the persona's. */
  readonly reason?: string | undefined;
  /** Headers that must stay. */
  readonly headers?: readonly Header[];
  readonly body?: string;
  /** Which optional headers go where; by default the status decides. */
  readonly layout?: keyof Layouts | undefined;
  /** Only if no optional header has to be left out. */
  readonly whole?: boolean;
}

/** Answers, best first: the first that fits is sent; if none fits, nothing is. */
export type Alternatives = readonly (readonly Draft[])[];

/** The answer to a request. */
export interface Answer {
  readonly alternatives: Alternatives;
  /** The answer depends on the time or on earlier messages: a retransmission must get the same one. */
  readonly kept: boolean;
  /** The account and password were accepted. */
  readonly registered?: boolean;
  /** The call is ringing: what follows. */
  readonly ringing?: { readonly answered: Alternatives; readonly cancelled: Alternatives };
  /** The answer to another request, sent afterwards. */
  readonly behind?: Uint8Array;
}

/** No answer at all. */
export const SILENT: Answer = { alternatives: [], kept: false };

/** One answer that depends only on the request. */
export function plainAnswer(
  said: number | Said,
  headers: readonly Header[] = [],
  layout?: keyof Layouts,
): Answer {
  const { status, reason }: Said = typeof said === 'number' ? { status: said } : said;
  const draft: Draft = { status, headers, reason, layout };
  return { alternatives: [[draft]], kept: false };
}

/** RFC 3261 §20.17. */
export function dateOf(epochMs: number): Header {
  return ['Date', new Date(epochMs).toUTCString()];
}
