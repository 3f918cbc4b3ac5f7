// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { type AnomalyCode, AnomalyList } from './anomaly.ts';
import {
  CARRIAGE_RETURN,
  isBlank,
  isToken,
  LINE_FEED,
  skipBlanks,
  trimEnd,
  trimReturns,
} from './characters.ts';
import { HeaderId, headerIdAt, headerNameOf } from './header-name.ts';
import { HEADERS_COUNT_MAX } from './limits.ts';
import { parseStartLine, startOfMessage, type StartLine } from './start-line.ts';

/** One header line, uninterpreted. Texts are Latin-1. */
export interface HeaderField {
  /** As written; empty if the line has no colon. */
  readonly name: string;
  /** Canonical long name in lower case (`via`), even if the compact form was used. */
  readonly id: string;
  /** Trimmed, with folding joined to one blank; the whole line if it has no colon. */
  readonly value: string;
  /** Octets from the beginning of the message to the name. */
  readonly offset: number;
}

/** A header line as positions in the text; its texts are cut out when they are needed. */
export class HeaderLine implements HeaderField {
  readonly #text: string;
  readonly offset: number;
  readonly #nameEnd: number;
  readonly valueOffset: number;
  readonly valueEnd: number;
  readonly isFolded: boolean;
  readonly knownId: number;

  constructor(
    text: string,
    offset: number,
    nameEnd: number,
    valueOffset: number,
    valueEnd: number,
    isFolded: boolean,
    knownId: number,
  ) {
    this.#text = text;
    this.offset = offset;
    this.#nameEnd = nameEnd;
    this.valueOffset = valueOffset;
    this.valueEnd = valueEnd;
    this.isFolded = isFolded;
    this.knownId = knownId;
  }

  get name(): string {
    const name = this.#text.slice(this.offset, this.#nameEnd);
    return this.isFolded ? unfold(name) : name;
  }

  get id(): string {
    return headerNameOf(this.knownId) ?? this.name.toLowerCase();
  }

  get value(): string {
    const value = this.#text.slice(this.valueOffset, this.valueEnd);
    return this.isFolded ? unfold(value) : value;
  }

  /** Octets from the beginning of the message to this character within the value; -1 if it is not there. */
  indexOf(character: string): number {
    const at = this.#text.indexOf(character, this.valueOffset);
    return at < this.valueEnd ? at : -1;
  }
}

/** Start line and header lines of a message, and where they end. */
export interface Head {
  readonly startLine: StartLine;
  readonly lines: readonly HeaderLine[];
  /** An empty line ends the headers. */
  readonly isTerminated: boolean;
  /** Octets from the beginning of the message to the body. */
  readonly bodyOffset: number;
}

/** Headers of which a message must have one (RFC 3261 §8.1.1) and may have only one. */
const MANDATORY: readonly (readonly [number, AnomalyCode, AnomalyCode | undefined])[] = [
  [HeaderId.via, 'missing_via', undefined],
  [HeaderId.from, 'missing_from', 'repeated_from'],
  [HeaderId.to, 'missing_to', 'repeated_to'],
  [HeaderId.callId, 'missing_call_id', 'repeated_call_id'],
  [HeaderId.cseq, 'missing_cseq', 'repeated_cseq'],
];

/** Bits of the mandatory headers, by their ids. */
const MANDATORY_BITS = MANDATORY.reduce((bits, [id]) => bits | (1 << id), 0);

/** Bits of the headers whose repetition is noted. */
const SINGLE_BITS = (MANDATORY_BITS | (1 << HeaderId.contentLength)) & ~(1 << HeaderId.via);

/** Reads the text up to the empty line, once, from left to right. */
export function parseHead(text: string, anomalies: AnomalyList): Head {
  const start = startOfMessage(text);
  const feed = text.indexOf('\n', start);
  if (feed === -1 && text.includes('\r', start)) return parseReturnedHead(text, anomalies);
  const next = feed === -1 ? text.length : feed + 1;
  const startLine = parseStartLine(text, start, lineEnd(text, start, feed), anomalies);
  if (startLine.refusal !== undefined) {
    anomalies.note(startLine.refusal, 0);
    return { startLine, lines: [], isTerminated: false, bodyOffset: text.length };
  }
  noteLeading(text, start, anomalies);
  return new HeaderScanner(text, next, anomalies).scan(startLine);
}

/** A message whose lines end in CR alone is read as if they ended in LF; indexes do not change. */
function parseReturnedHead(text: string, anomalies: AnomalyList): Head {
  anomalies.note('bare_carriage_return', text.indexOf('\r'));
  return parseHead(text.replaceAll('\r', '\n'), anomalies);
}

function noteLeading(text: string, start: number, anomalies: AnomalyList): void {
  const first = text.slice(0, start);
  if (first.includes('\r') || first.includes('\n')) anomalies.note('leading_line_ends', 0);
  if (first.includes('\0')) anomalies.note('octets_skipped', first.indexOf('\0'));
  if (text.charCodeAt(start - 1) === 0xbf) anomalies.note('byte_order_mark', start - 3);
}

class HeaderScanner {
  readonly #text: string;
  readonly #anomalies: AnomalyList;
  readonly #lines: HeaderLine[] = [];
  #at: number;
  /** Index of the first colon at or after `#at`; kept, so that lines without one cost nothing. */
  #colon = -1;
  #seenBits = 0;
  #repeatedBits = 0;
  #bareLineFeedAt = -1;
  #hasStrayReturn = false;
  #hasMoreLines = false;

  constructor(text: string, start: number, anomalies: AnomalyList) {
    this.#text = text;
    this.#anomalies = anomalies;
    this.#at = start;
    const feed = start - 1;
    if (text.charCodeAt(feed) === LINE_FEED && text.charCodeAt(feed - 1) !== CARRIAGE_RETURN) {
      this.#bareLineFeedAt = feed;
    }
  }

  scan(startLine: StartLine): Head {
    const text = this.#text;
    if (isBlank(text.charCodeAt(this.#at))) this.#anomalies.note('fold_without_header', this.#at);
    let isTerminated = false;
    while (this.#at < text.length && !isTerminated) {
      const feed = text.indexOf('\n', this.#at);
      this.#skipReturns();
      const end = lineEnd(text, this.#at, feed);
      if (end === feed && this.#bareLineFeedAt === -1) this.#bareLineFeedAt = feed;
      else if (end < feed - 1) this.#noteReturn(end);
      const next = feed === -1 ? text.length : feed + 1;
      if (end === this.#at) {
        isTerminated = feed !== -1; // Otherwise the message was cut off inside the empty line.
        this.#at = next;
      } else {
        this.#scanLine(end, next);
      }
    }
    this.#noteWhatIsOdd(isTerminated);
    return { startLine, lines: this.#lines, isTerminated, bodyOffset: this.#at };
  }

  /** Line ends in the wrong order leave their second octet at the start of the next line. */
  #skipReturns(): void {
    const text = this.#text;
    while (
      text.charCodeAt(this.#at) === CARRIAGE_RETURN &&
      !isLineEnd(text.charCodeAt(this.#at + 1))
    ) {
      this.#noteReturn(this.#at);
      this.#at += 1;
    }
  }

  #noteReturn(at: number): void {
    if (!this.#hasStrayReturn) this.#anomalies.note('stray_carriage_return', at);
    this.#hasStrayReturn = true;
  }

  /** One header from `#at`, whose first line ends at `firstEnd`, with the lines that continue it. */
  #scanLine(firstEnd: number, firstNext: number): void {
    const text = this.#text;
    let end = firstEnd;
    let next = firstNext;
    while (isBlank(text.charCodeAt(next))) {
      const feed = text.indexOf('\n', next);
      end = lineEnd(text, next, feed);
      next = feed === -1 ? text.length : feed + 1;
    }
    if (this.#lines.length < HEADERS_COUNT_MAX) {
      this.#addLine(skipBlanks(text, this.#at, end), end, end !== firstEnd);
    } else if (!this.#hasMoreLines) {
      this.#anomalies.note('headers_count', this.#at);
      this.#hasMoreLines = true;
    }
    this.#at = next;
  }

  #addLine(start: number, end: number, isFolded: boolean): void {
    const text = this.#text;
    if (this.#colon < start) {
      const colon = text.indexOf(':', start);
      this.#colon = colon === -1 ? text.length : colon;
    }
    const colon = this.#colon;
    if (colon >= end) {
      this.#anomalies.note('header_without_colon', start);
      const valueEnd = trimEnd(text, start, end);
      this.#lines.push(
        new HeaderLine(text, start, start, start, valueEnd, isFolded, HeaderId.unknown),
      );
      return;
    }
    const nameEnd = isFolded ? trimFoldsEnd(text, start, colon) : trimEnd(text, start, colon);
    const valueStart = isFolded
      ? skipFolds(text, colon + 1, end)
      : skipBlanks(text, colon + 1, end);
    const valueEnd = isFolded
      ? trimFoldsEnd(text, valueStart, end)
      : trimEnd(text, valueStart, end);
    const id = headerIdAt(text, start, nameEnd);
    if (id === HeaderId.unknown) {
      if (!isToken(text, start, nameEnd)) this.#anomalies.note('header_name', start);
    } else if (id <= HeaderId.contentLength) {
      this.#repeatedBits |= this.#seenBits & (1 << id);
      this.#seenBits |= 1 << id;
    }
    this.#lines.push(new HeaderLine(text, start, nameEnd, valueStart, valueEnd, isFolded, id));
  }

  #noteWhatIsOdd(isTerminated: boolean): void {
    const anomalies = this.#anomalies;
    if (this.#bareLineFeedAt !== -1) anomalies.note('bare_line_feed', this.#bareLineFeedAt);
    if (!isTerminated) anomalies.note('headers_unterminated', this.#at);
    const repeatedBits = this.#repeatedBits & SINGLE_BITS;
    if ((this.#seenBits & MANDATORY_BITS) === MANDATORY_BITS && repeatedBits === 0) return;
    for (const [id, missing, repeated] of MANDATORY) {
      if ((this.#seenBits & (1 << id)) === 0) anomalies.note(missing, this.#at);
      if (repeated !== undefined) this.#noteRepetition(id, repeated, repeatedBits);
    }
    this.#noteRepetition(HeaderId.contentLength, 'repeated_content_length', repeatedBits);
  }

  #noteRepetition(id: number, code: AnomalyCode, repeatedBits: number): void {
    if ((repeatedBits & (1 << id)) === 0) return;
    const second = this.#lines.filter((line) => line.knownId === id)[1];
    this.#anomalies.note(code, second?.offset ?? this.#at);
  }
}

/** Where the line that ends with the line feed at `feed` (or with the text) ends, without its line end. */
function lineEnd(text: string, start: number, feed: number): number {
  return feed === -1 ? text.length : trimReturns(text, start, feed);
}

function isLineEnd(code: number): boolean {
  return code === CARRIAGE_RETURN || code === LINE_FEED;
}

function skipFolds(text: string, start: number, end: number): number {
  let index = start;
  while (index < end && (isBlank(text.charCodeAt(index)) || isLineEnd(text.charCodeAt(index)))) {
    index += 1;
  }
  return index;
}

function trimFoldsEnd(text: string, start: number, end: number): number {
  let index = end;
  while (
    index > start &&
    (isBlank(text.charCodeAt(index - 1)) || isLineEnd(text.charCodeAt(index - 1)))
  ) {
    index -= 1;
  }
  return index;
}

/** Joins continued lines, each fold to one blank (RFC 3261 §7.3.1). */
function unfold(text: string): string {
  const parts: string[] = [];
  let start = 0;
  while (start < text.length) {
    const feed = text.indexOf('\n', start);
    const end = feed === -1 ? text.length : feed;
    const from = skipBlanks(text, start, end);
    const to = trimEnd(text, from, lineEnd(text, from, feed));
    if (to > from) parts.push(text.slice(from, to));
    start = end + 1;
  }
  return parts.join(' ');
}
