// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { ALLOW } from './allow.ts';
import { ANALYTICS } from './analytics.ts';
import { BACKUP } from './backup.ts';
import { BGP } from './bgp.ts';
import { BLOCK, UNBLOCK } from './block.ts';
import type { Command } from './command.ts';
import { CHECK_CONFIG } from './check-config.ts';
import { completionCommand } from './completion.ts';
import { LISTINGS } from './listings.ts';
import { STATUS } from './status.ts';
import { TAIL } from './tail.ts';
import { TOP } from './top.ts';
import { DEMO } from './demo.ts';
import { DELIST } from './delist.ts';
import { FIREWALL } from './firewall.ts';
import { FLEET } from './fleet.ts';
import { EXPLAIN } from './explain.ts';
import { FORGET } from './forget.ts';
import { IMPORT } from './import/import.ts';
import { KEYS } from './keys.ts';
import { PEERS } from './peers.ts';
import { POOL } from './pool.ts';
import { PRUNE } from './prune.ts';
import { WEBHOOK } from './webhook.ts';

/*
 * The one table of commands. The command line, the help, the man page and docs/options.md all come from it; run `npm
 * run docs` after a change. The code of a command is loaded when it runs, so that the table costs little.
 */
export const COMMANDS: readonly Command[] = [
  STATUS,
  TAIL,
  TOP,
  LISTINGS,
  EXPLAIN,
  ...ALLOW,
  ...BLOCK,
  UNBLOCK,
  DELIST,
  ...KEYS,
  BACKUP,
  IMPORT,
  PRUNE,
  FORGET,
  ...FIREWALL,
  ...BGP,
  ...PEERS,
  ...FLEET,
  ...POOL,
  ...WEBHOOK,
  ...ANALYTICS,
  CHECK_CONFIG,
  DEMO,
  completionCommand(() => COMMANDS),
];
