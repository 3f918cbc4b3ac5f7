// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Entry of a receiving thread. */

import { randomFillSync } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { assert, systemClock, unreachable } from '@sentrypeer/kernel';
import { hasSocketTables } from '@sentrypeer/net';
import { REPORT_MS, STORE_PAUSE_MS } from '../limits.ts';
import { releaseMemoryWhenQuiet } from '../garbage-collection.ts';
import { BlockPool } from '../services/block-pool.ts';
import { SipService, type SipServiceOptions } from '../services/sip-service.ts';
import type { BlockMessage, SipWorkerData, SipWorkerInput, SipWorkerOutput } from './messages.ts';
import { failedMessage, forwardingLogger, sayAlive } from './reporting.ts';

assert(parentPort !== null, 'runs_as_a_worker');
const parent = parentPort;
const { blocks: port, blocksCountMax } = workerData as SipWorkerData;

/** Nothing ever notifies this; the wait always times out. */
const never = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
const pause = (): void => void Atomics.wait(never, 0, 0, STORE_PAUSE_MS);

const say = (message: SipWorkerOutput): void => parent.postMessage(message);
const pool = new BlockPool(
  { post: (batch) => port.postMessage({ batch }, [batch.buffer as ArrayBuffer]) },
  { blocksCountMax },
);
port.on('message', ({ block }: BlockMessage) => pool.giveBack(block));

sayAlive(say);

let service: SipService | undefined;

async function open(options: SipServiceOptions): Promise<void> {
  const ports = {
    clock: systemClock,
    random: { fill: (octets: Uint8Array) => randomFillSync(octets) },
    logger: forwardingLogger(say),
    blocks: pool,
    onWon: (account: string) => say({ kind: 'won', account }),
    ...(hasSocketTables() ? { pause } : {}),
  };
  const opened = await SipService.open(ports, options);
  service = opened;
  say({ kind: 'ready', locals: opened.locals });
  releaseMemoryWhenQuiet();
  setInterval(() => say({ kind: 'counters', counters: opened.counters }), REPORT_MS).unref();
}

parent.on('message', async (message: SipWorkerInput) => {
  switch (message.kind) {
    case 'open':
      try {
        await open(message.options);
      } catch (error) {
        say(failedMessage(error));
        port.close();
      }
      break;
    case 'won':
      service?.win(message.account);
      break;
    case 'hush':
      await service?.hush();
      say({ kind: 'hushed' });
      break;
    case 'stop':
      await service?.close();
      port.close(); // Tells the store that nothing follows; what was posted arrives first.
      parent.close();
      break;
    default:
      unreachable(message);
  }
});
