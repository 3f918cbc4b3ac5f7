// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Entry of the thread that owns the database. */

import { parentPort, workerData } from 'node:worker_threads';
import { assert, systemClock, unreachable } from '@sentrypeer/kernel';
import { REPORT_MS } from '../limits.ts';
import { releaseMemoryWhenQuiet } from '../garbage-collection.ts';
import { StoreService } from '../services/store-service.ts';
import { perform } from '../services/writer-commands.ts';
import type {
  BatchMessage,
  StoreWorkerData,
  StoreWorkerInput,
  StoreWorkerOutput,
} from './messages.ts';
import { failedMessage, failureOf, forwardingLogger, sayAlive } from './reporting.ts';

assert(parentPort !== null, 'runs_as_a_worker');
const parent = parentPort;
const { options, sipPorts } = workerData as StoreWorkerData;

const say = (message: StoreWorkerOutput): void => parent.postMessage(message);
try {
  const service = StoreService.open(
    {
      clock: systemClock,
      logger: forwardingLogger(say),
      onCommitted: (lastHoneyId) => say({ kind: 'committed', lastHoneyId }),
      onListed: (serial) => say({ kind: 'listed', serial }),
    },
    options,
  );
  const sendersGone = sipPorts.map((port) => {
    port.on('message', ({ batch }: BatchMessage) =>
      service.offer(batch, () => {
        const block = batch.buffer as ArrayBuffer;
        port.postMessage({ block }, [block]);
      }),
    );
    return new Promise<void>((resolve) => {
      port.on('close', resolve);
    });
  });
  const leaveMemory = releaseMemoryWhenQuiet({ alsoRelease: () => service.releaseMemory() });
  parent.on('message', async (message: StoreWorkerInput) => {
    switch (message.kind) {
      case 'call': {
        const { call, command, args } = message;
        let answer: unknown;
        const failure = failureOf(() => {
          answer = perform(service, command, args);
        });
        say({ kind: 'answered', call, failure, answer });
        break;
      }
      case 'drain':
        await Promise.all(sendersGone); // By then, everything they posted has been offered.
        service.drain();
        say({ kind: 'drained' });
        break;
      case 'stop':
        leaveMemory();
        service.close();
        parent.close();
        break;
      default:
        unreachable(message);
    }
  });
  let stall: string | undefined;
  let told: string | undefined;
  setInterval(() => {
    const { stall: why, trouble } = service;
    if (why !== stall || trouble?.why !== told) say({ kind: 'stall', why, trouble });
    stall = why;
    told = trouble?.why;
  }, REPORT_MS).unref();
  sayAlive(say);
  say({ kind: 'ready' });
} catch (error) {
  say(failedMessage(error));
}
