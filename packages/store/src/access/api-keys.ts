// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { createHash, randomBytes } from 'node:crypto';
import { OperatingError, type Clock, type Logger } from '@sentrypeer/kernel';
import { OwnConnection, type Purpose } from '../file/own-connection.ts';

/** What a key allows: to read, to deliver events, or everything. */
export type ApiRole = 'read' | 'write' | 'admin';

/** A key as it is stored: without its secret. */
export interface ApiKey {
  readonly name: string;
  readonly role: ApiRole;
  /** Wall-clock microseconds. */
  readonly createdEpochUs: number;
}

/** So that scanners for leaked secrets recognise one. */
const KEY_PREFIX = 'sentrypeer_';
const KEY_OCTETS = 32;
export const API_KEY_COLUMNS = 'name, role, created_us';

/** Creates and revokes API keys, even while a daemon uses the database. */
export class ApiKeys {
  readonly #connection: OwnConnection;
  readonly #clock: Clock;

  private constructor(connection: OwnConnection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
  }

  /** For a change, creates or migrates the database if necessary. Throws `OperatingError`. */
  static open(
    ports: { readonly clock: Clock; readonly logger: Logger },
    path: string,
    purpose: Purpose = 'change',
  ): ApiKeys {
    const use = (connection: OwnConnection): ApiKeys => new ApiKeys(connection, ports.clock);
    return OwnConnection.open(ports, path, use, purpose);
  }

  /**
   * @param name The key's name in lists; an OAuth2 client gives it as its id.
   * @returns The key, which cannot be read again. Throws `OperatingError` if the name is taken.
   */
  add(name: string, role: ApiRole): string {
    const key = KEY_PREFIX + randomBytes(KEY_OCTETS).toString('base64url');
    const { changes } = this.#connection.run(() =>
      this.#connection.database
        .prepare(
          'INSERT INTO api_key (name, role, sha256, created_us) VALUES (?, ?, ?, ?) ON CONFLICT (name) DO NOTHING',
        )
        .run(name, role, keyHash(key), this.#clock.epochUs()),
    );
    if (changes === 1) return key;
    throw new OperatingError(
      'api_key_exists',
      `there is already a key ${name}; revoke it first or choose another name`,
    );
  }

  /** By name. */
  list(): readonly ApiKey[] {
    return this.#connection.run(() =>
      this.#connection.database
        .prepare(`SELECT ${API_KEY_COLUMNS} FROM api_key ORDER BY name`)
        .all()
        .map(apiKey),
    );
  }

  /** Throws `OperatingError` if there is no key of that name. */
  revoke(name: string): void {
    const { changes } = this.#connection.run(() =>
      this.#connection.database.prepare('DELETE FROM api_key WHERE name = ?').run(name),
    );
    if (changes === 1) return;
    throw new OperatingError('api_key_unknown', `there is no key ${name}; keys list shows them`);
  }

  close(): void {
    this.#connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Keys are random, so a hash without salt and rounds is as hard to reverse as the key is to guess. */
export function keyHash(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

export function apiKey(row: Readonly<Record<string, unknown>>): ApiKey {
  const role = String(row['role']);
  return {
    name: String(row['name']),
    // An unknown role gets the least rights.
    role: role === 'admin' || role === 'write' ? role : 'read',
    createdEpochUs: Number(row['created_us']),
  };
}
