// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/**
 * A copy in memory of its own: Node cuts small buffers out of blocks of 64 KiB, and each one that is kept would keep its
 * whole block.
 */
export function copyToKeep(octets: Uint8Array): Uint8Array {
  const copy = Buffer.allocUnsafeSlow(octets.length);
  copy.set(octets);
  return copy;
}
