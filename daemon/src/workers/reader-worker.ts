// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Entry of the thread that searches the event log for clients of the API, so that look-ups never wait for it. */

import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '@sentrypeer/kernel';
import { StoreReader } from '@sentrypeer/store';
import { releaseMemoryWhenQuiet } from '../garbage-collection.ts';
import { comeLast } from './come-last.ts';
import type { ReaderWorkerData, ReaderWorkerInput, ReaderWorkerOutput } from './messages.ts';
import { failedMessage, sayAlive } from './reporting.ts';

assert(parentPort !== null, 'runs_as_a_worker');
const parent = parentPort;
const { dbFile } = workerData as ReaderWorkerData;

const say = (message: ReaderWorkerOutput): void => parent.postMessage(message);

comeLast();

try {
  const reader = StoreReader.open(dbFile);
  parent.on('message', (message: ReaderWorkerInput) => {
    if (message.kind === 'stop') {
      reader.close();
      parent.close();
      return;
    }
    const { call } = message;
    try {
      const answer =
        message.kind === 'find'
          ? reader.events(...message.question)
          : reader.sampleEvents(...message.question);
      say({ kind: 'found', call, answer });
    } catch (error) {
      say({ kind: 'not-found', call, failure: failedMessage(error) });
    }
  });
  sayAlive(say);
  releaseMemoryWhenQuiet({ keepsCode: true });
  say({ kind: 'ready' });
} catch (error) {
  say(failedMessage(error));
}
