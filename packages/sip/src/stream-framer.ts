// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { latin1Text } from '@sentrypeer/bytes';
import { AnomalyList, type FramingCode, type RefusalCode } from './anomaly.ts';
import { CARRIAGE_RETURN, LINE_FEED } from './characters.ts';
import { BODY_OCTETS_MAX, HEAD_OCTETS_MAX, REFUSED_OCTETS_MAX } from './limits.ts';
import { parseMessage } from './message.ts';
import { OctetQueue } from './octet-queue.ts';
import { binaryRefusal, parseStartLine, type StartLine } from './start-line.ts';

/** What was cut out of a stream. Octets are borrowed until the next `push()`. */
export type Frame =
  | {
      readonly kind: 'message';
      readonly octets: Uint8Array;
      readonly anomalies: readonly FramingCode[];
      /** Nothing behind it can be framed: close the connection after the answer. */
      readonly close: boolean;
    }
  /** CRLF CRLF between messages; may be answered with one CRLF (RFC 5626 §4.4.1). */
  | { readonly kind: 'ping' }
  /** Not SIP, over a limit, or unfinished: to be recorded, then the connection closes after a pause. */
  | { readonly kind: 'refused'; readonly octets: Uint8Array; readonly code: RefusalCode };

const PING: Frame = { kind: 'ping' };
const PING_OCTETS = [CARRIAGE_RETURN, LINE_FEED, CARRIAGE_RETURN, LINE_FEED] as const;
const CONTENT_LENGTH_MISSING: readonly FramingCode[] = ['content_length_missing'];

type State =
  /** Before or in the first line of a message. */
  | 'start-line'
  /** Between the first line and the empty line. */
  | 'head'
  | 'body'
  /** Nothing more is framed. */
  | 'closed';

/**
 * Cuts a stream into messages (RFC 3261 §18.3): line ends before a message are skipped, the head ends with
 * an empty line, the body has Content-Length octets. Time and memory grow with the octets that come in and
 * not with the pieces they come in; what waits is bounded by `HEAD_OCTETS_MAX` and `BODY_OCTETS_MAX`.
 */
export class StreamFramer {
  readonly #queue = new OctetQueue();
  #state: State = 'start-line';
  /** Octets of the message that were searched for a line end. */
  #scanned = 0;
  /** Where the line begins that is being searched for its end. */
  #lineStart = 0;
  /** Octets of the whole message, once its head is complete. */
  #messageSize = 0;
  /** Octets of CRLF CRLF seen between messages. */
  #pingMatched = 0;
  /** The message before had no Content-Length: lines that start no message may be its body. */
  #isUnsized = false;
  #lostBodySize = 0;

  /** A message has begun and is not complete. */
  get midMessage(): boolean {
    return this.#queue.size > 0;
  }

  /** Takes the next octets; borrowed for the time of the call, unless a frame holds them. */
  push(octets: Uint8Array): readonly Frame[] {
    if (this.#state === 'closed') return [];
    this.#queue.append(octets);
    const frames: Frame[] = [];
    for (let frame = this.#next(); frame !== undefined; frame = this.#next()) frames.push(frame);
    this.#queue.settle();
    return frames;
  }

  /** What is unfinished when the stream ends or waits too long; nothing is framed afterwards. */
  flush(): Frame | undefined {
    const { size } = this.#queue;
    const code = this.#state === 'body' ? 'body_unfinished' : 'head_unfinished';
    const isLostBody = this.#state === 'start-line' && this.#isUnsized;
    const isNothing = this.#state === 'closed' || size === 0 || isLostBody;
    const frame = isNothing ? undefined : this.#refuse(code, size);
    this.#close();
    return frame;
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
        const ping = this.#skipLineEnds();
        if (ping !== undefined || this.#queue.size === 0) return ping;
        const refusal = this.#isUnsized ? undefined : binaryRefusal(this.#queue.at(0));
        if (refusal !== undefined) return this.#refuse(refusal, REFUSED_OCTETS_MAX);
      }
      const feed = this.#findLineFeed();
      if (this.#scanned > HEAD_OCTETS_MAX && (feed === undefined || feed >= HEAD_OCTETS_MAX)) {
        if (!this.#isUnsized) return this.#refuse('head_size', HEAD_OCTETS_MAX);
        const tooMuch = this.#loseBody(HEAD_OCTETS_MAX);
        if (tooMuch !== undefined) return tooMuch;
        continue;
      }
      if (feed === undefined) return undefined;
      const { kind, sipVersion, refusal = 'not_sip' } = this.#parseStartLine(feed);
      if (kind !== 'not-sip' && (!this.#isUnsized || sipVersion !== undefined)) {
        this.#lineStart = feed + 1;
        this.#state = 'head';
        return undefined;
      }
      if (!this.#isUnsized) return this.#refuse(refusal, REFUSED_OCTETS_MAX);
      const tooMuch = this.#loseBody(feed + 1);
      if (tooMuch !== undefined) return tooMuch;
    }
    return undefined;
  }

  #readHead(): Frame | undefined {
    for (let feed = this.#findLineFeed(); feed !== undefined; feed = this.#findLineFeed()) {
      if (feed >= HEAD_OCTETS_MAX) break;
      const isEmpty =
        feed === this.#lineStart ||
        (feed === this.#lineStart + 1 && this.#queue.at(feed - 1) === CARRIAGE_RETURN);
      if (isEmpty) return this.#endHead(feed + 1);
      this.#lineStart = feed + 1;
    }
    return this.#scanned > HEAD_OCTETS_MAX ? this.#refuse('head_size', HEAD_OCTETS_MAX) : undefined;
  }

  /** RFC 3261 §20.14: "If a stream-based protocol is used as transport, the header field MUST be used." */
  #endHead(headSize: number): Frame | undefined {
    const head = parseMessage(this.#queue.view(0, headSize));
    const values = head.headerValues('content-length');
    const { contentLength } = head;
    if (values.length === 0) {
      const frame = this.#message(headSize, CONTENT_LENGTH_MISSING, false);
      this.#isUnsized = true;
      return frame;
    }
    if (contentLength === undefined) {
      const code = values.length > 1 ? 'content_length_conflict' : 'content_length_syntax';
      return this.#message(headSize, [code], true);
    }
    if (contentLength > BODY_OCTETS_MAX) {
      return this.#message(headSize, ['content_length_absurd'], true);
    }
    this.#messageSize = headSize + contentLength;
    this.#state = 'body';
    return undefined;
  }

  #readBody(): Frame | undefined {
    return this.#queue.size < this.#messageSize
      ? undefined
      : this.#message(this.#messageSize, [], false);
  }

  #message(size: number, anomalies: readonly FramingCode[], close: boolean): Frame {
    const octets = this.#queue.view(0, size);
    this.#queue.drop(size);
    this.#restart();
    this.#isUnsized = false;
    this.#lostBodySize = 0;
    this.#pingMatched = 0;
    if (close) this.#close();
    return { kind: 'message', octets, anomalies, close };
  }

  #refuse(code: RefusalCode, sizeMax: number): Frame {
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

  /** Drops line ends between messages; answers with a ping where they are one. */
  #skipLineEnds(): Frame | undefined {
    while (this.#queue.size > 0) {
      const octet = this.#queue.at(0);
      if (octet !== CARRIAGE_RETURN && octet !== LINE_FEED) return undefined;
      this.#queue.drop(1);
      if (octet === PING_OCTETS[this.#pingMatched]) this.#pingMatched += 1;
      else this.#pingMatched = octet === CARRIAGE_RETURN ? 1 : 0;
      if (this.#pingMatched < PING_OCTETS.length) continue;
      this.#pingMatched = 0;
      if (this.#lostBodySize === 0) return PING;
    }
    return undefined;
  }

  /** Index of the next line feed that was not looked at yet. */
  #findLineFeed(): number | undefined {
    const feed = this.#queue.indexOf(LINE_FEED, this.#scanned);
    this.#scanned = feed === -1 ? this.#queue.size : feed + 1;
    return feed === -1 ? undefined : feed;
  }

  #parseStartLine(feed: number): StartLine {
    const line = latin1Text(this.#queue.view(0, feed));
    const end = line.endsWith('\r') ? line.length - 1 : line.length;
    return parseStartLine(line, 0, end, new AnomalyList());
  }

  /** Drops octets that belong to a body of unknown length. */
  #loseBody(count: number): Frame | undefined {
    this.#lostBodySize += count;
    if (this.#lostBodySize > BODY_OCTETS_MAX) {
      return this.#refuse('lost_body_size', REFUSED_OCTETS_MAX);
    }
    this.#queue.drop(count);
    this.#restart();
    return undefined;
  }
}
