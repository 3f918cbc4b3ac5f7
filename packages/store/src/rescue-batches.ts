// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { rescueFileOf } from './file/rescue.ts';
import { Store, type StoreOptions, type StorePorts } from './store.ts';

/**
 * Records batches that the database does not take in the rescue file next to it, for `sentrypeer import`. Throws
 * `OperatingError`. @returns The file.
 */
export function rescueBatches(
  ports: StorePorts,
  options: Pick<StoreOptions, 'path' | 'diskFreeOctetsMin'>,
  batches: readonly Uint8Array[],
): string {
  const path = rescueFileOf(options.path);
  using store = Store.open(ports, { ...options, path, databaseOctetsMax: Infinity });
  store.append(batches);
  return path;
}
