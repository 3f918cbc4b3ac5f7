// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { rmSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { readSmallFile } from '@sentrypeer/bytes/file';
import type { Clock } from '@sentrypeer/kernel';
import type { LinkPeer } from '@sentrypeer/pool/link';
import {
  LINKS_NOTE_AGAIN_MS,
  LINKS_NOTE_AGE_MS_MAX,
  LINKS_NOTE_OCTETS_MAX,
  LINKS_NOTE_WAIT_MS,
} from './services/pool/limits.ts';
import { isNoteHidden, readRunningNote } from './running-note.ts';

export interface LinksNotePorts {
  readonly clock: Pick<Clock, 'epochUs'>;
  readonly links: () => readonly LinkPeer[];
  readonly wakeAfter: (waitMs: number, run: () => void) => () => void;
}

/**
 * Keeps a file next to the database that shows the commands which nodes are linked now. It is written again from time to
 * time, because after a crash another process may have the id of this one.
 */
export class LinksNote implements AsyncDisposable {
  readonly #path: string;
  readonly #ports: LinksNotePorts;
  #cancel: (() => void) | undefined;
  /** Links came or went since the last write began. */
  #isDue = false;
  #isClosed = false;
  #text = '';
  #writing = Promise.resolve();

  constructor(dbFile: string, ports: LinksNotePorts) {
    this.#path = noteOf(dbFile);
    this.#ports = ports;
    try {
      rmSync(this.#path, { force: true }); // A daemon that crashed left it.
    } catch {
      // Then the first write replaces it.
    }
    this.changed();
  }

  /** Links may have come or gone: if so, they are written soon, not once for each. */
  changed(): void {
    if (this.#isDue || this.#isClosed || this.#linksText() === this.#text) return;
    this.#isDue = true;
    this.#wake(LINKS_NOTE_WAIT_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#cancel?.();
    await this.#writing;
    await rm(this.#path, { force: true });
  }

  #wake(waitMs: number): void {
    this.#cancel?.();
    this.#cancel = this.#ports.wakeAfter(waitMs, () => {
      this.#writing = this.#writing.then(() => this.#write());
    });
  }

  /**
   * Without it only the commands know less, so its failures do not matter. It does not wait for the disk in this thread:
   * a file system may write out all of a file before it takes the place of another.
   */
  async #write(): Promise<void> {
    if (this.#isClosed) return;
    this.#isDue = false;
    this.#text = this.#linksText();
    const writtenEpochUs = this.#ports.clock.epochUs();
    const head = JSON.stringify({ processId: process.pid, writtenEpochUs });
    const fresh = `${this.#path}.tmp`;
    try {
      await writeFile(fresh, `${head.slice(0, -1)},"links":${this.#text}}\n`, { mode: 0o640 }); // And the umask.
      await rename(fresh, this.#path);
    } catch {
      await rm(fresh, { force: true }).catch(() => undefined);
    }
    if (!this.#isDue && !this.#isClosed) this.#wake(LINKS_NOTE_AGAIN_MS);
  }

  #linksText(): string {
    return JSON.stringify(this.#ports.links());
  }
}

/**
 * The links of the daemon that has this database open, or why they are not known, in a sentence.
 *
 * @param nowEpochUs Wall-clock microseconds.
 */
export function readLinks(dbFile: string, nowEpochUs: number): readonly LinkPeer[] | string {
  const running = readRunningNote(dbFile);
  if (running === undefined) {
    return isNoteHidden(dbFile)
      ? 'Cannot tell whether a daemon runs, nor show its links: this user may not read its note next to the database.'
      : 'No daemon runs on this database, so there are no links.';
  }
  let note:
    | { readonly processId?: unknown; readonly writtenEpochUs?: unknown; readonly links?: unknown }
    | undefined;
  try {
    const octets = readSmallFile(noteOf(dbFile), LINKS_NOTE_OCTETS_MAX);
    note = JSON.parse(new TextDecoder().decode(octets)) as typeof note;
  } catch {
    note = undefined; // There is none, or it is not readable.
  }
  if (note?.processId !== running.processId || !Array.isArray(note.links)) {
    return 'Links are not known: the daemon does not share (--peer-to-peer), or has only just started.';
  }
  const ageMs = (nowEpochUs - Number(note.writtenEpochUs)) / 1000;
  if (!(Math.abs(ageMs) <= LINKS_NOTE_AGE_MS_MAX)) {
    return 'Links are not known: the daemon has not written them for more than a minute, so it may have crashed.';
  }
  return note.links.filter(isLink);
}

function noteOf(dbFile: string): string {
  return `${dbFile}-links.json`;
}

function isLink(value: unknown): value is LinkPeer {
  if (typeof value !== 'object' || value === null) return false;
  const { key, nodeId, address, isOutward, sinceEpochUs } = value as Partial<
    Record<keyof LinkPeer, unknown>
  >;
  return (
    typeof key === 'string' &&
    key.length === 64 &&
    typeof nodeId === 'string' &&
    typeof address === 'string' &&
    typeof isOutward === 'boolean' &&
    Number.isFinite(sinceEpochUs)
  );
}
