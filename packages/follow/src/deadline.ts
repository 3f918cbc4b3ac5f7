// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** Whether the promise resolves within `ms` milliseconds. Rejects if the promise rejects in that time. */
export async function settlesWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(resolve, ms, false);
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
