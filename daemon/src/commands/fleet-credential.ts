// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { readSmallFile, syncDirectory } from '@sentrypeer/bytes/file';
import { fleetAddressText, readFleetAddress, type FleetAddress } from '@sentrypeer/fleet/address';
import { errorCode, OperatingError } from '@sentrypeer/kernel';
import { NAMED_FILE_OCTETS_MAX } from '../config/limits.ts';
import { quoted, refusal } from '../config/refusal.ts';

const OWNER_ONLY = 0o600;

/**
 * The file with a node's address and password. It is created before the password is set, so that no password is set
 * that cannot be stored.
 */
export class CredentialFile implements Disposable {
  readonly #path: string;
  readonly #temporary: string;
  readonly #address: FleetAddress;
  #file: number | undefined;

  private constructor(path: string, address: FleetAddress) {
    this.#path = path;
    this.#temporary = `${path}.new`;
    this.#address = address;
    this.#file = openSync(this.#temporary, 'wx', OWNER_ONLY);
  }

  /** Refuses an existing file, unless it is this node's earlier one. */
  static create(path: string, address: FleetAddress): CredentialFile {
    if (existsSync(path) && userIn(path) !== address.user) {
      throw refusal(
        `${quoted(path)} already exists and does not belong to ${address.user}: name another file`,
      );
    }
    try {
      return new CredentialFile(path, address);
    } catch (cause) {
      throw refusal(
        `${quoted(`${path}.new`)} cannot be created (${errorCode(cause) ?? 'unknown reason'})`,
        { cause },
      );
    }
  }

  /** Writes the address with the password, durably, and moves the file to its place. */
  finish(password: string): void {
    if (this.#file === undefined) return;
    const text = `${fleetAddressText({ ...this.#address, password })}\n`;
    try {
      writeFileSync(this.#file, text);
      fsyncSync(this.#file);
    } catch (cause) {
      const { user } = this.#address;
      throw unwritable(
        `${quoted(this.#path)} could not be written (${errorCode(cause) ?? 'unknown reason'}), so nobody knows the password of ${user} that is valid now: run sentrypeer fleet join again for another one, or sentrypeer fleet leave ${user}`,
        cause,
      );
    }
    closeSync(this.#file);
    this.#file = undefined;
    try {
      renameSync(this.#temporary, this.#path);
      syncDirectory(dirname(this.#path));
    } catch (cause) {
      throw unwritable(
        `${quoted(this.#path)} could not be put in its place durably (${errorCode(cause) ?? 'unknown reason'}): the address and password are in ${quoted(existsSync(this.#temporary) ? this.#temporary : this.#path)}`,
        cause,
      );
    }
  }

  /** Removes an unfinished file. */
  [Symbol.dispose](): void {
    if (this.#file === undefined) return;
    closeSync(this.#file);
    this.#file = undefined;
    rmSync(this.#temporary, { force: true });
  }
}

function unwritable(message: string, cause: unknown): OperatingError {
  return new OperatingError('fleet_file_unwritable', message, { cause });
}

function userIn(path: string): string | undefined {
  try {
    const reading = readFleetAddress(
      new TextDecoder().decode(readSmallFile(path, NAMED_FILE_OCTETS_MAX)),
    );
    return 'address' in reading ? reading.address.user : undefined;
  } catch {
    return undefined; // Not readable for us, so not ours to replace.
  }
}
