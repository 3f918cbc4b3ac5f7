// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { readFileSync, readlinkSync } from 'node:fs';
import { memoryFunctions, type LibraryHost } from './libc.ts';
import { PROGRAM_FILE_MS } from './limits.ts';

/** From `<sys/mman.h>`: pages are taken out of memory; those of a file are read from it again when they are needed. */
const MADV_DONTNEED = 4;

/** A part of the address space. */
export interface Mapping {
  readonly address: bigint;
  readonly octets: bigint;
}

/**
 * The parts of the program file that are in memory exactly as they are in the file.
 *
 * @param smaps The text of `/proc/self/smaps` (proc_pid_smaps(5)).
 * @param file The program file as the system names it there.
 * @returns Read-only mappings without a page that was changed after it was read, as relocated addresses are and the
 * breakpoints of a debugger or a tracer. Only those that touch the first: V8 maps its built-in functions a second time
 * elsewhere, and may give that place to something else.
 */
export function unchangedMappings(smaps: string, file: string): readonly Mapping[] {
  const mappings: Mapping[] = [];
  let end: bigint | undefined;
  for (const entry of smaps.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/mu)) {
    const [, from, to, mode, name] =
      /^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+ +(\S.*)$/mu.exec(entry) ?? [];
    if (name !== file) continue;
    const address = BigInt(`0x${from}`);
    if (end !== undefined && address !== end) break;
    end = BigInt(`0x${to}`);
    if (!/^r-[x-]p$/u.test(mode ?? '') || !/^Anonymous: +0 kB$/mu.test(entry)) continue;
    mappings.push({ address, octets: end - address });
  }
  return mappings;
}

/**
 * A function that takes those pages of Node's program file out of memory that have not been changed. What is in use is
 * back at once, from the system's file cache and 64 KiB at a time. What was only needed to start stays away: about half
 * of the 55 MiB. It does nothing where {@link memoryFunctions} has nothing.
 *
 * @param host The process; a made-up one in tests.
 */
export function openDropUnusedCode(host: LibraryHost = process): () => void {
  const functions = memoryFunctions(host);
  if (functions === undefined) return () => undefined;
  return () => {
    for (const { address, octets } of ownMappings()) {
      functions.madvise(address, octets, MADV_DONTNEED);
    }
  };
}

function ownMappings(): readonly Mapping[] {
  try {
    return unchangedMappings(
      readFileSync('/proc/self/smaps', 'utf8'),
      readlinkSync('/proc/self/exe'),
    );
  } catch {
    return []; // No /proc, or not this part of it, as in some containers: the pages stay.
  }
}

/**
 * Drops what is unused of the program file again and again, for the whole process: each new kind of work brings pages
 * into memory that are not needed afterwards. Each time takes about 5 ms.
 *
 * @param everyMs Milliseconds between two times, 1 and above.
 * @returns Ends it.
 */
export function keepUnusedCodeOut(everyMs = PROGRAM_FILE_MS): () => void {
  let drop: (() => void) | undefined; // Opened when it is first needed, which is not during the start.
  const timer = setInterval(() => {
    drop ??= openDropUnusedCode();
    drop();
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}
