// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { stat } from 'node:fs/promises';
import { OperatingError } from '@sentrypeer/kernel';
import { shown } from './text.ts';
import type { CommandContext } from './command.ts';

/**
 * Makes sure that a command finds a database, instead of creating one or migrating an older one while another program
 * uses it. Throws `OperatingError`.
 */
export async function requireDatabase(
  { config: { dbFile }, origins }: CommandContext,
  version: 'current' | 'any',
): Promise<void> {
  const size = await sizeOf(dbFile);
  if (size === undefined || size === 0) {
    const { kind, text } = origins.dbFile;
    const where = kind === 'default' ? `the default of ${text}` : text;
    throw new OperatingError(
      'database_missing',
      `there is no database ${shown(dbFile)} (${where}): the daemon creates it at its first start; ` +
        'name another with -f FILE, SENTRYPEER_DB_FILE or db_file in the configuration file',
    );
  }
  if (version === 'any') return;
  const { StoreReader } = await import('@sentrypeer/store');
  StoreReader.look(dbFile).close();
}

/** In octets; `undefined` if there is no file. */
async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown reason';
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new OperatingError(
      'database_unreachable',
      `the database ${shown(path)} cannot be reached (${code}): run the command as the user of the daemon, for example with sudo`,
      { cause },
    );
  }
}
