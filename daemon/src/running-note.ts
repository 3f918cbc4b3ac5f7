// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { formatListenAddress, type ListenAddress } from './config/value-types.ts';
import { RUNNING_NOTE_OCTETS_MAX } from './limits.ts';
import type { StartupFacts } from './output/startup-banner.ts';

/** What a running daemon writes about itself next to its database, for the commands. */
export interface RunningNote {
  readonly processId: number;
  readonly version: string;
  readonly nodeId: string;
  /** Wall-clock microseconds. */
  readonly startedEpochUs: number;
  /** `UDP`, `TCP`, `API` and the like, with the addresses that are open. */
  readonly open: Readonly<Record<string, readonly string[]>>;
  /** Names of the consumers of the event log. */
  readonly consumers: readonly string[];
}

/** Leaves the note until it is disposed of. Without it only the commands know less, so no failure of it matters. */
export function leaveRunningNote(
  facts: StartupFacts,
  more: { readonly startedEpochUs: number; readonly consumers: readonly string[] },
): Disposable {
  const path = noteOf(facts.dbFile);
  const { processId, version, nodeId } = facts;
  const note: RunningNote = { processId, version, nodeId, open: openOf(facts), ...more };
  try {
    writeFileSync(path, `${JSON.stringify(note)}\n`, { mode: 0o600 });
  } catch {
    return { [Symbol.dispose]: () => undefined }; // The disk may be full; the commands then ask the API alone.
  }
  return {
    [Symbol.dispose]: () => {
      // Of a second daemon on the same file it is not ours.
      if (readRunningNote(facts.dbFile)?.processId === processId) rmSync(path, { force: true });
    },
  };
}

/** The note of the daemon that has this database open; `undefined` where none runs. */
export function readRunningNote(dbFile: string): RunningNote | undefined {
  let note: unknown;
  try {
    const text = readFileSync(noteOf(dbFile), 'utf8');
    note = text.length > RUNNING_NOTE_OCTETS_MAX ? undefined : JSON.parse(text);
  } catch {
    return undefined; // None was left, or not for this user.
  }
  return isNote(note) && isAlive(note.processId) ? note : undefined;
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
  const { processId, version, nodeId, startedEpochUs, open, consumers } = value as Partial<
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
    isTexts(consumers)
  );
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
