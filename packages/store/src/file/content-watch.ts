// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { randomInt } from 'node:crypto';
import { statSync, type BigIntStats } from 'node:fs';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { errorCode, type Clock, type OperatingError } from '@sentrypeer/kernel';
import { FILE_LOOK_MS } from '../limits.ts';
import { databaseError, fromSqlite } from './database-error.ts';
import { openAsItStands } from './open-database.ts';
import type { Pages } from './pages.ts';

/** Names in the table of counters: a random number, which tells this database from others; and the newest row. */
const IDENTITY = 'identity';
const LAST_ID = 'last_honey_id';
const IDENTITY_MAX = 2 ** 47;
const HAS_COUNTER = "SELECT 1 FROM sqlite_schema WHERE name = 'counter'";
const COUNTER = 'SELECT value FROM counter WHERE name = ?';

/** https://www.sqlite.org/fileformat2.html §4.1: the header of a log, and that of each of its frames. */
const WAL_HEADER_OCTETS = 32;
const FRAME_HEADER_OCTETS = 24;

/**
 * Whether another program changed the open database or its log in place: emptied, cut or copied over, which leaves the
 * same file under the same name. SQLite does not notice it and would mix what it has in memory and in its log with
 * what is in the file now.
 */
export class ContentWatch {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #pages: Pages;
  readonly #counter: StatementSync;
  readonly #identity: number | undefined;
  readonly #file: bigint | undefined;
  /** When the file was last written, as far as we know why. */
  #writtenAt: string | undefined;
  /** Its size at that time, in octets. */
  #size = 0;
  /** The newest row that is certainly in the file itself and not only in its log. */
  #safeHoneyId: number;
  #lookAtMs = Number.NEGATIVE_INFINITY;
  /** Since when, on the monotonic clock. */
  #suspectAtMs: number | undefined;
  #failure: OperatingError | undefined;

  /** Must be called right after the file was opened. */
  constructor(
    ports: { readonly database: DatabaseSync; readonly clock: Clock; readonly pages: Pages },
    path: string,
  ) {
    this.#path = path;
    this.#clock = ports.clock;
    this.#pages = ports.pages;
    this.#counter = ports.database.prepare(COUNTER);
    this.#identity = identityOf(ports.database);
    this.#file = statsOf(path)?.ino;
    this.#writtenNow();
    const file = this.#inFile();
    this.#safeHoneyId = typeof file === 'string' ? 0 : file.lastId;
  }

  /** Rows after this one may be in the log alone. */
  get safeHoneyId(): number {
    return this.#safeHoneyId;
  }

  /** Runs a checkpoint, which writes the file. @returns Whether it did: not into a file that may be another one. */
  whileWriting(checkpoint: () => void): boolean {
    this.#lookAtMs = Number.NEGATIVE_INFINITY;
    this.#failure ??= this.#cutLog() ?? this.#otherContent();
    if (this.#failure !== undefined || this.#suspectAtMs !== undefined) return false;
    const id = this.#idInDatabase();
    try {
      checkpoint();
    } finally {
      this.#writtenNow(); // Also if it fails half-way, on a full disk.
    }
    if (this.#pages.readWal().waitingOctets === 0) this.#safeHoneyId = id;
    return true;
  }

  /** What is wrong; `undefined` while all is well. It stays wrong until the file is opened anew. */
  failure(): OperatingError | undefined {
    return (this.#failure ??= this.#cutLog() ?? this.#otherContent());
  }

  #cutLog(): OperatingError | undefined {
    const cutAt = this.#missingOctets();
    // Another program may have begun the log anew between the two questions.
    if (cutAt === undefined || this.#missingOctets() === undefined) return undefined;
    return databaseError(
      'db_overwritten',
      `${this.#path}-wal, which holds the newest events and decisions, was emptied or cut by another program while it was in use; ` +
        'restart the daemon, which goes on with what the database has',
    );
  }

  #missingOctets(): number | undefined {
    const { waitingOctets, frames, pageOctets } = this.#pages.readWal();
    if (waitingOctets === 0) return undefined;
    const wanted = WAL_HEADER_OCTETS + frames * (pageOctets + FRAME_HEADER_OCTETS);
    const size = Number(statsOf(`${this.#path}-wal`)?.size ?? wanted);
    return size >= wanted ? undefined : wanted - size;
  }

  #otherContent(): OperatingError | undefined {
    const nowMs = this.#clock.nowMs();
    if (nowMs < this.#lookAtMs) return undefined;
    this.#lookAtMs = nowMs + FILE_LOOK_MS / 2;
    const writtenAt = this.#lastWrite();
    if (writtenAt === undefined || writtenAt === this.#writtenAt) {
      this.#suspectAtMs = undefined;
      return undefined;
    }
    const file = this.#inFile();
    if (this.#isOurs(file)) {
      // Another program's checkpoint, or only a new date.
      if (file !== 'unknown') this.#writtenNow();
      this.#suspectAtMs = undefined;
      return undefined;
    }
    // While another program copies the log into the file, it looks the same for a moment.
    this.#suspectAtMs ??= nowMs;
    if (nowMs - this.#suspectAtMs < FILE_LOOK_MS / 2) return undefined;
    return databaseError(
      'db_overwritten',
      `database ${this.#path} was emptied, or another file was copied over it, while it was in use; ` +
        'stop the daemon, put the file there that it should have (docs/operations.md), and start it again',
    );
  }

  #writtenNow(): void {
    this.#writtenAt = this.#lastWrite();
    this.#size = Number(statsOf(this.#path)?.size ?? 0);
  }

  /** `undefined` if there is another file or none, which `FileWatch` reports and which can be put right. */
  #lastWrite(): string | undefined {
    const stats = statsOf(this.#path);
    return stats?.ino === this.#file ? `${stats?.mtimeNs} ${stats?.size}` : undefined;
  }

  #idInDatabase(): number {
    return valueOf(this.#counter, LAST_ID) ?? 0;
  }

  #isOurs(file: InFile | 'unknown' | 'other'): boolean {
    if (file === 'unknown') return true;
    if (file === 'other') return false;
    if (file.lastId < this.#safeHoneyId || file.lastId > this.#idInDatabase()) return false;
    // It may still be in the log alone, but it must be there: the log may have been copied over as well.
    const identity = file.identity ?? valueOf(this.#counter, IDENTITY) ?? this.#identity;
    return identity === this.#identity;
  }

  /** What the file alone says. */
  #inFile(): InFile | 'unknown' | 'other' {
    try {
      using file = openAsItStands(this.#path);
      if (file.prepare(HAS_COUNTER).get() === undefined) return 'other';
      const counter = file.prepare(COUNTER);
      const lastId = valueOf(counter, LAST_ID);
      return lastId === undefined ? 'other' : { lastId, identity: valueOf(counter, IDENTITY) };
    } catch (error) {
      const failure = fromSqlite(error, this.#path);
      // A checkpoint that failed half-way leaves a file that is damaged without its log, but never a smaller one.
      if (errorCode(failure) === 'db_damaged' && !this.#isCut()) return 'unknown';
      const isOther = ['db_not_a_database', 'db_damaged'].includes(errorCode(failure) ?? '');
      return isOther ? 'other' : 'unknown';
    }
  }

  #isCut(): boolean {
    return Number(statsOf(this.#path)?.size ?? 0) < this.#size;
  }
}

interface InFile {
  readonly lastId: number;
  readonly identity: number | undefined;
}

function valueOf(counter: StatementSync, name: string): number | undefined {
  const value = counter.get(name)?.['value'];
  return value === undefined ? undefined : Number(value);
}

/** Makes one for a database that has none; `undefined` if it cannot be written now. */
function identityOf(database: DatabaseSync): number | undefined {
  const known = valueOf(database.prepare(COUNTER), IDENTITY);
  if (known !== undefined) return known;
  const identity = randomInt(IDENTITY_MAX);
  try {
    database.prepare('INSERT INTO counter (name, value) VALUES (?, ?)').run(IDENTITY, identity);
    return identity;
  } catch {
    return undefined;
  }
}

/** `undefined` if there is no such file, or if it cannot be reached. */
function statsOf(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
