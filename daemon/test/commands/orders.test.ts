// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { prepared } from './prepared.ts';

test('an order for what does not run is a failure, and not a mistake on the command line', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'orders-'));
  const context = { config: { firewallRunDir: folder, bgpRunDir: folder } };
  try {
    for (const [line, code] of [
      ['firewall confirm', 'firewall_order'],
      ['bgp flush', 'bgp_order'],
      ['bgp resume', 'bgp_order'],
    ] as const)
      await assert.rejects(prepared(line)(context as never), { code }, line);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
