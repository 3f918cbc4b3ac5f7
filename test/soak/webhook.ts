// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * Is every event of a node at its hub exactly once, whichever of them is killed meanwhile? 1,000 events a second for a
 * minute, the hub killed with -9 and restarted five times, the node twice; RATE, SECONDS and BATCH can be changed.
 *
 *   npm run bundle && node test/soak/webhook.ts
 */

import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as after } from 'node:timers/promises';
import { ApiKeys, Endpoints, StoreReader } from '@sentrypeer/store';
import { silentLogger, systemClock } from '@sentrypeer/kernel';
import {
  machineLine,
  send,
  start,
  temporaryFolder,
  type Running,
} from '../../bench/load/processes.ts';

const rate = process.env['RATE'] ?? '1000';
const seconds = Number(process.env['SECONDS'] ?? '60');
const batch = process.env['BATCH'] ?? '200';
const HUB_KILLS = 5;
const NODE_KILLS = 2;
const SIP_PORT = 25_260;
const API_PORT = 25_261;
const DRAIN_SECONDS_MAX = 300;

using folder = temporaryFolder();
const hubDb = join(folder.path, 'hub.db');
const nodeDb = join(folder.path, 'node.db');
const config = join(folder.path, 'node.toml');
const common = ['dist/main.js', '--no-tls', '--sip-address', '127.0.0.1', '--db-size-max', '0'];

const startHub = (): Promise<Running> =>
  start(
    [...common, '-f', hubDb, '-a', '--api-port', String(API_PORT), '--sip-port', '0'].concat(
      '--identity-file',
      join(folder.path, 'hub.json'),
    ),
    'Stop ',
  );
const startNode = (): Promise<Running> =>
  start(
    [...common, '-f', nodeDb, '-g', config, '--sip-port', String(SIP_PORT)].concat(
      '--identity-file',
      join(folder.path, 'node.json'),
    ),
    'Stop ',
  );

async function kill({ process: child }: Running): Promise<void> {
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

const makeKey = (): string => {
  using keys = ApiKeys.open({ clock: systemClock, logger: silentLogger }, hubDb);
  return keys.add('node', 'write');
};
writeFileSync(
  config,
  `[[webhook]]
name = "hub"
url = "http://127.0.0.1:${API_PORT}/api/events"
headers = { Authorization = "Bearer ${makeKey()}" }
batch = ${batch}
batch_wait = 200
gzip = true
`,
);

function count(path: string, sql = 'SELECT count(*) AS n FROM honey'): number {
  using database = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
  return Number(database.prepare(sql).get()?.['n']);
}

let hub = await startHub();
let node = await startNode();
const load = send([
  ...['--port', String(SIP_PORT), '--seconds', String(seconds)].concat('--rate', rate),
  '--distinct',
]);
let isSending = true;
void load.finally(() => (isSending = false));
const startedMs = performance.now();
const killsAt = [
  ...Array.from({ length: HUB_KILLS }, (_, index) => ({
    who: 'hub',
    atMs: ((index + 0.7) / HUB_KILLS) * seconds * 1000,
  })),
  ...Array.from({ length: NODE_KILLS }, (_, index) => ({
    who: 'node',
    atMs: ((index + 0.6) / NODE_KILLS) * seconds * 1000,
  })),
].toSorted((one, other) => one.atMs - other.atMs);
for (const { who, atMs } of killsAt) {
  await after(Math.max(0, startedMs + atMs - performance.now()));
  if (who === 'hub') {
    await kill(hub);
    hub = await startHub();
  } else {
    await kill(node);
    node = await startNode();
  }
}
const sent = await load;
await after(500); // What was received last is recorded within 50 ms.
const recordedCount = count(nodeDb);
const lagAtEnd = recordedCount - count(hubDb);
const drainStartedMs = performance.now();
while (count(hubDb) < recordedCount) {
  if (performance.now() - drainStartedMs > DRAIN_SECONDS_MAX * 1000) break;
  await after(50);
}
const drainedSeconds = (performance.now() - drainStartedMs) / 1000;
await after(2_000); // Anything that might come twice has come.
await node.stop();
await hub.stop();

using database = new DatabaseSync(nodeDb, { readOnly: true });
database.exec(`ATTACH '${hubDb}' AS hub`);
const number = (sql: string): number => Number(database.prepare(sql).get()?.['n']);
const missing = number(
  'SELECT count(*) AS n FROM honey WHERE event_uuid NOT IN (SELECT event_uuid FROM hub.honey)',
);
const foreign = number(
  'SELECT count(*) AS n FROM hub.honey WHERE event_uuid NOT IN (SELECT event_uuid FROM main.honey)',
);
const repeated = number('SELECT count(*) - count(DISTINCT event_uuid) AS n FROM hub.honey');
using reader = StoreReader.open(nodeDb);
const status = reader.endpoints.status('hub');
using endpoints = Endpoints.open({ logger: silentLogger, clock: systemClock }, nodeDb);

console.log(machineLine());
console.log(
  `${sent.sentCount} sent at ${sent.perSecond}/s, hub killed ${HUB_KILLS} times, node ${NODE_KILLS} times${isSending ? ', still sending' : ''}`,
);
console.log(
  `recorded by the node ${recordedCount} (others came while it was down), on the hub ${number('SELECT count(*) AS n FROM hub.honey')}`,
);
console.log(
  `missing ${missing}, on the hub twice ${repeated}, of nobody ${foreign}, dead letters ${endpoints.reader.lettersCount('hub')}`,
);
console.log(
  `${lagAtEnd} behind when the load ended, ${drainedSeconds.toFixed(1)} s later none; ${status?.requests} requests, ${status?.failures} failed`,
);
if (missing + repeated + foreign > 0) process.exitCode = 1;
