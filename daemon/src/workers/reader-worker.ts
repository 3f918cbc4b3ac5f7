// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * Entry of the thread that searches the event log for clients of the API and writes the results as they are sent, so that
 * look-ups never wait for it.
 */

import { parentPort, workerData } from 'node:worker_threads';
import { EventWriter } from '@sentrypeer/api/event-writer';
import { Places } from '@sentrypeer/geo';
import { assert } from '@sentrypeer/kernel';
import { StoreReader } from '@sentrypeer/store';
import { releaseMemoryWhenQuiet } from '../garbage-collection.ts';
import { placesOptions } from '../services/places-options.ts';
import { storeSearch } from '../services/store-search.ts';
import { comeLast } from './come-last.ts';
import type { ReaderWorkerData, ReaderWorkerInput, ReaderWorkerOutput } from './messages.ts';
import { failedMessage, forwardingLogger, sayAlive } from './reporting.ts';

assert(parentPort !== null, 'runs_as_a_worker');
const parent = parentPort;
const { dbFile, places: files } = workerData as ReaderWorkerData;

const say = (message: ReaderWorkerOutput, transfer: ArrayBuffer[] = []): void =>
  parent.postMessage(message, transfer);

comeLast();

try {
  const reader = StoreReader.open(dbFile);
  const places = await openPlaces();
  const writer = new EventWriter(storeSearch(reader), places);
  parent.on('message', (message: ReaderWorkerInput) => {
    if (message.kind === 'stop') {
      reader.close();
      places[Symbol.dispose]();
      parent.close();
      return;
    }
    const { call } = message;
    try {
      if (message.kind === 'find') {
        const answer = writer.find(...message.question);
        say({ kind: 'found', call, answer }, [answer.octets.buffer]);
      } else {
        say({ kind: 'found', call, answer: writer.sample(...message.question) });
      }
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

/** A file that was removed since the start is not worth a search that fails. */
async function openPlaces(): Promise<Places> {
  const logger = forwardingLogger(say);
  try {
    return await Places.open(logger, placesOptions(files));
  } catch (error) {
    const { code, message } = failedMessage(error);
    logger.error('geo_file', { code, why: message });
    return Places.open(logger, {});
  }
}
