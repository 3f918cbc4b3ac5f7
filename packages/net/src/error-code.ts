// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** The system's code of an error, such as `EADDRINUSE`. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}
