// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Entry of the thread in which the SIP agent answers, so that other work does not delay calls. */

import { parentPort, workerData } from 'node:worker_threads';
import { assert, systemClock } from '@sentrypeer/kernel';
import { releaseMemoryWhenQuiet } from '../garbage-collection.ts';
import { REPORT_MS } from '../limits.ts';
import { AgentService } from '../services/agent-service.ts';
import type { AgentWorkerData, AgentWorkerOutput } from './messages.ts';
import { failedMessage, forwardingLogger, sayAlive } from './reporting.ts';

assert(parentPort !== null, 'runs_as_a_worker');
const parent = parentPort;
const { options } = workerData as AgentWorkerData;

const say = (message: AgentWorkerOutput): void => parent.postMessage(message);

try {
  const ports = {
    clock: systemClock,
    logger: forwardingLogger(say),
    onDecisions: (decisions: Extract<AgentWorkerOutput, { kind: 'decisions' }>['decisions']) =>
      say({ kind: 'decisions', decisions }),
  };
  const service = await AgentService.open(ports, options);
  // The only message tells it to stop.
  parent.on('message', async () => {
    await service.close();
    parent.close();
  });
  sayAlive(say);
  releaseMemoryWhenQuiet({ keepsCode: true });
  say({ kind: 'ready', locals: service.locals });
  setInterval(() => say({ kind: 'counters', counters: service.counters }), REPORT_MS).unref();
} catch (error) {
  say(failedMessage(error));
}
