// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { isMeasuredRuntime } from './measured-runtime.ts';

/** The name of glibc; musl has another one, and no such function. */
const LIBRARY = 'libc.so.6';
/** `int malloc_trim(size_t pad)`: how much of the last pages stays, and whether anything was released. */
const SIGNATURE = { arguments: ['u64'], return: 'i32' } as const;

type Trim = (padOctets: bigint) => number;

/** The part of Node's foreign function module that is needed. */
interface ForeignFunctions {
  dlopen(
    path: string,
    signatures: { readonly malloc_trim: typeof SIGNATURE },
  ): { readonly functions: { readonly malloc_trim: Trim } };
}

/** The part of `process` that {@link openTrim} needs. */
export interface TrimHost {
  readonly platform: NodeJS.Platform;
  /** The widths of numbers assume 64 bits. */
  readonly arch: NodeJS.Architecture;
  emitWarning: unknown;
  getBuiltinModule(name: string): unknown;
}

/**
 * A function that makes glibc return unused memory to the system, in all its arenas: after a flood V8's compilers leave
 * 8 to 16 MiB there, which glibc keeps for ever. It does nothing on other systems, with another C library, or if Node
 * has no foreign functions (`--no-experimental-ffi`).
 *
 *
 * @param host The process; a made-up one in tests.
 */
export function openTrim(host: TrimHost = process): () => void {
  const trim = host.platform === 'linux' && isMeasuredRuntime() ? load(host) : undefined;
  return () => void trim?.(0n);
}

function load(host: TrimHost): Trim | undefined {
  if (host.arch !== 'x64' && host.arch !== 'arm64') return undefined;
  const { emitWarning } = host;
  host.emitWarning = () => undefined; // No "experimental" warning: the Node version is the measured one.
  try {
    const foreign = host.getBuiltinModule('node:ffi') as ForeignFunctions | undefined;
    return foreign?.dlopen(LIBRARY, { malloc_trim: SIGNATURE }).functions.malloc_trim;
  } catch {
    return undefined; // Not glibc, or not allowed: free memory stays with the process, as it does elsewhere.
  } finally {
    host.emitWarning = emitWarning;
  }
}
