// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { open, rename } from 'node:fs/promises';
import { readSmallFile } from '@sentrypeer/bytes/file';
import type { Logger } from '@sentrypeer/kernel';
import { DHT_STATE_OCTETS_MAX } from '../limits.ts';

/**
 * What a start continues from: known DHT nodes, and how much of the day's octets is spent. Everything in it is checked.
 */
export interface DhtStateDocument {
  readonly dht?: unknown;
  readonly pool?: unknown;
}

/** Reads it; a missing or damaged file means starting empty, because bootstrap nodes serve as well. */
export async function readDhtState(path: string, logger: Logger): Promise<DhtStateDocument> {
  try {
    const octets = readSmallFile(path, DHT_STATE_OCTETS_MAX);
    const value: unknown = JSON.parse(new TextDecoder().decode(octets));
    return typeof value === 'object' && value !== null ? value : {};
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (!isMissing) logger.warn('dht_state_unreadable', { path, error: String(error) });
    return {};
  }
}

/** Writes a temporary file and renames it, so that a crash leaves the old one. Failures are logged. */
export async function writeDhtState(
  path: string,
  document: DhtStateDocument,
  logger: Logger,
): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    {
      await using file = await open(temporary, 'w', 0o600);
      await file.writeFile(JSON.stringify(document));
    }
    await rename(temporary, path);
  } catch (error) {
    logger.warn('dht_state_not_written', { path, error: String(error) });
  }
}
