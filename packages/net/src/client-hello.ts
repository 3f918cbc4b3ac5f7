// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { hash } from 'node:crypto';
import { SERVER_NAME_CHARACTERS_MAX } from './limits.ts';

/** What the first message of a TLS client says about the client. */
export interface ClientHello {
  /** JA4 fingerprint of the client, `t13d1516h2_8daaf6152771_e5627efa2ab1` (FoxIO, JA4 for TLS clients). */
  readonly ja4: string;
  /** Server Name Indication (RFC 6066 §3), as sent; `undefined` if there is none. */
  readonly serverName: string | undefined;
}

const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
const RECORD_HEADER_SIZE = 5;
/** RFC 8446 §4.2 and RFC 6066, RFC 7301. */
const Extension = {
  serverName: 0,
  signatureAlgorithms: 13,
  alpn: 16,
  supportedVersions: 43,
} as const;
const VERSIONS: ReadonlyMap<number, string> = new Map([
  [0x0304, '13'],
  [0x0303, '12'],
  [0x0302, '11'],
  [0x0301, '10'],
  [0x0300, 's3'],
  [0x0002, 's2'],
  // Of DTLS, which has no place on a stream but is named all the same.
  [0xfeff, 'd1'],
  [0xfefd, 'd2'],
  [0xfefc, 'd3'],
]);
const HASH_DIGITS = 12;
const NO_HASH = '0'.repeat(HASH_DIGITS);
const COUNT_MAX = 99;

/**
 * Reads the ClientHello at the beginning of a TLS connection (RFC 8446 §4.1.2), which may be spread over several
 * records. Never throws.
 *
 * @returns `incomplete` until more octets arrive, `undefined` if they are not a ClientHello.
 */
export function parseClientHello(octets: Uint8Array): ClientHello | 'incomplete' | undefined {
  const message = handshakeOf(octets);
  if (message === undefined || message === 'incomplete') return message;
  const reader = new Reader(message);
  const legacyVersion = reader.number(2);
  reader.vector(32, 0); // random
  reader.vector(0, 1); // session id
  const ciphers = numbersOf(reader.vector(0, 2));
  reader.vector(0, 1); // compression methods
  if (reader.isFailed) return undefined;
  const extensions = extensionsOf(reader.isAtEnd ? NOTHING : reader.vector(0, 2));
  return reader.isFailed
    ? undefined
    : {
        ja4: ja4Of(legacyVersion, ciphers, extensions),
        serverName: serverNameOf(firstOf(extensions, Extension.serverName)),
      };
}

const NOTHING = new Uint8Array(0);

/** Reads numbers and vectors; after a failure it stands at the end and reads zeros. */
class Reader {
  readonly #octets: Uint8Array;
  #at = 0;
  #isFailed = false;

  constructor(octets: Uint8Array) {
    this.#octets = octets;
  }

  get isFailed(): boolean {
    return this.#isFailed;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#octets.length;
  }

  number(size: number): number {
    let value = 0;
    for (const octet of this.vector(size, 0)) value = value * 256 + octet;
    return value;
  }

  /** `size` octets, or as many as the length in front of them says, which has `lengthSize` octets. */
  vector(size: number, lengthSize: number): Uint8Array {
    const count = lengthSize === 0 ? size : this.number(lengthSize);
    const end = this.#at + count;
    if (this.#isFailed || end > this.#octets.length) {
      this.#isFailed = true;
      this.#at = this.#octets.length;
      return NOTHING;
    }
    const view = this.#octets.subarray(this.#at, end);
    this.#at = end;
    return view;
  }
}

/** The body of the ClientHello, without record and handshake headers. */
function handshakeOf(octets: Uint8Array): Uint8Array | 'incomplete' | undefined {
  const parts: Uint8Array[] = [];
  let size = 0;
  let at = 0;
  for (;;) {
    const header = octets.subarray(at, at + RECORD_HEADER_SIZE);
    if ((header[0] ?? HANDSHAKE_RECORD) !== HANDSHAKE_RECORD) return undefined;
    if (header.length < RECORD_HEADER_SIZE) return 'incomplete';
    const recordSize = (header[3] ?? 0) * 256 + (header[4] ?? 0);
    at += RECORD_HEADER_SIZE;
    const part = octets.subarray(at, at + recordSize);
    parts.push(part);
    size += part.length;
    at += recordSize;
    const message = parts.length === 1 ? part : concatenated(parts, size);
    if ((message[0] ?? CLIENT_HELLO) !== CLIENT_HELLO) return undefined;
    const bodySize = size < 4 ? Infinity : new Reader(message.subarray(1, 4)).number(3);
    if (size >= 4 + bodySize) return message.subarray(4, 4 + bodySize);
    if (part.length < recordSize || recordSize === 0) return 'incomplete';
  }
}

function concatenated(parts: readonly Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

interface ClientExtension {
  readonly type: number;
  readonly data: Uint8Array;
}

/** In order of appearance. RFC 8446 §4.2 forbids repeated ones; JA4 counts what is there. */
function extensionsOf(octets: Uint8Array): readonly ClientExtension[] {
  const extensions: ClientExtension[] = [];
  const reader = new Reader(octets);
  while (!reader.isAtEnd) {
    const type = reader.number(2);
    const data = reader.vector(0, 2);
    if (!reader.isFailed) extensions.push({ type, data });
  }
  return extensions;
}

/** The data of the first extension of a type. */
function firstOf(extensions: readonly ClientExtension[], wanted: number): Uint8Array | undefined {
  return extensions.find(({ type }) => type === wanted)?.data;
}

/** The 16-bit numbers of a list, without those of GREASE (RFC 8701: 0x0a0a, 0x1a1a, …). */
function numbersOf(octets: Uint8Array): readonly number[] {
  const numbers: number[] = [];
  const reader = new Reader(octets);
  while (!reader.isAtEnd) {
    const number = reader.number(2);
    if (!reader.isFailed && !isGrease(number)) numbers.push(number);
  }
  return numbers;
}

function isGrease(number: number): boolean {
  return (number & 0x0f0f) === 0x0a0a && number >> 8 === (number & 0xff);
}

function ja4Of(
  legacyVersion: number,
  ciphers: readonly number[],
  extensions: readonly ClientExtension[],
): string {
  const types = extensions.map(({ type }) => type).filter((type) => !isGrease(type));
  const versions = extensions
    .filter(({ type }) => type === Extension.supportedVersions)
    .flatMap(({ data }) => numbersOf(new Reader(data).vector(0, 1)));
  const version = versions.length === 0 ? legacyVersion : Math.max(...versions);
  const name = types.includes(Extension.serverName) ? 'd' : 'i';
  const first =
    `t${VERSIONS.get(version) ?? '00'}${name}${count(ciphers.length)}${count(types.length)}` +
    alpnMarks(firstOf(extensions, Extension.alpn));
  const listed = types.filter((type) => type !== Extension.serverName && type !== Extension.alpn);
  const algorithms = numbersOf(
    new Reader(firstOf(extensions, Extension.signatureAlgorithms) ?? NOTHING).vector(0, 2),
  );
  const third = [hexList(listed.toSorted(byNumber)), hexList(algorithms)].filter(
    (text) => text !== '',
  );
  return `${first}_${shortHash(hexList(ciphers.toSorted(byNumber)))}_${types.length === 0 ? NO_HASH : shortHash(third.join('_'))}`;
}

/**
 * First and last character of the first protocol; those of its hexadecimal form if one of them is not a letter or
 * digit.
 */
function alpnMarks(data: Uint8Array | undefined): string {
  const protocol = new Reader(new Reader(data ?? NOTHING).vector(0, 2)).vector(0, 1);
  const [first, last] = [protocol[0], protocol.at(-1)];
  if (first === undefined || last === undefined) return '00';
  if (isAlphanumeric(first) && isAlphanumeric(last)) return String.fromCharCode(first, last);
  return `${hex(first, 2).charAt(0)}${hex(last, 2).charAt(1)}`;
}

function isAlphanumeric(code: number): boolean {
  const lower = code | 0x20;
  return (code >= 0x30 && code <= 0x39) || (lower >= 0x61 && lower <= 0x7a);
}

/** RFC 6066 §3: a list of names, of which only host names (type 0) exist. */
function serverNameOf(data: Uint8Array | undefined): string | undefined {
  const list = new Reader(new Reader(data ?? NOTHING).vector(0, 2));
  if (list.isAtEnd || list.number(1) !== 0) return undefined;
  const name = list.vector(0, 2).subarray(0, SERVER_NAME_CHARACTERS_MAX);
  return name.length === 0 ? undefined : String.fromCharCode(...name);
}

function count(number: number): string {
  return String(Math.min(number, COUNT_MAX)).padStart(2, '0');
}

function byNumber(left: number, right: number): number {
  return left - right;
}

function hexList(numbers: readonly number[]): string {
  return numbers.map((number) => hex(number, 4)).join(',');
}

function hex(number: number, digits: number): string {
  return number.toString(16).padStart(digits, '0');
}

function shortHash(text: string): string {
  return text === '' ? NO_HASH : hash('sha256', text, 'hex').slice(0, HASH_DIGITS);
}
