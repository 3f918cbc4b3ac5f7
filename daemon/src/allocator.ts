// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { isMeasuredRuntime } from './measured-runtime.ts';

/** The name of glibc; musl has another one, and no such functions. */
const LIBRARY = 'libc.so.6';
/**
 * `int malloc_trim(size_t pad)`: how much of the last pages stays, and whether anything was released. `int mallopt(int
 * param, int value)`: whether it was taken.
 */
const SIGNATURES = {
  malloc_trim: { arguments: ['u64'], return: 'i32' },
  mallopt: { arguments: ['i32', 'i32'], return: 'i32' },
} as const;
/** From `<malloc.h>`. */
const M_ARENA_MAX = -8;

interface Functions {
  readonly malloc_trim: (padOctets: bigint) => number;
  readonly mallopt: (parameter: number, value: number) => number;
}

/** The part of Node's foreign function module that is needed. */
interface ForeignFunctions {
  dlopen(path: string, signatures: typeof SIGNATURES): { readonly functions: Functions };
}

/** The part of `process` that is needed. */
export interface AllocatorHost {
  readonly platform: NodeJS.Platform;
  /** The widths of numbers assume 64 bits. */
  readonly arch: NodeJS.Architecture;
  readonly env: Readonly<Record<string, string | undefined>>;
  emitWarning: unknown;
  getBuiltinModule(name: string): unknown;
}

/**
 * A function that makes glibc return unused memory to the system, in all its arenas: after a flood V8's compilers leave
 * 8 to 16 MiB there, which glibc keeps for ever. It does nothing on other systems, with another C library, or if Node
 * has no foreign functions (`--no-experimental-ffi`).
 *
 * @param host The process; a made-up one in tests.
 */
export function openTrim(host: AllocatorHost = process): () => void {
  const functions = load(host);
  return () => void functions?.malloc_trim(0n);
}

/**
 * Makes threads that start later share the existing arenas of glibc, as `MALLOC_ARENA_MAX` does, which takes precedence
 * if it is set. Otherwise glibc makes an arena for nearly every thread, and memory that one thread has freed is not
 * used by another. It does nothing where {@link openTrim} does nothing.
 *
 * @param countMax Arenas, 1 and above.
 */
export function limitArenas(countMax: number, host: AllocatorHost = process): void {
  if (host.env['MALLOC_ARENA_MAX'] !== undefined) return;
  load(host)?.mallopt(M_ARENA_MAX, countMax);
}

function load(host: AllocatorHost): Functions | undefined {
  if (host.platform !== 'linux' || !isMeasuredRuntime()) return undefined;
  if (host.arch !== 'x64' && host.arch !== 'arm64') return undefined;
  const { emitWarning } = host;
  host.emitWarning = () => undefined; // No "experimental" warning: the Node version is the measured one.
  try {
    const foreign = host.getBuiltinModule('node:ffi') as ForeignFunctions | undefined;
    return foreign?.dlopen(LIBRARY, SIGNATURES).functions;
  } catch {
    return undefined; // Not glibc, or not allowed: memory is managed as it is elsewhere.
  } finally {
    host.emitWarning = emitWarning;
  }
}
