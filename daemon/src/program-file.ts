// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { closeSync, openSync, readlinkSync, readSync } from 'node:fs';
import { memoryFunctions, type LibraryHost } from './libc.ts';
import { PROGRAM_FILE_FIRST_MS, PROGRAM_FILE_MS } from './limits.ts';

/** From `<sys/mman.h>`: pages are taken out of memory; those of a file are read from it again when they are needed. */
const MADV_DONTNEED = 4;

/**
 * Octets of `/proc/self/smaps` that are read. The program file has the lowest addresses, and the system counts the
 * pages only of what is read.
 */
const SMAPS_OCTETS = 16_384;

/** A part of the address space. */
export interface Mapping {
  readonly address: bigint;
  readonly octets: bigint;
}

/**
 * The parts of the program file that are in memory exactly as they are in the file.
 *
 * @param smaps The beginning of `/proc/self/smaps` (proc_pid_smaps(5)).
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
    const file = readlinkSync('/proc/self/exe');
    const smaps = openSync('/proc/self/smaps', 'r');
    try {
      const entries = new Uint8Array(SMAPS_OCTETS);
      let octets = 0;
      let readOctets = 0;
      do {
        readOctets = readSync(smaps, entries, octets, SMAPS_OCTETS - octets, null); // A few entries at a time.
        octets += readOctets;
      } while (readOctets > 0 && octets < SMAPS_OCTETS);
      return unchangedMappings(new TextDecoder().decode(entries.subarray(0, octets)), file);
    } finally {
      closeSync(smaps);
    }
  } catch {
    return []; // No /proc, or not this part of it, as in some containers: the pages stay.
  }
}

/**
 * Drops what is unused of the program file again and again, for the whole process: each new kind of work brings pages
 * into memory that are not needed afterwards. Each time takes 1 to 2 ms.
 *
 * @param everyMs Milliseconds between two times, 1 and above.
 * @returns Ends it.
 */
export function keepUnusedCodeOut(everyMs = PROGRAM_FILE_MS): () => void {
  let drop: (() => void) | undefined; // Opened when it is first needed, which is not during the start.
  const dropUnused = (): void => {
    drop ??= openDropUnusedCode();
    drop();
  };
  // What the start needed is out of the way before a history of the pool comes, for example.
  const first = setTimeout(dropUnused, PROGRAM_FILE_FIRST_MS);
  const timer = setInterval(dropUnused, everyMs);
  for (const one of [first, timer]) one.unref();
  return () => {
    clearTimeout(first);
    clearInterval(timer);
  };
}
