// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** The stable code of our own errors and of system errors, `undefined` if there is none. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}
