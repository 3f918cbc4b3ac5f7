// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { closeSync, constants, fstatSync, openSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { RUN_FILE_OCTETS_MAX, STATUS_MS_MAX } from './limits.ts';

/** A session with another program, such as a router. */
export interface SessionNote {
  readonly name: string;
  readonly address: string;
  readonly state: string;
  readonly isUp: boolean;
  /** Wall-clock milliseconds at which it came up or went down. */
  readonly sinceEpochMs: number;
  readonly prefixesOut: number;
  /** The last error, in words. */
  readonly lastError: string | null;
}

/** What every process that acts on listings reports about itself. */
export interface RunNote {
  /** In its own words. */
  readonly state: string;
  /** Whether the listings are enforced at present. */
  readonly isInForce: boolean;
  readonly processId: number;
  /** Of this start: orders for another start do not apply to this one. */
  readonly runId: string;
  /** Wall-clock milliseconds. */
  readonly writtenEpochMs: number;
  readonly startedEpochMs: number;
  readonly node: string;
  /** The newest serial of the feed that was enforced; empty before the first snapshot. */
  readonly serial: string;
  /** Why the feed is not followed at present; `null` while it is. */
  readonly feedFailure: string | null;
  /** Addresses and networks that it acts on. */
  readonly entries: { readonly ipv4: number; readonly ipv6: number };
  /** Present if it has any. */
  readonly sessions?: readonly SessionNote[];
  /** What an operator should look at. */
  readonly alarms: readonly string[];
  /** Counts since its start, under names of small letters and `_`. */
  readonly counts: Readonly<Record<string, number>>;
}

/** The file in its run directory. */
export const STATUS = 'status.json';

/** Bits that let its group or everybody write. */
const OTHERS_MAY_WRITE = 0o022;

/**
 * `undefined` if no such process has run since the machine started, if this user may not read the note, or if anybody
 * other than root and the directory's owner could have written it.
 */
export function readRunNote(path: string): RunNote | undefined {
  try {
    const directory = statSync(path);
    if ((directory.mode & OTHERS_MAY_WRITE) !== 0) return undefined;
    // Links are not followed, and opening does not block.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const file = openSync(join(path, STATUS), flags);
    try {
      const { uid, size } = fstatSync(file);
      if (size > RUN_FILE_OCTETS_MAX || (uid !== 0 && uid !== directory.uid)) return undefined;
      const note: unknown = JSON.parse(readFileSync(file, 'utf8'));
      return isNote(note) ? note : undefined;
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined; // Missing or incomplete.
  }
}

/** Whether it hangs, or was killed. */
export function isSilent({ writtenEpochMs }: RunNote, nowEpochMs: number): boolean {
  return Math.abs(nowEpochMs - writtenEpochMs) > STATUS_MS_MAX;
}

/** What an operator should look at, in words. */
export function troublesOf(note: RunNote, nowEpochMs: number): readonly string[] {
  const silentS = Math.round((nowEpochMs - note.writtenEpochMs) / 1000);
  return [
    ...(isSilent(note, nowEpochMs)
      ? [
          `process ${note.processId} has said nothing for ${silentS} s: entries run out by themselves`,
        ]
      : []),
    ...(note.isInForce ? [] : [`it is not in force: ${note.state}`]),
    ...(note.feedFailure === null ? [] : [`${note.node} is not followed: ${note.feedFailure}`]),
    ...note.alarms,
  ];
}

function isNote(note: unknown): note is RunNote {
  if (typeof note !== 'object' || note === null) return false;
  const { processId, runId, writtenEpochMs, startedEpochMs, ...more } = note as Partial<
    Record<keyof RunNote, unknown>
  >;
  const { node, serial, feedFailure, state, isInForce, entries, alarms, counts } = more;
  const { sessions = [] } = more;
  return (
    [processId, writtenEpochMs, startedEpochMs].every(Number.isSafeInteger) &&
    [runId, node, serial, state].every((text) => typeof text === 'string') &&
    (feedFailure === null || typeof feedFailure === 'string') &&
    typeof isInForce === 'boolean' &&
    isCounts(entries) &&
    'ipv4' in entries &&
    'ipv6' in entries &&
    Array.isArray(alarms) &&
    alarms.every((alarm) => typeof alarm === 'string') &&
    isCounts(counts) &&
    Array.isArray(sessions) &&
    sessions.every(isSession)
  );
}

function isSession(value: unknown): value is SessionNote {
  if (typeof value !== 'object' || value === null) return false;
  const { name, address, state, isUp, sinceEpochMs, prefixesOut, lastError } = value as Partial<
    Record<keyof SessionNote, unknown>
  >;
  return (
    [name, address, state].every((text) => typeof text === 'string') &&
    (lastError === null || typeof lastError === 'string') &&
    typeof isUp === 'boolean' &&
    [sinceEpochMs, prefixesOut].every(Number.isSafeInteger)
  );
}

function isCounts(value: unknown): value is Readonly<Record<string, number>> {
  return (
    typeof value === 'object' && value !== null && Object.values(value).every(Number.isSafeInteger)
  );
}
