// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { OperatingError } from '@sentrypeer/kernel';
import { filesAdvice } from '@sentrypeer/net';
import { addressSpaceUsed, processLimit, systemCode } from '../process-limits.ts';

const OCTETS_PER_MEBIBYTE = 1024 * 1024;

/**
 * Octets of address space that a thread reserves without using them. V8 ends the whole process if it gets
 * less. Measured (Node 26.10, x64, November 2026): a start with two threads fails with 3,000 MiB and works with 3,500;
 * one without threads works with 1,200.
 */
const THREAD_ADDRESS_SPACE_OCTETS = 1024 * OCTETS_PER_MEBIBYTE;

/** By error code of the system: why it gives us no further thread. */
const ADVICE: ReadonlyMap<string | undefined, string> = new Map([
  [
    'EAGAIN',
    'This user, or this container, has as many processes and threads as it may: raise the limit (ulimit -u, TasksMax= of systemd, pids of a container), or use --threads=1.',
  ],
  ['ENOMEM', 'There is not enough memory for another thread: free some, or use --threads=1.'],
]);

/** The limits that {@link assertRoomForThread} looks at, in octets. */
interface AddressSpace {
  readonly limit: number | undefined;
  readonly used: number | undefined;
}

/**
 * Throws `OperatingError` if a limit of the system leaves no address space for another thread: V8 would end the whole
 * process without a word of ours.
 */
export function assertRoomForThread(
  name: string,
  space: AddressSpace = { limit: processLimit('Max address space'), used: addressSpaceUsed() },
): void {
  const { limit, used } = space;
  if (limit === undefined || used === undefined) return;
  if (limit - used >= THREAD_ADDRESS_SPACE_OCTETS) return;
  const [allowed, reserved] = [limit, THREAD_ADDRESS_SPACE_OCTETS].map((octets) =>
    Math.floor(octets / OCTETS_PER_MEBIBYTE),
  );
  throw new OperatingError(
    'thread_refused',
    `thread ${name} cannot be started: this process may use ${allowed} MiB of address space only, and every thread reserves ${reserved} MiB, ` +
      'of which it uses little. Remove that limit (ulimit -v, LimitAS= of systemd) and limit memory instead (MemoryMax=), or use --threads=1.',
  );
}

/** Turns what the system refused to a thread into an `OperatingError` with advice; other errors are returned unchanged. */
export function threadFailure(name: string, error: unknown): unknown {
  const code = systemCode(error);
  const advice = filesAdvice(code) ?? ADVICE.get(code);
  if (advice === undefined) return error;
  const message = `thread ${name} cannot be started (${code}). ${advice}`;
  return new OperatingError('thread_refused', message, { cause: error });
}
