// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { createPrivateKey, generateKeyPairSync, hkdfSync, randomUUID, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { link, open, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileTrouble, readSmallFile, syncDirectory, syncFile } from '@sentrypeer/bytes/file';
import { nodeIdOfKey } from '@sentrypeer/event';
import { errorCode, OperatingError } from '@sentrypeer/kernel';
import { IDENTITY_FILE_OCTETS_MAX } from './limits.ts';

/** Version of the file's format; a later program may write a higher one. */
const FORMAT = 1;
/** Octets of the result of {@link Identity.secret}: the strength of SHA-256. */
const SECRET_SIZE = 32;
/** Mode bits that let anybody but the owner read or write. */
const FOREIGN_MODE_BITS = 0o077;

/** The contents of the file. Members that we do not know are kept. */
interface Document {
  readonly format: number;
  readonly nodeId: string;
  readonly privateKeyPem: string;
  readonly persona?: string;
}

interface Opened {
  readonly document: Document;
  readonly key: KeyObject;
  readonly warnings: readonly string[];
}

/** Who this node is: one Ed25519 key, made at first start, and what is derived from it. */
export class Identity {
  /** RFC 9562 version 8: the first octets of SHA-256 over the raw public key. */
  readonly nodeId: string;
  /** What the operator should know about the file, one line each. */
  readonly warnings: readonly string[];
  /** Ed25519, 32 octets: others check our signatures with it. */
  readonly publicKey: Uint8Array;
  readonly #path: string;
  readonly #seed: Uint8Array;
  readonly #key: KeyObject;
  #document: Document;

  constructor(path: string, opened: Opened) {
    this.#path = path;
    this.#document = opened.document;
    this.publicKey = keyPart(opened.key, 'x');
    this.#seed = keyPart(opened.key, 'd');
    this.#key = opened.key;
    this.nodeId = nodeIdOf(opened.key);
    this.warnings = opened.warnings;
  }

  /** The persona chosen at first start, if any. */
  get personaName(): string | undefined {
    return this.#document.persona;
  }

  /**
   * 32 octets that only this node knows and that never change: HKDF-SHA-256 (RFC 5869) over the private key, different
   * for each purpose.
   */
  secret(purpose: string): Uint8Array {
    return new Uint8Array(hkdfSync('sha256', this.#seed, '', `sentrypeer ${purpose}`, SECRET_SIZE));
  }

  /** The key with which TLS proves this node's identity, PEM. */
  get privateKeyPem(): string {
    return this.#document.privateKeyPem;
  }

  /** 64 octets, the same for the same input (RFC 8032 §5.1.6). */
  sign(octets: Uint8Array): Uint8Array {
    return sign(null, octets, this.#key);
  }

  /** Remembers the persona, so that the next start finds it. */
  async setPersona(name: string): Promise<void> {
    const document = { ...this.#document, persona: name };
    await writeDurably(this.#path, document, (temporary) => rename(temporary, this.#path));
    this.#document = document;
  }
}

/** Reads the identity file, or creates it if there is none. A damaged file is never overwritten. */
export async function openIdentity(path: string): Promise<Identity> {
  const existing = await readIdentity(path);
  if (existing !== undefined) return new Identity(path, existing);
  const key = generateKeyPairSync('ed25519').privateKey;
  const document: Document = {
    format: FORMAT,
    nodeId: nodeIdOf(key),
    privateKeyPem: key.export({ type: 'pkcs8', format: 'pem' }),
  };
  const won = await writeDurably(path, document, (temporary) => publishNew(temporary, path));
  if (won) return new Identity(path, { document, key, warnings: [] });
  // Another process created it at the same moment: that file counts.
  const theirs = await readIdentity(path);
  if (theirs !== undefined) return new Identity(path, theirs);
  throw unwritable(path, undefined);
}

/** What is to be said about an identity file, if there is one; throws `OperatingError` as {@link openIdentity} does. */
export async function checkIdentity(path: string): Promise<readonly string[]> {
  const read = await readIdentity(path);
  return read?.warnings ?? [];
}

/** The id in an identity file; `undefined` if there is none, or if this user may not read it. */
export async function nodeIdIn(path: string): Promise<string | undefined> {
  try {
    const read = await readIdentity(path);
    return read?.document.nodeId;
  } catch (error) {
    if (error instanceof OperatingError) return undefined;
    throw error;
  }
}

async function readIdentity(path: string): Promise<Opened | undefined> {
  let text: string;
  let mode: number;
  try {
    text = new TextDecoder().decode(readSmallFile(path, IDENTITY_FILE_OCTETS_MAX));
    ({ mode } = await stat(path));
  } catch (cause) {
    if (errorCode(cause) === 'ENOENT') return undefined;
    if (errorCode(cause) === 'EFBIG') throw damaged(path, 'it is too large');
    throw new OperatingError(
      'identity_unreadable',
      `the identity file ${path} cannot be read (${fileTrouble(cause)}): let this user read it, or name another with --identity-file`,
      { cause },
    );
  }
  const { document, key } = parseDocument(path, text);
  // Windows has no such bits and always reports them as set.
  const shared = process.platform !== 'win32' && (mode & FOREIGN_MODE_BITS) !== 0;
  const warnings = shared
    ? [`other users may read the private key in ${path}: run chmod 600 on it`]
    : [];
  return { document, key, warnings };
}

function parseDocument(
  path: string,
  text: string,
): { readonly document: Document; readonly key: KeyObject } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw damaged(path, 'it is not JSON', cause);
  }
  if (typeof value !== 'object' || value === null) throw damaged(path, 'it is not an object');
  if ('format' in value && typeof value.format === 'number' && value.format > FORMAT) {
    throw damaged(path, 'a newer version of this program wrote it');
  }
  if (!isDocument(value)) throw damaged(path, 'members are missing or of the wrong type');
  const key = parseKey(path, value.privateKeyPem);
  if (nodeIdOf(key) !== value.nodeId) throw damaged(path, 'key and node id do not belong together');
  return { document: value, key };
}

function isDocument(value: object): value is Document {
  return (
    'format' in value &&
    value.format === FORMAT &&
    'nodeId' in value &&
    typeof value.nodeId === 'string' &&
    'privateKeyPem' in value &&
    typeof value.privateKeyPem === 'string' &&
    (!('persona' in value) || typeof value.persona === 'string')
  );
}

function parseKey(path: string, pem: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (cause) {
    throw damaged(path, 'its private key cannot be read', cause);
  }
  if (key.asymmetricKeyType !== 'ed25519') throw damaged(path, 'its private key is not Ed25519');
  return key;
}

/** The raw private (`d`) or public (`x`) part, 32 octets, RFC 8037 §2. */
function keyPart(key: KeyObject, part: 'd' | 'x'): Uint8Array {
  const text = key.export({ format: 'jwk' })[part];
  return Uint8Array.fromBase64(typeof text === 'string' ? text : '', { alphabet: 'base64url' });
}

function nodeIdOf(key: KeyObject): string {
  return nodeIdOfKey(keyPart(key, 'x'));
}

/** Writes a file next to `path` that is on the disk before `publish` gives it its name. */
async function writeDurably<T>(
  path: string,
  document: Document,
  publish: (temporary: string) => Promise<T>,
): Promise<T> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    try {
      {
        await using file = await open(temporary, 'wx', 0o600);
        await file.writeFile(`${JSON.stringify(document, undefined, 2)}\n`);
      }
      syncFile(temporary);
    } catch (cause) {
      await removeIfThere(temporary);
      throw cause;
    }
    const published = await publish(temporary).finally(() => removeIfThere(temporary));
    syncDirectory(dirname(path));
    return published;
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

/** Gives the file its name unless the name exists already; then returns `false`. */
async function publishNew(temporary: string, path: string): Promise<boolean> {
  try {
    await link(temporary, path);
    return true;
  } catch (cause) {
    if (errorCode(cause) === 'EEXIST') return false;
    // File systems without hard links, such as FAT, leave a short race.
    await rename(temporary, path);
    return true;
  }
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (cause) {
    if (errorCode(cause) !== 'ENOENT') throw cause;
  }
}

function damaged(path: string, why: string, cause?: unknown): OperatingError {
  return new OperatingError(
    'identity_damaged',
    `${path} is not an identity file of this program: ${why}. Put back a copy, name another file with --identity-file, or move this one away to start as a new node`,
    { cause },
  );
}

function unwritable(path: string, cause: unknown): OperatingError {
  return new OperatingError(
    'identity_unwritable',
    `the identity file ${path} cannot be written (${errorCode(cause) ?? 'unknown reason'}): let this user write to its directory, or name another with --identity-file`,
    { cause },
  );
}
