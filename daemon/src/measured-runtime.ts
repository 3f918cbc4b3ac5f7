// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** The major version of Node.js, and so of V8, on which everything was measured that depends on the internals of V8. */
const MEASURED_MAJOR = 26;

/**
 * Whether this is that version. Flags and habits of V8 change without notice: on other versions, code that relies on
 * them does nothing, so that a newer Node.js runs with its own defaults until somebody has measured again.
 */
export function isMeasuredRuntime(version: string = process.versions.node): boolean {
  return version.startsWith(`${MEASURED_MAJOR}.`);
}
