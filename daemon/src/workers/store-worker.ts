// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Entry of the thread that owns the database. */

import { parentPort, workerData } from 'node:worker_threads';
import { assert, systemClock, unreachable } from '@sentrypeer/kernel';
import { REPORT_MS } from '../limits.ts';
import { releaseMemoryWhenQuiet } from '../garbage-collection.ts';
import { StoreService } from '../services/store-service.ts';
import type {
  BatchMessage,
  StoreWorkerData,
  StoreWorkerInput,
  StoreWorkerOutput,
} from './messages.ts';
import { failedMessage, failureOf, forwardingLogger } from './reporting.ts';

assert(parentPort !== null, 'runs_as_a_worker');
const parent = parentPort;
const { options, sipPorts } = workerData as StoreWorkerData;

const say = (message: StoreWorkerOutput): void => parent.postMessage(message);
const answer = (delivery: number, work: () => number | void): void => {
  let count = 0;
  const failure = failureOf(() => {
    count = work() ?? 0;
  });
  say({ kind: 'delivered', delivery, failure, count });
};

try {
  const service = StoreService.open(
    {
      clock: systemClock,
      logger: forwardingLogger(say),
      onCommitted: (lastHoneyId) => say({ kind: 'committed', lastHoneyId }),
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
  parent.on('message', async (message: StoreWorkerInput) => {
    switch (message.kind) {
      case 'save-cursor':
        service.saveCursor(message.name, message.honeyId);
        break;
      case 'deliver':
        answer(message.delivery, () => service.deliver(message.events));
        break;
      case 'set-trust':
        answer(message.delivery, () => Number(service.setTrust(message.nodeId, message.trust)));
        break;
      case 'change-endpoint':
        answer(message.delivery, () => service.changeEndpoint(message.change));
        break;
      case 'place':
        answer(message.delivery, () => service.place(message.places, message.progress));
        break;
      case 'decide':
        answer(message.delivery, () => service.decide(message.decision));
        break;
      case 'drain':
        await Promise.all(sendersGone); // What they posted has been offered by then.
        service.drain();
        say({ kind: 'drained' });
        break;
      case 'stop':
        service.close();
        parent.close();
        break;
      default:
        unreachable(message);
    }
  });
  let stall: string | undefined;
  setInterval(() => {
    const { stall: why } = service;
    if (why !== stall) say({ kind: 'stall', why });
    stall = why;
  }, REPORT_MS).unref();
  say({ kind: 'ready' });
  releaseMemoryWhenQuiet();
} catch (error) {
  say(failedMessage(error));
}
