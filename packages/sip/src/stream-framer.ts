// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { latin1Text } from '@sentrypeer/bytes';
import type { FramingCode, RefusalCode } from './anomaly.ts';
import { CARRIAGE_RETURN, LINE_FEED } from './characters.ts';
import {
  BODY_OCTETS_MAX,
  HEAD_OCTETS_MAX,
  MESSAGE_OCTETS_MAX,
  REFUSED_OCTETS_MAX,
  SKIPPED_OCTETS_MAX,
} from './limits.ts';
import { parseMessage } from './message.ts';
import { OctetQueue } from './octet-queue.ts';
import { SkippedOctets } from './skipped-octets.ts';
import { binaryRefusal, cutStartLineIn, parseFirstLine, startLineIn } from './start-line.ts';

/** What was cut out of a stream. Octets are borrowed until the next `push()`. */
export type Frame =
  | {
      readonly kind: 'message';
      readonly octets: Uint8Array;
      readonly anomalies: readonly FramingCode[];
      /** Nothing after it can be framed: close the connection after the answer. */
      readonly close: boolean;
      /** It was cut off; to be recorded as far as it came, and never answered. */
      readonly isUnfinished: boolean;
      /** The first octets before it that belong to no message; empty if there were none. */
      readonly skipped: Uint8Array;
    }
  /** CRLF CRLF between messages; may be answered with one CRLF (RFC 5626 §4.4.1). */
  | { readonly kind: 'ping' }
  /** Not SIP, or over a limit: to be recorded, then the connection closes after a pause. */
  | { readonly kind: 'refused'; readonly octets: Uint8Array; readonly code: RefusalCode };

const PING: Frame = { kind: 'ping' };
const PING_OCTETS = [CARRIAGE_RETURN, LINE_FEED, CARRIAGE_RETURN, LINE_FEED] as const;
const NUL = 0;
/** Octets without a line end that are looked at: a method, or NUL octets before it. */
const FIRST_OCTETS_LOOKED_AT = 96;

type State =
  /** Before or in the first line of a message. */
  | 'start-line'
  /** Between the first line and the empty line. */
  | 'head'
  | 'body'
  /** Nothing more is framed. */
  | 'closed';

/**
 * Cuts a stream into messages (RFC 3261 §18.3): line ends before a message are skipped, the head ends with an empty
 * line, the body has Content-Length octets. Only the parser of datagrams decides what a message says and whether it is
 * one. After a message, octets that do not begin another are skipped up to the next start line, within a limit; before
 * the first message they end the framing. Time and memory depend on the number of octets, not on the number of pieces;
 * what waits is limited by `MESSAGE_OCTETS_MAX`.
 */
export class StreamFramer {
  readonly #queue = new OctetQueue();
  readonly #skipped = new SkippedOctets();
  #state: State = 'start-line';
  /** Octets of the message that were searched for a line end. */
  #scanned = 0;
  /** Start of the line whose end is being searched for. */
  #lineStart = 0;
  /** Octets of the whole message, once its head is complete. */
  #messageSize = 0;
  /** Of the body that is being read. */
  #mayHoldMessages = false;
  /** Octets of CRLF CRLF seen between messages. */
  #pingMatched = 0;
  /** Whether a message has arrived, after which octets that do not begin another are skipped. */
  #isUnderWay = false;
  /** The previous message did not say how long its body is: lines that do not start a message may be its body. */
  #isUnsized = false;
  /** Octets after the previous message began none, or its end is not known: a start line needs a version. */
  #isAstray = false;

  /** Whether a message has begun and is not complete. */
  get midMessage(): boolean {
    return this.#queue.size > 0;
  }

  /** Octets of a message that is not complete. */
  get waitingOctets(): number {
    return this.#queue.size;
  }

  /** Takes the next octets; borrowed for the duration of the call, unless a frame holds them. */
  push(octets: Uint8Array): readonly Frame[] {
    if (this.#state === 'closed') return [];
    this.#queue.append(octets);
    const frames: Frame[] = [];
    for (let frame = this.#next(); frame !== undefined; frame = this.#next()) frames.push(frame);
    this.#queue.settle();
    return frames;
  }

  /** Returns the unfinished message when the stream ends or waits too long; nothing is framed afterwards. */
  flush(): readonly Frame[] {
    const frame = this.#state === 'closed' ? undefined : this.#rest();
    this.#close();
    return frame === undefined ? [] : [frame];
  }

  /** The next frame, or `undefined` until more octets come. */
  #next(): Frame | undefined {
    for (;;) {
      const state = this.#state;
      const frame =
        state === 'start-line'
          ? this.#readStartLine()
          : state === 'head'
            ? this.#readHead()
            : state === 'body'
              ? this.#readBody()
              : undefined;
      if (frame !== undefined || this.#state === state) return frame;
    }
  }

  #readStartLine(): Frame | undefined {
    while (this.#queue.size > 0) {
      if (this.#scanned === 0) {
        const ping = this.#skipFiller();
        if (ping !== undefined || this.#queue.size === 0) return ping;
      }
      const feed = this.#findLineFeed();
      if (this.#scanned > HEAD_OCTETS_MAX && (feed === undefined || feed >= HEAD_OCTETS_MAX)) {
        if (!this.#isUnderWay) return this.#tooLong();
        const tooMuch = this.#skip(HEAD_OCTETS_MAX);
        if (tooMuch !== undefined) return tooMuch;
        continue;
      }
      if (feed === undefined) return this.#isUnderWay ? undefined : this.#refuseBinary();
      const line = latin1Text(this.#queue.view(0, feed));
      const { refusal } = parseFirstLine(line);
      const start = this.#isUnderWay ? startLineIn(line) : 0;
      const isAstray = this.#isAstray && this.#isUnderWay;
      const isPlain = refusal === undefined && start <= 0 && !isAstray;
      const tooMuch = start > 0 ? this.#skip(start) : undefined;
      if (tooMuch !== undefined) return tooMuch;
      if (isPlain || (this.#isUnderWay && start >= 0)) {
        this.#lineStart = feed + 1 - start;
        this.#scanned = this.#lineStart;
        this.#state = 'head';
        return undefined;
      }
      // NUL octets alone are a keep-alive: a message may follow.
      if (!this.#isUnderWay && refusal !== 'keep_alive') return this.#refuse(refusal ?? 'not_sip');
      const much = this.#skip(feed + 1);
      if (much !== undefined) return much;
    }
    return undefined;
  }

  /** Binary protocols have no lines: their first octets tell. */
  #refuseBinary(): Frame | undefined {
    const first = this.#queue.view(0, Math.min(this.#queue.size, FIRST_OCTETS_LOOKED_AT));
    const refusal = binaryRefusal(latin1Text(first));
    const isFiller = first.every((octet) => octet === NUL);
    if (refusal === undefined && !(isFiller && first.length === FIRST_OCTETS_LOOKED_AT)) {
      return undefined;
    }
    return this.#refuse(refusal ?? 'binary');
  }

  #readHead(): Frame | undefined {
    for (let feed = this.#findLineFeed(); feed !== undefined; feed = this.#findLineFeed()) {
      if (feed >= HEAD_OCTETS_MAX) break;
      let end = feed;
      while (end > this.#lineStart && this.#queue.at(end - 1) === CARRIAGE_RETURN) end -= 1;
      if (end === this.#lineStart) return this.#endHead(feed + 1);
      this.#lineStart = feed + 1;
    }
    return this.#scanned > HEAD_OCTETS_MAX ? this.#tooLong() : undefined;
  }

  /** RFC 3261 §20.14: "If a stream-based protocol is used as transport, the header field MUST be used." */
  #endHead(headSize: number): Frame | undefined {
    const head = parseMessage(this.#queue.view(0, headSize));
    const values = head.headerValues('content-length');
    const { contentLength } = head;
    if (values.length === 0) return this.#unsized(headSize, 'content_length_missing');
    if (contentLength === undefined) {
      const code = values.length > 1 ? 'content_length_conflict' : 'content_length_syntax';
      return this.#unsized(headSize, code);
    }
    if (contentLength > BODY_OCTETS_MAX || headSize + contentLength > MESSAGE_OCTETS_MAX) {
      return this.#unsized(headSize, 'content_length_absurd');
    }
    this.#messageSize = headSize + contentLength;
    this.#mayHoldMessages = mayHoldMessages(head.header('content-type') ?? '');
    this.#lineStart = headSize;
    this.#state = 'body';
    return undefined;
  }

  /**
   * A head that does not give its body's length, or gives one that cannot be believed. The body ends where the next
   * message begins: a message hidden after it must not be believed either.
   */
  #unsized(headSize: number, code: FramingCode): Frame {
    const frame = this.#message(headSize, [code]);
    this.#isUnsized = true;
    this.#isAstray = true;
    return frame;
  }

  /** A body that is shorter than announced ends where the next message begins, and takes nothing of that. */
  #readBody(): Frame | undefined {
    const size = this.#messageSize;
    while (!this.#mayHoldMessages && this.#lineStart < size) {
      const feed = this.#findLineFeed();
      const isWhole = feed !== undefined && feed < size;
      if (!isWhole && this.#queue.size < size) return undefined;
      const line = latin1Text(this.#queue.view(this.#lineStart, isWhole ? feed : size));
      // Octets beyond the announced size decide nothing: they may come with it or later.
      const start = isWhole ? startLineIn(line) : cutStartLineIn(line);
      if (start !== -1) return this.#message(this.#lineStart + start, []);
      this.#lineStart = isWhole ? feed + 1 : size;
    }
    return this.#queue.size < size ? undefined : this.#message(size, []);
  }

  #message(size: number, anomalies: readonly FramingCode[]): Frame {
    const octets = this.#queue.view(0, size);
    this.#queue.drop(size);
    this.#restart();
    this.#isUnsized = false;
    this.#isAstray = false;
    this.#isUnderWay = true;
    this.#pingMatched = 0;
    return { kind: 'message', octets, close: false, isUnfinished: false, ...this.#told(anomalies) };
  }

  /** A message that was cut off; nothing is framed after it. */
  #lastMessage(size: number, code: FramingCode): Frame {
    const octets = this.#queue.view(0, size);
    this.#close();
    return { kind: 'message', octets, close: true, isUnfinished: true, ...this.#told([code]) };
  }

  /** The octets skipped before a message, reported with it. */
  #told(anomalies: readonly FramingCode[]): {
    readonly anomalies: readonly FramingCode[];
    readonly skipped: Uint8Array;
  } {
    const { count } = this.#skipped;
    return {
      anomalies: count === 0 ? anomalies : [...anomalies, 'octets_skipped'],
      skipped: this.#skipped.take(),
    };
  }

  /** A head without an end: it is read as far as it arrived. */
  #tooLong(): Frame {
    const size = Math.min(this.#queue.size, HEAD_OCTETS_MAX);
    return this.#unfinished(size, 'head_size') ?? this.#refuse('head_size', HEAD_OCTETS_MAX);
  }

  /** The rest of a stream. */
  #rest(): Frame | undefined {
    const { size } = this.#queue;
    const code = this.#state === 'body' ? 'body_unfinished' : 'head_unfinished';
    if (size === 0) return this.#refuseSkipped();
    const start = this.#isUnderWay && this.#state === 'start-line' ? this.#startInRest() : 0;
    if (start === -1) {
      this.#skip(size);
      return this.#refuseSkipped();
    }
    if (start > 0) this.#skip(start);
    const message = this.#unfinished(this.#queue.size, code);
    if (message !== undefined || this.#isUnsized) return message;
    const refusal = parseFirstLine(latin1Text(this.#queue.view(0, this.#queue.size))).refusal;
    return this.#refuse(refusal ?? code);
  }

  #startInRest(): number {
    return startLineIn(latin1Text(this.#queue.view(0, this.#queue.size)));
  }

  /** The octets as a message, if their first line is one of SIP. */
  #unfinished(size: number, code: FramingCode): Frame | undefined {
    const isSip = parseMessage(this.#queue.view(0, size)).kind !== 'not-sip';
    return isSip ? this.#lastMessage(size, code) : undefined;
  }

  /** Skipped octets that no message followed: they are reported separately, except the body of the previous message. */
  #refuseSkipped(): Frame | undefined {
    const { count } = this.#skipped;
    const octets = this.#skipped.take();
    if (count === 0 || this.#isUnsized) return undefined;
    const { refusal } = parseFirstLine(latin1Text(octets));
    // Between messages nobody misses a keep-alive; if nothing else came, it is all there is to report.
    return refusal === 'keep_alive' && this.#isUnderWay
      ? undefined
      : { kind: 'refused', octets, code: refusal ?? 'not_sip' };
  }

  #refuse(code: RefusalCode, sizeMax = REFUSED_OCTETS_MAX): Frame {
    const octets = this.#queue.view(0, Math.min(this.#queue.size, sizeMax));
    this.#close();
    return { kind: 'refused', octets, code };
  }

  #close(): void {
    this.#queue.clear();
    this.#state = 'closed';
  }

  /** The next message begins at the front of the queue. */
  #restart(): void {
    this.#state = 'start-line';
    this.#scanned = 0;
    this.#lineStart = 0;
  }

  /** Drops line ends before a message, and NUL octets between two messages; returns a ping if they are one. */
  #skipFiller(): Frame | undefined {
    while (this.#queue.size > 0) {
      const octet = this.#queue.at(0);
      const isNul = octet === NUL && this.#isUnderWay;
      if (octet !== CARRIAGE_RETURN && octet !== LINE_FEED && !isNul) return undefined;
      if (isNul) this.#skipped.add(this.#queue.view(0, 1));
      this.#queue.drop(1);
      if (octet === PING_OCTETS[this.#pingMatched]) this.#pingMatched += 1;
      else this.#pingMatched = octet === CARRIAGE_RETURN ? 1 : 0;
      if (this.#pingMatched < PING_OCTETS.length) continue;
      this.#pingMatched = 0;
      if (!this.#isUnsized || this.#skipped.count === 0) return PING;
    }
    return undefined;
  }

  /** Index of the next line feed that was not looked at yet. */
  #findLineFeed(): number | undefined {
    const feed = this.#queue.indexOf(LINE_FEED, this.#scanned);
    this.#scanned = feed === -1 ? this.#queue.size : feed + 1;
    return feed === -1 ? undefined : feed;
  }

  /** Drops octets that do not begin a message; returns a frame if there were too many of them. */
  #skip(count: number): Frame | undefined {
    this.#isAstray = true;
    this.#skipped.add(this.#queue.view(0, count));
    if (this.#skipped.count > SKIPPED_OCTETS_MAX) {
      const octets = this.#skipped.take();
      this.#close();
      return { kind: 'refused', octets, code: 'skipped_size' };
    }
    this.#queue.drop(count);
    this.#restart();
    return undefined;
  }
}

/** Whether a body of this type may hold start lines: RFC 3261 §27.5, RFC 3420, RFC 2046 §5.1. */
function mayHoldMessages(contentType: string): boolean {
  const type = contentType.toLowerCase();
  return type.startsWith('message/') || type.startsWith('multipart/');
}
