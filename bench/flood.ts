// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * How many datagrams a second are recorded under a flood, against an empty Node socket that only counts? Each round
 * ends with a stop in the midst of it, and fails where rows, repeats and drops are not what was sent.
 * The sender shares the cores with the receiver in both cases. SECONDS=5 and ROUNDS=3 can be changed.
 */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { machineLine, recorded, send, start, temporaryFolder } from './load/processes.ts';

const seconds = process.env['SECONDS'] ?? '5';
const rounds = Number(process.env['ROUNDS'] ?? '3');
const PORT = 25_160;

async function sink(): Promise<number> {
  const running = await start(['bench/load/sink.ts', String(PORT)], 'listening');
  const sent = await send(['--port', String(PORT), '--seconds', seconds]);
  await running.stop();
  const { count } = JSON.parse(running.output().slice('listening'.length));
  return count / sent.tookSeconds;
}

async function honeypot(foldWindow: string, senderArgs: readonly string[]): Promise<number> {
  using folder = temporaryFolder();
  const db = join(folder.path, 'flood.db');
  const running = await start(
    [
      'dist/main.js',
      '-f',
      db,
      '--no-tls',
      '--sip-address',
      '127.0.0.1',
      '--sip-port',
      String(PORT),
      '--fold-window',
      foldWindow,
    ],
    'Stop ',
  );
  const sent = await send(['--port', String(PORT), '--seconds', seconds, ...senderArgs]);
  await running.stop();
  const { messages, rows, dropped } = recorded(db);
  // Sent over loopback, so that each was received: whatever is neither recorded nor counted was lost in silence.
  assert.equal(messages + dropped, sent.sentCount, 'rows + repeats + drops = sent');
  console.log(
    `  fold ${foldWindow} s: sent ${sent.perSecond}/s, rows ${rows}, messages ${messages}, counted as dropped ${dropped}, ` +
      `without a trace ${sent.sentCount - messages - dropped}`,
  );
  return messages / sent.tookSeconds;
}

const ratios: { folding: number; distinct: number }[] = [];
console.log(machineLine());
for (let round = 0; round < rounds; round += 1) {
  const yardstick = await sink();
  console.log(`sink: ${Math.round(yardstick)}/s`);
  const folding = await honeypot('60', []);
  const distinct = await honeypot('0', ['--distinct']);
  ratios.push({ folding: folding / yardstick, distinct: distinct / yardstick });
  console.log(
    `recorded: folding ${Math.round(folding)}/s (${(folding / yardstick).toFixed(2)} of the sink), ` +
      `all distinct ${Math.round(distinct)}/s (${(distinct / yardstick).toFixed(2)} of the sink)`,
  );
}
const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
console.log(
  `median of ${rounds}: folding ${median(ratios.map((ratio) => ratio.folding)).toFixed(2)}, ` +
    `distinct ${median(ratios.map((ratio) => ratio.distinct)).toFixed(2)}`,
);
