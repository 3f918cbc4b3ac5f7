// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { OperatingError } from '@sentrypeer/kernel';
import { sqlState } from '../connection.ts';

/** The connection is fine, but a query failed. */
const FAILED_CODE = 'fleet_failed';
/** SQLSTATE `lock_not_available`: other statements would wait for it, too. */
const LOCKED = '55P03';

/** Whether it is what was asked of the database that failed, not the connection. */
export function isOfStatement(error: unknown): error is OperatingError {
  return error instanceof OperatingError && error.code === FAILED_CODE;
}

export function isLocked(error: OperatingError): boolean {
  return sqlState(error.cause) === LOCKED;
}

/** @returns `undefined` if a statement failed, which is then in `failures`. */
export async function attempt<T>(
  what: string,
  failures: OperatingError[],
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!isOfStatement(error)) throw error;
    failures.push(new OperatingError(error.code, `${what}: ${error.message}`, { cause: error }));
    return undefined;
  }
}
