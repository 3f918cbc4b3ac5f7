// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { memoryFunctions, type LibraryHost } from './libc.ts';

/** From `<malloc.h>`. */
const M_ARENA_MAX = -8;

/** The part of `process` that is needed. */
export interface AllocatorHost extends LibraryHost {
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * A function that makes glibc return unused memory to the system, in all its arenas: after a flood V8's compilers leave
 * 8 to 16 MiB there, which glibc keeps for ever. It does nothing where {@link memoryFunctions} has nothing.
 *
 * @param host The process; a made-up one in tests.
 */
export function openTrim(host: LibraryHost = process): () => void {
  const functions = memoryFunctions(host);
  return () => void functions?.malloc_trim(0n);
}

/**
 * Makes threads that start later share the existing arenas of glibc, as `MALLOC_ARENA_MAX` does, which takes precedence
 * if it is set. Otherwise glibc makes an arena for nearly every thread, and memory that one thread has freed is not
 * used by another. It does nothing where {@link memoryFunctions} has nothing.
 *
 * @param countMax Arenas, 1 and above.
 */
export function limitArenas(countMax: number, host: AllocatorHost = process): void {
  if (host.env['MALLOC_ARENA_MAX'] !== undefined) return;
  memoryFunctions(host)?.mallopt(M_ARENA_MAX, countMax);
}
