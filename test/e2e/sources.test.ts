// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* `npm start` runs the sources, with as many threads as there are cores and with one. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DaemonProcess, SOURCES } from './daemon-process.ts';
import { assertAnswers } from './sip-peers.ts';

for (const threads of ['1', '3']) {
  test(`the sources answer, record and show the dashboard, on ${threads} threads`, async () => {
    await using daemon = await DaemonProcess.start(['-r', `--threads=${threads}`], {
      main: SOURCES,
    });
    await assertAnswers(daemon);
    await daemon.recorded(1);
    const page = await fetch(`http://127.0.0.1:${daemon.ports.api}/`, {
      headers: { accept: 'text/html' },
    });
    assert.match(await page.text(), /<script/);
    await daemon.stop();
  });
}
