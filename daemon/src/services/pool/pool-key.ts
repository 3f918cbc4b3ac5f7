// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { createHash, randomBytes } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { latin1Text } from '@sentrypeer/bytes';
import { fileTrouble, readSmallFile, syncDirectory } from '@sentrypeer/bytes/file';
import { errorCode, OperatingError } from '@sentrypeer/kernel';
import type { Config } from '../../config/config.ts';
import { KEY_FILE_OCTETS_MAX } from './limits.ts';

const KEY_SIZE = 32;

/** The pool in which this node takes part. */
export interface PoolNetwork {
  /** Written into each page: nodes of another pool do not accept it. */
  readonly networkId: number;
  /** The shared key of a closed pool; `undefined` in an open one. */
  readonly poolKey: Uint8Array | undefined;
}

/** Reads the shared key, if there is one. Throws `OperatingError`. */
export async function poolNetworkOf({
  poolKeyFile,
  dhtNetwork,
}: Pick<Config, 'poolKeyFile' | 'dhtNetwork'>): Promise<PoolNetwork> {
  if (poolKeyFile === undefined) return { networkId: dhtNetwork, poolKey: undefined };
  const poolKey = readPoolKey(poolKeyFile);
  const hash = createHash('sha256').update('sentrypeer pool network\n').update(poolKey).digest();
  return { networkId: Math.max(1, hash.readUInt32BE(0)), poolKey };
}

/** Creates a key in a new file that only its owner may read. Throws `OperatingError`. */
export async function makePoolKey(path: string): Promise<void> {
  const text = `${randomBytes(KEY_SIZE).toString('base64url')}\n`;
  let isOurs = false;
  try {
    await using file = await open(path, 'wx', 0o600);
    isOurs = true;
    await file.writeFile(text);
    await file.sync();
    syncDirectory(dirname(path));
  } catch (cause) {
    if (isOurs) await rm(path, { force: true }); // Part of a key is useless, and would be in the way.
    throw new OperatingError(
      'pool_key_unwritable',
      `${path} cannot be created (${errorCode(cause) ?? 'unknown reason'}): name a file that does not exist, in a directory that this user may write to`,
      { cause },
    );
  }
}

function readPoolKey(path: string): Uint8Array {
  let text: string;
  try {
    text = latin1Text(readSmallFile(path, KEY_FILE_OCTETS_MAX)).trim();
  } catch (cause) {
    throw new OperatingError(
      'pool_key_unreadable',
      `the pool's key ${path} cannot be read (${fileTrouble(cause)}): let this user read it, or make one with sentrypeer pool init FILE`,
      { cause },
    );
  }
  const key = text.length > KEY_SIZE * 2 ? undefined : octetsOf(text);
  if (key?.length === KEY_SIZE) return key;
  throw new OperatingError(
    'pool_key_invalid',
    `${path} holds no key of a pool: 43 characters of base64url are right, as sentrypeer pool init FILE makes them`,
  );
}

function octetsOf(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.fromBase64(text, { alphabet: 'base64url' });
  } catch {
    return undefined;
  }
}
