// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * How long the table of `sentrypeer firewall` takes to load 100,000 entries, compared with `nft -f` for the same ones
 * in the same run, and to make changes. Needs root, or a kernel that lets users create networks:
 *
 *   unshare -n node bench/firewall.ts
 */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Nft, NftTable } from '@sentrypeer/firewall';
import { systemClock } from '@sentrypeer/kernel';

const COUNT = 100_000;
const ROUNDS = 5;

const nft = Nft.find(process.env['PATH'] ?? '');
const folder = mkdtempSync(join(tmpdir(), 'firewall-'));
const table = await NftTable.open(
  { nft, clock: systemClock },
  {
    scope: 'all',
    sipPorts: [[5060, 5061]],
    mediaPorts: [[10_000, 20_000]],
    keepsCalls: false,
    entriesMax: 2 * COUNT,
  },
);

const element = (index: number) => ({
  set: 'ipv4_32',
  element: `45.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`,
  timeoutSeconds: 86_400,
});
const entries = Array.from({ length: COUNT }, (_, index) => element(index));
const thousand = Array.from({ length: 1000 }, (_, index) => element(2 * COUNT + index));
const file = join(folder, 'same.nft');
const texts = entries.map((one) => `${one.element} timeout ${one.timeoutSeconds}s`);
writeFileSync(
  file,
  `table inet yardstick
delete table inet yardstick
table inet yardstick {
  set ipv4_32 { type ipv4_addr; flags timeout; size ${4 * COUNT}; }
}
add element inet yardstick ipv4_32 { ${texts.join(', ')} }
`,
);

async function median(name: string, work: () => Promise<unknown>): Promise<void> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const beganAtMs = performance.now();
    await work();
    times.push(performance.now() - beganAtMs);
  }
  const middle = times.toSorted((a, b) => a - b)[ROUNDS >> 1] ?? 0;
  process.stdout.write(`${name.padEnd(44)} ${middle.toFixed(0).padStart(6)} ms\n`);
}

try {
  await median(`nft -f, ${COUNT} entries`, async () => {
    const { status, stderr } = spawnSync('nft', ['-f', file], { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
  });
  spawnSync('nft', ['delete', 'table', 'inet', 'yardstick']);
  await median(`the same, loaded as our table`, () => table.load(entries, []));
  await median('1,000 put in', () => table.change({ add: thousand, remove: [] }));
  await median('1,000 taken out', () => table.change({ add: [], remove: thousand }));
  await median('one put in', () => table.change({ add: [element(3 * COUNT)], remove: [] }));
  const endEpochMs = Date.now() + 86_400_000;
  const held = [...entries, element(3 * COUNT)].map((one) => ({ ...one, endEpochMs }));
  await median('looked at, as every 4 s', () => table.check(held, Date.now()));
  await median('listed as a whole, beside changes', () => table.list());
  await table.remove();
} finally {
  rmSync(folder, { recursive: true });
}
