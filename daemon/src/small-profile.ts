// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { threadCpuUsage } from 'node:process';
import { setFlagsFromString } from 'node:v8';
import { QUIET_LOOK_MS, QUIET_UTILIZATION_MAX } from './limits.ts';
import { isMeasuredRuntime } from './measured-runtime.ts';

/**
 * What Node and glibc only read when the process starts. Node makes its own objects instead of reading them from the snapshot
 * in its program file: 5 MiB less of that file stay in memory, and the start takes 40 ms longer. glibc has one arena, so that
 * memory which V8's compilers gave back is used again.
 */
const ENVIRONMENT = { NODE_OPTIONS: '--no-node-snapshot', MALLOC_ARENA_MAX: '1' } as const;

/** V8's compilers: 9 MiB of the program file, which a device at rest need not have in memory. */
const COMPILERS = ['sparkplug', 'maglev', 'turbofan'] as const;

/** For the one executable, which takes no flags of V8: its start goes on without compilers as soon as this module is loaded. */
if (hasEnvironment()) useCompilers(false);

function hasEnvironment(): boolean {
  return (process.env['NODE_OPTIONS'] ?? '').includes(ENVIRONMENT.NODE_OPTIONS);
}

function useCompilers(isOn: boolean): void {
  if (!isMeasuredRuntime()) return;
  for (const name of COMPILERS) setFlagsFromString(isOn ? `--${name}` : `--no-${name}`);
}

/**
 * Starts the program anew, as the same process, with what can only be set before it starts; it does not return unless that
 * has been done, or cannot be done (on Windows).
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

/** Has V8 compile again once this thread is no longer quiet: from then on the code is as fast as everywhere, and the memory is used. */
export function compileUnderLoad(): void {
  let lastAtMs = performance.now();
  let lastUsage = threadCpuUsage();
  const timer = setInterval(() => {
    const nowMs = performance.now();
    const { user, system } = threadCpuUsage(lastUsage);
    const utilization = (user + system) / ((nowMs - lastAtMs) * 1000);
    lastAtMs = nowMs;
    lastUsage = threadCpuUsage();
    if (utilization <= QUIET_UTILIZATION_MAX) return;
    clearInterval(timer);
    useCompilers(true);
  }, QUIET_LOOK_MS);
  timer.unref();
}
