// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { cpuUsage } from 'node:process';
import { setFlagsFromString } from 'node:v8';
import { QUIET_LOOK_MS, QUIET_UTILIZATION_MAX } from './limits.ts';
import { isMeasuredRuntime } from './measured-runtime.ts';
import { processorShare } from './processor-share.ts';

/**
 * Settings that Node and glibc read only when the process starts. Node creates its own objects instead of reading them
 * from the snapshot in its program file: 5 MiB less of that file stay in memory, and the start takes 40 ms longer.
 * glibc has one arena, so that memory which V8's compilers released is used again.
 */
const ENVIRONMENT = { NODE_OPTIONS: '--no-node-snapshot', MALLOC_ARENA_MAX: '1' } as const;

/** V8's compilers: 9 MiB of the program file, which an idle device need not have in memory. */
const COMPILERS = ['sparkplug', 'maglev', 'turbofan'] as const;

/**
 * For the one executable, which takes no V8 flags: its start continues without compilers as soon as this module is
 * loaded.
 */
if (hasEnvironment()) useCompilers(false);

function hasEnvironment(): boolean {
  const { NODE_OPTIONS = '', MALLOC_ARENA_MAX } = process.env;
  return (
    NODE_OPTIONS.includes(ENVIRONMENT.NODE_OPTIONS) &&
    MALLOC_ARENA_MAX === ENVIRONMENT.MALLOC_ARENA_MAX
  );
}

function useCompilers(isOn: boolean): void {
  // If V8 may generate no code at all (--jitless, --lite-mode), there is no WebAssembly, and a compiler would end the
  // process.
  if (!isMeasuredRuntime() || !('WebAssembly' in globalThis)) return;
  for (const name of COMPILERS) setFlagsFromString(isOn ? `--${name}` : `--no-${name}`);
}

/**
 * Restarts the program in the same process, with settings that must be made before the start; it does not return unless
 * that has been done already, or is impossible (on Windows).
 */
export function startAsSmallDevice(): void {
  const { env, execPath, execArgv, argv } = process;
  if (hasEnvironment() || process.execve === undefined || process.platform === 'win32') return;
  const { isSea } = process.getBuiltinModule('node:sea');
  const flags = COMPILERS.map((name) => `--no-${name}`);
  const words = isSea() ? argv.slice(2) : [...execArgv, ...flags, ...argv.slice(1)];
  process.execve(execPath, [execPath, ...words], {
    ...env,
    ...ENVIRONMENT,
    NODE_OPTIONS: `${env['NODE_OPTIONS'] ?? ''} ${ENVIRONMENT.NODE_OPTIONS}`.trim(),
  });
}

/** For anything else that runs with that environment, such as a command in the shell of a small device. */
export function compileAsUsual(): void {
  if (hasEnvironment()) useCompilers(true);
}

/**
 * Has V8 compile again once the program is no longer quiet: from then on code is as fast as everywhere, and takes the
 * memory.
 */
export function compileUnderLoad(): void {
  const share = processorShare(cpuUsage);
  const timer = setInterval(() => {
    if (share() <= QUIET_UTILIZATION_MAX) return;
    clearInterval(timer);
    useCompilers(true);
  }, QUIET_LOOK_MS);
  timer.unref();
}
