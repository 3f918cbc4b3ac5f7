// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { threadCpuUsage } from 'node:process';

/**
 * How busy this thread is, in processor time: on an overloaded machine every thread waits for a core and would look
 * busy by the clock.
 *
 * @param usageSince What is measured: this thread, or the whole process by `cpuUsage` of `node:process`.
 * @returns A function that returns the share of a core used since its last call, 0 to the number of cores.
 */
export function processorShare(
  usageSince: (before?: NodeJS.CpuUsage) => NodeJS.CpuUsage = threadCpuUsage,
): () => number {
  let lastAtMs = performance.now();
  let lastUsage = usageSince();
  return () => {
    const nowMs = performance.now();
    const { user, system } = usageSince(lastUsage);
    const share = (user + system) / ((nowMs - lastAtMs) * 1000);
    lastAtMs = nowMs;
    lastUsage = usageSince();
    return share;
  };
}
