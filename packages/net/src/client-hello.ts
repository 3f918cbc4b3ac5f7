// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { hash } from 'node:crypto';
import { SERVER_NAME_CHARACTERS_MAX } from './limits.ts';
import { OctetBuffer } from './octet-buffer.ts';

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
/** RFC 8446 §4: a type, and a length of three octets. */
const MESSAGE_HEADER_SIZE = 4;
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
 * Reads the ClientHello at the beginning of a TLS connection (RFC 8446 §4.1.2), which may be spread over several records,
 * from the pieces in which it comes. Never throws. Time and memory are in proportion to the octets, however small the
 * pieces and the records are.
 */
export class ClientHelloReader {
  readonly #recordHeader = new Uint8Array(RECORD_HEADER_SIZE);
  #headerCount = 0;
  /** Octets that the current record still lacks. */
  #recordLeft = 0;
  /** The handshake message, with its header. */
  readonly #message = new OctetBuffer();
  readonly #start = new Uint8Array(MESSAGE_HEADER_SIZE);
  #isFailed = false;

  /**
   * @param octets The next piece; borrowed.
   * @returns `incomplete` until more octets arrive, `undefined` if they are not a ClientHello.
   */
  push(octets: Uint8Array): ClientHello | 'incomplete' | undefined {
    for (let at = 0; at < octets.length && !this.#isFailed;) {
      const rest = octets.subarray(at);
      at += this.#recordLeft === 0 ? this.#takeHeader(rest) : this.#takeContent(rest);
      if (this.#message.size < MESSAGE_HEADER_SIZE) continue;
      const size = MESSAGE_HEADER_SIZE + new Reader(this.#start.subarray(1)).number(3);
      if (this.#message.size >= size) {
        return helloOf(this.#message.take().subarray(MESSAGE_HEADER_SIZE, size));
      }
    }
    return this.#isFailed ? undefined : 'incomplete';
  }

  /** @returns How many octets it took; RFC 8446 §5.1 forbids records without any. */
  #takeHeader(octets: Uint8Array): number {
    const taken = octets.subarray(0, RECORD_HEADER_SIZE - this.#headerCount);
    const header = this.#recordHeader;
    header.set(taken, this.#headerCount);
    this.#headerCount += taken.length;
    this.#isFailed = header[0] !== HANDSHAKE_RECORD;
    if (this.#headerCount < RECORD_HEADER_SIZE) return taken.length;
    this.#headerCount = 0;
    this.#recordLeft = new Reader(header.subarray(3)).number(2);
    this.#isFailed ||= this.#recordLeft === 0;
    return taken.length;
  }

  #takeContent(octets: Uint8Array): number {
    const taken = octets.subarray(0, this.#recordLeft);
    const room = MESSAGE_HEADER_SIZE - this.#message.size;
    if (room > 0) this.#start.set(taken.subarray(0, room), this.#message.size);
    this.#message.append(taken);
    this.#recordLeft -= taken.length;
    this.#isFailed = this.#start[0] !== CLIENT_HELLO;
    return taken.length;
  }
}

/** @param message The body of a ClientHello, without record and handshake headers. */
function helloOf(message: Uint8Array): ClientHello | undefined {
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
