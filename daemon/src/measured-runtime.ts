// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** The major version of Node.js, and with it the V8, on which what depends on V8's inside was measured. */
const MEASURED_MAJOR = 26;

/**
 * Whether this is that version. Flags and habits of V8 change without notice: elsewhere what relies on them does nothing, so
 * that a newer Node.js runs as its makers meant it until somebody has measured again.
 */
export function isMeasuredRuntime(version: string = process.versions.node): boolean {
  return version.startsWith(`${MEASURED_MAJOR}.`);
}
