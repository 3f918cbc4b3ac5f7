// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Opens the database named by the argument and is killed just before its migration is committed. */

import { silentLogger, systemClock, type Logger } from '@sentrypeer/kernel';
import { Store } from '../../../src/store.ts';

const logger: Logger = {
  ...silentLogger,
  info: (event) => {
    if (event === 'database_migration_finished') process.kill(process.pid, 'SIGKILL');
  },
};
Store.open({ logger, clock: systemClock }, { path: process.argv[2] ?? '' });
