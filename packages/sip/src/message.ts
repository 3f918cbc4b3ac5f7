// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { latin1Octets, latin1Text, utf8FromLatin1 } from '@sentrypeer/bytes';
import { type Anomaly, AnomalyList, type NoteAnomaly } from './anomaly.ts';
import { type Called, calledBy, CALLED_NOBODY } from './called.ts';
import { lineBreakIn, sliceTrimmed } from './characters.ts';
import { listValueEnd } from './comma-list.ts';
import { parseContentLength } from './content-length.ts';
import { type Credentials, parseDigestParams } from './credentials.ts';
import { type CSeq, parseCSeq } from './cseq.ts';
import { type HeaderField, type HeaderLine, parseHead } from './head.ts';
import { HeaderId, headerIdOf } from './header-name.ts';
import { VIAS_COUNT_MAX } from './limits.ts';
import { type NameAddr, parseNameAddr } from './name-addr.ts';
import { parseSipUri, type SipUri } from './sip-uri.ts';
import { decodeUserPart } from './user-part.ts';
import { parseVia, type Via } from './via.ts';

/** Not parsed yet; `undefined` means parsed and absent. */
const UNREAD = Symbol('unread');

/** Bits of the headers that a response repeats, by their ids. */
const REPEATED_BITS = (1 << (HeaderId.cseq + 1)) - 1;
const CREDENTIALS = [HeaderId.authorization, HeaderId.proxyAuthorization] as const;

/**
 * One message as received, valid or not. Texts are Latin-1 with one character an octet, unless said otherwise;
 * structured headers are parsed when first asked for, which may add anomalies. A header that cannot be read is
 * `undefined` and does not affect others.
 */
export class SipMessage {
  /** Borrowed: copy them to keep the message beyond the call. */
  readonly octets: Uint8Array;
  readonly kind: 'request' | 'response' | 'not-sip';
  readonly method: string | undefined;
  /** Without surrounding angle brackets. */
  readonly requestUri: string | undefined;
  readonly sipVersion: string | undefined;
  readonly statusCode: number | undefined;
  readonly reasonPhrase: string | undefined;
  /** Every header line in order, nothing interpreted. */
  readonly headers: readonly HeaderField[];
  /** An empty line ends the headers. */
  readonly headersTerminated: boolean;
  /** Octets before the body. */
  readonly bodyOffset: number;
  /**
   * Octets of the body. In a datagram it is what follows the empty line, cut to Content-Length if that is shorter; all
   * of it if Content-Length is missing, longer, not a number, or contradicts itself.
   */
  readonly bodySize: number;
  /** `undefined` if it is missing, not a number, or contradicts itself. Capped at 2^53 - 1. */
  readonly contentLength: number | undefined;

  readonly #lines: readonly HeaderLine[];
  readonly #anomalies: AnomalyList;
  readonly #requestUriOffset: number;
  #vias: readonly Via[] | typeof UNREAD = UNREAD;
  #to: NameAddr | undefined | typeof UNREAD = UNREAD;
  #from: NameAddr | undefined | typeof UNREAD = UNREAD;
  #cseq: CSeq | undefined | typeof UNREAD = UNREAD;
  #credentials: Credentials | undefined | typeof UNREAD = UNREAD;
  #requestUriParsed: SipUri | undefined | typeof UNREAD = UNREAD;
  #called: Called | typeof UNREAD = UNREAD;

  /** Only for `parseMessage()`. */
  constructor(octets: Uint8Array) {
    this.octets = octets;
    this.#anomalies = new AnomalyList();
    const { startLine, lines, isTerminated, bodyOffset } = parseHead(
      latin1Text(octets),
      this.#anomalies,
    );
    this.kind = startLine.kind;
    this.method = startLine.method;
    this.requestUri = startLine.requestUri;
    this.sipVersion = startLine.sipVersion;
    this.statusCode = startLine.statusCode;
    this.reasonPhrase = startLine.reasonPhrase;
    this.#requestUriOffset = startLine.requestUriOffset;
    this.headers = lines;
    this.#lines = lines;
    this.headersTerminated = isTerminated;
    this.bodyOffset = bodyOffset;
    this.contentLength = this.#contentLength();
    this.bodySize = this.#bodySize(octets.length - bodyOffset);
  }

  /** The value of the first header of that canonical name (`via`), `undefined` if there is none. */
  header(id: string): string | undefined {
    return this.#firstLine(headerIdOf(id), id)?.value;
  }

  /** The values of all header lines of that canonical name, one per line, not split at commas. */
  headerValues(id: string): readonly string[] {
    const knownId = headerIdOf(id);
    return this.#lines
      .filter(
        (line) => line.knownId === knownId && (knownId !== HeaderId.unknown || line.id === id),
      )
      .map((line) => line.value);
  }

  /** All hops in order, topmost first; invalid values are left out. */
  get vias(): readonly Via[] {
    return this.#vias === UNREAD ? (this.#vias = this.#parseVias()) : this.#vias;
  }

  /**
   * Whether no parser finds a second hop in what a response repeats (Via, From, To, Call-ID, CSeq): there is one Via
   * line without any comma, and no control character in any of them.
   */
  get isSingleHop(): boolean {
    let viasCount = 0;
    for (const line of this.#lines) {
      const { knownId } = line;
      if (knownId < HeaderId.via || knownId > HeaderId.cseq) continue;
      if (isBroken(this.octets, line)) return false;
      if (knownId === HeaderId.via) {
        viasCount += 1;
        if (line.value.includes(',')) return false;
      }
    }
    return viasCount === 1;
  }

  /**
   * Whether a response can repeat what it must (RFC 3261 §8.2.6.2): Via, From, To, Call-ID and CSeq are there, and the
   * first of each is not empty.
   */
  get isRepeatable(): boolean {
    let foundBits = 0;
    for (const { knownId, valueOffset, valueEnd } of this.#lines) {
      if (knownId < HeaderId.via || knownId > HeaderId.cseq) continue;
      const bit = 1 << knownId;
      if ((foundBits & bit) === 0 && valueEnd === valueOffset) return false;
      foundBits |= bit;
    }
    return foundBits === REPEATED_BITS;
  }

  get to(): NameAddr | undefined {
    return this.#to === UNREAD ? (this.#to = this.#nameAddr(HeaderId.to)) : this.#to;
  }

  get from(): NameAddr | undefined {
    return this.#from === UNREAD ? (this.#from = this.#nameAddr(HeaderId.from)) : this.#from;
  }

  /** The tag of To. A line without parameters, as most requests have, is not parsed for it. */
  get toTag(): string | undefined {
    if (this.#to === UNREAD && !mayHaveParameters(this.#firstLine(HeaderId.to))) return undefined;
    return this.to?.tag;
  }

  /** The user part of To, decoded (UTF-8). */
  get toUser(): string | undefined {
    return userOf(this.to?.uri);
  }

  /** The user part of From, decoded (UTF-8). */
  get fromUser(): string | undefined {
    return userOf(this.from?.uri);
  }

  get cseq(): CSeq | undefined {
    return this.#cseq === UNREAD ? (this.#cseq = this.#parseCSeq()) : this.#cseq;
  }

  get callId(): string | undefined {
    return this.#firstLine(HeaderId.callId)?.value;
  }

  /** For people: octets read as UTF-8. */
  get userAgent(): string | undefined {
    const line = this.#firstLine(HeaderId.userAgent);
    return line === undefined ? undefined : utf8FromLatin1(line.value);
  }

  get requestUriParsed(): SipUri | undefined {
    if (this.#requestUriParsed === UNREAD) {
      const { requestUri } = this;
      const note: NoteAnomaly = (code, index) =>
        this.#anomalies.note(code, this.#requestUriOffset + index);
      this.#requestUriParsed = requestUri === undefined ? undefined : parseSipUri(requestUri, note);
    }
    return this.#requestUriParsed;
  }

  /**
   * Who was called: the user of the Request-URI, or if it has none, that of To. In REGISTER the user of To, who is not
   * called but registers; existing readers look for the account there.
   */
  get called(): Called {
    return this.#called === UNREAD ? (this.#called = this.#findCalled()) : this.#called;
  }

  /**
   * The first Digest credentials, those for us before those for a proxy; if there are none, the first of another
   * scheme.
   */
  get credentials(): Credentials | undefined {
    if (this.#credentials === UNREAD) {
      this.#credentials = this.#findCredentials();
    }
    return this.#credentials;
  }

  /** The octets of the body, borrowed like {@link octets}. */
  get body(): Uint8Array {
    return this.octets.subarray(this.bodyOffset, this.bodyOffset + this.bodySize);
  }

  /** All anomalies noted so far, including those of headers that were parsed on demand. */
  anomalies(): readonly Anomaly[] {
    return this.#anomalies.anomalies;
  }

  #firstLine(knownId: number, id = ''): HeaderLine | undefined {
    for (const line of this.#lines) {
      if (line.knownId === knownId && (knownId !== HeaderId.unknown || line.id === id)) return line;
    }
    return undefined;
  }

  /** Anomalies of a header's value, at their place in the message; for a folded value, at its start. */
  #noteIn(line: HeaderLine): NoteAnomaly {
    return (code, index) =>
      this.#anomalies.note(code, line.valueOffset + (line.isFolded ? 0 : index));
  }

  #findCredentials(): Credentials | undefined {
    let first: Credentials | undefined;
    for (const id of CREDENTIALS) {
      for (const line of this.#lines) {
        if (line.knownId !== id) continue;
        const credentials = parseDigestParams(line.value);
        if (credentials.isDigest) return credentials;
        first ??= credentials;
      }
    }
    return first;
  }

  #nameAddr(id: number): NameAddr | undefined {
    const line = this.#firstLine(id);
    return line === undefined ? undefined : parseNameAddr(line.value, this.#noteIn(line));
  }

  #parseCSeq(): CSeq | undefined {
    const line = this.#firstLine(HeaderId.cseq);
    if (line === undefined) return undefined;
    const note = this.#noteIn(line);
    const cseq = parseCSeq(line.value, note);
    const isOther = cseq !== undefined && this.method !== undefined && cseq.method !== this.method;
    if (isOther) note('cseq_method_mismatch', 0);
    return cseq;
  }

  #parseVias(): readonly Via[] {
    const vias: Via[] = [];
    for (const line of this.#lines) {
      if (line.knownId === HeaderId.via && !this.#addVias(vias, line)) break;
    }
    return vias;
  }

  /** Adds the values of one line; returns `false` if the limit is reached. */
  #addVias(vias: Via[], line: HeaderLine): boolean {
    const { value } = line;
    const note = this.#noteIn(line);
    let start = 0;
    while (start <= value.length) {
      if (vias.length >= VIAS_COUNT_MAX) {
        note('vias_count', start);
        return false;
      }
      const offset = start;
      const end = listValueEnd(value, start);
      const text = sliceTrimmed(value, start, end);
      if (text === '') note('via_empty', start);
      else {
        const via = parseVia(text, (code, index) => note(code, offset + index));
        if (via !== undefined) vias.push(via);
      }
      start = end + 1;
    }
    return true;
  }

  #findCalled(): Called {
    if (this.kind !== 'request') return CALLED_NOBODY;
    const uri = this.method === 'REGISTER' ? undefined : this.requestUriParsed;
    const called =
      (uri === undefined ? undefined : calledBy(uri, 'request-uri')) ??
      (this.to === undefined ? undefined : calledBy(this.to.uri, 'to')) ??
      CALLED_NOBODY;
    if (called.uncut !== undefined) this.#anomalies.note('user_part_cut', this.#requestUriOffset);
    return called;
  }

  #contentLength(): number | undefined {
    const first = this.#firstLine(HeaderId.contentLength);
    if (first === undefined) return undefined;
    const contentLength = parseContentLength(first.value);
    if (contentLength === undefined) {
      this.#anomalies.note('content_length_syntax', first.valueOffset);
      return undefined;
    }
    for (const line of this.#lines) {
      if (line.knownId !== HeaderId.contentLength || line === first) continue;
      if (parseContentLength(line.value) === contentLength) continue;
      this.#anomalies.note('content_length_conflict', line.valueOffset);
      return undefined;
    }
    return contentLength;
  }

  #bodySize(restSize: number): number {
    const { contentLength } = this;
    if (contentLength === undefined || contentLength === restSize) return restSize;
    if (contentLength > restSize) {
      this.#anomalies.note('body_short', this.bodyOffset);
      return restSize;
    }
    this.#anomalies.note('octets_behind_body', this.bodyOffset + contentLength);
    return contentLength;
  }
}

/** Reads one datagram, or one message that a stream framer cut out. Never throws, whatever the octets. */
export function parseMessage(octets: Uint8Array): SipMessage {
  return new SipMessage(octets);
}

/** Whether another parser may find a line end inside a value in which ours finds none. */
function isBroken(octets: Uint8Array, line: HeaderLine): boolean {
  if (line.isFolded) {
    const value = latin1Octets(line.value);
    return lineBreakIn(value, 0, value.length) !== -1;
  }
  return lineBreakIn(octets, line.valueOffset, line.valueEnd) !== -1;
}

/** Whether there is anything behind the address, if this is one. */
function mayHaveParameters(line: HeaderLine | undefined): boolean {
  if (line === undefined) return false;
  const close = line.indexOf('>');
  return line.indexOf(';') !== -1 || (close !== -1 && close !== line.valueEnd - 1);
}

function userOf(uri: SipUri | undefined): string | undefined {
  return uri?.user === undefined ? undefined : decodeUserPart(uri.user);
}
