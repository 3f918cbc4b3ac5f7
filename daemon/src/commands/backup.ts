// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Command } from './command.ts';
import { neededFile, refuseMore } from './words.ts';

export const BACKUP: Command = {
  name: 'backup',
  form: 'FILE',
  doc: 'Copy the database (`--db-file`) to FILE, also while it is in use.',
  database: 'any',
  examples: [['backup /backup/sentrypeer.db', 'Copy the database of the daemon.']],
  prepare: ({ words: [target, ...more] }) => {
    const to = neededFile(target, 'backup FILE');
    refuseMore(more, 'backup FILE');
    return async ({ config: { dbFile }, logger }) => {
      const { backupDatabase } = await import('@sentrypeer/store');
      await backupDatabase(dbFile, to, logger);
      return {
        text: `The database ${dbFile} was copied to ${to}.\n`,
        json: { database: dbFile, copy: to },
      };
    };
  },
};
