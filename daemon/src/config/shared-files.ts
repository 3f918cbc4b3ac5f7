// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Config, ConfigOrigins } from './config.ts';
import { quoted, refusal } from './refusal.ts';
import type { ConfigKey } from './settings.ts';
import { STANDARD_OUTPUT_FILE } from './value-types.ts';

/** Files that SQLite and the daemon keep next to the database, as suffixes of its name. */
const COMPANIONS = ['-wal', '-shm', '-journal', '-running.json', '-links.json'];

/**
 * Refuses two options that name the same file: the JSON log, for example, would be written into the middle of the
 * database.
 *
 * @param realPath One text for all names of a file, with links followed.
 */
export function refuseSharedFiles(
  config: Config,
  origins: ConfigOrigins,
  realPath: (path: string) => string,
): void {
  const taken = new Map<string, string>();
  const take = (path: string, what: string): void => {
    const real = realPath(path);
    const other = taken.get(real);
    if (other !== undefined) {
      throw refusal(`${what} and ${other} both name the file ${quoted(path)}: name two files`);
    }
    taken.set(real, what);
  };
  const named = (key: ConfigKey): string =>
    origins[key].kind === 'default' ? `the default of ${origins[key].text}` : origins[key].text;
  take(config.dbFile, named('dbFile'));
  for (const suffix of COMPANIONS)
    take(config.dbFile + suffix, `what belongs to ${named('dbFile')}`);
  take(config.identityFile, named('identityFile'));
  if (config.peerToPeer) take(config.dhtStateFile, named('dhtStateFile'));
  if (config.jsonLog && config.jsonLogFile !== STANDARD_OUTPUT_FILE) {
    take(config.jsonLogFile, named('jsonLogFile'));
  }
  if (config.configFile !== undefined) take(config.configFile, named('configFile'));
  if (config.noTls) return;
  // Certificate and key may share a file in PEM form.
  const isOne = realPath(config.certFile) === realPath(config.keyFile);
  take(config.certFile, named('certFile'));
  if (!isOne) take(config.keyFile, named('keyFile'));
}
