// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** Thrown when our own code is wrong; the daemon logs it and exits, its supervisor restarts it. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/** Checks what only a bug can break; never anything that octets from the wire can reach. */
export function assert(condition: boolean, claim: string): asserts condition {
  if (!condition) throw new AssertionError(claim);
}

/** Ends an exhaustive `switch`: the compiler refuses a case that is not handled. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${String(value)}`);
}
