// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { constants, existsSync } from 'node:fs';
import { open, rename, stat, statfs, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { formatEventJson, type RecordedEvent } from '@sentrypeer/event';
import { BATCH_ENTRIES_MAX, type EventLog, type Sink } from '@sentrypeer/follow';
import {
  assert,
  errorCode,
  formatMebibytes,
  OperatingError,
  terminalSafeJson,
} from '@sentrypeer/kernel';
import {
  DISK_FREE_SHARE_MAX,
  JSON_LINE_OCTETS_MAX,
  JSON_LOG_SETTLE_EVENTS_MAX,
  JSON_PORTION_CHARACTERS,
  RESUME_EVENTS_MAX,
} from './limits.ts';

/** The owner reads and writes, the group reads, as is usual for log files; the process's umask may take away more. */
const FILE_MODE = 0o640;
/** Readable, because the last line is needed. */
const OPEN_FLAGS = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT;
const LINE_FEED = 0x0a;
/** How every line of ours begins; `formatEventJson` writes the name first. */
const LINE_START = '{"app_name":"sentrypeer"';

assert(
  JSON_LOG_SETTLE_EVENTS_MAX + BATCH_ENTRIES_MAX <= RESUME_EVENTS_MAX,
  'the last line is found',
);

/** The limits of the file. */
export interface JsonLogBounds {
  /** Octets of its disk that are left free, at most a tenth of the disk; 0 uses all. */
  readonly freeOctetsMin: number;
  /** Size in octets at which the file is moved aside and a new one started; 0 leaves that to others. */
  readonly sizeOctetsMax: number;
  /** How many moved files are kept, as `.1` (the newest) and so on; 1 and above. */
  readonly keptCount: number;
  /** Free and total octets of the disk that holds a file. @default the machine's */
  readonly disk?: (path: string) => Promise<DiskSpace>;
}

interface DiskSpace {
  readonly freeOctets: number;
  readonly totalOctets: number;
}

const NO_BOUNDS: JsonLogBounds = { freeOctetsMin: 0, sizeOctetsMax: 0, keptCount: 1 };

/** A file with one JSON object per line, appended to, whose end is repaired whenever it is opened. */
export class JsonLogFile implements Sink<RecordedEvent> {
  readonly #log: EventLog;
  readonly #path: string;
  readonly #appVersion: string;
  readonly #bounds: JsonLogBounds;
  #handle: FileHandle | undefined;
  #isRegular = false;
  #closed = false;

  constructor(log: EventLog, path: string, appVersion: string, bounds = NO_BOUNDS) {
    this.#log = log;
    this.#path = path;
    this.#appVersion = appVersion;
    this.#bounds = bounds;
  }

  /** Creates the file, or throws if the operator has to change something first. */
  async check(): Promise<void> {
    try {
      this.#handle = await open(this.#path, 'a', FILE_MODE);
    } catch (error) {
      const refusal = refusalOf(this.#path, error);
      if (refusal !== undefined) throw refusal;
    } finally {
      await this.#letGo();
    }
  }

  resume(settledHoneyId: number): Promise<number> {
    return this.#named(this.#resume(settledHoneyId));
  }

  write(events: readonly RecordedEvent[]): Promise<void> {
    return this.#named(this.#write(events));
  }

  settle(): Promise<void> {
    return this.#named(this.#settle());
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#letGo();
  }

  /** The system's error for the file, with its name and what to do. */
  async #named<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      throw refusalOf(this.#path, error) ?? failureOf(this.#path, error);
    }
  }

  async #resume(settledHoneyId: number): Promise<number> {
    // What was written since the cursor was saved is in a file that another program may have moved aside.
    const lastWritten = await this.#lastWritten();
    await this.#letGo();
    const handle = await openFile(this.#path);
    this.#handle = handle;
    if (this.#closed) await this.#letGo(); // Closed while it was being opened: what follows is refused.
    const found = await handle.stat();
    this.#isRegular = found.isFile(); // A terminal or pipe has no end to look at.
    if (!this.#isRegular) return settledHoneyId;
    const lastLine = (await repairEnd(handle, found.size)) ?? lastWritten;
    const uuid = lastLine === undefined ? undefined : eventUuidOf(lastLine);
    return uuid === undefined ? settledHoneyId : await this.#find(uuid, settledHoneyId);
  }

  /** The last line of the file that is still open after a failure. */
  async #lastWritten(): Promise<string | undefined> {
    if (this.#handle === undefined || !this.#isRegular) return undefined;
    try {
      return await repairEnd(this.#handle, (await this.#handle.stat()).size);
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
      return undefined; // Its disk may be gone, and the new file is on another.
    }
  }

  async #write(events: readonly RecordedEvent[]): Promise<void> {
    if (this.#isRegular && this.#bounds.freeOctetsMin > 0) await this.#refuseOnFullDisk();
    let lines = '';
    for (const event of events) {
      if (event.isHearsay === true) continue; // Not seen by this node: readers of the log would think it was.
      lines += `${terminalSafeJson(formatEventJson(event, this.#appVersion))}\n`;
      if (lines.length < JSON_PORTION_CHARACTERS) continue;
      await this.#opened().appendFile(lines);
      lines = '';
    }
    await this.#opened().appendFile(lines);
  }

  async #settle(): Promise<void> {
    if (!this.#isRegular) return;
    await this.#opened().datasync();
    const { nlink, ino, size } = await this.#opened().stat();
    if (nlink === 0 && (await inodeOf(this.#path)) !== ino) {
      await this.#letGo(); // So that its lines do not count as written.
      throw new OperatingError(
        'json_log_failed',
        `JSON log ${this.#path} was deleted or replaced while it was in use; a new one gets what was not safely in it`,
      );
    }
    // Only here: the cursor is saved next, so that a crash leaves no line only in the file that was moved aside.
    const { sizeOctetsMax } = this.#bounds;
    if (sizeOctetsMax > 0 && size >= sizeOctetsMax) await this.#rotate();
  }

  async #rotate(): Promise<void> {
    await this.#letGo();
    const path = this.#path;
    for (let index = this.#bounds.keptCount; index > 1; index -= 1) {
      await renameIfThere(`${path}.${index - 1}`, `${path}.${index}`);
    }
    await rename(path, `${path}.1`);
    this.#handle = await openFile(path);
    if (this.#closed) await this.#letGo();
  }

  /** A log must not fill a disk: the database has the events, and others need the room. */
  async #refuseOnFullDisk(): Promise<void> {
    const { freeOctetsMin, disk = diskOf } = this.#bounds;
    const { freeOctets, totalOctets } = await disk(this.#path);
    const minOctets = Math.min(freeOctetsMin, totalOctets * DISK_FREE_SHARE_MAX);
    if (freeOctets >= minOctets) return;
    throw new OperatingError(
      'json_log_disk_low',
      `JSON log ${this.#path}: its disk has ${formatMebibytes(freeOctets)} free, of which ${formatMebibytes(minOctets)} are kept free (--db-free-min); ` +
        'free some space on it, or bound the log with --json-log-size-max. No event is lost: the log continues where it stopped',
    );
  }

  async #letGo(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  #opened(): FileHandle {
    if (this.#handle !== undefined) return this.#handle;
    throw new OperatingError('json_log_closed', `the JSON log ${this.#path} is closed`);
  }

  /**
   * The event of the file's last line, so that nothing is written twice after a crash between writing and saving the
   * cursor. `settledHoneyId` if it is not after the cursor.
   */
  async #find(uuid: string, settledHoneyId: number): Promise<number> {
    const [settled] = this.#log.eventsAfter(settledHoneyId - 1, 1);
    if (settled?.honeyId === settledHoneyId && settled.eventUuid === uuid) return settledHoneyId;
    let position = settledHoneyId;
    for (let count = 0; count < RESUME_EVENTS_MAX; count += BATCH_ENTRIES_MAX) {
      const events = this.#log.eventsAfter(position, BATCH_ENTRIES_MAX);
      const found = events.find((event) => event.eventUuid === uuid);
      if (found !== undefined) return found.honeyId;
      const last = events.at(-1);
      if (last === undefined) break;
      position = last.honeyId;
      await nextTurn();
    }
    return settledHoneyId;
  }
}

/** Of the file that has the name now; `undefined` if there is none. */
async function inodeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).ino;
  } catch {
    return undefined;
  }
}

async function renameIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

/** If the file was moved aside and there is no new one yet, the disk of its directory counts. */
async function diskOf(path: string): Promise<DiskSpace> {
  const { bavail, blocks, bsize } = await statfs(existsSync(path) ? path : dirname(path));
  return { freeOctets: bavail * bsize, totalOctets: blocks * bsize };
}

/** Opens the file for reading and appending, or only for appending if it cannot be read (such as a terminal). */
async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, OPEN_FLAGS, FILE_MODE);
  } catch (error) {
    if (errorCode(error) !== 'EACCES' && errorCode(error) !== 'EINVAL') throw error;
    return await open(path, 'a', FILE_MODE);
  }
}

/**
 * Makes sure that every line is complete, and returns the last one. A part of our own line that a crash left is cut
 * off, because its event is written again; anything else without a line feed gets one.
 */
async function repairEnd(handle: FileHandle, size: number): Promise<string | undefined> {
  const octets = new Uint8Array(Math.min(size, JSON_LINE_OCTETS_MAX));
  const { bytesRead } = await handle.read(octets, 0, octets.length, size - octets.length);
  const tail = octets.subarray(0, bytesRead);
  const end = tail.lastIndexOf(LINE_FEED) + 1;
  const rest = new TextDecoder().decode(tail.subarray(end));
  if (rest === '') return lineBefore(tail, end);
  if (eventUuidOf(rest) === undefined && isLineStart(rest)) {
    await handle.truncate(size - (tail.length - end));
    return lineBefore(tail, end);
  }
  await handle.appendFile('\n');
  return rest;
}

/** The line whose line feed is directly before `end`. */
function lineBefore(tail: Uint8Array, end: number): string | undefined {
  if (end === 0) return undefined;
  const start = end < 2 ? 0 : tail.lastIndexOf(LINE_FEED, end - 2) + 1;
  return new TextDecoder().decode(tail.subarray(start, end - 1));
}

function isLineStart(text: string): boolean {
  return text.startsWith(LINE_START) || LINE_START.startsWith(text);
}

function eventUuidOf(line: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined; // A part of a line, or not our line.
  }
  if (typeof value !== 'object' || value === null || !('event_uuid' in value)) return undefined;
  return typeof value.event_uuid === 'string' ? value.event_uuid : undefined;
}

/** What the operator has to change; `undefined` if a later attempt may succeed. */
function refusalOf(path: string, error: unknown): OperatingError | undefined {
  switch (errorCode(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new OperatingError(
        'json_log_directory_missing',
        `JSON log ${path}: the directory ${dirname(path)} does not exist; create it or name another file`,
        { cause: error },
      );
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'EISDIR':
      return new OperatingError(
        'json_log_not_writable',
        `JSON log ${path}: it cannot be opened for writing; let this user write to it or name another file`,
        { cause: error },
      );
    case undefined:
    default:
      return undefined;
  }
}

/** An error that a later attempt may resolve; other errors are returned unchanged. */
function failureOf(path: string, error: unknown): unknown {
  const code = errorCode(error);
  if (error instanceof OperatingError || code === undefined) return error;
  const why =
    code === 'ENOSPC' || code === 'EDQUOT'
      ? 'its disk is full; free some space on it'
      : `it can't be written (${code}); check its disk`;
  return new OperatingError(
    'json_log_failed',
    `JSON log ${path}: ${why}. No event is lost: the database has them, and the log continues where it stopped`,
    { cause: error },
  );
}
