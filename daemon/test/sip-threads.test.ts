// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger, systemClock } from '@sentrypeer/kernel';
import type { SipServiceOptions } from '../src/services/sip-service.ts';
import { SipThreads } from '../src/sip-threads.ts';

const PORTS = {
  clock: systemClock,
  logger: silentLogger,
  onCommitted: () => undefined,
  onListed: () => undefined,
  onFailed: () => undefined,
};

/** As after a port that cannot be opened: the thread says why, and ends. */
test('SipThreads ends after a thread that could not open its ports', async () => {
  const threads = new SipThreads(PORTS, 2);
  await assert.rejects(threads.open({} as SipServiceOptions));
  await threads.drain();
  await threads.ended();
});
