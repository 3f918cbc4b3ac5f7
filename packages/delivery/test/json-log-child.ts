// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Writes a JSON log until it is killed; its cursor dies with it. */

import { statSync } from 'node:fs';
import { JsonLog } from '../src/index.ts';
import { MemoryEventLog } from './memory-event-log.ts';

const log = new MemoryEventLog();
log.cursors.set('json-log', 0);
log.append(20_000);
const path = process.argv[2] ?? '';
await JsonLog.open(log.ports, { path, appVersion: '1', settleMs: 60_000 });
const timer = setInterval(() => {
  if (statSync(path).size === 0) return;
  clearInterval(timer);
  console.log('writing');
}, 5);
