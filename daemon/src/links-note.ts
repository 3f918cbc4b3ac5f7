// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { readSmallFile } from '@sentrypeer/bytes/file';
import type { LinkPeer } from '@sentrypeer/pool/link';
import { LINKS_NOTE_OCTETS_MAX, LINKS_NOTE_WAIT_MS } from './services/pool/limits.ts';
import { isNoteHidden, readRunningNote } from './running-note.ts';

/** Keeps a file next to the database that shows the commands which nodes are linked now. */
export class LinksNote implements Disposable {
  readonly #path: string;
  readonly #links: () => readonly LinkPeer[];
  readonly #wakeAfter: (waitMs: number, run: () => void) => () => void;
  #cancel: (() => void) | undefined;

  constructor(
    dbFile: string,
    links: () => readonly LinkPeer[],
    wakeAfter: (waitMs: number, run: () => void) => () => void,
  ) {
    this.#path = noteOf(dbFile);
    this.#links = links;
    this.#wakeAfter = wakeAfter;
    this.changed();
  }

  /** Links came or went: written soon, not once for each. */
  changed(): void {
    this.#cancel ??= this.#wakeAfter(LINKS_NOTE_WAIT_MS, () => this.#write());
  }

  [Symbol.dispose](): void {
    this.#cancel?.();
    this.#cancel = () => undefined;
    rmSync(this.#path, { force: true });
  }

  /** Without it only the commands know less, so its failures do not matter. */
  #write(): void {
    this.#cancel = undefined;
    const text = JSON.stringify({ processId: process.pid, links: this.#links() });
    try {
      writeFileSync(`${this.#path}.tmp`, `${text}\n`, { mode: 0o640 }); // And the umask.
      renameSync(`${this.#path}.tmp`, this.#path);
    } catch {
      rmSync(`${this.#path}.tmp`, { force: true });
    }
  }
}

/** The links of the daemon that has this database open, or why they are not known, in a sentence. */
export function readLinks(dbFile: string): readonly LinkPeer[] | string {
  const running = readRunningNote(dbFile);
  if (running === undefined) {
    return isNoteHidden(dbFile)
      ? 'Cannot tell whether a daemon runs, nor show its links: this user may not read its note next to the database.'
      : 'No daemon runs on this database, so there are no links.';
  }
  let note: { readonly processId?: unknown; readonly links?: unknown } | undefined;
  try {
    const octets = readSmallFile(noteOf(dbFile), LINKS_NOTE_OCTETS_MAX);
    note = JSON.parse(new TextDecoder().decode(octets)) as typeof note;
  } catch {
    note = undefined; // There is none, or it is not readable.
  }
  if (note?.processId !== running.processId || !Array.isArray(note.links)) {
    return 'Links are not known: the daemon does not share (--peer-to-peer), or has only just started.';
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
