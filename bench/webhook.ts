// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * How long does a SIP answer take while a webhook hangs, compared with no webhook? Two daemons, one with an endpoint
 * that never answers, are asked in turn in the same run; each request is a new event. ROUNDS can be changed.
 */

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { machineLine, start, temporaryFolder } from './load/processes.ts';

const ROUNDS = Number(process.env['ROUNDS'] ?? '10000');
const ANSWER_MS_MAX = 5_000;
/** Milliseconds between two requests, so that the daemons have time for their other work. */
const PAUSE_MS = 2;
/** Networks that the requests come from: a single one gets a thousand answers at once, then a hundred a second. */
const NETWORKS = 64;
const PORTS = { without: 25_361, hanging: 25_362 } as const;

type Name = keyof typeof PORTS;

const endpoint = createServer(() => undefined).listen(0, '127.0.0.1');
await once(endpoint, 'listening');
const { port } = endpoint.address() as AddressInfo;
using folder = temporaryFolder();

for (const threads of ['2', '1']) {
  const startDaemon = (name: Name, more: readonly string[]) =>
    start(
      ['dist/main.js', '-r', '--no-tls', '--sip-address', '127.0.0.1', '--threads', threads].concat(
        ['-f', join(folder.path, `${name}-${threads}.db`), '--sip-port', String(PORTS[name])],
        ['--identity-file', join(folder.path, `${name}-${threads}.json`)],
        ['--reply-rate', '100000', '--reply-burst', '100000', '--persona', 'freeswitch', ...more],
      ),
      'Stop ',
    );
  const running = [
    await startDaemon('without', []),
    await startDaemon('hanging', ['-w', `http://127.0.0.1:${port}/`, '--webhook-timeout', '2']),
  ];
  const took: Record<Name, number[]> = { without: [], hanging: [] };
  const sockets = Array.from({ length: NETWORKS }, (_, index) =>
    createSocket('udp4').bind(0, `127.1.${index}.1`),
  );
  await Promise.all(sockets.map((socket) => once(socket, 'listening')));
  for (let round = 0; round < ROUNDS; round += 1) {
    const order: readonly Name[] =
      round % 2 === 0 ? ['without', 'hanging'] : ['hanging', 'without'];
    const socket = sockets[round % NETWORKS];
    if (socket === undefined) continue;
    for (const name of order) {
      const octets = Buffer.from(request(round), 'latin1');
      const startedMs = performance.now();
      const answered = once(socket, 'message', { signal: AbortSignal.timeout(ANSWER_MS_MAX) });
      socket.send(octets, PORTS[name], '127.0.0.1');
      await answered;
      took[name].push(performance.now() - startedMs);
    }
    await after(PAUSE_MS);
  }
  for (const socket of sockets) socket.close();
  for (const each of running) await each.stop();
  console.log(`${machineLine()}, ${threads} threads, ${ROUNDS} requests to each`);
  for (const name of ['without', 'hanging'] as const) {
    const [half, most, nearly] = [0.5, 0.99, 0.999].map((share) => quantile(took[name], share));
    console.log(`  ${name.padEnd(8)} p50 ${half} ms, p99 ${most} ms, p99.9 ${nearly} ms`);
  }
}
endpoint.close();
process.exit();

function quantile(values: readonly number[], share: number): string {
  const sorted = values.toSorted((one, other) => one - other);
  return (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(3);
}

function request(round: number): string {
  return [
    `OPTIONS sip:00${round}@127.0.0.1 SIP/2.0`,
    `Via: SIP/2.0/UDP 127.0.0.1:5061;branch=z9hG4bK-${round};rport`,
    'Max-Forwards: 70',
    `To: <sip:00${round}@127.0.0.1>`,
    'From: <sip:100@127.0.0.1>;tag=1',
    'User-Agent: friendly-scanner',
    `Call-ID: ${round}`,
    'Contact: <sip:100@127.0.0.1>',
    'CSeq: 1 OPTIONS',
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
}
