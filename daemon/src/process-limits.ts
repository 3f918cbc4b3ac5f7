// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What the system lets this process use, by `ulimit` or systemd's `Limit…=`. Only Linux tells. */

import { readFileSync } from 'node:fs';

const LIMITS_FILE = '/proc/self/limits';
const STATUS_FILE = '/proc/self/status';
const OCTETS_PER_KIBIBYTE = 1024;

/** Reads a file of /proc; throws where there is none. */
export type ReadText = () => string;

/** @returns `undefined` if there is no limit, or this system does not tell. */
export function processLimit(
  name: 'Max open files' | 'Max address space',
  limits: ReadText = () => readFileSync(LIMITS_FILE, 'latin1'),
): number | undefined {
  return numberIn(new RegExp(`^${name} +(\\d+)`, 'm'), limits);
}

/** Octets of address space in use; `undefined` if this system does not tell. */
export function addressSpaceUsed(
  status: ReadText = () => readFileSync(STATUS_FILE, 'latin1'),
): number | undefined {
  const kibibytes = numberIn(/^VmSize:\s+(\d+) kB/m, status);
  return kibibytes === undefined ? undefined : kibibytes * OCTETS_PER_KIBIBYTE;
}

/**
 * The system's code of a failure. Node.js gives some only as words: why a thread's event loop could not be set up is the
 * last of its message, and its loader of modules says that too many files are open without a code.
 */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ERR_WORKER_INIT_FAILED') return error.message.split(' ').at(-1);
  return error.message.includes('too many open files') ? 'EMFILE' : code;
}

function numberIn(pattern: RegExp, read: ReadText): number | undefined {
  try {
    const [, digits] = pattern.exec(read()) ?? [];
    return digits === undefined ? undefined : Number(digits);
  } catch {
    return undefined; // Not Linux, or no file may be opened any more.
  }
}
