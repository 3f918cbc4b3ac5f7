// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/**
 * Opens what a resource needs. If that fails, closes the resource, so that nothing is left open, and rethrows the
 * error.
 *
 * @returns The resource, running.
 */
export async function openOrClose<T extends { close(): Promise<void> }>(
  resource: T,
  open: () => Promise<void>,
): Promise<T> {
  try {
    await open();
    return resource;
  } catch (error) {
    await resource.close();
    throw error;
  }
}
