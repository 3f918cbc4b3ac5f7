// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { isMeasuredRuntime } from './measured-runtime.ts';

/** The name of glibc; musl has another one, and no such functions. */
const LIBRARY = 'libc.so.6';
/**
 * `int malloc_trim(size_t pad)`: how much of the last pages stays, and whether anything was released. `int mallopt(int
 * param, int value)`: whether it was taken. `int madvise(void *addr, size_t length, int advice)`: 0, or -1 if it was
 * refused.
 */
const SIGNATURES = {
  malloc_trim: { arguments: ['u64'], return: 'i32' },
  mallopt: { arguments: ['i32', 'i32'], return: 'i32' },
  madvise: { arguments: ['u64', 'u64', 'i32'], return: 'i32' },
} as const;

/** The functions of glibc that manage this process' memory. */
export interface MemoryFunctions {
  readonly malloc_trim: (padOctets: bigint) => number;
  readonly mallopt: (parameter: number, value: number) => number;
  readonly madvise: (address: bigint, octets: bigint, advice: number) => number;
}

/** The part of Node's foreign function module that is needed. */
interface ForeignFunctions {
  dlopen(path: string, signatures: typeof SIGNATURES): { readonly functions: MemoryFunctions };
}

/** The part of `process` that is needed. */
export interface LibraryHost {
  readonly platform: NodeJS.Platform;
  /** The widths of numbers assume 64 bits. */
  readonly arch: NodeJS.Architecture;
  emitWarning: unknown;
  getBuiltinModule(name: string): unknown;
}

/**
 * @param host The process; a made-up one in tests.
 * @returns Nothing on other systems, with another C library, on a version of Node on which nobody has measured what
 * they are used for, or if Node has no foreign functions (`--no-experimental-ffi`).
 */
export function memoryFunctions(host: LibraryHost): MemoryFunctions | undefined {
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
