// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatMebibytes, Outage, silentLogger } from '../src/index.ts';

test('Outage says its begin and its end once each, at one level', () => {
  const lines: string[] = [];
  const logger = { ...silentLogger, error: (event: string) => lines.push(event) };
  const outage = new Outage(logger, 'error', { failed: 'down', over: 'up' });
  outage.over();
  outage.failed({ code: 'a' });
  outage.failed({ code: 'b' });
  assert.ok(outage.isOn);
  outage.over();
  outage.over();
  outage.failed();
  assert.deepEqual(lines, ['down', 'up', 'down']);
});

test('Outage says another reason, too, where reasons are told apart', () => {
  const codes: unknown[] = [];
  const logger = {
    ...silentLogger,
    error: (event: string, fields = {}) => codes.push([event, fields]),
  };
  const outage = new Outage(logger, 'error', { failed: 'down', over: 'up' });
  for (const code of ['away', 'away', 'refused', 'refused']) outage.failed({ code }, code);
  outage.over();
  assert.deepEqual(codes, [
    ['down', { code: 'away' }],
    ['down', { code: 'refused' }],
    ['up', {}],
  ]);
});

test('formatMebibytes() is for people', () => {
  assert.deepEqual(
    [-24_670_208, 0, 15_563_980.8, 104_857_600, 1_073_741_824].map(formatMebibytes),
    ['0 MiB', '0 MiB', '14.8 MiB', '100 MiB', '1024 MiB'],
  );
});
