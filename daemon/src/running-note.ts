// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { rmSync, writeFileSync } from 'node:fs';
import { readSmallFile } from '@sentrypeer/bytes/file';
import { errorCode } from '@sentrypeer/kernel';
import { formatListenAddress, type ListenAddress } from './config/value-types.ts';
import { RUNNING_NOTE_OCTETS_MAX } from './limits.ts';
import type { StartupFacts } from './output/startup-banner.ts';
import { isProcessAlive } from './process-alive.ts';

/** What a running daemon writes about itself next to its database, for the commands. */
export interface RunningNote {
  readonly processId: number;
  readonly version: string;
  readonly nodeId: string;
  /** Wall-clock microseconds. */
  readonly startedEpochUs: number;
  /** `UDP`, `TCP`, `API` and so on, with the addresses that are open. */
  readonly open: Readonly<Record<string, readonly string[]>>;
  /** Names of the consumers of the event log. */
  readonly consumers: readonly string[];
  /** The note of another daemon that had the database open already. */
  readonly before?: RunningNote;
}

/** Leaves the note until it is disposed of. Without it only the commands know less, so its failures do not matter. */
export function leaveRunningNote(
  facts: StartupFacts,
  more: Pick<RunningNote, 'startedEpochUs' | 'consumers'> & {
    readonly before: RunningNote | undefined;
  },
): Disposable {
  const path = noteOf(facts.dbFile);
  const { processId, version, nodeId } = facts;
  const { startedEpochUs, consumers } = more;
  // It contains at most one earlier note, so that it stays small.
  const { before: _, ...before } = more.before ?? {};
  const isBeside = more.before !== undefined && more.before.processId !== processId;
  const own = { processId, version, nodeId, open: openOf(facts), startedEpochUs, consumers };
  if (!write(path, isBeside ? { ...own, before } : own)) {
    return { [Symbol.dispose]: () => undefined }; // The disk may be full; the commands then ask only the API.
  }
  return {
    [Symbol.dispose]: () => {
      // If a second daemon on the same file wrote it, it is not ours.
      if (readRunningNote(facts.dbFile)?.processId !== processId) return;
      if (more.before === undefined || !isBeside || !isProcessAlive(more.before.processId)) {
        rmSync(path, { force: true });
      } else write(path, before);
    },
  };
}

function write(path: string, note: object): boolean {
  try {
    writeFileSync(path, `${JSON.stringify(note)}\n`, { mode: 0o640 }); // And the umask.
    return true;
  } catch {
    return false;
  }
}

/** Whether there is a note that this user may not read, so that it is not known whether a daemon runs. */
export function isNoteHidden(dbFile: string): boolean {
  try {
    readSmallFile(noteOf(dbFile), RUNNING_NOTE_OCTETS_MAX);
    return false;
  } catch (error) {
    return errorCode(error) === 'EACCES' || errorCode(error) === 'EPERM';
  }
}

/** The note of the daemon that has this database open; `undefined` if none is running. */
export function readRunningNote(dbFile: string): RunningNote | undefined {
  let note: unknown;
  try {
    const text = new TextDecoder().decode(readSmallFile(noteOf(dbFile), RUNNING_NOTE_OCTETS_MAX));
    note = JSON.parse(text);
  } catch {
    return undefined; // There is none, or this user may not read it.
  }
  if (!isNote(note)) return undefined;
  return [note, note.before].find((one) => one !== undefined && isProcessAlive(one.processId));
}

function noteOf(dbFile: string): string {
  return `${dbFile}-running.json`;
}

function openOf(facts: StartupFacts): RunningNote['open'] {
  const { udp, tcp, tls, dht, api, agent } = facts;
  const places: readonly (readonly [string, readonly ListenAddress[]])[] = [
    ['UDP', udp],
    ['TCP', tcp],
    ['TLS', tls],
    ['Agent UDP', agent?.udp ?? []],
    ['Agent TCP', agent?.tcp ?? []],
    ['Agent TLS', agent?.tls ?? []],
    ['DHT', dht],
    ['API', api === undefined ? [] : [api]],
  ];
  return Object.fromEntries(
    places
      .filter(([, addresses]) => addresses.length > 0)
      .map(([name, addresses]) => [name, addresses.map(formatListenAddress)]),
  );
}

function isNote(value: unknown): value is RunningNote {
  if (typeof value !== 'object' || value === null) return false;
  const { processId, version, nodeId, startedEpochUs, open, consumers, before } = value as Partial<
    Record<keyof RunningNote, unknown>
  >;
  return (
    Number.isSafeInteger(processId) &&
    Number(processId) > 0 &&
    typeof version === 'string' &&
    typeof nodeId === 'string' &&
    Number.isFinite(startedEpochUs) &&
    typeof open === 'object' &&
    open !== null &&
    Object.values(open).every(isTexts) &&
    isTexts(consumers) &&
    (before === undefined || isNote(before))
  );
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
